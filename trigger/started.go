package trigger

import (
	"io"
	"net/http"
	"reflect"
	"strings"
)

// A trace says what became of a response, as far as can be told without having
// wrapped the ResponseWriter.
type trace uint8

const (
	unanswered trace = iota // nothing is written
	answered                // the response has started
	unknown
)

// traceOf finds out whether a response has started. It is for the rare ends of a
// request, after which the connection is closed: a panic, a body over its limit,
// a function that ran out of time. It asks the innermost writer:
//
//   - Middleware that keeps account (Written() bool) is believed.
//   - The HTTP/1 server adds "Connection: close" to the header when a body is
//     over its limit, unless the header is gone already; so a reader over a
//     limit of nothing is put over one byte. The server closes the connection
//     after that. Asking in any other way makes it log a mistake.
//   - The HTTP/2 server and httptest.ResponseRecorder panic on a status that is
//     none, unless the header is gone, when they return in silence.
//
// Other writers, wrapped by middleware that cannot be unwrapped, are unknown.
func traceOf(w http.ResponseWriter, r *http.Request) trace {
	if c, ok := w.(interface{ Written() bool }); ok {
		if c.Written() {
			return answered
		}
		return unanswered
	}
	inner := innermost(w)
	if c, ok := inner.(interface{ Written() bool }); ok {
		if c.Written() {
			return answered
		}
		return unanswered
	}
	if !strings.HasPrefix(packageOf(inner), "net/http") && packageOf(inner) != "golang.org/x/net/http2" {
		return unknown
	}
	if _, server := inner.(interface{ EnableFullDuplex() error }); server && r.ProtoMajor < 2 {
		return traceHTTP1(inner)
	}
	return traceStatus(inner)
}

func traceHTTP1(w http.ResponseWriter) trace {
	h := w.Header()
	before, had := h["Connection"]
	delete(h, "Connection")
	over := http.MaxBytesReader(w, io.NopCloser(strings.NewReader("x")), 0)
	_, _ = over.Read(make([]byte, 1)) // fails, which is the point
	_, added := h["Connection"]
	if had {
		h["Connection"] = before
	}
	if added {
		return unanswered
	}
	return answered
}

func traceStatus(w http.ResponseWriter) (t trace) {
	defer func() {
		if recover() != nil {
			t = unanswered
		}
	}()
	w.WriteHeader(0)
	return answered
}

// innermost returns the writer at the bottom of those that can be unwrapped.
func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		inner := u.Unwrap()
		if inner == nil {
			return w
		}
		w = inner
	}
}

func packageOf(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath()
}
