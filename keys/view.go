package keys

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"sync/atomic"
	"time"
)

// A digest is what memory holds of a key's value, and what a presented text is
// turned into before anything is compared.
type digest [sha256.Size]byte

// A salt makes digests of one Resolver useless to those of another and to
// anybody who would prepare texts that share a digest's first bytes.
type salt [64]byte

// oneBlock is the longest message that SHA-256 handles in one step.
const oneBlock = 55

// digest returns the digest of a text. The salt is mixed into the message and
// not put before it, and the padding that ends every generated key is written
// as one byte: so the 56 characters of such a key take one step of the hash.
//
// Messages of 55 bytes end in a tag that says whether "==" followed and are
// padded with zeros, which no text has at its end here; longer ones are the salt
// and the text. The mapping is one to one, so digests are equal only if the
// texts are, as far as SHA-256 can be relied on.
func (s *salt) digest(text string) digest {
	body, tag := text, byte(1)
	if n := len(text); n >= 2 && text[n-2:] == "==" {
		body, tag = text[:n-2], 2
	}
	if len(body) < oneBlock {
		var msg [oneBlock + 1]byte
		msg[copy(msg[:oneBlock], body)] = tag
		for i := 0; i < len(msg); i += 8 {
			word := msg[i : i+8 : i+8]
			binary.LittleEndian.PutUint64(word, binary.LittleEndian.Uint64(word)^binary.LittleEndian.Uint64(s[i:]))
		}
		return sha256.Sum256(msg[:oneBlock])
	}
	h := sha256.New()
	h.Write(s[:])
	h.Write([]byte(text))
	var d digest
	h.Sum(d[:0])
	return d
}

// digestOf returns the digest by which a key is found, of its value or of the
// hash that stands in for it. A key with neither is never found.
func (s *salt) digestOf(k *Key) (d digest, ok bool) {
	switch value := k.Value.Reveal(); {
	case value != "":
		return s.digest(value), true
	case k.Hash.set:
		return s.digest(string(k.Hash.sum[:])), true
	}
	return digest{}, false
}

// A candidate is one key of a view. It fills a cache line.
type candidate struct {
	digest digest
	name   string
	extra  *extra // nil for most keys
	rank   uint32 // its place in the order in which keys are asked
	kind   Kind
}

// extra is what few keys have: bounds in time, and a mark of their use.
type extra struct {
	bounded            bool
	notBefore, expires time.Time
	used               *useMark
}

// works reports whether the key works now.
func (c *candidate) works(r *Resolver) bool {
	if c.extra == nil || !c.extra.bounded {
		return true
	}
	now, latest := r.times()
	return Key{NotBefore: c.extra.notBefore}.Valid(now) && Key{Expires: c.extra.expires}.Valid(latest)
}

// A view is what a Resolver remembers of one scope: an index of digests. But for
// its age it is not changed once it is built.
type view struct {
	seq   uint64        // the order in which loads began
	host  bool          // it is of the host's keys
	epoch uint64        // of the Resolver when the load began
	at    time.Duration // when it began, by the Resolver's clock

	// age is set by timers, so that requests need not ask for the time. It is
	// not used by a Resolver with a Now of its own.
	age    atomic.Uint32
	timers [2]*time.Timer

	// keys are the candidates. Of those that match the one of the lowest rank
	// decides: the order is master, system, function, and as stored. table has
	// their indexes plus one, by the first bytes of their digests, with linear
	// probing. It is so empty that a look seldom has to go on.
	keys  []candidate
	table []uint32

	// hashed are keys of which only a hash is kept, one index for each salt.
	hashed []hashedView
}

// The ages of a view.
const (
	fresh  uint32 = iota
	due           // older than Refresh: to be read again behind the requests
	tooOld        // older than MaxAge: not to be used
)

// startAging makes the view age by itself. It has aged by spent already.
func (v *view) startAging(refresh, maxAge, spent time.Duration) {
	v.timers[0] = time.AfterFunc(refresh-spent, func() { v.age.CompareAndSwap(fresh, due) })
	v.timers[1] = time.AfterFunc(maxAge-spent, func() { v.age.Store(tooOld) })
}

// stopAging lets go of the timers of a view that is no longer in use.
func (v *view) stopAging() {
	for _, t := range v.timers {
		if t != nil {
			t.Stop()
		}
	}
}

type hashedView struct {
	salt [16]byte
	view *view
}

// newTable indexes v.keys.
func (v *view) newTable() {
	size := uint32(1) << bits.Len(uint(8*len(v.keys)))
	v.table = make([]uint32, size)
	for i := range v.keys {
		at := v.keys[i].digest.slot() & (size - 1)
		for v.table[at] != 0 {
			at = (at + 1) & (size - 1)
		}
		v.table[at] = uint32(i + 1)
	}
}

func (d *digest) slot() uint32 { return binary.LittleEndian.Uint32(d[:]) }

func (d *digest) equal(e *digest) bool {
	var x uint64
	for i := 0; i < len(d); i += 8 {
		x |= binary.LittleEndian.Uint64(d[i:]) ^ binary.LittleEndian.Uint64(e[i:])
	}
	return x == 0
}

// find returns the first key of the view that has the digest, or the hash of the
// text, and works now; or nil. All candidates of the digest's place are looked
// at, the one that matched or not.
func (v *view) find(r *Resolver, d *digest, text string) *candidate {
	var found *candidate
	mask := uint32(len(v.table) - 1)
	for at := d.slot() & mask; v.table[at] != 0; at = (at + 1) & mask {
		c := &v.keys[v.table[at]-1]
		if c.digest.equal(d) && (found == nil || c.rank < found.rank) && c.works(r) {
			found = c
		}
	}
	if v.hashed != nil {
		found = v.findHashed(r, text, found)
	}
	return found
}

// findHashed looks among the keys of which only a hash is kept for one that goes
// before found.
func (v *view) findHashed(r *Resolver, text string, found *candidate) *candidate {
	for _, h := range v.hashed {
		sum := hash(h.salt, text).sum
		d := r.salt.digest(string(sum[:]))
		if c := h.view.find(r, &d, text); c != nil && (found == nil || c.rank < found.rank) {
			found = c
		}
	}
	return found
}
