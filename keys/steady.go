package keys

import (
	"sync"
	"time"
)

// A steady reads a clock of the embedder's that may go back.
type steady struct {
	mu     sync.Mutex
	last   time.Time     // what the clock said
	latest time.Time     // the latest that it ever said
	passed time.Duration // the sum of its steps ahead
}

// clock returns how much time has passed. A step back is taken for none, so that
// ages go on from there.
func (s *steady) clock(now func() time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read(now)
	return s.passed
}

// times returns what the clock says, and the latest that it ever said.
func (s *steady) times(now func() time.Time) (t, latest time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read(now)
	return s.last, s.latest
}

// read asks the clock. The lock is held, so that answers come in order.
func (s *steady) read(now func() time.Time) {
	t := now()
	s.passed += max(t.Sub(s.last), 0)
	s.last = t
	if t.After(s.latest) {
		s.latest = t
	}
}
