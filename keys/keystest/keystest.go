// Package keystest lets a team write down who may call what, and test it.
//
//	keys := keystest.New(t, "host/ops", "orders/partner", "system/eventgrid_extension")
//	keystest.Run(t, keys, []keystest.Case{
//		{Function: "orders", Level: keys.Function, Key: "", Want: keystest.Denied},
//		{Function: "orders", Level: keys.Function, Key: "orders/partner", Want: keystest.AllowedAs("partner")},
//		{Function: "orders", Level: keys.Admin, Key: "host/ops", Want: keystest.Denied},
//	})
//
// Keys go by names of the form KIND/NAME, where KIND is host, system or the name
// of a function; master is always there. Their values are made anew for each
// test, so none stands in the code. A case with a Guard puts the question to that
// guard, which is how the guards of a program are tested: give them the
// Resolver of the fixture.
package keystest

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
)

// Master names the master key, which every fixture has.
const Master = "master"

// Unknown names a text that is no key.
const Unknown = "unknown"

// Keys is a fixture: keys with values of their own in a store in memory.
type Keys struct {
	// Resolver resolves the keys of the fixture.
	Resolver *keys.Resolver

	values map[string]keys.Secret
}

// New makes a fixture with the master key and the keys that are named. A name
// that has no slash, or is there twice, fails the test.
func New(t testing.TB, names ...string) *Keys {
	t.Helper()
	store := &keys.Memory{}
	k := &Keys{Resolver: &keys.Resolver{Store: store}, values: map[string]keys.Secret{Unknown: keys.Generate(keys.FunctionKey)}}
	sets := map[keys.Scope]*keys.Set{keys.HostScope(): {}}
	k.values[Master] = keys.Generate(keys.MasterKey)
	sets[keys.HostScope()].Master = keys.Key{Name: keys.MasterName, Value: k.values[Master]}
	for _, full := range names {
		kind, name, ok := strings.Cut(full, "/")
		if _, twice := k.values[full]; !ok || name == "" || kind == "" || twice {
			t.Fatalf("keystest: %q: want KIND/NAME, once, with host, system or a function's name for KIND", full)
		}
		scope, of := keys.HostScope(), keys.FunctionKey
		switch kind {
		case "host":
		case "system":
			of = keys.SystemKey
		default:
			scope = keys.FunctionScope(kind)
		}
		set := sets[scope]
		if set == nil {
			set = &keys.Set{}
			sets[scope] = set
		}
		key := keys.Key{Name: name, Value: keys.Generate(of)}
		k.values[full] = key.Value
		if of == keys.SystemKey {
			set.System = append(set.System, key)
		} else {
			set.Function = append(set.Function, key)
		}
	}
	for scope, set := range sets {
		if err := store.Save(t.Context(), scope, *set); err != nil {
			t.Fatalf("keystest: %v", err)
		}
	}
	return k
}

// Value returns the value of a key of the fixture, for requests that a test
// makes itself. A name that the fixture lacks fails the test.
func (k *Keys) Value(t testing.TB, name string) string {
	t.Helper()
	value, ok := k.values[name]
	if !ok {
		known := make([]string, 0, len(k.values))
		for n := range k.values {
			known = append(known, n)
		}
		slices.Sort(known)
		t.Fatalf("keystest: no key %q: there are %s", name, strings.Join(known, ", "))
	}
	return value.Reveal()
}

// Request makes a GET request that presents a key of the fixture in the header;
// "" presents none.
func (k *Keys) Request(t testing.TB, target, name string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	if name != "" {
		r.Header.Set(keys.Header, k.Value(t, name))
	}
	return r
}

// An Outcome is what becomes of a request. The zero Outcome is Denied.
type Outcome struct {
	allowed bool
	as      string // the name by which the caller is known
	named   bool
	status  int // of a refusal, if it is not 401
}

// The plain outcomes.
var (
	Denied  = Outcome{}              // refused with 401
	Allowed = Outcome{allowed: true} // let in, by whatever key
)

// AllowedAs is let in by the key of this name; "" is let in by none.
func AllowedAs(name string) Outcome { return Outcome{allowed: true, as: name, named: true} }

// DeniedWith is refused with another status than 401: 403 where the guard
// challenges, 404 for a disabled function.
func DeniedWith(status int) Outcome { return Outcome{status: status} }

// String says the outcome in words.
func (o Outcome) String() string {
	switch {
	case o.named && o.as == "":
		return "allowed, by no key"
	case o.named:
		return fmt.Sprintf("allowed as %q", o.as)
	case o.allowed:
		return "allowed"
	}
	return fmt.Sprintf("denied with %d", o.code())
}

func (o Outcome) code() int {
	if o.status == 0 {
		return http.StatusUnauthorized
	}
	return o.status
}

// A Case is one rule: who calls what, and what becomes of it.
type Case struct {
	// Function and Level say which door is tried.
	Function string
	Level    keys.Level

	// Guard is the door itself, if it is not nil: a guard of the program under
	// test, with the fixture's Resolver. Function and Level are the guard's then.
	Guard *keys.Guard

	// Key names the key that the caller presents; "" is none.
	Key string

	Want Outcome
}

// Run puts each case to its guard, as a subtest. A failure says which rule
// decided.
func Run(t *testing.T, k *Keys, cases []Case) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name(k), func(t *testing.T) {
			if text := Explain(t, k, c); text != "" {
				t.Error(text)
			}
		})
	}
}

// guard returns the door of the case.
func (c *Case) guard(k *Keys) *keys.Guard {
	if c.Guard != nil {
		return c.Guard
	}
	return &keys.Guard{Resolver: k.Resolver, Function: c.Function, Level: c.Level}
}

func (c *Case) name(k *Keys) string {
	g := c.guard(k)
	who := c.Key
	if who == "" {
		who = "no key"
	}
	return fmt.Sprintf("%s (level %s) with %s", g.Function, g.Level, who)
}

// Explain returns "" if a case holds, else what became of the request and which
// rule decided: the text that Run fails with. No value of a key is in it.
func Explain(t testing.TB, k *Keys, c Case) string {
	t.Helper()
	guard := c.guard(k)
	grant, err := guard.Check(k.Request(t, "/", c.Key))
	got := outcome(grant, err)
	if c.Want.matches(got) {
		return ""
	}
	return fmt.Sprintf("%s: %s, want %s: %s", c.name(k), got, c.Want, because(guard, grant, err))
}

// outcome tells what became of a request.
func outcome(grant keys.Grant, err error) Outcome {
	if err == nil {
		return AllowedAs(grant.Name)
	}
	var denied *keys.DeniedError
	if errors.As(err, &denied) {
		return DeniedWith(denied.StatusCode())
	}
	return DeniedWith(http.StatusInternalServerError)
}

func (o Outcome) matches(got Outcome) bool {
	if o.allowed != got.allowed {
		return false
	}
	if !o.allowed {
		return o.code() == got.code()
	}
	return !o.named || strings.EqualFold(o.as, got.as)
}

// because says which rule decided.
func because(guard *keys.Guard, grant keys.Grant, err error) string {
	whose := "no key is recognised"
	switch grant.Kind {
	case keys.NoKey:
	case keys.SiteToken, keys.PlatformToken, keys.RestrictedToken:
		whose = fmt.Sprintf("the caller has a %s", grant.Kind)
	default:
		whose = fmt.Sprintf("the key is %q, a %s key of %s, which grants level %s", grant.Name, grant.Kind, grant.Scope, grant.Level())
	}
	var denied *keys.DeniedError
	switch {
	case errors.As(err, &denied) && denied.Reason == keys.ReasonWrongLevel:
		return fmt.Sprintf("%s, and level %s takes an equal level or the master key", whose, guard.Level)
	case errors.As(err, &denied) && denied.Reason == keys.ReasonUnknownKey:
		return fmt.Sprintf("%s: the keys of the host and of function %q were asked", denied.Reason, guard.Function)
	case errors.As(err, &denied):
		return string(denied.Reason)
	case err != nil:
		return err.Error()
	case guard.Level == keys.Anonymous:
		return "level anonymous takes every caller"
	case grant.Kind == keys.MasterKey:
		return "the master key opens everything"
	}
	return whose + ", the level asked for"
}
