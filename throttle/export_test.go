package throttle

import "time"

// State returns the word that admission compares and swaps.
func (g *Gate) State() uint64 { return g.state.Load() }

// Estimate returns the time after which a refused request may try again.
func (g *Gate) Estimate(service time.Duration, running, waiting uint64) time.Duration {
	s := g.current()
	if s.maxRetry < 0 {
		return 0
	}
	return s.estimate(int64(service), running|waiting<<waitingShift)
}
