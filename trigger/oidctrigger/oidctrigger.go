// Package oidctrigger lets an OpenID Connect provider vouch for the users of a
// trigger.Host: it verifies the token that a request carries.
//
//	verifier, err := oidctrigger.New(ctx, oidctrigger.Config{Issuer: "https://login.example/", Audience: "api://orders"})
//	host, err := trigger.NewHost(trigger.Config{Identity: &trigger.Identity{Verifier: verifier}, …})
//
// The provider's keys are found by discovery and remembered; a key that is not
// known yet makes the verifier ask again. A token is taken from the field
// Authorization only, scheme Bearer. A user opens no function: keys do that.
package oidctrigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/httptrigger/httptrigger/trigger"
)

// Config says whom to believe.
type Config struct {
	// Issuer is the provider, as the claim iss spells it. Required.
	Issuer string

	// Audience must be in the claim aud. Required: a token for somebody else is
	// none.
	Audience string

	// Name is Principal.Provider; "" is the Issuer.
	Name string

	// NameClaim and RoleClaim hold the user's name and roles; "" is "name" and
	// "roles".
	NameClaim, RoleClaim string

	// Client talks to the provider; nil is one with a timeout of ten seconds.
	Client *http.Client

	// Now tells the time; nil is time.Now.
	Now func() time.Time
}

// A Verifier is a trigger.PrincipalVerifier. It may be used concurrently.
type Verifier struct {
	c Config
	v *oidc.IDTokenVerifier
}

// New asks the provider where its keys are. The context bounds that alone.
func New(ctx context.Context, c Config) (*Verifier, error) {
	var errs []error
	if c.Issuer == "" {
		errs = append(errs, errors.New("oidctrigger: Config.Issuer: missing"))
	}
	if c.Audience == "" {
		errs = append(errs, errors.New("oidctrigger: Config.Audience: missing"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 10 * time.Second}
	}
	for _, d := range []struct {
		field *string
		value string
	}{{&c.Name, c.Issuer}, {&c.NameClaim, "name"}, {&c.RoleClaim, "roles"}} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, c.Client), c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("oidctrigger: %w", err)
	}
	return &Verifier{c, provider.VerifierContext(
		oidc.ClientContext(context.WithoutCancel(ctx), c.Client), &oidc.Config{ClientID: c.Audience, Now: c.Now},
	)}, nil
}

// Principal returns the user of the token that r carries, nil if it carries
// none, and an error if the token is no good. Errors do not repeat the token.
func (v *Verifier) Principal(r *http.Request) (*trigger.Principal, error) {
	fields := r.Header["Authorization"]
	if len(fields) == 0 {
		return nil, nil
	}
	scheme, raw, _ := strings.Cut(fields[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, nil
	}
	if len(fields) > 1 {
		return nil, errors.New("oidctrigger: several Authorization fields")
	}
	token, err := v.v.Verify(r.Context(), strings.TrimSpace(raw))
	if err != nil {
		return nil, fmt.Errorf("oidctrigger: %w", err)
	}
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return nil, fmt.Errorf("oidctrigger: %w", err)
	}
	p := &trigger.Principal{Provider: v.c.Name, NameType: v.c.NameClaim, RoleType: v.c.RoleClaim}
	p.Claims = append(p.Claims, trigger.Claim{Type: trigger.ClaimID, Value: token.Subject})
	names := make([]string, 0, len(claims))
	for name := range claims {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range texts(claims[name]) {
			p.Claims = append(p.Claims, trigger.Claim{Type: name, Value: value})
		}
	}
	return p, nil
}

// texts are the values of a claim: one for each entry of a list, JSON for what
// is no text.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, texts(e)...)
		}
		return out
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return []string{string(text)}
}
