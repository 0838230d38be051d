package durable_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/durable"
)

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, mode := range []fs.FileMode{0o600, 0o640} {
		text := mode.String()
		if err := durable.Replace(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		info, err2 := os.Stat(path)
		if err != nil || err2 != nil || string(data) != text || info.Mode().Perm() != mode {
			t.Errorf("%q, %v, %v, %v, want %q", data, info, err, err2, text)
		}
	}
	if err := durable.Replace(filepath.Join(path, "below"), nil, 0o600); err == nil {
		t.Error("a file below a file was made")
	}
}

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	var wg sync.WaitGroup
	var made atomic.Int32
	var winner atomic.Value
	for i := range 8 {
		wg.Go(func() {
			text := fmt.Sprint("text ", i)
			switch err := durable.Create(path, []byte(text), 0o600); {
			case err == nil:
				made.Add(1)
				winner.Store(text)
			case !errors.Is(err, fs.ErrExist):
				t.Errorf("Create = %v, want fs.ErrExist", err)
			}
		})
	}
	wg.Wait()
	data, err := os.ReadFile(path)
	if err != nil || made.Load() != 1 || string(data) != winner.Load() {
		t.Errorf("%d made it, it has %q, %v, want one and its text", made.Load(), data, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v, want nothing left beside it", entries, err)
	}
}

// TestTidy removes what was left of files that are the caller's, whatever their
// names, and nothing of others.
func TestTidy(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a [b]*")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, gone := range map[string]bool{
		".new-mine-1": true, ".new-mine-22": true, ".new-my-own-3": true, ".new-*[-4": true, ".new--5": false,
		".new-other-1": false, ".new-mine": false, ".new-1": false, "mine": false, "mine-1": false,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		err := durable.Tidy(dir, func(name string) bool { return name == "mine" || name == "my-own" || name == "*[" })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) != gone {
			t.Errorf("%s: %v, want it gone: %t", name, err, gone)
		}
	}
}

// TestLongName writes a file whose name leaves no room for another beside it.
func TestLongName(t *testing.T) {
	for _, name := range []string{strings.Repeat("a", 255), strings.Repeat("é", 127)} {
		path := filepath.Join(t.TempDir(), name)
		if err := durable.Create(path, nil, 0o600); err != nil {
			t.Error(err)
		}
		if err := durable.Replace(path, nil, 0o600); err != nil {
			t.Error(err)
		}
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := durable.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := durable.Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Lock of what is locked = %v, want context.DeadlineExceeded", err)
	}
	unlock()
	if unlock, err = durable.Lock(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	unlock()
}
