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
