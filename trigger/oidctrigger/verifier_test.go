package oidctrigger_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/trigger/oidctrigger"
)

func TestVerify(t *testing.T) {
	p := newProvider(t)
	v := newVerifier(t, p.config())
	for _, kid := range []string{"rsa", "ec"} {
		token := p.token(t, kid, map[string]any{
			"aud": []string{"x", audience}, "n": 5, "ok": true, "none": nil, "o": map[string]any{"a": []int{1}}, "mixed": []any{"a", 1, nil},
		})
		u, err := v.Verify(t.Context(), token)
		if err != nil {
			t.Fatalf("%s: %v", kid, err)
		}
		if u.Provider != p.URL || u.ID() != "u1" || u.Name() != "Ann" || !slices.Equal(u.Roles(), []string{"reader", "writer"}) ||
			!u.HasRole("writer") || u.HasRole("admin") || u.Value("n") != "5" || u.Value("ok") != "true" || u.Value("o") != `{"a":[1]}` {
			t.Errorf("%s: %+v, claims %v", kid, u, u.Claims)
		}
		if !slices.Contains(u.Claims, trigger.Claim{Type: "mixed", Value: "1"}) || slices.Contains(u.Claims, trigger.Claim{Type: "mixed"}) {
			t.Errorf("%s: claims %v", kid, u.Claims)
		}
	}
}

func TestNames(t *testing.T) {
	p := newProvider(t)
	c := p.config()
	c.Provider, c.NameClaim, c.RoleClaim = "aad", "upn", "groups"
	u, err := newVerifier(t, c).Verify(t.Context(), p.token(t, "ec", map[string]any{"upn": "ann@example.com", "groups": "g1"}))
	if err != nil || u.Provider != "aad" || u.Name() != "ann@example.com" || !slices.Equal(u.Roles(), []string{"g1"}) {
		t.Errorf("%v, %v", u, err)
	}
}

func TestRefused(t *testing.T) {
	p := newProvider(t)
	public, err := x509.MarshalPKIXPublicKey(p.keys["rsa"].Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	good := p.token(t, "rsa", nil)
	part := strings.Split(good, ".")
	encode := base64.RawURLEncoding.EncodeToString
	at := func(d time.Duration) int64 { return noon().Add(d).Unix() }
	tests := []struct{ name, token string }{
		{"another issuer", p.token(t, "rsa", map[string]any{"iss": "https://evil.example"})},
		{"issuer with a slash", p.token(t, "rsa", map[string]any{"iss": p.URL + "/"})},
		{"no issuer", p.token(t, "rsa", map[string]any{"iss": nil})},
		{"another audience", p.token(t, "rsa", map[string]any{"aud": "api://else"})},
		{"part of the audience", p.token(t, "rsa", map[string]any{"aud": audience[:5]})},
		{"no audience", p.token(t, "rsa", map[string]any{"aud": nil})},
		{"empty audience", p.token(t, "rsa", map[string]any{"aud": []string{}})},
		{"expired", p.token(t, "rsa", map[string]any{"exp": at(-time.Second)})},
		{"no expiry", p.token(t, "rsa", map[string]any{"exp": nil})},
		{"expiry is text", p.token(t, "rsa", map[string]any{"exp": "soon"})},
		{"not yet", p.token(t, "rsa", map[string]any{"nbf": at(6 * time.Minute)})},
		{"unknown key with a known name", sign(t, newRSA(t), "rsa", p.claims(nil))},
		{"unknown key without a name", sign(t, newEC(t), "", p.claims(nil))},
		{"HS256 with the public key", sign(t, publicPEM, "rsa", p.claims(nil))},
		{"HS256 with its DER", sign(t, public, "rsa", p.claims(nil))},
		{"none", encode([]byte(`{"alg":"none"}`)) + "." + part[1] + "."},
		{"none with a signature", encode([]byte(`{"alg":"none","kid":"rsa"}`)) + "." + part[1] + "." + part[2]},
		{"another algorithm", encode([]byte(`{"alg":"ES256","kid":"rsa"}`)) + "." + part[1] + "." + part[2]},
		{"no algorithm", encode([]byte(`{"kid":"rsa"}`)) + "." + part[1] + "." + part[2]},
		{"critical extension", encode([]byte(`{"alg":"RS256","kid":"rsa","crit":["x"],"x":1}`)) + "." + part[1] + "." + part[2]},
		{"signature removed", part[0] + "." + part[1] + "."},
		{"signature of another", part[0] + "." + encode([]byte(`{"sub":"root"}`)) + "." + part[2]},
		{"two parts", part[0] + "." + part[1]},
		{"four parts", good + ".x"},
		{"JSON form", `{"payload":"` + part[1] + `","signatures":[{"protected":"` + part[0] + `","signature":"` + part[2] + `"}]}`},
		{"JSON form with dots", `{"payload":"` + part[1] + `","protected":"` + part[0] + `","signature":"` + part[2] + `","a":".."}`},
		{"garbage", "gar.ba.ge-secret-text"},
		{"blank inside", part[0] + ". " + part[1] + "." + part[2]},
		{"line break at the end", good + "\n"},
		{"padding", good + "="},
		{"dots", ".."},
		{"bytes", "\xff\x00.\xff.\xff"},
		{"long", strings.Repeat("a", 20000) + "." + part[1] + "." + part[2]},
	}
	c := p.config()
	c.RefreshEvery = -1
	v := newVerifier(t, c)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := v.Verify(t.Context(), tt.token)
			var refused *oidctrigger.TokenError
			if u != nil || !errors.As(err, &refused) {
				t.Fatalf("%v, %v, want a TokenError", u, err)
			}
			if refused.Expired != (tt.name == "expired") {
				t.Errorf("%v: Expired is %v", err, refused.Expired)
			}
			for _, piece := range append(strings.Split(tt.token, "."), "evil", "api://") {
				if len(piece) > 3 && strings.Contains(err.Error(), piece) {
					t.Errorf("%q holds %q of the token", err, piece)
				}
			}
		})
	}
	for name, change := range map[string]map[string]any{
		"good": nil, "nbf in the skew": {"nbf": at(4 * time.Minute)}, "expires in a second": {"exp": at(time.Second)},
	} {
		if u, err := v.Verify(t.Context(), p.token(t, "rsa", change)); u == nil || err != nil {
			t.Errorf("%s: %v, %v", name, u, err)
		}
	}
}

func TestAlgorithms(t *testing.T) {
	p := newProvider(t)
	c := p.config()
	c.Algorithms = []string{"ES256"}
	v := newVerifier(t, c)
	if _, err := v.Verify(t.Context(), p.token(t, "ec", nil)); err != nil {
		t.Errorf("ES256: %v", err)
	}
	if u, err := v.Verify(t.Context(), p.token(t, "rsa", nil)); err == nil {
		t.Errorf("RS256: %v, want an error", u)
	}
}

// eventually repeats what may still meet the end of the fetch before, which the
// key set shares with whoever comes until it is put away.
func eventually(try func() error) (err error) {
	for range 100000 {
		if err = try(); err == nil {
			break
		}
		runtime.Gosched()
	}
	return err
}

func TestRotation(t *testing.T) {
	p := newProvider(t)
	now := noon()
	c := p.config()
	c.Now = func() time.Time { return now }
	v := newVerifier(t, c)
	verify := func(kid string) error {
		_, err := v.Verify(t.Context(), p.token(t, kid, nil))
		return err
	}
	if p.fetched() != 0 {
		t.Errorf("New fetched the keys")
	}
	if err := verify("rsa"); err != nil || p.fetched() != 1 {
		t.Fatalf("first: %v, %d fetches", err, p.fetched())
	}
	p.set(func() { p.keys["new"] = newEC(t) })
	if err := verify("new"); err == nil || p.fetched() != 1 {
		t.Errorf("a new key at once: %v, %d fetches, want to wait", err, p.fetched())
	}
	if err := verify("rsa"); err != nil {
		t.Errorf("a known key meanwhile: %v", err)
	}
	now = now.Add(10 * time.Second)
	if err := eventually(func() error { return verify("new") }); err != nil || p.fetched() != 2 {
		t.Errorf("a new key later: %v, %d fetches", err, p.fetched())
	}
	old := p.token(t, "rsa", nil)
	p.set(func() { delete(p.keys, "rsa"); p.keys["next"] = newRSA(t) })
	now = now.Add(10 * time.Second)
	if err := eventually(func() error { return verify("next") }); err != nil || p.fetched() != 3 {
		t.Errorf("the next key: %v, %d fetches", err, p.fetched())
	}
	gone := func() error {
		if u, err := v.Verify(t.Context(), old); err == nil {
			return fmt.Errorf("%v is believed", u)
		}
		return nil
	}
	if err := eventually(gone); err != nil {
		t.Errorf("a key that was taken back: %v", err)
	}
}

func TestProviderFails(t *testing.T) {
	p := newProvider(t)
	c := p.config()
	c.RefreshEvery = -1
	v := newVerifier(t, c)
	token := p.token(t, "rsa", nil)
	p.set(func() { p.broken = true })
	u, err := v.Verify(t.Context(), token)
	var refused *oidctrigger.TokenError
	if u != nil || err == nil || errors.As(err, &refused) || !strings.Contains(err.Error(), "500") {
		t.Errorf("keys out of order: %v, %v", u, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	gone := func() error {
		if u, err := v.Verify(ended, token); u != nil || !errors.Is(err, context.Canceled) {
			return fmt.Errorf("%v, %v", u, err)
		}
		return nil
	}
	if err := eventually(gone); err != nil {
		t.Errorf("client gone: %v", err)
	}
	p.set(func() { p.broken = false })
	again := func() (err error) { u, err = v.Verify(t.Context(), token); return err }
	if err := eventually(again); u == nil || err != nil {
		t.Errorf("keys back: %v, %v", u, err)
	}
}

func TestConcurrent(t *testing.T) {
	p := newProvider(t)
	v := newVerifier(t, p.config())
	token := p.token(t, "ec", nil)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if u, err := v.Verify(t.Context(), token); u == nil || err != nil {
				t.Errorf("%v, %v", u, err)
			}
		})
	}
	wg.Wait()
	if p.fetched() != 1 {
		t.Errorf("%d fetches, want 1", p.fetched())
	}
}

func TestNew(t *testing.T) {
	p := newProvider(t)
	_, err := oidctrigger.New(t.Context(), oidctrigger.Config{Issuer: "http://a.example", Audiences: []string{""}, Algorithms: []string{"HS256", "none"}})
	for _, want := range []string{"not https", "Audiences", "HS256", "none"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want all mistakes, also %q", err, want)
		}
	}
	for _, issuer := range []string{"", ":", "https://", "https://a/?b", "https://u:p@a/", "https://a/#b"} {
		if _, err := oidctrigger.New(t.Context(), oidctrigger.Config{Issuer: issuer, Audiences: []string{"a"}}); err == nil {
			t.Errorf("%q: no error", issuer)
		}
	}
	for name, document := range map[string]map[string]any{
		"another issuer": {"issuer": "https://evil.example"},
		"plain keys":     {"jwks_uri": "http://127.0.0.1/keys"},
		"no keys":        {"jwks_uri": ""},
	} {
		p.set(func() { p.document = document })
		if v, err := oidctrigger.New(t.Context(), p.config()); v != nil || err == nil {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	p.set(func() { p.document = map[string]any{"jwks_uri": p.URL + "/moved"} })
	if u, err := newVerifier(t, p.config()).Verify(t.Context(), p.token(t, "ec", nil)); u == nil || err != nil {
		t.Errorf("keys behind a redirect: %v, %v", u, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := oidctrigger.New(ended, p.config()); v != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v, %v", v, err)
	}
}

func TestHost(t *testing.T) {
	p := newProvider(t)
	v := newVerifier(t, p.config())
	h, err := trigger.NewHost(trigger.Config{
		Identity: &trigger.Identity{Verifier: v},
		Functions: []trigger.Function{{Name: "me", Level: keys.Anonymous, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inv, _ := trigger.FromContext(r.Context())
			if inv.Principal == nil {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, inv.Principal.Name(), inv.Principal.Roles(), r.Header.Get("X-Ms-Client-Principal"))
		})}},
	})
	if err != nil {
		t.Fatal(err)
	}
	good := p.token(t, "rsa", nil)
	tests := []struct {
		name   string
		fields []string
		want   int
	}{
		{"bearer", []string{"Bearer " + good}, 200},
		{"case and blanks", []string{"  bEARER   " + good}, 200},
		{"beside another scheme", []string{"Basic eDp5", "Bearer " + good}, 401},
		{"nothing", nil, 401},
		{"another scheme", []string{"Basic " + good}, 401},
		{"no scheme", []string{good}, 401},
		{"no token", []string{"Bearer"}, 401},
		{"two", []string{"Bearer " + good, "Bearer " + good}, 401},
		{"two in one", []string{"Bearer " + good + ", Bearer " + good}, 401},
		{"expired", []string{"Bearer " + p.token(t, "rsa", map[string]any{"exp": 1})}, 401},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/api/me", nil)
		r.Header["Authorization"] = tt.fields
		r.Header.Set("X-MS-CLIENT-PRINCIPAL", "e30=")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.want || tt.want == 200 && w.Body.String() != "Ann[reader writer]" {
			t.Errorf("%s: %d %q, want %d", tt.name, w.Code, w.Body, tt.want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	p := newProvider(f)
	v, err := oidctrigger.New(f.Context(), p.config())
	if err != nil {
		f.Fatal(err)
	}
	good := p.token(f, "ec", nil)
	f.Add(good)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		if u, err := v.Verify(t.Context(), token); (u != nil) != (err == nil) || u != nil && !strings.HasPrefix(token, good[:strings.LastIndex(good, ".")]) {
			t.Errorf("%q: %v, %v", token, u, err)
		}
	})
}
