package trigger

import (
	"net/http"
	"strings"

	"github.com/httptrigger/httptrigger/internal/refuse"
	"github.com/httptrigger/httptrigger/keys"
)

// serveCompat answers a request in the reference's order
// (WebJobsApplicationBuilderExtension.cs): availability, throttle, headers,
// origins, routing, key, disabled, function. Paths under admin pass the first
// two by. In runtime 1.x it is routing, disabled, throttle, key.
func (x *exchange) serveCompat() {
	s := x.site
	path, isPlain := requestPath(x.r)
	x.dotted = !isPlain
	first, rest := firstSegment(path)
	admin := strings.EqualFold(first, "admin")
	if err := s.limit.Check(x.r); err != nil {
		x.refuse(err)
		return
	}
	if s.broken.all != nil {
		x.refuse(s.broken.all)
		return
	}
	if !isPlain && strings.IndexByte(path, 0) >= 0 {
		x.refuse(&TargetError{})
		return
	}
	x.exceeded = s.limit.Bound(x.w, x.r)
	switch {
	case admin:
	case s.host.down(s):
		x.offline()
		return
	case s.app.Err != nil:
		x.notStarted()
		return
	}
	if !admin && !s.rules.v1 && !x.throttled(path) {
		return
	}
	if s.broken.origins != nil {
		x.refuse(s.broken.origins)
		return
	}
	if s.broken.headers != nil {
		// The reference fails when it is about to answer, and not before.
		defer func(w http.ResponseWriter) {
			x.w = w
			x.refuse(s.broken.headers)
		}(x.w)
		x.w = nowhere{}
	}
	s.stamp.put(x.w, x.r)
	if s.policy != nil && s.policy.apply(x.w, x.r) {
		x.status = http.StatusNoContent
		return
	}
	if isReserved(first) && s.admin != nil && s.admin.handle(x, first, rest) {
		return
	}
	m := s.table.Lookup(x.r.Method, path)
	switch {
	case m.Found():
	case m.Err() != nil:
		x.refuse(m.Err())
		return
	case path == "/":
		x.home()
		return
	default:
		x.refuse(s.missing(x.r.Method, path))
		return
	}
	e := m.Value
	x.endpoint = e
	if !x.authenticate(e) || !x.admitCompat(e, path) {
		return
	}
	if s.bodyMax >= 0 && x.r.ContentLength > s.bodyMax {
		// Binding reads a body of declared length, whether or not the function
		// does, and fails (TR-172).
		x.refuse(errBodyRead)
		return
	}
	x.run(e, m.Values())
}

// admitCompat asks for the key. Runtime 1.x turns requests to disabled functions
// away first, and lets them into its queue only then, so that neither those nor
// requests that no function takes have a place in it, but those without a key do
// (FunctionsController.cs there; TR-102).
func (x *exchange) admitCompat(e *endpoint, path string) bool {
	if !x.site.rules.v1 {
		return x.admit(e)
	}
	grant, err := e.guard.Check(x.r)
	x.grant = grant
	if e.Disabled && err != nil {
		x.refuse(&NotFoundError{Function: e.Name})
		return false
	}
	if !x.throttled(path) {
		return false
	}
	if err != nil {
		x.refuse(err)
		return false
	}
	return true
}

// missing says why no function takes a request: with MethodNotAllowed, because
// those on its path take other methods only.
func (s *site) missing(method, path string) error {
	var allowed []string
	if s.MethodNotAllowed {
		for _, m := range s.methods {
			if found := s.table.Lookup(m, path); found.Found() {
				allowed = append(allowed, m)
			}
		}
	}
	if len(allowed) > 0 {
		return &MethodError{Method: method, Allowed: allowed}
	}
	return &NotFoundError{}
}

// throttled takes a place in the queue. A refused homepage is written all the
// same, beside the mark of the refusal (TR-107).
func (x *exchange) throttled(path string) bool {
	s := x.site
	err := s.broken.queue
	if err == nil && s.Load != nil {
		err = s.Load.Check()
	}
	if err == nil && s.gate != nil {
		if x.tickets[0], err = s.gate.Acquire(x.r.Context()); err == nil {
			x.inside = 1
			return true
		}
	}
	if err == nil {
		return true
	}
	if path == "/" && refuse.Status(err) == http.StatusTooManyRequests {
		x.tellRefused("", err)
		x.logRefusal("", err)
		x.w.Header()["X-Function-Scaleout"] = scaleOut
		x.home()
		return false
	}
	x.refuse(err)
	return false
}

func (x *exchange) home() {
	s := x.site
	x.status = writeHomepage(x.w, x.r, s.app.Host.DisableHomepage || s.isInternal(x.r))
}

// authenticate reads the platform's user, where the reference does: for a
// function that needs a key, and for an anonymous one if the request speaks of
// a caller (TR-111). What the reference stumbles over is 500. Where the
// configuration says whom to believe, every request is looked at, for what is
// not to be believed must go.
func (x *exchange) authenticate(e *endpoint) bool {
	if x.site.Identity == nil && e.Level == keys.Anonymous && !presents(x.r) {
		return true
	}
	return x.readPrincipal()
}

// readPrincipal reads the platform's user if the app or the configuration says
// that it is to be believed.
func (x *exchange) readPrincipal() bool {
	s := x.site
	if s.Identity != nil {
		x.identify()
		return true
	}
	if !s.app.Host.TrustPrincipal {
		return true
	}
	p, err := parsePrincipal(x.r.Header.Get("X-Ms-Client-Principal"), true)
	if err != nil {
		x.refuse(err)
		return false
	}
	x.user = p
	return true
}

func presents(r *http.Request) bool {
	if r.Header["X-Ms-Client-Principal"] != nil {
		return true
	}
	_, ok := keys.FromRequest(r)
	return ok
}

// identify takes the user from whom the configuration trusts, and takes away
// what is not to be believed.
func (x *exchange) identify() {
	r, user, err := x.site.Identity.identify(x.r)
	x.r, x.user = r, user
	if err != nil {
		x.site.Logger.DebugContext(r.Context(), "No user", "requestId", x.requestID(), "error", Redact(err.Error()))
	}
}

// nowhere is where answers go that will not be sent.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}
