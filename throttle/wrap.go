package throttle

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/httptrigger/httptrigger/internal/early"
	"github.com/httptrigger/httptrigger/internal/refuse"
)

// StatusClientClosedRequest is what Wrap answers a request whose client left while
// it waited: nobody reads it, but a log around the gate shows it. It is no
// registered status; nginx writes the same to its log.
const StatusClientClosedRequest = 499

// Wrap returns a handler that serves with next what the gate admits and refuses the
// rest: 429 (or Status) with an empty body and Retry-After, 503 while draining or
// when a deadline of the request's context passed while it waited. The place is
// given back when next returns, panics (the panic goes on, http.ErrAbortHandler as
// any other) or ends its goroutine; also if it took over the connection. The
// ResponseWriter reaches next untouched.
//
// Two gates may be stacked, an application's around one of each function. That
// cannot deadlock as long as every request passes them in the same order. While a
// request waits at the inner gate it holds its place in the outer one, so a slow
// function's waiters use up the application's running places unless the inner gate
// has a MaxOutstanding below the outer MaxConcurrent.
func (g *Gate) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := g.current()
		if s.Exempt != nil && s.Exempt(r) {
			next.ServeHTTP(w, r)
			return
		}
		if s.EarlyRelease {
			g.serveReleasable(w, r, next)
			return
		}
		ticket, err := g.Acquire(r.Context())
		if err != nil {
			if e, ok := err.(*RejectedError); ok && s.Logger == nil && e.preset != nil {
				// g.refuse without its calls, for refusals have to be cheap
				refuse.WritePreset(w, e.Status, e.preset)
				return
			}
			g.refuse(w, r, err)
			return
		}
		defer ticket.Release()
		next.ServeHTTP(w, r)
	})
}

// refuse answers a request that Acquire did not admit.
func (g *Gate) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := err.(*RejectedError)
	if !ok {
		status := http.StatusServiceUnavailable
		if errors.Is(err, context.Canceled) {
			status = StatusClientClosedRequest
		}
		refuse.Write(w, status, 0)
		return
	}
	s := g.current()
	if s.Logger != nil && s.Logger.Enabled(r.Context(), slog.LevelInfo) {
		s.log(r.Context(), e)
	}
	writeRefusal(w, e, s.Compat)
}

func writeRefusal(w http.ResponseWriter, e *RejectedError, compat bool) {
	if compat {
		w.Header()["X-Function-Scaleout"] = scaleOut
	}
	if e.preset != nil {
		refuse.WritePreset(w, e.Status, e.preset)
		return
	}
	refuse.Write(w, e.StatusCode(), e.Retry)
}

// scaleOut asks the platform's front end for more instances (ScriptConstants.cs).
var scaleOut = []string{"1"}

func (s *settings) log(ctx context.Context, e *RejectedError) {
	if s.Compat && e.Reason == ReasonQueue { // the words of HttpThrottleMiddleware.cs
		s.Logger.InfoContext(ctx, "Http request queue limit of "+strconv.FormatInt(e.Limit, 10)+" has been exceeded.")
		return
	}
	s.Logger.InfoContext(ctx, "request rejected", "reason", string(e.Reason), "limit", e.Limit, "retryAfter", e.Retry)
}

// AdminPath reports whether the first segment of the request's path is "admin", in
// any case. The source exempts these from its throttle; "/administrator" is not one
// (HttpRequestExtensions.cs).
func AdminPath(r *http.Request) bool {
	path := strings.TrimPrefix(r.URL.Path, "/")
	first, _, _ := strings.Cut(path, "/")
	return strings.EqualFold(first, "admin")
}

// place is a ticket that the handler may give back before it returns.
type place struct {
	ticket   Ticket
	released atomic.Bool
	outer    early.Holder // of the gate around this one
}

func (p *place) release() bool {
	if p.released.Swap(true) {
		return false
	}
	p.ticket.Release()
	return true
}

// ReleaseEarly makes a place an early.Holder.
func (p *place) ReleaseEarly() bool {
	released := p.release()
	if p.outer != nil {
		released = p.outer.ReleaseEarly() || released
	}
	return released
}

func (g *Gate) serveReleasable(w http.ResponseWriter, r *http.Request, next http.Handler) {
	p := &place{}
	var err error
	if p.ticket, err = g.Acquire(r.Context()); err != nil {
		g.refuse(w, r, err)
		return
	}
	defer p.release()
	p.outer, _ = r.Context().Value(early.Key{}).(early.Holder)
	next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), early.Key{}, p)))
}

// ReleaseEarly gives back the places that the request of ctx holds: those it got from
// the Wrap of gates configured with EarlyRelease, and those that a trigger.Host took
// for it in gates of any configuration. It reports whether there was one. A handler
// calls it when only cheap work is left, such as streaming events for hours: from then
// on the request counts neither as running nor as outstanding, Drain does not wait for
// it, and the time it still takes is not part of MeanService. Calls after the first do
// nothing, and so do those after the handler returned. Several goroutines may call it.
func ReleaseEarly(ctx context.Context) bool {
	h, ok := ctx.Value(early.Key{}).(early.Holder)
	return ok && h.ReleaseEarly()
}
