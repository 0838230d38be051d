package hostvec

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/trigger"
)

// A sight is what a function saw of a request.
type sight struct {
	function string
	method   string
	path     string // decoded as the reference decodes it
	request  *http.Request
	inv      *trigger.Invocation
	body     []byte // nil if it did not read it
	bound    any    // what its typed parameter was filled to
	params   any    // what its parameters of the route were filled to
	sent     bool   // body is what a custom handler was sent
}

// A visit is one request's way through a function.
type visit struct {
	sights                   []*sight
	entered, cancelled, left bool
}

// A record keeps visits by the address of the client, which is another for each
// request.
type record struct {
	server *wire.Server // is told of holds
	mu     sync.Mutex
	visits map[string]*visit
	held   map[string]chan struct{}
	at     entered
}

// entered is the function that was entered last, and the client it is for.
type entered struct{ name, addr string }

func newRecord() *record {
	return &record{visits: map[string]*visit{}, held: map[string]chan struct{}{}}
}

func (r *record) visitOf(addr string) *visit {
	v := r.visits[addr]
	if v == nil {
		v = &visit{}
		r.visits[addr] = v
	}
	return v
}

// see notes what a function sees.
func (r *record) see(req *http.Request, s *sight) {
	s.method, s.path, s.request = req.Method, route.DecodePath(req.URL.EscapedPath()), req
	s.inv, _ = trigger.FromContext(req.Context())
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.visitOf(req.RemoteAddr)
	v.sights = append(v.sights, s)
	v.entered = true
}

// enter notes that a function was entered which another program runs.
func (r *record) enter(name, addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = entered{name, addr}
}

func (r *record) current() entered {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

// sent notes what another program was sent for the function entered last.
func (r *record) sent(req *http.Request, s *sight) {
	s.method, s.path, s.request = req.Method, route.DecodePath(req.URL.EscapedPath()), req
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.visitOf(r.at.addr)
	v.sights = append(v.sights, s)
}

// visit returns a copy of what is known about a request.
func (r *record) visit(addr string) visit {
	r.mu.Lock()
	defer r.mu.Unlock()
	return *r.visitOf(addr)
}

func (r *record) note(addr string, f func(*visit)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(r.visitOf(addr))
}

// gate returns the channel that ends the hold of a request. The lock is held.
func (r *record) gate(addr string) chan struct{} {
	c := r.held[addr]
	if c == nil {
		c = make(chan struct{})
		r.held[addr] = c
	}
	return c
}

// begin begins the hold of a request, unless it was released before.
func (r *record) begin(addr string) (released <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.gate(addr)
	if !closed(c) {
		r.server.Hold(addr)
	}
	return c
}

// hold waits for the release of a request; a function that watches its token
// leaves when that is cancelled.
func (r *record) hold(ctx context.Context, addr string, watch bool) {
	released := r.begin(addr)
	defer r.server.Resume(addr)
	var cancelled <-chan struct{}
	if watch {
		cancelled = ctx.Done()
	}
	select {
	case <-released:
	case <-cancelled:
		r.note(addr, func(v *visit) { v.cancelled = true })
	}
}

// release ends one hold, also one that has not begun.
func (r *record) release(addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.gate(addr); !closed(c) {
		close(c)
	}
	r.server.Resume(addr)
}

// releaseAll ends every hold, so that nothing is left running.
func (r *record) releaseAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.held {
		if !closed(c) {
			close(c)
		}
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func readAll(r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(r.Body)
	if b == nil {
		b = []byte{}
	}
	return b, err
}
