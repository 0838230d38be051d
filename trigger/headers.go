package trigger

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A stamp puts the fields on a response that the configuration asks for. They
// are set before anything else has been written, so that a function can override
// them (CustomHttpHeadersMiddleware.cs adds them at the end where they are
// missing, which comes to the same and would need a wrapped ResponseWriter).
type stamp struct {
	names  []string
	values [][]string

	hsts     []string // the value, nil if off
	excluded []string
	origin   func(*http.Request) (scheme, host string)
}

func newStamp(h *HTTPConfig, origin func(*http.Request) (string, string)) (*stamp, error) {
	s := &stamp{origin: origin}
	var errs []error
	for _, c := range h.CustomHeaders {
		switch {
		case !validFieldName(c.Name):
			errs = append(errs, fmt.Errorf("trigger: custom header %q: not the name of a field", c.Name))
		case !validFieldValue(c.Value):
			errs = append(errs, fmt.Errorf("trigger: custom header %q: the value has characters that no field can carry", c.Name))
		default:
			s.names = append(s.names, http.CanonicalHeaderKey(c.Name))
			s.values = append(s.values, []string{c.Value})
		}
	}
	if h.HSTS.Enabled {
		s.hsts = []string{hstsValue(&h.HSTS)}
		for _, host := range h.HSTS.ExcludedHosts {
			s.excluded = append(s.excluded, strings.ToLower(host))
		}
	}
	return s, errors.Join(errs...)
}

// hstsValue writes the policy as HstsMiddleware.cs does.
func hstsValue(c *HSTSConfig) string {
	v := "max-age=" + strconv.FormatInt(int64(c.MaxAge/time.Second), 10)
	if c.IncludeSubDomains {
		v += "; includeSubDomains"
	}
	if c.Preload {
		v += "; preload"
	}
	return v
}

// marks reports whether there is something to put.
func (s *stamp) marks() bool { return len(s.names) > 0 || s.hsts != nil }

func (s *stamp) put(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	s.putNames(h)
	if s.hsts == nil {
		return
	}
	scheme, host := origin(r, s.origin)
	if strings.EqualFold(scheme, "https") && !slices.Contains(s.excluded, strings.ToLower(hostOnly(host))) {
		h["Strict-Transport-Security"] = s.hsts
	}
}

// putNames puts the custom headers that are not there.
func (s *stamp) putNames(h http.Header) {
	for i, name := range s.names {
		if _, there := h[name]; !there {
			h[name] = slices.Clip(s.values[i])
		}
	}
}

// origin tells scheme and host that the client used, by f if there is one.
func origin(r *http.Request, f func(*http.Request) (string, string)) (scheme, host string) {
	if f != nil {
		return f(r)
	}
	if r.TLS != nil {
		return "https", r.Host
	}
	return "http", r.Host
}

// hostOnly cuts the port off. An IPv6 address keeps its brackets.
func hostOnly(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		if strings.Contains(h, ":") {
			return "[" + h + "]"
		}
		return h
	}
	return host
}

// A corsPolicy answers preflights and marks the responses that pages of other
// origins may read (CorsMiddleware.cs).
type corsPolicy struct {
	origins     []string
	any         bool
	credentials bool
	vary        bool // answers differ by origin
}

// newCORS makes the policy. To the reference "*" means any origin if it stands
// alone, and one origin alone is nothing that a cache must tell apart
// (CorsPolicy.cs, CorsService.cs).
func newCORS(c *CORSConfig, compat bool) (*corsPolicy, error) {
	if c == nil {
		return nil, nil
	}
	alone := len(c.AllowedOrigins) == 1
	p := &corsPolicy{origins: c.AllowedOrigins, credentials: c.Credentials, vary: !compat || !alone}
	p.any = slices.Contains(c.AllowedOrigins, "*") && (!compat || alone)
	if p.any && p.credentials {
		return nil, errors.New(`trigger: CORS: "*" with credentials: any page could act for its visitor`)
	}
	return p, nil
}

// apply puts the CORS fields of a response. It reports whether the request was a
// preflight, which is then answered: 204, whether the origin may or not.
func (p *corsPolicy) apply(w http.ResponseWriter, r *http.Request) (answered bool) {
	if len(r.Header["Origin"]) == 0 {
		return false
	}
	from := strings.Join(r.Header["Origin"], ",")
	h := w.Header()
	preflight := r.Method == http.MethodOptions && r.Header["Access-Control-Request-Method"] != nil
	switch {
	case p.any && from != "":
		h["Access-Control-Allow-Origin"] = []string{"*"}
	case from != "" && slices.Contains(p.origins, from):
		h["Access-Control-Allow-Origin"] = []string{from}
		if p.vary {
			h["Vary"] = append(h["Vary"], "Origin")
		}
	case preflight:
		w.WriteHeader(http.StatusNoContent)
		return true
	default:
		return false
	}
	if p.credentials {
		h["Access-Control-Allow-Credentials"] = []string{"true"}
	}
	if !preflight {
		return false
	}
	h["Access-Control-Allow-Methods"] = []string{fieldText(r.Header.Get("Access-Control-Request-Method"))}
	if names := r.Header["Access-Control-Request-Headers"]; len(names) > 0 {
		var list []string
		for name := range strings.SplitSeq(strings.Join(names, ","), ",") {
			if name = strings.TrimSpace(name); name != "" {
				list = append(list, name)
			}
		}
		if len(list) > 0 {
			h["Access-Control-Allow-Headers"] = []string{fieldText(strings.Join(list, ","))}
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// fieldText drops what no field can carry from a text that is sent back.
func fieldText(s string) string {
	if validFieldValue(s) {
		return s
	}
	return ""
}
