package oidctrigger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/httptrigger/httptrigger/trigger"
)

// maxToken is the length of the longest token looked at, in bytes.
const maxToken = 16384

// A TokenError says why a token is no good. It holds nothing of the token.
type TokenError struct {
	// Reason is a fixed text.
	Reason string

	// Expired reports that the token was good until it expired.
	Expired bool
}

// Error returns the reason.
func (e *TokenError) Error() string { return "oidctrigger: token: " + e.Reason }

// A Verifier finds users by their tokens: it is a trigger.PrincipalVerifier. It
// is made by New and may be used concurrently. It needs no closing: a fetch of
// keys ends by itself.
type Verifier struct {
	config Config
	oidc   *oidc.Config
	keys   oidc.KeySet
}

// New asks the provider for its discovery document and makes a Verifier of it;
// ctx bounds that request and nothing after it. The error joins every mistake in
// the configuration, or says why there is no document.
func New(ctx context.Context, c Config) (*Verifier, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c = c.filled()
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, client(c.Client, 0, nil)), c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("oidctrigger: %q: %w", c.Issuer, err)
	}
	var document struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&document); err != nil || !strings.HasPrefix(document.Keys, "https://") {
		return nil, fmt.Errorf("oidctrigger: %q: jwks_uri: not an https URL", c.Issuer)
	}
	fetch := oidc.ClientContext(context.WithoutCancel(ctx), client(c.Client, c.RefreshEvery, c.Now))
	return &Verifier{
		config: c,
		keys:   oidc.NewRemoteKeySet(fetch, document.Keys),
		oidc:   &oidc.Config{SupportedSigningAlgs: c.Algorithms, SkipClientIDCheck: true, Now: c.Now},
	}, nil
}

// Principal returns the user that the bearer token of r speaks of, nil if r has
// none. The error is a *TokenError, or says why there are no keys to verify with.
func (v *Verifier) Principal(r *http.Request) (*trigger.Principal, error) {
	raw, found, err := bearer(r.Header)
	if !found || err != nil {
		return nil, err
	}
	return v.Verify(r.Context(), raw)
}

// Verify returns the user that a token speaks of, as Principal does for the
// token of a request.
func (v *Verifier) Verify(ctx context.Context, token string) (*trigger.Principal, error) {
	if len(token) > maxToken {
		return nil, &TokenError{Reason: "too long"}
	}
	if !compact(token) {
		return nil, &TokenError{Reason: "not in the compact form"}
	}
	keys := &signature{keys: v.keys}
	t, err := oidc.NewVerifier(v.config.Issuer, keys, v.oidc).Verify(ctx, token)
	if err != nil {
		return nil, keys.reason(err)
	}
	if !slices.ContainsFunc(t.Audience, func(name string) bool { return slices.Contains(v.config.Audiences, name) }) {
		return nil, &TokenError{Reason: "for another audience"}
	}
	return v.principal(t)
}

// compact reports whether a token has the three parts of the compact form and
// nothing outside its alphabet; the JSON forms have other rules
// (RFC 7515, section 3.1).
func compact(token string) bool {
	dots := 0
	for _, c := range []byte(token) {
		switch {
		case c == '.':
			dots++
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return dots == 2
}

// signature is a key set for one token, which remembers how far it came: what
// the verifier says of a token may quote it.
type signature struct {
	keys  oidc.KeySet
	asked bool
	err   error
}

func (s *signature) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	s.asked = true
	payload, err := s.keys.VerifySignature(ctx, token)
	if errors.Is(err, errPaced) {
		// The keys may have come between the look at them and the fetch.
		payload, err = s.keys.VerifySignature(ctx, token)
	}
	s.err = err
	return payload, err
}

// reason says in words of our own why a token was refused with err.
func (s *signature) reason(err error) error {
	var expired *oidc.TokenExpiredError
	switch {
	case !s.asked:
		return &TokenError{Reason: "malformed, or signed with an algorithm that is not allowed"}
	case errors.Is(s.err, errPaced):
		return &TokenError{Reason: "no known key verifies it"}
	case s.err != nil && strings.HasPrefix(s.err.Error(), "fetching keys"):
		return fmt.Errorf("oidctrigger: %w", s.err)
	case s.err != nil:
		return &TokenError{Reason: "no key verifies it"}
	case errors.As(err, &expired):
		return &TokenError{Reason: "expired, or without a time to expire at", Expired: !expired.Expiry.IsZero()}
	}
	return &TokenError{Reason: "from another issuer, or not valid yet, or claims that make no sense"}
}

// bearer returns the token in a request's header and whether there is one.
func bearer(h http.Header) (token string, found bool, err error) {
	fields := h["Authorization"]
	for _, value := range fields {
		scheme, rest, _ := strings.Cut(strings.Trim(value, " \t"), " ")
		if strings.EqualFold(scheme, "Bearer") {
			token, found = strings.TrimLeft(rest, " "), true
		}
	}
	switch {
	case found && len(fields) > 1:
		return "", true, &TokenError{Reason: "not the only Authorization"}
	case found && token == "":
		return "", true, &TokenError{Reason: "empty"}
	}
	return token, found, nil
}
