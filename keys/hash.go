package keys

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
)

// A Hash recognises a value without holding it: SHA-256 of a salt and the value.
// It is meant for generated values, whose 33 random bytes nobody guesses; a
// short value that somebody chose can be found from its hash.
type Hash struct {
	salt [16]byte
	sum  [sha256.Size]byte
	set  bool
}

// hash computes the Hash of a value under a salt.
func hash(salt [16]byte, value string) Hash {
	h := sha256.New()
	h.Write(salt[:])
	h.Write([]byte(value))
	out := Hash{salt: salt, set: true}
	h.Sum(out.sum[:0])
	return out
}

// IsZero reports whether there is no hash.
func (h Hash) IsZero() bool { return !h.set }

// Matches reports whether value has this hash.
func (h Hash) Matches(value Secret) bool {
	other := hash(h.salt, value.Reveal())
	return h.set && subtle.ConstantTimeCompare(h.sum[:], other.sum[:]) == 1
}

// String returns a placeholder: a hash is of no use in a log.
func (h Hash) String() string { return redacted }

// Format writes a placeholder, whatever the verb.
func (h Hash) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// Encode returns the hash as text for a document.
func (h Hash) Encode() string {
	if !h.set {
		return ""
	}
	return "sha256:" + base64.RawURLEncoding.EncodeToString(h.salt[:]) + ":" + base64.RawURLEncoding.EncodeToString(h.sum[:])
}

// ParseHash reads what Encode wrote, and nothing else: a line break, which the
// decoder would skip, is an error.
func ParseHash(text string) (Hash, error) {
	const prefix, salt, sum = len("sha256:"), 22, 43
	h := Hash{set: true}
	if len(text) != prefix+salt+1+sum || text[:prefix] != "sha256:" || text[prefix+salt] != ':' {
		return Hash{}, fmt.Errorf("keys: a hash is not of the form sha256:salt:sum")
	}
	if strings.ContainsAny(text, "\r\n") {
		return Hash{}, fmt.Errorf("keys: a hash has a line break")
	}
	enc := base64.RawURLEncoding.Strict()
	if _, err := enc.Decode(h.salt[:], []byte(text[prefix:prefix+salt])); err != nil {
		return Hash{}, fmt.Errorf("keys: the salt of a hash is not base64url")
	}
	if _, err := enc.Decode(h.sum[:], []byte(text[prefix+salt+1:])); err != nil {
		return Hash{}, fmt.Errorf("keys: the sum of a hash is not base64url")
	}
	return h, nil
}

// Hashed returns the key with its value replaced by a hash. Keys of one set
// share the salt of the first hashed one, so that looking a value up costs one
// hash more and not one for each of them.
func (s *Set) Hashed(k Key) Key {
	if k.Value.IsZero() {
		return k
	}
	var salt [16]byte
	if first, ok := s.firstHash(); ok {
		salt = first.salt
	} else {
		rand.Read(salt[:])
	}
	k.Hash, k.Value = hash(salt, k.Value.Reveal()), Secret{}
	return k
}

func (s *Set) firstHash() (Hash, bool) {
	if s.Master.Hash.set {
		return s.Master.Hash, true
	}
	for _, list := range [...][]Key{s.System, s.Function} {
		for _, k := range list {
			if k.Hash.set {
				return k.Hash, true
			}
		}
	}
	return Hash{}, false
}
