package keys_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

// switchable is a Store that can be switched off.
type switchable struct {
	keys.Memory
	off atomic.Bool
}

func (f *switchable) Load(ctx context.Context, s keys.Scope) (keys.Set, error) {
	if f.off.Load() {
		return keys.Set{}, errors.New("down")
	}
	return f.Memory.Load(ctx, s)
}

// TestClockGoesBack sets the embedder's clock back, by little and by much, and
// lets MaxAge pass after that: what is remembered is not used any longer.
func TestClockGoesBack(t *testing.T) {
	for _, back := range []time.Duration{0, time.Second, time.Hour, 100 * 365 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			var store switchable
			if err := store.Save(t.Context(), keys.HostScope(), keys.Set{Master: keys.Key{Value: keys.NewSecret("master-value")}}); err != nil {
				t.Fatal(err)
			}
			var now atomic.Pointer[time.Time]
			set := func(at time.Time) { now.Store(&at) }
			set(time.Now())
			r := &keys.Resolver{Store: &store, Now: func() time.Time { return *now.Load() }}
			resolve := func() bool {
				grant, err := r.Resolve(t.Context(), "", "master-value")
				synctest.Wait()
				return err == nil && grant.Kind == keys.MasterKey
			}
			if !resolve() {
				t.Fatal("the key is not recognised")
			}
			store.off.Store(true)
			set(now.Load().Add(-back))
			for range 5 { // a step below MaxAge each, and together not above it
				if !resolve() {
					t.Errorf("back by %v: refused before MaxAge", back)
				}
				set(now.Load().Add(keys.DefaultMaxAge / 5))
			}
			set(now.Load().Add(1))
			if resolve() {
				t.Errorf("back by %v: recognised after MaxAge", back)
			}
		})
	}
}

// TestExpiredStaysExpired sets the clock back after a key expired.
func TestExpiredStaysExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		var store keys.Memory
		set := keys.Set{Function: []keys.Key{
			{Name: "ends", Value: keys.NewSecret("ends-value"), Expires: now.Add(time.Minute)},
			{Name: "begins", Value: keys.NewSecret("begins-value"), NotBefore: now.Add(time.Minute)},
		}}
		if err := store.Save(t.Context(), keys.HostScope(), set); err != nil {
			t.Fatal(err)
		}
		at := now
		r := &keys.Resolver{Store: &store, Now: func() time.Time { return at }}
		for _, tt := range []struct {
			at           time.Duration
			ends, begins bool
		}{
			{0, true, false}, {time.Minute - 1, true, false}, {time.Minute, false, true}, {0, false, false}, {time.Minute, false, true}, {-time.Hour, false, false},
		} {
			at = now.Add(tt.at)
			for value, want := range map[string]bool{"ends-value": tt.ends, "begins-value": tt.begins} {
				grant, err := r.Resolve(t.Context(), "", value)
				if err != nil || (grant.Kind == keys.FunctionKey) != want {
					t.Errorf("at %v: %s recognised %v, error %v, want %v", tt.at, value, grant.Kind == keys.FunctionKey, err, want)
				}
			}
			synctest.Wait() // a reading behind the requests asks for the time too
		}
	})
}
