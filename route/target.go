package route

import (
	"fmt"
	"strconv"
	"strings"
)

// A TargetError says why a request target names no path. The source's server
// answers its status without asking any route.
type TargetError struct {
	Target string // as it was sent
	Reason string // what is wrong with it
	Status int    // 400, or 405 for a target of another method
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
// are slashes, and a fragment is no part of the path; the host is compared in lower
// case with the Host header as it is. "OPTIONS *" and "CONNECT host:port" have the
// empty path. The error is a [*TargetError]: status 405 for an asterisk or an
// authority with another method, else 400.
func ParseTarget(method, host, target string) (path, query string, err error) {
	fail := func(status int, reason string) (string, string, error) {
		return "", "", &TargetError{Target: target, Reason: reason, Status: status}
	}
	for i := range len(target) {
		if c := target[i]; c >= 0x80 || c == ' ' || c == '\n' || c == 0 {
			return fail(400, "a byte that may not stand in a target")
		}
	}
	switch {
	case target == "" || target[0] == '?':
		return fail(400, "no path")
	case target[0] == '/':
		return originForm(target)
	case target == "*" && method == "OPTIONS":
		return "", "", nil
	case target == "*":
		return fail(405, "the asterisk is for OPTIONS")
	case strings.HasPrefix(target, "http://"), strings.HasPrefix(target, "https://"):
	case strings.Trim(target, authorityChars) != "":
		return fail(400, "neither a path nor http, https or an authority")
	case method != "CONNECT":
		return fail(405, "an authority is for CONNECT")
	case target != host:
		return fail(400, "another host than the Host header's")
	default:
		return "", "", nil
	}
	scheme, rest, _ := strings.Cut(target, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if !sameHost(scheme, rest[:end], host) {
		return fail(400, "another host than the Host header's")
	}
	path, query = absoluteForm(rest[end:])
	return path, query, nil
}

// authorityChars are what the source's server takes for the name of a host with
// its port (HttpCharacters.cs).
const authorityChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:.-[]@"

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

// sameHost compares the authority of a target with a Host header, as the source
// does: the authority without user information and the scheme's own port, which the
// header may have, and in lower case, which is not done to the header
// (Http1Connection.cs, Uri.cs).
func sameHost(scheme, authority, host string) bool {
	if i := strings.IndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	name, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		name, port = authority[:i], authority[i+1:]
	}
	own := map[string]string{"http": "80", "https": "443"}[scheme]
	if port == "" {
		port = own
	}
	n, err := strconv.ParseUint(port, 10, 64)
	if name == "" || err != nil || n > 0xFFFF || strings.Trim(name, authorityChars+"_") != "" || strings.Contains(name, "@") {
		return false
	}
	port = strconv.FormatUint(n, 10)
	name = asciiLower(name)
	return host == name+":"+port || host == name && port == own
}

// absoluteForm reads what stands behind the authority, the way the source's Uri
// class does: backslashes are slashes and encoded periods are periods before the
// dot segments go, all else is decoded after that. "%2F" is a slash then, but
// "..%2F" has climbed nowhere. The query is what follows the first '?', even in a
// fragment: the server does not ask Uri for it.
func absoluteForm(rest string) (path, query string) {
	path = rest
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		path, query = rest[:i], rest[i:]
	}
	path, _, _ = strings.Cut(path, "#")
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
