package trigger

import (
	"net/http"
	"strings"
)

// traceparent returns the trace context of a request, "" if there is none or not
// one that is well formed (W3C Trace Context, 3.2.2).
func traceparent(h http.Header) string {
	if v := h["Traceparent"]; len(v) == 1 && validTraceparent(v[0]) {
		return v[0]
	}
	return ""
}

// validTraceparent reports whether s is a version, a trace id, a parent id and
// flags. Version 00 ends there; a later one may go on after another hyphen.
func validTraceparent(s string) bool {
	if len(s) < 55 || len(s) > 512 || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return false
	}
	version, trace, parent, flags := s[:2], s[3:35], s[36:52], s[53:55]
	for _, part := range []string{version, trace, parent, flags} {
		if strings.Trim(part, "0123456789abcdef") != "" {
			return false
		}
	}
	if version == "ff" || strings.Trim(trace, "0") == "" || strings.Trim(parent, "0") == "" {
		return false
	}
	return len(s) == 55 || version != "00" && s[55] == '-' && printable(s[56:])
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
