package trigger_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

// TestReloadUnderRequests swaps configurations while functions run, panic and
// end their goroutines, and looks whether every place in the gate comes back.
func TestReloadUnderRequests(t *testing.T) {
	gate, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 4, MaxOutstanding: 1000})
	if err != nil {
		t.Fatal(err)
	}
	resolver := newResolver(t, false)
	config := trigger.Config{Keys: resolver, Gate: gate, Functions: []trigger.Function{
		{Name: "products", Handler: okHandler},
		{Name: "panics", Level: keys.Anonymous, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("x") })},
		{Name: "exits", Level: keys.Anonymous, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runtime.Goexit() })},
	}}
	h := mustHost(t, config)
	var wg sync.WaitGroup
	for range 20 {
		for _, target := range []string{"/api/products?code=" + fnKey, "/api/panics", "/api/exits", "/api/products"} {
			wg.Go(func() { record(h, httptest.NewRequest("GET", target, nil)) })
		}
		wg.Go(func() {
			if err := h.Reload(config); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := h.Running(); n != 0 {
		t.Errorf("%d requests are inside", n)
	}
	for range 4 {
		ticket, err := gate.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer ticket.Release()
	}
}

func TestOddRequestsDoNotPanic(t *testing.T) {
	for _, compat := range []bool{false, true} {
		h := mustHost(t, trigger.Config{Compat: compat, Keys: newResolver(t, compat), Functions: []trigger.Function{{Name: "all", Route: "{*rest}", Handler: okHandler}}, Prefix: "/"})
		for _, line := range []string{"OPTIONS *", "CONNECT h:443", "GET //admin/host/status", "GET http://h/admin/host/status", "GET /%61dmin/host/status",
			"GET /ADMIN/./host/status", "GET /x/%2e%2e/admin/host/status", "GET /admin%2Fhost/status", "X!$ /a", "GET /Runtime/webhooks/x", "GET /admin/host/keys/../status"} {
			method, target, _ := strings.Cut(line, " ")
			r := httptest.NewRequest(method, target, nil)
			r.Host, r.RemoteAddr = "", ""
			if w := record(h, r); w.Code < 400 {
				t.Errorf("compat %v: %s: %d to a stranger", compat, line, w.Code)
			}
		}
	}
}

// The gate of the host is the one that it was given, or has the limits of its app.
func TestHostGate(t *testing.T) {
	own := mustGate(t, throttle.GateConfig{MaxConcurrent: 5})
	app := func(concurrent, outstanding int) *trigger.App {
		return &trigger.App{Host: trigger.HostConfig{HTTP: trigger.HTTPConfig{
			RoutePrefix: "api", MaxConcurrentRequests: concurrent, MaxOutstandingRequests: outstanding}}}
	}
	h := &trigger.Host{}
	if h.Gate() != nil {
		t.Error("the zero host has a gate")
	}
	var before *throttle.Gate
	for _, tt := range []struct {
		config                  trigger.Config
		gate                    *throttle.Gate // nil for one of the host's own
		concurrent, outstanding int            // zeros are no gate
	}{
		{trigger.Config{}, nil, 0, 0},
		{trigger.Config{App: app(-1, -1)}, nil, 0, 0},
		{trigger.Config{App: app(3, 7)}, nil, 3, 7},
		{trigger.Config{App: app(3, 7), Compat: true}, nil, 3, 7},
		{trigger.Config{App: app(3, 7), Gate: own}, own, 5, 0},
		{trigger.Config{Gate: own}, own, 5, 0},
	} {
		if err := h.Reload(tt.config); err != nil {
			t.Fatal(err)
		}
		got := h.Gate()
		if got == nil {
			if tt.concurrent != 0 {
				t.Errorf("no gate, want one of %d and %d", tt.concurrent, tt.outstanding)
			}
			continue
		}
		if s := got.Stats(); s.MaxConcurrent != tt.concurrent || s.MaxOutstanding != tt.outstanding ||
			tt.gate != nil && got != tt.gate || tt.gate == nil && got == before {
			t.Errorf("%+v, want %d and %d; the same as before: %v", s, tt.concurrent, tt.outstanding, got == before)
		}
		before = got
	}
}
