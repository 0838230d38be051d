package keys_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/leaktest"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/keystest"
)

// The values that may be nowhere but where they were asked for.
const (
	leakMaster   = "planted-master-0123456789"
	leakSystem   = "planted-system-0123456789"
	leakHost     = "planted-host-0123456789"
	leakFunction = "planted-function-0123456789"
	leakHashed   = "planted-hashed-0123456789"
	leakExpired  = "planted-expired-0123456789"
	leakStranger = "planted-stranger-0123456789"
	leakPut      = "planted-put-0123456789"
	leakToken    = "planted-token-key-0123456789abcdef"
)

func planted(t *testing.T) *leaktest.Sweep {
	return leaktest.New(t, leakMaster, leakSystem, leakHost, leakFunction, leakHashed, leakExpired, leakStranger, leakPut, leakToken)
}

// leaky is a store that fails in a way of its own, and says what it should not
// when it panics.
type leaky struct {
	keys.Memory
	load, save func(keys.Set) error
}

func (l *leaky) Load(ctx context.Context, s keys.Scope) (keys.Set, error) {
	set, err := l.Memory.Load(ctx, s)
	if l.load != nil {
		return keys.Set{}, l.load(set)
	}
	return set, err
}

func (l *leaky) Save(ctx context.Context, s keys.Scope, set keys.Set) error {
	if l.save != nil {
		return l.save(set)
	}
	return l.Memory.Save(ctx, s, set)
}

func leakStore(t *testing.T) *leaky {
	store := &leaky{}
	host := keys.Set{
		Master:   keys.Key{Name: "master", Value: keys.NewSecret(leakMaster)},
		System:   []keys.Key{{Name: "x_extension", Value: keys.NewSecret(leakSystem)}},
		Function: []keys.Key{{Name: "default", Value: keys.NewSecret(leakHost)}},
	}
	own := keys.Set{Function: []keys.Key{
		{Name: "default", Value: keys.NewSecret(leakFunction), Label: "partner"},
		{Name: "expired", Value: keys.NewSecret(leakExpired), Expires: time.Unix(1, 0)},
	}}
	own.Put(keys.FunctionKey, own.Hashed(keys.Key{Name: "hashed", Value: keys.NewSecret(leakHashed)}))
	save(t, &store.Memory, keys.HostScope(), host)
	save(t, &store.Memory, orders, own)
	return store
}

// corruptError, downError: how stores fail.
func corruptError(keys.Set) error {
	return &keys.CorruptError{Scope: orders, Source: "orders.json", Err: errors.New("offset 3: not JSON")}
}
func downError(keys.Set) error { return errors.New("down") }
func panics(set keys.Set) error {
	for _, k := range set.Function {
		panic(k.Value.Reveal() + set.Master.Value.Reveal())
	}
	panic(leakMaster)
}

// TestValuesDoNotPrint prints everything that may hold a value.
func TestValuesDoNotPrint(t *testing.T) {
	sweep := planted(t)
	store := leakStore(t)
	set, err := store.Load(t.Context(), keys.HostScope())
	if err != nil {
		t.Fatal(err)
	}
	own, err := store.Load(t.Context(), orders)
	if err != nil {
		t.Fatal(err)
	}
	res := &keys.Resolver{Store: store, TrackUse: true}
	if _, err := res.Resolve(t.Context(), "orders", leakFunction); err != nil {
		t.Fatal(err)
	}
	config := keys.TokenConfig{Site: "app", Keys: secrets([]byte(leakToken)), InsecureRestricted: secrets([]byte(leakToken)[:32])}
	tokens, err := keys.NewTokens(config)
	if err != nil {
		t.Fatal(err)
	}
	manager := &keys.Manager{Store: store, Resolver: res}
	hashed, _ := own.Get(keys.FunctionKey, "hashed", true)
	for name, v := range map[string]any{
		"Secret": keys.NewSecret(leakMaster), "*Secret": &[]keys.Secret{keys.NewSecret(leakMaster)}[0], "Key": set.Master, "*Key": &set.Master,
		"Set": set, "*Set": &set, "Set of a function": own, "Hash": hashed.Hash, "Memory": &store.Memory, "store": store,
		"Resolver": res, "Manager": manager, "Guard": &keys.Guard{Resolver: res, Tokens: tokens},
		"TokenConfig": config, "*TokenConfig": &config, "Tokens": *tokens, "*Tokens": tokens, "Uses": res.Uses(),
		"APIConfig": keys.APIConfig{Manager: manager},
	} {
		sweep.Value(name, v)
	}
}

// TestNothingLeaks presents every value in every way to every door, with every
// way in which a store can fail, in both profiles, and looks in all that comes
// out of it.
func TestNothingLeaks(t *testing.T) {
	for _, compat := range []bool{false, true} {
		for name, fail := range map[string]func(keys.Set) error{"well": nil, "down": downError, "corrupt": corruptError, "panicking": panics} {
			t.Run(fmt.Sprintf("compat %t, store %s", compat, name), func(t *testing.T) {
				sweep := planted(t)
				leakDoors(t, sweep, compat, fail)
				leakChanges(t, sweep, compat, name == "well")
			})
		}
	}
}

func leakDoors(t *testing.T, sweep *leaktest.Sweep, compat bool, fail func(keys.Set) error) {
	store := leakStore(t)
	store.load = fail
	tokens, err := keys.NewTokens(keys.TokenConfig{Site: "orders-app", Keys: secrets([]byte(leakToken))})
	if err != nil {
		t.Fatal(err)
	}
	jwt := signed(hs256, `{"iss":"https://orders-app.azurewebsites.net"}`, sha256.New, []byte(leakToken))
	sweep.Plant(jwt)
	res := &keys.Resolver{Store: store, Compat: compat, TrackUse: true, Strict: true, Logger: sweep.Logger()}
	lax := &keys.Resolver{Store: store, Compat: compat, TrackUse: true, Logger: sweep.Logger()}
	doors := []*keys.Guard{
		{Function: "orders"}, {Function: "orders", Level: keys.Anonymous, Identify: true}, {Function: "orders", Level: keys.Admin},
		{Function: "orders", Disabled: true}, {Level: keys.Admin, Challenge: true, Isolate: true}, {Level: keys.System, KeyName: "x_extension", Challenge: true},
	}
	for i, door := range doors {
		for _, r := range []*keys.Resolver{res, lax} {
			guard := door
			if r == lax {
				guard = &keys.Guard{Function: door.Function, Level: door.Level, KeyName: door.KeyName, Disabled: door.Disabled, Challenge: door.Challenge}
			}
			guard.Resolver, guard.Compat, guard.Logger, guard.Tokens = r, compat, sweep.Logger(), tokens
			leakDoor(sweep, fmt.Sprintf("door %d", i), guard, jwt)
		}
	}
	sweep.Value("uses", lax.Uses())
	if err := lax.FlushUses(t.Context()); err != nil {
		sweep.Error("FlushUses", err)
	}
	sweep.Logs("the logs of doors")
}

// leakDoor presents every value to a guard.
func leakDoor(sweep *leaktest.Sweep, where string, guard *keys.Guard, jwt string) {
	for _, value := range []string{leakMaster, leakSystem, leakHost, leakFunction, leakHashed, leakExpired, leakStranger, jwt} {
		inHeader, inQuery, asToken := httptest.NewRequest("GET", "/api/orders?a=b", nil), httptest.NewRequest("GET", "/api/orders?a=b&CODE="+value, nil), httptest.NewRequest("GET", "/", nil)
		inHeader.Header.Set(keys.Header, value)
		asToken.Header.Set("Authorization", "Bearer "+value)
		for _, r := range []*http.Request{inHeader, inQuery, asToken} {
			grant, err := guard.Check(r)
			sweep.Value(where+", grant", grant)
			sweep.Value(where+", claims", grant.Identity())
			if err != nil {
				sweep.Error(where, err)
			}
			stripped := guard.Level != keys.Anonymous && !guard.Compat // as documented
			seen := func(_ http.ResponseWriter, r *http.Request) {
				if stripped {
					sweep.Request(where+", handler", r)
				}
			}
			guard.Deny = func(w http.ResponseWriter, r *http.Request, err error) {
				seen(w, r)
				sweep.Error(where+", Deny", err)
				keys.Deny(w, err)
			}
			w := httptest.NewRecorder()
			guard.Wrap(http.HandlerFunc(seen)).ServeHTTP(w, r)
			sweep.Response(where, w.Header(), w.Body.String())
		}
	}
}

// leakChanges makes every change, well and badly, through the Manager and both
// APIs. What an answer of the API gives out on purpose is not looked at.
func leakChanges(t *testing.T, sweep *leaktest.Sweep, compat, well bool) {
	saves := []func(keys.Set) error{nil, downError, printsSet}
	if !well {
		saves = saves[:1]
	}
	for _, save := range saves {
		store := leakStore(t)
		store.save = save
		if !well {
			store.load = corruptError
		}
		res := &keys.Resolver{Store: store, Compat: compat, Logger: sweep.Logger()}
		m := &keys.Manager{
			Store: store, Resolver: res, Compat: compat, Logger: sweep.Logger(),
			Audit: func(_ context.Context, e keys.Event) {
				sweep.Value("event", e)
				if e.Err != nil {
					sweep.Error("event, Err", e.Err)
				}
			},
		}
		check := func(where string, err error) {
			if err != nil {
				sweep.Error(where, err)
			}
		}
		ctx, value := keys.WithActor(t.Context(), "tester"), keys.NewSecret(leakPut)
		for _, s := range []keys.Scope{keys.HostScope(), orders} {
			for _, kind := range []keys.Kind{keys.MasterKey, keys.SystemKey, keys.FunctionKey} {
				for _, name := range []string{"default", "new", "none/", "_master"} {
					_, err := m.Put(ctx, s, kind, name, value)
					check("Put", err)
					_, err = m.Put(ctx, s, kind, name, keys.NewSecret(leakPut+strings.Repeat("x", keys.MaxValue)))
					check("Put of a long value", err)
					key, _, err := m.Renew(ctx, s, kind, name)
					check("Renew", err)
					sweep.Value("Renew", key)
					key, err = m.Rotate(ctx, s, kind, name, time.Hour)
					check("Rotate", err)
					sweep.Value("Rotate", key)
					check("Edit", m.Edit(ctx, s, kind, name, func(k *keys.Key) { sweep.Value("Edit", k) }))
					check("Remove", m.Remove(ctx, s, kind, name))
				}
			}
			set, err := m.Ensure(ctx, s)
			check("Ensure", err)
			sweep.Value("Ensure", set)
		}
		check("Rewrite", m.Rewrite(ctx))
		leakAPI(t, sweep, m, compat)
		sweep.Logs("the logs of changes")
	}
}

// printsSet fails with what it was given.
func printsSet(set keys.Set) error { return fmt.Errorf("cannot write %v", set) }

// leakAPI sends the API what it refuses, with values in every place.
func leakAPI(t *testing.T, sweep *leaktest.Sweep, m *keys.Manager, compat bool) {
	api, err := keys.NewAPI(keys.APIConfig{
		Manager: m, Compat: compat, Logger: sweep.Logger(), FunctionExists: func(name string) bool { return strings.EqualFold(name, "orders") },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, presented := range []string{leakMaster, leakHost, leakStranger} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH"} {
			for _, path := range []string{"/admin/host/keys", "/admin/host/systemkeys/_master", "/admin/functions/orders/keys/default", "/admin/functions/none/keys/default", "/host/default/listkeys", "/functions/orders/keys/x"} {
				for _, body := range []string{"", `{"value": "` + leakPut + `"}`, `{"value": "` + leakPut, `{"value": ["` + leakPut + `"]}`, leakPut, `{"properties": {"value": "` + leakPut + `"}}`, `"` + strings.Repeat(leakPut, 5000) + `"`} {
					for _, h := range []http.Handler{api, api.Plane(nil)} {
						r := httptest.NewRequest(method, path+"?code="+presented, bytes.NewReader([]byte(body)))
						r.Header.Set("Content-Type", "application/json")
						r.Header.Set("Accept", "application/json")
						w := httptest.NewRecorder()
						h.ServeHTTP(w, r)
						answer := w.Body.String()
						if w.Code < 300 {
							answer = "" // values, to somebody who may have them
						}
						sweep.Response(fmt.Sprintf("%s %s", method, path), w.Header(), answer)
					}
				}
			}
		}
	}
}

// TestKeystestLeaksNothing: what a test prints when a rule does not hold.
func TestKeystestLeaksNothing(t *testing.T) {
	k := keystest.New(t, "orders/partner", "host/ops")
	sweep := leaktest.New(t, k.Value(t, "orders/partner"), k.Value(t, "host/ops"), k.Value(t, keystest.Master), k.Value(t, keystest.Unknown))
	sweep.Value("Keys", k)
	for _, key := range []string{"", "orders/partner", "host/ops", keystest.Master, keystest.Unknown} {
		for _, level := range []keys.Level{keys.Anonymous, keys.Function, keys.Admin} {
			for _, want := range []keystest.Outcome{keystest.Allowed, keystest.Denied, keystest.AllowedAs("x"), keystest.DeniedWith(403)} {
				sweep.Text("Explain", keystest.Explain(t, k, keystest.Case{Function: "orders", Level: level, Key: key, Want: want}))
			}
		}
	}
}
