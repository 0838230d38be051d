package keysvec

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

type sequence struct {
	ID      string `json:"id"`
	Secrets string `json:"secrets"`
	Quirk   string `json:"quirk"`
	Steps   []step `json:"steps"`
}

type step struct {
	At       float64     `json:"at"` // seconds
	Do       string      `json:"do"`
	Key      string      `json:"key"`
	Function string      `json:"function"`
	Level    string      `json:"level"`
	Change   string      `json:"change"`
	Notify   bool        `json:"notify"`
	Expect   *authExpect `json:"expect"`
	Reloads  *int64      `json:"reloads"`
}

// counting counts how often the host's keys are read.
type counting struct {
	keys.Store
	loads atomic.Int64
}

func (c *counting) Load(ctx context.Context, s keys.Scope) (keys.Set, error) {
	if s.IsHost() {
		c.loads.Add(1)
	}
	return c.Store.Load(ctx, s)
}

func (r *runner) sequence(fixtures map[string]fixture, s sequence) {
	const group = "keys/sequences"
	f := fixtures[s.Secrets]
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	store := &counting{Store: f.store()}
	newResolver := func() *keys.Resolver {
		return &keys.Resolver{Store: store, Compat: true, Strict: f.Strict, Now: func() time.Time { return now }}
	}
	res := newResolver()
	cold := true
	for i, step := range s.Steps {
		now = start.Add(time.Duration(step.At * float64(time.Second)))
		switch step.Do {
		case "store":
			if step.Change == "cold start" {
				res, cold = newResolver(), true
				continue
			}
			scope, err := change(store.Store, step.Change)
			if err != nil {
				r.NotBuilt(group, s.ID, err.Error())
				return
			}
			if step.Notify {
				res.Reload(context.Background(), scope)
			}
		case "request":
			loads := store.loads.Load()
			level := keys.Function
			if step.Level != "" {
				level, _ = keys.ParseLevel(step.Level)
			}
			g := &keys.Guard{Resolver: res, Function: step.Function, Level: level, Compat: true}
			got := put(g, authRequest{Headers: map[string][]string{keys.Header: {step.Key}}})
			reloads := store.loads.Load() - loads
			if cold {
				reloads--
				cold = false
			}
			want := step.Expect.result()
			known := knownQuirks[s.Quirk]
			if got != want && known != "" && want.status == 200 && got.status == 401 {
				r.Differs(group, s.ID, known)
				return
			}
			if got != want || step.Reloads != nil && reloads != *step.Reloads {
				r.Fail(group, s.ID, "step %d: want %+v, got %+v with %d reloads", i, want, got, reloads)
				return
			}
		default:
			r.NotBuilt(group, s.ID, "step "+step.Do)
			return
		}
	}
	r.Pass(group)
}

// change makes a change that is said in words, behind the resolver's back:
//
//	add function key orders/new = value
//	remove host function key name
func change(store keys.Store, words string) (keys.Scope, error) {
	unknown := fmt.Errorf("change %q", words)
	head, value, hasValue := strings.Cut(words, " = ")
	what, name, ok := strings.Cut(head, " key ")
	if !ok {
		what, name = strings.TrimSuffix(head, " key"), ""
	}
	verb, kindName, _ := strings.Cut(what, " ")
	scope, kind := keys.HostScope(), keys.FunctionKey
	switch kindName {
	case "function":
		function, key, ok := strings.Cut(name, "/")
		if !ok {
			return scope, unknown
		}
		scope, name = keys.FunctionScope(function), key
	case "host", "host function":
	case "system":
		kind = keys.SystemKey
	case "master", "the master":
		kind = keys.MasterKey
	default:
		return scope, unknown
	}
	ctx := context.Background()
	set, _ := store.Load(ctx, scope)
	switch {
	case (verb == "add" || verb == "change" || verb == "replace" || verb == "set" || verb == "renew" || verb == "update") && hasValue:
		set.Put(kind, keys.Key{Name: name, Value: keys.NewSecret(value)})
	case verb == "remove" || verb == "delete":
		set.Remove(kind, name)
	default:
		return scope, unknown
	}
	return scope, store.Save(ctx, scope, set)
}
