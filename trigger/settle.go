package trigger

import (
	"net/http"

	"github.com/httptrigger/httptrigger/internal/refuse"
)

// end is the end of every exchange, a panic included. It gives back the places,
// answers for a function that panicked, and tells the log and the hooks.
func (x *exchange) end() {
	x.failed = recover()
	x.tickets.release()
	if x.call != nil {
		x.call.end()
	}
	x.site.host.running.Add(-1)
	if x.failed != nil || x.call != nil || x.site.access != nil || !x.site.silent {
		x.settle()
	}
}

// settle is the end of an exchange that somebody wants to hear of. What it calls
// of the embedder's may panic: nobody stands behind it but the server.
func (x *exchange) settle() {
	abort := false
	if x.failed != nil {
		abort = x.contain(x.failed, true)
	}
	if x.call != nil {
		if x.status == 0 && !x.detached {
			x.status = x.call.answer.status
		}
		if x.site.measured {
			abort = x.attempt(toHook) || abort
		}
	}
	if x.site.access != nil {
		abort = x.attempt(toAccessLog) || abort
	}
	if !x.site.silent && !(abort && x.site.Compat) { // TR-230
		abort = x.attempt(toLog) || abort
	}
	if abort {
		panic(http.ErrAbortHandler)
	}
}

// A listener is who is told of the end of an exchange. The exchange could not
// stay on the stack if these were functions.
type listener int

const (
	toHook listener = iota
	toAccessLog
	toLog
)

// attempt tells a listener, and contains its panic. It reports whether the
// connection is to be cut.
func (x *exchange) attempt(to listener) (abort bool) {
	defer func() {
		if failed := recover(); failed != nil {
			abort = x.contain(failed, false)
		}
	}()
	switch to {
	case toHook:
		x.done()
	case toAccessLog:
		x.site.access.write(x)
	case toLog:
		x.logEnd()
	}
	return false
}

// done tells the hooks how the invocation ended.
func (x *exchange) done() {
	c := x.call
	out := Outcome{Status: x.status, Panic: x.failed, Waited: x.waited, Ran: x.site.now().Sub(x.entered)}
	if !x.detached {
		out.Err = c.answer.err
	}
	ctx := x.hooked
	if ctx == nil { // the Start hook panicked
		ctx = c
	}
	x.site.Hooks.Done(ctx, &c.Invocation, out)
}

// contain answers for what panicked, a function or code of the embedder's: 500
// and nothing else, the fields that are set already staying as they are but for
// those of a body (ExceptionMiddleware.cs). It reports whether the connection is
// to be cut instead, because an answer has begun that is not complete: that of
// what panicked in the midst of the exchange.
func (x *exchange) contain(failed any, midst bool) (abort bool) {
	if failed == http.ErrAbortHandler {
		return true
	}
	x.tryLogPanic(failed)
	if traceOf(x.w, x.r) == answered {
		return midst
	}
	h := x.w.Header()
	fields := bodyFields
	if x.site.Compat {
		fields = fields[:2] // the others stay (TR-125)
	}
	for _, name := range fields {
		delete(h, name)
	}
	x.site.stamp.putNames(h)
	x.status = http.StatusInternalServerError
	if x.tryDeny() {
		return false
	}
	if traceOf(x.w, x.r) == answered {
		return true // by half
	}
	refuse.Error(x.w, errPanicked)
	return false
}

var bodyFields = []string{"Content-Length", "Trailer", "Content-Type", "Content-Encoding", "Content-Range", "Etag", "Last-Modified"}

// tryLogPanic is logPanic for a log that may be what panicked.
func (x *exchange) tryLogPanic(failed any) {
	defer func() { _ = recover() }()
	x.logPanic(failed)
}

// tryDeny answers as the configuration says, and reports whether that did not
// panic.
func (x *exchange) tryDeny() (ok bool) {
	defer func() {
		if !ok {
			_ = recover()
		}
	}()
	r := x.r
	if x.call != nil && x.call.req.URL != nil {
		r = &x.call.req
	}
	x.site.deny(x.w, r, errPanicked)
	return true
}
