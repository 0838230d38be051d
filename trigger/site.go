package trigger

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/throttle"
)

// A site is a configuration made ready to serve. It is never changed.
type site struct {
	way
	Config
	host    *Host
	rules   *rules
	prefix  string
	app     *App
	ends    []*endpoint // in order of names
	methods []string    // that functions name, sorted, in capitals
	health  LoadCheck   // what the health ping asks, or nil
	stamp   *stamp
	admin   *admin
	now     func() time.Time
	deny    DenyFunc
	broken  broken
	bodyMax int64
}

// A way is what every request reads, side by side.
type way struct {
	timed    bool // somebody wants to know when requests came
	silent   bool // there is no Logger but one that drops everything
	measured bool // somebody wants to know how long requests waited and ran
	marked   bool // stamp has something to put
	bare     bool
	closed   bool // the app is offline by its files
	limit    *throttle.RequestLimit
	front    *throttle.Gate // nil if there is none
	gate     *throttle.Gate // nil if unbounded
	load     LoadCheck
	policy   *corsPolicy
	identity *Identity
	access   *W3CLog
	table    route.Table[*endpoint]
}

// broken are mistakes that a Compat host takes in and then stumbles over, as the
// reference does: requests end with 500. Elsewhere there is no such host.
type broken struct {
	all     error // TR-173: every request
	queue   error // TH-4: all but admin
	headers error // TR-180: every answer, after the function ran
	origins error // TR-188: every request
}

// An endpoint is a function made ready to serve: every decision that does not
// need a request is taken.
type endpoint struct {
	guard    *keys.Guard
	handler  http.Handler
	pattern  string
	strip    bool // take the key out of the request
	timeout  time.Duration
	config   *FunctionConfig // nil if not from files
	template *route.Template
	Function
}

// mistakes gathers errors.
type mistakes []error

func (m *mistakes) add(err error) {
	if err != nil {
		*m = append(*m, err)
	}
}

func (m *mistakes) addf(format string, args ...any) {
	*m = append(*m, fmt.Errorf("trigger: "+format, args...))
}

func newSite(c Config, h *Host) (*site, error) {
	s := &site{Config: c, host: h, app: c.App, now: c.Now, deny: DenyEmpty}
	if s.app == nil {
		s.app = &App{Host: defaultHost()}
	}
	if s.now == nil {
		s.now = time.Now
	}
	if c.Deny != nil {
		s.deny = s.told(c.Deny)
	}
	v1 := s.app.Host.Version == ""
	s.rules = &rules{compat: c.Compat, v1: c.Compat && v1, ok: v1, lenient: c.LenientBinding, chunked: s.app.Host.HTTP.EnableChunkedRequestBinding, logger: c.Logger}
	if s.rules.v1 && c.Deny == nil {
		s.Deny, s.deny = s.denyV1, s.denyV1
	}
	s.rules.deny = s.deny
	var errs mistakes
	s.setPrefix(&errs)
	s.setLimits(&errs)
	s.setAround(&errs)
	functions := s.functions(&errs)
	s.route(functions, &errs)
	if !c.NoAdmin {
		s.setAdmin(&errs)
	}
	if c.Files != nil && (c.NoAdmin || c.Keys == nil) {
		errs.addf("Files: needs the admin endpoints and Config.Keys, for the master key")
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s.timed = !c.Bare || c.Logger != nil || c.AccessLog != nil
	s.silent, s.measured, s.marked, s.bare = c.Logger == nil, c.Hooks.Done != nil, s.stamp.marks(), c.Bare
	s.closed, s.front, s.load, s.identity, s.access = s.app.Offline != nil, c.Front, s.Load, c.Identity, c.AccessLog
	return s, nil
}

// defaultHost is the configuration of a host without files.
func defaultHost() HostConfig {
	return HostConfig{
		Version: "2.0",
		HTTP:    HTTPConfig{RoutePrefix: "api", MaxOutstandingRequests: -1, MaxConcurrentRequests: -1},
		MaxBody: throttle.DefaultMaxBody,
	}
}

func (s *site) setPrefix(errs *mistakes) {
	switch s.Prefix {
	case "":
		s.prefix = s.app.Host.HTTP.RoutePrefix
	case "/":
		s.prefix = ""
	default:
		s.prefix = strings.Trim(s.Prefix, "/")
	}
	if s.Compat {
		return
	}
	if first, _, _ := strings.Cut(strings.Trim(s.prefix, "/"), "/"); isReserved(first) {
		errs.addf("prefix %q: the host's own paths begin so", s.prefix)
	}
}

func (s *site) setLimits(errs *mistakes) {
	s.bodyMax = s.app.Host.MaxBody
	s.limit = s.Limit
	if s.limit == nil {
		s.limit = &throttle.RequestLimit{MaxBody: s.bodyMax, Compat: s.Compat}
		if s.bodyMax == 0 && s.App != nil {
			s.limit.MaxBody = throttle.NoBody
		}
		if s.Compat && s.bodyMax < 0 {
			s.limit.MaxBody = -1
			s.broken.all = fmt.Errorf("trigger: the body limit is %d", s.bodyMax)
		}
	}
	s.setLoad(errs)
	s.gate = s.Gate
	http := &s.app.Host.HTTP
	if s.gate != nil || http.MaxConcurrentRequests == -1 && http.MaxOutstandingRequests == -1 {
		return
	}
	if http.MaxConcurrentRequests < -1 || http.MaxConcurrentRequests == 0 || http.MaxOutstandingRequests < -1 || http.MaxOutstandingRequests == 0 {
		if !s.Compat {
			errs.addf("maxConcurrentRequests %d, maxOutstandingRequests %d: neither can be 0 or below -1", http.MaxConcurrentRequests, http.MaxOutstandingRequests)
			return
		}
		s.broken.queue = fmt.Errorf("trigger: maxConcurrentRequests %d, maxOutstandingRequests %d", http.MaxConcurrentRequests, http.MaxOutstandingRequests)
		return
	}
	gate, err := throttle.NewGate(throttle.GateConfig{
		MaxConcurrent: places(http.MaxConcurrentRequests), MaxOutstanding: places(http.MaxOutstandingRequests), Compat: s.Compat,
	})
	errs.add(err)
	s.gate = gate
}

// places is a number of host.json as a gate takes it: more than a gate has is no bound.
func places(n int) int {
	if n >= 1<<24 {
		return -1
	}
	return n
}

// setLoad makes the throttle by load that host.json asks for, and what the
// health ping goes by, which in Compat is there in any case.
func (s *site) setLoad(errs *mistakes) {
	s.health = s.Load
	http := &s.app.Host.HTTP
	if s.Load != nil || !http.DynamicThrottlesEnabled && !s.Compat {
		return
	}
	o := &overload{state: &s.host.state}
	c := throttle.DynamicConfig{
		Probes:    []throttle.Probe{o.counters(func() string { return s.Env["WEBSITE_COUNTERS_APP"] })},
		Threshold: s.app.Host.HealthMonitor.CounterThreshold,
		Compat:    s.Compat, Logger: s.Logger, Now: s.Now,
	}
	if s.Compat {
		c.Threshold = 0 // the setting does not get there (TH-38)
	} else {
		c.Probes = append(c.Probes, throttle.CPU(), throttle.Memory(), throttle.Heap(), throttle.FileDescriptors())
	}
	load, err := throttle.NewDynamicThrottle(c)
	if err != nil {
		errs.add(err)
		return
	}
	s.health = load
	switch {
	case !http.DynamicThrottlesEnabled && s.rules.v1:
	case !s.Compat || s.rules.v1:
		s.Load = load
	case http.DynamicThrottlesEnabled:
		o.throttle, s.Load = load, o
	case http.MaxConcurrentRequests != -1 || http.MaxOutstandingRequests != -1:
		s.Load = o
	}
}

// setAround makes what stands around the functions: headers, origins, users.
func (s *site) setAround(errs *mistakes) {
	if s.Compat && s.app.Host.ForwardedProto && s.Origin == nil {
		s.Origin = forwardedOrigin
	}
	stamp, err := newStamp(&s.app.Host.HTTP, s.Origin)
	if s.Compat {
		s.broken.headers = err
	} else {
		errs.add(err)
	}
	s.stamp = stamp
	s.rules.origin, s.rules.now = s.Origin, s.now
	cors := s.CORS
	if cors == nil {
		cors = s.app.Host.CORS
	}
	policy, err := newCORS(cors, s.Compat)
	if s.Compat {
		s.broken.origins = err
	} else {
		errs.add(err)
	}
	s.policy = policy
	if s.Identity != nil {
		errs.add(s.Identity.check())
	}
	if s.ResponseTimeout < 0 {
		errs.addf("ResponseTimeout: %v: negative", s.ResponseTimeout)
	}
	if s.Bare && (s.Compat || s.Identity != nil || s.Hooks.Start != nil || s.Hooks.Done != nil || s.ResponseTimeout != 0 || s.InvocationHeader != "") {
		errs.addf("Bare: without invocations there is no Compat, Identity, Hooks.Start, Hooks.Done, ResponseTimeout or InvocationHeader")
	}
	if s.LenientBinding && (s.Compat || s.Bare) {
		errs.addf("LenientBinding: with Compat or Bare there is no such choice")
	}
	if s.InvocationHeader != "" && !validFieldName(s.InvocationHeader) {
		errs.addf("InvocationHeader: %q: not the name of a field", s.InvocationHeader)
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
}

// forwardedOrigin believes the platform's front end (TR-93).
func forwardedOrigin(r *http.Request) (scheme, host string) {
	scheme, host = origin(r, nil)
	if proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ","); proto != "" {
		scheme = strings.TrimSpace(proto)
	}
	if disguised := r.Header.Get("Disguised-Host"); disguised != "" {
		host = disguised
	}
	return scheme, host
}

// functions lists the functions of the app and those beside it.
func (s *site) functions(errs *mistakes) []*endpoint {
	var out []*endpoint
	handlers := byName(s, "Handlers", s.Handlers, func(h http.Handler) bool { return h == nil }, errs)
	gates := byName(s, "Gates", s.Gates, func(g *throttle.Gate) bool { return g == nil }, errs)
	if s.app.Err != nil && !s.Compat {
		errs.add(s.app.Err)
	}
	for i := range s.app.Functions {
		f := &s.app.Functions[i]
		handler, gate := handlers.take(f.Name), gates.take(f.Name)
		if !f.HTTP {
			continue
		}
		if handler == nil {
			errs.addf("function %q: Handlers has nothing of this name", f.Name)
			continue
		}
		e := &endpoint{config: f, Function: Function{
			Name: f.Name, Route: f.Route, Methods: f.Methods, Level: f.Level, Handler: handler, Disabled: f.Disabled, Gate: gate,
		}}
		out = append(out, e)
	}
	for _, name := range sortedKeys(handlers.m) {
		if !s.app.describes(name) {
			errs.addf("Handlers: %q: the app has no such function", name)
		}
	}
	for _, name := range sortedKeys(gates.m) {
		if !s.app.describes(name) {
			errs.addf("Gates: %q: the app has no such function", name)
		}
	}
	for i := range s.Functions {
		f := s.Functions[i]
		switch {
		case !validFunctionName(f.Name):
			errs.addf("Functions[%d]: %q: no name of a function: want a letter, then letters, digits, '-' and '_', not \"host\"", i, f.Name)
			continue
		case f.Handler == nil:
			errs.addf("function %q: no Handler", f.Name)
			continue
		}
		out = append(out, &endpoint{Function: f})
	}
	slices.SortStableFunc(out, func(a, b *endpoint) int {
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return out
}

// entries are those of a field of Config. Names differ by more than case; in
// Compat, where an app can have functions that do not, only by spelling.
type entries[V any] struct {
	compat bool
	m      map[string]V
}

func byName[V any](s *site, field string, m map[string]V, isNil func(V) bool, errs *mistakes) entries[V] {
	e := entries[V]{s.Compat, map[string]V{}}
	for _, name := range sortedKeys(m) {
		if _, twice := e.m[e.key(name)]; twice {
			errs.addf("%s: %q is there twice", field, name)
		}
		if isNil(m[name]) {
			errs.addf("%s: %q: nil", field, name)
		}
		e.m[e.key(name)] = m[name]
	}
	return e
}

func (e entries[V]) key(name string) string {
	if e.compat {
		return name
	}
	return strings.ToLower(name)
}

// take returns the entry of a name and removes it.
func (e entries[V]) take(name string) (v V) {
	key := e.key(name)
	if _, ok := e.m[key]; !ok && e.compat {
		for other := range e.m {
			if strings.EqualFold(other, name) {
				key = other
			}
		}
	}
	v = e.m[key]
	delete(e.m, key)
	return v
}

// describes reports whether the app has a function of a name that is not served:
// one that failed or is not listed. Its handler is not a mistake.
func (a *App) describes(name string) bool {
	return slices.ContainsFunc(a.Failed, func(f FunctionFailure) bool { return strings.EqualFold(f.Name, name) }) ||
		slices.ContainsFunc(a.Unlisted, func(f FunctionConfig) bool { return strings.EqualFold(f.Name, name) })
}

func validFunctionName(name string) bool {
	if name == "" || len(name) > 128 || strings.EqualFold(name, "host") {
		return false
	}
	for i := range len(name) {
		c := name[i] | 0x20
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || (name[i] < '0' || name[i] > '9') && name[i] != '-' && name[i] != '_') {
			return false
		}
	}
	return true
}

// route makes the endpoints ready and puts them in the table.
func (s *site) route(functions []*endpoint, errs *mistakes) {
	var routes []route.Route[*endpoint]
	for _, e := range functions {
		if !s.ready(e, errs) {
			continue
		}
		routes = append(routes, route.Route[*endpoint]{
			Name: e.Name, Methods: e.Methods, Template: e.template, Order: e.Order, Value: e,
		})
		s.ends = append(s.ends, e)
		for _, m := range e.Methods {
			s.methods = append(s.methods, strings.ToUpper(m))
		}
	}
	slices.Sort(s.methods)
	s.methods = slices.Compact(s.methods)
	table, err := route.NewTable(routes, &route.TableOptions{Compat: s.Compat})
	if err != nil && s.Compat {
		s.failedRoute(err)
		table = &route.Table[*endpoint]{}
	} else {
		errs.add(err)
	}
	if table != nil {
		s.table = *table
	}
}

// ready fills in what an endpoint knows before its first request.
func (s *site) ready(e *endpoint, errs *mistakes) bool {
	text := e.Route
	if text == "" {
		text = e.Name
	}
	if !s.Compat {
		text = strings.Trim(text, "/")
	}
	if s.prefix != "" {
		text = s.prefix + "/" + text
	}
	template, err := (&route.Compiler{Compat: s.Compat}).Compile(text)
	if err != nil {
		if s.Compat && e.config != nil {
			s.failedRoute(err)
			return false
		}
		errs.addf("function %q: %w", e.Name, err)
		return false
	}
	if first, _, _ := strings.Cut(text, "/"); isReserved(first) && !s.Compat && s.prefix == "" {
		errs.addf("function %q: route %q: the host's own paths begin so", e.Name, text)
		return false
	}
	e.template, e.pattern = template, "/"+text
	if e.Level != keys.Anonymous && s.Keys == nil && !e.isHook() && !s.InsecureSkipKeys {
		errs.addf("function %q: level %s, but Config.Keys is missing", e.Name, e.Level)
	}
	e.guard = &keys.Guard{
		Resolver: s.Keys, Function: e.Name, Level: e.Level, Disabled: e.Disabled,
		Compat: s.Compat && s.Keys != nil, InsecureSkipKeys: s.InsecureSkipKeys, Tokens: s.Tokens,
	}
	e.handler = e.Handler
	e.strip = e.Level != keys.Anonymous && !s.Compat
	if e.isHook() {
		s.receive(e, errs)
	}
	e.timeout = e.Timeout
	if e.timeout == 0 {
		e.timeout = s.app.Host.FunctionTimeout
	}
	return true
}

// failedRoute stops a Compat host as a template that cannot be compiled does.
func (s *site) failedRoute(err error) {
	if s.app.Err == nil {
		down := *s.app
		down.Err = err
		s.app = &down
	}
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func sortByName(list []*FunctionConfig) {
	slices.SortStableFunc(list, func(a, b *FunctionConfig) int {
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
}
