package trigger_test

import (
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/trigger"
)

// TestRedactSpellings writes the parameter in every way in which a server reads
// it: each letter in either case, plain or escaped.
func TestRedactSpellings(t *testing.T) {
	letter := func(c byte) []string {
		const hex = "0123456789abcdef"
		upper := c - 0x20
		return []string{string(c), string(upper), "%" + hex[c>>4:c>>4+1] + hex[c&15:c&15+1],
			strings.ToUpper("%" + hex[upper>>4:upper>>4+1] + hex[upper&15:upper&15+1])}
	}
	spell := func(name string) []string {
		out := []string{""}
		for i := range len(name) {
			var next []string
			for _, s := range out {
				for _, l := range letter(name[i]) {
					next = append(next, s+l)
				}
			}
			out = next
		}
		return out
	}
	for _, name := range append(spell("code"), spell("sig")...) {
		for _, around := range [][2]string{{"", ""}, {"?", ""}, {"/api/f?", "&x=1"}, {"x=1&", ""}, {"GET /f?a=b&amp;", " HTTP/1.1"}, {"?%63ode=a&", "&%63ode=b"}} {
			text := around[0] + name + "=s3cret" + around[1]
			got := trigger.Redact(text)
			if strings.Contains(got, "s3cret") {
				t.Fatalf("Redact(%q) = %q", text, got)
			}
			if tail := strings.TrimSuffix(around[1], "=b"); !strings.Contains(got, tail) {
				t.Errorf("Redact(%q) = %q: lost %q", text, got, tail)
			}
		}
	}
	for _, kept := range []string{"exit code=1", "x=1&%6_ode=1", "?co%de=1", "?barcode=1", "?codes=1", "?%00code=1", "?c%", "%63ode", "a;b&c?d", "?%2563ode=1"} {
		if got := trigger.Redact(kept); got != kept {
			t.Errorf("Redact(%q) = %q, want it kept", kept, got)
		}
	}
}

// TestRedactLinear redacts what is nothing but beginnings: with a cost above
// linear this would take minutes.
func TestRedactLinear(t *testing.T) {
	for _, piece := range []string{"&", "?%63ode", "&%63ode=", ";c", "?code=", "&%63ode=x&"} {
		text := strings.Repeat(piece, 1<<20/len(piece))
		if got := trigger.Redact(text); got == "" {
			t.Errorf("%q: nothing left", piece)
		}
	}
}
