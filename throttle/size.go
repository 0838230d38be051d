package throttle

import (
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"time"

	"github.com/httptrigger/httptrigger/internal/refuse"
)

// Defaults and special values of a RequestLimit.
const (
	// DefaultMaxBody is the source's limit of 100 MB (ScriptConstants.cs).
	DefaultMaxBody = 104_857_600
	// DefaultMaxTarget is the limit that the source's documents state for a URL.
	DefaultMaxTarget = 4096
	// NoBody as MaxBody admits only requests without a body.
	NoBody int64 = math.MinInt64
)

// Limits of the source's own server, in force with Compat (Kestrel's defaults).
const (
	compatMaxLine    = 8192
	compatMaxHeaders = 100
	compatMaxHeader  = 32768
)

// RequestLimit bounds the size of requests. The zero RequestLimit has the defaults.
// It must not be modified once it is in use, and may be used by several goroutines
// at once.
type RequestLimit struct {
	// MaxBody bounds the body, in bytes; the bound itself is allowed. Zero is
	// DefaultMaxBody, NoBody admits empty bodies only, any other negative value is
	// no bound.
	MaxBody int64

	// MaxTarget bounds the request target, path and query as they were sent, in
	// bytes; the bound itself is allowed. Zero is DefaultMaxTarget, negative is no
	// bound.
	MaxTarget int

	// Compat does what the source's server does: a body that is too long is no
	// ground to refuse a request, only reading it fails (and a handler that does
	// not read it never knows); the framing of a chunked body counts, taken as one
	// chunk; and MaxTarget zero stands for a request line of 8,192 bytes, and 100
	// lines or 32,768 bytes of header (431). On all of this the source answers
	// with an empty body.
	Compat bool

	// Logger receives a line for each refusal by Wrap, at level Info. Nil is
	// silent.
	Logger *slog.Logger
}

// Check returns a *RejectedError if the request is too large by what it declares:
// the length of its target, and its Content-Length. It reads nothing and changes
// nothing. Bound holds the body to the limit where the length is not declared.
func (l *RequestLimit) Check(r *http.Request) error {
	if l.MaxTarget >= 0 {
		if err := l.checkTarget(r); err != nil {
			return err
		}
	}
	if limit, ok := l.maxBody(); ok && !l.Compat && r.ContentLength > limit {
		return &RejectedError{Reason: ReasonBody, Limit: limit}
	}
	return nil
}

func (l *RequestLimit) checkTarget(r *http.Request) error {
	target := r.RequestURI
	if target == "" {
		target = r.URL.RequestURI()
	}
	switch {
	case l.MaxTarget > 0:
		if len(target) > l.MaxTarget {
			return &RejectedError{Reason: ReasonTarget, Limit: int64(l.MaxTarget)}
		}
	case !l.Compat:
		if len(target) > DefaultMaxTarget {
			return &RejectedError{Reason: ReasonTarget, Limit: DefaultMaxTarget}
		}
	case len(r.Method)+len(" ")+len(target)+len(" HTTP/1.1\r\n") > compatMaxLine:
		return &RejectedError{Reason: ReasonTarget, Limit: compatMaxLine}
	default:
		return checkHeader(r)
	}
	return nil
}

// checkHeader applies the limits of the source's server to the header as it was on
// the wire. The server has taken Host out of it.
func checkHeader(r *http.Request) error {
	const line = len(": \r\n")
	lines, size := 1, len("Host")+len(r.Host)+line
	for name, values := range r.Header {
		for _, v := range values {
			lines++
			size += len(name) + len(v) + line
		}
	}
	if lines > compatMaxHeaders {
		return &RejectedError{Reason: ReasonHeader, Limit: compatMaxHeaders}
	}
	if size > compatMaxHeader {
		return &RejectedError{Reason: ReasonHeader, Limit: compatMaxHeader}
	}
	return nil
}

// maxBody returns the limit of the body, if there is one.
func (l *RequestLimit) maxBody() (limit int64, ok bool) {
	switch {
	case l.MaxBody == NoBody:
		return 0, true
	case l.MaxBody == 0:
		return DefaultMaxBody, true
	}
	return l.MaxBody, l.MaxBody > 0
}

// Bound makes reading the body of r fail with a *http.MaxBytesError once it proves
// longer than the limit; w is told to close the connection then. It does so by
// http.MaxBytesReader, also when w is wrapped by other middleware, as long as that
// has the Unwrap method of http.ResponseController. The returned function reports
// whether the limit has been hit.
func (l *RequestLimit) Bound(w http.ResponseWriter, r *http.Request) (exceeded func() bool) {
	body := l.bound(w, r)
	return func() bool { return isExceeded(body) }
}

// bound returns the new body, nil if there is nothing to bound.
func (l *RequestLimit) bound(w http.ResponseWriter, r *http.Request) io.Reader {
	limit, ok := l.maxBody()
	if !ok || r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	if l.Compat && r.ContentLength < 0 {
		limit -= framing(limit)
	}
	r.Body = http.MaxBytesReader(innermost(w), r.Body, limit)
	return r.Body
}

// framing returns what chunked coding adds to a body of n bytes in one chunk: its
// length in hexadecimal, the empty last chunk, and line ends.
func framing(n int64) int64 {
	size := int64(len("\r\n\r\n0\r\n"))
	for ; n > 0; n >>= 4 {
		size++
	}
	return size
}

// innermost returns the ResponseWriter that w wraps, the server's own if all on the
// way can be unwrapped.
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

// isExceeded asks a reader of http.MaxBytesReader for the error it keeps. An empty
// read never reaches the connection.
func isExceeded(body io.Reader) bool {
	if body == nil {
		return false
	}
	_, err := body.Read(nil)
	var tooLarge *http.MaxBytesError
	return errors.As(err, &tooLarge)
}

// Wrap returns a handler that refuses with an empty body what is too large: 414 and
// 413 before next runs where the request declares it (a client that sent "Expect:
// 100-continue" is never asked for the body), and 413 after next if the body
// proved too long while next read it and next wrote no answer of its own. On
// HTTP/1 the connection is closed after a 413, for the rest of the body stands in
// it; on HTTP/2 only the stream ends. The ResponseWriter reaches next untouched.
//
// In Compat the last of these is left to the caller: a source's function that fails
// reading ends in 500.
func (l *RequestLimit) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := l.Check(r); err != nil {
			l.refuse(w, r, err)
			return
		}
		body := l.bound(w, r)
		next.ServeHTTP(w, r)
		if !l.Compat && isExceeded(body) && unanswered(w, r) {
			limit, _ := l.maxBody()
			l.refuse(w, r, &RejectedError{Reason: ReasonBody, Limit: limit})
		}
	})
}

func (l *RequestLimit) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status := refuse.Status(err)
	if status == http.StatusRequestEntityTooLarge && r.ProtoMajor < 2 {
		w.Header()["Connection"] = closing
		if r.Header["Expect"] != nil {
			// The body was not asked for and will not come: the server must not wait
			// for it before it closes.
			_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
		}
	}
	if l.Logger != nil && l.Logger.Enabled(r.Context(), slog.LevelInfo) {
		l.Logger.InfoContext(r.Context(), "request rejected", "status", status, "error", err)
	}
	refuse.Error(w, err)
}

var closing = []string{"close"}

// unanswered reports whether nothing was written to w yet, after a body proved too
// long; where it cannot tell it says so too, for a second status is dropped. The
// HTTP/1 server logs one as a mistake, so it is asked, in the one way that needs no
// wrapper: when a body is over its limit it adds "Connection: close" to the header
// unless that is gone already. An empty limit over a body of one byte is such a body.
func unanswered(w http.ResponseWriter, r *http.Request) bool {
	inner := innermost(w)
	if _, server := inner.(interface{ EnableFullDuplex() error }); !server || r.ProtoMajor >= 2 {
		return true
	}
	h := inner.Header()
	before, had := h["Connection"]
	delete(h, "Connection")
	over := http.MaxBytesReader(inner, io.NopCloser(oneByte{}), 0)
	over.Read(make([]byte, 1))
	_, added := h["Connection"]
	if had {
		h["Connection"] = before
	}
	return added
}

// oneByte is an endless body.
type oneByte struct{}

func (oneByte) Read(p []byte) (int, error) { return len(p), nil }
