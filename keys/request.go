package keys

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Header is the header that carries a key. Query is the parameter that carries
// it if the header is absent; its name is compared ignoring case.
const (
	Header = "X-Functions-Key"
	Query  = "code"
)

// FromRequest returns the text that a request presents as its key, and whether
// it presents one. The header goes before the query, and if it is present, even
// empty, the query is not read. Of several the first counts. A query value is
// percent-decoded with '+' as a space, a broken escape stays as it is (source:
// AuthenticationLevelHandler.cs).
func FromRequest(r *http.Request) (presented string, ok bool) {
	if lines := r.Header[Header]; len(lines) > 0 {
		return lines[0], true
	}
	for rest := r.URL.RawQuery; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		if name, value, _ := strings.Cut(pair, "="); isCode(name) {
			return queryUnescape(value), true
		}
	}
	return "", false
}

// StripCode returns the request without its code parameters: the same request
// if it has none, else a shallow copy whose URL and RequestURI lack them. The
// other parameters keep their order and spelling.
func StripCode(r *http.Request) *http.Request {
	query := StripQuery(r.URL.RawQuery)
	if len(query) == len(r.URL.RawQuery) {
		return r
	}
	copied := new(http.Request)
	*copied = *r
	u := *r.URL
	u.RawQuery = query
	copied.URL = &u
	copied.RequestURI = StripRequestURI(r.RequestURI)
	return copied
}

// StripQuery removes the code parameters from a query as it was sent.
func StripQuery(query string) string {
	kept, _ := stripQuery(query)
	return kept
}

// StripRequestURI removes the code parameters from Request.RequestURI, in which,
// to a server, '#' is a character like any other.
func StripRequestURI(target string) string {
	path, query, _ := strings.Cut(target, "?")
	kept, changed := stripQuery(query)
	switch {
	case !changed:
		return target
	case kept == "":
		return path
	}
	return path + "?" + kept
}

// StripTarget removes the code parameters from the text of a URL, for logs and
// links. A fragment is kept.
func StripTarget(target string) string {
	head, fragment, hasFragment := strings.Cut(target, "#")
	path, query, hasQuery := strings.Cut(head, "?")
	if !hasQuery {
		return target
	}
	kept, changed := stripQuery(query)
	if !changed {
		return target
	}
	if kept != "" {
		path += "?" + kept
	}
	if hasFragment {
		path += "#" + fragment
	}
	return path
}

// stripQuery returns query without the pairs whose name is code.
func stripQuery(query string) (kept string, changed bool) {
	var b strings.Builder
	first := true
	for rest, more := query, query != ""; more; {
		var pair string
		pair, rest, more = strings.Cut(rest, "&")
		if name, _, _ := strings.Cut(pair, "="); isCode(name) {
			changed = true
			continue
		}
		if !first {
			b.WriteByte('&')
		}
		first = false
		b.WriteString(pair)
	}
	if !changed {
		return query, false
	}
	return b.String(), true
}

// isCode reports whether an escaped parameter name is code.
func isCode(name string) bool {
	if strings.ContainsAny(name, "%+") {
		name = queryUnescape(name)
	}
	return len(name) == len(Query) && strings.EqualFold(name, Query)
}

// queryUnescape decodes '+' and percent escapes. An escape that is broken, or
// that does not belong to a character of UTF-8, stays as it is.
func queryUnescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	if whole, err := url.QueryUnescape(s); err == nil && utf8.ValidString(whole) {
		return whole
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch {
		case s[i] == '+':
			out = append(out, ' ')
			i++
		case s[i] == '%':
			char, n := escapedChar(s[i:])
			out = append(out, char...)
			i += n
		default:
			out = append(out, s[i])
			i++
		}
	}
	return string(out)
}

// escapedChar decodes the escapes of one character at the start of s, which is
// a '%', and returns its bytes and how much of s they took. If there is none it
// returns the '%'.
func escapedChar(s string) (char []byte, n int) {
	var buf [utf8.UTFMax]byte
	size := 0
	for size < len(buf) && len(s) >= 3*size+3 && s[3*size] == '%' {
		hi, lo := unhex(s[3*size+1]), unhex(s[3*size+2])
		if hi < 0 || lo < 0 {
			break
		}
		buf[size] = byte(hi<<4 | lo)
		size++
		if utf8.FullRune(buf[:size]) {
			if !utf8.Valid(buf[:size]) {
				break
			}
			return buf[:size], 3 * size
		}
	}
	return []byte{'%'}, 1
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
