package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/sethvargo/go-limiter"
	"github.com/sethvargo/go-limiter/memorystore"
	"golang.org/x/sync/semaphore"

	"github.com/httptrigger/httptrigger/internal/bench"
	"github.com/httptrigger/httptrigger/throttle"
)

func throttleGoals() []goal {
	return []goal{
		{"gate: acquire and release", "of semaphore", 0.5, against(acquireSemaphore(), acquireGate())},
		{"gate: hand over, 8 waiters, 1 place", "of channel", 1.2, handingOver(8, 1)},
		{"gate: hand over, 64 waiters, 1 place", "of channel", 1.2, handingOver(64, 1)},
		{"gate: hand over, 256 waiters, 1 place", "of channel", 1.2, handingOver(256, 1)},
		{"gate: hand over, 256 waiters, 8 places", "of channel", 1.2, handingOver(256, 8)},
		{"gate: refuse with a complete 429", "of chi", 0.12, against(refuseChi(), refuseGate())},
		{"rate: 1 key", "of go-limiter", 0.8, func(e bench.Effort) measured { return against(takePeer(1), takeRate(1))(e) }},
		{"rate: 100,000 keys", "of go-limiter", 0.8, func(e bench.Effort) measured { return against(takePeer(100_000), takeRate(100_000))(e) }},
		{"rate: memory of a key, 100,000 keys", "bytes", 40, func(bench.Effort) measured { return keyMemory(100_000) }},
		{"rate: memory of a key, 1,000,000 keys", "bytes", 40, func(bench.Effort) measured { return keyMemory(1_000_000) }},
		{"overload tenfold: p99 of admitted requests", "of full queue", 1.3, func(e bench.Effort) measured {
			return overloaded(e, func(full, over load) float64 { return over.p99.Seconds() / full.p99.Seconds() })
		}},
		{"overload tenfold: capacity by goodput", "", 1 / 0.95, func(e bench.Effort) measured {
			return overloaded(e, func(full, over load) float64 { return full.goodput / over.goodput })
		}},
	}
}

// must returns v of a constructor that cannot fail here.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// cancellable is a context as requests have.
func cancellable() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	context.AfterFunc(ctx, cancel)
	return ctx
}

func acquireGate() bench.Contestant {
	ctx, g := cancellable(), must(throttle.NewGate(throttle.GateConfig{MaxConcurrent: 8, MaxOutstanding: 16}))
	return bench.Contestant{Name: "gate", Run: func(n int) {
		for range n {
			ticket, err := g.Acquire(ctx)
			if err != nil {
				panic(err)
			}
			ticket.Release()
		}
	}}
}

func acquireSemaphore() bench.Contestant {
	ctx, s := cancellable(), semaphore.NewWeighted(8)
	return bench.Contestant{Name: "semaphore", Run: func(n int) {
		for range n {
			if err := s.Acquire(ctx, 1); err != nil {
				panic(err)
			}
			s.Release(1)
		}
	}}
}

// handingOver measures goroutines that compete for places, on all processors and by
// the clock on the wall, in passes that alternate.
func handingOver(waiters, places int) func(bench.Effort) measured {
	return func(e bench.Effort) measured {
		ctx := cancellable()
		g := must(throttle.NewGate(throttle.GateConfig{MaxConcurrent: places}))
		channel := make(chan struct{}, places)
		viaGate := func() {
			ticket, err := g.Acquire(ctx)
			if err != nil {
				panic(err)
			}
			work()
			ticket.Release()
		}
		viaChannel := func() {
			select {
			case channel <- struct{}{}:
			case <-ctx.Done():
				panic(ctx.Err())
			}
			work()
			<-channel
		}
		n := max(int(8*e.Turn/time.Microsecond), 8*waiters)
		crowd(waiters, n, viaGate)
		crowd(waiters, n, viaChannel)
		var ratios, times []float64
		var before, after runtime.MemStats
		var mallocs uint64
		for range e.Passes {
			peer := crowd(waiters, n, viaChannel)
			runtime.ReadMemStats(&before)
			ours := crowd(waiters, n, viaGate)
			runtime.ReadMemStats(&after)
			mallocs += after.Mallocs - before.Mallocs
			ratios = append(ratios, float64(ours)/float64(peer))
			times = append(times, float64(ours)/float64(n))
		}
		m := measured{value: bench.Median(ratios), detail: fmt.Sprintf("%.0f ns", bench.Median(times))}
		slices.Sort(ratios)
		m.detail += fmt.Sprintf(", quartiles %.2f to %.2f", ratios[len(ratios)/4], ratios[len(ratios)*3/4])
		// Goroutines and the group of a pass allocate, some per waiter.
		if per := float64(mallocs) / float64(e.Passes) / float64(n); per > 4*float64(waiters)/float64(n) {
			m.broken = fmt.Sprintf("%.2f allocations;", per)
		}
		return m
	}
}

// crowd shares n runs of f between goroutines and returns how long that takes.
func crowd(goroutines, n int, f func()) time.Duration {
	var group sync.WaitGroup
	start := time.Now()
	for range goroutines {
		group.Go(func() {
			for range n / goroutines {
				f()
			}
		})
	}
	group.Wait()
	return time.Since(start)
}

// work takes some 0.3 microseconds.
//
//go:noinline
func work() {
	n := 0
	for i := range 600 {
		n += i & 3
	}
	if n < 0 {
		bench.Sink = n
	}
}

// refuseGate refuses requests at a gate that is full.
func refuseGate() bench.Contestant {
	g := must(throttle.NewGate(throttle.GateConfig{MaxOutstanding: 1}))
	ticket, err := g.Acquire(context.Background())
	if err != nil {
		panic(err)
	}
	c := refusing("gate", g.Wrap(http.NotFoundHandler()))
	return bench.Contestant{Name: c.Name, Run: func(n int) {
		c.Run(n)
		runtime.KeepAlive(&ticket)
	}}
}

// refuseChi refuses requests at a throttle whose only place is taken.
func refuseChi() bench.Contestant {
	inside, hold := make(chan struct{}), make(chan struct{})
	first := true
	h := middleware.ThrottleBacklog(1, 0, time.Minute)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if first {
			first = false
			close(inside)
			<-hold
		}
	}))
	go h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	<-inside
	return refusing("chi", h)
}

// refusing serves one request again and again: a refusal does not touch it.
func refusing(name string, h http.Handler) bench.Contestant {
	w := discard{http.Header{}}
	r := httptest.NewRequestWithContext(cancellable(), "GET", "/", nil)
	return bench.Contestant{Name: name, Run: func(n int) {
		for range n {
			h.ServeHTTP(w, r)
		}
	}}
}

// discard is a response writer that keeps nothing.
type discard struct{ header http.Header }

func (w discard) Header() http.Header         { return w.header }
func (w discard) Write(p []byte) (int, error) { return len(p), nil }
func (w discard) WriteHeader(int)             {}

func rateKeys(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("key-%011d", i)
	}
	return names
}

func takeRate(keys int) bench.Contestant {
	byPath := func(r *http.Request) throttle.RateKey { return throttle.RateKey{Name: r.URL.Path} }
	r := must(throttle.NewRate(throttle.RateConfig{Limit: 1_000_000, Burst: 1 << 40, Key: byPath}))
	names, at := rateKeys(keys), 0
	return bench.Contestant{Name: "rate", Run: func(n int) {
		for range n {
			if err := r.Allow(throttle.RateKey{Name: names[at]}); err != nil {
				panic(err)
			}
			if at++; at == len(names) {
				at = 0
			}
		}
	}}
}

func takePeer(keys int) bench.Contestant {
	var store limiter.Store = must(memorystore.New(&memorystore.Config{Tokens: 1 << 60, Interval: time.Hour}))
	ctx, names, at := context.Background(), rateKeys(keys), 0
	return bench.Contestant{Name: "go-limiter", Run: func(n int) {
		for range n {
			if _, _, _, ok, err := store.Take(ctx, names[at]); !ok || err != nil {
				panic("refused")
			}
			if at++; at == len(names) {
				at = 0
			}
		}
	}}
}

// keyMemory measures the heap that keys take, without their names.
func keyMemory(keys int) measured {
	names := rateKeys(keys)
	byPath := func(r *http.Request) throttle.RateKey { return throttle.RateKey{Name: r.URL.Path} }
	before := inUse()
	r := must(throttle.NewRate(throttle.RateConfig{Limit: 10, MaxKeys: 2 * keys, Key: byPath}))
	for _, name := range names {
		r.Take(throttle.RateKey{Name: name})
	}
	used := inUse() - before
	runtime.KeepAlive(names)
	runtime.KeepAlive(r)
	return measured{value: used / float64(keys)}
}
