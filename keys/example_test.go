package keys_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

// A function that asks for a key, and three callers.
func ExampleGuard() {
	ctx := context.Background()
	store := &keys.Memory{}
	res := &keys.Resolver{Store: store}
	manager := &keys.Manager{Store: store, Resolver: res}
	if _, err := manager.Ensure(ctx, keys.HostScope()); err != nil { // the master key and the host's
		fmt.Println(err)
		return
	}
	partner, err := manager.EnsureKey(ctx, keys.FunctionScope("orders"), keys.FunctionKey, "partner")
	if err != nil {
		fmt.Println(err)
		return
	}

	guard := &keys.Guard{Resolver: res, Function: "orders", Level: keys.Function}
	orders := guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by, _ := keys.FromContext(r.Context())
		fmt.Fprintf(w, "%s called with %s", by.Name, r.URL.RawQuery)
	}))

	call := func(target, header string) {
		r := httptest.NewRequest("GET", target, nil)
		if header != "" {
			r.Header.Set(keys.Header, header)
		}
		w := httptest.NewRecorder()
		orders.ServeHTTP(w, r)
		fmt.Printf("%d %q\n", w.Code, w.Body)
	}
	call("/orders?page=2", "")
	call("/orders?page=2", partner.Value.Reveal())
	call("/orders?page=2&code="+partner.Value.Reveal(), "") // the handler does not see it
	// Output:
	// 401 ""
	// 200 "partner called with page=2"
	// 200 "partner called with page=2"
}

// The decision without HTTP around it. An error tells the operator why; the
// caller is told the status and nothing else.
func ExampleGuard_Check() {
	store := &keys.Memory{}
	system := keys.Generate(keys.SystemKey)
	err := store.Save(context.Background(), keys.HostScope(), keys.Set{System: []keys.Key{{Name: "grid_extension", Value: system}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	guard := &keys.Guard{Resolver: &keys.Resolver{Store: store}, Function: "orders", Level: keys.Function}
	r := httptest.NewRequest("GET", "/orders", nil)
	r.Header.Set(keys.Header, system.Reveal())
	_, err = guard.Check(r)
	fmt.Println(err)
	// Output: keys: "orders": denied, level function: the key does not grant the level (system key "grid_extension" of host)
}

// A new value while callers move over from the old one, which works a day longer.
func ExampleManager_Rotate() {
	ctx := context.Background()
	store := &keys.Memory{}
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	res := &keys.Resolver{Store: store, Now: clock}
	manager := &keys.Manager{Store: store, Resolver: res, Now: clock}
	orders := keys.FunctionScope("orders")
	old, err := manager.EnsureKey(ctx, orders, keys.FunctionKey, "default")
	if err != nil {
		fmt.Println(err)
		return
	}
	fresh, err := manager.Rotate(ctx, orders, keys.FunctionKey, "default", 24*time.Hour)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, later := range []time.Duration{0, 23 * time.Hour, 25 * time.Hour} {
		now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).Add(later)
		byOld, _ := res.Resolve(ctx, "orders", old.Value.Reveal())
		byNew, _ := res.Resolve(ctx, "orders", fresh.Value.Reveal())
		fmt.Printf("%v: old %t, new %t\n", later, byOld.Allows(keys.Function), byNew.Allows(keys.Function))
	}
	// Output:
	// 0s: old true, new true
	// 23h0m0s: old true, new true
	// 25h0m0s: old false, new true
}

// A level is no ladder: the mistake is to give a caller a system key for a
// function that asks for a function key.
func ExampleGrant_Allows() {
	for _, kind := range []keys.Kind{keys.NoKey, keys.FunctionKey, keys.SystemKey, keys.MasterKey} {
		grant := keys.Grant{Kind: kind}
		fmt.Printf("%-8s anonymous %-5t function %-5t system %-5t admin %t\n", kind,
			grant.Allows(keys.Anonymous), grant.Allows(keys.Function), grant.Allows(keys.System), grant.Allows(keys.Admin))
	}
	// Output:
	// none     anonymous true  function false system false admin false
	// function anonymous true  function true  system false admin false
	// system   anonymous true  function false system true  admin false
	// master   anonymous true  function true  system true  admin true
}

// When was each key last used? The times are in the store, so that they survive a
// restart; RunUses would write them every hour.
func ExampleResolver_FlushUses() {
	ctx := context.Background()
	store := &keys.Memory{}
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	res := &keys.Resolver{Store: store, TrackUse: true, Now: func() time.Time { return now }}
	orders := keys.FunctionScope("orders")
	manager := &keys.Manager{Store: store}
	for _, name := range []string{"default", "partner"} {
		key, err := manager.EnsureKey(ctx, orders, keys.FunctionKey, name)
		if err != nil {
			fmt.Println(err)
			return
		}
		if name == "partner" {
			_, err = res.Resolve(ctx, "orders", key.Value.Reveal())
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := res.FlushUses(ctx); err != nil {
		fmt.Println(err)
		return
	}
	set, err := store.Load(ctx, orders)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, key := range set.Function {
		fmt.Println(key.Name, key.Used.Format(time.DateOnly), key.Used.IsZero())
	}
	// Output:
	// default 0001-01-01 true
	// partner 2026-05-01 false
}

// Values do not print, wherever they are: Reveal is the only way to the text.
func ExampleSecret() {
	key := keys.Key{Name: "default", Value: keys.NewSecret("not for your eyes")}
	fmt.Println(key)
	fmt.Printf("%+v %#v\n", key.Value, []any{key.Value})
	fmt.Println(len(key.Value.Reveal()))
	// Output:
	// key "default"
	// [redacted] []interface {}{[redacted]}
	// 17
}
