package keys_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

// counting counts the loads of a store, and fails or delays them on demand.
type counting struct {
	keys.Memory
	loads atomic.Int64
	delay atomic.Int64
	fail  atomic.Bool
}

func (c *counting) Load(ctx context.Context, s keys.Scope) (keys.Set, error) {
	c.loads.Add(1)
	select {
	case <-time.After(time.Duration(c.delay.Load())):
	case <-ctx.Done():
		return keys.Set{}, ctx.Err()
	}
	if c.fail.Load() {
		return keys.Set{}, errors.New("down")
	}
	return c.Memory.Load(ctx, s)
}

// put adds a function key behind the resolver's back.
func put(t *testing.T, store keys.Store, s keys.Scope, key keys.Key) {
	t.Helper()
	set, err := store.Load(t.Context(), s)
	if err != nil && !errors.Is(err, keys.ErrNotFound) {
		t.Fatal(err)
	}
	set.Put(keys.FunctionKey, key)
	save(t, store, s, set)
}

func remove(t *testing.T, store keys.Store, s keys.Scope, name string) {
	t.Helper()
	set, err := store.Load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	set.Remove(keys.FunctionKey, name)
	save(t, store, s, set)
}

func newCounting(t *testing.T) *counting {
	c := &counting{}
	save(t, &c.Memory, keys.HostScope(), keys.Set{Master: keys.Key{Value: keys.NewSecret("master-value")}})
	put(t, &c.Memory, orders, keys.Key{Name: "default", Value: keys.NewSecret("orders-value")})
	return c
}

var orders = keys.FunctionScope("orders")

func expect(t *testing.T, r *keys.Resolver, text string, want bool) {
	t.Helper()
	grant, err := r.Resolve(t.Context(), "orders", text)
	if err != nil {
		t.Fatalf("Resolve: %v", err)
	}
	if got := grant.Kind != keys.NoKey; got != want {
		t.Errorf("known = %t, want %t", got, want)
	}
}

func TestResolverStrangersDoNotReadTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCounting(t)
		res := &keys.Resolver{Store: store}
		expect(t, res, "orders-value", true)
		if n := store.loads.Load(); n != 2 {
			t.Fatalf("%d loads for the first request, want 2", n)
		}
		for i := range 10_000 {
			expect(t, res, fmt.Sprint("wrong", i), false)
		}
		if n := store.loads.Load(); n != 4 {
			t.Errorf("%d loads after 10,000 unknown keys, want 4", n)
		}
	})
}

func TestResolverFindsNewKey(t *testing.T) {
	for _, compat := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			store := newCounting(t)
			res := &keys.Resolver{Store: store, Compat: compat, Refresh: time.Hour, MaxAge: time.Hour}
			expect(t, res, "orders-value", true)
			put(t, store, orders, keys.Key{Name: "new", Value: keys.NewSecret("new-value")})
			expect(t, res, "new-value", true)
			put(t, store, orders, keys.Key{Name: "late", Value: keys.NewSecret("late-value")})
			time.Sleep(time.Minute - time.Millisecond)
			expect(t, res, "late-value", false)
			time.Sleep(2 * time.Millisecond)
			expect(t, res, "late-value", true)
		})
	}
}

func TestResolverForgetsRemovedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCounting(t)
		res := &keys.Resolver{Store: store}
		expect(t, res, "orders-value", true)
		remove(t, store, orders, "default")
		time.Sleep(keys.DefaultRefresh + time.Millisecond)
		expect(t, res, "orders-value", true) // starts a reading and does not wait
		synctest.Wait()
		expect(t, res, "orders-value", false)

		put(t, store, orders, keys.Key{Name: "default", Value: keys.NewSecret("orders-value")})
		if err := res.Reload(t.Context(), orders); err != nil {
			t.Fatal(err)
		}
		expect(t, res, "orders-value", true)
		remove(t, store, orders, "default")
		time.Sleep(keys.DefaultMaxAge + time.Millisecond)
		expect(t, res, "orders-value", false) // too old: waits
	})
}

func TestResolverWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCounting(t)
		res := &keys.Resolver{Store: store}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go res.Watch(ctx)
		synctest.Wait()
		expect(t, res, "orders-value", true)
		remove(t, store, orders, "default")
		synctest.Wait()
		expect(t, res, "orders-value", false)
	})
}

func TestResolverStoreDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCounting(t)
		res := &keys.Resolver{Store: store}
		expect(t, res, "orders-value", true)
		store.fail.Store(true)
		time.Sleep(keys.DefaultMaxAge - time.Millisecond)
		expect(t, res, "orders-value", true) // within its age
		synctest.Wait()
		time.Sleep(time.Second)
		loads := store.loads.Load()
		for range 1000 {
			if _, err := res.Resolve(t.Context(), "orders", "orders-value"); err == nil {
				t.Fatal("a set beyond its age was used")
			}
		}
		if n := store.loads.Load() - loads; n > 1 {
			t.Errorf("a failing store was asked %d times in no time, want once", n)
		}
		store.fail.Store(false)
		time.Sleep(time.Second)
		expect(t, res, "orders-value", true)
	})
}

func TestResolverSlowStoreBlocksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCounting(t)
		res := &keys.Resolver{Store: store}
		expect(t, res, "orders-value", true)
		store.delay.Store(int64(5 * time.Second))
		time.Sleep(keys.DefaultRefresh + time.Second)
		go res.Resolve(t.Context(), "orders", "unknown")
		synctest.Wait()
		began := time.Now()
		for range 100 {
			expect(t, res, "orders-value", true)
			expect(t, res, "another unknown", false)
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("requests waited %v for a reading of the store", d)
		}
		time.Sleep(time.Minute)
	})
}

func TestResolverSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCounting(t)
		store.delay.Store(int64(time.Second))
		res := &keys.Resolver{Store: store}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { expect(t, res, "orders-value", true) })
		}
		left, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := res.Resolve(left, "orders", "orders-value"); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller who left: error %v, want context.Canceled", err)
		}
		wg.Wait()
		if n := store.loads.Load(); n != 2 {
			t.Errorf("%d loads for 100 requests on a cold resolver, want 2", n)
		}
	})
}

func TestResolverLoadTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCounting(t)
		store.delay.Store(int64(time.Hour))
		res := &keys.Resolver{Store: store}
		if _, err := res.Resolve(t.Context(), "orders", "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a store that hangs: error %v, want context.DeadlineExceeded", err)
		}
	})
}

type panicking struct{ keys.Memory }

func (*panicking) Load(context.Context, keys.Scope) (keys.Set, error) { panic("sentinel-value") }

func TestResolverDriverPanic(t *testing.T) {
	res := &keys.Resolver{Store: &panicking{}}
	if _, err := res.Resolve(t.Context(), "orders", "x"); err == nil {
		t.Error("a driver that panics: no error")
	}
}

func TestResolverWindow(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	start := now
	store := &keys.Memory{}
	put(t, store, orders, keys.Key{Name: "a", Value: keys.NewSecret("value"), NotBefore: now.Add(time.Second), Expires: now.Add(3 * time.Second)})
	res := &keys.Resolver{Store: store, Now: func() time.Time { return now }}
	for second, want := range []bool{false, true, true, false} {
		now = start.Add(time.Duration(second) * time.Second)
		expect(t, res, "value", want)
	}
}

func TestResolverHashed(t *testing.T) {
	store := &keys.Memory{}
	var set keys.Set
	for i := range 10 {
		set.Put(keys.FunctionKey, set.Hashed(keys.Key{Name: fmt.Sprint(i), Value: keys.NewSecret(fmt.Sprint("value", i))}))
	}
	set.Put(keys.FunctionKey, keys.Key{Name: "plain", Value: keys.NewSecret("plain")})
	save(t, store, orders, set)
	res := &keys.Resolver{Store: store, TrackUse: true}
	for i := range 10 {
		grant, err := res.Resolve(t.Context(), "orders", fmt.Sprint("value", i))
		if err != nil || grant.Name != fmt.Sprint(i) {
			t.Errorf("value %d: key %q, %v", i, grant.Name, err)
		}
	}
	expect(t, res, "plain", true)
	expect(t, res, "value", false)
	if n := len(res.Uses()); n != 11 {
		t.Errorf("%d keys in use, want 11", n)
	}
}

func TestResolverStrict(t *testing.T) {
	store := &keys.Memory{}
	good := keys.Generate(keys.FunctionKey)
	save(t, store, orders, keys.Set{Function: []keys.Key{{Name: "good", Value: good}, {Name: "plain", Value: keys.NewSecret("plain")}}})
	res := &keys.Resolver{Store: store, Strict: true}
	expect(t, res, good.Reveal(), true)
	expect(t, res, "plain", false)
}

func TestResolverLengths(t *testing.T) {
	// Every length around the places where the digest changes its form.
	store := &keys.Memory{}
	var set keys.Set
	text := func(n int, end string) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = 'a'
		}
		return string(b) + end
	}
	for n := range 70 {
		for _, end := range []string{"b", "=", "==", "\x00", "\x01", "\x02"} {
			set.Put(keys.FunctionKey, keys.Key{Name: fmt.Sprintf("%d%q", n, end), Value: keys.NewSecret(text(n, end))})
		}
	}
	set.Put(keys.FunctionKey, keys.Key{Name: "longest", Value: keys.NewSecret(text(keys.MaxValue, ""))})
	save(t, store, orders, set)
	res := &keys.Resolver{Store: store}
	for _, k := range set.Function {
		grant, err := res.Resolve(t.Context(), "orders", k.Value.Reveal())
		if err != nil || grant.Name != k.Name {
			t.Errorf("key %s: recognised as %q, %v", k.Name, grant.Name, err)
		}
	}
	expect(t, res, text(keys.MaxValue+1, ""), false)
	expect(t, res, text(30, ""), false)
	if t.Failed() {
		return
	}
	if n := testing.AllocsPerRun(1000, func() { res.Resolve(t.Context(), "Orders", "aaaab") }); n > 0 {
		t.Errorf("Resolve allocates %v times", n)
	}
}

func TestResolverConcurrent(t *testing.T) {
	store := newCounting(t)
	res := &keys.Resolver{Store: store, TrackUse: true}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 200 {
				expect(t, res, "orders-value", true)
				res.Resolve(t.Context(), fmt.Sprint("f", j%10), "x")
				if i == 0 {
					res.Reload(t.Context(), orders, keys.HostScope())
				}
			}
		})
	}
	wg.Wait()
}
