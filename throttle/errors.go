package throttle

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Reason says why a request was rejected.
type Reason string

// The reasons of this package.
const (
	ReasonQueue  Reason = "queue"  // MaxOutstanding requests were inside the gate
	ReasonWait   Reason = "wait"   // no place became free within MaxWait
	ReasonDrain  Reason = "drain"  // the gate is being drained
	ReasonLoad   Reason = "load"   // a probe was over its threshold
	ReasonRate   Reason = "rate"   // the key has used up its rate
	ReasonBody   Reason = "body"   // the declared body is longer than MaxBody
	ReasonTarget Reason = "target" // the request target is longer than MaxTarget
	ReasonHeader Reason = "header" // the header is larger than the source's server takes (Compat)
)

// status returns the status that a reason has by default.
func (r Reason) status() int {
	switch r {
	case ReasonBody:
		return http.StatusRequestEntityTooLarge
	case ReasonTarget:
		return http.StatusRequestURITooLong
	case ReasonHeader:
		return http.StatusRequestHeaderFieldsTooLarge
	case ReasonDrain:
		return http.StatusServiceUnavailable
	}
	return http.StatusTooManyRequests
}

// A RejectedError tells that a limit refused a request. Limiters share values of
// it between requests: do not modify one that you did not make.
type RejectedError struct {
	Reason Reason
	// Limit is the bound that was met: requests for a gate, events for a rate,
	// bytes or lines for a size. Zero if the reason has none.
	Limit int64
	// Status is the answer; zero stands for what the reason usually has: 413
	// body, 414 target, 431 header, 503 drain, 429 everything else.
	Status int
	// Retry is the time after which trying again may succeed; zero is unknown.
	Retry time.Duration
	// Exceeded names the probes over their threshold, for ReasonLoad.
	Exceeded []string

	preset []string // the field Retry-After, if it was made beforehand; Status is set then
}

// Error names the reason and the bound.
func (e *RejectedError) Error() string {
	limit := strconv.FormatInt(e.Limit, 10)
	switch e.Reason {
	case ReasonQueue:
		return `throttle: "queue": ` + limit + " requests are running or waiting"
	case ReasonWait:
		return `throttle: "wait": no place became free in time`
	case ReasonDrain:
		return `throttle: "drain": no new requests are admitted`
	case ReasonLoad:
		return `throttle: "load": over the threshold: ` + strings.Join(e.Exceeded, ", ")
	case ReasonRate:
		return `throttle: "rate": more than ` + limit + " at once"
	case ReasonBody:
		return `throttle: "body": longer than ` + limit + " bytes"
	case ReasonTarget:
		return `throttle: "target": longer than ` + limit + " bytes"
	case ReasonHeader:
		return `throttle: "header": more than ` + limit
	}
	return "throttle: " + strconv.Quote(string(e.Reason)) + ": rejected"
}

// StatusCode returns the HTTP status of the refusal.
func (e *RejectedError) StatusCode() int {
	if e.Status != 0 {
		return e.Status
	}
	return e.Reason.status()
}

// RetryAfter returns the time after which trying again may succeed, or 0.
func (e *RejectedError) RetryAfter() time.Duration { return e.Retry }
