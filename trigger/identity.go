package trigger

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// The claim types that a principal is read by unless it names others.
const (
	ClaimName = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
	ClaimID   = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"
	ClaimRole = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
)

// A Claim is one statement about a user.
type Claim struct{ Type, Value string }

// A Principal is a signed-in user, as somebody whom the configuration trusts
// describes it. It does not open a function: that is what keys are for.
type Principal struct {
	// Provider says who signed the user in: "aad", "github".
	Provider string

	// NameType and RoleType are the claim types that hold name and roles.
	NameType string
	RoleType string

	// Claims are in the order they came.
	Claims []Claim

	id, name string
	tokens   map[string]string
}

// Value returns the first claim of a type, "" if there is none.
func (p *Principal) Value(claimType string) string {
	for _, c := range p.Claims {
		if c.Type == claimType {
			return c.Value
		}
	}
	return ""
}

// ID returns the provider's id of the user, "" if unknown.
func (p *Principal) ID() string {
	if id := p.Value(ClaimID); id != "" {
		return id
	}
	return p.id
}

// Name returns the user's name, "" if unknown.
func (p *Principal) Name() string {
	if name := p.Value(p.NameType); name != "" {
		return name
	}
	return p.name
}

// Roles returns the values of the role claims.
func (p *Principal) Roles() []string {
	var roles []string
	for _, c := range p.Claims {
		if c.Type == p.RoleType {
			roles = append(roles, c.Value)
		}
	}
	return roles
}

// HasRole reports whether the user has a role, spelled exactly so.
func (p *Principal) HasRole(role string) bool {
	return slices.Contains(p.Claims, Claim{p.RoleType, role})
}

// Token returns what the platform hands on from the provider in the field
// X-MS-TOKEN-provider-kind, such as "ACCESS-TOKEN", or "". Case does not matter.
// A token is a secret.
func (p *Principal) Token(kind string) string {
	return p.tokens[strings.ToLower(p.Provider+"-"+kind)]
}

// Format prints provider and name: neither claims nor tokens.
func (p *Principal) Format(f fmt.State, _ rune) {
	if p == nil {
		fmt.Fprint(f, "no principal")
		return
	}
	fmt.Fprintf(f, "principal %q of %q", p.Name(), p.Provider)
}

// A PrincipalVerifier finds the user of a request by proof in the request
// itself, such as a signed token: nil if there is none, an error if the proof is
// no good, in which case the request goes on without a user. The module
// trigger/oidctrigger has one for the bearer tokens of OpenID Connect.
type PrincipalVerifier interface {
	Principal(r *http.Request) (*Principal, error)
}

// Identity says whose word about users a host takes. Without one, or where it
// does not apply, the host removes X-MS-CLIENT-PRINCIPAL, -ID, -NAME, -IDP and
// X-MS-TOKEN-… from the request before anybody can believe them.
//
// Proxies and Secret are two ways for a front end to prove itself; if both are
// set, a request needs both. The front end must itself remove these headers from
// what strangers send.
type Identity struct {
	// Proxies are the addresses of front ends that vouch for the headers, as
	// the connection shows them.
	Proxies []netip.Prefix

	// SecretHeader and Secret: a front end that sends this text in this header
	// vouches for the others. The header is removed.
	SecretHeader string
	Secret       string

	// Verifier finds users of all other requests.
	Verifier PrincipalVerifier

	// InsecureTrustAll believes the headers of every request, whoever sent it.
	InsecureTrustAll bool
}

// Format writes what the configuration goes by, and never Secret.
func (id Identity) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "identity by proxies %v, header %q, verifier %v", id.Proxies, id.SecretHeader, id.Verifier != nil)
}

// MarshalText returns what Format writes, so that an encoder shows no more.
func (id Identity) MarshalText() ([]byte, error) { return fmt.Append(nil, id), nil }

// check returns every mistake in the configuration.
func (id *Identity) check() error {
	var errs []error
	if (id.SecretHeader == "") != (id.Secret == "") {
		errs = append(errs, errors.New("trigger: Identity.SecretHeader and Secret: one is missing"))
	}
	if id.Secret != "" && len(id.Secret) < 16 {
		errs = append(errs, errors.New("trigger: Identity.Secret: shorter than 16 characters"))
	}
	if id.SecretHeader != "" && !validFieldName(id.SecretHeader) {
		errs = append(errs, fmt.Errorf("trigger: Identity.SecretHeader: %q: not the name of a field", id.SecretHeader))
	}
	for _, p := range id.Proxies {
		if !p.IsValid() {
			errs = append(errs, fmt.Errorf("trigger: Identity.Proxies: %q: no address range", p))
		}
	}
	return errors.Join(errs...)
}

// vouches reports whether the sender of r proved that its identity headers can
// be believed.
func (id *Identity) vouches(r *http.Request) bool {
	if id == nil {
		return false
	}
	if id.InsecureTrustAll {
		return true
	}
	if len(id.Proxies) == 0 && id.Secret == "" {
		return false
	}
	if len(id.Proxies) > 0 && !id.fromProxy(r.RemoteAddr) {
		return false
	}
	if id.Secret == "" {
		return true
	}
	want := sha256.Sum256([]byte(id.Secret))
	got := sha256.Sum256([]byte(r.Header.Get(id.SecretHeader)))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

func (id *Identity) fromProxy(remote string) bool {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	addr := at.Addr().Unmap().WithZone("")
	return slices.ContainsFunc(id.Proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// isIdentityHeader reports whether a field tells of a signed-in user. The third
// letter tells it from nearly all others.
func isIdentityHeader(name string) bool {
	return len(name) > 3 && name[2]|0x20 == 'm' && isUserField(name)
}

func isUserField(name string) bool {
	const principal, token = "X-Ms-Client-Principal", "X-Ms-Token-"
	return hasPrefixFold(name, principal) || hasPrefixFold(name, token)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// speaksOfUser reports whether a header has identity fields.
func speaksOfUser(h http.Header) bool {
	for name := range h {
		if isIdentityHeader(name) {
			return true
		}
	}
	return false
}

// withoutIdentity returns r without identity headers and the field secret: r
// itself if it has none, else a copy.
func withoutIdentity(r *http.Request, secret string) *http.Request {
	if !speaksOfUser(r.Header) && (secret == "" || r.Header[http.CanonicalHeaderKey(secret)] == nil) {
		return r
	}
	copied := new(http.Request)
	*copied = *r
	copied.Header = make(http.Header, len(r.Header))
	for name, values := range r.Header {
		if !isIdentityHeader(name) && (secret == "" || !strings.EqualFold(name, secret)) {
			copied.Header[name] = values
		}
	}
	return copied
}

// identify finds the user of a request and removes what is not to be believed.
// The error says why there is no user although the request speaks of one.
func (id *Identity) identify(r *http.Request) (*http.Request, *Principal, error) {
	if !id.vouches(r) {
		if id == nil {
			return withoutIdentity(r, ""), nil, nil
		}
		r = withoutIdentity(r, id.SecretHeader)
		if id.Verifier == nil {
			return r, nil, nil
		}
		p, err := id.Verifier.Principal(r)
		if err != nil {
			return r, nil, err
		}
		return r, p, nil
	}
	p, err := PrincipalFromHeader(r.Header)
	if id.SecretHeader != "" {
		copied := new(http.Request)
		*copied = *r
		copied.Header = r.Header.Clone()
		copied.Header.Del(id.SecretHeader)
		r = copied
	}
	return r, p, err
}
