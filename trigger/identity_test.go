package trigger_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

func principal(json string) http.Header {
	return http.Header{"X-Ms-Client-Principal": {base64.StdEncoding.EncodeToString([]byte(json))}}
}

func TestPrincipalFromHeader(t *testing.T) {
	const appService = `{"auth_typ":"aad","name_typ":"name","role_typ":"roles","claims":[{"typ":"name","val":"Ann"},{"typ":"roles","val":"reader"},{"typ":"roles","val":"writer"},{"typ":"n","val":5}]}`
	p, err := trigger.PrincipalFromHeader(principal(appService))
	if err != nil || p.Provider != "aad" || p.Name() != "Ann" || !p.HasRole("writer") || p.HasRole("Writer") || p.Value("n") != "5" ||
		!slices.Equal(p.Roles(), []string{"reader", "writer"}) {
		t.Errorf("App Service: %+v, %v", p, err)
	}
	const staticWebApps = `{"identityProvider":"github","userId":"u1","userDetails":"bob","userRoles":["anonymous","authenticated"]}`
	p, err = trigger.PrincipalFromHeader(principal(staticWebApps))
	if err != nil || p.Provider != "github" || p.Name() != "bob" || p.ID() != "u1" || !p.HasRole("authenticated") {
		t.Errorf("Static Web Apps: %+v, %v", p, err)
	}
	h := http.Header{}
	h.Set("X-MS-CLIENT-PRINCIPAL-ID", "7")
	h.Set("X-MS-CLIENT-PRINCIPAL-NAME", "n")
	h.Set("X-MS-CLIENT-PRINCIPAL-IDP", "google")
	h.Set("X-MS-TOKEN-GOOGLE-ACCESS-TOKEN", "secret")
	p, err = trigger.PrincipalFromHeader(h)
	if err != nil || p.ID() != "7" || p.Name() != "n" || p.Provider != "google" || p.Token("Access-Token") != "secret" {
		t.Errorf("single fields: %+v, %v", p, err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", p, p, p, p); strings.Contains(text, "secret") {
		t.Errorf("the token prints: %s", text)
	}
	nobody := []string{"", "{}", "null", `{"AUTH_TYP":"aad"}`, `{"auth_typ":null,"claims":null}`, `{"claims":[{"typ":"a","val":"b"}]}`}
	for _, text := range nobody {
		if p, err := trigger.PrincipalFromHeader(principal(text)); p != nil || err != nil {
			t.Errorf("%s: %v, %v, want nobody", text, p, err)
		}
	}
	for _, value := range []string{"***", "aGVsbG8=", "W10=", "\xff"} {
		p, err := trigger.PrincipalFromHeader(http.Header{"X-Ms-Client-Principal": {value}})
		if p != nil || err == nil {
			t.Errorf("%q: %v, %v, want an error", value, p, err)
		}
	}
	unpadded := strings.TrimRight(principal(staticWebApps).Get("X-Ms-Client-Principal"), "=")
	if p, err := trigger.PrincipalFromHeader(http.Header{"X-Ms-Client-Principal": {unpadded}}); p == nil || err != nil {
		t.Errorf("without padding: %v, %v", p, err)
	}
	broken := `{"auth_typ":"aad","claims":[null,{"typ":"a"},{"val":"b"},{"typ":"c","val":"d"}]}`
	if p, err := trigger.PrincipalFromHeader(principal(broken)); err != nil || len(p.Claims) != 1 {
		t.Errorf("broken claims: %v, %v, want the one that is whole", p, err)
	}
}

type fixedVerifier struct {
	p   *trigger.Principal
	err error
}

func (f fixedVerifier) Principal(*http.Request) (*trigger.Principal, error) { return f.p, f.err }

func TestIdentity(t *testing.T) {
	const user = `{"identityProvider":"github","userId":"u1","userDetails":"bob","userRoles":[]}`
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	const secret = "0123456789abcdef"
	tests := []struct {
		name   string
		id     *trigger.Identity
		remote string
		header http.Header
		want   string // user, and whether the function sees the field
	}{
		{"nobody vouches", nil, "10.1.2.3:1", nil, "- false"},
		{"nothing set", &trigger.Identity{}, "10.1.2.3:1", nil, "- false"},
		{"proxy", &trigger.Identity{Proxies: proxies}, "10.1.2.3:1", nil, "bob true"},
		{"proxy by mapped address", &trigger.Identity{Proxies: proxies}, "[::ffff:10.1.2.3]:1", nil, "bob true"},
		{"proxy with zone", &trigger.Identity{Proxies: proxies}, "[fd00::1%eth0]:1", nil, "bob true"},
		{"another", &trigger.Identity{Proxies: proxies}, "11.1.2.3:1", nil, "- false"},
		{"no address", &trigger.Identity{Proxies: proxies}, "@", nil, "- false"},
		{"secret", &trigger.Identity{SecretHeader: "X-Front", Secret: secret}, "1.1.1.1:1", http.Header{"X-Front": {secret}}, "bob true"},
		{"wrong secret", &trigger.Identity{SecretHeader: "X-Front", Secret: secret}, "1.1.1.1:1", http.Header{"X-Front": {"x"}}, "- false"},
		{"no secret", &trigger.Identity{SecretHeader: "X-Front", Secret: secret}, "1.1.1.1:1", nil, "- false"},
		{"secret without proxy", &trigger.Identity{Proxies: proxies, SecretHeader: "X-Front", Secret: secret}, "1.1.1.1:1", http.Header{"X-Front": {secret}}, "- false"},
		{"verifier", &trigger.Identity{Verifier: fixedVerifier{p: &trigger.Principal{Provider: "jwt", NameType: "n", Claims: []trigger.Claim{{Type: "n", Value: "carol"}}}}}, "1.1.1.1:1", nil, "carol false"},
		{"verifier that refuses", &trigger.Identity{Verifier: fixedVerifier{err: errors.New("expired")}}, "1.1.1.1:1", nil, "- false"},
		{"all", &trigger.Identity{InsecureTrustAll: true}, "1.1.1.1:1", nil, "bob true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, err := trigger.NewHost(trigger.Config{Identity: tt.id, Functions: []trigger.Function{{
				Name: "f", Level: keys.Anonymous,
				Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					name := "-"
					if inv, _ := trigger.FromContext(r.Context()); inv.Principal != nil {
						name = inv.Principal.Name()
					}
					fmt.Fprint(w, name, " ", r.Header.Get("X-Ms-Client-Principal") != "", r.Header.Get("X-Front"))
				}),
			}}})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("GET", "/api/f", nil)
			r.RemoteAddr = tt.remote
			for name, values := range principal(user) {
				r.Header[name] = values
			}
			for name, values := range tt.header {
				r.Header[name] = values
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got := w.Body.String(); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestIdentityMistakes(t *testing.T) {
	for _, id := range []*trigger.Identity{
		{Secret: "0123456789abcdef"}, {SecretHeader: "X-A"}, {SecretHeader: "X-A", Secret: "short"},
		{SecretHeader: "X A", Secret: "0123456789abcdef"}, {Proxies: []netip.Prefix{{}}},
	} {
		if _, err := trigger.NewHost(trigger.Config{Identity: id}); err == nil {
			t.Errorf("%+v: no error", id)
		}
	}
}

func FuzzPrincipal(f *testing.F) {
	f.Add(`{"auth_typ":"aad","claims":[{"typ":"a","val":"b"}]}`)
	f.Add(`{"identityProvider":"x","userRoles":[null,1]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, h := range []http.Header{principal(text), {"X-Ms-Client-Principal": {text}}} {
			p, _ := trigger.PrincipalFromHeader(h)
			if p != nil {
				_, _, _ = p.Name(), p.ID(), p.Roles()
			}
		}
	})
}
