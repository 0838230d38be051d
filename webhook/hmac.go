package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"io"
	"sync"
	"sync/atomic"
)

// A ring keeps the secrets of a verifier ready for hashing. Making an HMAC from
// its key costs as much as hashing a kilobyte, so keyed states are kept and
// reset. The list is built anew when the source serves another one.
type ring struct {
	state atomic.Pointer[keys]
}

// keys is a list of secrets and the pool of hashing sessions made from it.
// The pool belongs to one list, hash and decoding.
type keys struct {
	list []Secret // as served
	used []key
	size int // bytes of a digest
	pool sync.Pool
}

// A key is a secret in the form it is used in.
type key struct {
	secret Match
	public bool // it is an Ed25519 public key
	// What must not show is behind a pointer of its own: for a verb that does not
	// fit, fmt prints what a pointer points to, but no deeper.
	*material
}

type material struct {
	value  []byte
	digest [sha256.Size]byte // of value, for tokens
}

// A scheme says how a sender makes keys and digests. It is a constant of the
// verifier, not of the request.
type scheme struct {
	hash   func() hash.Hash             // nil if no key hashes
	decode func(string) ([]byte, error) // of a shared secret
	public func(string) ([]byte, bool, error)
}

// key decodes one secret.
func (sch *scheme) key(at int, s Secret) (key, error) {
	k := key{secret: Match{Index: at, Name: s.Name}, material: new(material)}
	var err error
	if sch.public != nil {
		if k.value, k.public, err = sch.public(s.Reveal()); k.public || err != nil {
			return k, err
		}
	}
	if k.value, err = sch.decode(s.Reveal()); err != nil {
		return k, err
	}
	k.digest = sha256.Sum256(k.value)
	return k, nil
}

// check reports what is wrong with a source at construction. A source that is
// not a fixed list can only be asked when a request comes.
func (sch *scheme) check(src Source) error {
	list, fixed := src.(Secrets)
	if src != nil && !fixed {
		return nil
	}
	usable := 0
	for i, s := range list {
		if s.IsZero() {
			continue
		}
		if _, err := sch.key(i, s); err != nil {
			return err
		}
		usable++
	}
	if usable == 0 {
		return MissingSecret
	}
	return nil
}

func sameList(a, b []Secret) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// load returns the keys that src serves now.
func (r *ring) load(ctx context.Context, src Source, sch *scheme) (*keys, error) {
	k := r.state.Load()
	if fixed, ok := src.(Secrets); ok && k != nil && sameList(k.list, fixed) {
		return k, nil
	}
	list, err := serve(ctx, src)
	if err != nil {
		return nil, err
	}
	if k != nil && sameList(k.list, list) {
		return k, nil
	}
	return r.remake(list, sch)
}

// remake makes the keys of a list that is not the one before.
func (r *ring) remake(list []Secret, sch *scheme) (*keys, error) {
	k := &keys{list: list}
	for i, s := range list {
		if s.IsZero() {
			continue
		}
		one, err := sch.key(i, s)
		if err != nil {
			return nil, err
		}
		k.used = append(k.used, one)
	}
	if len(k.used) == 0 {
		return nil, MissingSecret
	}
	if newHash := sch.hash; newHash != nil {
		k.size = newHash().Size()
		k.pool.New = func() any { return k.session(newHash) }
	}
	r.state.Store(k)
	return k, nil
}

// A session hashes one message under every key at once.
type session struct {
	keys    *keys
	macs    []hash.Hash
	owners  []int // of each mac: its key's place in keys.used
	writers []io.Writer
	sums    []byte // one digest after the other
	scratch []byte
	chunk   []byte // for a body that goes to a sink
}

func (k *keys) session(newHash func() hash.Hash) *session {
	s := &session{keys: k, sums: make([]byte, 0, len(k.used)*k.size)}
	for i, key := range k.used {
		if key.public {
			continue
		}
		mac := hmac.New(newHash, key.value)
		s.owners = append(s.owners, i)
		s.macs = append(s.macs, mac)
		s.writers = append(s.writers, mac)
	}
	return s
}

// open takes a session from the pool; close gives it back.
func (k *keys) open() *session { return k.pool.Get().(*session) }

func (s *session) close() {
	for _, mac := range s.macs {
		mac.Reset()
	}
	s.keys.pool.Put(s)
}

// add hashes text that comes before the body or after it.
func (s *session) add(text string) {
	s.scratch = append(s.scratch[:0], text...)
	for _, mac := range s.macs {
		mac.Write(s.scratch)
	}
}

// sum closes the hashing.
func (s *session) sum() {
	s.sums = s.sums[:0]
	for _, mac := range s.macs {
		s.sums = mac.Sum(s.sums)
	}
}

// match returns the place of the first key whose digest is signature. All are
// compared, each in constant time.
func (s *session) match(signature []byte) (int, bool) {
	found := -1
	size := s.keys.size
	for i := len(s.macs) - 1; i >= 0; i-- {
		if sameDigest(s.sums[i*size:(i+1)*size], signature) {
			found = s.owners[i]
		}
	}
	return found, found >= 0
}

// sameDigest compares in constant time, as subtle.ConstantTimeCompare does, but
// eight bytes at a time: nothing depends on what the bytes are.
func sameDigest(x, y []byte) bool {
	if len(x) != len(y) {
		return false
	}
	var differ uint64
	for len(x) >= 8 && len(y) >= 8 {
		differ |= binary.NativeEndian.Uint64(x) ^ binary.NativeEndian.Uint64(y)
		x, y = x[8:], y[8:]
	}
	if len(x) == 0 {
		return subtle.ConstantTimeEq(int32(differ|differ>>32), 0) == 1
	}
	return subtle.ConstantTimeEq(int32(differ|differ>>32), 0)&subtle.ConstantTimeCompare(x, y) == 1
}
