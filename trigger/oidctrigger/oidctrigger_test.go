package oidctrigger_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/trigger/oidctrigger"
)

// A provider is an identity provider: discovery, keys, and tokens by hand.
type provider struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{key: key}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": p.URL, "jwks_uri": p.URL + "/keys", "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "kid": "k1", "alg": "RS256", "use": "sig",
			"n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	return p
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// token signs claims; alg goes into the header.
func (p *provider) token(t *testing.T, key *rsa.PrivateKey, alg string, claims map[string]any) string {
	t.Helper()
	head, _ := json.Marshal(map[string]string{"alg": alg, "kid": "k1", "typ": "JWT"})
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	text := encode(head) + "." + encode(body)
	if alg == "none" {
		return text + "."
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + encode(sig)
}

func TestVerifier(t *testing.T) {
	p := newProvider(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	v, err := oidctrigger.New(context.Background(), oidctrigger.Config{
		Issuer: p.URL, Audience: "api://orders", Name: "test", Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	host, err := trigger.NewHost(trigger.Config{Identity: &trigger.Identity{Verifier: v}, Functions: []trigger.Function{{
		Name: "who", Level: keys.Anonymous,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inv, _ := trigger.FromContext(r.Context())
			if u := inv.Principal; u != nil {
				fmt.Fprint(w, u.Provider, " ", u.ID(), " ", u.Name(), " ", u.Roles())
			}
		}),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	claims := func(change map[string]any) map[string]any {
		c := map[string]any{"iss": p.URL, "aud": "api://orders", "sub": "u1", "name": "Ann", "roles": []string{"reader", "writer"},
			"iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
		for name, value := range change {
			c[name] = value
		}
		return c
	}
	good := p.token(t, p.key, "RS256", claims(nil))
	const ann = "test u1 Ann [reader writer]"
	tests := []struct{ name, field, want string }{
		{"good", "Bearer " + good, ann},
		{"scheme in lower case", "bearer " + good, ann},
		{"none", "", ""},
		{"another scheme", "Basic " + good, ""},
		{"no token", "Bearer x", ""},
		{"expired", "Bearer " + p.token(t, p.key, "RS256", claims(map[string]any{"exp": now.Add(-time.Second).Unix()})), ""},
		{"for another", "Bearer " + p.token(t, p.key, "RS256", claims(map[string]any{"aud": "api://other"})), ""},
		{"by another issuer", "Bearer " + p.token(t, p.key, "RS256", claims(map[string]any{"iss": "https://evil.test"})), ""},
		{"by another key", "Bearer " + p.token(t, stranger, "RS256", claims(nil)), ""},
		{"unsigned", "Bearer " + p.token(t, p.key, "none", claims(nil)), ""},
		{"changed", "Bearer " + good[:len(good)-4] + "AAAA", ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/api/who", nil)
		if tt.field != "" {
			r.Header.Set("Authorization", tt.field)
		}
		r.Header.Set("X-MS-CLIENT-PRINCIPAL-ID", "forged")
		w := httptest.NewRecorder()
		host.ServeHTTP(w, r)
		if w.Code != 200 || w.Body.String() != tt.want {
			t.Errorf("%s: %d %q, want %q", tt.name, w.Code, w.Body, tt.want)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+good[:len(good)-4]+"AAAA")
	if _, err := v.Principal(r); err == nil || strings.Contains(err.Error(), good[:40]) {
		t.Errorf("error %v, want one without the token", err)
	}
}

func TestMistakes(t *testing.T) {
	if _, err := oidctrigger.New(context.Background(), oidctrigger.Config{}); err == nil || !strings.Contains(err.Error(), "Audience") {
		t.Errorf("error = %v", err)
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	defer closed.Close()
	if _, err := oidctrigger.New(context.Background(), oidctrigger.Config{Issuer: closed.URL, Audience: "x"}); err == nil {
		t.Error("a provider that is none: no error")
	}
}
