package trigger

import (
	"net/http"
	"net/url"
	"strings"
)

// forwardedQuery is the query of a request as the reference writes it on, from the
// values that it has read: a name is there once, its values joined with a comma,
// and has an equal sign (HttpRequestExtensions.cs).
func forwardedQuery(r *http.Request) string {
	var parts []string
	names, values := queryOf(r)
	for _, name := range names {
		parts = append(parts, queryEscape(name)+"="+queryEscape(strings.Join(values[name], ",")))
	}
	return strings.Join(parts, "&")
}

// queryEscape escapes what is neither a letter, a digit nor one of the signs that
// the reference leaves alone (DefaultUrlEncoder.cs).
func queryEscape(s string) string {
	escaped := strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	if !strings.Contains(escaped, "%") {
		return escaped
	}
	return plainSigns.Replace(escaped)
}

var plainSigns = strings.NewReplacer("%21", "!", "%24", "$", "%28", "(", "%29", ")", "%2A", "*", "%2C", ",", "%3A", ":", "%3B", ";", "%40", "@")

// dropContentFields takes away the fields that .NET counts to the body of a
// message, and the reference does not hand on; Content-Type stays where there is a
// body.
func dropContentFields(r *http.Request) {
	for _, name := range [...]string{"Allow", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Location",
		"Content-Md5", "Content-Range", "Expires", "Last-Modified"} {
		delete(r.Header, name)
	}
	if r.ContentLength <= 0 {
		delete(r.Header, "Content-Type")
	}
}
