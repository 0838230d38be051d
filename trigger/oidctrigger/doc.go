// Package oidctrigger finds the user of a request by a bearer token that an
// OpenID Connect provider signed, so that a trigger.Host needs no front end to
// vouch for its users.
//
//	verifier, err := oidctrigger.New(ctx, oidctrigger.Config{
//		Issuer:    "https://login.example.com",
//		Audiences: []string{"api://orders"},
//	})
//	host, err := trigger.NewHost(trigger.Config{Identity: &trigger.Identity{Verifier: verifier}})
//
// # The rules
//
// New reads the provider's discovery document, which must name the issuer it
// was asked for. A request is looked at if it has a field Authorization of the
// scheme Bearer, case ignored; it must be the only one. Its token must be a JSON Web Token in the compact
// form, of at most 16,384 bytes, signed by one of the provider's keys with one of
// Config.Algorithms; its iss is the issuer, its aud has one of Config.Audiences,
// its exp is there and not past, its nbf, if there, is at most five minutes ahead.
// Whatever is not so is an error and nobody's request: the function runs without
// a user, as for every trigger.PrincipalVerifier, and has to refuse what needs
// one. The errors say why, and hold nothing of the token.
//
// Keys are fetched when a token comes that none of the known keys verifies, which
// is how a provider changes its keys, but not more often than
// Config.RefreshEvery: tokens of strangers do not become requests to the
// provider. A key that the provider takes back is believed until then.
// Everything is fetched by https.
//
// Claims come in the order of the token, a list as one claim for each entry,
// numbers and booleans as they are spelled, objects as JSON; null is left out.
// Before them stands sub as trigger.ClaimID.
//
// # Differences
//
// The platform's authentication stands in front of the app, refuses by itself,
// and hands on its findings in X-MS-CLIENT-PRINCIPAL with claim types of its own
// for some claims. Here the names are those of the token.
//
// An issuer https://accounts.google.com is also accepted without https://, as
// that provider once wrote it.
//
// # Sources
//
// OpenID Connect Discovery 1.0, section 4; OpenID Connect Core 1.0, sections
// 3.1.3.7 and 10.1.1; RFC 7519, section 4.1; RFC 6750, section 2.1; RFC 8725,
// section 3. The checks are those of github.com/coreos/go-oidc.
package oidctrigger
