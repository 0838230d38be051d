package trigger

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
)

// quote quotes a text that may come from a stranger, for an error or a log.
func quote(s string) string { return strconv.Quote(s) }

var (
	errPanicked = errors.New("trigger: the function panicked")
	errBodyRead = errors.New("trigger: the body is longer than allowed")
)

// requestID is what the log calls the request: the front end's id or a new one
// (SystemTraceMiddleware.cs).
func (x *exchange) requestID() string {
	if x.id == "" {
		if x.id = frontID(x.r); x.id == "" {
			x.id = newID().String()
		}
	}
	return x.id
}

// frontID is the id that the platform's front end has given a request, or "".
func frontID(r *http.Request) string {
	id := r.Header.Get("X-Arr-Log-Id")
	if len(id) > 128 || !utf8.ValidString(id) {
		return ""
	}
	return id
}

// log tells of a request that came in. Only the path is told: a query may hold
// keys.
func (x *exchange) log() {
	l := x.site.Logger
	if !l.Enabled(x.r.Context(), slog.LevelInfo) {
		return
	}
	attrs := []slog.Attr{
		slog.String("requestId", x.requestID()),
		slog.String("method", x.r.Method),
		slog.String("userAgent", Redact(x.r.UserAgent())),
		slog.String("uri", x.r.URL.EscapedPath()),
	}
	if parent := traceparent(x.r.Header); parent != "" {
		attrs = append(attrs, slog.String("traceparent", parent))
	}
	l.LogAttrs(x.r.Context(), slog.LevelInfo, "Executing HTTP request", attrs...)
}

// logEnd tells how a request ended.
func (x *exchange) logEnd() {
	s := x.site
	if !s.Logger.Enabled(x.r.Context(), slog.LevelInfo) {
		return
	}
	attrs := []slog.Attr{slog.String("requestId", x.requestID())}
	if c := x.call; c != nil {
		attrs = append(attrs, slog.String("function", c.Function), slog.String("invocationId", c.ID.String()))
		if c.TraceParent != "" {
			attrs = append(attrs, slog.String("traceparent", c.TraceParent))
		}
	}
	attrs = append(attrs, slog.String("identities", x.identities()))
	if x.status != 0 { // a plain handler's status is the server's to know
		attrs = append(attrs, slog.Int("status", x.status))
	}
	attrs = append(attrs, slog.Int64("duration", s.now().Sub(x.began).Milliseconds()))
	if c := x.call; c != nil && !x.detached && c.answer.err != nil {
		attrs = append(attrs, slog.String("error", Redact(c.answer.err.Error())))
	}
	s.Logger.LogAttrs(x.r.Context(), slog.LevelInfo, "Executed HTTP request", attrs...)
}

// identities are who the caller is known to be: the key's level, the user's
// provider.
func (x *exchange) identities() string {
	var list []string
	if x.grant.Kind != keys.NoKey {
		level := x.grant.Level().String()
		list = append(list, "WebJobsAuthLevel:"+strings.ToUpper(level[:1])+level[1:])
	}
	if x.user != nil {
		list = append(list, x.user.Provider)
	}
	if len(list) == 0 {
		return ""
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// logRefusal tells the operator why; the caller learns the status.
func (x *exchange) logRefusal(function string, err error) {
	level := slog.LevelInfo
	if x.status >= 500 {
		level = slog.LevelError
	}
	if !x.site.Logger.Enabled(x.r.Context(), level) {
		return
	}
	message := "Refused HTTP request"
	if e, ok := err.(*throttle.RejectedError); ok && x.site.Compat {
		switch e.Reason {
		case throttle.ReasonLoad: // there is a warning for each look at the counters (TH-26)
			return
		case throttle.ReasonQueue: // the words of HttpThrottleMiddleware.cs (TH-19)
			message = "Http request queue limit of " + strconv.FormatInt(e.Limit, 10) + " has been exceeded."
		}
	}
	x.site.Logger.LogAttrs(x.r.Context(), level, message,
		slog.String("requestId", x.requestID()), slog.String("function", function),
		slog.Int("status", x.status), slog.String("error", Redact(err.Error())))
}

// logPanic tells of a panic with its stack. It is called while the goroutine is
// still where it panicked.
func (x *exchange) logPanic(failed any) {
	name, id := "", ""
	if x.call != nil {
		name, id = x.call.Function, x.call.ID.String()
	}
	x.site.Logger.LogAttrs(x.r.Context(), slog.LevelError, "Function panicked",
		slog.String("requestId", x.requestID()), slog.String("function", name), slog.String("invocationId", id),
		slog.String("panic", Redact(fmt.Sprint(failed))), slog.String("stack", string(debug.Stack())))
}

// isInternal reports whether a request comes from the platform itself: on App
// Service, past the front end that would have given it an id (TR-222).
func (s *site) isInternal(r *http.Request) bool {
	return s.app.Host.AppService && r.Header["X-Arr-Log-Id"] == nil
}
