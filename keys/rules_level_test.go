package keys_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
)

// TestRuleLevels is KY-29: names, and a zero that asks for a key.
func TestRuleLevels(t *testing.T) {
	for text, want := range map[string]keys.Level{"anonymous": keys.Anonymous, "USER": keys.User, "Function": keys.Function, "sYstem": keys.System, "admin": keys.Admin} {
		if got, err := keys.ParseLevel(text); err != nil || got != want || !strings.EqualFold(got.String(), text) {
			t.Errorf("ParseLevel(%q) = %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", " function", "functions", "none", "5", "-1", "admın"} {
		if got, err := keys.ParseLevel(text); err == nil {
			t.Errorf("ParseLevel(%q) = %s, want an error", text, got)
		}
	}
	if got := (keys.Level)(0); got != keys.Function {
		t.Errorf("the zero Level is %s", got)
	}
}

// TestRuleClaims is KY-31 to KY-33 against a slow judge, over every pair of
// claims, names and rights.
func TestRuleClaims(t *testing.T) {
	// What the texts of a level claim mean; -1 equals no level.
	texts := map[string]int{"Anonymous": 0, "User": 1, "Function": 2, "System": 3, "Admin": 4, "0": 0, "1": 1, "2": 2, "3": 3, "4": 4,
		"": 0, "admin": 0, "ADMIN": 0, "function": 0, "nonsense": 0, "5": -1, "42": -1, "АDMIN": 0}
	levels := map[keys.Level]int{keys.Anonymous: 0, keys.User: 1, keys.Function: 2, keys.System: 3, keys.Admin: 4}
	rights := map[string]bool{"-": false, "true": true, "True": false, "TRUE": false, "false": false, "": false, "1": false, " true": false}
	names := [][]string{nil, {"blobs_extension"}, {"BLOBS_Extension"}, {"other"}, {"other", "blobs_extension"}, {"blobs_extension", "other"}, {""}}
	for first, a := range texts {
		for second, b := range texts {
			for right, may := range rights {
				for _, claimed := range names {
					id := keys.Identity{{Type: keys.ClaimLevel, Value: first}, {Type: "other", Value: "Admin"}, {Type: keys.ClaimLevel, Value: second}}
					if right != "-" {
						id = append(id, keys.Claim{Type: keys.ClaimInvoke, Value: right})
					}
					for _, name := range claimed {
						id = append(id, keys.Claim{Type: keys.ClaimKeyID, Value: name})
					}
					for level, n := range levels {
						has := n == 0 || a == n || b == n || a == 4 || b == 4
						named := n == 0 || a == 4 || b == 4 || has && len(claimed) > 0 && strings.EqualFold(claimed[0], "blobs_extension")
						if got := id.HasLevel(level, ""); got != has {
							t.Fatalf("%v has %s: %t, want %t", id, level, got, has)
						}
						if got := id.HasLevel(level, "blobs_extension"); got != named {
							t.Fatalf("%v has %s by name: %t, want %t", id, level, got, named)
						}
						if got, want := id.MayCall(level), has && (n == 0 || may); got != want {
							t.Fatalf("%v may call %s: %t, want %t", id, level, got, want)
						}
					}
				}
			}
		}
	}
	var none keys.Identity
	if !none.MayCall(keys.Anonymous) || none.MayCall(keys.Function) || none.HasLevel(keys.User, "") {
		t.Error("nobody is somebody")
	}
}

// TestRuleHandedOn is KY-44 with D16: the source hands the key on; the default
// takes it out of the query of a function that asks for one.
func TestRuleHandedOn(t *testing.T) {
	tests := []struct{ query, want string }{
		{"code=own-default", ""}, {"a=1&code=own-default&b=2", "a=1&b=2"}, {"CODE=own-default&code=x&Code=y&z", "z"},
		{"c%6Fde=own-default&%43ode=2&q=%zz", "q=%zz"}, {"code=own-default&codes=1&xcode=2&code[]=3", "codes=1&xcode=2&code[]=3"},
		{"code=own-default&&a=b", "&a=b"}, {"a=code&code=own-default", "a=code"}, {"code=own-default&a=1;code=2", "a=1;code=2"},
	}
	for _, compat := range []bool{true, false} {
		for _, level := range []keys.Level{keys.Anonymous, keys.Function} {
			for _, tt := range tests {
				g := &keys.Guard{Resolver: &keys.Resolver{Store: ruleStore(t), Compat: compat}, Function: "orders", Level: level, Compat: compat}
				var seen *http.Request
				h := g.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r }))
				r := readRequest(t, "GET /p?"+tt.query, "", "")
				h.ServeHTTP(httptest.NewRecorder(), r)
				want := tt.want
				if compat || level == keys.Anonymous {
					want = tt.query
				}
				if seen == nil {
					t.Errorf("compat %t, %s, %q: refused", compat, level, tt.query)
					continue
				}
				target := strings.TrimSuffix("/p?"+want, "?")
				if got := strings.Trim(seen.URL.RawQuery, "&"); got != strings.Trim(want, "&") {
					t.Errorf("compat %t, %s, %q: the handler saw %q, want %q", compat, level, tt.query, got, want)
				}
				if got := strings.TrimRight(seen.RequestURI, "?&"); strings.ReplaceAll(got, "?&", "?") != strings.ReplaceAll(target, "?&", "?") {
					t.Errorf("compat %t, %s, %q: the handler saw the target %q, want %q", compat, level, tt.query, got, target)
				}
				if r.URL.RawQuery != tt.query {
					t.Errorf("the caller's own request was changed to %q", r.URL.RawQuery)
				}
			}
		}
	}
}

// TestRuleExtensionKey is KY-7 and KY-32's name, with KY-Q4's seed.
func TestRuleExtensionKey(t *testing.T) {
	for in, want := range map[string]string{"EventGrid": "eventgrid_extension", "durabletask": "durabletask_extension", "ÉTÉ": "été_extension", "": "_extension", "A_B-c": "a_b-c_extension"} {
		if got := keys.ExtensionKey(in); got != want {
			t.Errorf("ExtensionKey(%q) = %q, want %q", in, got, want)
		}
	}
	m := &keys.Manager{Store: &keys.Memory{}}
	first, err := m.EnsureKey(t.Context(), keys.HostScope(), keys.SystemKey, keys.ExtensionKey("Blobs"))
	second, err2 := m.EnsureKey(t.Context(), keys.HostScope(), keys.SystemKey, "BLOBS_extension")
	if err != nil || err2 != nil || first.Name != "blobs_extension" || !keys.Generated(keys.SystemKey, first.Value.Reveal()) || !first.Value.Equal(second.Value) {
		t.Errorf("EnsureKey = %v, then %v, %v, %v", first, second, err, err2)
	}
}

// TestRuleStrict is KY-24 to KY-28 and KY-37: what strict mode refuses, scope by
// scope, in calls and in changes.
func TestRuleStrict(t *testing.T) {
	value := func(kind keys.Kind) keys.Secret { return keys.Generate(kind) }
	key := func(name string, v keys.Secret) keys.Key { return keys.Key{Name: name, Value: v} }
	plain := keys.NewSecret("plain-but-long-enough-value")
	wrong := value(keys.FunctionKey) // of another kind's seed where it is a system key
	for _, compat := range []bool{true, false} {
		for _, strict := range []bool{true, false} {
			store := &keys.Memory{}
			host := keys.Set{Master: key("master", value(keys.MasterKey)), System: []keys.Key{key("s", value(keys.SystemKey)), key("plain", plain), key("wrong", wrong)},
				Function: []keys.Key{key("h", value(keys.FunctionKey)), key("legacy", keys.NewSecret("mgXGdSh4pprENQbMremEN4LAFL1kOCcn/MQsyE1xYSKTPZFr0GNjZQ=="))}}
			own := keys.Set{Function: []keys.Key{key("f", value(keys.FunctionKey)), key("m", value(keys.MasterKey))}}
			if err := store.Save(t.Context(), keys.HostScope(), host); err != nil {
				t.Fatal(err)
			}
			if err := store.Save(t.Context(), keys.FunctionScope("orders"), own); err != nil {
				t.Fatal(err)
			}
			res := &keys.Resolver{Store: store, Strict: strict, Compat: compat}
			for i, tt := range []struct {
				key  keys.Key
				kind keys.Kind
				good bool
			}{
				{host.Master, keys.MasterKey, true}, {host.System[0], keys.SystemKey, true}, {host.Function[0], keys.FunctionKey, true}, {own.Function[0], keys.FunctionKey, true},
				{host.System[1], keys.SystemKey, false}, {host.System[2], keys.SystemKey, false}, {host.Function[1], keys.FunctionKey, false}, {own.Function[1], keys.FunctionKey, false},
			} {
				g, err := res.Resolve(context.Background(), "orders", tt.key.Value.Reveal())
				want := keys.NoKey
				if tt.good || !strict {
					want = tt.kind
				}
				if err != nil || g.Kind != want {
					t.Errorf("compat %t, strict %t, %d %q: recognised as %s, %v, want %s", compat, strict, i, tt.key.Name, g.Kind, err, want)
				}
			}
			// Changes through the API: 400 without a text.
			api, err := keys.NewAPI(keys.APIConfig{Manager: &keys.Manager{Store: store, Resolver: res, Strict: strict, Compat: compat}, FunctionExists: func(string) bool { return true }, Compat: compat})
			if err != nil {
				t.Fatal(err)
			}
			for path, kind := range map[string]keys.Kind{"/admin/host/keys/x": keys.FunctionKey, "/admin/functions/orders/keys/x": keys.FunctionKey, "/admin/host/systemkeys/x": keys.SystemKey, "/admin/host/keys/_master": keys.MasterKey} {
				for _, v := range []keys.Secret{plain, value(keys.FunctionKey), value(keys.SystemKey), {}} {
					master, err := store.Load(t.Context(), keys.HostScope())
					if err != nil {
						t.Fatal(err)
					}
					headers := fmt.Sprintf("content-type: application/json\nx-functions-key: %s", master.Master.Value.Reveal())
					w := httptest.NewRecorder()
					api.ServeHTTP(w, readRequest(t, "PUT "+path, headers, fmt.Sprintf(`{"value":%q}`, v.Reveal())))
					refused := strict && !keys.Validate(kind, v.Reveal())
					if v.IsZero() {
						if !strict {
							continue // see TestRuleAPICompat and TestRuleAPIDefault
						}
						refused = !compat || kind == keys.MasterKey // KY-27
					}
					if (w.Code == 400) != refused || refused && w.Body.Len() != 0 {
						t.Errorf("compat %t, strict %t, PUT %s of a value for another kind %t: %d %q", compat, strict, path, refused, w.Code, w.Body)
					}
				}
			}
		}
	}
}
