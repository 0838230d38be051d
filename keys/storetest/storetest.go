// Package storetest checks that a keys.Store keeps what it owes to keys.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Harness{Open: openEmpty})
//	}
//
// It imports its parent, testing and the standard library.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

// A Harness gives the checks their stores.
type Harness struct {
	// Open returns an empty store that no other test uses.
	Open func(t *testing.T) keys.Store

	// Second, if not nil, returns another handle on what a store keeps, as
	// another process would have it. Nil: the checks use the same handle twice.
	Second func(t *testing.T, store keys.Store) keys.Store

	// Corrupt, if not nil, overwrites the stored document of a scope, and Stored
	// returns what is stored. Stores without documents leave both nil.
	Corrupt func(t *testing.T, store keys.Store, s keys.Scope, data []byte)
	Stored  func(t *testing.T, store keys.Store, s keys.Scope) []byte

	// ReadOnly, if not nil, takes the store's permission to write away and
	// reports whether that was possible.
	ReadOnly func(t *testing.T, store keys.Store) bool

	// Encrypted tells that the store encrypts values: none is in clear in what
	// Stored returns, which must be set then.
	Encrypted bool

	// Lossy tells that the store does not keep what the source's document has
	// no room for: labels, times and hashes.
	Lossy bool
}

type rule struct {
	name string // the rule in words
	run  func(t *testing.T, h *Harness, store keys.Store)
}

// Run checks a store by every rule.
func Run(t *testing.T, h Harness) {
	if h.Second == nil {
		h.Second = func(_ *testing.T, store keys.Store) keys.Store { return store }
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) { r.run(t, &h, h.Open(t)) })
	}
}

var (
	host   = keys.HostScope()
	orders = keys.FunctionScope("orders")
)

var rules = []rule{
	{"a scope that was never saved is not found", notFound},
	{"what was saved is loaded", roundTrip},
	{"names and values of any language are kept", unicodeNames},
	{"a document of a megabyte is kept", large},
	{"a scope without keys stays saved", emptyStays},
	{"creating what exists is refused and changes nothing", createExists},
	{"a set of an older version is refused and changes nothing", stale},
	{"scopes are apart", scopesApart},
	{"function names differ by more than case", ignoresCase},
	{"a loaded set is the caller's", callersSet},
	{"a scope that cannot be is refused", invalidScope},
	{"a context that ended is an error and changes nothing", cancelled},
	{"of several that create at once one wins", createRace},
	{"no update is lost among several writers", noLostUpdate},
	{"readers see whole sets", wholeSets},
	{"a change by another is told", watched},
	{"a document that cannot be read is named and left alone", corrupt},
	{"no value is in clear in what is stored", encrypted},
	{"a store that cannot be written is an error and changes nothing", readOnly},
}

func key(name, value string) keys.Key { return keys.Key{Name: name, Value: keys.NewSecret(value)} }

func load(t *testing.T, store keys.Store, s keys.Scope) keys.Set {
	t.Helper()
	set, err := store.Load(t.Context(), s)
	if err != nil {
		t.Fatalf("Load(%s) = %v", s, err)
	}
	return set
}

func save(t *testing.T, store keys.Store, s keys.Scope, set keys.Set) {
	t.Helper()
	if err := store.Save(t.Context(), s, set); err != nil {
		t.Fatalf("Save(%s) = %v", s, err)
	}
}

// same reports how two sets differ, or "".
func same(got, want keys.Set, lossy bool) string {
	for _, kind := range []keys.Kind{keys.MasterKey, keys.SystemKey, keys.FunctionKey} {
		g, w := list(got, kind), list(want, kind)
		if len(g) != len(w) {
			return fmt.Sprintf("%d %s keys, want %d", len(g), kind, len(w))
		}
		for i := range g {
			switch {
			case g[i].Name != w[i].Name:
				return fmt.Sprintf("%s key %d is %q, want %q", kind, i, g[i].Name, w[i].Name)
			case !g[i].Value.Equal(w[i].Value):
				return fmt.Sprintf("%s key %q has another value", kind, w[i].Name)
			case lossy:
			case g[i].Label != w[i].Label || g[i].Hash != w[i].Hash:
				return fmt.Sprintf("%s key %q has another label or hash", kind, w[i].Name)
			case !g[i].Created.Equal(w[i].Created) || !g[i].NotBefore.Equal(w[i].NotBefore) || !g[i].Expires.Equal(w[i].Expires) || !g[i].Used.Equal(w[i].Used):
				return fmt.Sprintf("%s key %q has other times", kind, w[i].Name)
			}
		}
	}
	return ""
}

func list(set keys.Set, kind keys.Kind) []keys.Key {
	switch kind {
	case keys.SystemKey:
		return set.System
	case keys.FunctionKey:
		return set.Function
	}
	set.Master.Name = ""
	return []keys.Key{set.Master}
}

func notFound(t *testing.T, _ *Harness, store keys.Store) {
	for _, s := range []keys.Scope{host, orders} {
		if _, err := store.Load(t.Context(), s); !errors.Is(err, keys.ErrNotFound) {
			t.Errorf("Load(%s) = %v, want ErrNotFound", s, err)
		}
	}
	set := keys.Set{Function: []keys.Key{key("default", "value")}, Version: "made-up"}
	if err := store.Save(t.Context(), orders, set); !errors.Is(err, keys.ErrChanged) {
		t.Errorf("Save of a version that never was = %v, want ErrChanged", err)
	}
}

func roundTrip(t *testing.T, h *Harness, store keys.Store) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789, time.UTC)
	set := keys.Set{Master: key("master", "the master value")}
	set.System = []keys.Key{key("grid_extension", "the system value")}
	for i := range 5 { // the order is not that of the names
		set.Function = append(set.Function, key(fmt.Sprint("k", 9-i), fmt.Sprint("value ", i)))
	}
	if !h.Lossy {
		set.Function[1].Label = "for \"them\" & <us>\u2028"
		set.Function[2].Created, set.Function[2].NotBefore, set.Function[2].Expires = at, at.Add(time.Hour), at.Add(2*time.Hour)
		set.Function[4].Used, set.Master.Used = at.Add(3*time.Hour), at
		set.Function[3] = set.Hashed(set.Function[3])
	}
	save(t, store, host, set)
	for _, handle := range []keys.Store{store, h.Second(t, store)} {
		got := load(t, handle, host)
		if diff := same(got, set, h.Lossy); diff != "" {
			t.Error(diff)
		}
		if got.Version == "" {
			t.Error("a loaded set has no version")
		}
	}
}

func unicodeNames(t *testing.T, h *Harness, store keys.Store) {
	set := keys.Set{}
	for _, text := range []string{"ключ", "键", "a b", "é", "e\u0301", "🔑", "a\"b\\c", "%2F..", "<&>", "\u2028\u0085"} {
		set.Function = append(set.Function, key(text, "value of "+text))
	}
	for _, s := range []keys.Scope{orders, keys.FunctionScope("función_2")} {
		save(t, store, s, set)
		if diff := same(load(t, store, s), set, h.Lossy); diff != "" {
			t.Errorf("%s: %s", s, diff)
		}
	}
}

func large(t *testing.T, h *Harness, store keys.Store) {
	set := keys.Set{}
	for i := range 1024 {
		set.Function = append(set.Function, key(fmt.Sprint("key ", i), strings.Repeat("v", 1024)))
	}
	save(t, store, orders, set)
	if diff := same(load(t, store, orders), set, h.Lossy); diff != "" {
		t.Error(diff)
	}
}

func emptyStays(t *testing.T, _ *Harness, store keys.Store) {
	save(t, store, orders, keys.Set{Function: []keys.Key{key("default", "value")}})
	set := load(t, store, orders)
	set.Remove(keys.FunctionKey, "default")
	save(t, store, orders, set)
	if set = load(t, store, orders); len(set.Function) != 0 {
		t.Errorf("%d keys, want none", len(set.Function))
	}
}

func createExists(t *testing.T, h *Harness, store keys.Store) {
	first := keys.Set{Function: []keys.Key{key("default", "first")}}
	save(t, store, orders, first)
	second := keys.Set{Function: []keys.Key{key("default", "second")}}
	if err := h.Second(t, store).Save(t.Context(), orders, second); !errors.Is(err, keys.ErrChanged) {
		t.Errorf("Save without a version = %v, want ErrChanged", err)
	}
	if diff := same(load(t, store, orders), first, h.Lossy); diff != "" {
		t.Error(diff)
	}
}

func stale(t *testing.T, h *Harness, store keys.Store) {
	save(t, store, orders, keys.Set{Function: []keys.Key{key("default", "first")}})
	old := load(t, store, orders)
	mid := load(t, h.Second(t, store), orders)
	mid.Put(keys.FunctionKey, key("default", "second"))
	save(t, h.Second(t, store), orders, mid)
	old.Put(keys.FunctionKey, key("default", "third"))
	if err := store.Save(t.Context(), orders, old); !errors.Is(err, keys.ErrChanged) {
		t.Errorf("Save of an older version = %v, want ErrChanged", err)
	}
	if diff := same(load(t, store, orders), mid, h.Lossy); diff != "" {
		t.Error(diff)
	}
}

func scopesApart(t *testing.T, h *Harness, store keys.Store) {
	scopes := []keys.Scope{host, orders, keys.FunctionScope("order"), keys.FunctionScope("orders2"), keys.FunctionScope("orders-default")}
	sets := make([]keys.Set, len(scopes))
	for i, s := range scopes {
		sets[i] = keys.Set{Function: []keys.Key{key("default", fmt.Sprint("value ", i))}}
		save(t, store, s, sets[i])
	}
	for i, s := range scopes {
		if diff := same(load(t, store, s), sets[i], h.Lossy); diff != "" {
			t.Errorf("%s: %s", s, diff)
		}
	}
}

func ignoresCase(t *testing.T, h *Harness, store keys.Store) {
	set := keys.Set{Function: []keys.Key{key("default", "value")}}
	save(t, store, keys.FunctionScope("Orders"), set)
	if diff := same(load(t, store, keys.FunctionScope("oRDERS")), set, h.Lossy); diff != "" {
		t.Error(diff)
	}
}

func callersSet(t *testing.T, h *Harness, store keys.Store) {
	set := keys.Set{Function: []keys.Key{key("a", "value a"), key("b", "value b")}}
	want := set.Clone()
	save(t, store, orders, set)
	set.Function[0] = key("x", "value x")
	loaded := load(t, store, orders)
	loaded.Function[1] = key("y", "value y")
	if diff := same(load(t, store, orders), want, h.Lossy); diff != "" {
		t.Error(diff)
	}
}

func invalidScope(t *testing.T, _ *Harness, store keys.Store) {
	for _, name := range []string{"host", "..", "../host", "a/b", `a\b`, "a.b", ".lock", "a\x00b"} {
		s := keys.FunctionScope(name)
		if _, err := store.Load(t.Context(), s); err == nil || errors.Is(err, keys.ErrNotFound) {
			t.Errorf("Load of function %q = %v, want a refusal", name, err)
		}
		if store.Save(t.Context(), s, keys.Set{}) == nil {
			t.Errorf("Save of function %q = nil, want a refusal", name)
		}
	}
}

func cancelled(t *testing.T, _ *Harness, store keys.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Save(ctx, orders, keys.Set{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Save = %v, want context.Canceled", err)
	}
	if _, err := store.Load(ctx, orders); !errors.Is(err, context.Canceled) {
		t.Errorf("Load = %v, want context.Canceled", err)
	}
	if _, err := store.Load(t.Context(), orders); !errors.Is(err, keys.ErrNotFound) {
		t.Errorf("after it Load = %v, want ErrNotFound", err)
	}
}

func createRace(t *testing.T, h *Harness, store keys.Store) {
	const racers = 8
	won := make([]bool, racers)
	var wg sync.WaitGroup
	for i := range racers {
		handle := h.Second(t, store)
		wg.Go(func() {
			err := handle.Save(t.Context(), orders, keys.Set{Function: []keys.Key{key("default", fmt.Sprint("value ", i))}})
			if won[i] = err == nil; err != nil && !errors.Is(err, keys.ErrChanged) {
				t.Errorf("Save = %v, want nil or ErrChanged", err)
			}
		})
	}
	wg.Wait()
	got := load(t, store, orders)
	winners := 0
	for i, w := range won {
		if w {
			winners++
			if !got.Function[0].Value.Equal(keys.NewSecret(fmt.Sprint("value ", i))) {
				t.Error("what is stored is not the winner's")
			}
		}
	}
	if winners != 1 {
		t.Errorf("%d of %d won, want 1", winners, racers)
	}
}

func noLostUpdate(t *testing.T, h *Harness, store keys.Store) {
	const writers, each = 4, 10
	save(t, store, orders, keys.Set{})
	var wg sync.WaitGroup
	for w := range writers {
		handle := h.Second(t, store)
		wg.Go(func() {
			for i := 0; i < each && t.Context().Err() == nil; {
				set, err := handle.Load(t.Context(), orders)
				if err == nil {
					set.Put(keys.FunctionKey, key(fmt.Sprintf("%d-%d", w, i), "value"))
					err = handle.Save(t.Context(), orders, set)
				}
				switch {
				case err == nil:
					i++
				case !errors.Is(err, keys.ErrChanged):
					t.Errorf("writer %d: %v", w, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := len(load(t, store, orders).Function); n != writers*each {
		t.Errorf("%d keys after %d updates", n, writers*each)
	}
}

func wholeSets(t *testing.T, h *Harness, store keys.Store) {
	const size = 50
	fill := func(set *keys.Set, value string) {
		set.Function = nil
		for i := range size {
			set.Function = append(set.Function, key(fmt.Sprint(i), strings.Repeat(value, 100)))
		}
	}
	var first keys.Set
	fill(&first, "a")
	save(t, store, orders, first)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		handle := h.Second(t, store)
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				set, err := handle.Load(t.Context(), orders)
				if err != nil {
					t.Errorf("Load while another saves = %v", err)
					return
				}
				if len(set.Function) != size || !set.Function[0].Value.Equal(set.Function[size-1].Value) {
					t.Error("a set is half of one version and half of another")
					return
				}
			}
		})
	}
	for i := range 10 {
		set := load(t, store, orders)
		fill(&set, string(rune('b'+i)))
		save(t, store, orders, set)
	}
	close(done)
	wg.Wait()
}

// watchWithin bounds how long a change may take to be told. It is only waited for
// when it never is.
const watchWithin = 2 * time.Minute

func watched(t *testing.T, h *Harness, store keys.Store) {
	watcher, ok := store.(keys.Watcher)
	if !ok {
		return // an optional part of a store
	}
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan keys.Scope, 1000)
	ended := make(chan error, 1)
	go func() { ended <- watcher.Watch(ctx, func(s keys.Scope) { told <- s }) }()
	other := h.Second(t, store)
	save(t, other, host, keys.Set{})
	late := time.After(watchWithin)
	again := time.NewTicker(300 * time.Millisecond)
	defer again.Stop()
	for i := 0; ; i++ { // the watch may begin after the first changes
		set, err := other.Load(t.Context(), orders)
		if err != nil && !errors.Is(err, keys.ErrNotFound) {
			t.Fatal(err)
		}
		set.Put(keys.FunctionKey, key("default", fmt.Sprint("value ", i)))
		save(t, other, orders, set)
		select {
		case s := <-told:
			if s == orders {
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Errorf("Watch = %v after its context was cancelled, want context.Canceled", err)
				}
				return
			}
		case err := <-ended:
			t.Fatalf("Watch = %v", err)
		case <-again.C:
		case <-late:
			t.Fatal("a change was not told")
		}
	}
}

func corrupt(t *testing.T, h *Harness, store keys.Store) {
	if h.Corrupt == nil {
		return // a store without documents
	}
	save(t, store, host, keys.Set{Master: key("master", "value")})
	good := h.Stored(t, store, host)
	for name, data := range map[string][]byte{
		"half of it":    good[:len(good)/2],
		"other JSON":    []byte(`{"name": "app"}`),
		"no JSON":       []byte("\x00\x01"),
		"no text":       []byte("{\"masterKey\": \"\xff"),
		"a list":        []byte("[]"),
		"text after it": append(append([]byte{}, good...), "{}"...),
		"nothing":       {},
	} {
		h.Corrupt(t, store, host, data)
		_, err := store.Load(t.Context(), host)
		var bad *keys.CorruptError
		if !errors.As(err, &bad) || bad.Source == "" || bad.Scope != host {
			t.Errorf("%s: Load = %v, want a *keys.CorruptError with the scope and the source", name, err)
		}
		if err := store.Save(t.Context(), host, keys.Set{}); !errors.Is(err, keys.ErrChanged) {
			t.Errorf("%s: Save over it = %v, want ErrChanged", name, err)
		}
		if string(h.Stored(t, store, host)) != string(data) {
			t.Errorf("%s: it was changed", name)
		}
	}
}

func encrypted(t *testing.T, h *Harness, store keys.Store) {
	if !h.Encrypted {
		return
	}
	set := keys.Set{Master: key("master", "planted-master-0123456789"), System: []keys.Key{key("x_extension", "planted-system-0123456789")}}
	set.Function = []keys.Key{key("default", "planted-function-0123456789")}
	for range 2 { // made, and replaced
		save(t, store, host, set)
		text := string(h.Stored(t, store, host))
		for _, kind := range []keys.Kind{keys.MasterKey, keys.SystemKey, keys.FunctionKey} {
			for _, k := range list(set, kind) {
				if strings.Contains(text, k.Value.Reveal()) {
					t.Errorf("a %s key is in clear", kind)
				}
			}
		}
		set = load(t, store, host)
	}
}

func readOnly(t *testing.T, h *Harness, store keys.Store) {
	set := keys.Set{Function: []keys.Key{key("default", "value")}}
	save(t, store, orders, set)
	loaded := load(t, store, orders)
	if h.ReadOnly == nil || !h.ReadOnly(t, store) {
		return
	}
	loaded.Put(keys.FunctionKey, key("default", "another"))
	if err := store.Save(t.Context(), orders, loaded); err == nil || errors.Is(err, keys.ErrChanged) {
		t.Errorf("Save = %v, want the store's error", err)
	}
	if diff := same(load(t, store, orders), set, h.Lossy); diff != "" {
		t.Error(diff)
	}
}
