package filekeys_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/durable"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/atrest"
	"github.com/httptrigger/httptrigger/keys/filekeys"
	"github.com/httptrigger/httptrigger/keys/keydoc"
	"github.com/httptrigger/httptrigger/keys/storetest"
)

func open(t *testing.T, dir string) *filekeys.Store {
	t.Helper()
	store, err := filekeys.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestStore(t *testing.T) {
	dirs := map[keys.Store]string{}
	path := func(store keys.Store, s keys.Scope) string { return filepath.Join(dirs[store], keydoc.FileName(s)) }
	storetest.Run(t, storetest.Harness{
		Encrypted: true,
		Open: func(t *testing.T) keys.Store {
			dir := filepath.Join(t.TempDir(), "keys [1]*")
			store := open(t, dir)
			dirs[store] = dir
			return store
		},
		Second: func(t *testing.T, store keys.Store) keys.Store { return open(t, dirs[store]) },
		Corrupt: func(t *testing.T, store keys.Store, s keys.Scope, data []byte) {
			if err := os.WriteFile(path(store, s), data, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		Stored: func(t *testing.T, store keys.Store, s keys.Scope) []byte {
			data, err := os.ReadFile(path(store, s))
			if err != nil {
				t.Fatal(err)
			}
			return data
		},
		ReadOnly: func(t *testing.T, store keys.Store) bool {
			if err := os.Chmod(dirs[store], 0o500); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(dirs[store], 0o700) })
			if os.Getuid() != 0 {
				return true
			}
			// The superuser writes everywhere, but not to a directory.
			lock := filepath.Join(dirs[store], ".lock")
			return os.Remove(lock) == nil && os.Mkdir(lock, 0o500) == nil
		},
	})
}

func TestLayout(t *testing.T) {
	dir := t.TempDir()
	store, err := filekeys.New(filekeys.Config{Dir: dir, InsecurePlain: true})
	if err != nil {
		t.Fatal(err)
	}
	set := keys.Set{Master: keys.Key{Value: keys.NewSecret("MASTER")}, Function: []keys.Key{{Name: "default", Value: keys.NewSecret("VALUE")}}}
	if err := store.Save(t.Context(), keys.HostScope(), set); err != nil {
		t.Fatal(err)
	}
	if err := store.Save(t.Context(), keys.FunctionScope("HttpExample"), keys.Set{}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "host.json"))
	if err != nil || !strings.HasPrefix(string(data), "\ufeff{\n  \"masterKey\": {\n    \"name\": \"master\",\n    \"value\": \"MASTER\",\n    \"encrypted\": false\n  },") {
		t.Errorf("host.json: %v, %q", err, data)
	}
	info, err := os.Stat(filepath.Join(dir, "httpexample.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("httpexample.json: %v, %v", err, info)
	}
	if err := os.Chmod(filepath.Join(dir, "httpexample.json"), 0o640); err != nil {
		t.Fatal(err)
	}
	set, err = store.Load(t.Context(), keys.FunctionScope("httpexample"))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Save(t.Context(), keys.FunctionScope("HTTPEXAMPLE"), set); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "httpexample.json")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("after a change the mode is %v, %v, want 0640 kept", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 { // two documents and the lock
		t.Errorf("%d files: %v, %v", len(entries), entries, err)
	}
}

func TestReadsSource(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "host.json"), []byte("\ufeff{\"masterKey\": \"m\", \"functionKey\": \"f\"}"), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := store.Load(t.Context(), keys.HostScope())
	if err != nil || set.Master.Value.Reveal() != "m" || len(set.Function) != 1 {
		t.Errorf("version 0 with a mark: %v, %v", set, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "f.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	store, err = filekeys.New(filekeys.Config{Dir: dir, Compat: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(t.Context(), keys.FunctionScope("f")); !errors.Is(err, keys.ErrNotFound) {
		t.Errorf("an empty file in Compat: %v, want ErrNotFound", err)
	}
	if err := store.Save(t.Context(), keys.FunctionScope("f"), keys.Set{}); err != nil {
		t.Errorf("Save over an empty file in Compat: %v", err)
	}
}

func TestOpenFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file, filepath.Join(file, "below")} {
		if _, err := filekeys.Open(dir); err == nil {
			t.Errorf("Open(%q) = nil", dir)
		}
	}
	dir := t.TempDir()
	for name, c := range map[string]filekeys.Config{
		"two that encrypt":      {Dir: dir, KeyFile: "x", Protector: atrest.Chain{}},
		"encrypt and do not":    {Dir: dir, InsecurePlain: true, Protector: atrest.Chain{}},
		"a document as the key": {Dir: dir, KeyFile: filepath.Join(dir, "orders.json")},
	} {
		if _, err := filekeys.New(c); err == nil {
			t.Errorf("%s: New = nil", name)
		}
	}
}

func TestTooLarge(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	f, err := os.Create(filepath.Join(dir, "host.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(1 << 40); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(t.Context(), keys.HostScope()); err == nil {
		t.Error("a document of a terabyte was read")
	}
}

// TestLeftoversAreRemoved has Save remove what a crash left of documents, and
// nothing that somebody without the folder's lock may be writing just now.
func TestLeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	gone := []string{".new-host.json-123", ".new-orders.json-4", ".new-a-b.json-5"}
	kept := []string{".new-.key-123", ".new-orders.txt-6", ".new-123", "new-orders.json-7", ".new-orders.json"}
	for _, name := range append(gone, kept...) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Save(t.Context(), keys.HostScope(), keys.Set{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range gone {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v, want it gone", name, err)
		}
	}
	for _, name := range kept {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%v, want it left alone", err)
		}
	}
	if err := (&atrest.KeyFile{Path: filepath.Join(dir, filekeys.KeyFileName)}).Add(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".new-.key-123")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a crash left of the key file: %v, want it gone", err)
	}
}

// TestKeyFileIsChangedBesideWriters adds keys to the folder's key file, as another
// process does that knows nothing of the store, while documents are written.
func TestKeyFileIsChangedBesideWriters(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	m := &keys.Manager{Store: store}
	if _, err := m.Ensure(t.Context(), keys.HostScope()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		file := &atrest.KeyFile{Path: filepath.Join(dir, filekeys.KeyFileName)}
		for range 60 {
			if err := file.Add(t.Context()); err != nil {
				t.Errorf("Add: %v", err)
			}
		}
	})
	for range 60 {
		if _, _, err := m.Renew(t.Context(), keys.HostScope(), keys.FunctionKey, "default"); err != nil {
			t.Errorf("Renew: %v", err)
		}
	}
	wg.Wait()
	if _, err := store.Load(t.Context(), keys.HostScope()); err != nil {
		t.Error(err)
	}
}

func TestLockIsWaitedFor(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	release, err := durable.Lock(t.Context(), filepath.Join(dir, ".lock"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := store.Save(ctx, keys.HostScope(), keys.Set{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Save while another process has the lock = %v, want context.DeadlineExceeded", err)
	}
	release()
	if err := store.Save(t.Context(), keys.HostScope(), keys.Set{}); err != nil {
		t.Errorf("after it: %v", err)
	}
}
