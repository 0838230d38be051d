package keys

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/httptrigger/httptrigger/internal/marvin"
)

// The identifiable format (source: SecretGenerator.cs, and IdentifiableSecrets.cs
// of microsoft/security-utilities 1.3.0): 33 random bytes, the signature, and a
// checksum of all before it under a seed that differs by kind; base64url with
// padding.
const (
	keyBytes       = 40
	keyChars       = 56
	signature      = "AzFu" // base64 of 03 31 6E
	signatureStart = 33
	checksumStart  = 36
)

// seed returns the checksum's seed: eight characters, the last two a version.
func (k Kind) seed() uint64 {
	switch k {
	case MasterKey:
		return 0x4d61737465723030 // "Master00"
	case SystemKey:
		return 0x53797374656d3030 // "System00"
	}
	return 0x46756e6374693030 // "Functi00"
}

// Generate makes a new value for a key of a kind, in the identifiable format.
func Generate(kind Kind) Secret {
	var random [keyBytes]byte
	rand.Read(random[:]) // never fails
	return Mint(kind, random)
}

// Mint makes the value that the first 33 of the random bytes give; the others
// are overwritten. It is for tests that need the same value twice.
func Mint(kind Kind, random [40]byte) Secret {
	copy(random[signatureStart:], "\x03\x31\x6e")
	binary.LittleEndian.PutUint32(random[checksumStart:], marvin.Sum32(kind.seed(), random[:checksumStart]))
	return NewSecret(base64.URLEncoding.EncodeToString(random[:]))
}

// Generated reports whether text is exactly of the form that Generate writes for
// a kind. It is for advice, never for admission: legacy keys and keys that
// somebody chose are good keys.
func Generated(kind Kind, text string) bool {
	return len(text) == keyChars && text[keyChars-2:] == "==" && Validate(kind, text)
}

// Validate reports whether the source takes text for an identifiable value of a
// kind. It takes other lengths than Generate writes, from 7 bytes up, and the
// padding may be left out. What is no kind of key has no valid values.
func Validate(kind Kind, text string) bool {
	body := strings.TrimRight(text, "=")
	if kind != MasterKey && kind != SystemKey && kind != FunctionKey {
		return false
	}
	if len(body) < len(signature)+6 || body[len(body)-10:len(body)-6] != signature || !urlSafe(body) {
		return false
	}
	encoding := base64.URLEncoding
	if len(body) == len(text) {
		encoding = base64.RawURLEncoding
	}
	data, err := encoding.DecodeString(text)
	if err != nil || !spareBits(body, len(data)) {
		return false
	}
	n := len(data) - 4
	return binary.LittleEndian.Uint32(data[n:]) == marvin.Sum32(kind.seed(), data[:n])
}

func urlSafe(text string) bool {
	for i := range len(text) {
		c := text[i]
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// spareBits checks the bits around the checksum that carry nothing. The
// signature begins on a character; where that leaves bits between it and the
// checksum, the first character after it shows them, else the last one shows
// the bits after the checksum.
func spareBits(body string, n int) bool {
	first, last := body[len(body)-6], body[len(body)-1]
	switch (n - 7) * 8 % 6 {
	case 0:
		return strings.IndexByte("AQgw", last) >= 0
	case 2:
		return first >= 'A' && first <= 'P'
	default:
		return first >= 'A' && first <= 'D'
	}
}
