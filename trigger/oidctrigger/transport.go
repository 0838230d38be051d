package oidctrigger

import (
	"errors"
	"net/http"
	"sync"
	"time"
)

// client returns a copy of c that speaks https only, and no more often than
// every so often.
func client(c *http.Client, every time.Duration, now func() time.Time) *http.Client {
	copied := http.Client{}
	if c != nil {
		copied = *c
	}
	if copied.Timeout == 0 {
		copied.Timeout = patience
	}
	if copied.Transport == nil {
		copied.Transport = http.DefaultTransport
	}
	copied.Transport = &paced{next: copied.Transport, every: every, now: now}
	return &copied
}

// paced is a transport that refuses what comes too soon after the last request.
// A request that follows a redirect belongs to the one before.
type paced struct {
	next  http.RoundTripper
	every time.Duration // zero or less is no bound
	now   func() time.Time

	mu   sync.Mutex
	last time.Time // zero before the first request
}

var (
	errPlain = errors.New("not https")
	errPaced = errors.New("fetched a moment ago")
)

func (p *paced) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errPlain
	}
	if r.Response == nil && !p.due() {
		return nil, errPaced
	}
	return p.next.RoundTrip(r)
}

// due reports whether a request may go now, and remembers that it does.
func (p *paced) due() bool {
	if p.every <= 0 {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if !p.last.IsZero() && now.Sub(p.last) < p.every {
		return false
	}
	p.last = now
	return true
}
