package webhook

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// withoutParameter returns r without the query parameter name, in any case, so
// that an access code reaches no handler and no log. The rest of the query
// keeps its order and spelling.
func withoutParameter(r *http.Request, name string) *http.Request {
	stripped := *r
	u := *r.URL
	u.RawQuery = dropParameter(u.RawQuery, name)
	stripped.URL = &u
	if path, query, found := strings.Cut(r.RequestURI, "?"); found {
		stripped.RequestURI = path
		if query = dropParameter(query, name); query != "" {
			stripped.RequestURI += "?" + query
		}
	}
	if r.Form != nil { // somebody in front has parsed it
		stripped.Form = maps.Clone(r.Form)
		maps.DeleteFunc(stripped.Form, func(field string, _ []string) bool { return strings.EqualFold(field, name) })
	}
	return &stripped
}

func dropParameter(query, name string) string {
	var kept []string
	for pair := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(key); err == nil {
			key = plain
		}
		if !strings.EqualFold(key, name) {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}
