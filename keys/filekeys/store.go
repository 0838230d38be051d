package filekeys

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

// maxDocument bounds the bytes of a document that is read.
const maxDocument = 16 << 20

// byteOrderMark begins the files that the source writes, and ours.
const byteOrderMark = "\ufeff"

// Store is a keys.Store in a directory, made by Open. Its fields are set before first use; its
// methods may be called concurrently.
type Store struct {
	// Codec reads and writes the documents. The zero Codec keeps values in
	// clear.
	Codec keydoc.Codec

	// Compat takes an empty file for none, as the source does.
	Compat bool

	dir  string
	turn chan struct{} // held before the lock file, so that goroutines of one process queue
}

// Open returns the store in dir, which is made if it is not there, readable by
// its owner only.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("filekeys: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("filekeys: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("filekeys: %q: not a directory", dir)
	}
	return &Store{dir: dir, turn: make(chan struct{}, 1)}, nil
}

// path returns the file of a scope.
func (st *Store) path(ctx context.Context, s keys.Scope) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := s.Validate(); err != nil {
		return "", err
	}
	name := keydoc.FileName(s)
	if !filepath.IsLocal(name) { // such as the device names of Windows
		return "", fmt.Errorf("%w: %q: not a file name here", keys.ErrScope, s.Function())
	}
	return filepath.Join(st.dir, name), nil
}

// Load returns the keys of a scope, or keys.ErrNotFound.
func (st *Store) Load(ctx context.Context, s keys.Scope) (keys.Set, error) {
	path, err := st.path(ctx, s)
	if err != nil {
		return keys.Set{}, err
	}
	data, err := st.read(path)
	if err != nil {
		return keys.Set{}, err
	}
	if data == nil {
		return keys.Set{}, fmt.Errorf("%w: %q", keys.ErrNotFound, path)
	}
	set, err := st.Codec.Decode(s, data)
	if err != nil {
		return keys.Set{}, &keys.CorruptError{Scope: s, Source: path, Err: err}
	}
	set.Version = version(data)
	return set, nil
}

// read returns the bytes of a file, nil if there is none.
func (st *Store) read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("filekeys: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("filekeys: %w", err)
	case len(data) > maxDocument:
		return nil, fmt.Errorf("filekeys: %q: more than %d bytes", path, maxDocument)
	case len(data) == 0 && st.Compat:
		return nil, nil
	case data == nil:
		return []byte{}, nil
	}
	return data, nil
}

// version marks the content of a document. It is a digest, so that what an
// editor or another program wrote is told apart as well.
func version(data []byte) string {
	if data == nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// Save replaces the keys of a scope, or returns keys.ErrChanged.
func (st *Store) Save(ctx context.Context, s keys.Scope, set keys.Set) error {
	path, err := st.path(ctx, s)
	if err != nil {
		return err
	}
	text, err := st.Codec.Encode(s, set)
	if err != nil {
		return fmt.Errorf("filekeys: %q: %w", path, err)
	}
	select {
	case st.turn <- struct{}{}:
		defer func() { <-st.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	unlock, err := lock(ctx, filepath.Join(st.dir, ".lock"))
	if err != nil {
		return fmt.Errorf("filekeys: %w", err)
	}
	defer unlock()
	old, err := st.read(path)
	if err != nil {
		return err
	}
	if version(old) != set.Version {
		return fmt.Errorf("%w: %q", keys.ErrChanged, path)
	}
	if err := replace(st.dir, path, append([]byte(byteOrderMark), text...)); err != nil {
		return fmt.Errorf("filekeys: %w", err)
	}
	return nil
}

// tempPattern names the files that are being written. Whoever holds the lock
// may remove what a crash left of them.
const tempPattern = ".new-*"

// replace puts a file of the data in the place of path. The caller holds the
// lock.
func replace(dir, path string, data []byte) (err error) {
	left, err := filepath.Glob(filepath.Join(escapeGlob(dir), tempPattern))
	if err != nil {
		return err
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(dir, tempPattern)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = rename(f.Name(), path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	return err
}

// escapeGlob quotes what filepath.Glob would take for a pattern.
func escapeGlob(dir string) string {
	var out []rune
	for _, c := range dir {
		if c == '*' || c == '?' || c == '[' || c == '\\' && filepath.Separator != '\\' {
			out = append(out, '[', c, ']')
			continue
		}
		out = append(out, c)
	}
	return string(out)
}
