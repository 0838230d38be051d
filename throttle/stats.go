package throttle

import (
	"context"
	"sync/atomic"
	"time"
)

// GateStats is what a Gate knows of itself at one moment.
type GateStats struct {
	Running, Waiting int // requests inside, right now
	// MaxConcurrent and MaxOutstanding are the limits in force; zero is no bound.
	MaxConcurrent, MaxOutstanding int
	Draining                      bool

	// Refusals since the gate was made, by reason.
	RejectedQueue, RejectedWait, RejectedDrain uint64
	// Cancelled counts requests whose context ended while they waited.
	Cancelled uint64
	// MeanWait is the mean time that requests waited for their place, of those
	// that had to and were timed. MeanService is the smoothed time that requests
	// run. While requests take less than 50 microseconds only every 256th is
	// timed, else all are. Zero is not known yet.
	MeanWait, MeanService time.Duration
}

// Stats returns the present numbers. Running and Waiting are of one moment.
func (g *Gate) Stats() GateStats {
	s := g.current()
	running, waiting := counts(g.state.Load())
	c := &g.counts
	stats := GateStats{
		Running: int(running), Waiting: int(waiting), Draining: s.draining,
		MaxConcurrent: max(s.MaxConcurrent, 0), MaxOutstanding: max(s.MaxOutstanding, 0),
		RejectedQueue: c.rejected[byQueue].Load(), RejectedWait: c.rejected[byWait].Load(), RejectedDrain: c.rejected[byDrain].Load(),
		Cancelled: c.cancelled.Load(), MeanService: time.Duration(g.service.Load()),
	}
	if n := c.waits.Load(); n > 0 {
		stats.MeanWait = time.Duration(c.waitTime.Load() / n)
	}
	return stats
}

// Saturated reports whether a request that arrives now would be rejected.
func (g *Gate) Saturated() bool {
	return g.current().judge(g.state.Load()) == full
}

// gateCounts are the counters that only grow. None is touched by a request that is
// admitted without waiting.
type gateCounts struct {
	rejected        [kinds]atomic.Uint64
	cancelled       atomic.Uint64
	waits, waitTime atomic.Int64
}

func (c *gateCounts) waited(d time.Duration) {
	c.waits.Add(1)
	c.waitTime.Add(int64(d))
}

// cancelled counts a request that left the line and returns the error for it.
func (g *Gate) cancelled(s *settings, ctx context.Context, waited time.Duration) error {
	g.counts.cancelled.Add(1)
	if s.Hooks.Cancelled != nil {
		s.Hooks.Cancelled(waited)
	}
	return ctx.Err()
}

// since returns the time since arrived, or 0 if that was not noted.
func (s *settings) since(arrived int64) time.Duration {
	if arrived == 0 {
		return 0
	}
	return time.Duration(s.now() - arrived)
}
