package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Pool runs handlers after the sender has got its answer, because senders wait
// for seconds only. It is bounded: a delivery that finds no place is refused
// with status 503 and Retry-After, and the sender comes again. Its zero value
// is ready for use; no goroutine runs while there is no work. One pool may
// serve many receivers. It must not be copied after first use.
type Pool struct {
	// Workers bounds the handlers that run at once. Zero or less is 8.
	Workers int
	// Queue bounds the deliveries that wait for a worker. Zero is 64, less is
	// none at all. Each holds its body in memory.
	Queue int
	// RetryAfter is what a refused sender is told; zero is 5 seconds.
	RetryAfter time.Duration
	// Timeout ends the context of a handler; zero or less is no limit.
	Timeout time.Duration
	// Logger gets the errors and panics of handlers, whose sender is gone; nil is
	// silent.
	Logger *slog.Logger

	mu      sync.Mutex
	running int
	waiting []func()
	closed  bool
	idle    chan struct{} // closed when the last job ends, if somebody drains
}

// PoolStats counts the work of a pool.
type PoolStats struct {
	Running int // handlers at work
	Waiting int // deliveries that wait for a worker
}

// Stats returns how busy the pool is.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return PoolStats{Running: p.running, Waiting: len(p.waiting)}
}

// submit takes job in, or returns false if there is no place.
func (p *Pool) submit(job func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	if p.running < p.workers() {
		p.running++
		go p.work(job)
		return true
	}
	if len(p.waiting) < p.queue() {
		p.waiting = append(p.waiting, job)
		return true
	}
	return false
}

// work runs job and then whatever waits.
func (p *Pool) work(job func()) {
	ended := false
	defer func() {
		if ended {
			return
		}
		if job := p.next(); job != nil { // a handler ended the goroutine
			go p.work(job)
		}
	}()
	for job != nil {
		job()
		job = p.next()
	}
	ended = true
}

func (p *Pool) next() func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) > 0 {
		job := p.waiting[0]
		p.waiting[0] = nil
		p.waiting = p.waiting[1:]
		return job
	}
	p.running--
	if p.running == 0 && p.idle != nil {
		close(p.idle)
		p.idle = nil
	}
	return nil
}

// Drain takes no more work and waits until what was taken in is done, or ctx
// is. What is left then goes on running.
func (p *Pool) Drain(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	if p.running == 0 {
		p.mu.Unlock()
		return nil
	}
	if p.idle == nil {
		p.idle = make(chan struct{})
	}
	idle := p.idle
	p.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Pool) workers() int {
	if p.Workers <= 0 {
		return 8
	}
	return p.Workers
}

func (p *Pool) queue() int {
	if p.Queue == 0 {
		return 64
	}
	return max(p.Queue, 0)
}

func (p *Pool) refusal(sender string) error {
	retry := p.RetryAfter
	if retry <= 0 {
		retry = 5 * time.Second
	}
	return &SignatureError{Sender: sender, Reason: Overloaded, Retry: retry}
}

// enqueue gives the delivery to the pool and answers the sender. Until the work
// is done a repeat is asked to come later: it counts if the work fails. It tells
// whether the pool took the delivery.
func (rc *Receiver) enqueue(w http.ResponseWriter, r *http.Request, p *received, l *loan, c claim) bool {
	ctx, d := context.WithoutCancel(r.Context()), &p.delivery
	taken := make(chan struct{})
	job := func() {
		<-taken
		rc.background(ctx, d, l, c)
	}
	if !rc.c.Pool.submit(job) {
		c.settle(ctx, false)
		rc.refuse(w, r, rc.c.Pool.refusal(d.Sender))
		return false
	}
	defer close(taken)
	rc.observe(r, d, OK, 0)
	answer(w, d.Success)
	return true
}

// background runs a handler with nobody waiting: an error or a panic ends here,
// in the log, and the delivery may come again.
func (rc *Receiver) background(ctx context.Context, d *Delivery, l *loan, c claim) {
	defer rc.contain(ctx, d)
	done := false
	defer func() { c.settle(ctx, done) }()
	work := ctx
	if timeout := rc.c.Pool.Timeout; timeout > 0 {
		var cancel context.CancelFunc
		work, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	err := rc.c.Handle(work, *d)
	l.end()
	if err != nil {
		rc.c.Pool.log(ctx, d, slog.Any("error", err))
		return
	}
	done = true
}

// contain keeps a panic from ending the process.
func (rc *Receiver) contain(ctx context.Context, d *Delivery) {
	if v := recover(); v != nil {
		rc.c.Pool.log(ctx, d, slog.Any("panic", v))
	}
}

func (p *Pool) log(ctx context.Context, d *Delivery, cause slog.Attr) {
	if p.Logger == nil {
		return
	}
	p.Logger.LogAttrs(ctx, slog.LevelError, "webhook handler failed", slog.String("sender", d.Sender),
		slog.String("event", d.Event), slog.String("id", d.ID), cause)
}
