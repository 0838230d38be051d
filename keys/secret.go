package keys

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// redacted stands where a value would have been printed.
const redacted = "[redacted]"

// A Secret holds the value of a key. It does not print: formatting, logging and
// encoding it give a placeholder, also when it is an unexported field of a value
// that is printed. Reveal is the only way to the text.
//
// Secrets are compared with Equal; == compares identities. The zero Secret is
// the empty text.
type Secret struct {
	text *string // a pointer, so that fmt shows no text where it cannot call Format
}

// NewSecret wraps the value of a key.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the text is empty.
func (s Secret) IsZero() bool { return s.text == nil }

// Equal compares two texts in time that depends on their lengths only.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// Format writes a placeholder, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// String returns a placeholder.
func (Secret) String() string { return redacted }

// LogValue returns a placeholder.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns a placeholder: a Secret inside a value that is encoded by
// accident does not leave the process.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
