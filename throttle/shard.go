package throttle

import (
	"math"
	"math/bits"
	"sync"
)

// shard is a part of the keys of a Rate.
type shard struct {
	mu       sync.Mutex
	began    int64 // when the current generation began
	used     int   // keys in it
	current  table // keys seen since
	previous table // keys seen in the generation before
	_        [56]byte
}

// A table maps the hash of a key to the time, in ns since the epoch, at which its
// burst is full again. A slot is 16 bytes without pointers, which the garbage collector
// does not look into. A key is in the first free slot from the one that its hash, taken
// as a fraction of 2^64, points at; nothing is ever taken out.
type table []slot

type slot struct {
	hash uint64 // 0 is a free slot
	full int64
}

const (
	leastSlots = 8
	longPast   = math.MinInt64
)

// find returns the slot of a hash, or the free one where it belongs. There is a free
// slot in every table.
func (t table) find(hash uint64) *slot {
	at, _ := bits.Mul64(hash, uint64(len(t)))
	for {
		s := &t[at]
		if s.hash == hash || s.hash == 0 {
			return s
		}
		if at++; at == uint64(len(t)) {
			at = 0
		}
	}
}

// slot returns the slot of a hash in the current generation. If it is new there, it
// has the time noted in the previous one, or a time long past.
func (s *shard) slot(r *Rate, hash uint64, now int64) *slot {
	if uint64(now-s.began) >= uint64(r.lifetime) || s.used >= r.maxShard || len(s.current) == 0 {
		s.age(r, now)
	}
	e := s.current.find(hash)
	if e.hash == 0 {
		e = s.add(e, hash)
	}
	return e
}

// add fills the free slot e. No more than four fifths of the slots are in use, and no
// less than half of them once the table has grown.
func (s *shard) add(e *slot, hash uint64) *slot {
	if (s.used+1)*5 > len(s.current)*4 {
		grown := make(table, len(s.current)+len(s.current)/2)
		for _, old := range s.current {
			if old.hash != 0 {
				*grown.find(old.hash) = old
			}
		}
		s.current = grown
		e = s.current.find(hash)
	}
	s.used++
	*e = slot{hash, longPast}
	if len(s.previous) > 0 {
		if before := s.previous.find(hash); before.hash != 0 {
			e.full = before.full
		}
	}
	return e
}

// age begins a new generation if it is time, or if there are too many keys.
func (s *shard) age(r *Rate, now int64) {
	if now < s.began { // the clock was set back
		s.began = now
	}
	if now-s.began >= r.lifetime || s.used >= r.maxShard || len(s.current) == 0 {
		s.previous = s.current
		s.current, s.began, s.used = make(table, leastSlots), now, 0
	}
}
