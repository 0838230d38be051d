package triggervec

import (
	"math"
	"time"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/throttle"
)

// sample is what an adaptive limit is given; times are in milliseconds.
type sample struct {
	Limit, Rtt, MinRtt, LongRtt float64
	Min, Max, Inflight          int
	Drop                        bool
}

// adaptive compares a step of an algorithm for adaptive limits.
func adaptive(r *vec.Report, group string, v *vector, want float64) {
	var s sample
	if err := decode(v.Sample, &s); err != nil {
		r.NotBuilt(group, v.ID, "sample: "+err.Error())
		return
	}
	ms := func(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }
	in := throttle.Sample{RTT: ms(s.Rtt), InFlight: s.Inflight, Dropped: s.Drop}
	var got float64
	switch v.Config.Algorithm {
	case "aimd":
		got = throttle.AIMD{Min: s.Min, Max: s.Max}.Next(s.Limit, in)
	case "vegas":
		got = throttle.Vegas{Max: s.Max}.Next(s.Limit, ms(s.MinRtt), in)
	case "gradient2":
		got = throttle.Gradient2{Min: s.Min, Max: s.Max}.Next(s.Limit, ms(s.LongRtt), in)
	default:
		r.NotBuilt(group, v.ID, "the adaptive limit "+v.Config.Algorithm)
		return
	}
	if math.Abs(got-want) > 1e-9 {
		r.Fail(group, v.ID, "%s: limit: got %v, want %v", v.Title, got, want)
		return
	}
	r.Pass(group)
}
