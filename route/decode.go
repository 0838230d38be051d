package route

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// DecodePath decodes the percent-encoding of a request path the way the source's
// server does (UrlDecoder.cs): once, as UTF-8, except "%2F" and "%2f", which stay
// as they came, so that an encoded slash never splits a segment. A '%' without
// two hex digits stays, and so do bytes that are not UTF-8: overlong forms,
// surrogates, sequences cut short. "%00" stays too; the source's server refuses
// it with status 400.
//
// Go's server has the path to decode in URL.EscapedPath.
func DecodePath(escaped string) string {
	i := strings.IndexByte(escaped, '%')
	if i < 0 {
		return escaped
	}
	var b strings.Builder
	b.Grow(len(escaped))
	for i >= 0 {
		b.WriteString(escaped[:i])
		escaped = escaped[i:]
		n := decodeRune(&b, escaped)
		escaped = escaped[n:]
		i = strings.IndexByte(escaped, '%')
	}
	b.WriteString(escaped)
	return b.String()
}

// decodeRune decodes the character whose escapes s begins with, or copies the
// first of them if they make none. It returns how many bytes of s that took.
func decodeRune(b *strings.Builder, s string) int {
	first, ok := escapedByte(s)
	switch {
	case !ok:
		b.WriteByte('%')
		return 1
	case first == '/' || first == 0:
		b.WriteString(s[:3])
		return 3
	case first < utf8.RuneSelf:
		b.WriteByte(first)
		return 3
	}
	var seq [utf8.UTFMax]byte
	seq[0] = first
	for n := 1; n < utf8.UTFMax; n++ {
		next, ok := escapedByte(s[3*n:])
		if !ok {
			break
		}
		seq[n] = next
		if utf8.Valid(seq[:n+1]) {
			b.Write(seq[:n+1])
			return 3 * (n + 1)
		}
	}
	b.WriteString(s[:3])
	return 3
}

// escapedByte returns the byte that s begins with, if it is "%" and two hex
// digits.
func escapedByte(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	high, low := hexDigit(s[1]), hexDigit(s[2])
	return byte(high<<4 | low), high|low >= 0
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// RemoveDots removes the segments "." and ".." from a decoded path, each ".."
// together with the segment before it, as the source's server does
// (PathNormalizer.cs). A path that climbs above the root stays at the root; empty
// segments are segments. "/a/.." becomes "/", "/a//../b" becomes "/a/b".
func RemoveDots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	out := make([]byte, 0, len(path))
	for rest := path; rest != ""; {
		end := strings.IndexByte(rest[1:], '/') + 1
		if end == 0 {
			end = len(rest)
		}
		segment, last := rest[:end], end == len(rest)
		rest = rest[end:]
		switch segment {
		case "/.":
		case "/..":
			out = out[:max(bytes.LastIndexByte(out, '/'), 0)]
		default:
			out = append(out, segment...)
			continue
		}
		if last {
			out = append(out, '/')
		}
	}
	return string(out)
}
