package atrest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/httptrigger/httptrigger/internal/durable"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

const (
	keySize = 32

	// maxKeyFile bounds the bytes of a key file, maxFileKeys its keys.
	maxKeyFile  = 64 << 10
	maxFileKeys = 100

	// settling is how old a file must be for its time to tell it from the next one:
	// the clocks of file systems tick, the coarsest every two seconds (FAT), and two
	// rotations between ticks can end with a file of the same size in the same place.
	settling = 3 * time.Second

	// keyLine begins the line of a key.
	keyLine = "aes-256-gcm "

	keyFileHead = "# Keys that encrypt the values of access keys: the first encrypts, all decrypt.\n" +
		"# Without this file those values are lost. Keep a copy of it, apart from them.\n"
)

// ErrNoKeyFile is wrapped by the errors of a KeyFile that is not there.
var ErrNoKeyFile = errors.New("the key file is not there")

// ErrManyKeys is wrapped by the error of Add to a file with 100 keys.
var ErrManyKeys = fmt.Errorf("more than %d keys", maxFileKeys)

// A KeyFile is an Envelope whose keys are in a file, one a line:
//
//	aes-256-gcm base64 of 32 bytes
//
// The first encrypts, all decrypt. Empty lines and lines that begin with '#' are
// passed over. The file is read when it is needed and again when it changed, so
// that several processes can share one and follow its rotation. A KeyFile is a
// keydoc.Protector and may be used concurrently. It is not copied after first
// use. Its errors never quote the file.
type KeyFile struct {
	Path string

	mu       sync.Mutex
	info     fs.FileInfo // of the file that envelope is from
	settled  bool        // another file would look different
	envelope *Envelope
}

// Format writes the path, whatever the verb.
func (k *KeyFile) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "key file %q", k.Path) }

// Protect encrypts a value with the first key.
func (k *KeyFile) Protect(p keydoc.Place, value string) (string, error) {
	e, err := k.current()
	if err != nil {
		return "", err
	}
	return e.Protect(p, value)
}

// Unprotect decrypts a text. If the file is not there, or lacks the key, the
// error is ErrForeign too.
func (k *KeyFile) Unprotect(p keydoc.Place, text string) (value string, stale bool, err error) {
	if !IsEnvelope(text) {
		return "", false, ErrForeign
	}
	e, err := k.current()
	if errors.Is(err, ErrNoKeyFile) {
		return "", false, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	if err != nil {
		return "", false, err
	}
	value, stale, err = e.Unprotect(p, text)
	if errors.Is(err, ErrForeign) {
		err = fmt.Errorf("%w, not in %q", err, k.Path)
	}
	return value, stale, err
}

// current returns the keys of the file as it is now.
func (k *KeyFile) current() (*Envelope, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	info, err := os.Stat(k.Path)
	if err != nil {
		return nil, k.failed(err)
	}
	if old := k.info; k.settled && os.SameFile(old, info) && old.Size() == info.Size() && old.ModTime().Equal(info.ModTime()) {
		return k.envelope, nil
	}
	list, err := k.read()
	if err != nil {
		return nil, err
	}
	e, err := NewEnvelope(list...)
	if err != nil {
		return nil, fmt.Errorf("atrest: %q: %w", k.Path, err)
	}
	k.info, k.settled, k.envelope = info, now.Sub(info.ModTime()) > settling, e
	return e, nil
}

func (k *KeyFile) failed(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("atrest: %q: %w", k.Path, ErrNoKeyFile)
	}
	return fmt.Errorf("atrest: key file: %w", err)
}

// read returns the keys in the file.
func (k *KeyFile) read() ([][]byte, error) {
	f, err := os.Open(k.Path)
	if err != nil {
		return nil, k.failed(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	switch {
	case err != nil:
		return nil, k.failed(err)
	case len(data) > maxKeyFile:
		return nil, fmt.Errorf("atrest: %q: more than %d bytes", k.Path, maxKeyFile)
	}
	list, err := parseKeys(data)
	if err != nil {
		return nil, fmt.Errorf("atrest: %q: %w", k.Path, err)
	}
	return list, nil
}

// parseKeys reads the text of a key file.
func parseKeys(data []byte) ([][]byte, error) {
	var list [][]byte
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		text, ok := strings.CutPrefix(line, keyLine)
		key, err := base64.StdEncoding.Strict().DecodeString(text)
		switch {
		case !ok || err != nil || len(key) != keySize:
			return nil, fmt.Errorf("line %d: want %q and %d bytes in base64", n, strings.TrimSpace(keyLine), keySize)
		case bytes.Equal(key, make([]byte, keySize)):
			return nil, fmt.Errorf("line %d: the key is all zeros", n)
		case len(list) == maxFileKeys:
			return nil, fmt.Errorf("line %d: %w", n, ErrManyKeys)
		}
		list = append(list, key)
	}
	if len(list) == 0 {
		return nil, errors.New("it has no key")
	}
	return list, nil
}

func formatKeys(list [][]byte) []byte {
	out := []byte(keyFileHead)
	for _, key := range list {
		out = append(out, keyLine...)
		out = base64.StdEncoding.AppendEncode(out, key)
		out = append(out, '\n')
	}
	return out
}

func newKey() []byte {
	key := make([]byte, keySize)
	rand.Read(key)
	return key
}

// Create makes the file with a new key, readable and writable by its owner only,
// unless there is one. Of several processes that create it at once one does.
// Windows has no such modes: there the folder decides who may read it.
func (k *KeyFile) Create() error {
	if _, err := os.Stat(k.Path); err == nil {
		return nil
	}
	err := durable.Create(k.Path, formatKeys([][]byte{newKey()}), 0o600)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("atrest: key file: %w", err)
	}
	return nil
}

// Add puts a new key first in the file, which must be there and can have 100.
// What was encrypted so far can still be read, and is stale: see
// keys.Manager.Rewrite. Processes that change the file at once take turns, by a
// lock file beside it.
func (k *KeyFile) Add(ctx context.Context) error {
	return k.change(ctx, func(list [][]byte) [][]byte { return append([][]byte{newKey()}, list...) })
}

// Prune forgets all keys of the file but the first. What is encrypted with them
// cannot be read any more: write it again first.
func (k *KeyFile) Prune(ctx context.Context) error {
	return k.change(ctx, func(list [][]byte) [][]byte { return list[:1] })
}

// change changes the keys of the file. Its mode stays, and so does a symbolic link
// to it: those who know the file by another name see the change as well.
func (k *KeyFile) change(ctx context.Context, how func([][]byte) [][]byte) error {
	path, err := filepath.EvalSymlinks(k.Path)
	if err != nil {
		return k.failed(err)
	}
	unlock, err := durable.Lock(ctx, path+".lock")
	if err != nil {
		return fmt.Errorf("atrest: key file: %w", err)
	}
	defer unlock()
	info, err := os.Stat(path)
	if err != nil {
		return k.failed(err)
	}
	list, err := k.read()
	if err != nil {
		return err
	}
	if list = how(list); len(list) > maxFileKeys {
		return fmt.Errorf("atrest: %q: %w", k.Path, ErrManyKeys)
	}
	// Create takes no lock, and puts up with the loss of what it was writing: now
	// there is a file. Where that cannot be removed, it will be by the next change.
	_ = durable.Tidy(filepath.Dir(path), func(name string) bool { return name == filepath.Base(path) })
	if err := durable.Replace(path, formatKeys(list), info.Mode().Perm()); err != nil {
		return fmt.Errorf("atrest: key file: %w", err)
	}
	return nil
}
