package throttle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// GateConfig has the limits of a Gate and what it does beyond them.
type GateConfig struct {
	// MaxConcurrent bounds the requests that run at the same time; the bound
	// itself is allowed. One more waits. Zero or less is no bound, which is the
	// source's default; it uses 100 on its consumption plan.
	MaxConcurrent int

	// MaxOutstanding bounds the requests inside the gate, running and waiting
	// together; the bound itself is allowed. One more is rejected at once with
	// status 429. Zero or less is no bound, which is the source's default; it
	// uses 200 on its consumption plan. Below MaxConcurrent it is what bounds
	// running requests too, and nothing ever waits.
	MaxOutstanding int

	// MaxWait bounds the time a request waits for a place; then it is rejected.
	// Zero is no bound. It must not be negative, and it is an error where
	// nothing can wait. The source has no such bound.
	MaxWait time.Duration

	// Status is the status of a refusal, 429 (as is zero) or 503. A draining
	// gate answers 503 in any case.
	Status int

	// MinRetryAfter and MaxRetryAfter bound the Retry-After header of a refusal,
	// which is estimated from the time requests take and the length of the
	// queue. Zero stands for 1 second, and for 1 minute or MinRetryAfter if that is
	// longer. It is always given in whole seconds, rounded up but never above
	// MaxRetryAfter, which therefore is at least a second and not below
	// MinRetryAfter. A negative MaxRetryAfter leaves the header out.
	MinRetryAfter, MaxRetryAfter time.Duration

	// Compat answers as the source does: 429 with X-FUNCTION-SCALEOUT: 1 and
	// without Retry-After, and a request that waits keeps its place when its
	// context ends, and runs in its turn (HttpRequestQueue.cs gives the queue no
	// token). It excludes MaxWait, Status and the bounds of Retry-After.
	Compat bool

	// EarlyRelease lets handlers behind Wrap give their place back before they
	// return, by calling ReleaseEarly: for long streams that no longer work. It
	// costs two allocations per request. Functions of a trigger.Host can do so
	// without it, for nothing.
	EarlyRelease bool

	// Exempt, if not nil, picks requests that pass Wrap without taking a place,
	// however full the gate is. See AdminPath.
	Exempt func(*http.Request) bool

	// Hooks are told what happens.
	Hooks GateHooks

	// Logger receives a line for each refusal by Wrap, at level Info. Nil is
	// silent.
	Logger *slog.Logger
}

// Consumption returns the limits the source applies on its consumption plan:
// 100 running, 200 outstanding (HttpOptionsSetup.cs).
func Consumption() GateConfig {
	return GateConfig{MaxConcurrent: 100, MaxOutstanding: 200}
}

// GateHooks are called as requests pass a Gate; nil ones are skipped. They run on
// the request's goroutine, outside any lock, and must be safe for concurrent use.
type GateHooks struct {
	// Admitted is called when a request gets its place, with the time it waited:
	// zero if it did not.
	Admitted func(wait time.Duration)
	// Rejected is called for each refusal.
	Rejected func(*RejectedError)
	// Cancelled is called when the context of a waiting request ended, with the
	// time it waited.
	Cancelled func(wait time.Duration)
}

// Bounds of the Retry-After header unless configured.
const (
	defaultMinRetryAfter = time.Second
	defaultMaxRetryAfter = time.Minute
)

// validate returns every mistake in c.
func (c *GateConfig) validate() error {
	var errs []error
	bad := func(field string, value any, why string) {
		errs = append(errs, fmt.Errorf("throttle: %s %q: %s", field, fmt.Sprint(value), why))
	}
	switch {
	case c.MaxWait < 0:
		bad("MaxWait", c.MaxWait, "must not be negative")
	case c.MaxWait > 0 && c.MaxConcurrent <= 0:
		bad("MaxWait", c.MaxWait, "nothing waits without MaxConcurrent")
	case c.MaxWait > 0 && c.MaxOutstanding > 0 && c.MaxOutstanding <= c.MaxConcurrent:
		bad("MaxWait", c.MaxWait, "nothing waits when MaxOutstanding is not above MaxConcurrent")
	}
	if c.MaxConcurrent > maxCount {
		bad("MaxConcurrent", c.MaxConcurrent, fmt.Sprintf("must be at most %d; use -1 for no bound", maxCount))
	}
	if c.MaxOutstanding > maxCount {
		bad("MaxOutstanding", c.MaxOutstanding, fmt.Sprintf("must be at most %d; use -1 for no bound", maxCount))
	}
	if c.Status != 0 && c.Status != http.StatusTooManyRequests && c.Status != http.StatusServiceUnavailable {
		bad("Status", c.Status, "must be 429 or 503")
	}
	if c.MinRetryAfter < 0 {
		bad("MinRetryAfter", c.MinRetryAfter, "must not be negative")
	}
	if c.MaxRetryAfter > 0 && c.MaxRetryAfter < time.Second {
		bad("MaxRetryAfter", c.MaxRetryAfter, "must be at least a second, or negative for no header")
	} else if low, high := c.retryBounds(); high > 0 && roundUp(low) > high {
		bad("MinRetryAfter", low, fmt.Sprintf("must not be above MaxRetryAfter, which is %v", high))
	}
	if c.Compat {
		if c.MaxWait > 0 {
			bad("MaxWait", c.MaxWait, "Compat waits without a bound")
		}
		if c.Status == http.StatusServiceUnavailable {
			bad("Status", c.Status, "Compat answers 429")
		}
		if c.MinRetryAfter != 0 || c.MaxRetryAfter != 0 {
			bad("MinRetryAfter", c.MinRetryAfter, "Compat sends no Retry-After")
		}
	}
	return errors.Join(errs...)
}

func (c *GateConfig) retryBounds() (low, high time.Duration) {
	low, high = c.MinRetryAfter, c.MaxRetryAfter
	if low == 0 {
		low = defaultMinRetryAfter
	}
	if high == 0 {
		high = max(defaultMaxRetryAfter, roundUp(low))
	}
	return low, high.Truncate(time.Second)
}

// A Gate admits requests first come, first served: at most MaxConcurrent run, the
// others wait in order, and beyond MaxOutstanding they are rejected. The zero Gate
// has no bound and is ready for use. A Gate may be used by several goroutines at
// once and must not be copied.
//
// Nobody overtakes: while somebody waits, a newcomer waits behind, even if a place
// is just becoming free. A place that is given back goes to the first in line
// before anybody can see it free.
//
// Admission without contention is one compare-and-swap; a waiter costs no
// goroutine beyond its own. At most 16,777,215 requests can be inside; one more is
// rejected also without bounds.
type Gate struct {
	// What handing over a place needs is 64 bytes, a cache line.
	state    atomic.Uint64 // see state.go
	settings atomic.Pointer[settings]
	service  atomic.Int64 // smoothed time a request runs, in ns; 0 is not known yet
	mu       sync.Mutex
	line     waiters

	drained chan struct{} // closed when a draining gate is empty; nil unless draining
	counts  gateCounts
}

// settings is a checked configuration in the form that admission reads.
type settings struct {
	GateConfig
	concurrent, outstanding uint64 // never above maxCount
	room                    uint64 // the lesser of the two
	sampled                 uint64 // states below are of requests to time
	minRetry, maxRetry      time.Duration
	epoch                   time.Time // durations are measured from here, on the monotonic clock
	draining                bool
	plain                   bool                                 // waiting is but for a place and the end of a context
	refusals                [kinds]atomic.Pointer[RejectedError] // the last of each kind, to be used again
}

var unbounded = settings{concurrent: maxCount, outstanding: maxCount, room: maxCount}

// NewGate returns a gate with the limits of c, or all of c's mistakes.
func NewGate(c GateConfig) (*Gate, error) {
	g := &Gate{}
	if err := g.Reconfigure(c); err != nil {
		return nil, err
	}
	return g, nil
}

// Reconfigure replaces the configuration while requests are served, or reports all
// of c's mistakes and changes nothing. Higher limits admit waiting requests at
// once. Lower limits interrupt nobody: running requests run on, and waiting ones
// keep their place even above the new MaxOutstanding, for they were accepted.
// MaxWait holds for requests that arrive from now on. A draining gate stays
// draining.
func (g *Gate) Reconfigure(c GateConfig) error {
	if err := c.validate(); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.apply(c, g.current().draining)
	return nil
}

// apply puts a configuration in force and admits those who may now run. The
// settings are stored before the generation in the state changes, and admission
// reads them in the opposite order, so its compare-and-swap fails if it judged by
// old ones. The lock is held.
func (g *Gate) apply(c GateConfig, draining bool) {
	s := &settings{GateConfig: c, epoch: g.current().epoch, concurrent: maxCount, outstanding: maxCount, draining: draining}
	if s.epoch.IsZero() {
		s.epoch = time.Now().Add(-1)
	}
	if c.MaxConcurrent > 0 {
		s.concurrent = uint64(c.MaxConcurrent)
	}
	if c.MaxOutstanding > 0 {
		s.outstanding = uint64(c.MaxOutstanding)
	}
	if draining {
		s.outstanding = 0
	}
	s.sampled = tickUnit
	s.plain = c.MaxWait == 0 && !c.Compat && c.Hooks.Admitted == nil && c.Hooks.Cancelled == nil
	s.minRetry, s.maxRetry = c.retryBounds()
	s.minRetry = min(roundUp(s.minRetry), max(s.maxRetry, 0))
	s.room = min(s.concurrent, s.outstanding)
	g.settings.Store(s)
	for {
		old := g.state.Load()
		next := old + generationUnit
		if draining {
			next |= slowBit
		}
		if g.state.CompareAndSwap(old, next) {
			break
		}
	}
	for g.promote(s) {
	}
}

func (g *Gate) current() *settings {
	if s := g.settings.Load(); s != nil {
		return s
	}
	return &unbounded
}

// Acquire takes a place to run in, and waits for one if need be. It returns
//   - a *RejectedError at once if MaxOutstanding requests are inside or the gate is
//     draining, and after MaxWait if no place became free;
//   - the context's error as soon as it ends while waiting (not in Compat). Its
//     place in the line is free from that moment. A request that need not wait is
//     admitted whatever its context says.
//
// With any error the ticket holds nothing. Otherwise Release must be called once
// the work is done:
//
//	ticket, err := gate.Acquire(ctx)
//	if err != nil {
//		return err
//	}
//	defer ticket.Release()
func (g *Gate) Acquire(ctx context.Context) (Ticket, error) {
	for {
		state := g.state.Load()
		s := g.current()
		if state&waitingMask == 0 && state&runningMask < s.room { // judged: run
			if !g.state.CompareAndSwap(state, state+runningUnit+tickUnit) {
				continue
			}
			if s.Hooks.Admitted == nil && !g.timed(s, state) {
				return Ticket{gate: g}, nil
			}
			return Ticket{gate: g, start: g.admit(s, state)}, nil
		}
		if s.judge(state) == wait {
			break
		}
		if g.state.Load() == state { // settings and state of one moment
			return Ticket{}, g.reject(s, state)
		}
	}
	w, start, err := g.enqueue(ctx)
	if err != nil {
		return Ticket{}, err
	}
	if w == nil {
		return Ticket{gate: g, start: start}, nil
	}
	if w.plain {
		// It waits here and in no function called from here: when a goroutine goes on,
		// the processor foretells none of its returns.
		select {
		case <-w.ready:
			if g.slow() {
				return Ticket{gate: g, start: w.settings.now(), waiter: w}, nil
			}
			return Ticket{gate: g, waiter: w}, nil
		case <-ctx.Done():
			return g.abandon(ctx, w)
		}
	}
	return g.wait(ctx, w)
}

// admit tells of a request that got its place without waiting, and returns when it
// began to run, if that is to be known.
func (g *Gate) admit(s *settings, state uint64) (start int64) {
	if s.Hooks.Admitted != nil {
		g.admitted(s, nil, 0)
	}
	if g.timed(s, state) {
		start = s.now()
	}
	return start
}

// admitted calls the hook. If it panics nobody gets the ticket, so the place is given
// back.
func (g *Gate) admitted(s *settings, w *waiter, waited time.Duration) {
	place := Ticket{gate: g, waiter: w}
	defer place.Release()
	s.Hooks.Admitted(waited)
	place.gate = nil // it is the caller's
}

// A Ticket is a place in a Gate. The zero Ticket holds none. A Ticket belongs to one
// goroutine at a time and must not be copied once it is in use.
type Ticket struct {
	_      noCopy
	gate   *Gate
	start  int64   // when it began to run, if it is timed
	waiter *waiter // nil if it did not wait
}

// Release gives the place back, to the first who waits if there is one. Calling it
// again does nothing.
func (t *Ticket) Release() {
	g := t.gate
	if g == nil {
		return
	}
	t.gate = nil
	if t.start != 0 {
		g.observe(g.current().now() - t.start)
	}
	if t.waiter != nil {
		g.handOver(t.waiter)
		return
	}
	// release, once without a call
	state := g.state.Load()
	if state&(waitingMask|slowBit) == 0 && state&runningMask != 0 && g.state.CompareAndSwap(state, state-runningUnit) {
		return
	}
	g.release()
}

func (g *Gate) release() {
	for {
		state := g.state.Load()
		if state&(waitingMask|slowBit) != 0 {
			g.handOver(nil)
			return
		}
		if state&runningMask == 0 {
			panic("throttle: a place was given back twice: a Ticket was copied")
		}
		if g.state.CompareAndSwap(state, state-runningUnit) {
			return
		}
	}
}

// Held reports whether the ticket holds a place.
func (t *Ticket) Held() bool { return t.gate != nil }

// Move returns a ticket for the place that t held, and leaves t without one: for
// somebody else to Release.
func (t *Ticket) Move() Ticket {
	gate := t.gate
	t.gate = nil
	return Ticket{gate: gate, start: t.start, waiter: t.waiter}
}

// noCopy lets go vet find copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
