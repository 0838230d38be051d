package main

import (
	"testing"

	"github.com/httptrigger/httptrigger/internal/exampletest"
)

func TestCurlLines(t *testing.T) {
	p := exampletest.Start(t, run, "-addr", "127.0.0.1:0")
	want := []string{"42 in stock, read by \"reader\"\n", "", "DELETE by \"master\"\n"}
	for i, body := range p.Try(t) {
		if body != want[i] {
			t.Errorf("%s: %q, want %q", p.Lines[i].Title, body, want[i])
		}
	}
	p.Stop(t)
}

func TestReadme(t *testing.T) { exampletest.Readme(t) }

func TestBadStarts(t *testing.T) {
	taken := exampletest.Taken(t)
	exampletest.Refuses(t, exampletest.Build(t, "."), []string{"-addr", taken}, taken, "-addr")
}
