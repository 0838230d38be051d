package filekeys

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/httptrigger/httptrigger/internal/durable"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/atrest"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

// maxDocument bounds the bytes of a document that is read.
const maxDocument = 16 << 20

// byteOrderMark begins the files that the source writes, and ours.
const byteOrderMark = "\ufeff"

// KeyFileName is the name of the key file in the folder, unless another is set.
const KeyFileName = ".key"

// Config says where a Store is and how it keeps values.
type Config struct {
	// Dir is the folder. It is made if it is not there, readable by its owner
	// only.
	Dir string

	// KeyFile is the path of the file with the keys that encrypt values: see
	// atrest.KeyFile. "" is the file .key in Dir. It is made when a first value
	// is saved, unless a document shows that there was one, which is an error.
	KeyFile string

	// Protector encrypts values in place of a key file.
	Protector keydoc.Protector

	// Decrypt are tried on values that Protector or the key file cannot read,
	// such as an atrest.Ring of the source's keys. What they read is encrypted
	// anew when its document is saved.
	Decrypt []keydoc.Protector

	// InsecurePlain writes values in clear, as a host of the source's own that
	// shares the folder needs them unless Protector is an atrest.Ring that has
	// its keys. KeyFile, if set, and Decrypt still decrypt.
	InsecurePlain bool

	// Origin is written into documents, for diagnosis.
	Origin keys.Origin

	// Compat takes an empty file for none, as the source does.
	Compat bool
}

// Store is a keys.Store in a folder, made by Open or New. Its methods may be
// called concurrently.
type Store struct {
	dir     string
	codec   keydoc.Codec
	keyFile *atrest.KeyFile // nil if there is none
	own     bool            // keyFile is in dir, so it is this folder's alone
	compat  bool
	turn    chan struct{} // held before the lock file, so that goroutines of one process queue
}

// Open returns the store in dir, with values encrypted by the keys of a file in
// it. It is New with a Dir and nothing else.
func Open(dir string) (*Store, error) { return New(Config{Dir: dir}) }

// New returns a store, or everything that is wrong with c.
func New(c Config) (*Store, error) {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("filekeys: Config.Dir: it is required"))
	}
	if c.Protector != nil && c.KeyFile != "" {
		errs = append(errs, errors.New("filekeys: Config.Protector and Config.KeyFile: only one can encrypt"))
	}
	if c.Protector != nil && c.InsecurePlain {
		errs = append(errs, errors.New("filekeys: Config.Protector and Config.InsecurePlain: to decrypt only, put it into Decrypt"))
	}
	if _, ok := keydoc.ScopeOf(filepath.Base(c.KeyFile)); ok && filepath.Dir(c.KeyFile) == filepath.Clean(c.Dir) {
		errs = append(errs, fmt.Errorf("filekeys: Config.KeyFile: %q: it would be the document of a function", c.KeyFile))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := makeDir(c.Dir); err != nil {
		return nil, fmt.Errorf("filekeys: %w", err)
	}
	st := &Store{dir: c.Dir, compat: c.Compat, turn: make(chan struct{}, 1)}
	var chain atrest.Chain
	switch {
	case c.Protector != nil:
		chain = atrest.Chain{c.Protector}
	default:
		if st.own = c.KeyFile == ""; st.own {
			c.KeyFile = filepath.Join(c.Dir, KeyFileName)
		}
		st.keyFile = &atrest.KeyFile{Path: c.KeyFile}
		chain = atrest.Chain{st.keyFile}
	}
	st.codec = keydoc.Codec{Protector: append(chain, c.Decrypt...), InsecurePlain: c.InsecurePlain, Origin: c.Origin}
	return st, nil
}

func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%q: not a directory", dir)
	}
	return err
}

// isDocument reports whether a file of the folder is one that is written under
// its lock. The key file is not: it has a lock of its own.
func isDocument(name string) bool {
	_, ok := keydoc.ScopeOf(name)
	return ok
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
	for {
		if err != nil {
			return keys.Set{}, err
		}
		if data == nil {
			return keys.Set{}, fmt.Errorf("%w: %q", keys.ErrNotFound, path)
		}
		set, decodeErr := st.codec.Decode(s, data)
		if decodeErr == nil {
			set.Version = version(data)
			return set, nil
		}
		// If it was written again meanwhile, the key of what was read may have
		// been dropped.
		before := data
		if data, err = st.read(path); err == nil && bytes.Equal(before, data) {
			return keys.Set{}, &keys.CorruptError{Scope: s, Source: path, Err: decodeErr}
		}
	}
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
	case len(data) == 0 && st.compat:
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
	unlock, err := st.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	old, err := st.read(path)
	if err != nil {
		return err
	}
	if version(old) != set.Version {
		return fmt.Errorf("%w: %q", keys.ErrChanged, path)
	}
	if err := st.ensureKey(); err != nil {
		return err
	}
	// Encrypted here and not before, so that no key is dropped in between.
	text, err := st.codec.Encode(s, set)
	if err != nil {
		return fmt.Errorf("filekeys: %q: %w", path, err)
	}
	if err := durable.Tidy(st.dir, isDocument); err != nil {
		return fmt.Errorf("filekeys: %w", err)
	}
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if err := durable.Replace(path, append([]byte(byteOrderMark), text...), mode); err != nil {
		return fmt.Errorf("filekeys: %w", err)
	}
	return nil
}

// lock takes the lock that all writers of the folder take.
func (st *Store) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case st.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release, err := durable.Lock(ctx, filepath.Join(st.dir, ".lock"))
	if err != nil {
		<-st.turn
		return nil, fmt.Errorf("filekeys: %w", err)
	}
	return func() {
		release()
		<-st.turn
	}, nil
}
