package trigger_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// parse makes the request that a server makes of a target.
func parse(t *testing.T, target string) *http.Request {
	t.Helper()
	return httptest.NewRequest("GET", target, nil)
}

func TestFunctionSeesThePathThatWasMatched(t *testing.T) {
	var path, escaped string
	see := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { path, escaped = r.URL.Path, r.URL.EscapedPath() })
	functions := []trigger.Function{
		{Name: "public", Route: "public/{*rest}", Level: keys.Anonymous, Handler: see},
		{Name: "secret", Route: "secret", Handler: see},
	}
	for _, bare := range []bool{false, true} {
		h := mustHost(t, trigger.Config{Keys: newResolver(t, false), Functions: functions, Bare: bare})
		tests := []struct{ target, path, escaped string }{
			{"/api/x/../public/a", "/api/public/a", "/api/public/a"},
			{"/api/x/%2e%2E/public/a", "/api/public/a", "/api/public/a"},
			{"/api/x/../public/a%20b", "/api/public/a b", "/api/public/a%20b"},
			{"/api/x/../public/a%2Fb", "/api/public/a/b", "/api/public/a%2Fb"},
			{"/api/public/%252e%252e/./b", "/api/public/%2e%2e/b", "/api/public/%252e%252e/b"},
			{"/api/public/x%2F..%2F..%2F..%2Fsecret", "/api/public/x/../../../secret", "/api/public/x%2F..%2F..%2F..%2Fsecret"},
			{"/api/public/x%2f../..%2f../../public/secret", "/api/public/x/../public/secret", "/api/public/x%2f../public/secret"},
			{"/api/public/%2e%2e%2f%2e%2e%2fsecret", "/api/public/../../secret", "/api/public/%2e%2e%2f%2e%2e%2fsecret"},
		}
		for _, tt := range tests {
			path, escaped = "", ""
			w := record(h, parse(t, tt.target))
			if w.Code != http.StatusOK || path != tt.path || escaped != tt.escaped {
				t.Errorf("bare %v: %s: %d, the function sees %q, escaped %q, want %q, %q", bare, tt.target, w.Code, path, escaped, tt.path, tt.escaped)
			}
		}
	}
}

func TestCompatAnonymousFunctionIsNotToldOfUsers(t *testing.T) {
	var seen http.Header
	h := mustHost(t, trigger.Config{
		Compat: true, Keys: newResolver(t, true),
		Identity: &trigger.Identity{
			Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, SecretHeader: "X-Front", Secret: "0123456789abcdef",
		},
		Functions: anonymous(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header })),
	})
	for _, name := range []string{"X-MS-CLIENT-PRINCIPAL", "X-MS-CLIENT-PRINCIPAL-ID", "X-MS-CLIENT-PRINCIPAL-NAME", "X-MS-TOKEN-AAD-ID-TOKEN", "X-Front"} {
		r := parse(t, "/api/f")
		r.Header.Add(name, "forged")
		r.Header.Add(name, "twice")
		seen = nil
		if w := record(h, r); w.Code != http.StatusOK || len(seen) != 0 {
			t.Errorf("%s: %d, the function sees %v", name, w.Code, seen)
		}
	}
}

func TestExtensionSeesNoKey(t *testing.T) {
	var seen *http.Request
	store := newResolver(t, false)
	h := mustHost(t, trigger.Config{Keys: store, Extensions: map[string]http.Handler{
		"a": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another extension was called") }),
		"b": http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r }),
	}})
	r := parse(t, "/runtime/webhooks/a/%2e%2e/b/x?c%6fde=other&y=1")
	r.Header.Set(keys.Header, masterKey)
	if w := record(h, r); w.Code != http.StatusOK || seen == nil {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if seen.URL.Path != "/runtime/webhooks/b/x" || seen.URL.RawQuery != "y=1" || seen.Header[keys.Header] != nil {
		t.Errorf("the extension sees %s %v", seen.URL, seen.Header)
	}
}

func TestRedactManySecrets(t *testing.T) {
	// As long as the fields of a request may be: each secret must not cost a walk to the end.
	got := trigger.Redact(strings.Repeat("&code=a", 1<<17))
	if strings.Contains(got, "=a") || strings.Count(got, "Hidden") != 1<<17 {
		t.Error("a secret is left")
	}
}
