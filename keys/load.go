package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// isWarm reports whether an entry is remembered, so that a text it lacks may be
// newer than what is remembered.
func (r *Resolver) isWarm(e *entry) bool {
	v := e.view.Load()
	return v != nil && r.ageOf(v) != tooOld
}

func (r *Resolver) maxAge() time.Duration      { return orDefault(r.MaxAge, DefaultMaxAge) }
func (r *Resolver) refreshAge() time.Duration  { return orDefault(r.Refresh, DefaultRefresh) }
func (r *Resolver) loadTimeout() time.Duration { return orDefault(r.LoadTimeout, DefaultLoadTimeout) }

func orDefault(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}

// ageOf returns the age of a view.
func (r *Resolver) ageOf(v *view) uint32 {
	switch {
	case r.Compat:
		if v.epoch == r.epochOf(v.host) {
			return fresh
		}
		return tooOld
	case r.Now == nil:
		return v.age.Load()
	}
	switch age := r.clock() - v.at; {
	case age > r.maxAge():
		return tooOld
	case age > r.refreshAge():
		return due
	}
	return fresh
}

// epochOf counts how often the host's keys, or those of functions, were forgotten.
func (r *Resolver) epochOf(host bool) uint64 {
	if host {
		return r.epoch.Load()
	}
	return r.epoch.Load() + r.forgotten.Load()
}

// current returns the view of an entry that requests may use now. It waits for
// the store only if there is none.
func (r *Resolver) current(ctx context.Context, e *entry) (*view, error) {
	if v := e.view.Load(); v != nil {
		switch r.ageOf(v) {
		case fresh:
			return v, nil
		case due:
			if e.mu.TryLock() { // who has it is about to read, or has just read
				r.startLocked(ctx, e)
				e.mu.Unlock()
			}
			return v, nil
		}
	}
	if err := r.wait(ctx, e); err != nil {
		return nil, err
	}
	return e.view.Load(), nil
}

// refetch reads an entry again for an unknown text, at most as long as its
// request lasts. An error is not the request's: what is remembered still holds.
func (r *Resolver) refetch(ctx context.Context, e *entry) {
	if e == nil {
		return
	}
	if err := r.wait(ctx, e); err != nil && r.Logger != nil {
		r.Logger.LogAttrs(ctx, slog.LevelDebug, "keys: not read again for an unknown key", slog.String("scope", e.scope.String()))
	}
}

// wait joins the reading of an entry, or starts one.
func (r *Resolver) wait(ctx context.Context, e *entry) error {
	f, err := r.start(ctx, e)
	if err != nil {
		return err
	}
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return fmt.Errorf("keys: %s: %w", e.scope, context.Cause(ctx))
	}
}

// start returns the reading of an entry that is under way, after starting one
// if there is none. It goes on when the request that started it leaves. Shortly
// after a failure it returns that instead of asking the store again.
func (r *Resolver) start(ctx context.Context, e *entry) (*flight, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return r.startLocked(ctx, e)
}

// startLocked is start for whoever holds e.mu.
func (r *Resolver) startLocked(ctx context.Context, e *entry) (*flight, error) {
	if e.flight != nil {
		return e.flight, nil
	}
	if e.failed != nil && !r.Compat && r.clock() < e.until {
		return nil, e.failed
	}
	f := &flight{done: make(chan struct{})}
	e.flight = f
	go func() {
		f.err = r.read(context.WithoutCancel(ctx), e)
		e.mu.Lock()
		e.flight = nil
		e.mu.Unlock()
		close(f.done)
	}()
	return f, nil
}

// read loads an entry's scope and puts the view in use, unless one is in use
// already that was read later.
func (r *Resolver) read(ctx context.Context, e *entry) error {
	v := &view{seq: r.seq.Add(1), host: e == &r.host, epoch: r.epochOf(e == &r.host), at: r.clock()}
	set, err := r.load(ctx, e.scope)
	if err != nil {
		if r.Logger != nil {
			r.Logger.LogAttrs(ctx, slog.LevelError, "keys: load failed", slog.String("scope", e.scope.String()), slog.Any("error", err))
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.failed, e.until = err, r.clock()+retryInterval
		return err
	}
	r.index(ctx, v, e.scope, &set)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed = nil
	old := e.view.Load()
	if old != nil && old.seq > v.seq {
		return nil
	}
	if !r.Compat && r.Now == nil {
		v.startAging(r.refreshAge(), r.maxAge(), r.clock()-v.at)
	}
	e.view.Store(v)
	if old != nil {
		old.stopAging()
	}
	return nil
}

// load asks the store, within LoadTimeout. A scope that was never saved has no
// keys. A driver that panics fails the load and not the process.
func (r *Resolver) load(ctx context.Context, s Scope) (set Set, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.loadTimeout())
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			set, err = Set{}, fmt.Errorf("keys: %s: the store panicked", s)
		}
	}()
	set, err = r.Store.Load(ctx, s)
	switch {
	case errors.Is(err, ErrNotFound):
		return Set{}, nil
	case err != nil:
		return Set{}, fmt.Errorf("keys: load %s: %w", s, err)
	}
	if r.Compat {
		return set, corruptIfDoubled(s, &set)
	}
	return set, nil
}

// corruptIfDoubled is what the source makes of a document with two keys of one
// kind and name (SecretManager.cs).
func corruptIfDoubled(s Scope, set *Set) error {
	if err := set.doubled(); err != nil {
		return &CorruptError{Scope: s, Source: "the document", Err: err}
	}
	return nil
}

// index fills a view with the keys of a set.
func (r *Resolver) index(ctx context.Context, v *view, s Scope, set *Set) {
	bySalt := map[[16]byte]*view{}
	rank := uint32(0)
	type named struct {
		kind Kind
		name string
	}
	seen := map[named]bool{}
	add := func(kind Kind, k Key, name string) {
		value := k.Value.Reveal()
		d, known := r.salt.digestOf(&k)
		why := ""
		switch {
		case seen[named{kind, name}]:
			why = "another of its name goes before it"
		case r.Strict && value != "" && !Validate(kind, value):
			why = "its value is not identifiable"
		}
		seen[named{kind, name}] = true
		if why != "" {
			if r.Logger != nil {
				r.Logger.LogAttrs(ctx, slog.LevelError, "keys: key refused, "+why,
					slog.String("scope", s.String()), slog.String("kind", kind.String()), slog.String("name", name))
			}
			return
		}
		rank++
		c := candidate{digest: d, rank: rank, kind: kind, name: name}
		bounded := !k.NotBefore.IsZero() || !k.Expires.IsZero()
		if bounded || r.TrackUse {
			c.extra = &extra{bounded: bounded, notBefore: k.NotBefore, expires: k.Expires}
		}
		if r.TrackUse && known {
			c.extra.used = r.uses.of(useKey{s, kind, d}, name)
		}
		switch {
		case value != "":
			v.keys = append(v.keys, c)
		case k.Hash.set:
			h := bySalt[k.Hash.salt]
			if h == nil {
				h = &view{}
				bySalt[k.Hash.salt] = h
				v.hashed = append(v.hashed, hashedView{k.Hash.salt, h})
			}
			h.keys = append(h.keys, c)
		}
	}
	if s.IsHost() {
		add(MasterKey, set.Master, MasterName)
		for _, k := range set.System {
			add(SystemKey, k, k.Name)
		}
	}
	for _, k := range set.Function {
		add(FunctionKey, k, k.Name)
	}
	v.newTable()
	for _, h := range v.hashed {
		h.view.newTable()
	}
}
