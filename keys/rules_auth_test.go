package keys_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
)

// ruleStore is a store with several keys of each kind, some of which share
// values or names, or have values that need care.
func ruleStore(t testing.TB) *keys.Memory {
	t.Helper()
	k := func(name, value string) keys.Key { return keys.Key{Name: name, Value: keys.NewSecret(value)} }
	store := &keys.Memory{}
	ctx := context.Background()
	save := func(s keys.Scope, set keys.Set) {
		if err := store.Save(ctx, s, set); err != nil {
			t.Fatal(err)
		}
	}
	save(keys.HostScope(), keys.Set{
		Master: k("whatever stands here", "the-Master"),
		System: []keys.Key{k("Blobs_Extension", "sys-blobs"), k("other", "sys-other"), k("twice", "sys-twice1"), k("TWICE", "sys-twice2"),
			k("sameAsHost", "shared-sys-host"), k("sameAsMaster", "the-Master"), k("empty", "")},
		Function: []keys.Key{k("default", "host-default"), k("blobs_extension", "host-blobs"), k("ключ", "host-ключ"), k("a b", "one, two"),
			k("sameAsSys", "shared-sys-host"), k("sameAsOwn", "shared-host-own"), k("blank", " "), k("tabs", "a\tb"),
			k("escape", "50%FF"), k("broken", "%zz%4"), k("nul", "a\x00b"), k("semi", "a;b"), k("amp", "a&b"), k("eq", "a=b=="),
			k("hash", "a#b"), k("big", strings.Repeat("k", keys.MaxValue)), k("first", "same"), k("second", "same"), k("", "nameless")},
	})
	save(keys.FunctionScope("Orders"), keys.Set{Function: []keys.Key{k("default", "own-default"), k("partner", "own-partner"),
		k("sameAsHost", "shared-host-own"), k("master", "own-named-master"), k("_master", "own-named-_master")}})
	save(keys.FunctionScope("invoices"), keys.Set{Function: []keys.Key{k("default", "their-default")}})
	return store
}

// ruleKnown says what a presented value is, by KY-48 and KY-49: kind and name.
var ruleKnown = map[string]keys.Grant{
	"the-Master": {Kind: keys.MasterKey, Name: "master"},
	"sys-blobs":  {Kind: keys.SystemKey, Name: "Blobs_Extension"}, "sys-other": {Kind: keys.SystemKey, Name: "other"},
	"sys-twice1": {Kind: keys.SystemKey, Name: "twice"}, "sys-twice2": {Kind: keys.SystemKey, Name: "TWICE"},
	"shared-sys-host": {Kind: keys.SystemKey, Name: "sameAsHost"},
	"host-default":    {Kind: keys.FunctionKey, Name: "default"}, "host-blobs": {Kind: keys.FunctionKey, Name: "blobs_extension"},
	"host-ключ": {Kind: keys.FunctionKey, Name: "ключ"}, "one, two": {Kind: keys.FunctionKey, Name: "a b"},
	"shared-host-own": {Kind: keys.FunctionKey, Name: "sameAsOwn"}, " ": {Kind: keys.FunctionKey, Name: "blank"},
	"a\tb": {Kind: keys.FunctionKey, Name: "tabs"}, "50%FF": {Kind: keys.FunctionKey, Name: "escape"},
	"%zz%4": {Kind: keys.FunctionKey, Name: "broken"}, "a\x00b": {Kind: keys.FunctionKey, Name: "nul"},
	"a;b": {Kind: keys.FunctionKey, Name: "semi"}, "a&b": {Kind: keys.FunctionKey, Name: "amp"},
	"a=b==": {Kind: keys.FunctionKey, Name: "eq"}, "a#b": {Kind: keys.FunctionKey, Name: "hash"},
	strings.Repeat("k", keys.MaxValue): {Kind: keys.FunctionKey, Name: "big"}, "same": {Kind: keys.FunctionKey, Name: "first"},
	"nameless": {Kind: keys.FunctionKey},
}

// ruleOwn are the keys of the function Orders.
var ruleOwn = map[string]keys.Grant{
	"own-default": {Kind: keys.FunctionKey, Name: "default"}, "own-partner": {Kind: keys.FunctionKey, Name: "partner"},
	"own-named-master": {Kind: keys.FunctionKey, Name: "master"}, "own-named-_master": {Kind: keys.FunctionKey, Name: "_master"},
}

// ruleUnknown are texts that no key equals.
var ruleUnknown = []string{"", "nope", "The-Master", "THE-MASTER", "the-master", "the-Master ", "the-Maste", "the-Masterx", "sys-twice",
	"their-default", "OWN-DEFAULT", "master", "_master", "default", "  ", "host-\u043a\u043b\u044e\u0447\u0301", "own-defaultorders",
	strings.Repeat("k", keys.MaxValue+1), strings.Repeat("k", keys.MaxValue-1), strings.Repeat("z", 1<<20)}

func ruleValues() map[string]keys.Grant {
	all := map[string]keys.Grant{}
	for _, text := range ruleUnknown {
		all[text] = keys.Grant{}
	}
	for text, g := range ruleKnown {
		all[text] = g
	}
	for text, g := range ruleOwn {
		all[text] = g
	}
	return all
}

// TestRuleTruthTable is section 3.1 with KY-30 to KY-36, and KY-48 to KY-54:
// every value on every level, in the header and in the query, of a function
// that is enabled or disabled, in both profiles.
func TestRuleTruthTable(t *testing.T) {
	store := ruleStore(t)
	levels := []keys.Level{keys.Anonymous, keys.User, keys.Function, keys.System, keys.Admin}
	for _, compat := range []bool{true, false} {
		res := &keys.Resolver{Store: store, Compat: compat}
		for text, known := range ruleValues() {
			for _, function := range []string{"orders", "ORDERS", "other"} {
				want := known
				if _, own := ruleOwn[text]; own && function == "other" {
					want = keys.Grant{}
				}
				for i := range 4 * len(levels) {
					level, disabled, header := levels[i/4], i&1 != 0, i&2 != 0
					g := &keys.Guard{Resolver: res, Function: function, Level: level, Disabled: disabled, Compat: compat, Identify: true}
					r := httptest.NewRequest("GET", "/", nil)
					if header {
						r.Header.Set("X-FUNCTIONS-key", text)
					} else {
						r.URL.RawQuery = "a=b&cODe=" + url.QueryEscape(text)
					}
					open := level == keys.Anonymous || want.Kind == keys.MasterKey ||
						level == keys.Function && want.Kind == keys.FunctionKey || level == keys.System && want.Kind == keys.SystemKey
					status := 200
					switch {
					case !open:
						status = 401
					case disabled && want.Kind != keys.MasterKey:
						status = 404
					}
					grant, err := g.Check(r)
					w := httptest.NewRecorder()
					if err != nil {
						keys.Deny(w, err)
					}
					if w.Code != status || grant.Kind != want.Kind || grant.Name != want.Name || w.Body.Len() != 0 || w.Header().Get("Www-Authenticate") != "" {
						t.Errorf("compat %t, %s of %s, disabled %t, header %t, %.40q: got %d as %+v, want %d as %+v",
							compat, function, level, disabled, header, text, w.Code, grant, status, want)
					}
					ruleClaims(t, grant)
				}
			}
		}
	}
}

// ruleClaims checks KY-30 of a grant.
func ruleClaims(t *testing.T, g keys.Grant) {
	t.Helper()
	var want keys.Identity
	if g.Kind != keys.NoKey {
		level := map[keys.Kind]string{keys.MasterKey: "Admin", keys.SystemKey: "System", keys.FunctionKey: "Function"}[g.Kind]
		want = append(want, keys.Claim{Type: "http://schemas.microsoft.com/2017/07/functions/claims/authlevel", Value: level},
			keys.Claim{Type: "http://schemas.microsoft.com/2017/07/functions/claims/invoke", Value: "true"})
		if g.Name != "" {
			want = append(want, keys.Claim{Type: "http://schemas.microsoft.com/2017/07/functions/claims/keyid", Value: g.Name})
		}
	}
	if got := g.Identity(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("claims of %+v: %v, want %v", g, got, want)
	}
}

// TestRuleEndpoints is section 3.2 with KY-32, KY-47, KY-56 and KY-57.
func TestRuleEndpoints(t *testing.T) {
	store := ruleStore(t)
	for _, compat := range []bool{true, false} {
		res := &keys.Resolver{Store: store, Compat: compat}
		for text, known := range ruleValues() {
			if _, own := ruleOwn[text]; own {
				known = keys.Grant{} // no function, no keys of one
			}
			for _, extension := range []string{"", "blobs", "BLOBS", "Other", "twice", "none"} {
				for i := range 4 {
					header, signedIn := i&1 != 0, i&2 != 0
					g := &keys.Guard{Resolver: res, Level: keys.Admin, Challenge: true, Compat: compat}
					if extension != "" {
						g.Level, g.KeyName = keys.System, keys.ExtensionKey(extension)
					}
					g.Identified = func(*http.Request) bool { return signedIn }
					r := httptest.NewRequest("GET", "/", nil)
					if header {
						r.Header["X-Functions-Key"] = []string{text, "the-Master"}
					} else {
						r.URL.RawQuery = "code=" + url.QueryEscape(text) + "&code=the-Master"
					}
					own := extension != "" && known.Kind == keys.SystemKey && strings.EqualFold(known.Name, extension+"_extension")
					status, challenge := 200, ""
					switch {
					case known.Kind == keys.MasterKey || own:
					case known.Kind == keys.NoKey && !signedIn:
						status, challenge = 401, "Bearer"
					default:
						status = 403
					}
					_, err := g.Check(r)
					w := httptest.NewRecorder()
					if err != nil {
						keys.Deny(w, err)
					}
					if w.Code != status || w.Header().Get("WWW-Authenticate") != challenge || w.Body.Len() != 0 {
						t.Errorf("compat %t, extension %q, header %t, signed in %t, %.40q: got %d %q, want %d %q",
							compat, extension, header, signedIn, text, w.Code, w.Header().Get("WWW-Authenticate"), status, challenge)
					}
				}
			}
		}
	}
}

// TestRuleCarriers is section 4 over a connection, as callers see it: what
// arrives is what counts.
func TestRuleCarriers(t *testing.T) {
	store := ruleStore(t)
	tests := []struct {
		name, query, headers string
		want                 string // name of the key, "-" for no key
	}{
		{"header", "", "x-functions-key: own-default", "default"},
		{"header in other casing", "", "X-FUNCTIONS-KEY: own-partner", "partner"},
		{"header trimmed", "", "x-functions-key: \t own-partner \t", "partner"},
		{"header of spaces is empty", "?code=own-default", "x-functions-key:    ", "-"},
		{"header inner tab", "", "x-functions-key: a\tb", "tabs"},
		{"header utf-8", "", "x-functions-key: host-ключ", "ключ"},
		{"header is not decoded", "", "x-functions-key: own%2Ddefault", "-"},
		{"header plus", "", "x-functions-key: one,+two", "-"},
		{"header comma", "", "x-functions-key: one, two", "a b"},
		{"header list", "", "x-functions-key: own-default,own-default", "-"},
		{"header twice", "", "x-functions-key: own-default\nX-Functions-Key: nope", "default"},
		{"header twice, first empty", "", "x-functions-key:\nx-functions-key: own-default", "-"},
		{"header twice, first wrong", "?code=own-default", "x-functions-key: nope\nx-functions-key: own-default", "-"},
		{"header empty over query", "?code=own-default", "x-functions-key:", "-"},
		{"underscores", "", "x_functions_key: own-default", "-"},
		{"query", "?code=own-default", "", "default"},
		{"query casing", "?CoDe=own-default", "", "default"},
		{"query of another casing first", "?CODE=nope&code=own-default", "", "-"},
		{"query of another casing second", "?Code=own-default&code=nope", "", "default"},
		{"query last", "?a=1&b=2&code=own-default", "", "default"},
		{"query without value first", "?code&code=own-default", "", "-"},
		{"query empty pieces", "?&&code=own-default&&", "", "default"},
		{"query after question mark", "??code=own-default", "", "-"},
		{"query name escaped", "?%63od%65=own-default", "", "default"},
		{"query name with plus", "?+code=own-default", "", "-"},
		{"query name in brackets", "?code[]=own-default", "", "-"},
		{"query other names", "?code1=own-default&xcode=own-default&key=own-default&apikey=own-default", "", "-"},
		{"query spaces are kept", "?code=own-default%20", "", "-"},
		{"query space", "?code=%20", "", "blank"},
		{"query plus is a space", "?code=+", "", "blank"},
		{"query plus inside", "?code=one,+two", "", "a b"},
		{"query escaped plus", "?code=one,%2Btwo", "", "-"},
		{"query twice escaped", "?code=own%252Ddefault", "", "-"},
		{"query escapes of any casing", "?code=own%2ddefault", "", "default"},
		{"query utf-8", "?code=host-%D0%BA%D0%BB%D1%8E%D1%87", "", "ключ"},
		{"query bytes that are no utf-8 stay", "?code=50%FF", "", "escape"},
		{"query broken escapes stay", "?code=%zz%4", "", "broken"},
		{"query nul", "?code=a%00b", "", "nul"},
		{"query semicolon", "?code=a;b", "", "semi"},
		{"query semicolon separates nothing", "?a=1;code=own-default", "", "-"},
		{"query ampersand escaped", "?code=a%26b", "", "amp"},
		{"query equals signs raw", "?code=a=b==", "", "eq"},
		{"query hash escaped", "?code=a%23b", "", "hash"},
		{"query first of several", "?code=own-partner&code=the-Master", "", "partner"},
		{"bearer", "", "authorization: Bearer own-default", "-"},
		{"basic", "", "authorization: Basic own-default", "-"},
		{"cookie", "", "cookie: code=own-default; x-functions-key=own-default", "-"},
		{"client id", "?clientid=partner", "x-functions-clientid: partner", "-"},
		{"client id does not choose", "?code=own-default&clientid=partner", "x-functions-clientid: nope", "default"},
		{"ocp", "", "ocp-apim-subscription-key: own-default", "-"},
	}
	for _, compat := range []bool{true, false} {
		g := &keys.Guard{Resolver: &keys.Resolver{Store: store, Compat: compat}, Function: "orders", Compat: compat}
		for _, tt := range tests {
			headers := strings.TrimSuffix("Content-Type: application/x-www-form-urlencoded\n"+tt.headers, "\n")
			r := readRequest(t, "POST /x"+tt.query, headers, "code=own-default")
			grant, err := g.Check(r)
			got := grant.Name
			if err != nil {
				got = "-"
			}
			if got != tt.want {
				t.Errorf("compat %t, %s: recognised as %q, want %q", compat, tt.name, got, tt.want)
			}
		}
	}
}

// TestRuleHugeValues is KY-16 and KY-50 with values that a request can just
// carry to the source, and with the default's bound.
func TestRuleHugeValues(t *testing.T) {
	for _, n := range []int{keys.MaxValue, keys.MaxValue + 1, 32 << 10, 32<<10 + 1} {
		value := strings.Repeat("é", n/2) + strings.Repeat("x", n%2)
		store := &keys.Memory{}
		err := store.Save(t.Context(), keys.HostScope(), keys.Set{Function: []keys.Key{{Name: "big", Value: keys.NewSecret(value)}}})
		if err != nil {
			t.Fatal(err)
		}
		for compat, bound := range map[bool]int{true: 32 << 10, false: keys.MaxValue} {
			res := &keys.Resolver{Store: store, Compat: compat}
			for text, same := range map[string]bool{value: true, value[:n-1]: false, "y" + value[1:]: false} {
				g, err := res.Resolve(t.Context(), "orders", text)
				if want := same && n <= bound; err != nil || (g.Kind == keys.FunctionKey) != want {
					t.Errorf("compat %t, %d bytes: recognised as %s, %v, want %t", compat, n, g.Kind, err, want)
				}
			}
		}
	}
}
