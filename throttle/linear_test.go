package throttle_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/throttle"
)

// Short runs of a few goroutines that really run at once: each must be explained by
// the decision table in some order.
func TestGateLinearizable(t *testing.T) {
	histories := 4000
	if testing.Short() {
		histories = 400
	}
	outcomes := map[string]int{}
	for seed := range histories {
		h := record(t, uint64(seed))
		for _, op := range h.ops {
			outcomes[op.outcome]++
		}
		if !h.linearizable() {
			t.Fatalf("history %d through %d/%d has no order: %+v", seed, h.c, h.o, h.ops)
		}
	}
	t.Logf("%d histories, %v", histories, outcomes)
	for _, outcome := range []string{"admitted", "refused", "cancelled"} {
		if outcomes[outcome] == 0 {
			t.Errorf("no request was %s", outcome)
		}
	}
}

func record(t *testing.T, seed uint64) *history {
	const goroutines, rounds = 4, 3
	rnd := rand.New(rand.NewPCG(seed, 2))
	h := &history{c: 1 + rnd.IntN(2), o: rnd.IntN(4)}
	g := newGate(t, throttle.GateConfig{MaxConcurrent: h.c, MaxOutstanding: h.o})
	var clock atomic.Int64
	now := func() int { return int(clock.Add(1)) }
	var mu sync.Mutex
	add := func(op operation) int {
		mu.Lock()
		defer mu.Unlock()
		h.ops = append(h.ops, op)
		return len(h.ops) - 1
	}
	var group sync.WaitGroup
	for i := range goroutines {
		pauses := rand.New(rand.NewPCG(seed, uint64(i)+10))
		group.Go(func() {
			for range rounds {
				ctx, cancel := context.WithCancel(context.Background())
				if pauses.IntN(3) == 0 {
					n := pauses.IntN(4)
					group.Go(func() {
						pause(n)
						cancel()
					})
				}
				op := operation{call: now()}
				ticket, err := g.Acquire(ctx)
				op.ret = now()
				var rejected *throttle.RejectedError
				switch {
				case err == nil:
					op.outcome = "admitted"
				case errors.As(err, &rejected):
					op.outcome = "refused"
				default:
					op.outcome = "cancelled"
				}
				id := add(op)
				if err == nil {
					pause(pauses.IntN(3))
					op := operation{release: true, ticket: id, outcome: "released", call: now()}
					ticket.Release()
					op.ret = now()
					add(op)
				}
				cancel()
			}
		})
	}
	group.Wait()
	if s := g.Stats(); s.Running != 0 || s.Waiting != 0 {
		t.Fatalf("history %d: %d run and %d wait at the end", seed, s.Running, s.Waiting)
	}
	return h
}

func pause(n int) {
	for range n {
		runtime.Gosched()
	}
}

// Storms: many goroutines arrive, give up and come back while the limits change.
// Never more than the highest limit run, and in the end nobody is left.
func TestGateStorm(t *testing.T) {
	nothing := func(time.Duration) {}
	for name, c := range map[string]throttle.GateConfig{
		"plain":   {},
		"hooks":   {Hooks: throttle.GateHooks{Admitted: nothing, Cancelled: nothing}},
		"MaxWait": {MaxWait: time.Microsecond},
		"all":     {MaxWait: 20 * time.Microsecond, Hooks: throttle.GateHooks{Admitted: nothing}},
		"compat":  {Compat: true},
	} {
		t.Run(name, func(t *testing.T) { storm(t, c) })
	}
}

func storm(t *testing.T, c throttle.GateConfig) {
	c.MaxConcurrent = 4
	g := newGate(t, c)
	var inside, most, admitted atomic.Int64
	var group sync.WaitGroup
	for i := range 32 {
		rnd := rand.New(rand.NewPCG(3, uint64(i)))
		group.Go(func() {
			for range 300 {
				ctx, cancel := context.WithCancel(context.Background())
				n := rnd.IntN(20)
				go func() {
					pause(n)
					cancel()
				}()
				ticket, err := g.Acquire(ctx)
				if err != nil {
					continue
				}
				admitted.Add(1)
				for now := inside.Add(1); ; {
					old := most.Load()
					if now <= old || most.CompareAndSwap(old, now) {
						break
					}
				}
				pause(rnd.IntN(3))
				inside.Add(-1)
				ticket.Release()
			}
		})
	}
	stop := make(chan struct{})
	changed := make(chan struct{})
	go func() {
		defer close(changed)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				c := c
				c.MaxConcurrent, c.MaxOutstanding = 1+i%4, 8+i%16
				if err := g.Reconfigure(c); err != nil {
					t.Error(err)
				}
				runtime.Gosched()
			}
		}
	}()
	group.Wait()
	close(stop)
	<-changed
	if most.Load() > 4 {
		t.Errorf("%d ran at once, want 4 at most", most.Load())
	}
	if s := g.Stats(); s.Running != 0 || s.Waiting != 0 {
		t.Errorf("Stats() = %+v at the end, want nobody inside", s)
	}
	t.Logf("%d admitted, %d at most at once, %+v", admitted.Load(), most.Load(), g.Stats())
}

// A limit that was lowered holds from the moment Reconfigure returns, also for those
// who were just on their way in.
func TestGateReconfigureHolds(t *testing.T) {
	for seed := range 300 {
		g := newGate(t, throttle.GateConfig{MaxConcurrent: 8, MaxOutstanding: 8})
		var group sync.WaitGroup
		var lowered atomic.Bool
		tickets := make([]throttle.Ticket, 8)
		for i := range tickets {
			group.Go(func() {
				pause(seed % 3)
				before := lowered.Load()
				running := g.Stats().Running
				var err error
				tickets[i], err = g.Acquire(context.Background())
				if before && running >= 1 && err == nil {
					t.Errorf("admitted after the limit was lowered to 1, with %d inside", running)
				}
			})
		}
		if err := g.Reconfigure(throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 1}); err != nil {
			t.Fatal(err)
		}
		lowered.Store(true)
		group.Wait()
		for i := range tickets {
			tickets[i].Release()
		}
	}
}

// The judge itself: it must refuse histories that no gate may have.
func TestJudge(t *testing.T) {
	acquire := func(outcome string, call, ret int) operation {
		return operation{outcome: outcome, call: call, ret: ret}
	}
	release := func(ticket, call, ret int) operation {
		return operation{release: true, ticket: ticket, call: call, ret: ret}
	}
	tests := []struct {
		name string
		h    history
		want bool
	}{
		{"one after the other", history{c: 1, ops: []operation{acquire("admitted", 1, 2), release(0, 3, 4), acquire("admitted", 5, 6), release(2, 7, 8)}}, true},
		{"two inside of one", history{c: 1, ops: []operation{acquire("admitted", 1, 2), acquire("admitted", 3, 4), release(0, 5, 6), release(1, 7, 8)}}, false},
		{"waited", history{c: 1, ops: []operation{acquire("admitted", 1, 2), acquire("admitted", 3, 6), release(0, 5, 7), release(1, 8, 9)}}, true},
		{"refused though empty", history{c: 1, o: 1, ops: []operation{acquire("refused", 1, 2)}}, false},
		{"refused", history{c: 1, o: 1, ops: []operation{acquire("admitted", 1, 2), acquire("refused", 3, 4), release(0, 5, 6)}}, true},
		{"admitted though full", history{c: 1, o: 1, ops: []operation{acquire("admitted", 1, 2), acquire("admitted", 3, 4), release(0, 5, 6), release(1, 8, 9)}}, false},
		{"cancelled in line", history{c: 1, ops: []operation{acquire("admitted", 1, 2), acquire("cancelled", 3, 4), release(0, 5, 6)}}, true},
		{"lost: the first in line starved", history{c: 1, ops: []operation{acquire("admitted", 1, 2), acquire("admitted", 3, 4)}}, false},
	}
	for _, tt := range tests {
		if got := tt.h.linearizable(); got != tt.want {
			t.Errorf("%s: linearizable() = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// What keeps the race above closed: an admission that was judged by old limits must
// find another word than it read.
func TestGateReconfigureChangesState(t *testing.T) {
	g := newGate(t, throttle.GateConfig{MaxConcurrent: 8})
	ticket, err := g.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer ticket.Release()
	seen := map[uint64]bool{g.State(): true}
	for i := range 1000 {
		if err := g.Reconfigure(throttle.GateConfig{MaxConcurrent: 8}); err != nil {
			t.Fatal(err)
		}
		if seen[g.State()] {
			t.Fatalf("Reconfigure %d brought back a state: %x", i, g.State())
		}
		seen[g.State()] = true
	}
	if got := g.Stats(); got.Running != 1 || got.Waiting != 0 || got.Draining {
		t.Errorf("Stats() = %+v, want one inside", got)
	}
}
