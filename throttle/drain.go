package throttle

import "context"

// Drain stops admission for good and waits until the gate is empty: newcomers are
// rejected with ReasonDrain and status 503, requests that run or wait are served
// to their end. It returns the context's error if that ends first; the gate keeps
// draining then, and Drain may be called again.
func (g *Gate) Drain(ctx context.Context) error {
	g.mu.Lock()
	if g.drained == nil {
		g.drained = make(chan struct{})
		g.apply(g.current().GateConfig, true)
		g.checkDrained()
	}
	drained := g.drained
	g.mu.Unlock()
	select {
	case <-drained:
		return nil
	default:
	}
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// checkDrained ends Drain if the gate is draining and empty. The lock is held.
func (g *Gate) checkDrained() {
	state := g.state.Load()
	if state&slowBit == 0 || state&(runningMask|waitingMask) != 0 {
		return
	}
	select {
	case <-g.drained:
	default:
		close(g.drained)
	}
}
