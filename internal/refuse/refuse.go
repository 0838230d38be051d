// Package refuse writes refusals: the one place that turns an error of a guard,
// a gate, a limit or a verifier into a response, so that all of them refuse
// alike.
package refuse

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Error answers a request that err refuses. The status is what StatusCode() int
// of the first error in err's tree says, or 500; if RetryAfter() time.Duration
// of one says more than nothing, a Retry-After header gives it in whole seconds,
// rounded up. The body is empty and no content type is set: a stranger learns
// the status and nothing else.
func Error(w http.ResponseWriter, err error) {
	h := w.Header()
	var retry interface{ RetryAfter() time.Duration }
	if errors.As(err, &retry) {
		if d := retry.RetryAfter(); d > 0 {
			h["Retry-After"] = []string{Seconds(d)}
		}
	}
	h["Content-Length"] = zero
	w.WriteHeader(Status(err))
}

var zero = []string{"0"}

// Status returns the status that Error would answer.
func Status(err error) int {
	var status interface{ StatusCode() int }
	if errors.As(err, &status) {
		if code := status.StatusCode(); code >= 400 && code <= 599 {
			return code
		}
	}
	return http.StatusInternalServerError
}

// Seconds formats d as whole seconds, rounded up, at least 1.
func Seconds(d time.Duration) string {
	s := int64(d / time.Second)
	if d%time.Second > 0 || s < 1 {
		s++
	}
	return strconv.FormatInt(s, 10)
}
