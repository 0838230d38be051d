package hostvec

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/route"
)

// check compares what functions saw with the record.
func (w *seen) check(req *wire.Request, got []*sight, n names) []string {
	if w == nil {
		if len(got) > 0 {
			return []string{fmt.Sprintf("function %s ran, and none should", got[0].function)}
		}
		return nil
	}
	if len(got) != 1 {
		return []string{fmt.Sprintf("%d functions ran, want %s", len(got), w.Function)}
	}
	g := got[0]
	if g.sent {
		return w.sent(g, n)
	}
	var diffs []string
	add := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	if !strings.EqualFold(g.function, w.Function) {
		add("function: got %s, want %s", g.function, w.Function)
	}
	if method := text(w.Method, req.Method); g.method != method {
		add("method: got %s, want %s", g.method, method)
	}
	target, _, _ := strings.Cut(req.Target, "?")
	if path := text(w.Path, route.DecodePath(target)); g.path != n.expand(path) {
		add("path: got %q, want %q", g.path, path)
	}
	if d := w.route(g); d != "" {
		add("%s", d)
	}
	if d := w.identities(g); d != "" {
		add("%s", d)
	}
	if w.BodyBase64 != nil && base64.StdEncoding.EncodeToString(g.body) != *w.BodyBase64 {
		add("body: got %s, want %s in base64", show(g.body), *w.BodyBase64)
	}
	if w.Target != nil && g.request.RequestURI != n.expand(*w.Target) {
		add("target: got %q, want %q", g.request.RequestURI, *w.Target)
	}
	if w.Body != nil && string(g.body) != n.expand(*w.Body) {
		add("body: got %s, want %q", show(g.body), *w.Body)
	}
	if w.Bound != nil {
		if g.bound == nil {
			add("bound: nothing")
		} else if d := sameBound(g.bound, json.RawMessage(n.expand(string(w.Bound)))); d != "" {
			add("%s", d)
		}
	}
	if d := w.query(req, g, n); d != "" {
		add("%s", d)
	}
	if w.Parameters != nil {
		if d := sameParameters(g.params, json.RawMessage(n.expand(string(w.Parameters)))); d != "" {
			add("%s", d)
		}
	}
	if d := w.headers(req, g, n); d != "" {
		add("%s", d)
	}
	return diffs
}

// sent compares what a custom handler was sent.
func (w *seen) sent(g *sight, n names) []string {
	if !strings.EqualFold(g.function, w.Function) {
		return []string{fmt.Sprintf("function: got %s, want %s", g.function, w.Function)}
	}
	var payload struct{ Data, Metadata json.RawMessage }
	if err := json.Unmarshal(g.body, &payload); err != nil {
		return []string{fmt.Sprintf("what the handler was sent: %v", err)}
	}
	var diffs []string
	if w.Data == nil && w.Metadata == nil {
		return nil // the vector is about who ran
	}
	if d := wire.JSON(payload.Data, json.RawMessage(n.expand(string(w.Data))), perRequest...); d != "" {
		diffs = append(diffs, "Data: "+d)
	}
	own := append([]string{"sys"}, perRequest...)
	if d := wire.JSON(payload.Metadata, json.RawMessage(n.expand(string(w.Metadata))), own...); d != "" {
		diffs = append(diffs, "Metadata: "+d)
	}
	return diffs
}

// perRequest are the headers that vectors do not record of requests.
var perRequest = []string{"Host", "Connection", "Content-Length", "Transfer-Encoding"}

func text(s *string, otherwise string) string {
	if s != nil {
		return *s
	}
	return otherwise
}

// query compares the query: as it was sent, unless the record has another one,
// as text or as values by name.
func (w *seen) query(req *wire.Request, g *sight, n names) string {
	got := g.request.URL.RawQuery
	_, want, _ := strings.Cut(req.Target, "?")
	switch {
	case len(w.Query) > 0 && w.Query[0] == '{':
		var values map[string]lines
		if err := json.Unmarshal(w.Query, &values); err != nil {
			return "query: " + err.Error()
		}
		parsed := g.request.URL.Query()
		same := len(values) == len(parsed)
		for name, list := range values {
			same = same && oneLine(parsed[name]) == n.expand(oneLine(list))
		}
		if !same {
			return fmt.Sprintf("query: got %q, want %s", got, w.Query)
		}
		return ""
	case len(w.Query) > 0:
		if err := json.Unmarshal(w.Query, &want); err != nil {
			return "query: " + err.Error()
		}
		want = n.expand(strings.TrimPrefix(want, "?"))
	}
	if got != want {
		return fmt.Sprintf("query: got %q, want %q", got, want)
	}
	return ""
}

// route compares the values of the route: null is present and left out.
func (w *seen) route(g *sight) string {
	got := map[string]*string{}
	if g.inv != nil {
		for i := range g.inv.Values.Len() {
			if name, value, present := g.inv.Values.At(i); present {
				got[name] = &value
			} else {
				got[name] = nil
			}
		}
	}
	same := len(got) == len(w.Route)
	for name, want := range w.Route {
		value, ok := got[name]
		same = same && ok && (value == nil) == (want == nil) && (value == nil || *value == *want)
	}
	if same {
		return ""
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(w.Route)
	return fmt.Sprintf("route: got %s, want %s", a, b)
}

// An identity is one as vectors write it.
type identity struct {
	AuthenticationType string
	Level              string
	Key                string
	Name               string
	Claims             [][2]string
}

func (w *seen) identities(g *sight) string {
	got := []identity{}
	if g.inv != nil {
		if p := g.inv.Principal; p != nil {
			id := identity{AuthenticationType: p.Provider, Name: p.Name()}
			for _, c := range p.Claims {
				id.Claims = append(id.Claims, [2]string{c.Type, c.Value})
			}
			got = append(got, id)
		}
		if grant := g.inv.Grant; grant.Level() != keys.Anonymous {
			level := grant.Level().String()
			got = append(got, identity{AuthenticationType: "WebJobsAuthLevel", Level: strings.ToUpper(level[:1]) + level[1:], Key: grant.Name})
		}
	}
	var want []identity
	if w.Identities != nil {
		if err := decode(w.Identities, &want); err != nil {
			return "identities: " + err.Error()
		}
	}
	same := func(a, b identity) bool {
		return a.AuthenticationType == b.AuthenticationType && a.Level == b.Level && a.Key == b.Key && a.Name == b.Name && slices.Equal(a.Claims, b.Claims)
	}
	if !slices.EqualFunc(got, want, same) {
		return fmt.Sprintf("identities: got %+v, want %+v", got, want)
	}
	return ""
}

// headers compares the request's headers: as they were sent, unless the record
// has others.
func (w *seen) headers(req *wire.Request, g *sight, n names) string {
	want := http.Header{}
	for _, h := range req.Headers {
		name := http.CanonicalHeaderKey(h[0])
		want[name] = append(want[name], strings.TrimSpace(h[1]))
	}
	if w.Headers != nil {
		other, err := fieldsOf(w.Headers)
		if err != nil {
			return "seen.headers: " + err.Error()
		}
		want = other
	}
	got := g.request.Header.Clone()
	if g.inv == nil { // forwarded: the host's own fields are not always recorded
		for _, name := range []string{"User-Agent", "X-Azure-Functions-Invocationid", "X-Azure-Functions-Hostversion", "Accept-Encoding"} {
			if want[name] == nil {
				got.Del(name)
			}
		}
	}
	for _, name := range perRequest {
		got.Del(name)
		want.Del(name)
	}
	for name := range want {
		if !wire.Matches(oneLine(got[name]), n.expand(oneLine(want[name]))) {
			return fmt.Sprintf("request headers: got %s, want %s", wire.Fields(got), wire.Fields(want))
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("request headers: got %s, want %s", wire.Fields(got), wire.Fields(want))
	}
	return ""
}

// oneLine makes one text of the lines of a header or the values of a parameter,
// with or without a blank behind the comma.
func oneLine(values []string) string {
	return strings.ReplaceAll(strings.Join(values, ","), ", ", ",")
}

// fieldsOf reads fields that are written as an object or as a list of pairs.
func fieldsOf(text json.RawMessage) (http.Header, error) {
	out := http.Header{}
	var pairs [][2]string
	if json.Unmarshal(text, &pairs) == nil {
		for _, p := range pairs {
			out.Add(p[0], p[1])
		}
		return out, nil
	}
	var object map[string]lines
	err := json.Unmarshal(text, &object)
	for name, values := range object {
		out[http.CanonicalHeaderKey(name)] = values
	}
	return out, err
}
