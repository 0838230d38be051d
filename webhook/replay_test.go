package webhook_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/webhook"
)

func replayKeys(names ...string) []webhook.ReplayKey {
	keys := make([]webhook.ReplayKey, len(names))
	for i, name := range names {
		copy(keys[i][:], name)
	}
	return keys
}

func TestMemory(t *testing.T) {
	now := time.Unix(1000, 0)
	m := &webhook.Memory{MaxEntries: 4, Now: func() time.Time { return now }}
	ctx := t.Context()
	reserve := func(want webhook.ReplayState, names ...string) {
		t.Helper()
		got, err := m.Reserve(ctx, replayKeys(names...), time.Minute)
		if got != want || err != nil {
			t.Fatalf("Reserve(%q) = %v, %v, want %v", names, got, err, want)
		}
	}
	commit := func(names ...string) { m.Commit(ctx, replayKeys(names...), time.Minute) }

	reserve(webhook.ReplayNew, "a", "b")
	reserve(webhook.ReplayPending, "a")
	reserve(webhook.ReplayPending, "x", "b") // and x is not claimed
	commit("a", "b")
	reserve(webhook.ReplayDone, "b", "y")
	reserve(webhook.ReplayNew, "x")
	m.Release(ctx, replayKeys("x"))
	reserve(webhook.ReplayNew, "x")
	commit("x")

	now = now.Add(time.Minute - 1)
	reserve(webhook.ReplayDone, "a")
	now = now.Add(1)
	reserve(webhook.ReplayNew, "a")
	if m.Len() != 1 {
		t.Errorf("%d entries are left, want the one that is reserved", m.Len())
	}
}

// A done entry makes room, the oldest first; one that is being handled never
// does.
func TestMemoryFull(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		m := &webhook.Memory{MaxEntries: 2, RefuseWhenFull: refuse}
		ctx := t.Context()
		for _, name := range []string{"a", "b"} {
			m.Reserve(ctx, replayKeys(name), time.Hour)
			m.Commit(ctx, replayKeys(name), time.Hour)
		}
		state, err := m.Reserve(ctx, replayKeys("c"), time.Hour)
		if refuse {
			if webhook.ReasonOf(err) != webhook.ReplayUnavailable {
				t.Errorf("full: %v, %v", state, err)
			}
			continue
		}
		if state != webhook.ReplayNew || err != nil {
			t.Fatalf("full: %v, %v", state, err)
		}
		if state, _ := m.Reserve(ctx, replayKeys("b"), time.Hour); state != webhook.ReplayDone {
			t.Errorf("b is %v: not the oldest one was forgotten", state)
		}
		if state, _ := m.Reserve(ctx, replayKeys("d"), time.Hour); state != webhook.ReplayNew {
			t.Errorf("d is %v", state)
		}
		if state, err := m.Reserve(ctx, replayKeys("e"), time.Hour); err == nil {
			t.Errorf("c and d are being handled, and e is %v", state)
		}
	}
}

// modelMemory is the obvious memory: a map without a bound.
type modelMemory struct {
	pending map[string]bool
	done    map[string]time.Time
}

// The memory against the model, as long as the bound is not reached.
func TestMemoryAgainstModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	now := time.Unix(0, 0)
	m := &webhook.Memory{Now: func() time.Time { return now }}
	model := modelMemory{map[string]bool{}, map[string]time.Time{}}
	ctx := t.Context()
	for step := range 50000 {
		now = now.Add(time.Duration(r.IntN(3)) * time.Second)
		names := []string{fmt.Sprint(r.IntN(40)), fmt.Sprint(40 + r.IntN(40))}[:1+r.IntN(2)]
		switch {
		case r.IntN(2) == 0 || !allPending(model, names):
			want := model.reserve(names, now)
			if got, err := m.Reserve(ctx, replayKeys(names...), 0); got != want || err != nil {
				t.Fatalf("step %d: Reserve(%q) = %v, %v, want %v", step, names, got, err, want)
			}
		case r.IntN(4) == 0:
			m.Release(ctx, replayKeys(names...))
			for _, name := range names {
				delete(model.pending, name)
			}
		default:
			ttl := time.Duration(r.IntN(30)) * time.Second
			m.Commit(ctx, replayKeys(names...), ttl)
			for _, name := range names {
				delete(model.pending, name)
				model.done[name] = now.Add(ttl)
			}
		}
	}
	maps.DeleteFunc(model.done, func(_ string, expires time.Time) bool { return !now.Before(expires) })
	if m.Len() < len(model.done) {
		t.Errorf("%d entries, and %d are to be remembered", m.Len(), len(model.done))
	}
}

func allPending(model modelMemory, names []string) bool {
	for _, name := range names {
		if !model.pending[name] {
			return false
		}
	}
	return true
}

func (m modelMemory) reserve(names []string, now time.Time) webhook.ReplayState {
	state := webhook.ReplayNew
	for _, name := range names {
		if expires, ok := m.done[name]; ok && now.Before(expires) {
			return webhook.ReplayDone
		}
		if m.pending[name] {
			state = webhook.ReplayPending
		}
	}
	if state == webhook.ReplayNew {
		for _, name := range names {
			delete(m.done, name)
			m.pending[name] = true
		}
	}
	return state
}

// Deliveries that fail again and again leave nothing behind.
func TestMemoryDoesNotGrow(t *testing.T) {
	m := &webhook.Memory{MaxEntries: 100}
	ctx := t.Context()
	allocated := testing.AllocsPerRun(2000, func() {
		m.Reserve(ctx, replayKeys("x"), time.Hour)
		m.Commit(ctx, replayKeys("x"), time.Hour)
		m.Release(ctx, replayKeys("x"))
	})
	if m.Len() != 0 || allocated > 4 {
		t.Errorf("%d entries, %v allocations a delivery", m.Len(), allocated)
	}
}
