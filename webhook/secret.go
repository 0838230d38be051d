package webhook

import (
	"context"
	"fmt"
	"io"
	"log/slog"
)

// Secret is one secret that a sender shares with us, or a sender's public key.
// It never prints: no way of fmt, log/slog or an encoder to show it, or a value
// that it is part of, gives more than its name or a placeholder. The zero
// Secret is none, and is passed over.
type Secret struct {
	// Name says which secret it is, in logs and in Delivery.Secret. It may be
	// empty: the position in the list tells as well.
	Name string

	text *string // a pointer, so that fmt shows no text where it cannot call Format
}

// NewSecret makes a secret of the text that the sender's settings page shows.
// An empty text is no secret: it keeps its place in a list, and is passed over.
func NewSecret(name, text string) Secret {
	if text == "" {
		return Secret{Name: name}
	}
	return Secret{Name: name, text: &text}
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

const hidden = "(secret)"

// String returns the name in parentheses, never the value.
func (s Secret) String() string {
	if s.Name == "" {
		return hidden
	}
	return "(secret " + s.Name + ")"
}

// GoString returns what String returns.
func (s Secret) GoString() string { return s.String() }

// Format prints what String returns, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns what String returns.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns what String returns, so that encoders print no more.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Source serves the live secrets of a sender, newest first. It is asked once
// per request and may be asked concurrently; if the secrets live far away, it
// should remember them. A list that was served must not be changed afterwards:
// to rotate, serve another one. No list, or one with only empty values, means
// that every request is refused with status 500 and the reason missing_secret.
type Source interface {
	Secrets(ctx context.Context) ([]Secret, error)
}

// Secrets is a fixed list of secrets, newest first: a Source.
type Secrets []Secret

// Secrets returns the list itself.
func (s Secrets) Secrets(context.Context) ([]Secret, error) { return s, nil }

// Static makes a fixed list of nameless secrets, newest first.
func Static(values ...string) Secrets {
	list := make(Secrets, len(values))
	for i, v := range values {
		list[i] = NewSecret("", v)
	}
	return list
}

// SourceFunc is a function used as a Source.
type SourceFunc func(ctx context.Context) ([]Secret, error)

// Secrets calls f.
func (f SourceFunc) Secrets(ctx context.Context) ([]Secret, error) { return f(ctx) }

// serve asks src for its list. A missing source is an empty list.
func serve(ctx context.Context, src Source) ([]Secret, error) {
	if src == nil {
		return nil, MissingSecret
	}
	list, err := src.Secrets(ctx)
	if err != nil {
		return nil, &SignatureError{Reason: SecretsUnavailable, Err: err}
	}
	return list, nil
}

// text is the decoding of secrets that are used as they are written.
func text(value string) ([]byte, error) { return []byte(value), nil }
