package throttle_test

import (
	"math"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/throttle"
)

// The worked samples TH-68 to TH-78, and the bounds.
func TestAdaptive(t *testing.T) {
	const ms = time.Millisecond
	at := func(rtt time.Duration, inflight int) throttle.Sample {
		return throttle.Sample{RTT: rtt, InFlight: inflight}
	}
	drop := throttle.Sample{RTT: 100 * ms, InFlight: 20, Dropped: true}
	aimd, vegas, gradient := throttle.AIMD{Min: 10}, throttle.Vegas{}, throttle.Gradient2{}
	tests := []struct {
		name      string
		got, want float64
	}{
		{"AIMD in use", aimd.Next(20, at(0, 10)), 21},
		{"AIMD not in use", aimd.Next(20, at(0, 9)), 20},
		{"AIMD dropped", aimd.Next(20, drop), 18},
		{"AIMD too slow", aimd.Next(20, at(6*time.Second, 20)), 18},
		{"AIMD at its least", throttle.AIMD{}.Next(20, drop), 20},
		{"AIMD at its most", throttle.AIMD{}.Next(200, at(0, 200)), 200},
		{"AIMD, backoff", throttle.AIMD{Min: 1, Backoff: 0.5}.Next(20, drop), 10},
		{"Vegas, no queue", vegas.Next(20, 100*ms, at(100*ms, 20)), 26},
		{"Vegas, as it should be", vegas.Next(20, 100*ms, at(120*ms, 20)), 20},
		{"Vegas, a long queue", vegas.Next(20, 100*ms, at(200*ms, 20)), 19},
		{"Vegas, a short queue", vegas.Next(20, 100*ms, at(111*ms, 20)), 21},
		{"Vegas, not in use", vegas.Next(20, 100*ms, at(200*ms, 5)), 20},
		{"Vegas, dropped", vegas.Next(20, 100*ms, drop), 19},
		{"Vegas, a new least time", vegas.Next(20, 100*ms, at(50*ms, 20)), 20},
		{"Vegas, nothing known", vegas.Next(20, 0, at(50*ms, 20)), 20},
		{"Vegas at its most", vegas.Next(999, 100*ms, at(100*ms, 999)), 1000},
		{"Vegas, smoothed", throttle.Vegas{Smoothing: 0.5}.Next(20, 100*ms, at(100*ms, 20)), 23},
		{"Gradient2, steady", gradient.Next(20, 100*ms, at(100*ms, 20)), 20.8},
		{"Gradient2, slower", gradient.Next(100, 100*ms, at(300*ms, 100)), 90.8},
		{"Gradient2, not in use", gradient.Next(100, 100*ms, at(300*ms, 49)), 100},
		{"not a number", gradient.Next(math.NaN(), 100*ms, at(100*ms, 20)), 20},
		{"infinite", vegas.Next(math.Inf(1), 100*ms, at(200*ms, 1000)), 997},
		{"negative", aimd.Next(-5, at(0, 0)), 10},
	}
	for _, tt := range tests {
		if math.Abs(tt.got-tt.want) > 1e-9 || math.IsNaN(tt.got) {
			t.Errorf("%s: %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}
