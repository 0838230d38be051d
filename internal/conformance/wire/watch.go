package wire

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Patience is how long to wait for what must come: an answer, or rest. Nothing
// takes so long unless it is broken.
const Patience = time.Minute

// Await waits until ok reports true, and reports false if that takes longer than
// limit.
func Await(limit time.Duration, ok func() bool) bool {
	for late := time.Now().Add(limit); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			return false
		}
	}
	return true
}

// A watch follows the requests of a server, by the addresses of their clients.
type watch struct {
	mu      sync.Mutex
	changes int // of the places
	places  map[string]*place
}

// A place is where the last request from an address is.
type place struct {
	open   bool // it was sent, and its client has no answer yet
	came   bool // the handler has seen it
	inside bool // the handler is at it
	held   bool // the handler waits for a word of the client's
	gone   bool // the handler can see that the client left
}

// at changes the place of an address.
func (w *watch) at(addr string, change func(*place)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.places[addr]
	if p == nil {
		if w.places == nil {
			w.places = map[string]*place{}
		}
		p = &place{}
		w.places[addr] = p
	}
	change(p)
	w.changes++
}

// look returns the place of an address.
func (w *watch) look(addr string) place {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.places[addr]; p != nil {
		return *p
	}
	return place{}
}

// send notes a request that is about to be sent, and reports false if there was
// one from that address before.
func (w *watch) send(addr string) (first bool) {
	w.at(addr, func(p *place) {
		first = *p == place{}
		p.open = p.open || first
	})
	return first
}

// around follows requests through a handler.
func (w *watch) around(h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.at(r.RemoteAddr, func(p *place) { p.came, p.inside, p.held, p.gone = true, true, false, false })
		unlink := context.AfterFunc(r.Context(), func() { w.at(r.RemoteAddr, func(p *place) { p.gone = true }) })
		defer func() {
			unlink()
			w.at(r.RemoteAddr, func(p *place) { p.inside, p.held = false, false })
		}()
		h.ServeHTTP(rw, r)
	})
}

// Hold says that the handler has come to a point in the request from an address
// where it waits for a word of the client's.
func (w *watch) Hold(addr string) { w.at(addr, func(p *place) { p.held = true }) }

// Resume says that it has that word, or waits no longer.
func (w *watch) Resume(addr string) { w.at(addr, func(p *place) { p.held = false }) }

// Settled reports whether nothing moves: each request is answered and out of the
// handler, or held, or one of those that wait in line, whose number waiting
// returns. Then no more happens before the next word of a client, but for what
// the handler does after a time.
func (w *watch) Settled(waiting func() int) bool {
	parked, changes, moving := w.count()
	return !moving && waiting() == parked && w.unchanged(changes)
}

// count returns how many requests are inside and not held, and whether one is on
// its way in or out.
func (w *watch) count() (parked, changes int, moving bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.places {
		if p.inside && !p.held {
			parked++
		}
		moving = moving || p.open && !p.inside
	}
	return parked, w.changes, moving
}

func (w *watch) unchanged(changes int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changes == changes
}

// empty reports whether no handler runs.
func (w *watch) empty() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.places {
		if p.inside {
			return false
		}
	}
	return true
}
