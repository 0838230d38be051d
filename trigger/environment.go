package trigger

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/httptrigger/httptrigger/internal/jsonc"
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
	if text, _ := variable(l.Env, allowed); l.Compat {
		c.AllowedOrigins = wireOrigins(text)
	} else if text != "" {
		if err := json.Unmarshal([]byte(text), &c.AllowedOrigins); err != nil {
			l.mistake(place{env: allowed}.errorf("", "%q is not a JSON array of origins", text))
		}
	}
	text, _ := variable(l.Env, credentials)
	text = strings.TrimSpace(text)
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

// wireOrigins reads a list of origins with the liberties of the reference's JSON,
// and folds their case as its policies do (CorsPolicyBuilder.cs).
func wireOrigins(text string) []string {
	v, err := jsonc.ParseLenientValue([]byte(text))
	if err != nil || v.Kind != jsonc.Array {
		return nil
	}
	origins := make([]string, len(v.Items))
	for i, item := range v.Items {
		origins[i] = strings.ToLower(netText(item))
	}
	return origins
}

// isOrigin reports whether browsers can send o in an Origin header.
func isOrigin(o string) bool {
	scheme, rest, ok := strings.Cut(o, "://")
	return ok && isToken(scheme) && rest != "" && !strings.ContainsAny(rest, "/?#@ \t")
}
