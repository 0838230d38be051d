package trigger

import (
	"encoding/json"
	"strconv"
	"strings"
)

// environment reads the settings that are not part of host.json.
func (l *loader) environment() {
	h := &l.app.Host
	h.DisableHomepage = strings.EqualFold(l.Env["AzureWebJobsDisableHomepage"], "true")
	h.TrustPrincipal, _ = netBool(l.Env["WEBSITE_AUTH_ENABLED"])
	h.ForwardedProto = !h.AppService && l.Env["CONTAINER_NAME"] != ""
	l.bodyLimit()
	l.cors()
}

func (l *loader) bodyLimit() {
	const name = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"
	text, ok := l.Env[name]
	if !ok {
		return
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	switch {
	case !l.Compat && (err != nil || n < 0):
		l.mistake(place{env: name}.errorf("", "%q is not a number of bytes", text))
	case err == nil:
		l.app.Host.MaxBody = n
	}
}

// cors reads the cross-origin policy (HostCorsOptionsSetup.cs). It is on with a
// switch of its own, or on a managed Linux plan that names origins.
func (l *loader) cors() {
	const allowed, credentials, enable = "CORS_ALLOWED_ORIGINS", "CORS_SUPPORT_CREDENTIALS", "FUNCTIONS_ENABLE_CORS_CONFIGURATION"
	if l.Env[enable] != "1" && (!l.app.Host.ForwardedProto || l.Env[allowed] == "") {
		return
	}
	c := &CORSConfig{}
	l.app.Host.CORS = c
	if text := l.Env[allowed]; text != "" {
		if err := json.Unmarshal([]byte(text), &c.AllowedOrigins); err != nil && !l.Compat {
			l.mistake(place{env: allowed}.errorf("", "%q is not a JSON array of origins", text))
		}
	}
	text := strings.TrimSpace(l.Env[credentials])
	ok := text == ""
	if !ok {
		c.Credentials, ok = netBool(text)
	}
	if l.Compat {
		return
	}
	if !ok {
		l.mistake(place{env: credentials}.errorf("", "%q is neither true nor false", text))
	}
	for _, o := range c.AllowedOrigins {
		switch {
		case o == "*" && c.Credentials:
			l.mistake(place{env: allowed}.errorf("", "every origin (*) with credentials lets any page act for the user: name the origins, or leave credentials off"))
		case o != "*" && !isOrigin(o):
			l.mistake(place{env: allowed}.errorf("", "%q is not an origin: want scheme://host[:port] and nothing behind it", o))
		}
	}
}

// isOrigin reports whether browsers can send o in an Origin header.
func isOrigin(o string) bool {
	scheme, rest, ok := strings.Cut(o, "://")
	return ok && isToken(scheme) && rest != "" && !strings.ContainsAny(rest, "/?#@ \t")
}
