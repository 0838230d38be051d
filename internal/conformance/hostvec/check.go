package hostvec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
)

// check compares an answer with the recorded one and returns the differences.
func (w *response) check(got *wire.Response, n names) []string {
	var diffs []string
	add := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	if got.Status != w.Status {
		add("status: got %d, want %d", got.Status, w.Status)
	}
	want := map[string][]string{}
	for name, values := range w.Headers {
		for _, v := range values {
			want[name] = append(want[name], n.expand(v))
		}
	}
	if d := wire.Headers(got.Header, want); d != "" {
		diffs = append(diffs, d)
	}
	if got.Truncated != w.Truncated {
		add("truncated: got %v, want %v", got.Truncated, w.Truncated)
	}
	if w.ContentLength != nil && got.Length != *w.ContentLength {
		add("announced length: got %d, want %d", got.Length, *w.ContentLength)
	}
	if d := w.body(got, n); d != "" {
		diffs = append(diffs, d)
	}
	return diffs
}

func (w *response) body(got *wire.Response, n names) string {
	var want []byte
	switch {
	case w.Homepage:
		return "" // the host's own page
	case w.JSON != nil:
		return wire.JSON(got.Body, json.RawMessage(n.expand(string(w.JSON))), w.Ignored...)
	case w.BodyBase64 != nil:
		var err error
		if want, err = base64.StdEncoding.DecodeString(*w.BodyBase64); err != nil {
			return err.Error()
		}
	case w.Body != nil:
		want = []byte(n.expand(*w.Body))
	}
	if !wire.Matches(string(got.Body), string(want)) && !bytes.Equal(got.Body, want) {
		return fmt.Sprintf("body: got %s, want %s", show(got.Body), show(want))
	}
	return ""
}

func show(b []byte) string {
	if len(b) > 500 {
		return fmt.Sprintf("%q… (%d bytes)", b[:500], len(b))
	}
	return fmt.Sprintf("%q", b)
}

// capture keeps members of a JSON answer under their names.
func (e *exchange) capture(got *wire.Response, n names) string {
	if len(e.Capture) == 0 {
		return ""
	}
	var members map[string]any
	if err := json.Unmarshal(got.Body, &members); err != nil {
		return fmt.Sprintf("capture: the answer is no JSON object: %.200q", got.Body)
	}
	for name, member := range e.Capture {
		text, ok := members[member].(string)
		if !ok {
			return fmt.Sprintf("capture: the answer has no text %q", member)
		}
		n[name] = text
	}
	return ""
}

// join makes one text of differences.
func join(diffs []string) string { return strings.Join(diffs, "; ") }
