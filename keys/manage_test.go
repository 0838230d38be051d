package keys_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

func TestManagerEnsure(t *testing.T) {
	for _, hashed := range []bool{false, true} {
		store := &keys.Memory{}
		m := &keys.Manager{Store: store, Hashed: hashed}
		first, err := m.Ensure(t.Context(), keys.HostScope())
		if err != nil || len(first.Function) != 1 || first.Function[0].Name != "default" || len(first.System) != 0 {
			t.Fatalf("Ensure = %v, %v", first, err)
		}
		if !hashed && !keys.Generated(keys.MasterKey, first.Master.Value.Reveal()) || hashed == first.Master.Hash.IsZero() {
			t.Error("the master key is not what was asked for")
		}
		again, err := m.Ensure(t.Context(), keys.HostScope())
		if err != nil || !again.Master.Value.Equal(first.Master.Value) || again.Master.Hash != first.Master.Hash {
			t.Errorf("Ensure again made other keys, %v", err)
		}
	}
}

func TestManagerEnsureRace(t *testing.T) {
	store := &keys.Memory{}
	got := make([]keys.Set, 8)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = (&keys.Manager{Store: store}).Ensure(t.Context(), orders); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, set := range got {
		if !set.Function[0].Value.Equal(got[0].Function[0].Value) {
			t.Fatal("two starters have different keys")
		}
	}
}

func TestManagerChanges(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := &keys.Memory{}
	res := &keys.Resolver{Store: store, Now: clock}
	var events []keys.Event
	m := &keys.Manager{Store: store, Resolver: res, Now: clock, Audit: func(_ context.Context, e keys.Event) { events = append(events, e) }}
	ctx := keys.WithActor(t.Context(), "ann")

	expect(t, res, "a value that is long enough", false)
	if created, err := m.Put(ctx, orders, keys.FunctionKey, "a", keys.NewSecret("a value that is long enough")); err != nil || !created {
		t.Errorf("Put = %t, %v", created, err)
	}
	expect(t, res, "a value that is long enough", true)

	key, err := m.Rotate(ctx, orders, keys.FunctionKey, "A", time.Hour)
	if err != nil || key.Name != "a" {
		t.Fatalf("Rotate = %v, %v", key, err)
	}
	expect(t, res, key.Value.Reveal(), true)
	expect(t, res, "a value that is long enough", true)
	now = now.Add(time.Hour)
	expect(t, res, "a value that is long enough", false)

	if err := m.Edit(ctx, orders, keys.FunctionKey, "a", func(k *keys.Key) { k.Label, k.Name, k.Value = "Ann's", "x", keys.Secret{} }); err != nil {
		t.Fatal(err)
	}
	set, err := store.Load(ctx, orders)
	if err != nil || len(set.Function) != 1 || set.Function[0].Label != "Ann's" || !set.Function[0].Value.Equal(key.Value) {
		t.Errorf("after Edit: %v, %v; want one key with a label and its value", set, err)
	}
	renewed, created, err := m.Renew(ctx, orders, keys.FunctionKey, "a")
	if err != nil || created {
		t.Errorf("Renew = %t, %v", created, err)
	}
	expect(t, res, key.Value.Reveal(), false)
	expect(t, res, renewed.Value.Reveal(), true)
	if err := m.Remove(ctx, orders, keys.FunctionKey, "a"); err != nil {
		t.Error(err)
	}
	expect(t, res, renewed.Value.Reveal(), false)
	if err := m.Remove(ctx, orders, keys.FunctionKey, "a"); !errors.Is(err, keys.ErrNoKey) {
		t.Errorf("Remove again = %v, want ErrNoKey", err)
	}
	want := "create rotate edit replace remove remove"
	got := ""
	for i, e := range events {
		if i > 0 {
			got += " "
		}
		got += string(e.Action)
		if e.By != "ann" || e.Scope != orders || e.Time.IsZero() || (e.Err != nil) != (i == 5) {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	if got != want {
		t.Errorf("events %q, want %q", got, want)
	}
}

func TestManagerRefuses(t *testing.T) {
	good := keys.Generate(keys.FunctionKey)
	tests := []struct {
		name    string
		manager keys.Manager
		kind    keys.Kind
		key     string
		value   keys.Secret
		want    error
	}{
		{"reserved", keys.Manager{}, keys.FunctionKey, "_Master", good, keys.ErrName},
		{"reserved compat", keys.Manager{Compat: true}, keys.FunctionKey, "_master", good, nil},
		{"empty", keys.Manager{AllowWeak: true}, keys.FunctionKey, "a", keys.Secret{}, keys.ErrValue},
		{"empty master", keys.Manager{}, keys.MasterKey, "", keys.Secret{}, keys.ErrValue},
		{"empty compat", keys.Manager{Compat: true}, keys.FunctionKey, "a", keys.Secret{}, nil},
		{"weak", keys.Manager{}, keys.FunctionKey, "a", keys.NewSecret("123456789012345"), keys.ErrValue},
		{"weak allowed", keys.Manager{AllowWeak: true}, keys.FunctionKey, "a", keys.NewSecret("1"), nil},
		{"sixteen", keys.Manager{}, keys.FunctionKey, "a", keys.NewSecret("1234567890123456"), nil},
		{"strict", keys.Manager{Strict: true}, keys.FunctionKey, "a", keys.NewSecret("1234567890123456"), keys.ErrValue},
		{"strict good", keys.Manager{Strict: true}, keys.FunctionKey, "a", good, nil},
		{"strict other kind", keys.Manager{Strict: true}, keys.SystemKey, "a", good, keys.ErrValue},
		{"strict compat empty", keys.Manager{Strict: true, Compat: true}, keys.FunctionKey, "a", keys.Secret{}, nil},
	}
	for _, tt := range tests {
		m := tt.manager
		m.Store = &keys.Memory{}
		_, err := m.Put(t.Context(), keys.HostScope(), tt.kind, tt.key, tt.value)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: Put = %v, want %v", tt.name, err, tt.want)
		}
		if _, err := m.Store.Load(t.Context(), keys.HostScope()); (tt.want != nil) != errors.Is(err, keys.ErrNotFound) {
			t.Errorf("%s: after it Load = %v", tt.name, err)
		}
	}
}

func TestManagerWritersCollide(t *testing.T) {
	store := &keys.Memory{}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			m := &keys.Manager{Store: store}
			for i := range 5 {
				if _, _, err := m.Renew(t.Context(), orders, keys.FunctionKey, fmt.Sprint(w, "-", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	set, err := store.Load(t.Context(), orders)
	if err != nil || len(set.Function) != 40 {
		t.Errorf("%d keys, %v, want 40", len(set.Function), err)
	}
}

// TestManagerEnsureKeyFirst asks a host that was never saved for one of the keys
// that every host has: it is written, not only returned.
func TestManagerEnsureKeyFirst(t *testing.T) {
	m := &keys.Manager{Store: &keys.Memory{}}
	first, err := m.EnsureKey(t.Context(), keys.HostScope(), keys.FunctionKey, "default")
	if err != nil {
		t.Fatal(err)
	}
	again, err := m.EnsureKey(t.Context(), keys.HostScope(), keys.FunctionKey, "default")
	if err != nil || !again.Value.Equal(first.Value) {
		t.Errorf("EnsureKey again = another key, %v", err)
	}
}

func TestManagerEnsureKey(t *testing.T) {
	m := &keys.Manager{Store: &keys.Memory{}}
	first, err := m.EnsureKey(t.Context(), keys.HostScope(), keys.SystemKey, keys.ExtensionKey("Grid"))
	if err != nil || !keys.Generated(keys.SystemKey, first.Value.Reveal()) {
		t.Fatalf("EnsureKey = %v, %v", first, err)
	}
	again, err := m.EnsureKey(t.Context(), keys.HostScope(), keys.SystemKey, "GRID_extension")
	if err != nil || !again.Value.Equal(first.Value) {
		t.Errorf("EnsureKey again made another key, %v", err)
	}
}

// TestManagerEditsAllOfOneName edits a document with two keys of one name, both
// of which work.
func TestManagerEditsAllOfOneName(t *testing.T) {
	store := &keys.Memory{}
	k := func(name, value string) keys.Key { return keys.Key{Name: name, Value: keys.NewSecret(value)} }
	orders := keys.FunctionScope("orders")
	if err := store.Save(t.Context(), orders, keys.Set{Function: []keys.Key{k("p", "one"), k("q", "two"), k("P", "three"), k("p", "four")}}); err != nil {
		t.Fatal(err)
	}
	m := &keys.Manager{Store: store}
	if err := m.Edit(t.Context(), orders, keys.FunctionKey, "P", func(k *keys.Key) { k.Label = "of " + k.Name }); err != nil {
		t.Fatal(err)
	}
	set, err := store.Load(t.Context(), orders)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, k := range set.Function {
		got += k.Name + "=" + k.Value.Reveal() + "(" + k.Label + ") "
	}
	if want := "p=one(of p) q=two() P=three(of P) p=four(of p) "; got != want {
		t.Errorf("edited: %s, want %s", got, want)
	}
}
