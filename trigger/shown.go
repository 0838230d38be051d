package trigger

import (
	"net/http"
	"strings"

	"github.com/httptrigger/httptrigger/keys"
)

// shown returns a request as hooks and Config.Deny may see it: without keys, the
// platform's tokens and the fields that tell of a user, whoever vouches for them.
// It is r itself if r has none.
func (s *site) shown(r *http.Request) *http.Request {
	out := keys.StripCode(r)
	if !s.hides(r.Header) {
		return out
	}
	if out == r {
		out = new(http.Request)
		*out = *r
	}
	out.Header = make(http.Header, len(r.Header))
	for name, values := range r.Header {
		if !s.hidden(name) {
			out.Header[name] = values
		}
	}
	return out
}

func (s *site) hides(h http.Header) bool {
	for name := range h {
		if s.hidden(name) {
			return true
		}
	}
	return false
}

// hidden reports whether a field is kept from the embedder's code.
func (s *site) hidden(name string) bool {
	if isIdentityHeader(name) || s.Identity != nil && strings.EqualFold(name, s.Identity.SecretHeader) {
		return true
	}
	for _, secret := range [...]string{keys.Header, keys.SiteTokenHeader, keys.RestrictedTokenHeader} {
		if strings.EqualFold(name, secret) {
			return true
		}
	}
	return false
}

// startShown returns what the hook Start may see of a request that the function
// is about to get.
func (x *exchange) startShown(r *http.Request) *http.Request {
	if x.site.Hooks.Start == nil {
		return r
	}
	return x.site.shown(r)
}

// told returns what a Deny of the embedder's may see.
func (s *site) told(deny DenyFunc) DenyFunc {
	return func(w http.ResponseWriter, r *http.Request, err error) { deny(w, s.shown(r), err) }
}
