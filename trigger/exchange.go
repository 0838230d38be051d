package trigger

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/refuse"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/throttle"
)

// An exchange is one request on its way through the host. It lives on the stack
// of ServeHTTP.
type exchange struct {
	site  *site
	w     http.ResponseWriter
	r     *http.Request
	began time.Time

	id       string     // for the log, made when it is first needed
	endpoint *endpoint  // whose function the request is for, once that is known
	call     *call      // its invocation, once it runs
	grant    keys.Grant // by which key the caller came
	user     *Principal
	dotted   bool // the path may have dot segments
	status   int  // what the host or an adapter answered, 0 if unknown
	waited   time.Duration
	entered  time.Time       // when the function was called
	hooked   context.Context // what the Start hook made of the call
	exceeded func() bool
	failed   any  // what the function panicked with
	detached bool // the function goes on without the exchange, and owns the call's answer

	tickets tickets
	inside  int // how many tickets there are
}

// tickets are the places of a request: in Front, in the host's gate, in the function's.
type tickets [3]throttle.Ticket

// release gives back the places that are held, and reports whether there were any.
func (t *tickets) release() bool {
	held := false
	for i := range t {
		if t[i].Held() {
			t[i].Release()
			held = true
		}
	}
	return held
}

// serve answers a request in Default: what costs least comes first, and what
// strangers could fill up comes last.
func (x *exchange) serve() {
	s := x.site
	if s.marked {
		s.stamp.put(x.w, x.r)
	}
	if s.front != nil && !x.enter(s.front) {
		return
	}
	if err := s.limit.Check(x.r); err != nil {
		x.refuse(err)
		return
	}
	if x.r.ContentLength < 0 {
		x.exceeded = s.limit.Bound(x.w, x.r)
	}
	if s.policy != nil && s.policy.apply(x.w, x.r) {
		x.status = http.StatusNoContent
		return
	}
	if s.identity != nil || speaksOfUser(x.r.Header) {
		x.identify()
	}
	path, isPlain := requestPath(x.r)
	if !isPlain && strings.IndexByte(path, 0) >= 0 {
		x.refuse(&TargetError{})
		return
	}
	x.dotted = !isPlain
	if isHostPath(path) {
		x.serveReserved(firstSegment(path))
		return
	}
	if s.host.down(s) {
		x.offline()
		return
	}
	found, values, _, why := s.table.Find(x.r.Method, path)
	if found == nil {
		x.lost(why, path)
		return
	}
	e := found.Value
	x.endpoint = e
	if !x.admit(e) || s.load != nil && !x.unloaded() {
		return
	}
	if s.gate != nil && !x.enter(s.gate) || e.Gate != nil && !x.enter(e.Gate) {
		return
	}
	if s.bare {
		x.runBare(e)
		return
	}
	x.run(e, values)
}

// lost answers a request that no function takes.
func (x *exchange) lost(why route.Refusal, path string) {
	switch allowed := why.Methods(); {
	case why.Err() != nil:
		x.refuse(why.Err())
	case len(allowed) > 0:
		x.refuse(&MethodError{Method: x.r.Method, Allowed: allowed})
	case path == "/":
		x.status = writeHomepage(x.w, x.r, x.site.app.Host.DisableHomepage)
	default:
		x.refuse(&NotFoundError{})
	}
}

// admit asks for the key.
func (x *exchange) admit(e *endpoint) bool {
	var err error
	if x.grant, err = e.guard.Check(x.r); err != nil {
		x.refuse(err)
		return false
	}
	return true
}

// unloaded asks whether the host is overloaded.
func (x *exchange) unloaded() bool {
	if err := x.site.load.Check(); err != nil {
		x.refuse(err)
		return false
	}
	return true
}

// enter takes a place in a gate; it is given back at the end of the exchange.
func (x *exchange) enter(g *throttle.Gate) bool {
	var before time.Time
	if x.site.measured {
		before = x.site.now()
	}
	var err error
	if x.tickets[x.inside], err = g.Acquire(x.r.Context()); err != nil {
		x.refuse(err)
		return false
	}
	x.inside++
	if x.site.measured {
		x.waited += x.site.now().Sub(before)
	}
	return true
}

// refuse answers in a function's stead.
func (x *exchange) refuse(err error) {
	s, h := x.site, x.w.Header()
	name := ""
	if x.endpoint != nil {
		name = x.endpoint.Name
	}
	x.status = refuse.Status(err)
	x.tellRefused(name, err)
	x.logRefusal(name, err)
	switch e := err.(type) {
	case *MethodError:
		h["Allow"] = []string{strings.Join(e.Allowed, ", ")}
	case *keys.DeniedError:
		if e.Challenge != "" {
			h["Www-Authenticate"] = []string{e.Challenge}
		}
	case *throttle.RejectedError:
		if s.Compat && x.status == http.StatusTooManyRequests {
			h["X-Function-Scaleout"] = scaleOut
		}
		if e.Reason == throttle.ReasonBody && x.r.ProtoMajor < 2 {
			h["Connection"] = []string{"close"} // the body stands in the way of what follows
		}
	}
	s.deny(x.w, x.r, err)
}

// tellRefused calls the hook.
func (x *exchange) tellRefused(function string, err error) {
	if f := x.site.Hooks.Refused; f != nil {
		f(x.r.Context(), function, x.site.shown(x.r), err)
	}
}

// scaleOut asks the platform's front end for more instances (ScriptConstants.cs).
var scaleOut = []string{"1"}

// run calls the function.
func (x *exchange) run(e *endpoint, values route.Values) {
	s := x.site
	c := &call{Context: x.r.Context(), Invocation: Invocation{
		ID: newID(), Function: e.Name, Route: e.pattern[1:], Grant: x.grant, Values: values,
		Principal: x.user, TraceParent: traceparent(x.r.Header), Started: x.began, rules: s.rules,
	}}
	c.out = &c.answer
	x.call = c
	for i := range x.inside {
		c.tickets[i] = x.tickets[i].Move()
	}
	if s.rules.v1 {
		x.adoptID(c)
	}
	if e.timeout > 0 {
		c.deadline = x.site.now().Add(e.timeout)
	}
	r := c.attach(x.r)
	if e.strip {
		x.stripKey(r)
	}
	if x.dotted {
		removeDots(r)
	}
	r.Pattern, x.r.Pattern = e.pattern, e.pattern // on both, for middleware on either side
	for i := range values.Len() {
		name, value, ok := values.At(i)
		if ok || r.PathValue(name) != "" { // a router around the host may have one of that name
			r.SetPathValue(name, value)
		}
	}
	if s.InvocationHeader != "" {
		x.w.Header().Set(s.InvocationHeader, c.ID.String())
	}
	if x.hooked = s.Hooks.start(c, &c.Invocation, x.startShown(r)); x.hooked != context.Context(c) {
		r = r.WithContext(x.hooked)
	}
	if s.measured {
		x.entered = s.now()
	}
	if s.ResponseTimeout > 0 {
		x.runDetached(e, r)
		return
	}
	e.handler.ServeHTTP(x.w, r)
	x.late()
}

// runBare calls the function with the request itself.
func (x *exchange) runBare(e *endpoint) {
	r := x.r
	if e.strip {
		x.stripKey(r)
	}
	if x.dotted {
		removeDots(r)
	}
	r.Pattern = e.pattern
	e.handler.ServeHTTP(x.w, r)
	x.late()
}

// late answers for a function that returned without an answer because the host
// got in its way: its time was up, or the body was longer than allowed.
func (x *exchange) late() {
	var err error
	switch {
	case x.exceeded != nil && x.exceeded():
		err = &throttle.RejectedError{Reason: throttle.ReasonBody, Limit: x.site.limit.MaxBody}
		if x.site.Compat {
			err = errBodyRead
		}
	case x.call != nil && x.call.expired():
		err = &TimeoutError{Function: x.endpoint.Name, After: x.endpoint.timeout}
	default:
		return
	}
	if (x.call == nil || x.call.answer.status == 0) && traceOf(x.w, x.r) == unanswered {
		x.refuse(err)
	}
}

// stripKey takes the key out of a request, and tokens that stand in for one.
func (x *exchange) stripKey(r *http.Request) {
	if kept := keys.StripQuery(r.URL.RawQuery); len(kept) < len(r.URL.RawQuery) {
		u := *r.URL
		u.RawQuery = kept
		r.URL, r.RequestURI = &u, keys.StripRequestURI(r.RequestURI)
	}
	delete(r.Header, keys.Header)
	if x.site.Tokens != nil {
		keys.RemoveTokens(r.Header, x.grant)
	}
}

// serveReserved answers for the host's own paths.
func (x *exchange) serveReserved(first, rest string) {
	if x.site.admin == nil || !x.site.admin.handle(x, first, rest) {
		x.refuse(&NotFoundError{})
	}
}

// allows reports whether a method is among those, for the host's own endpoints.
func allows(method string, methods ...string) bool { return slices.Contains(methods, method) }
