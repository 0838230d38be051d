package throttle_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/httptrigger/httptrigger/throttle"
)

func benchGate(b *testing.B, c throttle.GateConfig) (*throttle.Gate, context.Context) {
	g, err := throttle.NewGate(c)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.Cleanup(cancel)
	b.ReportAllocs()
	return g, ctx
}

func BenchmarkGate(b *testing.B) {
	b.Run("uncontended", func(b *testing.B) {
		g, ctx := benchGate(b, throttle.GateConfig{MaxConcurrent: 8, MaxOutstanding: 16})
		for b.Loop() {
			ticket, err := g.Acquire(ctx)
			if err != nil {
				b.Fatal(err)
			}
			ticket.Release()
		}
	})
	b.Run("shared", func(b *testing.B) {
		g, ctx := benchGate(b, throttle.GateConfig{MaxConcurrent: 1000})
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				ticket, err := g.Acquire(ctx)
				if err != nil {
					b.Error(err)
				}
				ticket.Release()
			}
		})
	})
	b.Run("full", func(b *testing.B) {
		g, ctx := benchGate(b, throttle.GateConfig{MaxOutstanding: 1})
		ticket, _ := g.Acquire(ctx)
		defer ticket.Release()
		for b.Loop() {
			if _, err := g.Acquire(ctx); err == nil {
				b.Fatal("admitted")
			}
		}
	})
	b.Run("refusal", func(b *testing.B) {
		g, ctx := benchGate(b, throttle.GateConfig{MaxOutstanding: 1})
		ticket, _ := g.Acquire(ctx)
		defer ticket.Release()
		h := g.Wrap(http.NotFoundHandler())
		w := &nullWriter{header: http.Header{}}
		r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
		for b.Loop() {
			clear(w.header)
			h.ServeHTTP(w, r)
		}
	})
	for _, limit := range []int{1, 8} {
		for _, goroutines := range []int{16, 256} {
			b.Run(fmt.Sprintf("contended/limit=%d/goroutines=%d", limit, goroutines), func(b *testing.B) {
				g, ctx := benchGate(b, throttle.GateConfig{MaxConcurrent: limit})
				crowd(b, goroutines, func() {
					ticket, err := g.Acquire(ctx)
					if err != nil {
						b.Error(err)
					}
					work()
					ticket.Release()
				})
			})
			b.Run(fmt.Sprintf("channel/limit=%d/goroutines=%d", limit, goroutines), func(b *testing.B) {
				_, ctx := benchGate(b, throttle.GateConfig{})
				places := make(chan struct{}, limit)
				crowd(b, goroutines, func() {
					select {
					case places <- struct{}{}:
					case <-ctx.Done():
						b.Error(ctx.Err())
					}
					work()
					<-places
				})
			})
		}
	}
}

// crowd shares b.N runs of f between goroutines.
func crowd(b *testing.B, goroutines int, f func()) {
	var group sync.WaitGroup
	for i := range goroutines {
		n := b.N / goroutines
		if i < b.N%goroutines {
			n++
		}
		group.Go(func() {
			for range n {
				f()
			}
		})
	}
	group.Wait()
}

var sink int

// work takes some 0.3 microseconds.
//
//go:noinline
func work() {
	n := 0
	for i := range 600 {
		n += i & 3
	}
	if n < 0 {
		sink = n
	}
}

func BenchmarkRate(b *testing.B) {
	byName := func(r *http.Request) throttle.RateKey { return throttle.RateKey{Name: r.URL.Path} }
	names := make([]throttle.RateKey, 1<<17)
	for i := range names {
		names[i] = throttle.RateKey{Name: fmt.Sprintf("key-%011d", i)}
	}
	for _, n := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprintf("allow/keys=%d", n), func(b *testing.B) {
			r := newRate(b, throttle.RateConfig{Limit: 1_000_000, Burst: 1 << 40, Key: byName})
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if !r.Take(names[i]).Allowed {
					b.Fatal("refused")
				}
				if i++; i == n {
					i = 0
				}
			}
		})
	}
	b.Run("refuse", func(b *testing.B) {
		r := newRate(b, throttle.RateConfig{Limit: 1, Key: byName})
		b.ReportAllocs()
		for b.Loop() {
			r.Take(names[0])
		}
	})
	b.Run("parallel/keys=100000", func(b *testing.B) {
		r := newRate(b, throttle.RateConfig{Limit: 1_000_000, Burst: 1 << 40, Key: byName})
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				r.Take(names[i%100_000])
			}
		})
	})
}
