package trigger

import (
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"

	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/route/httproute"
)

// requestPath is the path to match: decoded, but for encoded slashes, and without
// dot segments, as the source's server hands it to routing. It is plain if
// nothing in it had to be looked at closer: r.URL.Path is the same path then.
func requestPath(r *http.Request) (path string, isPlain bool) {
	if path = r.URL.Path; r.URL.RawPath == "" && plain(path) {
		return path, true
	}
	if path = httproute.Path(r); path == "" {
		return "/", false
	}
	return route.RemoveDots(path), false
}

// plain reports whether a path is ASCII without a null character or a dot, eight
// bytes at a time. An empty one is not.
func plain(path string) bool {
	n := len(path)
	if n < 8 {
		for i := range n {
			if c := path[i]; c == 0 || c == '.' || c >= 0x80 {
				return false
			}
		}
		return n > 0
	}
	for i := 0; i+8 < n; i += 8 {
		if !plainWord(path[i : i+8]) {
			return false
		}
	}
	return plainWord(path[n-8:])
}

// plainWord is plain for eight bytes. Taking one from every byte sets the highest
// bit of those that are 0, and of ones that have it set anyway.
func plainWord(s string) bool {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
		dots  = '.' * ones
	)
	w := binary.LittleEndian.Uint64([]byte(s))
	return (w|(w-ones)|((w^dots)-ones))&highs == 0
}

// firstSegment splits a path.
func firstSegment(path string) (first, rest string) {
	first, rest, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first, rest
}

// isHostPath reports whether the first segment of a path belongs to the host. Of
// other paths it looks at two characters.
func isHostPath(path string) bool { return beginsWith(path, "/admin") || beginsWith(path, "/runtime") }

// beginsWith reports whether a path begins with a segment of the host's.
func beginsWith(path, segment string) bool {
	n := len(segment)
	return len(path) >= n && (len(path) == n || path[n] == '/') && strings.EqualFold(path[:n], segment)
}

// isReserved reports whether a path segment belongs to the host.
func isReserved(segment string) bool {
	switch len(segment) { // no character folds to one of another length here
	case len("admin"):
		return strings.EqualFold(segment, "admin")
	case len("runtime"):
		return strings.EqualFold(segment, "runtime")
	}
	return false
}

// removeDots takes dot segments out of the path, so that the function sees the
// path that was matched: what stands between encoded slashes is no segment.
func removeDots(r *http.Request) {
	if !strings.Contains(r.URL.Path, "/.") {
		return
	}
	sent := dotEscapes.Replace(r.URL.EscapedPath())
	kept := route.RemoveDots(sent)
	if kept == sent {
		return
	}
	u := *r.URL
	path, err := url.PathUnescape(kept)
	if err != nil { // never: what EscapedPath returns can be decoded
		return
	}
	u.Path, u.RawPath = path, kept
	r.URL = &u
}

// dotEscapes decodes dots, which a path can have either way.
var dotEscapes = strings.NewReplacer("%2e", ".", "%2E", ".")
