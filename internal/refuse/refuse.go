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

type statusCoder interface{ StatusCode() int }

type retrier interface{ RetryAfter() time.Duration }

// Error answers a request that err refuses. The status is what StatusCode() int
// of the first error in err's tree says, or 500; if RetryAfter() time.Duration
// of one says more than nothing, a Retry-After header gives it in whole seconds,
// rounded up. The body is empty and no content type is set: a stranger learns
// the status and nothing else.
//
// It allocates nothing if err itself has the methods and asks for two minutes at
// most.
func Error(w http.ResponseWriter, err error) {
	retry, ok := err.(retrier)
	if !ok {
		retry = find[retrier](err)
	}
	var d time.Duration
	if retry != nil {
		d = retry.RetryAfter()
	}
	Write(w, Status(err), d)
}

// Write answers with the status, an empty body, and Retry-After if that is more
// than nothing.
func Write(w http.ResponseWriter, status int, retry time.Duration) {
	WritePreset(w, status, RetryAfter(retry))
}

// WritePreset is Write with the field's values, none for no field.
func WritePreset(w http.ResponseWriter, status int, retry []string) {
	if retry != nil {
		w.Header()["Retry-After"] = retry
	}
	w.WriteHeader(status)
}

// seconds has header values that responses share; nobody modifies them in place.
var seconds = func() (values [121][]string) {
	for i := range values {
		values[i] = []string{strconv.Itoa(i)}
	}
	return values
}()

// Status returns the status that Error would answer.
func Status(err error) int {
	status, ok := err.(statusCoder)
	if !ok {
		status = find[statusCoder](err)
	}
	if status != nil {
		if code := status.StatusCode(); code >= 400 && code <= 599 {
			return code
		}
	}
	return http.StatusInternalServerError
}

// find returns the first error in err's tree that is a T.
func find[T any](err error) T {
	var t T
	errors.As(err, &t)
	return t
}

// RetryAfter returns the values of the field Retry-After for d, nil if d is not
// more than nothing. They must not be modified.
func RetryAfter(d time.Duration) []string {
	if d <= 0 {
		return nil
	}
	if s := wholeSeconds(d); s < int64(len(seconds)) {
		return seconds[s]
	}
	return []string{Seconds(d)}
}

// Seconds formats d as whole seconds, rounded up, at least 1.
func Seconds(d time.Duration) string {
	return strconv.FormatInt(wholeSeconds(d), 10)
}

func wholeSeconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return max(s, 1)
}
