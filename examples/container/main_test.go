package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/backend"
	"github.com/httptrigger/httptrigger/internal/exampletest"
)

// nobody is the user of the Dockerfile.
const nobody = 65532

// image makes the root file system that the Dockerfile describes, and returns
// how to run its program in it.
func image(t *testing.T) (root string, inside exampletest.Run) {
	t.Helper()
	if os.Getuid() != 0 {
		backend.Missing(t, "only root may run a program in another root file system")
	}
	if _, err := exec.LookPath("chroot"); err != nil {
		backend.Missing(t, "chroot is not installed")
	}
	root = t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(root, "app"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	home := filepath.Join(root, "home")
	// The folders that a test is given admit nobody but its own user.
	for dir := root; strings.HasPrefix(dir, os.TempDir()+"/"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	return root, func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
		cmd := exec.CommandContext(ctx, "chroot", append([]string{"--userspec=65532:65532", root, "/app"}, args...)...)
		cmd.Env = []string{"HOME=/home"}
		cmd.Stdout, cmd.Stderr = stdout, stderr
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = time.Minute
		err := cmd.Run()
		if cmd.ProcessState.Success() {
			return nil // it ended by itself after the signal
		}
		return err
	}
}

// TestImage runs two instances from the image's root file system, as its user,
// with one volume.
func TestImage(t *testing.T) {
	root, inside := image(t)
	one := exampletest.Start(t, inside, "-addr", "127.0.0.1:0")
	two := exampletest.Start(t, inside, "-addr", "127.0.0.1:0")
	for _, p := range []*exampletest.Program{one, two} {
		if bodies := p.Try(t); bodies[1] != "Hello Ada\n" {
			t.Errorf("bodies are %q", bodies)
		}
	}
	key := func(p *exampletest.Program) string {
		_, rest, _ := strings.Cut(p.Text, "x-functions-key: ")
		k, _, _ := strings.Cut(rest, "'")
		return k
	}
	if key(one) == "" || key(one) != key(two) {
		t.Error("the instances do not share their keys")
	}
	addr := strings.TrimPrefix(one.Base(t), "http://")
	if err := inside(t.Context(), []string{"health", "-addr", addr}, io.Discard, io.Discard); err != nil {
		t.Errorf("the probe of an instance that serves: %v", err)
	}
	one.Stop(t)
	if err := inside(t.Context(), []string{"health", "-addr", addr}, io.Discard, io.Discard); err == nil {
		t.Error("the probe of an instance that has ended is content")
	}
	two.Stop(t)
	info, err := os.Stat(filepath.Join(root, "home", "data", "Functions", "secrets", "host.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the keys in the volume: %v, %v, want a file of mode 0600", info, err)
	}
}

func TestBadStarts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	exampletest.Refuses(t, run, []string{"-home", file}, file, "mount a volume")
	exampletest.Refuses(t, run, []string{"-home", t.TempDir(), "-addr", "127.0.0.1:none"}, "none")
}
