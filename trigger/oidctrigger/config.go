package oidctrigger

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Config says whose tokens are believed, and what they say.
type Config struct {
	// Issuer is the provider's URL as its tokens spell it in iss, with https.
	// The discovery document is at Issuer/.well-known/openid-configuration.
	Issuer string

	// Audiences are the names of this app at the provider. A token is for it if
	// one of them is in aud; there must be at least one.
	Audiences []string

	// Algorithms are those a token may be signed with: RS256, RS384, RS512,
	// PS256, PS384, PS512, ES256, ES384, ES512, EdDSA. Nil is RS256 and ES256,
	// whatever the provider announces.
	Algorithms []string

	// Provider is the name of the provider in trigger.Principal; "" is Issuer.
	Provider string

	// NameClaim and RoleClaim are the claims that hold name and roles; "" is
	// "name" and "roles".
	NameClaim string
	RoleClaim string

	// RefreshEvery is the least time between two fetches of keys, 0 for ten
	// seconds, negative for no bound. A new key of the provider may stay unknown
	// so long.
	RefreshEvery time.Duration

	// Client sends the requests to the provider; nil is a client of its own. A
	// timeout of 0 becomes ten seconds. It is copied.
	Client *http.Client

	// Now tells the time; nil is time.Now.
	Now func() time.Time
}

// patience bounds one request to the provider, and is the least time between
// two fetches of keys.
const patience = 10 * time.Second

// asymmetric are the algorithms that need no secret to verify. Those with one
// would take the provider's public key for it.
func asymmetric() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// check returns every mistake in the configuration.
func (c *Config) check() error {
	var errs []error
	u, err := url.Parse(c.Issuer)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		errs = append(errs, errors.New("oidctrigger: Config.Issuer: not the URL of an issuer"))
	case u.Scheme != "https":
		errs = append(errs, fmt.Errorf("oidctrigger: Config.Issuer: %q: not https", c.Issuer))
	}
	if len(c.Audiences) == 0 || slices.Contains(c.Audiences, "") {
		errs = append(errs, errors.New("oidctrigger: Config.Audiences: none, or an empty one"))
	}
	for _, name := range c.Algorithms {
		if !slices.Contains(asymmetric(), name) {
			errs = append(errs, fmt.Errorf("oidctrigger: Config.Algorithms: %q: not an algorithm with a public key", name))
		}
	}
	return errors.Join(errs...)
}

// filled returns c with what it leaves open, and with lists of its own.
func (c Config) filled() Config {
	c.Audiences = slices.Clone(c.Audiences)
	c.Algorithms = slices.Clone(c.Algorithms)
	if len(c.Algorithms) == 0 {
		c.Algorithms = []string{"RS256", "ES256"}
	}
	for field, otherwise := range map[*string]string{&c.Provider: c.Issuer, &c.NameClaim: "name", &c.RoleClaim: "roles"} {
		if *field == "" {
			*field = otherwise
		}
	}
	if c.RefreshEvery == 0 {
		c.RefreshEvery = patience
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
