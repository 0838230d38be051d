package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultUseInterval is how often RunUses writes, if UseInterval is not set.
const DefaultUseInterval = time.Hour

// maxUses bounds the keys whose use is remembered. Those loaded beyond it are
// recognised all the same.
const maxUses = 1 << 16

// A Use says when a key was last recognised.
type Use struct {
	Kind  Kind
	Name  string
	Scope Scope
	Last  time.Time
}

// A useKey names what is used: a value, so that a use of an old one is not put
// down to the new one of the same name.
type useKey struct {
	scope  Scope
	kind   Kind
	digest digest
}

// A useMark is when a value was last recognised, by the Resolver's clock, and the
// part of it that needs no writing. Both are -1 for never.
type useMark struct {
	name     string // by now; guarded by the table
	at, done atomic.Int64
}

// useTable has a mark for each value, which outlives the views.
type useTable struct {
	mu    sync.Mutex
	marks map[useKey]*useMark
}

// of returns the mark of a value, nil if there are too many.
func (t *useTable) of(k useKey, name string) *useMark {
	t.mu.Lock()
	defer t.mu.Unlock()
	mark := t.marks[k]
	if mark == nil {
		if len(t.marks) >= maxUses {
			return nil
		}
		if t.marks == nil {
			t.marks = map[useKey]*useMark{}
		}
		mark = &useMark{}
		mark.at.Store(-1)
		mark.done.Store(-1)
		t.marks[k] = mark
	}
	mark.name = name
	return mark
}

// pending returns the scopes that have a use to write.
func (t *useTable) pending() []Scope {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := map[Scope]bool{}
	var out []Scope
	for k, mark := range t.marks {
		if mark.at.Load() > mark.done.Load() && !seen[k.scope] {
			seen[k.scope] = true
			out = append(out, k.scope)
		}
	}
	return out
}

// scope returns when the values of a scope were last used.
func (t *useTable) scope(s Scope) map[useKey]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := map[useKey]int64{}
	for k, mark := range t.marks {
		if k.scope == s {
			out[k] = mark.at.Load()
		}
	}
	return out
}

// finish takes note that uses up to those given need no writing any more, and
// forgets the values that are gone.
func (t *useTable) finish(uses map[useKey]int64, there map[useKey]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, at := range uses {
		switch mark := t.marks[k]; {
		case mark == nil:
		case !there[k]:
			delete(t.marks, k)
		default:
			mark.done.Store(at)
		}
	}
}

// Uses returns when keys were last recognised, those that were since the
// Resolver began, in no order. A request only leaves a mark. It is empty without
// TrackUse.
func (r *Resolver) Uses() []Use {
	r.init()
	r.uses.mu.Lock()
	defer r.uses.mu.Unlock()
	var out []Use
	for k, mark := range r.uses.marks {
		if at := mark.at.Load(); at >= 0 {
			out = append(out, Use{Kind: k.kind, Name: mark.name, Scope: k.scope, Last: r.began.Add(time.Duration(at))})
		}
	}
	return out
}

// FlushUses writes when keys were last recognised into Key.Used of the Store's
// keys, with a Load and a Save of each scope whose keys were used since. A use is
// written if it is later than the stored one by half of UseInterval or more, so
// that instances which share a store do not write what another just wrote. A
// change by another writer is kept, and a stored time never goes back.
//
// No request waits for it. What could not be written, with an error that joins
// that of each scope, is tried again by the next call.
func (r *Resolver) FlushUses(ctx context.Context) error {
	if r == nil || r.Store == nil || !r.TrackUse {
		return nil
	}
	r.init()
	var errs []error
	for _, s := range r.uses.pending() {
		if err := r.flushScope(ctx, s); err != nil {
			errs = append(errs, fmt.Errorf("keys: last use in %s: %w", s, err))
		}
	}
	return errors.Join(errs...)
}

// RunUses calls FlushUses every UseInterval until ctx ends, and then once more
// for as long as LoadTimeout. It returns the context's error. Failures go to the
// Logger.
func (r *Resolver) RunUses(ctx context.Context) error {
	ticker := time.NewTicker(orDefault(r.UseInterval, DefaultUseInterval))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.flushLogged(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.loadTimeout())
			r.flushLogged(last)
			cancel()
			return ctx.Err()
		}
	}
}

func (r *Resolver) flushLogged(ctx context.Context) {
	if err := r.FlushUses(ctx); err != nil && r.Logger != nil {
		r.Logger.LogAttrs(ctx, slog.LevelWarn, "keys: last use not written", slog.Any("error", err))
	}
}

// flushScope writes the uses of one scope, again if another writer came between.
func (r *Resolver) flushScope(ctx context.Context, s Scope) error {
	uses := r.uses.scope(s)
	for try := 1; ; try++ {
		set, err := r.load(ctx, s)
		if err != nil {
			return err
		}
		there, changed := r.putUses(s, &set, uses)
		if changed {
			err = r.save(ctx, s, set)
		}
		if errors.Is(err, ErrChanged) && try < changeTries {
			err = pause(ctx, try)
			if err == nil {
				continue
			}
		}
		if err == nil {
			r.uses.finish(uses, there)
		}
		return err
	}
}

// putUses puts uses into a set. It returns which of them are of keys that are
// there, and whether any was worth writing.
func (r *Resolver) putUses(s Scope, set *Set, uses map[useKey]int64) (there map[useKey]bool, changed bool) {
	least := orDefault(r.UseInterval, DefaultUseInterval) / 2
	there = map[useKey]bool{}
	put := func(kind Kind, k *Key) {
		d, ok := r.salt.digestOf(k)
		id := useKey{s, kind, d}
		at, known := uses[id]
		if !ok || !known {
			return
		}
		there[id] = true
		if used := r.began.Add(time.Duration(at)).UTC().Truncate(time.Second); at >= 0 && used.Sub(k.Used) >= least {
			k.Used, changed = used, true
		}
	}
	if s.IsHost() {
		put(MasterKey, &set.Master)
	}
	for i := range set.System {
		put(SystemKey, &set.System[i])
	}
	for i := range set.Function {
		put(FunctionKey, &set.Function[i])
	}
	return there, changed
}

// save saves within LoadTimeout. A driver that panics fails the save and not the
// process.
func (r *Resolver) save(ctx context.Context, s Scope, set Set) (err error) {
	ctx, cancel := context.WithTimeout(ctx, r.loadTimeout())
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("keys: %s: the store panicked", s)
		}
	}()
	return r.Store.Save(ctx, s, set)
}
