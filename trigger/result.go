package trigger

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/httptrigger/httptrigger/internal/refuse"
)

// A Request is what a typed function is called with: the HTTP request, and what
// a function often asks of it.
type Request struct {
	*http.Request

	inv *Invocation
}

// Invocation returns the invocation that the function runs in. Without a host it
// is empty, never nil.
func (r *Request) Invocation() *Invocation { return r.inv }

// String names the request in a few words for logs and lists: the method and the
// address that the client asked, never the query, which may have a key in it
// (HttpTriggerAttributeBindingProvider.cs).
func (r *Request) String() string {
	return "Method: " + r.Method + ", Uri: " + requestURL(r.Request)
}

// Bind fills dst, a pointer to a struct, as the function Bind does.
func (r *Request) Bind(dst any) error { return Bind(r.Request, dst) }

// Func makes a handler of a function that returns its answer instead of writing
// it. The result decides (HttpBinding.cs, SetResponse):
//
//	nil                   204 without a body
//	string                200, text/plain; charset=utf-8
//	[]byte, io.Reader     200, the bytes, application/octet-stream
//	*Response, Response   what it says
//	http.Handler          it writes the answer
//	anything else         200, JSON
//
// A nil pointer counts as nil. Strings and JSON values are negotiated: an Accept
// field that asks for JSON or XML gets it where the value has such a form.
//
// An error is an answer too: if one in its tree has StatusCode() int of 400 to
// 599, as a *BindError has, that is the status, *http.MaxBytesError is 413, any
// other is 500; the body is empty and the error goes to the host's log. In
// Compat every error but a refusal of the caller's own input is 500, as there.
//
// A result that comes after the function's time is up is not answered any more:
// the caller gets 500.
//
// The handler works without a host as well, so functions can be tested with an
// httptest.ResponseRecorder and nothing else.
func Func(f func(ctx context.Context, r *Request) (any, error)) http.Handler {
	if f == nil {
		panic("trigger: Func: nil function")
	}
	return typed(func(ctx context.Context, r *http.Request, inv *Invocation) (any, error) {
		return f(ctx, &Request{Request: r, inv: inv})
	})
}

// JSON makes a handler of a function from a value to a value. In is filled as
// Bind does, with a body that must be JSON if there is one; what cannot be
// filled is 400 (415 for a body of another type) and the function is not called.
// The result is answered as Func says.
//
// An In that is no struct, nor a pointer to one, is read from the body alone.
func JSON[In, Out any](f func(ctx context.Context, in In) (Out, error)) http.Handler {
	if f == nil {
		panic("trigger: JSON: nil function")
	}
	return typed(func(ctx context.Context, r *http.Request, _ *Invocation) (any, error) {
		var in In
		if err := bindJSON(r, &in); err != nil {
			return nil, err
		}
		out, err := f(ctx, in)
		return out, err
	})
}

// typed is a handler that returns its answer.
type typed func(context.Context, *http.Request, *Invocation) (any, error)

func (f typed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	inv, ok := FromContext(ctx)
	if !ok {
		inv = &Invocation{}
	}
	a := answer{w: w, r: r, ru: &noRules, inv: inv}
	if inv.rules != nil {
		a.ru = inv.rules
	}
	v, err := f(ctx, r, inv)
	if err == nil && inv.expired(ctx) {
		err = &TimeoutError{Function: inv.Function, After: time.Since(inv.Started)}
		drop(v)
	}
	if err == nil {
		err = a.result(v)
	}
	if err == nil {
		inv.returned(a.status, nil)
		return
	}
	status := a.ru.errorStatus(err)
	inv.returned(status, err)
	a.ru.deny(w, r, &resultError{status: status, err: err})
}

// drop closes what a result has to close.
func drop(v any) {
	switch r := v.(type) {
	case *Response:
		if r != nil {
			drop(r.Body)
		}
	case Response:
		drop(r.Body)
	case io.Closer:
		_ = r.Close() // nobody reads it
	}
}

// errorStatus is what an error of a function answers.
func (ru *rules) errorStatus(err error) int {
	var bind *BindError
	var size *http.MaxBytesError
	switch {
	case errors.As(err, &bind):
		return refuse.Status(bind)
	case ru.compat:
		// An exception is 500, whatever status it carries (TR-125), and so is
		// a body over the limit (TR-172).
		return http.StatusInternalServerError
	case errors.As(err, &size):
		return http.StatusRequestEntityTooLarge
	}
	return refuse.Status(err)
}

// A resultError gives an error of a function the status that was decided on.
type resultError struct {
	status int
	err    error
}

func (e *resultError) Error() string   { return e.err.Error() }
func (e *resultError) Unwrap() error   { return e.err }
func (e *resultError) StatusCode() int { return e.status }
