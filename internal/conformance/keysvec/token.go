package keysvec

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

// A tokenRow is a caller with a token of the platform's in place of a key.
type tokenRow struct {
	ID         string `json:"id"`
	Credential string `json:"credential"`
	Issuer     string `json:"issuer"`
	Audience   string `json:"audience"`
	Target     string `json:"target"`
	Expect     int    `json:"expect"`
}

// The site of the source's test, and keys.
const tokenSite = "testsite"

var (
	tokenKey = bytes.Repeat([]byte("signing "), 4)
	otherKey = bytes.Repeat([]byte("another "), 4)
	tokenNow = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
)

func (r *runner) token(row tokenRow) {
	const group = "keys/tokens"
	headers, config, ok := row.credential()
	if !ok {
		r.NotBuilt(group, row.ID, "credential "+row.Credential)
		return
	}
	tokens, err := keys.NewTokens(config)
	if err != nil {
		r.Fail(group, row.ID, "%v", err)
		return
	}
	for _, compat := range []bool{true, false} {
		for _, header := range headers {
			guard := &keys.Guard{Resolver: &keys.Resolver{Store: &keys.Memory{}, Compat: compat}, Tokens: tokens, Compat: compat}
			if !row.target(guard) {
				r.NotBuilt(group, row.ID, "target "+row.Target)
				return
			}
			got := put(guard, authRequest{Headers: header}).status
			// A status of success is the endpoint's own; it says "authorized".
			if got != row.Expect && (got != 200 || row.Expect/100 != 2) {
				r.Fail(group, row.ID, "compat %t: want %d, got %d", compat, row.Expect, got)
				return
			}
		}
	}
	r.Pass(group)
}

// credential returns the headers that carry the row's credential, one way after
// the other, and how the host is set up. It is told in words, first the kind of
// the token and what is wrong with it, after a comma the setting.
func (row *tokenRow) credential() (headers []map[string][]string, c keys.TokenConfig, ok bool) {
	signing := []keys.Secret{keys.NewSecret(string(tokenKey))}
	c = keys.TokenConfig{Site: tokenSite, Keys: signing, InsecureRestricted: signing, Now: func() time.Time { return tokenNow }}
	words, setting, _ := strings.Cut(row.Credential, ", ")
	switch setting {
	case "", "SwtAuthenticationEnabled":
	case "SwtAuthenticationEnabled off":
		c.InsecureRestricted = nil
	default:
		return nil, c, false
	}
	kind, key, expires, cut := "", tokenKey, tokenNow.Add(time.Hour), 0
	words, another := strings.CutSuffix(words, " with another signing key")
	if another {
		key = otherKey
	}
	for word := range strings.FieldsSeq(words) {
		switch word {
		case "jwt", "swt":
			kind = word
		case "expired":
			expires = tokenNow.Add(-time.Hour)
		case "truncated":
			cut = 10
		default:
			return nil, c, false
		}
	}
	switch kind {
	case "jwt":
		text := row.jwt(key, expires)
		text = text[:len(text)-cut]
		return []map[string][]string{{keys.SiteTokenHeader: {text}}, {"Authorization": {"Bearer " + text}}}, c, true
	case "swt":
		text := swt(key, expires)
		return []map[string][]string{{keys.RestrictedTokenHeader: {text[:len(text)-cut]}}}, c, true
	}
	return nil, c, false
}

func (row *tokenRow) jwt(key []byte, expires time.Time) string {
	enc := base64.RawURLEncoding
	body, err := json.Marshal(map[string]any{"iss": row.Issuer, "aud": row.Audience, "exp": expires.Unix()})
	if err != nil {
		panic(err) // texts and numbers
	}
	text := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc.EncodeToString(body)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return text + "." + enc.EncodeToString(mac.Sum(nil))
}

// swt makes a simple web token with an expiry.
func swt(key []byte, expires time.Time) string {
	plain := fmt.Appendf(nil, "exp=%d", (expires.Unix()+62135596800)*1e7)
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	plain = append(plain, bytes.Repeat([]byte{byte(pad)}, pad)...)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the keys are constants
	}
	iv := bytes.Repeat([]byte{7}, aes.BlockSize)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(plain, plain)
	mark := sha256.Sum256(key)
	enc := base64.StdEncoding
	return enc.EncodeToString(iv) + "." + enc.EncodeToString(plain) + "." + enc.EncodeToString(mark[:])
}

// target sets a guard up for the row's target.
func (row *tokenRow) target(g *keys.Guard) bool {
	_, path, isEndpoint := strings.Cut(row.Target, " /")
	level, isFunction := strings.CutSuffix(row.Target, " level function")
	switch {
	case row.Target == "admin" || isEndpoint && strings.HasPrefix(path, "admin/"):
		g.Level, g.Challenge = keys.Admin, true
	case isFunction:
		var err error
		g.Function = "orders"
		g.Level, err = keys.ParseLevel(level)
		return err == nil
	default:
		return false
	}
	return true
}

// An isolationRow is a call of an admin endpoint where the platform isolates
// them.
type isolationRow struct {
	ID             string `json:"id"`
	URI            string `json:"uri"`
	AppService     bool   `json:"appService"`
	Isolation      bool   `json:"isolation"`
	InternalHeader bool   `json:"platformInternalHeader"`
	Bypasses       bool   `json:"bypassesFrontEnd"`
	MasterKey      bool   `json:"masterKey"`
	Expect         int    `json:"expect"`
}

// internalPaths are the endpoints that also take the platform's own calls
// (HostController.cs).
var internalPaths = []string{"status", "processes", "drain", "drain/status", "resume", "scale/status", "log", "synctriggers", "config"}

func (r *runner) isolation(row isolationRow) {
	const group = "keys/isolation"
	const master = "the master key"
	f := fixture{Master: master}
	path, ok := strings.CutPrefix(row.URI, "admin/")
	if !ok {
		r.NotBuilt(group, row.ID, "URI "+row.URI)
		return
	}
	for _, compat := range []bool{true, false} {
		guard := &keys.Guard{Resolver: f.resolver(compat, nil), Level: keys.Admin, Challenge: true, Isolate: row.Isolation, Compat: compat}
		guard.Challenge = !strings.HasPrefix(path, "vfs/")
		if slices.Contains(internalPaths, strings.TrimPrefix(path, "host/")) {
			guard.Internal = func(r *http.Request) bool { return row.AppService && r.Header.Get("X-Arr-Log-Id") == "" }
		}
		request := authRequest{Headers: map[string][]string{}}
		if row.MasterKey {
			request.Headers[keys.Header] = []string{master}
		}
		if row.InternalHeader {
			request.Headers["X-Ms-Platform-Internal"] = []string{"true"}
		}
		if !row.Bypasses {
			request.Headers["X-Arr-Log-Id"] = []string{"1"}
		}
		got := put(guard, request).status
		// Who is let in gets what the endpoint answers, 404 if there is none.
		if got != row.Expect && (got != 200 || row.Expect == 401 || row.Expect == 403) {
			r.Fail(group, row.ID, "compat %t: want %d, got %d", compat, row.Expect, got)
			return
		}
	}
	r.Pass(group)
}
