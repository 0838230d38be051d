package trigger_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// token makes a token of the platform's form for the site "app".
func token(issuer string, key []byte) string {
	enc := base64.RawURLEncoding
	body := fmt.Sprintf(`{"iss":%q,"aud":"https://app.azurewebsites.net","exp":%d}`, issuer, time.Now().Add(time.Hour).Unix())
	text := enc.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + enc.EncodeToString([]byte(body))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return text + "." + enc.EncodeToString(mac.Sum(nil))
}

// TestTokens asks a host with tokens, with and without the isolation of its admin
// endpoints, and one without tokens. The platform's tokens open admin endpoints and
// no function that asks for a key, those of the site both (TR-114).
func TestTokens(t *testing.T) {
	key := []byte("token key of thirty-two bytes...")
	tokens, err := keys.NewTokens(keys.TokenConfig{Site: "app", Keys: []keys.Secret{keys.NewSecret(string(key))}})
	if err != nil {
		t.Fatal(err)
	}
	site, platform := token("https://app.scm.azurewebsites.net", key), token("https://appservice.core.azurewebsites.net", key)
	for _, compat := range []bool{false, true} {
		host := func(tokens *keys.Tokens, isolated string) *trigger.Host {
			return mustHost(t, trigger.Config{
				Compat: compat, Keys: newResolver(t, compat), Tokens: tokens,
				Env: map[string]string{"FUNCTIONS_ADMIN_ISOLATION_ENABLED": isolated, "WEBSITE_INSTANCE_ID": "e777"},
				Functions: []trigger.Function{{Name: "f", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get(keys.SiteTokenHeader) != "" != compat {
						w.WriteHeader(http.StatusTeapot)
					}
				})}, {Name: "anonymous", Level: keys.Anonymous, Handler: okHandler}, {Name: "admin", Level: keys.Admin, Handler: okHandler}},
			})
		}
		with, without, isolated := host(tokens, "0"), host(nil, "0"), host(tokens, "1")
		for _, tt := range []struct {
			name, target, header, value, mark string
			host                              *trigger.Host
			want                              int
		}{
			{"site token calls a function", "/api/f", keys.SiteTokenHeader, site, "", with, 200},
			{"platform token does not", "/api/f", keys.SiteTokenHeader, platform, "", with, 401},
			{"platform token as a bearer's does not", "/api/f", "Authorization", "Bearer " + platform, "", with, 401},
			{"site token calls a function of the master's", "/api/admin", keys.SiteTokenHeader, site, "", with, 200},
			{"platform token does not call it", "/api/admin", keys.SiteTokenHeader, platform, "", with, 401},
			{"platform token with an anonymous function", "/api/anonymous", keys.SiteTokenHeader, platform, "", with, 200},
			{"platform token describes a function", "/admin/functions/f", keys.SiteTokenHeader, platform, "", with, 200},
			{"site token lists keys", "/admin/host/keys", keys.SiteTokenHeader, site, "", with, 200},
			{"platform token lists keys", "/admin/host/keys", "Authorization", "Bearer " + platform, "", with, 200},
			{"platform token sees the status", "/admin/host/status", keys.SiteTokenHeader, platform, "", with, 200},
			{"of another key", "/admin/host/status", keys.SiteTokenHeader, token("https://appservice.core.azurewebsites.net", key[1:]), "", with, 401},
			{"off, function", "/api/f", keys.SiteTokenHeader, site, "", without, 401},
			{"off, status", "/admin/host/status", keys.SiteTokenHeader, platform, "", without, 401},
			{"off, keys", "/admin/host/keys", keys.SiteTokenHeader, site, "", without, 401},
			{"isolated, right key", "/admin/host/status", keys.Header, masterKey, "", isolated, 403},
			{"isolated, right key, marked", "/admin/host/status", keys.Header, masterKey, "true", isolated, 200},
			{"isolated, no key", "/admin/host/status", "X", "", "", isolated, 401},
			{"isolated, no key, marked", "/admin/host/status", "X", "", "true", isolated, 401},
			{"isolated, keys with the right key", "/admin/host/keys", keys.Header, masterKey, "", isolated, 403},
			{"isolated, keys with the right key, marked", "/admin/host/keys", keys.Header, masterKey, "true", isolated, 200},
			{"isolated, keys without", "/admin/host/keys", "X", "", "", isolated, 401},
			{"isolated, a function", "/api/f", keys.Header, masterKey, "", isolated, map[bool]int{false: 200, true: 418}[compat]},
		} {
			r := httptest.NewRequest("GET", tt.target, nil)
			r.Header.Set(tt.header, tt.value)
			if tt.mark != "" {
				r.Header.Set("X-Ms-Platform-Internal", tt.mark)
			}
			w := httptest.NewRecorder()
			tt.host.ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("compat %t, %s: %d, want %d", compat, tt.name, w.Code, tt.want)
			}
		}
	}
}
