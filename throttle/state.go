package throttle

import (
	"math"
	"math/bits"
	"time"

	"github.com/httptrigger/httptrigger/internal/refuse"
)

// The state of a gate is one word, so that admission and release are one
// compare-and-swap each:
//
//	bits  0-23  requests that run
//	bits 24-47  requests that wait; changes only under the lock, with the line
//	bit  48     releases must take the lock, for somebody waits for the gate to empty
//	bits 49-55  generation of the settings
//	bits 56-63  admissions, modulo 256: every 256th is timed
//
// The topmost counter overflows out of the word, the generation into it; both only
// have to change.
const (
	runningUnit    uint64 = 1
	runningMask    uint64 = maxCount
	waitingShift          = 24
	waitingUnit    uint64 = 1 << waitingShift
	waitingMask    uint64 = maxCount << waitingShift
	slowBit        uint64 = 1 << 48
	generationUnit uint64 = 1 << 49
	tickUnit       uint64 = 1 << 56

	maxCount = 1<<24 - 1
)

// counts returns how many run and wait.
func counts(state uint64) (running, waiting uint64) {
	return state & runningMask, state & waitingMask >> waitingShift
}

// verdict is what a gate says to a newcomer.
type verdict int

const (
	run verdict = iota
	wait
	full
)

// judge is the decision table: full before waiting before running, and nobody
// runs past somebody who waits.
func (s *settings) judge(state uint64) verdict {
	running, waiting := counts(state)
	switch {
	case running+waiting >= s.outstanding:
		return full
	case waiting > 0 || running >= s.concurrent:
		return wait
	}
	return run
}

// slowService is the time from which every request is timed: then two readings of
// the clock are nothing beside it. Faster ones are sampled.
const slowService = 50 * time.Microsecond

// timed reports whether the request admitted in state shall be timed. The first one
// is, unless the gate was never configured.
func (g *Gate) timed(s *settings, state uint64) bool {
	return state < s.sampled || g.slow()
}

// slow reports whether requests take long enough to time every one.
func (g *Gate) slow() bool { return g.service.Load() >= int64(slowService) }

// now returns the time since the epoch, never 0.
func (s *settings) now() int64 { return int64(time.Since(s.epoch)) }

// observe takes a service time into the smoothed one: an eighth of the difference.
// Two observations at once may lose one of them, which does no harm.
func (g *Gate) observe(d int64) {
	d = max(d, 1)
	if old := g.service.Load(); old > 0 {
		d = max(old+(d-old)/8, 1)
	}
	g.service.Store(d)
}

// estimate returns after which time a refused request may try again: when as many
// requests as wait now, and one more, will have been served by as many at once as
// run now. It lies within the bounds, in whole seconds rounded up; with nothing
// measured yet it is the lower bound.
func (s *settings) estimate(service int64, state uint64) time.Duration {
	running, waiting := counts(state)
	if high, low := bits.Mul64(uint64(service), waiting+1); high == 0 && low <= uint64(s.minRetry) {
		return s.minRetry // as nearly always
	}
	work, by := float64(service)*float64(waiting+1), float64(max(running, 1))
	if work <= float64(s.minRetry)*by {
		return s.minRetry
	}
	d := work / by
	if d >= float64(s.maxRetry) {
		return s.maxRetry
	}
	return min(roundUp(time.Duration(d)), s.maxRetry)
}

// roundUp returns d in whole seconds.
func roundUp(d time.Duration) time.Duration {
	return (min(d, math.MaxInt64-time.Second) + time.Second - 1).Truncate(time.Second)
}

// kind tells the refusals of a gate apart.
type kind int

const (
	byQueue kind = iota
	byWait
	byDrain
	kinds
)

// reject counts the refusal of a newcomer and returns the error for it.
func (g *Gate) reject(s *settings, state uint64) error {
	if s.draining {
		return g.rejectBy(byDrain, s, state)
	}
	return g.rejectBy(byQueue, s, state)
}

// rejectBy makes an error anew only if the last of its kind had another Retry-After.
func (g *Gate) rejectBy(k kind, s *settings, state uint64) error {
	g.counts.rejected[k].Add(1)
	var retry time.Duration
	if !s.Compat && s.maxRetry > 0 {
		retry = s.estimate(g.service.Load(), state)
	}
	e := s.refusals[k].Load()
	if e == nil || e.Retry != retry {
		e = s.newRefusal(k, retry)
	}
	if s.Hooks.Rejected != nil {
		s.Hooks.Rejected(e)
	}
	return e
}

func (s *settings) newRefusal(k kind, retry time.Duration) *RejectedError {
	e := &RejectedError{Retry: retry, Status: s.Status, preset: refuse.RetryAfter(retry)}
	switch k {
	case byQueue:
		e.Reason, e.Limit = ReasonQueue, int64(s.outstanding)
	case byWait:
		e.Reason, e.Limit = ReasonWait, int64(s.concurrent)
	case byDrain:
		e.Reason, e.Status = ReasonDrain, 0
	}
	if e.Status == 0 {
		e.Status = e.Reason.status()
	}
	if s != &unbounded {
		s.refusals[k].Store(e)
	}
	return e
}
