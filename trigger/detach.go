package trigger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// runDetached calls the function so that it can outlive the answer: if it has
// not begun its own after Config.ResponseTimeout, the caller gets 502, and the
// function goes on with a context that lives. Its places in the gates are given
// back with the answer.
func (x *exchange) runDetached(e *endpoint, r *http.Request) {
	s, c := x.site, x.call
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	if deadline, ok := c.Deadline(); ok {
		var stop context.CancelFunc
		ctx, stop = context.WithDeadline(ctx, deadline)
		context.AfterFunc(ctx, stop)
	}
	unlink := context.AfterFunc(r.Context(), func() { cancel(context.Cause(r.Context())) })
	w := &detachable{w: x.w}
	own := r.Clone(ctx) // the log may read the other one while the function goes on
	own.Trailer = r.Trailer
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		e.handler.ServeHTTP(w, own)
	}()
	timer := time.NewTimer(s.ResponseTimeout)
	defer timer.Stop()
	select {
	case p := <-done:
		unlink()
		cancel(nil)
		x.returned(p)
		return
	case <-timer.C:
	}
	if !w.detach() {
		// The answer has begun: it is waited for, as the gateway would.
		p := <-done
		unlink()
		cancel(nil)
		x.returned(p)
		return
	}
	unlink()
	x.detached = true
	x.refuse(&TimeoutError{Function: e.Name, After: s.ResponseTimeout, Gateway: true})
	log, name, id := s.Logger, e.Name, c.ID.String()
	go func() {
		defer func() { _ = recover() }() // a log that panics ends no process
		p := <-done
		cancel(nil)
		if p != nil && p != http.ErrAbortHandler {
			log.LogAttrs(ctx, slog.LevelError, "Function panicked after its answer", slog.String("function", name),
				slog.String("invocationId", id), slog.String("panic", Redact(fmt.Sprint(p))))
		}
	}()
}

// returned goes on where the function's goroutine ended.
func (x *exchange) returned(panicked any) {
	if panicked != nil {
		panic(panicked)
	}
	x.late()
}

// A detachable is the ResponseWriter of a function that may outlive its answer.
// It is the one writer of this package: only with Config.ResponseTimeout.
type detachable struct {
	mu       sync.Mutex
	w        http.ResponseWriter
	header   http.Header // before the answer begins
	begun    bool
	detached bool
}

var errDetached = errors.New("trigger: the caller has been answered without the function")

func (d *detachable) Header() http.Header {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.header == nil && !d.detached { // else the host is writing its own answer
		d.header = d.w.Header().Clone()
	}
	if d.header == nil {
		d.header = http.Header{}
	}
	return d.header
}

// begin starts the answer. The lock is held.
func (d *detachable) begin() {
	if d.begun {
		return
	}
	d.begun = true
	h := d.w.Header()
	if d.header != nil {
		clear(h)
		for name, values := range d.header {
			h[name] = values
		}
	}
}

func (d *detachable) WriteHeader(status int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.detached {
		return
	}
	if status >= 200 || status == http.StatusSwitchingProtocols {
		d.begin()
	}
	d.w.WriteHeader(status)
}

func (d *detachable) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.detached {
		return 0, errDetached
	}
	d.begin()
	return d.w.Write(p)
}

// FlushError makes http.ResponseController's Flush work.
func (d *detachable) FlushError() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.detached {
		return errDetached
	}
	d.begin()
	return http.NewResponseController(d.w).Flush()
}

// Flush makes the writer a http.Flusher.
func (d *detachable) Flush() { _ = d.FlushError() }

// Written tells adapters whether the answer has begun.
func (d *detachable) Written() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.begun
}

// detach takes the writer away from the function, unless its answer has begun.
func (d *detachable) detach() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.begun {
		return false
	}
	d.detached = true
	return true
}
