package main

import (
	"testing"

	"github.com/httptrigger/httptrigger/internal/exampletest"
)

func TestCurlLines(t *testing.T) {
	p := exampletest.Start(t, run, "-addr", "127.0.0.1:0")
	p.TryFor(t, "42 in stock, read by \"reader\"\n", "", "DELETE by \"master\"\n")
	p.Stop(t)
}

func TestReadme(t *testing.T) { exampletest.Readme(t) }

func TestBadStarts(t *testing.T) {
	taken := exampletest.Taken(t)
	exampletest.Refuses(t, exampletest.Build(t, "."), []string{"-addr", taken}, taken, "-addr")
}
