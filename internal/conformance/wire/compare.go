package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// perMessage are the headers that vectors do not record: they belong to the
// server or to the message.
var perMessage = []string{"Date", "Server", "Content-Length", "Transfer-Encoding", "Connection"}

// Headers compares the headers that are left when those of the message are
// taken away: no more and no fewer than wanted. It returns "" or the difference.
func Headers(got http.Header, want map[string][]string) string {
	left := got.Clone()
	for _, name := range perMessage {
		left.Del(name)
	}
	wanted := http.Header{}
	for name, values := range want {
		wanted[http.CanonicalHeaderKey(name)] = values
	}
	if reflect.DeepEqual(map[string][]string(left), map[string][]string(wanted)) {
		return ""
	}
	return fmt.Sprintf("headers: got %s, want %s", Fields(left), Fields(wanted))
}

// Fields prints headers in order.
func Fields(h http.Header) string {
	var lines []string
	for name, values := range h {
		for _, v := range values {
			lines = append(lines, fmt.Sprintf("%s: %.200s", name, v))
		}
	}
	slices.Sort(lines)
	return "[" + strings.Join(lines, " | ") + "]"
}

// JSON compares a body with a JSON value, without the members called ignored at
// any place. It returns "" or the difference.
func JSON(body []byte, want json.RawMessage, ignored ...string) string {
	g, err := decode(body)
	if err != nil {
		return fmt.Sprintf("body is not JSON: %.300q", body)
	}
	w, err := decode(want)
	if err != nil {
		return fmt.Sprintf("the vector's JSON: %v", err)
	}
	if g, w = without(g, ignored), without(w, ignored); !equal(g, w) {
		gb, _ := json.Marshal(g)
		wb, _ := json.Marshal(w)
		return fmt.Sprintf("JSON: got %.900s, want %.900s", gb, wb)
	}
	return ""
}

func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("more behind the value")
	}
	return v, nil
}

func without(v any, names []string) any {
	switch v := v.(type) {
	case map[string]any:
		for _, n := range names {
			delete(v, n)
		}
		for k := range v {
			v[k] = without(v[k], names)
		}
	case []any:
		for i := range v {
			v[i] = without(v[i], names)
		}
	}
	return v
}

// wildcards stand in vectors for what the host makes up.
var wildcards = []string{"<generated>", "<id>", "<set by the host>"}

// Matches reports whether got is want, where a wildcard in want stands for any
// text but the empty one.
func Matches(got, want string) bool {
	for _, w := range wildcards {
		want = strings.ReplaceAll(want, w, "\x00")
	}
	parts := strings.Split(want, "\x00")
	if len(parts) == 1 {
		return got == want
	}
	if !strings.HasPrefix(got, parts[0]) {
		return false
	}
	got = got[len(parts[0]):]
	for i, p := range parts[1:] {
		if got == "" {
			return false
		}
		j := strings.Index(got[1:], p)
		if i == len(parts)-2 {
			j = len(got) - 1 - len(p)
		}
		if j < 0 || got[1+j:1+j+len(p)] != p {
			return false
		}
		got = got[1+j+len(p):]
	}
	return got == ""
}

// equal compares decoded JSON, with wildcards in the texts of w.
func equal(g, w any) bool {
	switch w := w.(type) {
	case string:
		s, ok := g.(string)
		return ok && Matches(s, w)
	case map[string]any:
		m, ok := g.(map[string]any)
		if !ok || len(m) != len(w) {
			return false
		}
		for k := range w {
			if v, ok := m[k]; !ok || !equal(v, w[k]) {
				return false
			}
		}
		return true
	case []any:
		l, ok := g.([]any)
		if !ok || len(l) != len(w) {
			return false
		}
		for i := range w {
			if !equal(l[i], w[i]) {
				return false
			}
		}
		return true
	case json.Number:
		n, ok := g.(json.Number)
		if !ok {
			return false
		}
		a, errA := n.Float64()
		b, errB := w.Float64()
		return n == w || errA == nil && errB == nil && a == b
	}
	return g == w
}
