package triggervec

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// loaded compares how the app came up with what is expected.
func (s *stage) loaded(x *expectation) []string {
	var diffs []string
	add := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	err := errors.Join(s.loadErr, s.hostErr)
	if x.HostStarts != nil && *x.HostStarts != (err == nil) {
		add("host starts: got %v (%v), want %v", err == nil, err, *x.HostStarts)
	}
	if x.HostError != nil && (err == nil || !reports(flat(err.Error()), flat(*x.HostError))) {
		add("host error: got %v, want %q", err, *x.HostError)
	}
	if x.HostErrorContains != "" && (err == nil || !strings.Contains(flat(err.Error()), flat(x.HostErrorContains))) {
		add("host error: got %v, want %q in it", err, x.HostErrorContains)
	}
	if x.ConfigError && err == nil {
		add("no error, want one")
	}
	if x.Warning && (s.app == nil || len(s.app.Warnings) == 0) {
		add("no warning, want one")
	}
	if s.app == nil {
		return append(diffs, fmt.Sprintf("no app: %v", s.loadErr))
	}
	if x.FunctionLoadedCount != nil && len(s.app.Functions) != *x.FunctionLoadedCount {
		add("functions loaded: got %d, want %d", len(s.app.Functions), *x.FunctionLoadedCount)
	}
	diffs = append(diffs, s.functions(x)...)
	diffs = append(diffs, s.settings(x.HTTP)...)
	if x.FunctionTimeout != "" {
		if got := timeout(s.app.Host); got != x.FunctionTimeout {
			add("functionTimeout: got %s, want %s", got, x.FunctionTimeout)
		}
	}
	return diffs
}

// timeout prints a timeout as vectors do.
func timeout(h trigger.HostConfig) string {
	if h.FunctionTimeout == 0 {
		return "infinite"
	}
	return span(h.FunctionTimeout)
}

// span prints a time span as the reference does.
func span(d time.Duration) string {
	text := fmt.Sprintf("%02d:%02d:%02d", int(d.Hours())%24, int(d.Minutes())%60, int(d.Seconds())%60)
	if days := int(d.Hours()) / 24; days > 0 {
		text = fmt.Sprintf("%d.%s", days, text)
	}
	return text
}

// functions compares which functions loaded, and why the others did not.
func (s *stage) functions(x *expectation) []string {
	var diffs []string
	failures := map[string]string{}
	for _, f := range s.app.Failed {
		failures[f.Name] = f.Err.Error()
	}
	one := func(name string, loaded bool) {
		text, failed := failures[name]
		if !fs.ValidPath(name) { // no folder can be called so
			failed = !trigger.ValidName(name)
		} else if !failed && !s.has(name) {
			failed, text = true, "dropped"
		}
		if loaded == failed {
			diffs = append(diffs, fmt.Sprintf("function %s loaded: got %v (%s), want %v", name, !failed, text, loaded))
		}
	}
	var all bool
	var byName map[string]bool
	switch {
	case x.FunctionLoaded == nil:
	case json.Unmarshal(x.FunctionLoaded, &all) == nil:
		one(s.vector.Functions[0].Name, all)
	case json.Unmarshal(x.FunctionLoaded, &byName) == nil:
		for name, loaded := range byName {
			one(name, loaded)
		}
	}
	want := map[string]string{}
	var text string
	if x.FunctionError != nil {
		if json.Unmarshal(x.FunctionError, &text) == nil {
			want[s.vector.Functions[0].Name] = text
		} else if json.Unmarshal(x.FunctionError, &want) != nil {
			diffs = append(diffs, "functionError is neither a text nor an object")
		}
	}
	for name, text := range want {
		if !fs.ValidPath(name) {
			continue
		}
		if failures[name] != text {
			diffs = append(diffs, fmt.Sprintf("function %s: got error %q, want %q", name, failures[name], text))
		}
	}
	if x.FunctionErrorContains != "" {
		found := false
		for _, text := range failures {
			found = found || strings.Contains(flat(text), flat(x.FunctionErrorContains))
		}
		if !found {
			diffs = append(diffs, fmt.Sprintf("function errors: got %q, want %q in one", failures, x.FunctionErrorContains))
		}
	}
	return diffs
}

// settings compares the effective options of HTTP.
func (s *stage) settings(want map[string]json.RawMessage) []string {
	h := s.app.Host.HTTP
	got := map[string]any{
		"routePrefix": h.RoutePrefix, "maxOutstandingRequests": h.MaxOutstandingRequests,
		"maxConcurrentRequests": h.MaxConcurrentRequests, "dynamicThrottlesEnabled": h.DynamicThrottlesEnabled,
		"enableChunkedRequestBinding": h.EnableChunkedRequestBinding,
	}
	var diffs []string
	for name, value := range want {
		switch name {
		case "hsts":
			diffs = append(diffs, sameHSTS(h.HSTS, value)...)
			continue
		case "customHeaders":
			diffs = append(diffs, sameCustom(h.CustomHeaders, value)...)
			continue
		}
		have, ok := got[name]
		if !ok {
			diffs = append(diffs, "http."+name+" is not compared")
			continue
		}
		w := reflect.New(reflect.TypeOf(have))
		if json.Unmarshal(value, w.Interface()) != nil || w.Elem().Interface() != have {
			diffs = append(diffs, fmt.Sprintf("http.%s: got %v, want %s", name, have, value))
		}
	}
	return diffs
}

// reports reports whether an error is of a text, before which it may name where
// it comes from, as the reference's status does.
func reports(got, want string) bool {
	source, ok := strings.CutSuffix(got, want)
	return ok && (source == "" || strings.HasSuffix(source, ": "))
}

// sameHSTS compares the options that a vector names.
func sameHSTS(h trigger.HSTSConfig, want json.RawMessage) []string {
	got := map[string]any{
		"isEnabled": h.Enabled, "maxAge": span(h.MaxAge), "includeSubDomains": h.IncludeSubDomains, "preload": h.Preload,
		"excludedHosts": h.ExcludedHosts,
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(want, &members); err != nil {
		return []string{"http.hsts: " + err.Error()}
	}
	var diffs []string
	for name, value := range members {
		if have, _ := json.Marshal(got[name]); !sameJSON(have, value) {
			diffs = append(diffs, fmt.Sprintf("http.hsts.%s: got %s, want %s", name, have, value))
		}
	}
	return diffs
}

func sameCustom(headers []trigger.Header, want json.RawMessage) []string {
	got := map[string]string{}
	for _, h := range headers {
		got[h.Name] = h.Value
	}
	if have, _ := json.Marshal(got); !sameJSON(have, want) {
		return []string{fmt.Sprintf("http.customHeaders: got %s, want %s", have, want)}
	}
	return nil
}

// saw compares what the function saw with what is expected.
func (s *stage) saw(x *expectation) []string {
	var diffs []string
	add := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	g := s.seen()
	if x.FunctionRan != nil && *x.FunctionRan != (g != nil) {
		add("function ran: got %v, want %v", g != nil, *x.FunctionRan)
	}
	if x.DisplayText != "" {
		if got := s.vector.Request.display(); got != x.DisplayText {
			add("display text: got %q, want %q", got, x.DisplayText)
		}
	}
	needs := x.RouteValues != nil || x.WorkerParams != nil || x.Identities != nil || x.POCO != nil ||
		x.RouteParameters != nil || x.Parameter != nil || x.FunctionSeesHeadersAbsent != nil || x.FunctionContextCancelled != nil || x.FunctionCompletes != nil || x.BodyDelivered
	if !needs {
		return diffs
	}
	if g == nil {
		return append(diffs, "no function ran")
	}
	if x.RouteValues != nil {
		if got := values(g, true); !reflect.DeepEqual(got, x.RouteValues) {
			add("route values: got %s, want %s", show(got), show(x.RouteValues))
		}
	}
	if x.WorkerParams != nil {
		want := map[string]*string{}
		for name, value := range x.WorkerParams {
			want[name] = &value
		}
		if got := values(g, false); !reflect.DeepEqual(got, want) {
			add("params: got %s, want %s", show(got), show(want))
		}
	}
	for _, name := range x.FunctionSeesHeadersAbsent {
		if v := g.header[http.CanonicalHeaderKey(name)]; v != nil {
			add("the function saw %s: %q", name, v)
		}
	}
	if x.BodyDelivered && len(g.body) == 0 {
		add("the function got no body")
	}
	diffs = append(diffs, g.ended(x)...)
	if x.Identities != nil {
		if got := identitiesOf(g); !sameIdentities(got, *x.Identities) {
			add("identities: got %+v, want %+v", got, *x.Identities)
		}
	}
	var text string
	if x.Parameter != nil && json.Unmarshal(x.Parameter, &text) == nil {
		if string(g.body) != text {
			add("parameter: got %.300q, want %.300q", g.body, text)
		}
	} else if x.Parameter != nil {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(x.Parameter, &members); err != nil {
			add("parameter: %v", err)
		}
		diffs = append(diffs, s.fields(g, members)...)
	}
	if x.RouteParameters != nil {
		diffs = append(diffs, g.inTypes(x)...)
	}
	return append(diffs, s.fields(g, x.POCO)...)
}

// ended waits for the end of a function that may outlive its answer, and compares
// how it came to it. One that was called off does not complete.
func (g *sight) ended(x *expectation) []string {
	if x.FunctionContextCancelled == nil && x.FunctionCompletes == nil {
		return nil
	}
	select {
	case <-g.returned:
	case <-time.After(wire.Patience):
		return []string{"the function goes on and on"}
	}
	var diffs []string
	if want := x.FunctionCompletes; want != nil && *want == g.cancelled {
		diffs = append(diffs, fmt.Sprintf("completes: got %v, want %v", !g.cancelled, *want))
	}
	if want := x.FunctionContextCancelled; want != nil && *want != g.cancelled {
		diffs = append(diffs, fmt.Sprintf("context cancelled: got %v, want %v", g.cancelled, *want))
	}
	return diffs
}

// inTypes compares the values of the route, as numbers where numbers are wanted,
// with the query and the headers beside them.
func (g *sight) inTypes(x *expectation) []string {
	var route map[string]any
	var query map[string]string
	if err := errors.Join(json.Unmarshal(x.RouteParameters, &route), json.Unmarshal(x.Query, &query)); err != nil {
		return []string{"routeParameters, query: " + err.Error()}
	}
	var diffs []string
	for name, want := range route {
		var got any
		switch want.(type) {
		case float64:
			got, _ = g.inv.Values.Float64(name)
		default:
			got = g.inv.Values.Get(name)
		}
		if got != want {
			diffs = append(diffs, fmt.Sprintf("route parameter %s: got %v, want %v", name, got, want))
		}
	}
	for name, want := range query {
		if got := g.query.Get(name); got != want {
			diffs = append(diffs, fmt.Sprintf("query %s: got %q, want %q", name, got, want))
		}
	}
	for name, want := range x.Headers {
		if got := g.header.Get(name); got != want {
			diffs = append(diffs, fmt.Sprintf("header %s: got %q, want %q", name, got, want))
		}
	}
	return diffs
}

func show(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// values are the route values; those that the path left out are nil, or not
// there.
func values(g *sight, absent bool) map[string]*string {
	out := map[string]*string{}
	if g.inv == nil {
		return out
	}
	for i := range g.inv.Values.Len() {
		name, value, present := g.inv.Values.At(i)
		switch {
		case present:
			out[name] = &value
		case absent:
			out[name] = nil
		}
	}
	return out
}

// fields compares the members of a POCO.
func (s *stage) fields(g *sight, want map[string]json.RawMessage) []string {
	if want == nil {
		return nil
	}
	if g.bound == nil {
		return []string{fmt.Sprintf("nothing was bound: %v", g.bindErr)}
	}
	var diffs []string
	v := reflect.ValueOf(g.bound)
	for name, value := range want {
		f := v.FieldByName(name)
		if !f.IsValid() {
			diffs = append(diffs, name+" is no member")
			continue
		}
		got, _ := json.Marshal(f.Interface())
		if string(got) != string(value) && !sameJSON(got, value) {
			diffs = append(diffs, fmt.Sprintf("%s: got %s, want %s", name, got, value))
		}
	}
	return diffs
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// An identity is one as vectors write it.
type identity struct {
	AuthenticationType, Level, KeyName string
	Name, NameIdentifier               string
	NameClaimType, RoleClaimType       string
	Roles                              []string
	Claims                             [][2]string
}

// identitiesOf lists who called, as the reference does: the user whom the
// platform vouches for, then the key.
func identitiesOf(g *sight) []identity {
	out := []identity{}
	if g.inv == nil {
		return out
	}
	if p := g.inv.Principal; p != nil {
		id := identity{
			AuthenticationType: p.Provider, Name: p.Name(), NameIdentifier: p.Value(trigger.ClaimID),
			NameClaimType: p.NameType, RoleClaimType: p.RoleType, Roles: p.Roles(),
		}
		for _, c := range p.Claims {
			id.Claims = append(id.Claims, [2]string{c.Type, c.Value})
		}
		out = append(out, id)
	}
	if grant := g.inv.Grant; grant.Level() != keys.Anonymous {
		level := grant.Level().String()
		out = append(out, identity{AuthenticationType: "WebJobsAuthLevel", Level: strings.ToUpper(level[:1]) + level[1:], KeyName: grant.Name})
	}
	return out
}

// sameIdentities compares what a vector states of each identity.
func sameIdentities(got, want []identity) bool {
	if len(got) != len(want) {
		return false
	}
	for i, w := range want {
		g := reflect.ValueOf(got[i])
		stated := reflect.ValueOf(w)
		for f := range stated.NumField() {
			if !stated.Field(f).IsZero() && !reflect.DeepEqual(stated.Field(f).Interface(), g.Field(f).Interface()) {
				return false
			}
		}
	}
	return true
}
