package filekeys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/atrest"
	"github.com/httptrigger/httptrigger/keys/filekeys"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

const sentinel = "sentinel-value-0123456789"

var orders = keys.FunctionScope("orders")

func newStore(t *testing.T, c filekeys.Config) *filekeys.Store {
	t.Helper()
	store, err := filekeys.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// hasValue checks that a store has the sentinel in a scope.
func hasValue(t *testing.T, store keys.Store, s keys.Scope) {
	t.Helper()
	set, err := store.Load(t.Context(), s)
	if err != nil || len(set.Function) != 1 || set.Function[0].Value.Reveal() != sentinel {
		t.Errorf("%s: %v, %v, want the key that was saved", s, set, err)
	}
}

func put(t *testing.T, store keys.Store, s keys.Scope) {
	t.Helper()
	if err := store.Save(t.Context(), s, keys.Set{Function: []keys.Key{{Name: "default", Value: keys.NewSecret(sentinel)}}}); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEncryptsByDefault(t *testing.T) {
	dir := t.TempDir()
	put(t, open(t, dir), orders)
	put(t, open(t, dir), keys.HostScope())
	for _, name := range []string{"orders.json", "host.json"} {
		data := read(t, filepath.Join(dir, name))
		if bytes.Contains(data, []byte(sentinel)) || !bytes.Contains(data, []byte(`"value": "gcm1.`)) || !bytes.Contains(data, []byte(`"encrypted": true`)) {
			t.Errorf("%s is not encrypted", name)
		}
	}
	info, err := os.Stat(filepath.Join(dir, filekeys.KeyFileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v, want mode 0600", info, err)
	}
	hasValue(t, open(t, dir), orders)
	hasValue(t, open(t, dir), keys.HostScope())
}

// A folder that is only read gets no key file.
func TestReadingMakesNoKey(t *testing.T) {
	dir := t.TempDir()
	if _, err := open(t, dir).Load(t.Context(), orders); !errors.Is(err, keys.ErrNotFound) {
		t.Errorf("Load = %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("reading made files: %v, %v", entries, err)
	}
}

func TestOneKeyForAllWhoStartAtOnce(t *testing.T) {
	for _, where := range []string{"", "outside"} {
		root := t.TempDir()
		const n = 8
		var wg sync.WaitGroup
		for i := range n {
			c := filekeys.Config{Dir: filepath.Join(root, "store")}
			if where != "" {
				c = filekeys.Config{Dir: filepath.Join(root, fmt.Sprint("store", i)), KeyFile: filepath.Join(root, "key")}
			}
			store := newStore(t, c)
			wg.Go(func() { put(t, store, keys.FunctionScope(fmt.Sprint("f", i))) })
		}
		wg.Wait()
		for i := range n {
			c := filekeys.Config{Dir: filepath.Join(root, "store")}
			if where != "" {
				c = filekeys.Config{Dir: filepath.Join(root, fmt.Sprint("store", i)), KeyFile: filepath.Join(root, "key")}
			}
			hasValue(t, newStore(t, c), keys.FunctionScope(fmt.Sprint("f", i)))
		}
	}
}

func TestLostKey(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	put(t, store, orders)
	key := filepath.Join(dir, filekeys.KeyFileName)
	document, secret := read(t, filepath.Join(dir, "orders.json")), read(t, key)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]*filekeys.Store{"the same": store, "another": open(t, dir)} {
		var corrupt *keys.CorruptError
		if _, err := store.Load(t.Context(), orders); !errors.As(err, &corrupt) || !errors.Is(err, atrest.ErrNoKeyFile) || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: Load = %v, want a *keys.CorruptError that names the key file", name, err)
		}
		if err := store.Save(t.Context(), keys.HostScope(), keys.Set{}); !errors.Is(err, filekeys.ErrKeyLost) || !errors.As(err, &corrupt) || corrupt.Scope != orders || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: Save of a new document = %v, want ErrKeyLost that names the document and the key file", name, err)
		}
		if _, err := (&keys.Manager{Store: store}).Ensure(t.Context(), orders); err == nil {
			t.Errorf("%s: Ensure made keys", name)
		}
		if _, err := (&keys.Manager{Store: store}).Put(t.Context(), orders, keys.FunctionKey, "default", keys.NewSecret(sentinel)); err == nil {
			t.Errorf("%s: Put wrote over the document", name)
		}
		// Whoever calls, with whatever key, gets 500; the log says why.
		for _, compat := range []bool{false, true} {
			var logs bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&logs, nil))
			guard := &keys.Guard{Resolver: &keys.Resolver{Store: store, Compat: compat, Logger: logger}, Function: "orders", Compat: compat, Logger: logger}
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set(keys.Header, sentinel)
			guard.Wrap(http.NotFoundHandler()).ServeHTTP(w, r)
			if w.Code != 500 || w.Body.Len() != 0 || !strings.Contains(logs.String(), "key file is not there") {
				t.Errorf("%s: a call is answered %d %q, logged %q", name, w.Code, w.Body, logs.String())
			}
		}
		if _, err := store.Rewrite(t.Context()); err == nil {
			t.Errorf("%s: Rewrite is no error", name)
		}
		if err := store.RotateKey(t.Context()); err == nil {
			t.Errorf("%s: RotateKey is no error", name)
		}
	}
	if _, err := os.Stat(key); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a new key file was made")
	}
	if !bytes.Equal(read(t, filepath.Join(dir, "orders.json")), document) {
		t.Error("the document was changed")
	}
	if err := os.WriteFile(key, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	hasValue(t, store, orders)
}

// A key file that is there and no good is not replaced either.
func TestBadKeyFile(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "no key": "# nothing\n", "a word": "sentinel\n", "short": "aes-256-gcm c2VudGluZWw=\n",
		"zeros": "aes-256-gcm AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "large": strings.Repeat("#", 1<<20),
		"another form": "chacha20 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n",
	} {
		dir := t.TempDir()
		key := filepath.Join(dir, filekeys.KeyFileName)
		if err := os.WriteFile(key, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := open(t, dir).Save(t.Context(), orders, keys.Set{Function: []keys.Key{{Name: "default", Value: keys.NewSecret(sentinel)}}})
		if err == nil || strings.Contains(err.Error(), "sentinel") || strings.Contains(err.Error(), "c2Vu") || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: Save = %v, want an error that names the file and does not quote it", name, err)
		}
		if string(read(t, key)) != text {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

// TestMovesFromOtherForms starts with a folder as an earlier store or a host of
// the source's own leaves it.
func TestMovesFromOtherForms(t *testing.T) {
	ring, err := atrest.NewRing(atrest.RingKey{Key: keys.NewSecret("a key of the source's")})
	if err != nil {
		t.Fatal(err)
	}
	for name, before := range map[string]filekeys.Config{"in clear": {InsecurePlain: true}, "the source's": {Protector: ring}} {
		dir := t.TempDir()
		before.Dir = dir
		put(t, newStore(t, before), orders)
		put(t, newStore(t, before), keys.HostScope())
		store := newStore(t, filekeys.Config{Dir: dir, Decrypt: []keydoc.Protector{ring}})
		hasValue(t, store, orders)
		set, err := store.Load(t.Context(), orders)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Save(t.Context(), orders, set); err != nil {
			t.Fatal(err)
		}
		if data := read(t, filepath.Join(dir, "orders.json")); !bytes.Contains(data, []byte("gcm1.")) {
			t.Errorf("%s: the next write did not encrypt", name)
		}
		var told []keys.Event
		manager := &keys.Manager{Store: store, Audit: func(_ context.Context, e keys.Event) { told = append(told, e) }}
		if err := manager.Rewrite(t.Context()); err != nil {
			t.Errorf("%s: Rewrite = %v", name, err)
		}
		if len(told) != 1 || told[0].Action != keys.ActionRewrite || told[0].Scope != keys.HostScope() {
			t.Errorf("%s: events %v, want one, of the host", name, told)
		}
		for _, s := range []keys.Scope{orders, keys.HostScope()} {
			hasValue(t, open(t, dir), s)
		}
		if done, err := store.Rewrite(t.Context()); len(done) != 0 || err != nil {
			t.Errorf("%s: Rewrite again = %v, %v, want nothing to do", name, done, err)
		}
	}
}

func TestRewriteOfVersion0(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"host.json": `{"masterKey": "m", "functionKey": "` + sentinel + `"}`, "orders.json": `{"key": "` + sentinel + `"}`, "bad.json": `{"key": `,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	done, err := newStore(t, filekeys.Config{Dir: dir, InsecurePlain: true}).Rewrite(t.Context())
	var corrupt *keys.CorruptError
	if len(done) != 2 || !errors.As(err, &corrupt) || corrupt.Scope != keys.FunctionScope("bad") {
		t.Errorf("Rewrite = %v, %v, want two written and an error of the third", done, err)
	}
	if string(read(t, filepath.Join(dir, "bad.json"))) != `{"key": ` {
		t.Error("the bad document was changed")
	}
	var document struct{ Keys []struct{ Value string } }
	if err := json.Unmarshal(bytes.TrimPrefix(read(t, filepath.Join(dir, "orders.json")), []byte("\ufeff")), &document); err != nil || len(document.Keys) != 1 || document.Keys[0].Value != sentinel {
		t.Errorf("orders.json: %v, not version 1 in clear", err)
	}
}

func TestRotateKey(t *testing.T) {
	dir := t.TempDir()
	store, other := open(t, dir), open(t, dir)
	scopes := []keys.Scope{orders, keys.HostScope(), keys.FunctionScope("invoices")}
	for _, s := range scopes {
		put(t, store, s)
		hasValue(t, other, s)
	}
	key := filepath.Join(dir, filekeys.KeyFileName)
	before := read(t, key)
	if err := store.RotateKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := read(t, key); bytes.Equal(before, after) || bytes.Count(after, []byte("aes-256-gcm")) != 1 {
		t.Error("the key file does not have one new key")
	}
	for _, s := range scopes {
		hasValue(t, other, s)
		hasValue(t, open(t, dir), s)
	}
	put(t, other, keys.FunctionScope("late")) // with the new key, without being told
	hasValue(t, store, keys.FunctionScope("late"))

	// While a document cannot be read no key is forgotten.
	if err := os.WriteFile(filepath.Join(dir, "bad.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := store.RotateKey(t.Context()); err == nil || bytes.Count(read(t, key), []byte("aes-256-gcm")) != 2 {
		t.Errorf("RotateKey with a bad document = %v, want an error and both keys", err)
	}
	if err := os.Remove(filepath.Join(dir, "bad.json")); err != nil {
		t.Fatal(err)
	}
	if err := store.RotateKey(t.Context()); err != nil {
		t.Error(err)
	}
	for _, s := range scopes {
		hasValue(t, other, s)
	}
	for name, c := range map[string]filekeys.Config{"a key file elsewhere": {Dir: dir, KeyFile: key + "2"}, "in clear": {Dir: dir, InsecurePlain: true}} {
		if err := newStore(t, c).RotateKey(t.Context()); err == nil {
			t.Errorf("%s: RotateKey is no error", name)
		}
	}
}

// Rotations that were killed each leave a key; the next that is not drops them.
func TestRotateKeyAfterManyUnfinished(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	put(t, store, orders)
	file := &atrest.KeyFile{Path: filepath.Join(dir, filekeys.KeyFileName)}
	var err error
	for err == nil {
		err = file.Add(t.Context())
	}
	if !errors.Is(err, atrest.ErrManyKeys) {
		t.Fatalf("Add to a full file = %v, want ErrManyKeys", err)
	}
	hasValue(t, open(t, dir), orders)
	if err := store.RotateKey(t.Context()); err != nil {
		t.Error(err)
	}
	if n := bytes.Count(read(t, file.Path), []byte("aes-256-gcm")); n != 1 {
		t.Errorf("%d keys, want 1", n)
	}
	hasValue(t, open(t, dir), orders)
}

// Writers go on while the key is rotated, again and again, in several handles.
func TestRotateKeyWhileOthersWrite(t *testing.T) {
	dir := t.TempDir()
	put(t, open(t, dir), keys.HostScope())
	var wg sync.WaitGroup
	for w := range 3 {
		store := open(t, dir)
		wg.Go(func() {
			for i := range 10 {
				if w == 0 {
					if err := store.RotateKey(t.Context()); err != nil {
						t.Error(err)
					}
					continue
				}
				m := &keys.Manager{Store: store}
				if _, err := m.EnsureKey(t.Context(), keys.FunctionScope(fmt.Sprintf("f%d-%d", w, i)), keys.FunctionKey, "default"); err != nil {
					t.Error(err)
				}
				if _, _, err := m.Renew(t.Context(), keys.HostScope(), keys.FunctionKey, fmt.Sprintf("k%d-%d", w, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	store := open(t, dir)
	set, err := store.Load(t.Context(), keys.HostScope())
	if err != nil || len(set.Function) != 21 {
		t.Errorf("%d keys, %v, want 21", len(set.Function), err)
	}
	for w := 1; w < 3; w++ {
		for i := range 10 {
			if _, err := store.Load(t.Context(), keys.FunctionScope(fmt.Sprintf("f%d-%d", w, i))); err != nil {
				t.Error(err)
			}
		}
	}
}

// slowProtector says when it was asked for the first time and then waits.
type slowProtector struct {
	keydoc.Protector
	asked, goOn chan struct{}
	once        sync.Once
}

func (p *slowProtector) Protect(at keydoc.Place, value string) (string, error) {
	text, err := p.Protector.Protect(at, value)
	p.once.Do(func() {
		close(p.asked)
		<-p.goOn
	})
	return text, err
}

// TestRewriteWaitsForFirstDocuments rotates a key file, as an operator does in
// three steps, while another process makes a function's first keys under the old
// key: they can be read afterwards.
func TestRewriteWaitsForFirstDocuments(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "key")
	file := &atrest.KeyFile{Path: path}
	if err := file.Create(); err != nil {
		t.Fatal(err)
	}
	slow := &slowProtector{Protector: &atrest.KeyFile{Path: path}, asked: make(chan struct{}), goOn: make(chan struct{})}
	other, err := filekeys.New(filekeys.Config{Dir: dir, Protector: slow})
	if err != nil {
		t.Fatal(err)
	}
	store, err := filekeys.New(filekeys.Config{Dir: dir, KeyFile: path})
	if err != nil {
		t.Fatal(err)
	}
	made := make(chan error, 1)
	go func() {
		_, err := (&keys.Manager{Store: other}).Ensure(t.Context(), orders)
		made <- err
	}()
	<-slow.asked
	if err := file.Add(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if done, err := store.Rewrite(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Rewrite while a document is written = %v, %v, want context.DeadlineExceeded", done, err)
	}
	close(slow.goOn)
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	if done, err := store.Rewrite(t.Context()); err != nil || len(done) != 1 {
		t.Fatalf("Rewrite = %v, %v, want it written", done, err)
	}
	if err := file.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if set, err := store.Load(t.Context(), orders); err != nil || len(set.Function) != 1 {
		t.Errorf("Load = %v, %v, want the first key", set, err)
	}
}
