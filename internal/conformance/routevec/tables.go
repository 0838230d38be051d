package routevec

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/route"
)

// tableItem is an item of the section "tables".
type tableItem struct {
	ID     string `json:"id"`
	Group  string `json:"group"`
	Routes []struct {
		Name     string   `json:"name"`
		Template string   `json:"template"`
		Methods  []string `json:"methods"`
	} `json:"routes"`
	Errors      map[string]ruleError `json:"errors"`
	LateErrors  map[string]ruleError `json:"late_errors"`
	CompatError *ruleError           `json:"compat_error"`
	Default     *struct {
		Errors  map[string]ruleError `json:"errors"`
		Refused []string             `json:"refused"`
		Path    string               `json:"path"`
		Seen    string               `json:"seen"`
		Pairs   [][]string           `json:"pairs"`
	} `json:"default"`
	Ambiguity string         `json:"ambiguity"`
	Notes     []string       `json:"notes"`
	Requests  []tableRequest `json:"requests"`
}

type tableRequest struct {
	Method   string          `json:"method"`
	Path     string          `json:"path"`
	Decoded  string          `json:"decoded"`
	Compat   json.RawMessage `json:"compat"`
	Given    json.RawMessage `json:"given"`
	Default  json.RawMessage `json:"default"`
	Endpoint json.RawMessage `json:"endpoint"`
	Notes    []string        `json:"notes"`
}

// An outcome is what a table answers a request; nil is no match.
type outcome struct {
	Route     string             `json:"route,omitempty"`
	Values    map[string]*string `json:"values,omitempty"`
	Status    int                `json:"status,omitempty"`
	Allow     []string           `json:"allow,omitempty"`
	Error     string             `json:"error,omitempty"`
	Ambiguous []string           `json:"ambiguous,omitempty"`
}

func (o *outcome) String() string {
	if o == nil {
		return "no match"
	}
	text, _ := json.Marshal(o)
	return string(text)
}

func (o *outcome) equal(other *outcome) bool {
	if o == nil || other == nil {
		return o == other
	}
	sameText := func(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
	return o.Route == other.Route && o.Status == other.Status && o.Error == other.Error &&
		slices.Equal(o.Allow, other.Allow) && slices.Equal(o.Ambiguous, other.Ambiguous) &&
		maps.EqualFunc(o.Values, other.Values, sameText)
}

// A tableRun is an item being run.
type tableRun struct {
	*vec.Report
	group string
	tableItem
	run Runner
}

// table puts one item of the section "tables" to the library, in both profiles.
func (run Runner) table(r *vec.Report, group string, raw json.RawMessage) error {
	t := tableRun{Report: r, group: group, run: run}
	if err := strict(raw, &t.tableItem); err != nil {
		return err
	}
	t.compat(false)
	t.compat(true)
	t.inDefault()
	return nil
}

// compat checks the answers of the Functions host: the routes in the order of
// their names or, given, in the order of the table.
func (t *tableRun) compat(given bool) {
	routes, ok := t.compile(true)
	if !ok {
		return
	}
	if given {
		for i := range routes {
			routes[i].Name = fmt.Sprintf("%06d %s", i, routes[i].Name)
		}
	}
	table, err := route.NewTable(routes, &route.TableOptions{Compat: true})
	switch {
	case given && t.CompatError != nil:
		return
	case t.CompatError != nil:
		check(t.Report, t.group, t.ID, "NewTable", describeRoute(err), t.CompatError)
		return
	case err != nil:
		t.Fail(t.group, t.ID, "NewTable: %v", err)
		return
	}
	for _, q := range t.Requests {
		want := q.Compat
		if given && q.Given != nil {
			want = q.Given
		}
		t.request(&q, want, table)
	}
}

// inDefault checks the answers of the Default profile.
func (t *tableRun) inDefault() {
	if t.Default != nil && t.Default.Errors != nil {
		t.errors()
		return
	}
	routes, ok := t.compile(false)
	if !ok {
		return
	}
	table, err := route.NewTable(routes, nil)
	var conflict *route.ConflictError
	switch {
	case t.Default != nil && t.Default.Refused != nil:
		t.refused(err)
		return
	case t.Ambiguity == "unknown" && errors.As(err, &conflict):
		t.Pass(t.group)
		return
	case err != nil:
		t.Fail(t.group, t.ID, "NewTable: %v", err)
		return
	}
	for _, q := range t.Requests {
		t.request(&q, q.Default, table)
	}
}

// errors checks that the routes which cannot be made are refused for the rule
// they break.
func (t *tableRun) errors() {
	got := map[string]*ruleError{}
	var routes []route.Route[string]
	for _, x := range t.Routes {
		made, err := t.run.compiler(false).Compile(x.Template)
		if err != nil {
			got[x.Name] = describe(err)
			continue
		}
		routes = append(routes, route.Route[string]{Name: x.Name, Template: made, Methods: x.Methods})
	}
	_, err := route.NewTable(routes, nil)
	for _, e := range joined(err) {
		var re *route.RouteError
		if errors.As(e, &re) {
			got[re.Name] = describeRoute(e)
		}
	}
	for name, want := range t.Default.Errors {
		g := got[name]
		if g != nil && want.Args == nil {
			g.Args = nil
		}
		check(t.Report, t.group, t.ID, "error of "+name, g, want)
	}
}

// refused checks that a table is refused for one of the pairs of routes that were
// found to collide, and that the path shown, if any, fits both.
func (t *tableRun) refused(err error) {
	pairs := append([][]string{t.Default.Refused}, t.Default.Pairs...)
	found := false
	for _, e := range joined(err) {
		var c *route.ConflictError
		if !errors.As(e, &c) {
			t.Fail(t.group, t.ID, "NewTable: %v", e)
			return
		}
		if c.Path != "" && !t.bothAccept(c) {
			t.Fail(t.group, t.ID, "%v: the path does not fit both", c)
			return
		}
		for _, pair := range pairs {
			if len(pair) >= 2 && (c.A == pair[0] && c.B == pair[1] || c.A == pair[1] && c.B == pair[0]) {
				found = true
			}
		}
	}
	if !found {
		t.Fail(t.group, t.ID, "NewTable: got %v, want a conflict of one of %q", err, pairs)
		return
	}
	t.Pass(t.group)
}

func (t *tableRun) bothAccept(c *route.ConflictError) bool {
	for _, text := range []string{c.TemplateA, c.TemplateB} {
		made, err := t.run.compiler(false).Compile(text)
		if err != nil {
			return false
		}
		if _, ok := made.Match(c.Path); !ok {
			return false
		}
	}
	return true
}

// compile makes the routes that can be made. It is not ok if one of them takes an
// expression that the engine in use cannot say.
func (t *tableRun) compile(compat bool) (routes []route.Route[string], ok bool) {
	for _, x := range t.Routes {
		made, err := t.run.compiler(compat).Compile(x.Template)
		want, bad := t.Errors[x.Name]
		switch {
		case beyondEngine(err):
			t.Differs(t.group, t.ID, regexpBeyondRE2)
			return nil, false
		case bad && err != nil:
			check(t.Report, t.group, t.ID, "error of "+x.Name, describe(err), want)
		case bad || err != nil:
			t.Fail(t.group, t.ID, "Compile(%q): got %v, want %v", x.Template, err, want.Rule)
		default:
			routes = append(routes, route.Route[string]{Name: x.Name, Template: made, Methods: x.Methods, Value: x.Name})
		}
	}
	return routes, true
}

// request compares the answer to one request.
func (t *tableRun) request(q *tableRequest, want json.RawMessage, table *route.Table[string]) {
	path := route.DecodePath(q.Path)
	if q.Decoded != "" && path != q.Decoded {
		t.Fail(t.group, t.ID, "DecodePath(%q) = %q, want %q", q.Path, path, q.Decoded)
		return
	}
	var w *outcome
	if err := strict(want, &w); err != nil {
		t.NotBuilt(t.group, t.ID, fmt.Sprintf("outcome %q: %v", want, err))
		return
	}
	m := table.Lookup(q.Method, path)
	if got := answerOf(&m); !got.equal(w) {
		t.Fail(t.group, t.ID, "Lookup(%q, %q): got %v, want %v", q.Method, q.Path, got, w)
		return
	}
	t.Pass(t.group)
}

func answerOf(m *route.Match[string]) *outcome {
	switch {
	case m.Err() != nil:
		return &outcome{Error: "RT-58"}
	case m.Found():
		o := &outcome{Route: m.Value, Values: map[string]*string{}}
		v := m.Values()
		for name, value := range v.All() {
			o.Values[name] = &value
		}
		for _, p := range m.Route().Template.Params() {
			if v.Null(p.Name) {
				o.Values[p.Name] = nil
			}
		}
		return o
	case m.Methods() != nil:
		return &outcome{Status: 405, Allow: m.Methods()}
	}
	return nil
}

// describeRoute tells an error of NewTable the way the vectors do.
func describeRoute(err error) *ruleError {
	var e *route.RouteError
	if errors.As(err, &e) && errors.Is(e.Err, route.ErrNameTaken) {
		return &ruleError{Rule: "RT-181", Args: []any{e.Name}}
	}
	return &ruleError{Rule: fmt.Sprint(err)}
}

// joined takes a joined error apart.
func joined(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	return []error{err}
}
