package keys

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
)

// What a Store returns, perhaps wrapped.
var (
	ErrNotFound = errors.New("keys: never saved")
	ErrChanged  = errors.New("keys: changed since it was loaded")
)

// A Store keeps the keys of scopes. Its methods may be called concurrently, by
// several processes too where the medium allows it. Package storetest checks
// what an implementation owes:
//
//   - Load returns a Set that the caller may change without changing the store;
//     scopes differ by function name, ignoring case, and by nothing else.
//   - Load returns ErrNotFound for a scope that was never saved. A document that
//     is there and cannot be read is a *CorruptError, never ErrNotFound, and is
//     left as it is.
//   - Save with an empty Version creates: if the scope was saved before, it
//     returns ErrChanged. With the Version of a loaded Set it replaces: if the
//     scope was saved since, it returns ErrChanged. Of several at once, one wins.
//   - A Save that failed changed nothing; a Load sees a whole Set or none of it.
//   - Both return the context's error when it ends first.
type Store interface {
	Load(ctx context.Context, s Scope) (Set, error)
	Save(ctx context.Context, s Scope, set Set) error
}

// A Watcher is a Store that can tell of changes that others make.
type Watcher interface {
	// Watch calls changed with every scope whose keys changed after the call
	// began, from one goroutine, until ctx ends, when it returns the context's
	// error, or until it cannot go on. A change may be told twice.
	Watch(ctx context.Context, changed func(Scope)) error
}

// A Rewriter is a Store whose documents can get stale: of an older version, in
// clear, or encrypted with a key that is to be dropped.
type Rewriter interface {
	// Rewrite writes the stale ones again, with the keys they have, and returns
	// their scopes. An error joins those of documents it could not read or
	// write; they are left alone, and the others written all the same.
	Rewrite(ctx context.Context) ([]Scope, error)
}

// A CorruptError is a document that is there and cannot be read: not of the
// format, or encrypted under a key that is not at hand. Drivers return it and
// leave the document alone; trying again does not help.
type CorruptError struct {
	Scope  Scope
	Source string // the file or object
	Err    error  // why; never quotes a value
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("keys: %q: keys of %s cannot be read: %v", e.Source, e.Scope, e.Err)
}

// Unwrap returns the reason.
func (e *CorruptError) Unwrap() error { return e.Err }

// Memory is a Store in memory. The zero Memory is empty and ready.
type Memory struct {
	mu       sync.Mutex
	sets     map[Scope]Set
	versions uint64
	watchers map[chan Scope]struct{}
}

// Load returns the keys of a scope, or ErrNotFound.
func (m *Memory) Load(ctx context.Context, s Scope) (Set, error) {
	if err := check(ctx, s); err != nil {
		return Set{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	set, ok := m.sets[s]
	if !ok {
		return Set{}, fmt.Errorf("%w: %s", ErrNotFound, s)
	}
	return set.Clone(), nil
}

// Save replaces the keys of a scope, or returns ErrChanged.
func (m *Memory) Save(ctx context.Context, s Scope, set Set) error {
	if err := check(ctx, s); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sets[s].Version != set.Version {
		return fmt.Errorf("%w: %s", ErrChanged, s)
	}
	if m.sets == nil {
		m.sets = map[Scope]Set{}
	}
	m.versions++
	set = set.Clone()
	set.Version = strconv.FormatUint(m.versions, 10)
	m.sets[s] = set
	for c := range m.watchers {
		select {
		case c <- s:
		default: // the watcher is told of everything when it catches up
		}
	}
	return nil
}

// Watch tells of every change until ctx ends.
func (m *Memory) Watch(ctx context.Context, changed func(Scope)) error {
	const backlog = 64
	c := make(chan Scope, backlog)
	m.mu.Lock()
	if m.watchers == nil {
		m.watchers = map[chan Scope]struct{}{}
	}
	m.watchers[c] = struct{}{}
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		delete(m.watchers, c)
		m.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case s := <-c:
			if len(c) < backlog-1 {
				changed(s)
				continue
			}
			for len(c) > 0 { // changes may have been dropped: tell of all scopes
				<-c
			}
			for _, s := range m.scopes() {
				changed(s)
			}
		}
	}
}

func (m *Memory) scopes() []Scope {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Scope, 0, len(m.sets))
	for s := range m.sets {
		out = append(out, s)
	}
	return out
}

func check(ctx context.Context, s Scope) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.Validate()
}
