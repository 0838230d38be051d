package keys_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

// faulty is a store that counts what is read, and can break scope by scope.
type faulty struct {
	keys.Store
	loads  atomic.Int64
	broken map[keys.Scope]error
}

func (f *faulty) Load(ctx context.Context, s keys.Scope) (keys.Set, error) {
	f.loads.Add(1)
	if err := f.broken[s]; err != nil {
		return keys.Set{}, err
	}
	return f.Store.Load(ctx, s)
}

// set puts a key into the store behind the resolver's back; "" removes it.
func (f *faulty) set(t *testing.T, s keys.Scope, kind keys.Kind, name, value string) {
	t.Helper()
	set, err := f.Store.Load(t.Context(), s)
	if err != nil && !errors.Is(err, keys.ErrNotFound) {
		t.Fatal(err)
	}
	if value == "" {
		set.Remove(kind, name)
	} else {
		set.Put(kind, keys.Key{Name: name, Value: keys.NewSecret(value)})
	}
	if err := f.Store.Save(t.Context(), s, set); err != nil {
		t.Fatal(err)
	}
}

// TestRuleCaches is section 3.3 with KY-52, KY-53, KY-68 to KY-70 and KY-78, in
// the profile that has the source's times. Each step says at what second which
// key calls which function, what is answered, and how many documents are read.
func TestRuleCaches(t *testing.T) {
	type step struct {
		at       float64
		function string
		key      string
		status   int
		loads    int64
		before   func(t *testing.T, f *faulty, r *keys.Resolver)
	}
	add := func(name, value string) func(*testing.T, *faulty, *keys.Resolver) {
		return func(t *testing.T, f *faulty, _ *keys.Resolver) {
			f.set(t, keys.FunctionScope("orders"), keys.FunctionKey, name, value)
		}
	}
	brk := func(s keys.Scope, err error) func(*testing.T, *faulty, *keys.Resolver) {
		return func(_ *testing.T, f *faulty, _ *keys.Resolver) { f.broken[s] = err }
	}
	host, orders := keys.HostScope(), keys.FunctionScope("orders")
	tests := []struct {
		name  string
		steps []step
	}{
		{"cold miss reads once, the next one again, then for a minute none does", []step{
			{at: 0, key: "nope", status: 401, loads: 2}, {at: 0, key: "nope", status: 401, loads: 2},
			{at: 59, key: "nope2", status: 401}, {at: 60, key: "nope", status: 401}, {at: 60.001, key: "nope", status: 401, loads: 2}}},
		{"a host key does not need the function's document", []step{
			{key: "host-default", status: 200, loads: 1}, {key: "the-Master", status: 200}, {key: "sys-blobs", status: 401},
			{key: "own-default", status: 200, loads: 1}}},
		{"the clock counts from the reset, not from the load", []step{
			{at: 0, key: "own-default", status: 200, loads: 2}, {at: 100, key: "nope", status: 401, loads: 2},
			{at: 160, key: "nope", status: 401}, {at: 161, key: "nope", status: 401, loads: 2}}},
		{"the second try counts", []step{
			{key: "own-default", status: 200, loads: 2}, {at: 1, key: "own-new", status: 200, loads: 2, before: add("new", "own-new")},
			{at: 2, key: "own-newer", status: 401, before: add("newer", "own-newer")},
			{at: 61, key: "own-newer", status: 401}, {at: 61.5, key: "own-newer", status: 200, loads: 2}}},
		{"a reset drops the documents of other functions too", []step{
			{key: "own-default", status: 200, loads: 2}, {function: "invoices", key: "their-default", status: 200, loads: 1},
			{at: 1, key: "nope", status: 401, loads: 2}, {at: 2, function: "invoices", key: "their-default", status: 200, loads: 1}}},
		{"an empty text is no miss", []step{
			{key: "own-default", status: 200, loads: 2}, {at: 1, key: "", status: 401}, {at: 2, key: "nope", status: 401, loads: 2}}},
		{"a failure is not remembered", []step{
			{key: "own-default", status: 500, loads: 1, before: brk(host, errors.New("down"))},
			{key: "own-default", status: 500, loads: 1}, {key: "own-default", status: 200, loads: 2, before: brk(host, nil)}}},
		{"a function's broken document stops its own keys only", []step{
			{key: "own-default", status: 500, loads: 2, before: brk(orders, errors.New("down"))}, {key: "nope", status: 500, loads: 1},
			{key: "host-default", status: 200}, {key: "the-Master", status: 200}, {key: "sys-blobs", status: 401},
			{function: "invoices", key: "their-default", status: 200, loads: 1}, {key: "", status: 401}}},
		{"a broken host document stops every key, and nobody without one", []step{
			{key: "own-default", status: 500, loads: 1, before: brk(host, errors.New("down"))}, {key: "the-Master", status: 500, loads: 1},
			{function: "invoices", key: "nope", status: 500, loads: 1}, {key: "", status: 401}}},
		{"a change that is told counts at once, for who used the old key too", []step{
			{key: "own-default", status: 200, loads: 2}, {at: 1, key: "own-default", status: 401, before: func(t *testing.T, f *faulty, r *keys.Resolver) {
				f.set(t, orders, keys.FunctionKey, "default", "own-changed")
				r.Reload(t.Context(), orders)
				f.loads.Store(0)
			}, loads: 2}, {at: 2, key: "own-changed", status: 200}}},
		{"a change of an unknown function drops the keys of all", []step{
			{key: "own-default", status: 200, loads: 2}, {function: "invoices", key: "their-default", status: 200, loads: 1},
			{at: 1, key: "own-partner", status: 401, loads: 3, before: func(t *testing.T, f *faulty, r *keys.Resolver) {
				f.set(t, orders, keys.FunctionKey, "partner", "")
				r.Reload(t.Context(), keys.FunctionScope("new"))
			}}, {at: 1, key: "own-default", status: 200}, {at: 2, function: "invoices", key: "their-default", status: 200, loads: 1}}},
		{"a change of a known function drops its keys only", []step{
			{key: "own-partner", status: 200, loads: 2}, {function: "invoices", key: "their-default", status: 200, loads: 1},
			{at: 1, key: "own-partner", status: 200, loads: 1, before: func(t *testing.T, f *faulty, r *keys.Resolver) {
				f.set(t, orders, keys.FunctionKey, "partner", "")
				r.Reload(t.Context(), keys.FunctionScope("invoices"))
			}}}},
		{"a change of the host leaves the keys of functions", []step{
			{key: "own-partner", status: 200, loads: 2},
			{at: 1, key: "own-partner", status: 200, loads: 1, before: func(t *testing.T, f *faulty, r *keys.Resolver) {
				f.set(t, orders, keys.FunctionKey, "partner", "")
				r.Reload(t.Context(), host)
			}}}},
		{"a change of all is seen everywhere", []step{
			{key: "own-partner", status: 200, loads: 2}, {function: "invoices", key: "their-default", status: 200, loads: 1},
			{at: 1, key: "own-partner", status: 401, loads: 5, before: func(t *testing.T, f *faulty, r *keys.Resolver) {
				f.set(t, orders, keys.FunctionKey, "partner", "")
				r.Reload(t.Context())
			}}, {at: 2, key: "own-default", status: 200}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Date(2024, 10, 24, 0, 0, 0, 0, time.UTC)
			now := start
			store := &faulty{Store: ruleStore(t), broken: map[keys.Scope]error{}}
			res := &keys.Resolver{Store: store, Compat: true, Now: func() time.Time { return now }}
			for i, s := range tt.steps {
				now = start.Add(time.Duration(s.at * float64(time.Second)))
				store.loads.Store(0)
				if s.before != nil {
					s.before(t, store, res)
				}
				function := s.function
				if function == "" {
					function = "orders"
				}
				g := &keys.Guard{Resolver: res, Function: function, Compat: true}
				r := httptest.NewRequest("GET", "/", nil)
				r.Header.Set("x-functions-key", s.key)
				status := 200
				if _, err := g.Check(r); err != nil {
					status = err.(*keys.DeniedError).StatusCode()
				}
				if status != s.status || store.loads.Load() != s.loads {
					t.Errorf("step %d: %d after %d loads, want %d after %d", i, status, store.loads.Load(), s.status, s.loads)
				}
			}
		})
	}
}

// TestRuleBrokenStoreDefault is what the default makes of a store that fails: 503
// for one that may come back, 500 for a document that somebody must repair, and
// nothing of it for those who need no key (D18, KY-61, KY-Q26).
func TestRuleBrokenStoreDefault(t *testing.T) {
	down := errors.New("down")
	corrupt := &keys.CorruptError{Source: "x", Err: errors.New("not JSON")}
	tests := []struct {
		name  string
		scope keys.Scope
		err   error
		level keys.Level
		key   string
		want  int
	}{
		{"down", keys.HostScope(), down, keys.Function, "own-default", 503},
		{"corrupt", keys.HostScope(), corrupt, keys.Function, "own-default", 500},
		{"corrupt, master", keys.HostScope(), corrupt, keys.Admin, "the-Master", 500},
		{"corrupt, unknown", keys.HostScope(), corrupt, keys.Function, "nope", 500},
		{"corrupt, no key", keys.HostScope(), corrupt, keys.Function, "", 401},
		{"corrupt, anonymous", keys.HostScope(), corrupt, keys.Anonymous, "oauth-code", 200},
		{"down, anonymous", keys.HostScope(), down, keys.Anonymous, "oauth-code", 200},
		{"function corrupt, own key", keys.FunctionScope("orders"), corrupt, keys.Function, "own-default", 500},
		{"function corrupt, host key", keys.FunctionScope("orders"), corrupt, keys.Function, "host-default", 200},
		{"function corrupt, master", keys.FunctionScope("orders"), corrupt, keys.Function, "the-Master", 200},
		{"function corrupt, system", keys.FunctionScope("orders"), corrupt, keys.System, "sys-other", 200},
		{"function down, unknown", keys.FunctionScope("orders"), down, keys.Function, "nope", 503},
		{"other function corrupt", keys.FunctionScope("invoices"), corrupt, keys.Function, "own-default", 200},
	}
	for _, tt := range tests {
		for _, identify := range []bool{false, true} {
			store := &faulty{Store: ruleStore(t), broken: map[keys.Scope]error{tt.scope: tt.err}}
			g := &keys.Guard{Resolver: &keys.Resolver{Store: store}, Function: "orders", Level: tt.level, Identify: identify}
			r := httptest.NewRequest("GET", "/?code="+tt.key, nil)
			status := 200
			if _, err := g.Check(r); err != nil {
				status = err.(*keys.DeniedError).StatusCode()
			}
			if status != tt.want {
				t.Errorf("%s, identify %t: %d, want %d", tt.name, identify, status, tt.want)
			}
			if tt.level == keys.Anonymous && !identify && store.loads.Load() != 0 {
				t.Errorf("%s: the store was read for an anonymous function", tt.name)
			}
		}
	}
}

// TestRuleCompatAnonymous is KY-38 and KY-61 with the source's answers.
func TestRuleCompatAnonymous(t *testing.T) {
	store := &faulty{Store: ruleStore(t), broken: map[keys.Scope]error{}}
	g := &keys.Guard{Resolver: &keys.Resolver{Store: store, Compat: true}, Function: "orders", Level: keys.Anonymous, Compat: true}
	check := func(header, query string, want int, name string) {
		t.Helper()
		r := httptest.NewRequest("GET", "/?"+query, nil)
		if header != "-" {
			r.Header.Set("x-functions-key", header)
		}
		grant, err := g.Check(r)
		status := 200
		if err != nil {
			status = err.(*keys.DeniedError).StatusCode()
		}
		if status != want || grant.Name != name {
			t.Errorf("header %q, query %q: %d by %q, want %d by %q", header, query, status, grant.Name, want, name)
		}
	}
	store.broken[keys.HostScope()] = errors.New("down")
	check("-", "", 200, "")
	check("-", "xcode=a", 200, "")
	check("", "", 200, "")
	check("-", "code=", 200, "")
	check("-", "code=a", 500, "")
	check("a", "", 500, "")
	delete(store.broken, keys.HostScope())
	check("-", "code=a", 200, "")
	check("own-partner", "", 200, "partner")
	check("sys-other", "", 200, "other")
	check("", "code=own-partner", 200, "")
}

// TestRuleQuirksAreGone is what neither profile does (KY-Q1 to KY-Q3): a key in
// another casing, the key of one function on another whose names join to the
// same text, and a key that is gone from a store that was read again.
func TestRuleQuirksAreGone(t *testing.T) {
	for _, compat := range []bool{true, false} {
		now := time.Date(2024, 10, 24, 0, 0, 0, 0, time.UTC)
		store := &faulty{Store: ruleStore(t)}
		res := &keys.Resolver{Store: store, Compat: compat, Now: func() time.Time { return now }}
		check := func(function, key string, want bool) {
			t.Helper()
			g, err := res.Resolve(t.Context(), function, key)
			if err != nil || g.Allows(keys.Function) != want {
				t.Errorf("compat %t: %s on %s: %+v, %v, want %t", compat, key, function, g, err, want)
			}
		}
		check("orders", "own-default", true)
		check("orders", "own-partner", true)
		check("orders", "OWN-default", false)
		check("orders", strings.ToUpper("own-partner"), false)
		check("rders", "own-defaulto", false)
		check("ders", "own-defaultor", false)
		store.set(t, keys.FunctionScope("orders"), keys.FunctionKey, "partner", "")
		now = now.Add(61 * time.Second)
		check("orders", "nope", false) // reads again
		check("orders", "own-partner", false)
		check("orders", "own-default", true)
	}
}

// TestRuleDoubledNames is KY-85 and KY-Q24: two entries of one name, casing
// included, stop their document in the source. In the default the first counts,
// and the operator is told. Names in different casings are different names.
func TestRuleDoubledNames(t *testing.T) {
	k := func(name, value string) keys.Key { return keys.Key{Name: name, Value: keys.NewSecret(value)} }
	orders := keys.FunctionScope("orders")
	tests := []struct {
		name            string
		scope           keys.Scope
		set             keys.Set
		key             string
		level           keys.Level
		compat, ordinal int
	}{
		{"host, first", keys.HostScope(), keys.Set{Master: k("", "m"), Function: []keys.Key{k("a", "one"), k("a", "two")}}, "one", keys.Function, 500, 200},
		{"host, second", keys.HostScope(), keys.Set{Master: k("", "m"), Function: []keys.Key{k("a", "one"), k("a", "two")}}, "two", keys.Function, 500, 401},
		{"host, master", keys.HostScope(), keys.Set{Master: k("", "m"), Function: []keys.Key{k("a", "one"), k("a", "two")}}, "m", keys.Admin, 500, 200},
		{"host, anonymous", keys.HostScope(), keys.Set{Master: k("", "m"), Function: []keys.Key{k("a", "one"), k("a", "two")}}, "oauth", keys.Anonymous, 500, 200},
		{"host, no key", keys.HostScope(), keys.Set{Master: k("", "m"), Function: []keys.Key{k("a", "one"), k("a", "two")}}, "", keys.Function, 401, 401},
		{"system", keys.HostScope(), keys.Set{Master: k("", "m"), System: []keys.Key{k("s", "one"), k("t", "x"), k("s", "two")}}, "x", keys.System, 500, 200},
		{"casing", keys.HostScope(), keys.Set{Master: k("", "m"), Function: []keys.Key{k("a", "one"), k("A", "two")}}, "two", keys.Function, 200, 200},
		{"two kinds", keys.HostScope(), keys.Set{Master: k("", "m"), System: []keys.Key{k("a", "one")}, Function: []keys.Key{k("a", "two"), k("master", "three")}}, "three", keys.Function, 200, 200},
		{"function, second", orders, keys.Set{Function: []keys.Key{k("a", "one"), k("b", "two"), k("a", "three")}}, "three", keys.Function, 500, 401},
		{"function, other", orders, keys.Set{Function: []keys.Key{k("a", "one"), k("b", "two"), k("a", "three")}}, "two", keys.Function, 500, 200},
		{"function, host key", orders, keys.Set{Function: []keys.Key{k("a", "one"), k("a", "three")}}, "host-default", keys.Function, 200, 200},
		{"function, unknown", orders, keys.Set{Function: []keys.Key{k("a", "one"), k("a", "three")}}, "nope", keys.Function, 500, 401},
	}
	for _, tt := range tests {
		for _, compat := range []bool{true, false} {
			want := tt.ordinal
			if compat {
				want = tt.compat
			}
			store := ruleStore(t)
			old, err := store.Load(t.Context(), tt.scope)
			if err != nil {
				t.Fatal(err)
			}
			set := tt.set.Clone()
			set.Version = old.Version
			if err := store.Save(t.Context(), tt.scope, set); err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			res := &keys.Resolver{Store: store, Compat: compat, Logger: slog.New(slog.NewTextHandler(&log, nil))}
			g := &keys.Guard{Resolver: res, Function: "orders", Level: tt.level, Compat: compat}
			status := 200
			if _, err := g.Check(httptest.NewRequest("GET", "/?code="+tt.key, nil)); err != nil {
				status = err.(*keys.DeniedError).StatusCode()
			}
			if status != want {
				t.Errorf("%s, compat %t: %d, want %d", tt.name, compat, status, want)
			}
			if !compat && want == 401 && tt.key != "" && !strings.Contains(log.String(), "another of its name") {
				t.Errorf("%s: the operator is not told: %s", tt.name, &log)
			}
		}
	}
}

// stubborn is a store that saves nothing, but has what another process put there
// when it is asked again.
type stubborn struct {
	keys.Memory
	other keys.Set // nil Function: nobody else saves either
}

func (s *stubborn) Save(ctx context.Context, scope keys.Scope, _ keys.Set) error {
	if s.other.Function != nil {
		if err := s.Memory.Save(ctx, scope, s.other); err != nil {
			return err
		}
	}
	return errors.New("disk full")
}

// TestRuleFirstWriterWins is KY-81: if the first keys cannot be saved, for
// whatever reason, those of another process count, and without them it is an error.
func TestRuleFirstWriterWins(t *testing.T) {
	orders := keys.FunctionScope("orders")
	theirs := keys.Set{Function: []keys.Key{{Name: "default", Value: keys.NewSecret("theirs")}}}
	for _, compat := range []bool{true, false} {
		m := &keys.Manager{Store: &stubborn{other: theirs}, Compat: compat}
		set, err := m.Ensure(t.Context(), orders)
		if err != nil || len(set.Function) != 1 || set.Function[0].Value.Reveal() != "theirs" {
			t.Errorf("compat %t: %v, %v, want the other's key", compat, set, err)
		}
		m.Store = &stubborn{}
		if set, err := m.Ensure(t.Context(), orders); err == nil {
			t.Errorf("compat %t: %v, want an error: nobody could save", compat, set)
		}
	}
}
