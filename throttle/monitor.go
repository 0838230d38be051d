package throttle

import (
	"encoding/json"
	"math"
	"net/http"

	"github.com/httptrigger/httptrigger/internal/refuse"
)

// Monitor shows the state of gates and of a dynamic throttle to those who run a
// service: whether it should get more requests, and how much it has to do. Its handlers
// take no place and read no probe. They belong on a path that no gate stands in front
// of, and that strangers cannot reach.
type Monitor struct {
	// Gates are the gates to show, by name. A name with a dot has to be escaped in
	// the valueLocation of a scaler.
	Gates map[string]*Gate
	// Load, if not nil, is shown too. Only its last sample is: if nothing but the
	// monitor asks, its Run must be running.
	Load *DynamicThrottle
}

// Saturated reports whether one of the gates, or the dynamic throttle, would reject a
// request that arrives now.
func (m *Monitor) Saturated() bool {
	for _, g := range m.Gates {
		if g.Saturated() {
			return true
		}
	}
	return m.Load != nil && m.Load.Saturated()
}

// Ready returns a handler for readiness checks: 200, or 503 while Saturated, both with
// an empty body.
func (m *Monitor) Ready() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		status := http.StatusOK
		if m.Saturated() {
			status = http.StatusServiceUnavailable
		}
		refuse.Write(w, status, 0)
	})
}

type gateState struct {
	Running        int     `json:"running"`
	Waiting        int     `json:"waiting"`
	Outstanding    int     `json:"outstanding"`
	MaxConcurrent  int     `json:"maxConcurrent"`
	MaxOutstanding int     `json:"maxOutstanding"`
	Rejected       uint64  `json:"rejected"`
	Cancelled      uint64  `json:"cancelled"`
	MeanWait       float64 `json:"meanWaitSeconds"`
	MeanService    float64 `json:"meanServiceSeconds"`
}

type loadState struct {
	Value float64 `json:"value"`
	Limit float64 `json:"limit"`
}

// Metrics returns a handler that answers with the numbers as JSON, in the form that the
// metrics-api scaler of KEDA can read: its valueLocation for the requests inside the
// gate "app" is gates.app.outstanding, for those in line gates.app.waiting.
//
//	{
//	  "saturated": false,
//	  "gates": {"app": {"running": 100, "waiting": 7, "outstanding": 107,
//	    "maxConcurrent": 100, "maxOutstanding": 200, "rejected": 0, "cancelled": 1,
//	    "meanWaitSeconds": 0.1, "meanServiceSeconds": 0.25}},
//	  "load": {"Memory": {"value": 1e8, "limit": 5e8}}
//	}
//
// A limit of 0 is none. rejected and cancelled count from the start of the process.
func (m *Monitor) Metrics() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var state struct {
			Saturated bool                 `json:"saturated"`
			Gates     map[string]gateState `json:"gates"`
			Load      map[string]loadState `json:"load,omitempty"`
		}
		state.Saturated = m.Saturated()
		state.Gates = map[string]gateState{}
		for name, g := range m.Gates {
			s := g.Stats()
			state.Gates[name] = gateState{
				Running: s.Running, Waiting: s.Waiting, Outstanding: s.Running + s.Waiting,
				MaxConcurrent: s.MaxConcurrent, MaxOutstanding: s.MaxOutstanding,
				Rejected: s.RejectedQueue + s.RejectedWait + s.RejectedDrain, Cancelled: s.Cancelled,
				MeanWait: s.MeanWait.Seconds(), MeanService: s.MeanService.Seconds(),
			}
		}
		if m.Load != nil {
			state.Load = map[string]loadState{}
			for _, reading := range m.Load.Readings() {
				if finite(reading.Value) && finite(reading.Limit) { // JSON has no others
					state.Load[reading.Name] = loadState{reading.Value, reading.Limit}
				}
			}
		}
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(state)
	})
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
