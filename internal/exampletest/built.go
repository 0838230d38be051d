package exampletest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/backend"
)

// stopWithin bounds how long a program may take to end after Ctrl-C.
const stopWithin = time.Minute

// Build builds the program in a folder and returns its file.
func Build(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program.exe") // Windows asks for the ending
	cmd := exec.Command("go", "build", "-o", file, ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%q in %s: %v\n%s", cmd.Args, dir, err, out)
	}
	return file
}

// Exec is how a built program runs: until Ctrl-C, after which it must end with
// exit status 0.
func Exec(file string) Run {
	return func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
		return execute(ctx, exec.Command(file, args...), stdout, stderr)
	}
}

// execute runs a command, and does to it and to all that it started what Ctrl-C
// does once ctx ends.
func execute(ctx context.Context, cmd *exec.Cmd, stdout, stderr io.Writer) error {
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = stopWithin
	backend.Lead(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	defer close(ended)
	defer context.AfterFunc(ctx, func() {
		backend.Interrupt(cmd)
		select {
		case <-ended:
		case <-time.After(stopWithin):
			backend.Kill(cmd)
		}
	})()
	return cmd.Wait()
}

// Refuses checks that a built program does not start with these arguments: it
// ends with exit status 1, prints no guide, and names each of want on standard
// error.
func Refuses(t *testing.T, file string, args []string, want ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	err := Exec(file)(ctx, args, &stdout, &stderr)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatalf("with %q it ended with %v, want exit status 1\n%s%s", args, err, &stdout, &stderr)
	}
	for _, text := range want {
		if !strings.Contains(stderr.String(), text) {
			t.Errorf("with %q it says %s\nwant %q in it", args, &stderr, text)
		}
	}
	if stdout.Len() > 0 {
		t.Errorf("with %q it printed this before it failed:\n%s", args, &stdout)
	}
}

// Taken returns an address of this machine that somebody listens on until the
// test ends, and where connections get no answer.
func Taken(t *testing.T) string {
	t.Helper()
	l := listen(t, "127.0.0.1:0")
	return l.Addr().String()
}
