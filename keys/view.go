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
		copy(msg[:], body)
		msg[len(body)] = tag
		for i := 0; i < len(msg); i += 8 {
			w := binary.LittleEndian.Uint64(msg[i:]) ^ binary.LittleEndian.Uint64(s[i:])
			binary.LittleEndian.PutUint64(msg[i:], w)
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

// A candidate is one key of a view.
type candidate struct {
	digest             digest
	kind               Kind
	name               string
	scope              Scope
	notBefore, expires time.Time
	bounded            bool // one of the two is set
	used               *atomic.Int64
}

func (c *candidate) grant() Grant { return Grant{Kind: c.kind, Name: c.name, Scope: c.scope} }

// A view is what a Resolver remembers of one scope: an index of digests. It is
// not changed once it is built.
type view struct {
	seq   uint64 // the order in which loads began
	epoch uint64 // of the Resolver when the load began
	at    time.Duration

	// keys are in the order in which they are asked: master, system, function;
	// the first that matches decides. table has their indexes plus one, by the
	// first bytes of their digests, with linear probing; it is never full.
	keys  []candidate
	table []uint32

	// hashed are keys of which only a hash is kept, one index for each salt.
	hashed []hashedView
}

type hashedView struct {
	salt [16]byte
	view *view
}

// newTable indexes v.keys.
func (v *view) newTable() {
	size := uint32(1) << bits.Len(uint(2*len(v.keys)))
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

// find returns the first key of the view that has the digest and works at the
// time that now tells, or nil. All candidates of the digest's place are looked
// at, the one that matched or not.
func (v *view) find(d *digest, now func() time.Time) *candidate {
	mask := uint32(len(v.table) - 1)
	found := len(v.keys)
	for at := d.slot() & mask; v.table[at] != 0; at = (at + 1) & mask {
		i := int(v.table[at] - 1)
		c := &v.keys[i]
		if c.digest.equal(d) && i < found && (!c.bounded || c.works(now())) {
			found = i
		}
	}
	if found < len(v.keys) {
		return &v.keys[found]
	}
	return nil
}

func (c *candidate) works(t time.Time) bool {
	return Key{NotBefore: c.notBefore, Expires: c.expires}.Valid(t)
}

// findHashed looks among the keys of which only a hash is kept.
func (v *view) findHashed(s *salt, text string, now func() time.Time) *candidate {
	var found *candidate
	for i := range v.hashed {
		h := hash(v.hashed[i].salt, text)
		d := s.digest(string(h.sum[:]))
		if c := v.hashed[i].view.find(&d, now); c != nil && (found == nil || c.kind < found.kind) {
			found = c
		}
	}
	return found
}
