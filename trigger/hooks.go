package trigger

import (
	"context"
	"net/http"
	"time"
)

// Hooks are called along the way of a request. Nil ones are skipped. They run in
// the request's goroutine, so they must be quick and safe for concurrent use.
// The requests that they see have neither keys nor fields that tell of a user:
// the invocation has the user. One that panics makes the answer 500 if there is
// none yet, and the log tells of it.
type Hooks struct {
	// Start is called when a function is about to run: every check is passed
	// and its places in the gates are taken. The context that it returns is
	// the one the function runs in; it must be derived from ctx.
	Start func(ctx context.Context, inv *Invocation, r *http.Request) context.Context

	// Done is called after the function returned or panicked, with the context
	// that Start made.
	Done func(ctx context.Context, inv *Invocation, out Outcome)

	// Refused is called when the host answers in a function's stead: function
	// is its name, or "" if the request did not get that far.
	Refused func(ctx context.Context, function string, r *http.Request, err error)
}

// An Outcome is how an invocation ended.
type Outcome struct {
	// Status is the status of an answer that the host or an adapter of this
	// package wrote, 0 if a plain handler wrote it: nobody looks on.
	Status int

	// Err is what a typed function returned, or why Relay has no answer to hand
	// on; nil for a plain handler.
	Err error

	// Panic is what the function panicked with, nil if it did not.
	Panic any

	// Waited is the time in the gates, Ran the time in the function.
	Waited, Ran time.Duration
}

func (h *Hooks) start(ctx context.Context, inv *Invocation, r *http.Request) context.Context {
	if h.Start != nil {
		if hooked := h.Start(ctx, inv, r); hooked != nil {
			return hooked
		}
	}
	return ctx
}
