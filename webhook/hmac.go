package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
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

type key struct {
	secret Match
	value  []byte
	digest [sha256.Size]byte // of value, for tokens
}

// A scheme says how a sender makes keys and digests. It is a constant of the
// verifier, not of the request.
type scheme struct {
	hash   func() hash.Hash
	decode func(string) ([]byte, error)
}

func sameList(a, b []Secret) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// load returns the keys that src serves now.
func (r *ring) load(ctx context.Context, src Source, sch scheme) (*keys, error) {
	list, err := serve(ctx, src)
	if err != nil {
		return nil, err
	}
	if k := r.state.Load(); k != nil && sameList(k.list, list) {
		return k, nil
	}
	k := &keys{list: list}
	for i, s := range list {
		if s.Value == "" {
			continue
		}
		value, err := sch.decode(s.Value)
		if err != nil {
			return nil, err
		}
		k.used = append(k.used, key{secret: Match{Index: i, Name: s.Name}, value: value, digest: sha256.Sum256(value)})
	}
	if len(k.used) == 0 {
		return nil, MissingSecret
	}
	if sch.hash != nil {
		k.size = sch.hash().Size()
		k.pool.New = func() any { return k.session(sch.hash) }
	}
	r.state.Store(k)
	return k, nil
}

// A session hashes one message under every key at once.
type session struct {
	keys    *keys
	macs    []hash.Hash
	writers []io.Writer
	sums    []byte // one digest after the other
	scratch []byte
}

func (k *keys) session(newHash func() hash.Hash) *session {
	s := &session{keys: k, sums: make([]byte, 0, len(k.used)*k.size)}
	for _, key := range k.used {
		mac := hmac.New(newHash, key.value)
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

// match returns the first key whose digest is signature. All are compared, each
// in constant time.
func (s *session) match(signature []byte) (int, bool) {
	found := -1
	size := s.keys.size
	for i := len(s.macs) - 1; i >= 0; i-- {
		if subtle.ConstantTimeCompare(s.sums[i*size:(i+1)*size], signature) == 1 {
			found = i
		}
	}
	return found, found >= 0
}
