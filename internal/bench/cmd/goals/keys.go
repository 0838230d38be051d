package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/httptrigger/httptrigger/internal/bench"
	"github.com/httptrigger/httptrigger/keys"
)

func keysGoals() []goal {
	return []goal{
		{"a key among 1,000, by one alone", "times", 1.1, func(e bench.Effort) measured {
			return against(checking("one", 1, true), checking("1,000", 1000, true))(e)
		}},
		{"a wrong key among 1,000, by a right one", "times", 1.1, func(e bench.Effort) measured {
			return against(checking("right", 1000, true), checking("wrong", 1000, false))(e)
		}},
		{"a key among 1,000", "of SHA-256+map", 0.9, func(e bench.Effort) measured {
			return against(plainly(1000), checking("resolver", 1000, true))(e)
		}},
		{"a key alone", "of SHA-256+map", 0.9, func(e bench.Effort) measured {
			return against(plainly(1), checking("resolver", 1, true))(e)
		}},
		{"p99 of a good key in a flood of wrong ones", "times", 2, flooded},
		{"p99 of a good key while the store is read", "times", 2, reloading},
		{"store readings by 100,000 wrong keys", "", 2, floodReadings},
	}
}

// keyed returns a resolver with a function of n keys, and the values.
func keyed(n int, store keys.Store) (*keys.Resolver, []string) {
	ctx := context.Background()
	var set keys.Set
	var values []string
	for i := range n {
		value := keys.Generate(keys.FunctionKey)
		set.Put(keys.FunctionKey, keys.Key{Name: fmt.Sprint(i), Value: value})
		values = append(values, value.Reveal())
	}
	for s, set := range map[keys.Scope]keys.Set{
		keys.FunctionScope("orders"): set,
		keys.HostScope():             {Master: keys.Key{Value: keys.Generate(keys.MasterKey)}},
	} {
		if err := store.Save(ctx, s, set); err != nil {
			panic(err)
		}
	}
	return &keys.Resolver{Store: store}, values
}

// checking returns a contestant that looks n values up in turn, those of n keys
// or as many wrong ones.
func checking(name string, n int, right bool) bench.Contestant {
	res, values := keyed(n, &keys.Memory{})
	if !right {
		_, values = keyed(n, &keys.Memory{})
	}
	for len(values) < 1000 { // as many texts whatever the number of keys, for the caches' sake
		values = append(values, strings.Clone(values[len(values)%n]))
	}
	ctx := context.Background()
	for range 2 { // what the first text, and the first unknown one, make be read is measured elsewhere
		if _, err := res.Resolve(ctx, "orders", values[0]); err != nil {
			panic(err)
		}
	}
	at := 0
	return bench.Contestant{Name: name, Run: func(n int) {
		for range n {
			if grant, err := res.Resolve(ctx, "orders", values[at]); err != nil || (grant.Kind != keys.NoKey) != right {
				panic("a key is mistaken")
			}
			if at++; at == len(values) {
				at = 0
			}
		}
	}}
}

// plainly returns the plain way: a map by SHA-256.
func plainly(n int) bench.Contestant {
	_, values := keyed(n, &keys.Memory{})
	names := map[[sha256.Size]byte]string{}
	for i, v := range values {
		names[sha256.Sum256([]byte(v))] = fmt.Sprint(i)
	}
	for len(values) < 1000 {
		values = append(values, strings.Clone(values[len(values)%n]))
	}
	at := 0
	return bench.Contestant{Name: "SHA-256+map", Run: func(n int) {
		for range n {
			if _, ok := names[sha256.Sum256([]byte(values[at]))]; !ok {
				panic("a key is mistaken")
			}
			if at++; at == len(values) {
				at = 0
			}
		}
	}}
}

// slow is a store that takes its time.
type slow struct {
	keys.Memory
	delay time.Duration
	loads atomic.Int64
}

func (s *slow) Load(ctx context.Context, scope keys.Scope) (keys.Set, error) {
	s.loads.Add(1)
	time.Sleep(s.delay)
	return s.Memory.Load(ctx, scope)
}

// p99 measures single checks of a good key, in nanoseconds.
func p99(res *keys.Resolver, value string, n int) float64 {
	times := make([]float64, n)
	for i := range times {
		start := time.Now()
		if grant, err := res.Resolve(context.Background(), "orders", value); err != nil || grant.Kind == keys.NoKey {
			panic("a good key was refused")
		}
		times[i] = float64(time.Since(start))
	}
	slices.Sort(times)
	return times[n*99/100]
}

// compareP99 measures the p99 with something going on by that without, in
// passes that take turns.
func compareP99(e bench.Effort, res *keys.Resolver, value string, during func(stop <-chan struct{})) measured {
	const n = 5000
	p99(res, value, n)
	var ratios []float64
	var last string
	for range e.Passes {
		quiet := p99(res, value, n)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { during(stop) })
		busy := p99(res, value, n)
		close(stop)
		wg.Wait()
		ratios = append(ratios, busy/quiet)
		last = fmt.Sprintf("last %.0f ns by %.0f", busy, quiet)
	}
	return measured{value: bench.Median(ratios), detail: last}
}

func flooded(e bench.Effort) measured {
	res, values := keyed(1000, &slow{delay: time.Millisecond})
	wrong := keys.Generate(keys.FunctionKey).Reveal()
	return compareP99(e, res, values[0], func(stop <-chan struct{}) {
		for {
			select {
			case <-stop:
				return
			default:
				res.Resolve(context.Background(), "orders", wrong)
			}
		}
	})
}

func reloading(e bench.Effort) measured {
	res, values := keyed(1000, &slow{delay: 100 * time.Microsecond})
	return compareP99(e, res, values[0], func(stop <-chan struct{}) {
		for {
			select {
			case <-stop:
				return
			default:
				res.Reload(context.Background(), keys.FunctionScope("orders"), keys.HostScope())
			}
		}
	})
}

// floodReadings counts the readings beyond the first two, which any request
// causes.
func floodReadings(bench.Effort) measured {
	store := &slow{}
	res, values := keyed(10, store)
	p99(res, values[0], 100)
	before := store.loads.Load()
	for i := range 100_000 {
		res.Resolve(context.Background(), "orders", fmt.Sprint("wrong", i))
	}
	return measured{value: float64(store.loads.Load() - before)}
}
