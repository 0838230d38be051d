package filekeys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/atrest"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

// ErrKeyLost is wrapped by the *keys.CorruptError of a Save when the key file is
// not there although a document was encrypted with a key of it. A new one would
// only hide that: put the old one back.
var ErrKeyLost = errors.New("it is encrypted, and the key file is not there any more")

// ensureKey makes the key file if it is not there and never was. The caller has
// the lock.
func (st *Store) ensureKey() error {
	if st.keyFile == nil || st.codec.InsecurePlain {
		return nil
	}
	if _, err := os.Stat(st.keyFile.Path); !errors.Is(err, fs.ErrNotExist) {
		return nil // what else may be wrong with it, its reader says
	}
	scopes, err := st.scopes()
	if err != nil {
		return fmt.Errorf("filekeys: %w", err)
	}
	for _, s := range scopes {
		path := filepath.Join(st.dir, keydoc.FileName(s))
		data, err := st.read(path)
		if err != nil {
			return err
		}
		if hasEnvelope(s, data) {
			return &keys.CorruptError{Scope: s, Source: path, Err: fmt.Errorf("%w: %q", ErrKeyLost, st.keyFile.Path)}
		}
	}
	return st.keyFile.Create()
}

// hasEnvelope reports whether a value of a document is in an envelope. One that
// cannot be parsed has, if it looks so.
func hasEnvelope(s keys.Scope, data []byte) bool {
	doc, err := keydoc.Parse(s.IsHost(), data)
	if err != nil {
		return bytes.Contains(data, []byte("\"gcm1."))
	}
	list := append(append(append([]keydoc.Entry{}, doc.Functions...), doc.Systems...), doc.Keys...)
	if doc.Master != nil {
		list = append(list, *doc.Master)
	}
	for _, e := range list {
		if e.Encrypted && atrest.IsEnvelope(e.Value.Reveal()) {
			return true
		}
	}
	return false
}

// scopes returns those that have a document, in the order of their files.
func (st *Store) scopes() ([]keys.Scope, error) {
	entries, err := os.ReadDir(st.dir)
	if err != nil {
		return nil, err
	}
	list, err := documents(entries, st.lstat)
	if err != nil {
		return nil, err
	}
	found := make([]keys.Scope, len(list))
	for i, d := range list {
		found[i] = d.scope
	}
	return found, nil
}

// Rewrite writes every document again that is stale: of version 0, or with a
// value in clear or encrypted otherwise than a new one would be. The keys stay
// what they are. It returns the scopes that it wrote, and an error that joins
// those of documents it could not read or write, which are left alone.
func (st *Store) Rewrite(ctx context.Context) ([]keys.Scope, error) {
	scopes, err := st.settled(ctx)
	if err != nil {
		return nil, fmt.Errorf("filekeys: %w", err)
	}
	var done []keys.Scope
	var errs []error
	for _, s := range scopes {
		written, err := st.rewrite(ctx, s)
		if err != nil {
			errs = append(errs, err)
		}
		if written {
			done = append(done, s)
		}
	}
	return done, errors.Join(errs...)
}

// settled returns the scopes when nobody writes: a document that is in the making,
// encrypted with the key that was first a moment ago, is one of them. Where nothing
// can be locked nothing can be written either.
func (st *Store) settled(ctx context.Context) ([]keys.Scope, error) {
	unlock, err := st.lock(ctx)
	if err == nil {
		defer unlock()
	} else if ctx.Err() != nil {
		return nil, err
	}
	return st.scopes()
}

// rewrite writes a document again if it is stale, and again if another writer
// came between.
func (st *Store) rewrite(ctx context.Context, s keys.Scope) (written bool, err error) {
	for {
		stale, err := st.stale(ctx, s)
		if err != nil || !stale {
			return false, err
		}
		set, err := st.Load(ctx, s)
		if err == nil {
			err = st.Save(ctx, s, set)
		}
		if errors.Is(err, keys.ErrChanged) || errors.Is(err, keys.ErrNotFound) {
			continue
		}
		return err == nil, err
	}
}

func (st *Store) stale(ctx context.Context, s keys.Scope) (bool, error) {
	path, err := st.path(ctx, s)
	if err != nil {
		return false, err
	}
	data, err := st.read(path)
	for err == nil && data != nil {
		stale, staleErr := st.codec.Stale(s, data)
		if staleErr == nil {
			return stale, nil
		}
		before := data // as in Load
		if data, err = st.read(path); err == nil && bytes.Equal(before, data) {
			return false, &keys.CorruptError{Scope: s, Source: path, Err: staleErr}
		}
	}
	return false, err
}

// RotateKey gives the folder a new key: it puts one first in the key file,
// writes all documents again, and forgets the old ones. If a document cannot be
// read or written the old keys stay, and RotateKey can be called again. Other
// processes on the folder follow by themselves.
//
// Copies of documents made before need the old key file. The store must have the
// key file to itself: with Config.KeyFile or Config.Protector it is an error.
func (st *Store) RotateKey(ctx context.Context) error {
	if !st.own || st.codec.InsecurePlain {
		return errors.New("filekeys: the key is not this store's own: use atrest.KeyFile.Add, Rewrite and atrest.KeyFile.Prune, or other keys in Protector")
	}
	err := st.addKey(ctx)
	if errors.Is(err, atrest.ErrManyKeys) { // of rotations that did not come to their end
		if err = st.dropKeys(ctx); err == nil {
			err = st.addKey(ctx)
		}
	}
	if err != nil {
		return err
	}
	return st.dropKeys(ctx)
}

// dropKeys writes all documents again and forgets all keys but the first.
func (st *Store) dropKeys(ctx context.Context) error {
	for {
		if _, err := st.Rewrite(ctx); err != nil {
			return err
		}
		done, err := st.pruneKeys(ctx)
		if done || err != nil {
			return err
		}
	}
}

// pruneKeys forgets the old keys, unless a document was written with one of them
// meanwhile, or another rotation added a key. Nobody writes while it looks.
func (st *Store) pruneKeys(ctx context.Context) (done bool, err error) {
	unlock, err := st.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	scopes, err := st.scopes()
	if err != nil {
		return false, fmt.Errorf("filekeys: %w", err)
	}
	for _, s := range scopes {
		if stale, err := st.stale(ctx, s); stale || err != nil {
			return false, err
		}
	}
	return true, st.keyFile.Prune(ctx)
}

// addKey adds a key under the lock, so that no other rotation is at its end,
// where it drops all keys but the first.
func (st *Store) addKey(ctx context.Context) error {
	unlock, err := st.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return st.keyFile.Add(ctx)
}
