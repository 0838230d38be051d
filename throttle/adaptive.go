package throttle

import (
	"math"
	"time"
)

// Sample is what a request, or a window of requests, tells an adaptive limit.
type Sample struct {
	RTT      time.Duration // how long it took; not positive is not known
	InFlight int           // requests that ran when it began
	Dropped  bool          // it was refused further on, or ran out of time
}

// AIMD adds one while the limit is in use, and multiplies by Backoff when something was
// dropped or took longer than Timeout (AIMDLimit.java).
//
// AIMD, [Vegas] and [Gradient2] are the rules by which Netflix's concurrency-limits
// finds a limit of concurrency from samples. Each is pure: the limit before goes in, the
// one after comes out, and what is measured over time is the caller's. A [Gate] does not
// apply them by itself: round the result down and hand it to [Gate.Reconfigure] as
// MaxConcurrent. A field that is zero, or out of its bounds, stands for the default that
// is named with it, and results are finite and at least 1 whatever goes in.
type AIMD struct {
	Min, Max int           // bounds of the limit, inclusive; default 20 and 200
	Backoff  float64       // from 0.5, inclusive, to 1, exclusive; default 0.9
	Timeout  time.Duration // what takes longer counts as dropped; default 5 seconds
}

// Next returns the limit after s.
func (a AIMD) Next(limit float64, s Sample) float64 {
	low, high := bounds(a.Min, 20, a.Max, 200)
	backoff, timeout := a.Backoff, a.Timeout
	if !(backoff >= 0.5 && backoff < 1) {
		backoff = 0.9
	}
	if timeout <= 0 {
		timeout = 5 * time.Second
	}
	limit = clamp(limit, 1, high)
	switch {
	case s.Dropped || s.RTT > timeout:
		limit = math.Floor(limit * backoff)
	case 2*float64(s.InFlight) >= limit:
		limit++
	}
	return clamp(limit, low, high)
}

// Vegas estimates from the least time a request took how many stand in a queue further
// on, and keeps that number small but not zero (VegasLimit.java). See [AIMD] for what
// the rules have in common.
type Vegas struct {
	Max       int     // bound of the limit, inclusive; default 1000
	Smoothing float64 // part of the way to a new limit that is gone, above 0 up to 1; default 1
}

// Next returns the limit after s, with the least time seen so far. A sample under that
// time is a new least time, for the caller to keep, and changes nothing.
func (v Vegas) Next(limit float64, least time.Duration, s Sample) float64 {
	_, high := bounds(1, 1, v.Max, 1000)
	limit = clamp(limit, 1, high)
	if s.RTT <= 0 || least <= 0 || s.RTT < least {
		return limit
	}
	step := max(1, math.Floor(math.Log10(limit)))
	alpha, beta := 3*step, 6*step
	queue := math.Ceil(limit * (1 - float64(least)/float64(s.RTT)))
	next := limit
	switch {
	case s.Dropped:
		next -= step
	case 2*float64(s.InFlight) < limit: // not in use
		return limit
	case queue <= step:
		next += beta
	case queue < alpha:
		next += step
	case queue > beta:
		next -= step
	default:
		return limit
	}
	return smooth(limit, clamp(next, 1, high), v.Smoothing, 1)
}

// Gradient2 compares the time a request takes with what requests take in the long run,
// and leaves room for a queue (Gradient2Limit.java). Drops are not looked at. See [AIMD]
// for what the rules have in common.
type Gradient2 struct {
	Min, Max  int     // bounds of the limit, inclusive; default 20 and 200
	Queue     int     // requests that may stand in a queue further on; default 4
	Tolerance float64 // how many times the long run is still fine, at least 1; default 1.5
	Smoothing float64 // part of the way to a new limit that is gone, above 0 up to 1; default 0.2
}

// Next returns the limit after s, with the mean time in the long run.
func (g Gradient2) Next(limit float64, long time.Duration, s Sample) float64 {
	low, high := bounds(g.Min, 20, g.Max, 200)
	limit = clamp(limit, 1, high)
	if s.RTT <= 0 || long <= 0 || 2*float64(s.InFlight) < limit {
		return limit
	}
	tolerance, queue := g.Tolerance, g.Queue
	if !(tolerance >= 1) {
		tolerance = 1.5
	}
	if queue <= 0 {
		queue = 4
	}
	gradient := clamp(tolerance*float64(long)/float64(s.RTT), 0.5, 1)
	return clamp(smooth(limit, limit*gradient+float64(queue), g.Smoothing, 0.2), low, high)
}

// bounds returns the bounds of a limit, with their defaults where they are not set.
func bounds(low, defaultLow, high, defaultHigh int) (float64, float64) {
	if low <= 0 {
		low = defaultLow
	}
	if high <= 0 {
		high = max(defaultHigh, low)
	}
	return float64(low), float64(max(low, high))
}

// clamp returns v within the bounds, the lower one if v is not a number.
func clamp(v, low, high float64) float64 {
	if !(v >= low) {
		return low
	}
	return min(v, high)
}

func smooth(old, next, part, defaultPart float64) float64 {
	if !(part > 0 && part <= 1) {
		part = defaultPart
	}
	return (1-part)*old + part*next
}
