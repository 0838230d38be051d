package oidctrigger_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/httptrigger/httptrigger/trigger/oidctrigger"
)

// audience is what the tests' app is called at the provider.
const audience = "api://orders"

// provider is an identity provider with a discovery document and a key set.
type provider struct {
	*httptest.Server

	mu       sync.Mutex
	keys     map[string]crypto.Signer // by kid
	fetches  int                      // of the key set
	broken   bool                     // answers 500 for the key set
	document map[string]any           // members put in the place of the usual
}

func newProvider(t testing.TB) *provider {
	p := &provider{keys: map[string]crypto.Signer{"rsa": newRSA(t), "ec": newEC(t)}}
	p.Server = httptest.NewTLSServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func newRSA(t testing.TB) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newEC(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		document := map[string]any{
			"issuer": p.URL, "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256", "ES256", "HS256", "none"},
		}
		for name, value := range p.document {
			document[name] = value
		}
		json.NewEncoder(w).Encode(document)
	case "/moved":
		http.Redirect(w, r, p.URL+"/keys", http.StatusFound)
	case "/keys":
		p.fetches++
		if p.broken {
			http.Error(w, "out of order", http.StatusInternalServerError)
			return
		}
		var set jose.JSONWebKeySet
		for kid, key := range p.keys {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: kid, Use: "sig"})
		}
		json.NewEncoder(w).Encode(set)
	default:
		http.NotFound(w, r)
	}
}

// set changes the provider between two requests.
func (p *provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// fetched returns how often the key set was asked for.
func (p *provider) fetched() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches
}

// claims are those of a good token, with changes; nil takes one away.
func (p *provider) claims(change map[string]any) map[string]any {
	claims := map[string]any{
		"iss": p.URL, "aud": audience, "sub": "u1", "name": "Ann",
		"roles": []string{"reader", "writer"}, "exp": noon().Add(time.Hour).Unix(),
	}
	for name, value := range change {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return claims
}

// token signs claims with the provider's key kid.
func (p *provider) token(t testing.TB, kid string, change map[string]any) string {
	t.Helper()
	p.mu.Lock()
	key := p.keys[kid]
	p.mu.Unlock()
	return sign(t, key, kid, p.claims(change))
}

// sign makes a token with any key, and the algorithm that fits it.
func sign(t testing.TB, key any, kid string, claims map[string]any) string {
	t.Helper()
	algorithm := jose.RS256
	switch key.(type) {
	case *ecdsa.PrivateKey:
		algorithm = jose.ES256
	case []byte:
		algorithm = jose.HS256
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// noon is the time in the tests.
func noon() time.Time { return time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC) }

// config is one that the provider's good tokens pass.
func (p *provider) config() oidctrigger.Config {
	patient := *p.Client()
	patient.Timeout = time.Minute
	return oidctrigger.Config{Issuer: p.URL, Audiences: []string{"other", audience}, Client: &patient, Now: noon}
}

func newVerifier(t testing.TB, c oidctrigger.Config) *oidctrigger.Verifier {
	t.Helper()
	v, err := oidctrigger.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
