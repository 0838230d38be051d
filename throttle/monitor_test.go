package throttle_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/throttle"
)

// At full load: requests are refused, the admin and health groups answer, and say so.
func TestMonitorAtFullLoad(t *testing.T) {
	gate := newGate(t, throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 1, Exempt: throttle.AdminPath})
	g := &gauge{}
	g.set(40, "CPU")
	g.readings = append(g.readings, throttle.Reading{Name: "odd", Value: math.Inf(1), Limit: math.NaN()})
	load := newDynamic(t, throttle.DynamicConfig{Probes: []throttle.Probe{g}})
	m := &throttle.Monitor{Gates: map[string]*throttle.Gate{"app": gate}, Load: load}
	mux := http.NewServeMux()
	mux.Handle("/", load.Wrap(gate.Wrap(ok)))
	mux.Handle("/ready", m.Ready())
	mux.Handle("/metrics", m.Metrics())
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	check := func(when string, want map[string]int) {
		t.Helper()
		for path, status := range want {
			if got := get(path).Code; got != status {
				t.Errorf("%s: %s: %d, want %d", when, path, got, status)
			}
		}
	}
	check("idle", map[string]int{"/work": 200, "/admin/host/ping": 200, "/ready": 200, "/metrics": 200})
	ticket, err := gate.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	check("full", map[string]int{"/work": 429, "/admin/host/ping": 200, "/ready": 503, "/metrics": 200})

	var state struct {
		Saturated bool
		Gates     map[string]struct{ Running, Waiting, Outstanding, MaxConcurrent, MaxOutstanding, Rejected int }
		Load      map[string]struct{ Value, Limit float64 }
	}
	if err := json.Unmarshal(get("/metrics").Body.Bytes(), &state); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(state), "{true map[app:{1 0 1 1 1 1}] map[CPU:{40 100}]}"; got != want {
		t.Errorf("metrics %s, want %s", got, want)
	}
	ticket.Release()
	check("idle again", map[string]int{"/work": 200, "/ready": 200})
}

func TestMonitorLoad(t *testing.T) {
	g := &gauge{}
	g.set(90, "CPU")
	load := newDynamic(t, throttle.DynamicConfig{Probes: []throttle.Probe{g}, Interval: time.Hour}) // for which a sample counts twice
	m := &throttle.Monitor{Load: load}
	if m.Saturated() {
		t.Error("saturated before a sample")
	}
	_ = load.Check()
	if !m.Saturated() {
		t.Error("not saturated by load")
	}
}
