package keys

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Times of a Resolver that are not set.
const (
	DefaultRefresh     = 30 * time.Second
	DefaultMaxAge      = 5 * time.Minute
	DefaultLoadTimeout = 10 * time.Second

	// missInterval is how long after a reload for an unknown key the next one
	// may come: strictly more (source: SecretManager.cs).
	missInterval = time.Minute

	// retryInterval is how long a failed load is answered from memory.
	retryInterval = time.Second
)

// A Grant says by which key a caller was recognised, or by which kind of token
// that stands in for one. The zero Grant is a caller who was not: it opens nothing
// but anonymous functions.
type Grant struct {
	Kind  Kind
	Name  string // of the key; "master" for the master key, "" for a token
	Scope Scope  // whose key it is
}

// Level returns the level that the key grants, Anonymous for the zero Grant.
func (g Grant) Level() Level { return g.Kind.Level() }

// Allows reports whether the grant lets its bearer call a function of a level:
// Anonymous always, the level itself, and any level if it is the master key or a
// token of the site's. The platform's tokens call no functions.
func (g Grant) Allows(l Level) bool {
	switch g.Kind {
	case MasterKey, SiteToken:
		return true
	case NoKey, PlatformToken, RestrictedToken:
		return l == Anonymous
	}
	return l == Anonymous || g.Level() == l
}

// A Resolver tells by which key of a Store a presented text is recognised. It
// remembers what it loaded, as salted digests. The zero Resolver, and one
// without a Store, recognises nothing.
//
// Fields are set before first use and left alone then; the methods may be called
// concurrently. A Resolver is not copied after first use.
//
// Requests do not wait for the store but when nothing is remembered yet, or what
// is remembered is older than MaxAge. A remembered scope older than Refresh is
// read again behind the requests. A text that matches nothing makes the Resolver
// read the store again if more than a minute has passed since it last did so for
// that reason, and is then tried once more: a stranger who tries texts causes
// one reading a minute, whatever the number of tries.
type Resolver struct {
	Store Store

	// Compat remembers as the source does: without end, until Reload or an
	// unknown text more than a minute after the last one, which then makes every
	// scope be read again. Refresh and MaxAge are not used. Two keys of one kind
	// and name are an error, as in the source; without Compat the first counts.
	Compat bool

	// Strict takes values for unknown that are not in the identifiable format
	// for their kind (the source's StrictHISModeEnabled). Keys of which only a
	// hash is kept are taken for generated.
	Strict bool

	// Refresh is the age from which a remembered scope is read again behind the
	// requests. Zero is DefaultRefresh.
	Refresh time.Duration

	// MaxAge is the age beyond which a remembered scope is not used: a key that
	// was removed elsewhere works no longer than this, and with the store down
	// requests are refused from then on. Zero is DefaultMaxAge.
	MaxAge time.Duration

	// LoadTimeout bounds one reading of the store. Zero is DefaultLoadTimeout.
	LoadTimeout time.Duration

	// TrackUse remembers when each key was last recognised: see Uses, and
	// FlushUses and RunUses, which write it into the store.
	TrackUse bool

	// UseInterval is how often RunUses writes. Zero is DefaultUseInterval.
	UseInterval time.Duration

	// Now tells the time; nil is time.Now. It decides about reloads and about
	// Expires and NotBefore. If it goes back, what is remembered grows old all the
	// same, and a key that has expired stays so until the time is past what it was.
	Now func() time.Time

	// Logger is told of loads that failed; nil is silent.
	Logger *slog.Logger

	once   sync.Once
	salt   salt
	began  time.Time
	steady steady // what Now told

	host      entry
	functions atomic.Pointer[map[string]*entry] // by name in lower case; copied on growth
	grow      sync.Mutex
	seq       atomic.Uint64
	epoch     atomic.Uint64 // with Compat, how often everything was forgotten
	forgotten atomic.Uint64 // and how often the keys of functions
	resting   atomic.Bool   // an unknown text caused a reading a moment ago
	lastMiss  atomic.Int64  // the same with a Now: nanoseconds after began, plus one; 0 is never
	uses      useTable
}

// An entry is what a Resolver has of one scope.
type entry struct {
	scope  Scope
	view   atomic.Pointer[view]
	mu     sync.Mutex
	flight *flight
	failed error // of the last load; cleared by the next that succeeds
	until  time.Duration
}

// A flight is one reading of the store that several requests wait for.
type flight struct {
	done chan struct{}
	err  error
}

func (r *Resolver) init() {
	r.once.Do(func() {
		rand.Read(r.salt[:])
		r.began = r.now()
		r.steady.last, r.steady.latest = r.began, r.began
	})
}

func (r *Resolver) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

// times returns the time, and the latest time that there ever was.
func (r *Resolver) times() (now, latest time.Time) {
	if r.Now != nil {
		return r.steady.times(r.Now)
	}
	now = time.Now()
	return now, now
}

// clock returns the time since the Resolver began. It is cheaper than now.
func (r *Resolver) clock() time.Duration {
	if r.Now != nil {
		return r.steady.clock(r.Now)
	}
	return time.Since(r.began)
}

// Resolve returns by which key the presented text is recognised for a function,
// or on a route that belongs to none if function is "". A text that no key
// matches is no error: the Grant is then zero. An error is the store's, wrapped.
//
// The keys are asked in the source's order: the master key, system keys, the
// host's function keys, the function's own. The first of equal values decides.
func (r *Resolver) Resolve(ctx context.Context, function, presented string) (Grant, error) {
	if !r.recognises(presented) {
		return Grant{}, nil
	}
	var grant Grant
	err := r.resolve(ctx, r.entry(function), presented, &grant)
	return grant, err
}

// recognises reports whether a text can be a key's at all.
func (r *Resolver) recognises(presented string) bool {
	return r != nil && r.Store != nil && presented != "" &&
		(len(presented) <= MaxValue || r.Compat && len(presented) <= maxCompatValue)
}

// resolve is Resolve for the entry of a function, or for nil. It fills in a zero
// grant.
func (r *Resolver) resolve(ctx context.Context, fn *entry, presented string, grant *Grant) error {
	r.init()
	d := r.salt.digest(presented)
	found, scope, sure := r.recall(fn, &d, presented)
	if !sure || found == nil && r.mayReload() {
		var err error
		if found, scope, err = r.search(ctx, fn, &d, presented, sure); err != nil {
			return err
		}
	}
	if found == nil {
		return nil
	}
	if found.extra != nil && found.extra.used != nil {
		found.extra.used.at.Store(int64(r.clock()))
	}
	grant.Kind, grant.Name, grant.Scope = found.kind, found.name, *scope
	return nil
}

// recall looks a digest up in what is remembered of the host's keys and of the
// function's, and reports whether that decides: both are fresh, or the host's are
// and have it. If both are fresh both are asked, whatever the first one says.
func (r *Resolver) recall(fn *entry, d *digest, presented string) (found *candidate, scope *Scope, sure bool) {
	v := r.host.view.Load()
	if v == nil || r.ageOf(v) != fresh {
		return nil, nil, false
	}
	found, scope = v.find(r, d, presented), &r.host.scope
	if fn == nil {
		return found, scope, true
	}
	if v = fn.view.Load(); v == nil || r.ageOf(v) != fresh {
		return found, scope, found != nil
	}
	if own := v.find(r, d, presented); found == nil {
		return own, &fn.scope, true
	}
	return found, scope, true
}

// search is recall for what is not fresh, and again for an unknown text that may
// make the store be read again.
func (r *Resolver) search(ctx context.Context, fn *entry, d *digest, presented string, again bool) (*candidate, *Scope, error) {
	if !again {
		warm := r.isWarm(&r.host)
		found, scope, err := r.match(ctx, fn, d, presented)
		if found != nil || err != nil || !warm || !r.mayReload() {
			return found, scope, err
		}
	}
	if r.Compat {
		r.epoch.Add(1)
	} else {
		r.refetch(ctx, &r.host)
		r.refetch(ctx, fn)
	}
	return r.match(ctx, fn, d, presented)
}

// match looks the digest up in the host's keys and, if it is none of theirs, in
// the function's, waits for the store where need be, and returns what it found
// and where. A key of the host's does not need the function's document, which
// may be slow or broken (source: SecretManager.cs).
func (r *Resolver) match(ctx context.Context, fn *entry, d *digest, presented string) (*candidate, *Scope, error) {
	host := &r.host
	v, err := r.current(ctx, host)
	if err != nil {
		return nil, nil, err
	}
	if found := v.find(r, d, presented); found != nil || fn == nil {
		return found, &host.scope, nil
	}
	if v, err = r.current(ctx, fn); err != nil {
		return nil, nil, err
	}
	return v.find(r, d, presented), &fn.scope, nil
}

// mayReload reports whether an unknown text may cause a reading now, and if so
// takes note of it.
func (r *Resolver) mayReload() bool {
	if r.Now == nil { // a timer, so that a flood need not ask for the time
		if r.resting.Load() || !r.resting.CompareAndSwap(false, true) {
			return false
		}
		time.AfterFunc(missInterval, func() { r.resting.Store(false) })
		return true
	}
	now := int64(r.clock()) + 1
	last := r.lastMiss.Load()
	if last != 0 && now-last <= int64(missInterval) {
		return false
	}
	return r.lastMiss.CompareAndSwap(last, max(now, 1))
}

// Reload reads scopes again now, if they are remembered, and returns when what
// it read is in use; without scopes, all that are remembered. Whoever changes a
// store that the Resolver cannot watch calls it with the scopes that changed.
//
// With Compat a change of a scope that is not remembered makes it forget the keys
// of all functions, as the source does.
func (r *Resolver) Reload(ctx context.Context, scopes ...Scope) error {
	if r == nil || r.Store == nil {
		return nil
	}
	r.init()
	if len(scopes) == 0 {
		scopes = r.remembered()
	}
	var errs []error
	for _, s := range scopes {
		e := &r.host
		if !s.IsHost() {
			e = r.known(s.function)
		}
		switch {
		case e != nil && r.remembers(e):
			errs = append(errs, r.read(ctx, e))
		case r.Compat:
			r.forgotten.Add(1)
		}
	}
	return errors.Join(errs...)
}

// remembers reports whether an entry has something to be read again.
func (r *Resolver) remembers(e *entry) bool {
	v := e.view.Load()
	return v != nil && (!r.Compat || r.ageOf(v) == fresh)
}

// remembered returns the scopes that are.
func (r *Resolver) remembered() []Scope {
	var all []Scope
	if r.remembers(&r.host) {
		all = append(all, HostScope())
	}
	if m := r.functions.Load(); m != nil {
		for _, e := range *m {
			if r.remembers(e) {
				all = append(all, e.scope)
			}
		}
	}
	return all
}

// Watch reloads scopes when the store tells of changes, until ctx ends. It does
// nothing but wait if the store is no Watcher. A Resolver works without it: it
// is then up to Refresh late.
func (r *Resolver) Watch(ctx context.Context) error {
	w, ok := r.Store.(Watcher)
	if !ok {
		<-ctx.Done()
		return ctx.Err()
	}
	return w.Watch(ctx, func(s Scope) { r.Reload(ctx, s) })
}

// entry returns the entry of a function, which it makes if need be, or nil for
// the name "". Functions are named by the program, not by strangers, so their
// number is bounded by its own.
func (r *Resolver) entry(function string) *entry {
	if function == "" {
		return nil
	}
	if e := r.known(function); e != nil {
		return e
	}
	r.grow.Lock()
	defer r.grow.Unlock()
	if e := r.known(function); e != nil {
		return e
	}
	old := r.functions.Load()
	grown := map[string]*entry{}
	if old != nil {
		for name, e := range *old {
			grown[name] = e
		}
	}
	scope := FunctionScope(function)
	e := &entry{scope: scope}
	grown[scope.function] = e
	r.functions.Store(&grown)
	return e
}

// known returns the entry of a function if there is one. It does not allocate
// for names in ASCII.
func (r *Resolver) known(function string) *entry {
	m := r.functions.Load()
	if m == nil {
		return nil
	}
	if e := (*m)[function]; e != nil {
		return e
	}
	var lower [maxScopeRunes]byte
	if len(function) > len(lower) {
		return (*m)[FunctionScope(function).function]
	}
	for i := range len(function) {
		c := function[i]
		if c >= 0x80 {
			return (*m)[FunctionScope(function).function]
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return (*m)[string(lower[:len(function)])]
}
