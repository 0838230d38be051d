package trigger_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

func mustGate(t testing.TB, c throttle.GateConfig) *throttle.Gate {
	t.Helper()
	g, err := throttle.NewGate(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// running returns how many run in each gate.
func running(gates ...*throttle.Gate) (n []int) {
	for _, g := range gates {
		n = append(n, g.Stats().Running)
	}
	return n
}

func equal(t *testing.T, what string, got []int, want ...int) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: %v run, want %v", what, got, want)
			return
		}
	}
}

// TestReleaseEarly gives places back in the middle of functions that end in every
// way there is.
func TestReleaseEarly(t *testing.T) {
	ends := map[string]struct {
		end    func(http.ResponseWriter)
		status int
	}{
		"returns":  {func(w http.ResponseWriter) { io.WriteString(w, "ok") }, 200},
		"panics":   {func(http.ResponseWriter) { panic("on purpose") }, 500},
		"responds": {func(w http.ResponseWriter) { w.WriteHeader(204) }, 204},
	}
	for name, tt := range ends {
		for _, config := range []trigger.Config{{}, {Compat: true}, {ResponseTimeout: time.Minute}} {
			front, app, own, outer := mustGate(t, throttle.GateConfig{MaxConcurrent: 1}), mustGate(t, throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 1}),
				mustGate(t, throttle.GateConfig{MaxConcurrent: 1}), mustGate(t, throttle.GateConfig{MaxConcurrent: 1, EarlyRelease: true})
			inside, after := []int{1, 1, 1, 1}, []int{0, 0, 0, 0}
			config.Front, config.Gate = front, app
			if config.Compat {
				config.Front, inside[0] = nil, 0
			}
			first, second, calls := false, true, 0
			config.Hooks.Done = func(_ context.Context, _ *trigger.Invocation, out trigger.Outcome) {
				if calls++; out.Waited < 0 || out.Ran < 0 {
					t.Errorf("%s: %+v", name, out)
				}
			}
			f := trigger.Function{Name: "f", Level: keys.Anonymous, Gate: own}
			if config.Compat {
				f.Gate, inside[2] = nil, 0
			}
			f.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				equal(t, "inside", running(front, app, own, outer), inside...)
				first = throttle.ReleaseEarly(r.Context())
				equal(t, "afterwards", running(front, app, own, outer), after...)
				second = throttle.ReleaseEarly(context.WithoutCancel(r.Context()))
				tt.end(w)
			})
			config.Functions = []trigger.Function{f}
			h := mustHost(t, config)
			for range 3 { // a place given back twice would be a panic here
				w := record(outer.Wrap(h), httptest.NewRequest("GET", "/api/f", nil))
				if w.Code != tt.status || !first || second {
					t.Errorf("%s: status %d, the first call %v, the second %v", name, w.Code, first, second)
				}
				equal(t, "at the end", running(front, app, own, outer), after...)
			}
			if calls != 3 || h.Running() != 0 {
				t.Errorf("%s: Done was called %d times, %d run", name, calls, h.Running())
			}
		}
	}
}

// TestReleaseEarlyAdmits streams without end: the next request runs beside it, and
// the gates drain.
func TestReleaseEarlyAdmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, own := mustGate(t, throttle.GateConfig{MaxConcurrent: 1}), mustGate(t, throttle.GateConfig{MaxConcurrent: 1})
		release, stop := make(chan struct{}), make(chan struct{})
		var streams atomic.Int32
		h := mustHost(t, trigger.Config{Gate: app, Functions: []trigger.Function{{Name: "stream", Level: keys.Anonymous, Gate: own,
			Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Second) // the work
				<-release
				throttle.ReleaseEarly(r.Context())
				streams.Add(1)
				<-stop
			})}}})
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() { record(h, httptest.NewRequest("GET", "/api/stream", nil)) })
		}
		synctest.Wait()
		if s := app.Stats(); s.Running != 1 || s.Waiting != 2 {
			t.Errorf("before: %+v", s)
		}
		close(release)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if n := streams.Load(); n != 3 || h.Running() != 3 {
			t.Errorf("%d stream and %d are inside", n, h.Running())
		}
		if s := app.Stats(); s.Running != 0 || s.Waiting != 0 || s.MeanService != time.Second {
			t.Errorf("afterwards: %+v", s)
		}
		if err := app.Drain(t.Context()); err != nil {
			t.Errorf("Drain waits for streams: %v", err)
		}
		time.Sleep(time.Hour)
		close(stop)
		group.Wait()
		if s := own.Stats(); s.Running != 0 || s.MeanService != time.Second {
			t.Errorf("at the end: %+v", s)
		}
	})
}

// TestReleaseEarlyRace lets goroutines of a function race with its end, and with
// requests that come later.
func TestReleaseEarlyRace(t *testing.T) {
	app, own := mustGate(t, throttle.GateConfig{MaxConcurrent: 2}), mustGate(t, throttle.GateConfig{MaxConcurrent: 1})
	var released atomic.Int32
	var stray sync.WaitGroup
	h := mustHost(t, trigger.Config{Gate: app, Functions: []trigger.Function{{Name: "f", Level: keys.Anonymous, Gate: own,
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			for range 2 {
				stray.Go(func() {
					if throttle.ReleaseEarly(r.Context()) {
						released.Add(1)
					}
				})
			}
		})}}})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				record(h, httptest.NewRequest("GET", "/api/f", nil))
			}
		})
	}
	group.Wait()
	stray.Wait()
	equal(t, "at the end", running(app, own), 0, 0)
	if n := released.Load(); n > 800 {
		t.Errorf("%d calls gave places back, in 800 requests", n)
	}
}

// TestReleaseEarlyWithoutPlaces calls it where there is nothing to give back.
func TestReleaseEarlyWithoutPlaces(t *testing.T) {
	app := mustGate(t, throttle.GateConfig{MaxConcurrent: 1})
	for name, config := range map[string]trigger.Config{"no gates": {}, "bare": {Gate: app, Bare: true}} {
		got := true
		config.Functions = anonymous(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = throttle.ReleaseEarly(r.Context())
		}))
		record(mustHost(t, config), httptest.NewRequest("GET", "/api/f", nil))
		if got || app.Stats().Running != 0 {
			t.Errorf("%s: ReleaseEarly reports %v, %d run", name, got, app.Stats().Running)
		}
	}
}
