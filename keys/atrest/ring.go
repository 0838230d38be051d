package atrest

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/internal/dataprotection"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

// What Unprotect returns, perhaps wrapped.
var (
	// ErrForeign is a text of another form, or of a key that is not there.
	ErrForeign = errors.New("encrypted in another form or with a key that is not at hand")

	// ErrDamaged is a text that was changed, or was encrypted for another place.
	ErrDamaged = errors.New("the encrypted value was changed or stands in the wrong place")
)

// magic begins the payloads of Data Protection.
const magic = 0x09f0c9f0

// purpose is the only one the source uses.
const purpose = "function-secrets"

// A RingKey is a master key of a Ring. Its ID travels with what it encrypts; the
// zero ID is that of the source's default key. Printing one gives its ID.
type RingKey struct {
	ID  uuid.UUID
	Key keys.Secret // of any length, bytes and not their spelling
}

// Format writes the ID, whatever the verb.
func (k RingKey) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "ring key %s", k.ID) }

// A Ring encrypts in the source's form: a Data Protection payload of AES-256-CBC
// and HMAC-SHA256, in base64url without padding. The place of a value is not
// part of it. It is a keydoc.Protector and may be used concurrently.
type Ring struct{ keys []RingKey }

// NewRing returns a ring of keys. The first encrypts, all decrypt.
func NewRing(ring ...RingKey) (*Ring, error) {
	if len(ring) == 0 {
		return nil, errors.New("atrest: a ring without keys")
	}
	var errs []error
	for i, k := range ring {
		if k.Key.IsZero() {
			errs = append(errs, fmt.Errorf("atrest: %s: it is empty", k))
		}
		if slices.ContainsFunc(ring[:i], func(other RingKey) bool { return other.ID == k.ID }) {
			errs = append(errs, fmt.Errorf("atrest: %s: there are two of this ID", k))
		}
	}
	return &Ring{slices.Clone(ring)}, errors.Join(errs...)
}

// Format writes a placeholder, whatever the verb.
func (r Ring) Format(f fmt.State, _ rune) { fmt.Fprint(f, "atrest.Ring") }

// RingFromSettings returns the ring that the settings of an app describe:
// AzureWebPrimaryEncryptionKey names the AzureWebEncryptionKey_{guid} that
// encrypts; AzureWebEncryptionKey, else MACHINEKEY_DecryptionKey, is the default
// key, which encrypts if no other is named; all others decrypt. Values are
// hexadecimal; an odd last digit is dropped.
func RingFromSettings(settings map[string]string) (*Ring, error) {
	const prefix = "AzureWebEncryptionKey"
	var ring []RingKey
	var errs []error
	add := func(id uuid.UUID, setting, text string) {
		key, err := hex.DecodeString(text[:len(text)&^1])
		if err != nil || len(key) == 0 {
			errs = append(errs, fmt.Errorf("atrest: %q: not a key in hexadecimal", setting))
		}
		ring = append(ring, RingKey{id, keys.NewSecret(string(key))})
	}
	for _, name := range []string{prefix, "MACHINEKEY_DecryptionKey"} {
		if text := settings[name]; text != "" {
			add(uuid.UUID{}, name, text)
			break
		}
	}
	var names []string
	for name := range settings {
		if strings.HasPrefix(name, prefix+"_") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	primary, hasPrimary := settings["AzureWebPrimaryEncryptionKey"]
	primaryID, err := uuid.Parse(primary)
	if hasPrimary && err != nil {
		errs = append(errs, errors.New("atrest: \"AzureWebPrimaryEncryptionKey\": not a GUID"))
	}
	for _, name := range names {
		id, err := uuid.Parse(strings.TrimPrefix(name, prefix+"_"))
		if err != nil {
			errs = append(errs, fmt.Errorf("atrest: %q: not the GUID of a key", name))
			continue
		}
		add(id, name, settings[name])
	}
	if hasPrimary && len(errs) == 0 {
		i := slices.IndexFunc(ring, func(k RingKey) bool { return k.ID == primaryID })
		if i < 0 {
			errs = append(errs, fmt.Errorf("atrest: AzureWebPrimaryEncryptionKey: there is no AzureWebEncryptionKey_%s", primaryID))
		} else {
			ring = append([]RingKey{ring[i]}, slices.Delete(slices.Clone(ring), i, i+1)...)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return NewRing(ring...)
}

// Envelope returns an Envelope whose keys are derived from those of the ring, in
// the same order, by HKDF with SHA-256: for a store that is not shared with a host
// of the source's own, on settings that are there for one. A ring key should have
// 16 bytes or more.
func (r *Ring) Envelope() (*Envelope, error) {
	var list [][]byte
	for _, k := range r.keys {
		key, err := hkdf.Key(sha256.New, []byte(k.Key.Reveal()), nil, "httptrigger keys at rest, AES-256-GCM", keySize)
		if err != nil {
			return nil, fmt.Errorf("atrest: %s: %w", k, err)
		}
		list = append(list, key)
	}
	return NewEnvelope(list...)
}

// DecryptionKeyID returns what documents say about the settings their values
// were encrypted under: a digest of each key's text.
func DecryptionKeyID(settings map[string]string) string {
	var b strings.Builder
	for _, name := range []string{"AzureWebEncryptionKey", "MACHINEKEY_DecryptionKey"} {
		if text := settings[name]; text != "" {
			sum := sha256.Sum256([]byte(text))
			b.WriteString(name + "=" + base64.StdEncoding.EncodeToString(sum[:]) + ";")
		}
	}
	return b.String()
}

// AdditionalData returns what a payload of a key is bound to: the magic bytes,
// the key's ID as .NET writes it, and the list of purposes.
func AdditionalData(id uuid.UUID) []byte {
	out := binary.BigEndian.AppendUint32(nil, magic)
	out = append(out, netGUID(id)...)
	out = binary.BigEndian.AppendUint32(out, 1)
	out = binary.AppendUvarint(out, uint64(len(purpose)))
	return append(out, purpose...)
}

// netGUID returns a GUID with its first three fields little-endian. Applied to
// such bytes it gives the GUID back.
func netGUID(id uuid.UUID) []byte {
	slices.Reverse(id[0:4])
	slices.Reverse(id[4:6])
	slices.Reverse(id[6:8])
	return id[:]
}

// Protect encrypts a value with the first key.
func (r *Ring) Protect(_ keydoc.Place, value string) (string, error) {
	var modifier, iv [16]byte
	rand.Read(modifier[:])
	rand.Read(iv[:])
	k := r.keys[0]
	out := binary.BigEndian.AppendUint32(nil, magic)
	out = append(out, netGUID(k.ID)...)
	out = append(out, dataprotection.Seal([]byte(k.Key.Reveal()), AdditionalData(k.ID), modifier, iv, []byte(value))...)
	return base64.RawURLEncoding.EncodeToString(out), nil
}

// Unprotect decrypts a text with the key it names. It is stale if that is not
// the first.
func (r *Ring) Unprotect(_ keydoc.Place, text string) (value string, stale bool, err error) {
	const head = 4 + 16
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(data) < head || binary.BigEndian.Uint32(data) != magic {
		return "", false, ErrForeign
	}
	id := uuid.UUID(netGUID(uuid.UUID(data[4:head])))
	i := slices.IndexFunc(r.keys, func(k RingKey) bool { return k.ID == id })
	if i < 0 {
		return "", false, fmt.Errorf("%w: ID %s", ErrForeign, id)
	}
	plain, err := dataprotection.Open([]byte(r.keys[i].Key.Reveal()), AdditionalData(id), data[head:])
	if err != nil || !utf8.Valid(plain) {
		return "", false, ErrDamaged
	}
	return string(plain), i > 0, nil
}
