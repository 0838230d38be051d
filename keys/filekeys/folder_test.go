package filekeys_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/filekeys"
)

// TestCasingOfFiles is KY-6 and KY-98: a function has one document. What the source
// wrote in another casing is that document where the file system takes it for the
// same, and nothing elsewhere.
func TestCasingOfFiles(t *testing.T) {
	const plain = `{"keys": [{"name": "default", "value": "a-value-that-is-in-clear", "encrypted": false}]}`
	folds := ignoresCase(t)
	tests := []struct {
		name  string
		files []string
		link  [2]string // two names of one file, as the file system would have it
		want  string    // the documents
		loads bool      // whether orders has keys

		matters bool // case matters
	}{
		{name: "lower case", files: []string{"orders.json", "host.json"}, want: `[host function "orders"]`, loads: true},
		{name: "another casing", files: []string{"Orders.json"}, want: "[]", matters: true},
		{name: "both", files: []string{"Orders.json", "orders.json"}, want: `[function "orders"]`, loads: true, matters: true},
		{name: "another casing, case is ignored", files: []string{"Orders.JSON"}, link: [2]string{"Orders.JSON", "orders.json"}, want: `[function "orders"]`, loads: true},
		{name: "others", files: []string{"orders.snapshot.2024-10-24 14.32.17.123456.json", ".lock", "a.b.json", "orders.txt"}, want: "[]"},
	}
	for _, tt := range tests {
		if tt.matters && folds {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range tt.files {
				text := plain
				if name == "host.json" {
					text = `{"masterKey": "master-key-in-clear"}`
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			if tt.link[0] != "" && !folds {
				if err := os.Link(filepath.Join(dir, tt.link[0]), filepath.Join(dir, tt.link[1])); err != nil {
					t.Fatal(err)
				}
			}
			lstat := func(name string) (fs.FileInfo, error) { return os.Lstat(filepath.Join(dir, name)) }
			scopes, err := filekeys.Documents(entries, lstat)
			if got := fmt.Sprint(scopes); err != nil || got != tt.want {
				t.Errorf("documents: %s, %v, want %s", got, err, tt.want)
			}
			store := open(t, dir)
			for _, name := range []string{"orders", "Orders", "ORDERS"} {
				_, err := store.Load(t.Context(), keys.FunctionScope(name))
				if loads := err == nil; loads != tt.loads || err != nil && !errors.Is(err, keys.ErrNotFound) {
					t.Errorf("Load(%s) = %v, want keys: %t", name, err, tt.loads)
				}
			}
			// Written again, all that is read is encrypted.
			if _, err := store.Rewrite(t.Context()); err != nil {
				t.Fatal(err)
			}
			if written, err := store.Rewrite(t.Context()); err != nil || len(written) != 0 {
				t.Errorf("written once more: %v, %v", written, err)
			}
		})
	}
}

// TestUnreadableEntryIsNotPassedOver keeps a rotation from dropping keys that a
// document may need which cannot be looked at.
func TestUnreadableEntryIsNotPassedOver(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Orders.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	scopes, err := filekeys.Documents(entries, func(string) (fs.FileInfo, error) { return nil, fs.ErrPermission })
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("documents: %v, %v, want fs.ErrPermission", scopes, err)
	}
}

// ignoresCase reports whether the file system of the test's folders does.
func ignoresCase(t *testing.T) bool {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := os.Stat(filepath.Join(dir, "A"))
	return err == nil
}
