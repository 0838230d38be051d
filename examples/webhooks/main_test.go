package main

import (
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/internal/exampletest"
)

func TestCurlLines(t *testing.T) {
	p := exampletest.Start(t, run, "-addr", "127.0.0.1:0")
	bodies := p.Try(t)
	want := []string{"github: push, 25 bytes\n", "stripe: charge.succeeded, 57 bytes\n", "slack: /deploy, 41 bytes\n", "standard-webhooks: invoice.paid, 43 bytes\n"}
	if len(bodies) != 3*len(want) {
		t.Fatalf("%d lines, want %d", len(bodies), 3*len(want))
	}
	for i, body := range bodies {
		switch {
		case i%3 == 0 && body != want[i/3]:
			t.Errorf("line %d ran with the answer %q, want %q", i, body, want[i/3])
		case i%3 != 0 && body != "":
			t.Errorf("line %d should not have run: %q", i, body)
		}
	}
	if n := strings.Count(p.Log(), "reason=signature_mismatch"); n != len(want) {
		t.Errorf("%d mismatches in the log, want %d:\n%s", n, len(want), p.Log())
	}
	p.Stop(t)
}

func TestReadme(t *testing.T) { exampletest.Readme(t) }

func TestBadStarts(t *testing.T) {
	app, taken := exampletest.Build(t, "."), exampletest.Taken(t)
	exampletest.Refuses(t, app, []string{"-addr", taken}, taken, "-addr")
	exampletest.Refuses(t, app, []string{"-port", "1"}, "-port")
}
