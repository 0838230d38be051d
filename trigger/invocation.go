package trigger

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/internal/early"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/route"
)

// An Invocation is one run of a function: what the host found out about the
// request before it let the function see it. It must not be changed, and may be
// read by several goroutines, also after the function returned.
type Invocation struct {
	// ID is new and random for each invocation. It is no secret.
	ID uuid.UUID

	// Function is the function's name as configured. Route is its full route
	// template; with a slash in front it is the request's Pattern.
	Function string
	Route    string

	// Grant says by which key the caller came in; the zero Grant if none was
	// asked for or presented.
	Grant keys.Grant

	// Values are the route's values. They are in the request's PathValue too,
	// where an optional parameter that the path left out reads "".
	Values route.Values

	// Principal is the user that a trusted party vouches for, nil if there is
	// none. It never stands in for a key.
	Principal *Principal

	// TraceParent is the trace context that the request came with, in the form of
	// the field traceparent (W3C Trace Context); "" without one or with a
	// malformed one. A Worker hands it on to its program.
	TraceParent string

	// Started is when the host took the request in.
	Started time.Time

	rules *rules
	out   *adapted
}

// adapted is what an adapter answered in a function's name.
type adapted struct {
	status int
	err    error
}

// FromContext returns the invocation that a function runs in. It reports false
// for a context that no Host made; handlers that are tested alone should expect
// that.
func FromContext(ctx context.Context) (*Invocation, bool) {
	inv, ok := ctx.Value(invocationKey{}).(*Invocation)
	return inv, ok
}

// WithInvocation returns a context that carries inv, for tests of handlers that
// call FromContext.
func WithInvocation(ctx context.Context, inv *Invocation) context.Context {
	return context.WithValue(ctx, invocationKey{}, inv)
}

// invocationKey is the one context key of this package.
type invocationKey struct{}

// expired reports whether the time that the host gives the function is up.
func (inv *Invocation) expired(ctx context.Context) bool {
	if inv.rules == nil {
		return false // there is no host
	}
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) <= 0
}

// returned notes what an adapter answered in the function's name.
func (inv *Invocation) returned(status int, err error) {
	if inv.out != nil {
		*inv.out = adapted{status, err}
	}
}

// hasParam reports whether the route has a parameter of a name.
func (inv *Invocation) hasParam(name string) bool {
	for i := range inv.Values.Len() {
		if n, _, _ := inv.Values.At(i); strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// rules are the settings of a host that adapters inside a function obey. A
// handler that runs without a host gets the zero rules: the Default profile.
type rules struct {
	compat  bool // answers and conversions of the reference
	v1      bool // of its runtime 1.x, if compat
	ok      bool // nothing is 200, as in runtime 1.x
	chunked bool // typed parameters read chunked bodies, if compat
	lenient bool // Config.LenientBinding
	logger  *slog.Logger
	deny    DenyFunc

	origin func(*http.Request) (scheme, host string) // Config.Origin
	now    func() time.Time                          // Config.Now
}

func (ru *rules) clock() time.Time {
	if ru.now == nil {
		return time.Now()
	}
	return ru.now()
}

// dropped tells the log of a field of the function's that was set before
// (RawScriptResult.cs).
func (ru *rules) dropped(ctx context.Context, name string) {
	if ru.logger != nil {
		ru.logger.DebugContext(ctx, "Duplicate HTTP header from function invocation removed.", "keys", name)
	}
}

var noRules = rules{deny: DenyEmpty}

// rulesOf returns the rules that hold for a request.
func rulesOf(ctx context.Context) *rules {
	if inv, ok := FromContext(ctx); ok && inv.rules != nil {
		return inv.rules
	}
	return &noRules
}

// newID returns a random UUID of version 4. An ID is no secret, so the fast
// generator of math/rand/v2, which cannot be foretold either, will do.
func newID() (id uuid.UUID) {
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// A call is all that a request costs the host in memory: the context that
// carries the invocation, and the request that has this context, in one piece. It
// is never used again, since contexts and
// requests may outlive the handlers they were made for.
//
// It is a context with a deadline too, if the function has a timeout. The timer
// is made when somebody asks for Done, which few functions do.
type call struct {
	context.Context
	Invocation
	req    http.Request
	answer adapted

	deadline time.Time
	mu       sync.Mutex // for what follows
	timer    *timer
	tickets  tickets
}

// A timer is the context of a call with its deadline.
type timer struct {
	context.Context
	stop context.CancelFunc
}

// attach returns r with c as its context, in c's own memory.
func (c *call) attach(r *http.Request) *http.Request {
	c.req = *r.WithContext(c)
	return &c.req
}

// Value finds the invocation, whom to ask for the places, and everything else in the
// request's own context.
func (c *call) Value(key any) any {
	switch key {
	case invocationKey{}:
		return &c.Invocation
	case early.Key{}:
		return early.Holder(c)
	}
	return c.Context.Value(key)
}

// ReleaseEarly gives back the places that the host took for the request, and those of
// gates around the host.
func (c *call) ReleaseEarly() bool {
	c.mu.Lock()
	released := c.tickets.release()
	c.mu.Unlock()
	if outer, ok := c.Context.Value(early.Key{}).(early.Holder); ok {
		released = outer.ReleaseEarly() || released
	}
	return released
}

// Deadline returns the earlier of the function's and the request's.
func (c *call) Deadline() (time.Time, bool) {
	d, ok := c.Context.Deadline()
	if c.deadline.IsZero() || ok && d.Before(c.deadline) {
		return d, ok
	}
	return c.deadline, true
}

// Done is closed when the function's time is up or the client is gone.
func (c *call) Done() <-chan struct{} {
	if c.deadline.IsZero() {
		return c.Context.Done()
	}
	return c.clock().Done()
}

// Err says why Done is closed.
func (c *call) Err() error {
	if c.deadline.IsZero() {
		return c.Context.Err()
	}
	c.mu.Lock()
	timer := c.timer
	c.mu.Unlock()
	if timer != nil {
		return timer.Err()
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	if time.Until(c.deadline) <= 0 {
		return c.clock().Err()
	}
	return nil
}

// clock starts the timer.
func (c *call) clock() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer == nil {
		ctx, stop := context.WithDeadline(c.Context, c.deadline)
		c.timer = &timer{ctx, stop}
	}
	return c.timer
}

// expired reports whether the function's own time is up.
func (c *call) expired() bool { return !c.deadline.IsZero() && time.Until(c.deadline) <= 0 }

// end gives back the places that the function did not give back early, and stops the
// timer.
func (c *call) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tickets.release()
	if c.timer != nil {
		c.timer.stop()
	}
}
