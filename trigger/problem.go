package trigger

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/httptrigger/httptrigger/internal/refuse"
)

// A DenyFunc writes the answer to a request that the host refuses. Its err says
// why; the status to answer is that of the first StatusCode() int in err's tree,
// or 500. It must tell a stranger nothing else about err.
type DenyFunc func(w http.ResponseWriter, r *http.Request, err error)

// DenyEmpty answers with the status, Retry-After where err knows one, and an
// empty body. It is what a host does unless Config.Deny says otherwise.
func DenyEmpty(w http.ResponseWriter, _ *http.Request, err error) { refuse.Error(w, err) }

// Problem answers as DenyEmpty does, with a problem document of RFC 9457 as the
// body: type, title and status, and no more unless err is a *BindError, which
// speaks of nothing but the caller's own input. For use as Config.Deny.
func Problem(w http.ResponseWriter, r *http.Request, err error) {
	status := refuse.Status(err)
	p := problem{Type: "about:blank", Title: http.StatusText(status), Status: status}
	var bind *BindError
	if errors.As(err, &bind) {
		p.Detail, p.Field, p.Source = bind.Reason, bind.Field, bind.Source.String()
		if bind.Offset > 0 {
			p.Offset = bind.Offset
		}
	}
	body, _ := json.Marshal(p) // a struct of texts and numbers always marshals
	h := w.Header()
	var retry interface{ RetryAfter() time.Duration }
	if errors.As(err, &retry) {
		if d := retry.RetryAfter(); d > 0 {
			h.Set("Retry-After", refuse.Seconds(d))
		}
	}
	h.Set("Content-Type", "application/problem+json")
	h.Del("Content-Length")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the caller left
	}
}

// problem is the document. The members after Detail are extensions that RFC 9457
// allows for.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title,omitempty"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Field  string `json:"field,omitempty"`
	Source string `json:"source,omitempty"`
	Offset int64  `json:"offset,omitempty"`
}

// A NotFoundError refuses a request with status 404: no function has such a
// route, or the one that has is disabled.
type NotFoundError struct {
	// Function is the disabled function, "" if there is no route.
	Function string
}

func (e *NotFoundError) Error() string {
	if e.Function != "" {
		return "trigger: " + quote(e.Function) + ": disabled"
	}
	return "trigger: no such route"
}

// StatusCode returns 404.
func (e *NotFoundError) StatusCode() int { return http.StatusNotFound }

// A MethodError refuses a request with status 405: the path has functions, but
// none for the method.
type MethodError struct {
	// Method is what the request used, Allowed what it could have, sorted.
	Method  string
	Allowed []string
}

func (e *MethodError) Error() string { return "trigger: " + quote(e.Method) + ": method not allowed" }

// StatusCode returns 405.
func (e *MethodError) StatusCode() int { return http.StatusMethodNotAllowed }

// A TargetError refuses a request with status 400: its path has a null character.
type TargetError struct{}

func (*TargetError) Error() string { return "trigger: path: a null character" }

// StatusCode returns 400.
func (*TargetError) StatusCode() int { return http.StatusBadRequest }

// An UnavailableError refuses a request with status 503: the host is not serving,
// or Jobs have no room.
type UnavailableError struct {
	Reason string // in a few words, for a log
}

func (e *UnavailableError) Error() string { return "trigger: " + e.Reason }

// StatusCode returns 503.
func (e *UnavailableError) StatusCode() int { return http.StatusServiceUnavailable }

// A TimeoutError says that a function did not answer in time. The status is 500
// for the function's own timeout and 502 for Config.ResponseTimeout, as the
// reference and its gateway answer.
type TimeoutError struct {
	Function string        // its name
	After    time.Duration // the time it had
	Gateway  bool          // it was Config.ResponseTimeout that was over
}

func (e *TimeoutError) Error() string {
	return "trigger: " + quote(e.Function) + ": no answer within " + e.After.String()
}

// StatusCode returns 500 or 502.
func (e *TimeoutError) StatusCode() int {
	if e.Gateway {
		return http.StatusBadGateway
	}
	return http.StatusInternalServerError
}
