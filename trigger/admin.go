package trigger

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/httptrigger/httptrigger/keys"
)

// admin answers the host's own paths: admin/… and runtime/webhooks/…
// (HostController.cs, FunctionsController.cs, KeysController.cs).
type admin struct {
	site       *site
	keys       http.Handler            // the key API, nil without keys
	extensions map[string]http.Handler // by name in lower case
	routes     []adminRoute
}

// An adminRoute is one endpoint. In its path, {} stands for a function's name.
type adminRoute struct {
	path    string
	methods []string // nil is any
	access  access
	serve   func(x *exchange, function string)
}

// access says who may use an endpoint.
type access uint8

const (
	accessAdmin    access = iota // the master key
	accessInternal               // or the platform itself
	accessAnybody
)

func (s *site) setAdmin(errs *mistakes) {
	a := &admin{site: s, extensions: map[string]http.Handler{}}
	get, post, put := []string{"GET"}, []string{"POST"}, []string{"PUT"}
	a.routes = []adminRoute{
		{"host/ping", []string{"GET", "POST"}, accessAnybody, a.ping},
		{"host/status", get, accessInternal, a.status},
		{"host/config", get, accessInternal, a.config},
		{"host/log", post, accessInternal, a.log},
		{"host/drain", post, accessInternal, a.drain},
		{"host/drain/status", get, accessInternal, a.drainStatus},
		{"host/resume", post, accessInternal, a.resume},
		{"host/synctriggers", post, accessInternal, a.syncTriggers},
		{"host/restart", post, accessAdmin, a.restart},
		{"host/state", put, accessAdmin, a.setState},
		{"host/extensionBundle/v1/templates", get, accessAdmin, a.noBundle},
		{"host/extensionBundle/v1/bindings", get, accessAdmin, a.noBundle},
		{"host/extensionBundle/v1/resources", get, accessAdmin, a.noBundle},
		{"host/debug", post, accessAdmin, a.debug},
		{"warmup", nil, accessAnybody, a.warmup},
		{"functions", get, accessAdmin, a.list},
		{"functions/{}", get, accessAdmin, a.describe},
		{"functions/{}", post, accessAdmin, a.invoke},
		{"functions/{}/status", get, accessAdmin, a.functionStatus},
	}
	if s.Files != nil {
		a.routes = append([]adminRoute{
			{"functions/download", get, accessAdmin, a.download},
			{"functions/{}", put, accessAdmin, a.putFunction},
			{"functions/{}", []string{"DELETE"}, accessAdmin, a.deleteFunction},
		}, a.routes...)
	}
	for _, name := range sortedKeys(s.Extensions) {
		switch {
		case name == "" || strings.Contains(name, "/"):
			errs.addf("Extensions: %q: no path segment", name)
		case s.Extensions[name] == nil:
			errs.addf("Extensions: %q: nil", name)
		case s.Keys == nil:
			errs.addf("Extensions: %q: needs a system key, but Config.Keys is missing", name)
		}
		a.extensions[strings.ToLower(name)] = s.Extensions[name]
	}
	a.setKeys(errs)
	s.admin = a
}

// setKeys mounts the key API.
func (a *admin) setKeys(errs *mistakes) {
	s := a.site
	if s.Keys == nil || s.Keys.Store == nil {
		return
	}
	manager := s.KeyManager
	if manager == nil {
		manager = &keys.Manager{Store: s.Keys.Store, Resolver: s.Keys, Compat: s.Compat, Now: s.Now, Logger: s.Logger}
	}
	api, err := keys.NewAPI(keys.APIConfig{
		Manager: manager,
		Guard: &keys.Guard{
			Resolver: s.Keys, Level: keys.Admin, Challenge: true, Compat: s.Compat, Logger: s.Logger, Deny: s.denyKeys,
			Tokens: s.Tokens, Isolate: s.isolated(),
			Identified: func(r *http.Request) bool {
				inv, ok := FromContext(r.Context())
				return ok && inv.Principal != nil
			},
		},
		FunctionExists: func(name string) bool { return a.find(name) != nil || s.app.describes(name) },
		BaseURL:        s.base,
		Compat:         s.Compat, Logger: s.Logger,
	})
	if err != nil {
		errs.add(err)
		return
	}
	a.keys = api
}

// denyKeys answers refusals of the key API as Config.Deny says.
func (s *site) denyKeys(w http.ResponseWriter, r *http.Request, err error) {
	var denied *keys.DeniedError
	if errors.As(err, &denied) && denied.Challenge != "" {
		w.Header()["Www-Authenticate"] = []string{denied.Challenge}
	}
	s.deny(w, r, err)
}

// handle answers a request below first, which is admin or runtime. It reports
// false if no endpoint takes it, and has answered nothing then.
func (a *admin) handle(x *exchange, first, rest string) bool {
	// The endpoints get an exchange of their own: behind their function values
	// the one of ServeHTTP would have to leave the stack, for every request.
	own := &exchange{site: x.site, w: x.w, r: x.r, began: x.began, id: x.id, user: x.user}
	taken := a.serve(own, first, rest)
	x.r, x.user, x.grant, x.status, x.id = own.r, own.user, own.grant, own.status, own.id
	return taken
}

func (a *admin) serve(x *exchange, first, rest string) bool {
	if a.site.isolated() && !a.site.app.Host.AppService && a.env("WEBSITE_INSTANCE_ID", "") == "" {
		// No front end takes the mark away from strangers here (TR-218).
		delete(x.r.Header, "X-Ms-Platform-Internal")
	}
	if strings.EqualFold(first, "admin") && a.serveFiles(x, rest) {
		return true
	}
	rest = strings.TrimSuffix(rest, "/")
	if strings.EqualFold(first, "runtime") {
		return a.serveExtension(x, rest)
	}
	if a.serveKeys(x, rest) {
		return true
	}
	var allowed []string
	for i := range a.routes {
		r := &a.routes[i]
		function, ok := matchAdmin(r.path, rest)
		if !ok {
			continue
		}
		if r.methods != nil && !allows(x.r.Method, r.methods...) {
			allowed = append(allowed, r.methods...)
			continue
		}
		if a.authorize(x, r.access, "") {
			r.serve(x, function)
		}
		return true
	}
	if len(allowed) > 0 && !a.site.Compat {
		x.refuse(&MethodError{Method: x.r.Method, Allowed: allowed})
		return true
	}
	return false
}

// matchAdmin compares paths by segments, case ignored.
func matchAdmin(pattern, path string) (function string, ok bool) {
	for pattern != "" || path != "" {
		var want, got string
		want, pattern, _ = strings.Cut(pattern, "/")
		got, path, _ = strings.Cut(path, "/")
		switch {
		case want == "{}" && got != "":
			function = got
		case !strings.EqualFold(want, got):
			return "", false
		}
	}
	return function, true
}

// authorize asks for the master key, or for the system key called name.
func (a *admin) authorize(x *exchange, who access, name string) bool {
	if a.site.Compat && who != accessAnybody && !x.readPrincipal() {
		return false
	}
	switch {
	case who == accessAnybody:
		return true
	case who == accessInternal && a.site.Compat && a.site.isInternal(x.r):
		return true
	}
	known := x.user != nil
	guard := keys.Guard{
		Resolver: a.site.Keys, Level: keys.Admin, Challenge: true, Compat: a.site.Compat,
		Tokens: a.site.Tokens, Isolate: a.site.isolated(),
		Identified: func(*http.Request) bool { return known },
	}
	if name != "" {
		guard.Level, guard.KeyName, guard.Isolate = keys.System, name, false
	}
	grant, err := guard.Check(x.r)
	x.grant = grant
	if err != nil {
		x.refuse(err)
		return false
	}
	if !a.site.Compat {
		x.r = keys.StripCode(x.r)
	}
	return true
}

// isolated reports whether admin endpoints ask for the platform's mark (TR-218).
func (s *site) isolated() bool {
	value, _ := variable(s.Env, "FUNCTIONS_ADMIN_ISOLATION_ENABLED")
	return value == "1"
}

// serveKeys hands paths of the key API on.
func (a *admin) serveKeys(x *exchange, rest string) bool {
	if a.keys == nil || !isKeyPath(rest) {
		return false
	}
	if a.site.Compat && !x.readPrincipal() {
		return true
	}
	r := x.r
	if a.site.Compat && a.site.bodyMax >= 0 && r.ContentLength > a.site.bodyMax {
		r.Body = unreadable{r.Body}
	}
	if x.user != nil {
		r = r.WithContext(WithInvocation(r.Context(), &Invocation{Principal: x.user}))
	}
	a.keys.ServeHTTP(x.w, r)
	return true
}

// unreadable is a body that the reference cannot read either, which is 500 there
// (TR-172), and not the 413 that http.MaxBytesError asks for.
type unreadable struct{ io.Closer }

func (unreadable) Read([]byte) (int, error) { return 0, errBodyRead }

// isKeyPath reports whether a path below admin is the key API's:
// host/{keys,functionkeys,systemkeys}/… and functions/NAME/keys/….
func isKeyPath(rest string) bool {
	parts := strings.SplitN(strings.ToLower(rest), "/", 4)
	switch {
	case len(parts) >= 2 && parts[0] == "host":
		return parts[1] == "keys" || parts[1] == "functionkeys" || parts[1] == "systemkeys"
	case len(parts) >= 3 && parts[0] == "functions":
		return parts[2] == "keys"
	}
	return false
}

// serveExtension answers runtime/webhooks/NAME/…: the caller needs the system
// key of the extension or the master key, whether or not there is such an
// extension (TR-117).
func (a *admin) serveExtension(x *exchange, rest string) bool {
	kind, rest, _ := strings.Cut(rest, "/")
	name, _, _ := strings.Cut(rest, "/")
	if !strings.EqualFold(kind, "webhooks") || name == "" {
		return false
	}
	methods := []string{"DELETE", "GET", "OPTIONS", "POST", "PUT"}
	if !allows(x.r.Method, methods...) {
		if a.site.Compat {
			return false
		}
		x.refuse(&MethodError{Method: x.r.Method, Allowed: methods})
		return true
	}
	if !a.authorize(x, accessInternal, keys.ExtensionKey(name)) {
		return true
	}
	h := a.extensions[strings.ToLower(name)]
	if h == nil {
		x.refuse(&NotFoundError{})
		return true
	}
	r := new(http.Request)
	*r = *x.r
	r.Header = x.r.Header.Clone()
	if !a.site.Compat {
		x.stripKey(r)
	}
	removeDots(r)
	h.ServeHTTP(x.w, r)
	return true
}
