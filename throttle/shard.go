package throttle

import "sync"

// shard is a part of the keys of a Rate: hash of the key to the time, in ns since the
// epoch, at which its burst is full again. An entry is 16 bytes in a map without
// pointers, which the garbage collector does not look into.
type shard struct {
	mu       sync.Mutex
	began    int64            // when the current generation began
	current  map[uint64]int64 // keys seen since
	previous map[uint64]int64 // keys seen in the generation before
	_        [24]byte         // shards share no cache line
}

// age begins a new generation if it is time, or if there are too many keys.
func (s *shard) age(r *Rate, now int64) {
	switch {
	case s.current == nil:
		s.current, s.began = make(map[uint64]int64), now
	case now < s.began: // the clock was set back
		s.began = now
	case now-s.began >= r.lifetime, len(s.current) >= r.maxShard:
		s.previous = s.current
		s.current, s.began = make(map[uint64]int64), now
	}
}

// get returns the time noted for a key, or a time long past.
func (s *shard) get(hash uint64) int64 {
	if full, ok := s.current[hash]; ok {
		return full
	}
	if full, ok := s.previous[hash]; ok {
		return full
	}
	return -1 << 62
}
