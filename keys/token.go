package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The headers that carry the platform's tokens. The bearer token of Authorization
// counts if SiteTokenHeader is absent.
const (
	SiteTokenHeader       = "X-Ms-Site-Token"
	RestrictedTokenHeader = "X-Ms-Site-Restricted-Token"
)

const (
	// DefaultLeeway is how far clocks may differ, if Leeway is not set.
	DefaultLeeway = 5 * time.Minute

	// minTokenKey is the least bytes of a key: those of the hash (RFC 7518).
	// The source takes half as many.
	minTokenKey, minTokenKeyCompat = sha256.Size, sha256.Size / 2

	// maxToken bounds the bytes of a token that is looked at.
	maxToken = 8 << 10

	platformIssuer = "https://appservice.core.azurewebsites.net"
)

// A TokenConfig says which tokens stand in for keys.
type TokenConfig struct {
	// Site is the name of the site (WEBSITE_SITE_NAME). Tokens are for it and
	// issued by it, by its deployment site, or by the platform.
	Site string

	// Keys verify the signatures; any of them may have made one. A key has 32
	// bytes or more, with Compat 16.
	Keys []Secret

	// InsecureRestricted are keys that open the platform's simple web tokens,
	// which then open admin endpoints. Such a token is encrypted and not
	// signed: whoever has an old one can make it last by changing some of its
	// bytes, without a key. Empty is off, as in the source.
	InsecureRestricted []Secret

	// Leeway is how far the clocks of the issuer and this host may differ. Zero
	// is DefaultLeeway, which is the source's; negative is none.
	Leeway time.Duration

	// Compat admits keys of 16 to 31 bytes.
	Compat bool

	// Now tells the time; nil is time.Now.
	Now func() time.Time
}

// Tokens verifies the tokens with which the platform, and the deployment site of
// an app, call the app in place of a key: JSON Web Tokens signed with HMAC-SHA256
// in the header X-Ms-Site-Token or as a bearer token. A Guard takes them if its
// Tokens is set; without it they are not looked at.
//
// A token is good if one of the keys signed it, if it has an expiry that is not
// over and a start, if any, that is past, and if issuer and audience are the
// site's, ignoring case. The algorithm is not the token's to choose, and nothing
// of it is read before its signature was verified. A token of the site's grants
// what the master key does; one of the platform's opens admin endpoints and
// webhooks, but no function.
//
// Its methods may be called concurrently.
type Tokens struct {
	site       string
	keys       []Secret
	restricted []Secret
	leeway     time.Duration
	now        func() time.Time
}

// Format writes the site, whatever the verb, and no key.
func (t *Tokens) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "tokens of site %q", t.site) }

// NewTokens returns a verifier, or everything that is wrong with c.
func NewTokens(c TokenConfig) (*Tokens, error) {
	var errs []error
	if c.Site == "" || strings.ContainsFunc(c.Site, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		errs = append(errs, fmt.Errorf("keys: TokenConfig.Site: %q: not the name of a site", c.Site))
	}
	least := minTokenKey
	if c.Compat {
		least = minTokenKeyCompat
	}
	if len(c.Keys) == 0 {
		errs = append(errs, errors.New("keys: TokenConfig.Keys: there are none, no token could be good"))
	}
	for i, key := range c.Keys {
		if n := len(key.Reveal()); n < least {
			errs = append(errs, fmt.Errorf("keys: TokenConfig.Keys[%d]: %d bytes, want %d or more", i, n, least))
		}
	}
	for i, key := range c.InsecureRestricted {
		if n := len(key.Reveal()); n != 16 && n != 24 && n != 32 {
			errs = append(errs, fmt.Errorf("keys: TokenConfig.InsecureRestricted[%d]: %d bytes, want 32", i, n))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	t := &Tokens{site: c.Site, keys: slices.Clone(c.Keys), restricted: slices.Clone(c.InsecureRestricted), leeway: c.Leeway, now: c.Now}
	if t.leeway == 0 {
		t.leeway = DefaultLeeway
	}
	t.leeway = max(t.leeway, 0)
	if t.now == nil {
		t.now = time.Now
	}
	return t, nil
}

// TokensFromSettings returns the site and the keys that the settings of an app
// name: WEBSITE_SITE_NAME; AzureWebEncryptionKey, else MACHINEKEY_DecryptionKey,
// both as the bytes it spells and as text; and the first of POD_ENCRYPTION_KEY (on
// Kubernetes only), WEBSITE_AUTH_ENCRYPTION_KEY and CONTAINER_ENCRYPTION_KEY. Bytes
// are spelled in 64 hexadecimal digits, else in base64 (source:
// SecretsUtility.cs). A key that is spelled otherwise is an error, which does not
// quote it.
func TokensFromSettings(settings map[string]string) (TokenConfig, error) {
	c := TokenConfig{Site: settings["WEBSITE_SITE_NAME"]}
	var errs []error
	add := func(name string) {
		key, err := spelled(settings[name])
		if err != nil {
			errs = append(errs, fmt.Errorf("keys: %q: %w", name, err))
			return
		}
		c.Keys = append(c.Keys, NewSecret(string(key)))
	}
	for _, name := range []string{"AzureWebEncryptionKey", "MACHINEKEY_DecryptionKey"} {
		if settings[name] != "" {
			add(name)
			c.Keys = append(c.Keys, NewSecret(settings[name]))
			break
		}
	}
	names := []string{"WEBSITE_AUTH_ENCRYPTION_KEY", "CONTAINER_ENCRYPTION_KEY"}
	if settings["KUBERNETES_SERVICE_HOST"] != "" && settings["POD_NAMESPACE"] != "" {
		names = append([]string{"POD_ENCRYPTION_KEY"}, names...)
	}
	for _, name := range names {
		if settings[name] != "" {
			add(name)
			break
		}
	}
	return c, errors.Join(errs...)
}

// spelled reads a key: 64 hexadecimal digits, else base64.
func spelled(text string) ([]byte, error) {
	if len(text) == 64 {
		if key, err := hex.DecodeString(text); err == nil {
			return key, nil
		}
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("neither 64 hexadecimal digits nor base64")
	}
	return key, nil
}

// Grant returns what the tokens of a request grant, the zero Grant for none and
// for any that is no good, whatever is wrong with it.
func (t *Tokens) Grant(r *http.Request) Grant {
	if t == nil {
		return Grant{}
	}
	if text, ok := bearer(r); ok {
		if kind := t.verify(text); kind != NoKey {
			return Grant{Kind: kind}
		}
	}
	if lines := r.Header[RestrictedTokenHeader]; len(lines) > 0 && t.openRestricted(lines[0]) {
		return Grant{Kind: RestrictedToken}
	}
	return Grant{}
}

// bearer returns the token of a request.
func bearer(r *http.Request) (text string, ok bool) {
	if lines := r.Header[SiteTokenHeader]; len(lines) > 0 {
		return lines[0], true
	}
	const scheme = "Bearer "
	lines := r.Header["Authorization"]
	if len(lines) == 0 || len(lines[0]) < len(scheme) || !strings.EqualFold(lines[0][:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimSpace(lines[0][len(scheme):]), true
}

// RemoveTokens removes the platform's tokens from a request's header: those in
// headers of their own, and the bearer token if it is by that that the caller was
// recognised. A function has no use for them, and could call the app as its master
// with them.
func RemoveTokens(h http.Header, by Grant) {
	if by.Kind.isToken() && by.Kind != RestrictedToken && h[SiteTokenHeader] == nil {
		delete(h, "Authorization")
	}
	delete(h, SiteTokenHeader)
	delete(h, RestrictedTokenHeader)
}

// verify returns what a token grants, NoKey if it is no good. A line break makes
// it so: the decoder would skip it, and one signature have many spellings.
func (t *Tokens) verify(text string) Kind {
	if len(text) > maxToken || strings.ContainsAny(text, "\r\n") {
		return NoKey
	}
	dot := strings.LastIndexByte(text, '.')
	if dot < 0 {
		return NoKey
	}
	enc := base64.RawURLEncoding.Strict()
	signature, err := enc.DecodeString(text[dot+1:])
	if err != nil || !t.signed([]byte(text[:dot]), signature) {
		return NoKey
	}
	head, body, ok := strings.Cut(text[:dot], ".")
	header, err := enc.DecodeString(head)
	if !ok || err != nil || !isHS256(header) {
		return NoKey
	}
	claims, err := enc.DecodeString(body)
	if err != nil {
		return NoKey
	}
	return t.judge(claims)
}

// signed reports whether one of the keys made the signature. All are tried.
func (t *Tokens) signed(text, signature []byte) bool {
	good := false
	for _, key := range t.keys {
		mac := hmac.New(sha256.New, []byte(key.Reveal()))
		mac.Write(text)
		var sum [sha256.Size]byte
		good = hmac.Equal(mac.Sum(sum[:0]), signature) || good
	}
	return good
}

// isHS256 reports whether a header says what alone is accepted, and demands no
// more than that.
func isHS256(header []byte) bool {
	var m map[string]json.RawMessage
	if json.Unmarshal(header, &m) != nil || m["crit"] != nil {
		return false
	}
	alg, ok := claimString(m["alg"])
	return ok && alg == "HS256"
}

// judge returns what the claims of a token grant.
func (t *Tokens) judge(claims []byte) Kind {
	var m map[string]json.RawMessage
	if json.Unmarshal(claims, &m) != nil {
		return NoKey
	}
	now := t.now()
	expires, ok := claimTime(m["exp"])
	if !ok || !now.Before(expires.Add(t.leeway)) {
		return NoKey
	}
	if m["nbf"] != nil {
		if begins, ok := claimTime(m["nbf"]); !ok || now.Before(begins.Add(-t.leeway)) {
			return NoKey
		}
	}
	if !slices.ContainsFunc(claimStrings(m["aud"]), t.isAudience) {
		return NoKey
	}
	issuer, _ := claimString(m["iss"])
	switch {
	case strings.EqualFold(issuer, platformIssuer):
		return PlatformToken
	case strings.EqualFold(issuer, "https://"+t.site+".azurewebsites.net"), strings.EqualFold(issuer, "https://"+t.site+".scm.azurewebsites.net"):
		return SiteToken
	}
	return NoKey
}

func (t *Tokens) isAudience(text string) bool {
	site := "https://" + t.site + ".azurewebsites.net"
	return strings.EqualFold(text, site) || strings.EqualFold(text, site+"/azurefunctions")
}

func claimString(raw json.RawMessage) (string, bool) {
	var s *string
	if json.Unmarshal(raw, &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}

// claimStrings reads a text or a list of them.
func claimStrings(raw json.RawMessage) []string {
	if s, ok := claimString(raw); ok {
		return []string{s}
	}
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

// claimTime reads seconds since 1970, with a fraction or not.
func claimTime(raw json.RawMessage) (time.Time, bool) {
	var seconds *float64
	if json.Unmarshal(raw, &seconds) != nil || seconds == nil || math.Abs(*seconds) > 1<<40 {
		return time.Time{}, false
	}
	whole, part := math.Modf(*seconds)
	return time.Unix(int64(whole), int64(part*1e9)), true
}
