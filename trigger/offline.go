package trigger

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// hostState is what outlives a reload.
type hostState struct {
	began   time.Time
	offline atomic.Pointer[[]byte]
	drained atomic.Bool // admin/host/drain
	warm    atomic.Bool
	// rejecting is what the throttle by load said last; see overload.
	rejecting atomic.Pointer[error]
	files     sync.Mutex // held while admin endpoints change files, also across a Reload
}

const offlinePage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Host is offline</title>
<h1>Host is offline</h1>
<p>This function app is down for maintenance.
`

// page is what an offline host answers, nil if it serves.
func (h *Host) page(s *site) []byte {
	if p := h.state.offline.Load(); p != nil {
		return *p
	}
	return s.app.Offline
}

// down reports whether the host serves no functions.
func (h *Host) down(s *site) bool {
	return s.closed || h.state.offline.Load() != nil
}

// offline answers 503 with a page (HostAvailabilityCheckMiddleware.cs).
func (x *exchange) offline() {
	x.status = http.StatusServiceUnavailable
	x.tellRefused("", &UnavailableError{Reason: "offline"})
	h := x.w.Header()
	if x.site.isInternal(x.r) {
		h["Content-Length"] = []string{"0"}
		x.w.WriteHeader(x.status)
		return
	}
	page := x.site.host.page(x.site)
	h["Content-Type"] = typeHTML
	h["Content-Length"] = []string{strconv.Itoa(len(page))}
	x.w.WriteHeader(x.status)
	if x.r.Method != http.MethodHead {
		_, _ = io.Copy(x.w, bytes.NewReader(page))
	}
}

const notRunning = "Function host is not running."

// notStarted answers for a Compat host whose app cannot be served.
func (x *exchange) notStarted() {
	x.status = http.StatusServiceUnavailable
	x.tellRefused("", &UnavailableError{Reason: "not running"})
	h := x.w.Header()
	h["Content-Type"] = nil
	h["Content-Length"] = []string{strconv.Itoa(len(notRunning))}
	x.w.WriteHeader(x.status)
	if x.r.Method != http.MethodHead {
		_, _ = io.WriteString(x.w, notRunning)
	}
}
