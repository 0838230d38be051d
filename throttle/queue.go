package throttle

import (
	"context"
	"time"
)

// waiter is a request in the line of a gate. Waiters are used again, with their
// channel and timer: a request that got its place keeps its waiter until it gives the
// place back, when the lock has to be taken anyway to hand the place on.
type waiter struct {
	ready      chan struct{} // receives once when it is handed a place; has room for it
	next, prev *waiter
	queued     bool
	plain      bool // for nothing but its place and the end of its context

	settings *settings   // when it joined the line
	timed    bool        // by the time it runs
	timer    *time.Timer // nil until a wait was bounded
}

// waiters is a line, first come first served, and a stack of waiters to use again.
// The gate's lock guards it.
type waiters struct {
	head, tail *waiter
	free       *waiter
	nfree      int
}

// maxFree bounds the waiters that are kept.
const maxFree = 1024

func (q *waiters) push() *waiter {
	w := q.free
	if w != nil {
		q.free, w.next = w.next, nil
		q.nfree--
	} else {
		w = &waiter{ready: make(chan struct{}, 1)}
	}
	w.queued = true
	if w.prev = q.tail; w.prev != nil {
		w.prev.next = w
	} else {
		q.head = w
	}
	q.tail = w
	return w
}

func (q *waiters) recycle(w *waiter) {
	if w != nil && q.nfree < maxFree {
		w.next, q.free = q.free, w
		q.nfree++
	}
}

func (q *waiters) remove(w *waiter) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		q.head = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		q.tail = w.prev
	}
	w.next, w.prev, w.queued = nil, nil, false
}

func (q *waiters) pop() *waiter {
	w := q.head
	q.remove(w)
	return w
}

// enqueue joins the line. What the caller saw may have changed until the lock is
// held, so it is judged again; without a waiter and an error the request runs, since
// start.
func (g *Gate) enqueue(ctx context.Context) (w *waiter, start int64, err error) {
	if s := g.current(); !s.Compat && ctx.Err() != nil {
		return nil, 0, g.cancelled(s, ctx, 0)
	}
	g.mu.Lock()
	s := g.current()
	for {
		state := g.state.Load()
		switch s.judge(state) {
		case full:
			g.mu.Unlock()
			return nil, 0, g.reject(s, state)
		case run:
			if g.state.CompareAndSwap(state, state+runningUnit+tickUnit) {
				g.mu.Unlock()
				return nil, g.admit(s, state), nil
			}
		case wait:
			if g.state.CompareAndSwap(state, state+waitingUnit+tickUnit) {
				w := g.line.push()
				g.mu.Unlock()
				w.settings, w.timed = s, g.timed(s, state)
				w.plain = !w.timed && s.plain
				return w, 0, nil
			}
		}
	}
}

// wait blocks until w is handed a place or gives up, and takes the time where somebody
// wants to know it.
func (g *Gate) wait(ctx context.Context, w *waiter) (Ticket, error) {
	s := w.settings
	var arrived, start int64
	if w.timed || s.Hooks.Admitted != nil || s.Hooks.Cancelled != nil {
		arrived = s.now()
	}
	end := w.await(ctx)
	if end != placed {
		end = g.leave(w, end)
	}
	switch end {
	case cancelled:
		return Ticket{}, g.cancelled(s, ctx, s.since(arrived))
	case expired:
		return Ticket{}, g.rejectBy(byWait, s, g.state.Load())
	}
	if arrived != 0 || g.slow() {
		start = s.now()
	}
	if arrived != 0 {
		g.counts.waited(time.Duration(start - arrived))
	}
	if s.Hooks.Admitted != nil {
		g.admitted(s, w, time.Duration(start-arrived))
	}
	return Ticket{gate: g, start: start, waiter: w}, nil
}

// abandon takes a plain waiter out of the line whose context has ended.
func (g *Gate) abandon(ctx context.Context, w *waiter) (Ticket, error) {
	s := w.settings
	g.leave(w, cancelled)
	return Ticket{}, g.cancelled(s, ctx, 0)
}

// outcome tells how a wait ended.
type outcome int

const (
	placed outcome = iota
	cancelled
	expired
)

func (w *waiter) await(ctx context.Context) outcome {
	var done <-chan struct{}
	if !w.settings.Compat {
		done = ctx.Done()
	}
	var bound <-chan time.Time
	if limit := w.settings.MaxWait; limit > 0 {
		if w.timer == nil {
			w.timer = time.NewTimer(limit)
		} else {
			w.timer.Reset(limit)
		}
		defer w.timer.Stop()
		bound = w.timer.C
	}
	select {
	case <-w.ready:
		return placed
	case <-done:
		return cancelled
	case <-bound:
		return expired
	}
}

// leave takes w out of the line. If it was handed a place in the same moment, one
// that waited too long takes it after all, and one that was cancelled passes it on.
func (g *Gate) leave(w *waiter, end outcome) outcome {
	g.mu.Lock()
	if w.queued {
		g.line.remove(w)
		g.state.Add(^(waitingUnit - 1))
		g.line.recycle(w)
		g.checkDrained()
		g.mu.Unlock()
		return end
	}
	g.mu.Unlock()
	<-w.ready
	if end == expired {
		return placed
	}
	g.handOver(w)
	return end
}

// handOver gives a place back while somebody waits, in line or for the gate to
// empty, or when the waiter it was got with is to be kept. Those in line get it if
// it is still within the limits.
func (g *Gate) handOver(used *waiter) {
	g.mu.Lock()
	g.line.recycle(used)
	s := g.current()
	for {
		state := g.state.Load()
		running, waiting := counts(state)
		if running == 0 {
			g.mu.Unlock()
			panic("throttle: a place was given back twice: a Ticket was copied")
		}
		if waiting > 0 && running <= s.concurrent {
			if g.state.CompareAndSwap(state, state-waitingUnit) {
				w := g.line.pop()
				g.mu.Unlock()
				w.ready <- struct{}{}
				return
			}
		} else if g.state.CompareAndSwap(state, state-runningUnit) {
			g.checkDrained()
			g.mu.Unlock()
			return
		}
	}
}

// promote admits the first in line if the limits allow one more to run.
func (g *Gate) promote(s *settings) bool {
	for {
		state := g.state.Load()
		running, waiting := counts(state)
		if waiting == 0 || running >= s.concurrent {
			return false
		}
		if g.state.CompareAndSwap(state, state-waitingUnit+runningUnit) {
			g.line.pop().ready <- struct{}{}
			return true
		}
	}
}
