package atrest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/httptrigger/httptrigger/keys/keydoc"
)

// Form of an envelope: a mark, then version, key ID, nonce, ciphertext and tag in
// base64url without padding. The mark is not base64url on purpose: a host of the
// source's own that comes upon such a value stops with an error. It would take
// one that is merely encrypted with an unknown key for lost, and give every
// encrypted key of the document a new value (SecretManager.cs).
const (
	envelopeMark    = "gcm1."
	envelopeVersion = 1
	idSize          = 8
	nonceSize       = 12
	headSize        = 1 + idSize
)

// An Envelope encrypts with AES-256-GCM. A value is bound to its scope, kind and
// name. Keys are told apart by an ID that is derived from them. It is a
// keydoc.Protector and may be used concurrently.
type Envelope struct{ keys []envelopeKey }

type envelopeKey struct {
	id   [idSize]byte
	aead func() cipher.AEAD // a function, so that fmt shows no key where it cannot call Format
}

// NewEnvelope returns an Envelope of keys of 32 random bytes. The first
// encrypts, all decrypt.
func NewEnvelope(keys ...[]byte) (*Envelope, error) {
	if len(keys) == 0 {
		return nil, errors.New("atrest: an envelope without keys")
	}
	e := &Envelope{}
	var errs []error
	for i, key := range keys {
		if len(key) != 32 {
			errs = append(errs, fmt.Errorf("atrest: key %d of an envelope: %d bytes, want 32", i, len(key)))
			continue
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(append([]byte("key ID\x00"), key...))
		e.keys = append(e.keys, envelopeKey{[idSize]byte(sum[:]), func() cipher.AEAD { return aead }})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return e, nil
}

// Format writes a placeholder, whatever the verb.
func (e Envelope) Format(f fmt.State, _ rune) { fmt.Fprint(f, "atrest.Envelope") }

// bind returns what a ciphertext is bound to: its head and its place, each part
// with its length before it.
func bind(head []byte, p keydoc.Place) []byte {
	out := append([]byte(nil), head...)
	for _, part := range []string{p.Scope.Function(), p.Kind.String(), p.Name} {
		out = binary.AppendUvarint(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}

// Protect encrypts a value for its place with the first key.
func (e *Envelope) Protect(p keydoc.Place, value string) (string, error) {
	k := e.keys[0]
	out := make([]byte, headSize+nonceSize, headSize+nonceSize+len(value)+k.aead().Overhead())
	out[0] = envelopeVersion
	copy(out[1:], k.id[:])
	rand.Read(out[headSize:])
	out = k.aead().Seal(out, out[headSize:], []byte(value), bind(out[:headSize], p))
	return envelopeMark + base64.RawURLEncoding.EncodeToString(out), nil
}

// IsEnvelope reports whether an encrypted text has the form of an envelope.
func IsEnvelope(text string) bool { return strings.HasPrefix(text, envelopeMark) }

// Unprotect decrypts a text of its place with the key it names. It is stale if
// that is not the first.
func (e *Envelope) Unprotect(p keydoc.Place, text string) (value string, stale bool, err error) {
	body, marked := strings.CutPrefix(text, envelopeMark)
	if !marked {
		return "", false, ErrForeign
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || len(data) < headSize+nonceSize || data[0] != envelopeVersion {
		return "", false, ErrForeign
	}
	head, nonce, sealed := data[:headSize], data[headSize:headSize+nonceSize], data[headSize+nonceSize:]
	for i, k := range e.keys {
		if [idSize]byte(head[1:]) != k.id {
			continue
		}
		plain, err := k.aead().Open(nil, nonce, sealed, bind(head, p))
		if err != nil || !utf8.Valid(plain) {
			return "", false, ErrDamaged
		}
		return string(plain), i > 0, nil
	}
	return "", false, fmt.Errorf("%w: ID %x", ErrForeign, head[1:])
}

// A Chain encrypts with its first Protector and decrypts with the first that
// does not find the text foreign.
type Chain []keydoc.Protector

// Protect encrypts with the first.
func (c Chain) Protect(p keydoc.Place, value string) (string, error) {
	if len(c) == 0 {
		return "", errors.New("atrest: an empty chain")
	}
	return c[0].Protect(p, value)
}

// Unprotect decrypts. What another than the first decrypts is stale.
func (c Chain) Unprotect(p keydoc.Place, text string) (value string, stale bool, err error) {
	why := ErrForeign
	for i, protector := range c {
		value, stale, err = protector.Unprotect(p, text)
		switch {
		case err == nil:
			return value, stale || i > 0, nil
		case !errors.Is(err, ErrForeign):
			return "", false, err
		case why == ErrForeign:
			why = err // from the one whose form it is: it says what is missing
		}
	}
	return "", false, why
}
