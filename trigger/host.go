package trigger

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/httptrigger/httptrigger/internal/refuse"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/webhook"
)

// Config says what a Host serves and how.
type Config struct {
	// App is a function app read from files, nil for a host whose functions
	// are all in Functions.
	App *App

	// Handlers are the functions of App, by name, case ignored. One that App
	// lacks is an error, and so is a function of App without one.
	Handlers map[string]http.Handler

	// Gates bound the requests in single functions of App, by name, case
	// ignored; one that App lacks is an error. Gate bounds them too.
	Gates map[string]*throttle.Gate

	// Functions are functions beside those of App.
	Functions []Function

	// Prefix stands before every route. "" is that of App, or "api" without
	// one; "/" is none.
	Prefix string

	// Keys tells keys apart. It is required if anything needs a key: a function
	// that is not anonymous, or the admin endpoints. The host mounts the key
	// API on its Store.
	Keys *keys.Resolver

	// KeyManager makes the changes of the key API. Nil is one on the Store of
	// Keys, with the profile of the host.
	KeyManager *keys.Manager

	// Tokens takes the platform's tokens in place of keys: see keys.Tokens. Nil
	// takes none.
	Tokens *keys.Tokens

	// NoAdmin leaves the paths admin/… and runtime/webhooks/… without
	// endpoints. Functions cannot have them all the same.
	NoAdmin bool

	// Files is the folder of the app for the admin endpoints that read and write
	// it: admin/vfs/…, admin/zip/…, admin/functions/download, and PUT and DELETE
	// of admin/functions/NAME. Nil is none of these endpoints. A *Folder is one
	// of the machine. Whoever has the master key can then change what runs.
	Files Files

	// FilesChanged is called after such an endpoint has changed a file, before
	// it answers; nil does nothing. The host goes on with the app that it has:
	// to load the changed one and Reload is the embedder's to decide.
	FilesChanged func(ctx context.Context)

	// Gate bounds the requests inside functions. Nil is a gate with the limits
	// of App. In Default it stands behind routing and keys, so strangers cannot
	// fill it; in Compat it stands in front of them. A function holds its places,
	// here, in Front and in a gate of its own, until it returns or calls
	// throttle.ReleaseEarly with the context of its request, which gives all of
	// them back while it goes on: for long streams that no longer work. With Bare
	// it cannot.
	Gate *throttle.Gate

	// Front is a gate before everything else, for cheap refusals; nil is none.
	Front *throttle.Gate

	// Load refuses requests while the host is overloaded; it is asked where
	// Gate stands. Nil is what App says: with dynamicThrottlesEnabled, a
	// throttle by the CPU, the memory, the heap, the file descriptors and the
	// platform's counters in Env, in Compat by the counters alone.
	Load LoadCheck

	// Limit bounds the size of requests. Nil is MaxBody of App, or 104,857,600
	// bytes, and 4,096 bytes of request target.
	Limit *throttle.RequestLimit

	// CORS is the cross-origin policy; nil is that of App.
	CORS *CORSConfig

	// Identity says whose word about users to take; nil is nobody's. In Compat
	// nil is what App says.
	Identity *Identity

	// Origin tells scheme and host that the client used. Nil is what the
	// connection says, which is wrong behind a proxy; in Compat App may say
	// that the platform's front end is to be believed.
	Origin func(r *http.Request) (scheme, host string)

	// Deny answers refused requests; nil is DenyEmpty, but in Compat for an app of
	// runtime 1.x, where status 500 has an object with an id for the log. Problem
	// answers with problem documents. The request that it sees has neither keys nor
	// fields that tell of a user.
	Deny DenyFunc

	// ResponseTimeout answers 502 after this time, if the function has not
	// begun its answer, and lets it go on without the client, as the platform's
	// gateway does after 230 seconds. 0 is never. With it, functions see a
	// ResponseWriter of the host's, which can flush but not hijack.
	ResponseTimeout time.Duration

	// Extensions answer runtime/webhooks/NAME/…, by NAME, case ignored, to
	// callers with the system key NAME_extension or the master key.
	Extensions map[string]http.Handler

	// Restart is what admin/host/restart does, in a goroutine of its own and after
	// the answer: load the app again and Reload, for one. Nil makes Default answer
	// 501; Compat answers as the reference does, and the log says that nothing
	// was done.
	Restart func(ctx context.Context) error

	// WarmUp runs once, for the first request of admin/warmup; nil does nothing.
	WarmUp func(ctx context.Context) error

	// Replay remembers webhook deliveries for functions that receive them; nil
	// is a memory of each function's own.
	Replay webhook.ReplayMemory

	// Bare hands functions the request as the server made it, with the key taken
	// out and r.Pattern set in place, and nothing is allocated for it. There is
	// no invocation then: FromContext reports false, r.PathValue has no values
	// (httproute.Value reads them), timeouts of functions do not apply, and
	// neither Compat, Identity, the hooks Start and Done, ResponseTimeout nor
	// InvocationHeader can be set. Elsewhere a request costs one allocation.
	Bare bool

	// InvocationHeader, if not "", is a response field to put the invocation's
	// ID in.
	InvocationHeader string

	// Hooks are called along the way of a request.
	Hooks Hooks

	// Logger is told of requests, refusals and failures; nil is silent. Request
	// lines hold the path without the query.
	Logger *slog.Logger

	// AccessLog writes a W3C line for each request; nil writes none.
	AccessLog *W3CLog

	// Env are the settings that admin endpoints look at (WEBSITE_SITE_NAME and
	// the like). The process's environment is never read.
	Env map[string]string

	// Compat answers as the reference does, request by request; see the
	// package's Differences.
	Compat bool

	// MethodNotAllowed makes Compat answer a method that none of the functions on
	// a path takes with 405 and Allow, where the reference answers 404. HEAD
	// stays a method like any other. Default answers so in any case.
	MethodNotAllowed bool

	// LenientBinding makes Bind and JSON pass over what does not fit, for clients of
	// an app being moved that rely on it: a body that does not fit counts as empty, a
	// text that does not fit leaves its field empty, and the function runs. Otherwise
	// they are 400 and 415. Compat, whose rules are the reference's, and Bare have no
	// such choice.
	LenientBinding bool

	// InsecureSkipKeys lets every request into every function, whatever key it
	// has, as the reference does when run by its local tools. Admin endpoints
	// keep asking.
	InsecureSkipKeys bool

	// Now tells the time; nil is time.Now.
	Now func() time.Time
}

// LoadCheck is what throttles by load look like: *throttle.DynamicThrottle.
type LoadCheck interface {
	// Check returns an error with StatusCode() int if the host is overloaded.
	Check() error
}

// A Host serves functions: it is an http.Handler. It is made by NewHost and may
// be used concurrently. It starts no goroutine, and needs no closing.
type Host struct {
	site  atomic.Pointer[site]
	state hostState

	// Every request writes here. It has a cache line of its own, for the others
	// read what stands before.
	_       [cacheLine]byte
	running atomic.Int64
	_       [cacheLine]byte
}

// cacheLine is how far apart words are kept that processors would otherwise take
// from each other: two lines of 64 bytes, which are fetched together.
const cacheLine = 128

// NewHost makes a host of a configuration. The error joins every mistake in it.
func NewHost(c Config) (*Host, error) {
	h := &Host{}
	s, err := newSite(c, h)
	if err != nil {
		return nil, err
	}
	h.state.began = s.now()
	h.site.Store(s)
	return h, nil
}

// Reload puts another configuration in the place of the host's, for all requests
// that come from then on; those that are inside end by the old one. If there is
// a mistake in it the host stays as it is. Gates that both configurations share
// go on counting; a gate made from an App is new, so for a moment twice its
// limit may be inside (HttpRequestQueue.cs).
func (h *Host) Reload(c Config) error {
	s, err := newSite(c, h)
	if err != nil {
		return err
	}
	h.site.Store(s)
	return nil
}

// ServeHTTP answers one request.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := h.site.Load()
	if s == nil { // the zero Host serves nothing
		refuse.Error(w, &UnavailableError{Reason: "no configuration"})
		return
	}
	x := exchange{site: s, w: w, r: r}
	if s.timed {
		x.began = s.now()
	}
	h.running.Add(1)
	defer x.end()
	if !s.silent {
		x.log()
	}
	switch {
	case s.rules.compat:
		x.serveCompat()
	default:
		x.serve()
	}
}

// Running returns the number of requests inside.
func (h *Host) Running() int { return int(h.running.Load()) }

// Gate returns the gate that bounds the requests inside functions, nil if nothing
// does: Config.Gate, or the one made from Config.App, for its Stats or to Drain it.
// The latter is another after Reload.
func (h *Host) Gate() *throttle.Gate {
	s := h.site.Load()
	if s == nil {
		return nil
	}
	return s.gate
}

// SetOffline makes the host answer 503 with a page to everything but admin
// paths, or go on serving. Nil or empty is a short page of the host's own.
func (h *Host) SetOffline(offline bool, page []byte) {
	if !offline {
		h.state.offline.Store(nil)
		return
	}
	if len(page) == 0 {
		page = []byte(offlinePage)
	}
	h.state.offline.Store(&page)
}

// Serve serves a listener until ctx ends, then stops accepting, lets running
// requests end within grace, and closes what is left. It returns nil if every
// request came to its end, context.DeadlineExceeded, perhaps wrapped, if some were
// cut off, and the server's or the listener's error else. A grace of zero or less
// cuts off what runs. The server's Handler is the caller's to set.
func Serve(ctx context.Context, srv *http.Server, l net.Listener, grace time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := srv.Shutdown(bound)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(err, srv.Close())
	}
	if served := <-failed; err == nil && !errors.Is(served, http.ErrServerClosed) {
		err = served
	}
	return err
}
