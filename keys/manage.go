package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// ErrNoKey is wrapped by the error of a change to a key that is not there.
var ErrNoKey = errors.New("keys: no such key")

// OldSuffix ends the name of the value that Rotate keeps beside the new one.
const OldSuffix = "~old"

// changeTries is how often a change is made again after another writer's.
const changeTries = 20

// A Manager makes and changes keys. Its fields are set before first use and left
// alone then; its methods may be called concurrently, also with other writers to
// the store: a change is made to the newest set, again if another came between,
// and nothing of either is lost.
//
// A change that is refused wraps [ErrNoKey], [ErrName] or [ErrValue] and changes
// nothing. Other errors are the Store's: [ErrChanged] among them if others came
// between twenty times, [ErrScope] from a driver, a [*CorruptError]. The first
// change of the host's scope makes the host's first keys with it.
type Manager struct {
	// Store keeps the keys: required.
	Store Store

	// Resolver is made to read a scope again after it was changed, so that the
	// change takes effect at once in this process. It may be nil.
	Resolver *Resolver

	// AllowWeak admits values under 16 bytes that somebody chose.
	AllowWeak bool

	// Strict admits only values in the identifiable format for their kind.
	Strict bool

	// Hashed keeps new values as hashes: they are returned once and cannot be
	// listed after that. A host of the source's own cannot use such keys.
	Hashed bool

	// Compat admits what the source does: any name and value.
	Compat bool

	// Now tells the time; nil is time.Now.
	Now func() time.Time

	// Audit is told of every change that was tried, after it; nil is nobody.
	// It is called on the goroutine of the change.
	Audit func(context.Context, Event)

	// Logger is told the same; nil is silent.
	Logger *slog.Logger
}

// An Action is what was done to a key.
type Action string

// The actions.
const (
	ActionGenerate Action = "generate" // the first keys of a scope were made
	ActionCreate   Action = "create"
	ActionReplace  Action = "replace"
	ActionRotate   Action = "rotate" // replaced, the old value goes on for a while
	ActionEdit     Action = "edit"   // anything but the value
	ActionRemove   Action = "remove"
	ActionRewrite  Action = "rewrite" // the document was written again, the keys are the same
)

// An Event is a change of keys that was tried. It has no values.
type Event struct {
	Time   time.Time
	Action Action
	Scope  Scope
	Kind   Kind
	Name   string
	By     string // who, as WithActor was told; "" if not
	Err    error  // why it failed, or nil
}

type actorKey struct{}

// WithActor notes who makes the changes that are made with the context, for
// their Events.
func WithActor(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, actorKey{}, name)
}

func (m *Manager) now() time.Time {
	if m.Now != nil {
		return m.Now()
	}
	return time.Now()
}

// Ensure returns the keys of a scope, after making the first ones if it was
// never saved: a master key and a function key "default" for the host, a key
// "default" for a function. Of several processes that start at once one makes
// them and the others use its.
func (m *Manager) Ensure(ctx context.Context, s Scope) (Set, error) {
	if m.Store == nil {
		return Set{}, errNoStore
	}
	set, err := m.Store.Load(ctx, s)
	if !errors.Is(err, ErrNotFound) {
		return set, err
	}
	saveErr := m.Store.Save(ctx, s, m.first(s))
	if saveErr == nil || !errors.Is(saveErr, ErrChanged) {
		m.tell(ctx, Event{Action: ActionGenerate, Scope: s, Err: saveErr})
	}
	set, err = m.Store.Load(ctx, s)
	if errors.Is(err, ErrNotFound) && saveErr != nil {
		return Set{}, fmt.Errorf("keys: generate for %s: %w", s, saveErr)
	}
	if err == nil && saveErr == nil {
		m.reload(ctx, s)
	}
	return set, err
}

// first makes the first keys of a scope.
func (m *Manager) first(s Scope) Set {
	set := Set{System: []Key{}}
	if s.IsHost() {
		set.Master = m.hashed(&set, Key{Name: MasterName, Value: Generate(MasterKey)})
	}
	set.Put(FunctionKey, m.hashed(&set, Key{Name: "default", Value: Generate(FunctionKey)}))
	return set
}

func (m *Manager) hashed(set *Set, k Key) Key {
	if m.Hashed {
		return set.Hashed(k)
	}
	return k
}

// EnsureKey returns a key by name, after making it if it is not there. An
// extension gets its system key by it: see ExtensionKey.
func (m *Manager) EnsureKey(ctx context.Context, s Scope, kind Kind, name string) (Key, error) {
	var key Key
	err := m.change(ctx, Event{Action: ActionCreate, Scope: s, Kind: kind, Name: name}, func(set *Set, _ *Event) error {
		found, ok := set.Get(kind, name, false)
		if key = found; ok {
			return errUnchanged
		}
		if err := m.checkName(kind, name); err != nil {
			return err
		}
		key = Key{Name: name, Value: Generate(kind)}
		set.Put(kind, m.hashed(set, key))
		return nil
	})
	return key, err
}

// Put gives a key a value that somebody chose, and reports whether the key is
// new. Its name is compared ignoring case and takes the casing given.
func (m *Manager) Put(ctx context.Context, s Scope, kind Kind, name string, value Secret) (created bool, err error) {
	err = m.change(ctx, Event{Action: ActionReplace, Scope: s, Kind: kind, Name: name}, func(set *Set, e *Event) error {
		if err := errors.Join(m.checkName(kind, name), m.checkValue(kind, value)); err != nil {
			return err
		}
		created = m.put(set, e, kind, Key{Name: name, Value: value})
		return nil
	})
	return created, err
}

// Renew gives a key a new generated value, which it returns, and reports whether
// the key is new. The old value stops working.
func (m *Manager) Renew(ctx context.Context, s Scope, kind Kind, name string) (key Key, created bool, err error) {
	err = m.change(ctx, Event{Action: ActionReplace, Scope: s, Kind: kind, Name: name}, func(set *Set, e *Event) error {
		if err := m.checkName(kind, name); err != nil {
			return err
		}
		key = Key{Name: name, Value: m.generate(kind)}
		created = m.put(set, e, kind, key)
		return nil
	})
	return key, created, err
}

// put puts a key in a set, keeping the label of the one it replaces.
func (m *Manager) put(set *Set, e *Event, kind Kind, key Key) (created bool) {
	if old, ok := set.Get(kind, key.Name, false); ok {
		key.Label = old.Label
	}
	if created = !set.Put(kind, m.hashed(set, key)); created {
		e.Action = ActionCreate
	} else {
		e.Action = ActionReplace
	}
	return created
}

// generate makes a value. The source makes those of system keys with the seed of
// function keys when its API is asked for one.
func (m *Manager) generate(kind Kind) Secret {
	if m.Compat && kind == SystemKey {
		kind = FunctionKey
	}
	return Generate(kind)
}

// Rotate gives a key a new generated value, which it returns. The old value goes
// on working for the time of grace, under the name with OldSuffix; one that was
// kept there before stops. Changes of the scope after that time drop it. A host
// of the source's own takes it as valid until then. The master key does not
// rotate, and grace has to be positive: else the error wraps ErrName.
func (m *Manager) Rotate(ctx context.Context, s Scope, kind Kind, name string, grace time.Duration) (Key, error) {
	var key Key
	err := m.change(ctx, Event{Action: ActionRotate, Scope: s, Kind: kind, Name: name}, func(set *Set, _ *Event) error {
		if kind == MasterKey || grace <= 0 {
			return fmt.Errorf("%w: only system and function keys rotate, and with a time of grace", ErrName)
		}
		old, ok := set.Get(kind, name, false)
		if !ok {
			return fmt.Errorf("%w: %q", ErrNoKey, name)
		}
		key = Key{Name: old.Name, Value: Generate(kind), Label: old.Label}
		if end := m.now().Add(grace); old.Expires.IsZero() || end.Before(old.Expires) {
			old.Expires = end
		}
		old.Name += OldSuffix
		set.Put(kind, old)
		set.Put(kind, m.hashed(set, key))
		return nil
	})
	return key, err
}

// Edit changes a key's label and its times by a function, which may be called
// several times. Name and value stay as they are.
func (m *Manager) Edit(ctx context.Context, s Scope, kind Kind, name string, edit func(*Key)) error {
	return m.change(ctx, Event{Action: ActionEdit, Scope: s, Kind: kind, Name: name}, func(set *Set, _ *Event) error {
		one := func(key *Key) {
			edited := *key
			edit(&edited)
			key.Label, key.Created, key.NotBefore, key.Expires = edited.Label, edited.Created, edited.NotBefore, edited.Expires
		}
		if _, ok := set.Get(kind, name, false); !ok {
			return fmt.Errorf("%w: %q", ErrNoKey, name)
		}
		if kind == MasterKey {
			one(&set.Master)
			return nil
		}
		list := *set.list(kind)
		for i := range list { // names that differ in casing alone all work
			if strings.EqualFold(list[i].Name, name) {
				one(&list[i])
			}
		}
		return nil
	})
}

// Remove removes a key. The master key cannot be removed, only renewed.
func (m *Manager) Remove(ctx context.Context, s Scope, kind Kind, name string) error {
	return m.change(ctx, Event{Action: ActionRemove, Scope: s, Kind: kind, Name: name}, func(set *Set, _ *Event) error {
		if kind == MasterKey {
			return fmt.Errorf("%w: the master key cannot be removed", ErrName)
		}
		if !set.Remove(kind, name) {
			return fmt.Errorf("%w: %q", ErrNoKey, name)
		}
		return nil
	})
}

// Rewrite has the Store write stale documents again: see Rewriter. It is the
// second step of the rotation of the key that encrypts values at rest, and what
// encrypts the values of a store that was in clear. A Store that is no Rewriter
// has none that are stale.
func (m *Manager) Rewrite(ctx context.Context) error {
	store, ok := m.Store.(Rewriter)
	if !ok {
		return nil
	}
	scopes, err := store.Rewrite(ctx)
	for _, s := range scopes {
		m.tell(ctx, Event{Action: ActionRewrite, Scope: s})
	}
	if err != nil {
		m.tell(ctx, Event{Action: ActionRewrite, Err: err})
	}
	return err
}

func (m *Manager) checkName(kind Kind, name string) error {
	if m.Compat || kind == MasterKey {
		return nil
	}
	return ValidateName(name)
}

func (m *Manager) checkValue(kind Kind, value Secret) error {
	if m.Strict && !Validate(kind, value.Reveal()) {
		if m.Compat && value.IsZero() && kind != MasterKey {
			return nil // a gap of the source, harmless: nobody can present it
		}
		return fmt.Errorf("%w: not in the identifiable format of a %s key", ErrValue, kind)
	}
	if m.Compat {
		return nil
	}
	return ValidateValue(value, m.AllowWeak)
}

// errNoStore is what a Manager without a Store says.
var errNoStore = errors.New("keys: Manager: no Store")

// errUnchanged ends a change that has nothing to write.
var errUnchanged = errors.New("unchanged")

// change applies a change to the newest set of a scope and saves it, again if
// another writer came between. A host that was never saved gets its first keys
// with it, as in the source.
func (m *Manager) change(ctx context.Context, e Event, apply func(*Set, *Event) error) error {
	err := m.try(ctx, &e, apply)
	if errors.Is(err, errUnchanged) {
		return nil
	}
	e.Err = err
	m.tell(ctx, e)
	if err == nil {
		m.reload(ctx, e.Scope)
	}
	return err
}

func (m *Manager) try(ctx context.Context, e *Event, apply func(*Set, *Event) error) error {
	if m.Store == nil {
		return errNoStore
	}
	for try := 1; ; try++ {
		set, err := m.Store.Load(ctx, e.Scope)
		made := false
		switch {
		case errors.Is(err, ErrNotFound):
			set = Set{}
			if made = e.Scope.IsHost(); made {
				set = m.first(e.Scope)
			}
		case err != nil:
			return err
		}
		m.dropExpired(&set)
		// The first keys are to be written even if they are all that was wanted.
		if err := apply(&set, e); err != nil && !(made && errors.Is(err, errUnchanged)) {
			return err
		}
		err = m.Store.Save(ctx, e.Scope, set)
		if !errors.Is(err, ErrChanged) || try == changeTries {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

// pause waits a little longer with every try, at most 50 ms and a random part
// of as much, so that writers who collided part.
func pause(ctx context.Context, try int) error {
	limit := min(time.Millisecond<<min(try, 10), 50*time.Millisecond)
	timer := time.NewTimer(limit + rand.N(limit))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// dropExpired removes the values that Rotate kept and whose time is over.
func (m *Manager) dropExpired(set *Set) {
	now := m.now()
	for _, list := range []*[]Key{&set.System, &set.Function} {
		*list = slices.DeleteFunc(*list, func(k Key) bool {
			return strings.HasSuffix(k.Name, OldSuffix) && !k.Expires.IsZero() && !now.Before(k.Expires)
		})
	}
}

// reload makes the change take effect here. It is done whatever comes of it.
func (m *Manager) reload(ctx context.Context, s Scope) {
	if err := m.Resolver.Reload(ctx, s); err != nil && m.Logger != nil {
		m.Logger.LogAttrs(ctx, slog.LevelError, "keys: changed, but not read again", slog.String("scope", s.String()), slog.Any("error", err))
	}
}

func (m *Manager) tell(ctx context.Context, e Event) {
	e.Time = m.now()
	e.By, _ = ctx.Value(actorKey{}).(string)
	if m.Audit != nil {
		m.Audit(ctx, e)
	}
	if m.Logger == nil {
		return
	}
	level := slog.LevelInfo
	attrs := []slog.Attr{slog.String("action", string(e.Action)), slog.String("scope", e.Scope.String()),
		slog.String("kind", e.Kind.String()), slog.String("name", e.Name), slog.String("by", e.By)}
	if e.Err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.Any("error", e.Err))
	}
	m.Logger.LogAttrs(ctx, level, "keys changed", attrs...)
}
