// Package leaktest looks for secrets where they must not be. A test plants texts
// and hands over everything that may reach a log, an answer or a screen.
package leaktest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// A Sweep looks for the texts that were planted, as they are and as they look
// when somebody encodes them. It may be used concurrently.
type Sweep struct {
	t       testing.TB
	mu      sync.Mutex
	needles map[string]string // the planted text, by how it may look
	seen    map[string]bool   // short texts that were looked in and are clean
	logs    bytes.Buffer
}

// New returns a Sweep for texts of ten bytes or more.
func New(t testing.TB, planted ...string) *Sweep {
	s := &Sweep{t: t, needles: map[string]string{}}
	s.Plant(planted...)
	return s
}

// Plant adds texts to look for.
func (s *Sweep) Plant(planted ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = map[string]bool{}
	for _, text := range planted {
		if len(text) < 10 {
			s.t.Fatalf("leaktest: %q: too short to be told from other texts", text)
		}
		for _, look := range looks(text) {
			s.needles[look] = text
		}
	}
}

// looks returns how a text may look.
func looks(text string) []string {
	data := []byte(text)
	out := []string{
		text, url.QueryEscape(text), url.PathEscape(text), hex.EncodeToString(data), strings.ToUpper(hex.EncodeToString(data)),
		strings.Trim(fmt.Sprint(data), "[]"),
	}
	quoted := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", data), "[]byte{"), "}")
	out = append(out, quoted)
	if len(data) >= 16 { // as a cipher keeps it
		var big, little []uint32
		for i := 0; i < 16; i += 4 {
			big, little = append(big, binary.BigEndian.Uint32(data[i:])), append(little, binary.LittleEndian.Uint32(data[i:]))
		}
		out = append(out, strings.Trim(fmt.Sprint(big), "[]"), strings.Trim(fmt.Sprint(little), "[]"))
	}
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 { // as part of something longer, too
			whole := enc.EncodeToString(append(make([]byte, shift), data...))
			out = append(out, whole[min(4, 2*shift):len(whole)-2])
		}
	}
	return out
}

// Text looks in a text. Where says what it is, in words.
func (s *Sweep) Text(where, text string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[text] {
		return
	}
	clean := true
	for look, planted := range s.needles {
		if at := strings.Index(text, look); at >= 0 {
			s.t.Errorf("%s holds %q: …%.200s", where, planted, text[max(0, at-60):])
			clean = false
		}
	}
	if clean && len(text) < 8<<10 {
		s.seen[text] = true
	}
}

// Value looks in a value, printed with every verb, encoded and logged.
func (s *Sweep) Value(where string, v any) {
	s.t.Helper()
	var all strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&all, verb+"\n", v)
		fmt.Fprintf(&all, verb+"\n", struct{ Exported, unexported any }{v, v})
	}
	fmt.Fprintf(&all, "%T %v", v, fmt.Sprint(v, []any{v}, map[string]any{"k": v}))
	printed := all.String()
	s.mu.Lock()
	again := s.seen[printed]
	s.mu.Unlock()
	if again {
		return // it looks as one that was looked in already
	}
	s.Text(where+", printed", printed)
	if err, ok := v.(error); ok {
		s.Text(where+", Error", err.Error())
	}
	if text, err := json.Marshal(v); err == nil {
		s.Text(where+" in JSON", string(text))
	}
	s.Logger().Info("value", "v", v, slog.Group("g", slog.Any("v", v)))
	s.Logs(where + " in a log")
}

// Error looks in an error that there must be, and in those it wraps.
func (s *Sweep) Error(where string, err error) {
	s.t.Helper()
	if err == nil {
		s.t.Errorf("%s: no error", where)
		return
	}
	s.Value(where, err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			s.Error(where+", wrapped", inner)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			s.Error(where+", wrapped", inner)
		}
	}
}

// Request looks in the address of a request.
func (s *Sweep) Request(where string, r *http.Request) {
	s.t.Helper()
	s.Text(where+", URL", r.URL.String())
	s.Text(where+", RequestURI", r.RequestURI)
	s.Value(where+", URL", r.URL)
}

// Response looks in an answer.
func (s *Sweep) Response(where string, h http.Header, body string) {
	s.t.Helper()
	s.Text(where+", header", fmt.Sprintf("%q", h))
	s.Text(where+", body", body)
}

// Logger returns a logger of every level, whose lines Logs looks in, once as text
// and once as JSON.
func (s *Sweep) Logger() *slog.Logger {
	out := (*log)(s)
	options := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	return slog.New(both{slog.NewTextHandler(out, options), slog.NewJSONHandler(out, options)})
}

// both hands records to two handlers.
type both [2]slog.Handler

func (b both) Enabled(ctx context.Context, l slog.Level) bool { return b[0].Enabled(ctx, l) }

func (b both) Handle(ctx context.Context, r slog.Record) error {
	return errors.Join(b[0].Handle(ctx, r.Clone()), b[1].Handle(ctx, r))
}

func (b both) WithAttrs(attrs []slog.Attr) slog.Handler {
	return both{b[0].WithAttrs(attrs), b[1].WithAttrs(attrs)}
}

func (b both) WithGroup(name string) slog.Handler {
	return both{b[0].WithGroup(name), b[1].WithGroup(name)}
}

type log Sweep

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.logs.Write(p)
}

// Logs looks in what was logged since it was last called, and returns it.
func (s *Sweep) Logs(where string) string {
	s.t.Helper()
	s.mu.Lock()
	text := s.logs.String()
	s.logs.Reset()
	s.mu.Unlock()
	s.Text(where, text)
	return text
}
