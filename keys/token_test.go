package keys_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

var (
	tokenKey  = []byte("token key of thirty-two bytes...")
	tokenKey2 = []byte("another key of thirty-two bytes.")
	tokenNow  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// secrets wraps keys.
func secrets(list ...[]byte) []keys.Secret {
	var out []keys.Secret
	for _, key := range list {
		out = append(out, keys.NewSecret(string(key)))
	}
	return out
}

const (
	siteURL  = "https://orders-app.azurewebsites.net"
	platform = "https://appservice.core.azurewebsites.net"
)

func tokens(t testing.TB, change func(*keys.TokenConfig)) *keys.Tokens {
	t.Helper()
	c := keys.TokenConfig{Site: "orders-app", Keys: secrets(tokenKey, tokenKey2), Now: func() time.Time { return tokenNow }}
	if change != nil {
		change(&c)
	}
	out, err := keys.NewTokens(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// signed makes a token of header and claims.
func signed(header, claims string, of func() hash.Hash, key []byte) string {
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(claims))
	mac := hmac.New(of, key)
	mac.Write([]byte(text))
	return text + "." + enc.EncodeToString(mac.Sum(nil))
}

const hs256 = `{"alg":"HS256","typ":"JWT"}`

func claims(change map[string]any) string {
	m := map[string]any{"iss": siteURL, "aud": siteURL, "exp": tokenNow.Add(time.Hour).Unix()}
	for name, value := range change {
		if m[name] = value; value == nil {
			delete(m, name)
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func withToken(text string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set(keys.SiteTokenHeader, text)
	return r
}

func TestTokensVerify(t *testing.T) {
	at := func(d time.Duration) int64 { return tokenNow.Add(d).Unix() }
	tests := []struct {
		name, text string
		want       keys.Kind
	}{
		{"of the site", signed(hs256, claims(nil), sha256.New, tokenKey), keys.SiteToken},
		{"with the second key", signed(hs256, claims(nil), sha256.New, tokenKey2), keys.SiteToken},
		{"no type", signed(`{"alg":"HS256"}`, claims(nil), sha256.New, tokenKey), keys.SiteToken},
		{"of the deployment site", signed(hs256, claims(map[string]any{"iss": "https://orders-app.scm.azurewebsites.net"}), sha256.New, tokenKey), keys.SiteToken},
		{"of the platform", signed(hs256, claims(map[string]any{"iss": platform}), sha256.New, tokenKey), keys.PlatformToken},
		{"casing", signed(hs256, claims(map[string]any{"iss": strings.ToUpper(platform), "aud": strings.ToUpper(siteURL)}), sha256.New, tokenKey), keys.PlatformToken},
		{"audience with a path", signed(hs256, claims(map[string]any{"aud": siteURL + "/azurefunctions"}), sha256.New, tokenKey), keys.SiteToken},
		{"several audiences", signed(hs256, claims(map[string]any{"aud": []string{"x", siteURL}}), sha256.New, tokenKey), keys.SiteToken},
		{"just expired", signed(hs256, claims(map[string]any{"exp": at(-5*time.Minute + time.Second)}), sha256.New, tokenKey), keys.SiteToken},
		{"expired", signed(hs256, claims(map[string]any{"exp": at(-5 * time.Minute)}), sha256.New, tokenKey), keys.NoKey},
		{"begun", signed(hs256, claims(map[string]any{"nbf": at(5 * time.Minute)}), sha256.New, tokenKey), keys.SiteToken},
		{"not begun", signed(hs256, claims(map[string]any{"nbf": at(5*time.Minute + time.Second)}), sha256.New, tokenKey), keys.NoKey},
		{"part of a second", signed(hs256, claims(map[string]any{"exp": float64(at(time.Minute)) + 0.5}), sha256.New, tokenKey), keys.SiteToken},

		{"no expiry", signed(hs256, claims(map[string]any{"exp": nil}), sha256.New, tokenKey), keys.NoKey},
		{"expiry a text", signed(hs256, claims(map[string]any{"exp": "9999999999"}), sha256.New, tokenKey), keys.NoKey},
		{"expiry null", signed(hs256, `{"iss":"`+siteURL+`","aud":"`+siteURL+`","exp":null}`, sha256.New, tokenKey), keys.NoKey},
		{"expiry without end", signed(hs256, claims(map[string]any{"exp": 1e300}), sha256.New, tokenKey), keys.NoKey},
		{"start no number", signed(hs256, claims(map[string]any{"nbf": "soon"}), sha256.New, tokenKey), keys.NoKey},
		{"another issuer", signed(hs256, claims(map[string]any{"iss": "https://other.azurewebsites.net"}), sha256.New, tokenKey), keys.NoKey},
		{"no issuer", signed(hs256, claims(map[string]any{"iss": nil}), sha256.New, tokenKey), keys.NoKey},
		{"another audience", signed(hs256, claims(map[string]any{"aud": siteURL + "/"}), sha256.New, tokenKey), keys.NoKey},
		{"no audience", signed(hs256, claims(map[string]any{"aud": nil}), sha256.New, tokenKey), keys.NoKey},
		{"audience an object", signed(hs256, claims(map[string]any{"aud": map[string]any{"x": siteURL}}), sha256.New, tokenKey), keys.NoKey},
		{"another key", signed(hs256, claims(nil), sha256.New, bytes.Repeat([]byte{1}, 32)), keys.NoKey},
		{"the empty key", signed(hs256, claims(nil), sha256.New, nil), keys.NoKey},
		{"another hash", signed(`{"alg":"HS512"}`, claims(nil), sha512.New, tokenKey), keys.NoKey},
		{"another hash by name", signed(`{"alg":"HS512"}`, claims(nil), sha256.New, tokenKey), keys.NoKey},
		{"none by name", signed(`{"alg":"none"}`, claims(nil), sha256.New, tokenKey), keys.NoKey},
		{"public key by name", signed(`{"alg":"RS256"}`, claims(nil), sha256.New, tokenKey), keys.NoKey},
		{"casing of the name", signed(`{"alg":"hs256"}`, claims(nil), sha256.New, tokenKey), keys.NoKey},
		{"no name", signed(`{}`, claims(nil), sha256.New, tokenKey), keys.NoKey},
		{"critical", signed(`{"alg":"HS256","crit":["b64"],"b64":false}`, claims(nil), sha256.New, tokenKey), keys.NoKey},
		{"header no JSON", signed("x", claims(nil), sha256.New, tokenKey), keys.NoKey},
		{"claims no JSON", signed(hs256, "x", sha256.New, tokenKey), keys.NoKey},
		{"claims a list", signed(hs256, "[]", sha256.New, tokenKey), keys.NoKey},
		{"too long", signed(hs256, claims(map[string]any{"x": strings.Repeat("x", 8<<10)}), sha256.New, tokenKey), keys.NoKey},
		{"empty", "", keys.NoKey},
		{"dots", "..", keys.NoKey},
	}
	verifier := tokens(t, nil)
	for _, tt := range tests {
		if got := verifier.Grant(withToken(tt.text)).Kind; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	good := tests[0].text
	for _, at := range []int{0, 5, strings.IndexByte(good, '.'), strings.LastIndexByte(good, '.') + 1, len(good) - 3, len(good)} {
		for _, lineBreak := range []string{"\n", "\r", "\r\n"} {
			text := good[:at] + lineBreak + good[at:]
			r := withToken("")
			r.Header[keys.SiteTokenHeader] = []string{text}
			if got := verifier.Grant(r).Kind; got != keys.NoKey {
				t.Errorf("%q: %s, want %s", text, got, keys.NoKey)
			}
		}
	}
	unsigned := good[:strings.LastIndex(good, ".")+1]
	for _, text := range []string{unsigned, strings.TrimSuffix(unsigned, "."), good + "=", good + ".", "." + good, " " + good} {
		if got := verifier.Grant(withToken(text)).Kind; got != keys.NoKey {
			t.Errorf("%q: %s", text, got)
		}
	}
	for i := range good { // any character changed, also in the bits that base64 leaves over
		for _, c := range []byte("AQgw.") {
			if c != good[i] {
				if got := verifier.Grant(withToken(good[:i] + string(c) + good[i+1:])).Kind; got != keys.NoKey {
					t.Errorf("character %d changed: %s", i, got)
				}
			}
		}
	}
}

func TestTokensCarriers(t *testing.T) {
	good := signed(hs256, claims(nil), sha256.New, tokenKey)
	for _, tt := range []struct {
		name   string
		header http.Header
		want   keys.Kind
	}{
		{"bearer", http.Header{"Authorization": {"Bearer " + good}}, keys.SiteToken},
		{"casing of the scheme", http.Header{"Authorization": {"bearer " + good}}, keys.SiteToken},
		{"another scheme", http.Header{"Authorization": {"Basic " + good}}, keys.NoKey},
		{"no scheme", http.Header{"Authorization": {good}}, keys.NoKey},
		{"its own header hides the other", http.Header{"Authorization": {"Bearer " + good}, keys.SiteTokenHeader: {""}}, keys.NoKey},
		{"the first counts", http.Header{keys.SiteTokenHeader: {"x", good}}, keys.NoKey},
		{"a key's header", http.Header{keys.Header: {good}}, keys.NoKey},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header = tt.header
		if got := tokens(t, nil).Grant(r).Kind; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if got := (*keys.Tokens)(nil).Grant(r).Kind; got != keys.NoKey {
			t.Errorf("%s: without Tokens %s", tt.name, got)
		}
	}
}

// swt makes a simple web token.
func swt(key []byte, plain string) string {
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	data := append([]byte(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	iv := bytes.Repeat([]byte{9}, aes.BlockSize)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	mark := sha256.Sum256(key)
	enc := base64.StdEncoding
	return enc.EncodeToString(iv) + "." + enc.EncodeToString(data) + "." + enc.EncodeToString(mark[:])
}

func TestRestrictedTokens(t *testing.T) {
	ticks := func(d time.Duration) string {
		return fmt.Sprint("exp=", (tokenNow.Add(d).Unix()+62135596800)*1e7)
	}
	on := tokens(t, func(c *keys.TokenConfig) { c.InsecureRestricted = secrets(tokenKey2, tokenKey) })
	good := swt(tokenKey, ticks(time.Second))
	for name, tt := range map[string]struct {
		text string
		want bool
	}{
		"good":           {good, true},
		"more than that": {swt(tokenKey, "a=b&"+ticks(time.Second)), true},
		"expired":        {swt(tokenKey, ticks(0)), false},
		"no expiry":      {swt(tokenKey, "a=b"), false},
		"no number":      {swt(tokenKey, "exp=x"), false},
		"empty text":     {swt(tokenKey, ""), false},
		"another key":    {swt(bytes.Repeat([]byte{1}, 32), ticks(time.Second)), false},
		"empty":          {"", false}, "dots": {"..", false}, "four": {good + ".AAAA", false},
		"two": {good[:strings.LastIndex(good, ".")], false}, "no base64": {"!" + good[1:], false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set(keys.RestrictedTokenHeader, tt.text)
		if got := on.Grant(r).Kind == keys.RestrictedToken; got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
		if got := tokens(t, nil).Grant(r).Kind; got != keys.NoKey {
			t.Errorf("%s: off: %s", name, got)
		}
	}
	for i := range good {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set(keys.RestrictedTokenHeader, good[:i])
		if on.Grant(r).Kind != keys.NoKey {
			t.Errorf("cut to %d characters: taken", i)
		}
	}
}

// TestGuardTokens is who opens what with which token.
func TestGuardTokens(t *testing.T) {
	store := fixture(t)
	jwt := func(iss string) http.Header {
		return http.Header{keys.SiteTokenHeader: {signed(hs256, claims(map[string]any{"iss": iss}), sha256.New, tokenKey)}}
	}
	restricted := http.Header{keys.RestrictedTokenHeader: {swt(tokenKey, fmt.Sprint("exp=", (tokenNow.Unix()+62135596801)*1e7))}}
	bad := http.Header{keys.SiteTokenHeader: {"x.y.z"}}
	with := func(h http.Header, key string) http.Header {
		h = h.Clone()
		h.Set(keys.Header, key)
		return h
	}
	verifier := tokens(t, func(c *keys.TokenConfig) { c.InsecureRestricted = secrets(tokenKey) })
	doors := map[string]func() *keys.Guard{
		"function": func() *keys.Guard { return &keys.Guard{Function: "orders"} },
		"admin function": func() *keys.Guard {
			return &keys.Guard{Function: "orders", Level: keys.Admin}
		},
		"disabled": func() *keys.Guard { return &keys.Guard{Function: "orders", Disabled: true} },
		"admin":    func() *keys.Guard { return &keys.Guard{Level: keys.Admin, Challenge: true} },
		"isolated": func() *keys.Guard { return &keys.Guard{Level: keys.Admin, Challenge: true, Isolate: true} },
		"webhook": func() *keys.Guard {
			return &keys.Guard{Level: keys.System, KeyName: "x_extension", Challenge: true}
		},
	}
	marked := with(jwt(platform), "")
	marked.Set("X-Ms-Platform-Internal", "True")
	for _, tt := range []struct {
		door   string
		header http.Header
		status int
		by     keys.Kind
	}{
		{"function", jwt(siteURL), 200, keys.SiteToken},
		{"function", jwt(platform), 401, keys.NoKey},
		{"function", restricted, 401, keys.NoKey},
		{"function", bad, 401, keys.NoKey},
		{"function", with(bad, "orders-value"), 200, keys.FunctionKey},
		{"function", with(jwt(siteURL), "orders-value"), 200, keys.FunctionKey},
		{"admin function", jwt(siteURL), 200, keys.SiteToken},
		{"admin function", with(jwt(siteURL), "orders-value"), 200, keys.SiteToken},
		{"admin function", with(jwt(platform), "orders-value"), 401, keys.FunctionKey}, // level and right to call do not add up
		{"admin function", restricted, 401, keys.NoKey},
		{"disabled", jwt(siteURL), 200, keys.SiteToken},
		{"disabled", jwt(platform), 401, keys.NoKey},
		{"disabled", with(jwt(siteURL), "orders-value"), 200, keys.SiteToken},
		{"disabled", with(jwt(siteURL), "master-value"), 200, keys.MasterKey},
		{"disabled", with(jwt(platform), "orders-value"), 404, keys.FunctionKey},
		{"disabled", with(bad, "orders-value"), 404, keys.FunctionKey},
		{"admin", jwt(siteURL), 200, keys.SiteToken},
		{"admin", jwt(platform), 200, keys.PlatformToken},
		{"admin", restricted, 200, keys.RestrictedToken},
		{"admin", bad, 401, keys.NoKey},
		{"admin", with(bad, "host-value"), 403, keys.FunctionKey},
		{"admin", with(jwt(platform), "host-value"), 200, keys.PlatformToken},
		{"isolated", jwt(platform), 403, keys.PlatformToken},
		{"isolated", marked, 200, keys.PlatformToken},
		{"isolated", http.Header{"X-Ms-Platform-Internal": {"true"}}, 401, keys.NoKey},
		{"isolated", with(http.Header{"X-Ms-Platform-Internal": {"true"}}, "master-value"), 200, keys.MasterKey},
		{"isolated", with(http.Header{"X-Ms-Platform-Internal": {"1"}}, "master-value"), 403, keys.MasterKey},
		{"webhook", jwt(siteURL), 200, keys.SiteToken},
		{"webhook", jwt(platform), 200, keys.PlatformToken},
		{"webhook", restricted, 401, keys.NoKey},
	} {
		for _, compat := range []bool{false, true} {
			for _, on := range []bool{true, false} {
				guard := doors[tt.door]()
				guard.Resolver, guard.Compat = &keys.Resolver{Store: store, Compat: compat}, compat
				status, by := tt.status, tt.by
				if on {
					guard.Tokens = verifier
				} else if by >= keys.SiteToken {
					continue // what it is without tokens, other lines say
				}
				r := httptest.NewRequest("GET", "/", nil)
				r.Header = tt.header.Clone()
				grant, err := guard.Check(r)
				got := 200
				if denied, ok := err.(*keys.DeniedError); ok {
					got = denied.StatusCode()
				}
				if got != status || grant.Kind != by {
					t.Errorf("%s with %v, compat %t, tokens %t: %d by %s, want %d by %s", tt.door, tt.header, compat, on, got, grant.Kind, status, by)
				}
			}
		}
	}
	// Off unless configured.
	for door, guard := range doors {
		g := guard()
		g.Resolver = &keys.Resolver{Store: store}
		for _, h := range []http.Header{jwt(siteURL), jwt(platform), restricted} {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header = h.Clone()
			if _, err := g.Check(r); err == nil {
				t.Errorf("%s without Tokens: a token is taken", door)
			}
		}
	}
}

// A function does not get the token by which its caller came.
func TestWrapRemovesTokens(t *testing.T) {
	text := signed(hs256, claims(nil), sha256.New, tokenKey)
	for _, tt := range []struct {
		name   string
		header http.Header
		compat bool
		want   int // headers that are left
	}{
		{"its own header", http.Header{keys.SiteTokenHeader: {text}, "Authorization": {"Basic x"}}, false, 1},
		{"bearer", http.Header{"Authorization": {"Bearer " + text}}, false, 0},
		{"a key and a bearer token of the function's", http.Header{keys.Header: {"orders-value"}, "Authorization": {"Bearer " + text}}, false, 2},
		{"compat", http.Header{keys.SiteTokenHeader: {text}}, true, 1},
	} {
		guard := &keys.Guard{Resolver: &keys.Resolver{Store: fixture(t)}, Function: "orders", Tokens: tokens(t, nil), Compat: tt.compat}
		left := -1
		r := httptest.NewRequest("GET", "/", nil)
		r.Header = tt.header
		before := len(r.Header)
		guard.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { left = len(r.Header) })).ServeHTTP(httptest.NewRecorder(), r)
		if left != tt.want || len(r.Header) != before {
			t.Errorf("%s: %d headers are left, %d in the request itself, want %d and %d", tt.name, left, len(r.Header), tt.want, before)
		}
	}
}

func TestNewTokensRefuses(t *testing.T) {
	for name, c := range map[string]keys.TokenConfig{
		"nothing":              {},
		"no key":               {Site: "app"},
		"no site":              {Keys: secrets(tokenKey)},
		"a host name":          {Site: "app.example", Keys: secrets(tokenKey)},
		"a short key":          {Site: "app", Keys: secrets(tokenKey, []byte("sentinel"))},
		"16 bytes":             {Site: "app", Keys: secrets(tokenKey[:16])},
		"15 bytes, compat":     {Site: "app", Keys: secrets(tokenKey[:15]), Compat: true},
		"a short key of a swt": {Site: "app", Keys: secrets(tokenKey), InsecureRestricted: secrets([]byte("sentinel"))},
	} {
		if _, err := keys.NewTokens(c); err == nil || strings.Contains(err.Error(), "sentinel") {
			t.Errorf("%s: %v, want an error that does not quote a key", name, err)
		}
	}
	if _, err := keys.NewTokens(keys.TokenConfig{Site: "app", Keys: secrets(tokenKey[:16]), Compat: true}); err != nil {
		t.Errorf("16 bytes, compat: %v", err)
	}
}

func TestTokensFromSettings(t *testing.T) {
	hex, b64 := strings.Repeat("ab", 32), base64.StdEncoding.EncodeToString(tokenKey)
	for _, tt := range []struct {
		name     string
		settings map[string]string
		want     []keys.Secret
	}{
		{"none", map[string]string{}, nil},
		{"default key", map[string]string{"AzureWebEncryptionKey": hex, "MACHINEKEY_DecryptionKey": b64}, secrets(bytes.Repeat([]byte{0xab}, 32), []byte(hex))},
		{"machine key", map[string]string{"MACHINEKEY_DecryptionKey": b64}, secrets(tokenKey, []byte(b64))},
		{"site before container", map[string]string{"WEBSITE_AUTH_ENCRYPTION_KEY": b64, "CONTAINER_ENCRYPTION_KEY": hex, "POD_ENCRYPTION_KEY": hex}, secrets(tokenKey)},
		{"pod", map[string]string{"WEBSITE_AUTH_ENCRYPTION_KEY": hex, "POD_ENCRYPTION_KEY": b64, "KUBERNETES_SERVICE_HOST": "x", "POD_NAMESPACE": "y"}, secrets(tokenKey)},
	} {
		tt.settings["WEBSITE_SITE_NAME"] = "app"
		c, err := keys.TokensFromSettings(tt.settings)
		if err != nil || c.Site != "app" || !slices.EqualFunc(c.Keys, tt.want, keys.Secret.Equal) {
			t.Errorf("%s: %d keys, %v", tt.name, len(c.Keys), err)
		}
	}
	if _, err := keys.TokensFromSettings(map[string]string{"CONTAINER_ENCRYPTION_KEY": "sentinel!"}); err == nil || strings.Contains(err.Error(), "sentinel") {
		t.Errorf("no key: %v, want an error that does not quote it", err)
	}
}

func FuzzTokens(f *testing.F) {
	f.Add(signed(hs256, claims(nil), sha256.New, tokenKey), "")
	f.Add("", swt(tokenKey, "exp=1"))
	verifier := tokens(f, func(c *keys.TokenConfig) { c.InsecureRestricted = secrets(tokenKey) })
	good := signed(hs256, claims(nil), sha256.New, tokenKey)
	f.Fuzz(func(t *testing.T, site, restricted string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header = http.Header{keys.SiteTokenHeader: {site}, keys.RestrictedTokenHeader: {restricted}}
		if got := verifier.Grant(r).Kind; got == keys.SiteToken && site != good {
			t.Errorf("%q is taken", site)
		}
	})
}
