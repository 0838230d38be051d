package keys_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

// used returns when the keys of orders were last used, by name, as stored.
func used(t *testing.T, store keys.Store) map[string]time.Time {
	t.Helper()
	set, err := store.Load(t.Context(), orders)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]time.Time{}
	for _, k := range set.Function {
		if !k.Used.IsZero() {
			out[k.Name] = k.Used
		}
	}
	return out
}

func TestFlushUses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCounting(t)
		put(t, store, orders, keys.Key{Name: "idle", Value: keys.NewSecret("idle-value")})
		set, err := store.Load(t.Context(), orders)
		if err != nil {
			t.Fatal(err)
		}
		set.Put(keys.FunctionKey, set.Hashed(keys.Key{Name: "hashed", Value: keys.NewSecret("hashed-value")}))
		save(t, store, orders, set)
		res := &keys.Resolver{Store: store, TrackUse: true}
		flush := func() {
			t.Helper()
			if err := res.FlushUses(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		flush()
		expect(t, res, "orders-value", true)
		expect(t, res, "hashed-value", true)
		expect(t, res, "unknown", false)
		first := time.Now()
		flush()
		if got := used(t, store); len(got) != 2 || !got["default"].Equal(first) || !got["hashed"].Equal(first) {
			t.Errorf("used %v, want default and hashed at %v", got, first)
		}
		loads := store.loads.Load()
		flush()
		if n := store.loads.Load() - loads; n != 0 {
			t.Errorf("%d loads with nothing to write", n)
		}

		// Soon after it is not worth a write, later it is.
		time.Sleep(time.Minute)
		expect(t, res, "orders-value", true)
		flush()
		if got := used(t, store)["default"]; !got.Equal(first) {
			t.Errorf("a use a minute later was written: %v", got)
		}
		time.Sleep(time.Hour)
		expect(t, res, "orders-value", true)
		flush()
		if got := used(t, store)["default"]; !got.Equal(time.Now()) {
			t.Errorf("used %v, want %v", got, time.Now())
		}

		// Another instance knows better: its time stays.
		later := time.Now().Add(24 * time.Hour)
		set, err = store.Load(t.Context(), orders)
		if err != nil {
			t.Fatal(err)
		}
		for i := range set.Function {
			set.Function[i].Used = later
		}
		save(t, store, orders, set)
		time.Sleep(2 * time.Hour)
		expect(t, res, "orders-value", true)
		flush()
		if got := used(t, store)["default"]; !got.Equal(later) {
			t.Errorf("used %v, want %v kept", got, later)
		}
	})
}

// A use of the old value is not put down to the new one of its name.
func TestFlushUsesAfterRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCounting(t)
		res := &keys.Resolver{Store: store, TrackUse: true}
		expect(t, res, "orders-value", true)
		m := &keys.Manager{Store: store}
		if _, err := m.Rotate(t.Context(), orders, keys.FunctionKey, "default", time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := res.FlushUses(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := used(t, store); len(got) != 1 || got["default"+keys.OldSuffix].IsZero() {
			t.Errorf("used %v, want the old value only", got)
		}
		if err := m.Remove(t.Context(), orders, keys.FunctionKey, "default"+keys.OldSuffix); err != nil {
			t.Fatal(err)
		}
		expect(t, res, "orders-value", true) // remembered for a while
		if err := res.FlushUses(t.Context()); err != nil {
			t.Errorf("FlushUses of a key that is gone = %v", err)
		}
		if got := used(t, store); len(got) != 0 {
			t.Errorf("used %v, want none", got)
		}
	})
}

// rival saves something of its own before each of the first saves of others.
type rival struct {
	*counting
	t    *testing.T
	left int
}

func (r *rival) Save(ctx context.Context, s keys.Scope, set keys.Set) error {
	if r.left > 0 {
		r.left--
		put(r.t, r.counting, s, keys.Key{Name: fmt.Sprint("rival", r.left), Value: keys.NewSecret("value")})
	}
	return r.counting.Save(ctx, s, set)
}

func TestFlushUsesKeepsChangesOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &rival{newCounting(t), t, 3}
		res := &keys.Resolver{Store: store, TrackUse: true}
		expect(t, res, "orders-value", true)
		if err := res.FlushUses(t.Context()); err != nil {
			t.Fatal(err)
		}
		set, err := store.Load(t.Context(), orders)
		if err != nil || len(set.Function) != 4 || used(t, store)["default"].IsZero() {
			t.Errorf("%v, %v, want the use and three keys of the rival", set, err)
		}
	})
}

func TestRunUses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newCounting(t)
		res := &keys.Resolver{Store: store, TrackUse: true, UseInterval: time.Minute}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- res.RunUses(ctx) }()
		expect(t, res, "orders-value", true)
		first := time.Now()

		// While the store is down requests go on, and nothing is lost.
		store.fail.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		expect(t, res, "orders-value", true)
		store.fail.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := used(t, store)["default"]; !got.Equal(first.Add(time.Minute)) {
			t.Errorf("used %v, want %v", got, first.Add(time.Minute))
		}

		time.Sleep(50 * time.Second)
		expect(t, res, "orders-value", true)
		last := time.Now()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("RunUses = %v", err)
		}
		if got := used(t, store)["default"]; !got.Equal(last) {
			t.Errorf("at the end used %v, want %v", got, last)
		}
	})
}

func TestFlushUsesWithoutTracking(t *testing.T) {
	for _, res := range []*keys.Resolver{nil, {}, {TrackUse: true}, {Store: newCounting(t)}} {
		if err := res.FlushUses(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
