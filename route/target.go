package route

import (
	"fmt"
	"strings"
)

// A TargetError says why a request target names no path. The source's server
// answers its status without asking any route.
type TargetError struct {
	Target string
	Reason string
	Status int // 400, or 405 for a target of another method
}

func (e *TargetError) Error() string { return fmt.Sprintf("route: target %q: %s", e.Target, e.Reason) }

// StatusCode returns the status of the answer.
func (e *TargetError) StatusCode() int { return e.Status }

// ParseTarget takes a raw request target apart, as it stands in the first line
// of an HTTP/1 request, the way the source's server does: into the path, decoded
// and without dot segments, and the query, which begins with its '?' if there is
// one. The host is that of the Host header.
//
// In origin form ("/a%2Fb?q") the path is what [DecodePath] and [RemoveDots] make
// of it. In absolute form ("http://host/a%2Fb") an encoded slash and a backslash
// are slashes. "OPTIONS *" and "CONNECT host:port" have the empty path. The error
// is a [*TargetError].
func ParseTarget(method, host, target string) (path, query string, err error) {
	fail := func(status int, reason string) (string, string, error) {
		return "", "", &TargetError{Target: target, Reason: reason, Status: status}
	}
	for i := range len(target) {
		if c := target[i]; c >= 0x80 || c == ' ' || c == '\n' || c == 0 {
			return fail(400, "a byte that may not stand in a target")
		}
	}
	scheme, rest, absolute := strings.Cut(target, "://")
	switch {
	case target == "" || target[0] == '?':
		return fail(400, "no path")
	case target[0] == '/':
		return originForm(target)
	case method == "CONNECT" && !absolute:
		return "", "", nil
	case target == "*" && method == "OPTIONS":
		return "", "", nil
	case !absolute:
		return fail(405, "this form is for another method")
	case scheme != "http" && scheme != "https":
		return fail(400, "neither http nor https")
	}
	end := strings.IndexAny(rest, `/\?#`)
	if end < 0 {
		end = len(rest)
	}
	if !sameHost(scheme, rest[:end], host) {
		return fail(400, "another host than the Host header's")
	}
	path, query = absoluteForm(rest[end:])
	return path, query, nil
}

func originForm(target string) (path, query string, err error) {
	path = target
	if i := strings.IndexByte(target, '?'); i >= 0 {
		path, query = target[:i], target[i:]
	}
	if strings.Contains(path, "%00") {
		return "", "", &TargetError{Target: target, Reason: "a null character", Status: 400}
	}
	return RemoveDots(DecodePath(path)), query, nil
}

// sameHost compares the authority of a target with a Host header. User
// information and the scheme's own port do not count.
func sameHost(scheme, authority, host string) bool {
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	bare := strings.TrimSuffix(authority, port)
	return bare != "" && asciiLower(bare) == asciiLower(strings.TrimSuffix(host, port))
}

// absoluteForm reads what stands behind the authority, the way the source's Uri
// class does: backslashes are slashes and encoded periods are periods before the
// dot segments go, all else is decoded after that. "%2F" is a slash then, but
// "..%2F" has climbed nowhere.
func absoluteForm(rest string) (path, query string) {
	rest, _, _ = strings.Cut(rest, "#")
	path = rest
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		path, query = rest[:i], rest[i:]
	}
	path = RemoveDots(plainDots(strings.ReplaceAll(path, `\`, "/")))
	var b strings.Builder
	for path != "" {
		c, ok := escapedByte(path)
		switch {
		case ok && (c == '/' || c == 0):
			b.WriteByte(c)
			path = path[3:]
		case ok:
			path = path[decodeRune(&b, path):]
		default:
			b.WriteByte(path[0])
			path = path[1:]
		}
	}
	if b.Len() == 0 {
		return "/", query
	}
	return b.String(), query
}

// plainDots decodes the escapes of periods and no others.
func plainDots(path string) string {
	var b strings.Builder
	for path != "" {
		n := 1
		if c, ok := escapedByte(path); ok && c == '.' {
			b.WriteByte('.')
			path = path[3:]
			continue
		} else if ok {
			n = 3
		}
		b.WriteString(path[:n])
		path = path[n:]
	}
	return b.String()
}
