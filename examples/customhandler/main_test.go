package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"testing"

	"github.com/httptrigger/httptrigger/internal/backend"
	"github.com/httptrigger/httptrigger/internal/exampletest"
)

// TestMain is the worker when a test runs this program once more as one.
func TestMain(m *testing.M) {
	if len(os.Args) != 2 || os.Args[1] != "worker" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := work(ctx, nil, nil, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestCurlLines(t *testing.T) {
	for in, name := range map[string]string{"host.json": "node", "go": "Go"} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath("node"); name == "node" && err != nil {
				backend.Missing(t, "node is not installed")
			}
			p := exampletest.Start(t, run, "-addr", "127.0.0.1:0", "-app", "app", "-in", in)
			p.TryFor(t, "Hello from "+name+", world\n", `{"order":7}`, "", "")
			p.Stop(t)
		})
	}
}

func TestReadme(t *testing.T) { exampletest.Readme(t) }

func TestBadStarts(t *testing.T) {
	app := exampletest.Build(t, ".")
	taken := exampletest.Taken(t)
	exampletest.Refuses(t, app, []string{"-app", "app", "-in", "perl"}, `"perl"`, "host.json and go")
	exampletest.Refuses(t, app, []string{"-app", "none"}, "none")
	exampletest.Refuses(t, app, []string{"-app", "app", "-in", "go", "-addr", taken}, taken, "-addr")
	t.Setenv("PATH", t.TempDir())
	exampletest.Refuses(t, app, []string{"-app", "app"}, "node", "-in go")
}
