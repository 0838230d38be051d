package route_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/httptrigger/httptrigger/route"
)

var judgeLookups = flag.Int("judge", 200_000, "lookups in TestTableAgainstModel")

// A model answers like a table, by a loop over all routes.
type model struct {
	compat bool
	routes []route.Route[int] // by name if compat
}

// An answer is what a table or the model says of a request.
type answer struct {
	route  string
	values string
	allow  string
}

func show(v route.Values, t *route.Template) string {
	var b strings.Builder
	for _, p := range t.Params() {
		value, ok := v.Lookup(p.Name)
		fmt.Fprintf(&b, "%s=%q,%v ", p.Name, value, ok)
	}
	return b.String()
}

func lists(r *route.Route[int], method string) bool {
	return slices.ContainsFunc(r.Methods, func(m string) bool { return strings.EqualFold(m, method) })
}

// skipsMethod: the source does not look at the method of a route whose optional
// parameter called httpMethod has no value.
func skipsMethod(r *route.Route[int], v route.Values) bool {
	for _, p := range r.Template.Params() {
		if _, ok := v.Lookup(p.Name); !ok && p.Optional && strings.EqualFold(p.Name, "httpMethod") {
			return true
		}
	}
	return false
}

func (m *model) lookup(method, path string) answer {
	if m.compat {
		return m.lookupCompat(method, path)
	}
	var accept []*route.Route[int]
	named := func(method string) bool {
		return slices.ContainsFunc(accept, func(r *route.Route[int]) bool { return lists(r, method) })
	}
	for i := range m.routes {
		if _, ok := m.routes[i].Template.Match(path); ok {
			accept = append(accept, &m.routes[i])
		}
	}
	if strings.EqualFold(method, "HEAD") && !named("HEAD") && named("GET") {
		method = "GET"
	}
	var best *route.Route[int]
	var allow []string
	for _, r := range accept {
		fits := len(r.Methods) == 0 || lists(r, method) || lists(r, "*") && !named(method)
		if !fits {
			allow = append(allow, r.Methods...)
			continue
		}
		if best == nil || better(r, best) {
			best = r
		}
	}
	if best != nil {
		v, _ := best.Template.Match(path)
		return answer{route: best.Name, values: show(v, best.Template)}
	}
	for i := range allow {
		allow[i] = strings.ToUpper(allow[i])
	}
	if slices.Contains(allow, "GET") {
		allow = append(allow, "HEAD")
	}
	slices.Sort(allow)
	return answer{allow: strings.Join(slices.Compact(allow), ", ")}
}

func (m *model) lookupCompat(method, path string) answer {
	for i := range m.routes {
		r := &m.routes[i]
		v, ok := r.Template.Match(path)
		if ok && (r.Methods == nil || lists(r, method) || skipsMethod(r, v)) {
			return answer{route: r.Name, values: show(v, r.Template)}
		}
	}
	return answer{}
}

// better reports whether a ranks before b. Two that rank alike are a conflict
// that the table has to refuse.
func better(a, b *route.Route[int]) bool {
	if a.Order != b.Order {
		return a.Order < b.Order
	}
	if c := a.Template.Precedence().Compare(b.Template.Precedence()); c != 0 {
		return c < 0
	}
	if (len(a.Methods) == 0) == (len(b.Methods) == 0) {
		panic(fmt.Sprintf("%q (%s) and %q (%s) both match", a.Name, a.Template, b.Name, b.Template))
	}
	return len(a.Methods) > 0
}

func ask(t *route.Table[int], method, path string) answer {
	m := t.Lookup(method, path)
	if m.Found() {
		return answer{route: m.Route().Name, values: show(m.Values(), m.Route().Template)}
	}
	return answer{allow: strings.ToUpper(strings.Join(m.Methods(), ", "))}
}

// A maker makes tables and paths that belong together.
type maker struct{ *rand.Rand }

func pick[T any](m maker, from ...T) T { return from[m.IntN(len(from))] }

// words are short, long, of the same beginning, of the same ending, of letters
// that fold in odd ways, and with characters that look like letters to a mask.
var words = []string{
	"a", "b", "ab", "abc", "abcd", "items", "item", "itemsx", "new", "v1", "x-y", "a.b",
	"abcdefg", "abcdefgh", "abcdefghi", "abcdefghj", "virtualMachines", "virtualMachinez",
	"virtualMachinesAndMore", "providers", "Microsoft.Compute", "Microsoft.Network", "a%2Fb",
	"a^b", "a~b", "a@b", "a`b", "a[b", "a{{b", "[", "{{", "k", "s", "é", "É", "straße", "σ", "ς", "ß",
	"\u212a", "\u017f", "aé", "日本語", "long-日本語-word", "0", "12",
}

var constraints = []string{
	":int", ":alpha", ":guid", ":bool", ":length(3)", ":minlength(2)", ":maxlength(4)", ":min(5)",
	":max(4)", ":range(1,20)", ":file", ":nonfile", ":int:min(3)", ":required",
}

func (m maker) segment(name string) string {
	switch m.IntN(12) {
	case 0, 1, 2, 3, 4, 5:
		return pick(m, words...)
	case 6, 7, 8:
		return "{" + name + "}"
	case 9, 10:
		return "{" + name + pick(m, constraints...) + "}"
	}
	return pick(m, "{"+name+"}-{"+name+"2}", "{"+name+"}.{"+name+"2?}", "x{"+name+"}", "v{"+name+"}y",
		"{"+name+":int}-{"+name+"2:alpha}", "{"+name+"}é")
}

func (m maker) template() string {
	var segments []string
	for i := range m.IntN(6) {
		segments = append(segments, m.segment(string(rune('p'+i))))
	}
	switch m.IntN(6) {
	case 0:
		segments = append(segments, pick(m, "{z?}", "{y?}/{z?}", "{z=5}", "{z:int?}", "{z:int=x}", "{y=1}/{z?}", "{httpMethod?}"))
	case 1:
		segments = append(segments, pick(m, "{*z}", "{**z}", "{*z:int}", "{*z:minlength(3)}", "{*z=d}", "{*z:nonfile}"))
	}
	return strings.Join(segments, "/")
}

func (m maker) methods() []string {
	switch m.IntN(8) {
	case 0, 1, 2:
		return nil
	case 3:
		return []string{"GET"}
	case 4:
		return []string{pick(m, "GET", "POST", "put"), pick(m, "PATCH", "delete", "HEAD")}
	case 5:
		return []string{pick(m, "POST", "FOO", "foo", "*")}
	case 6:
		return []string{}
	}
	return []string{pick(m, "HEAD", "GET", "OPTIONS", "bar")}
}

// table makes a table and the model of it, leaving out routes in conflict.
func (m maker) table(compat bool) (*route.Table[int], *model) {
	compiler := route.Compiler{Compat: compat}
	var routes []route.Route[int]
	orders := m.IntN(6) == 0
	shared := m.template()
	for i := range 1 + m.IntN(12) {
		text := m.template()
		if m.IntN(3) == 0 && shared != "" && !strings.Contains(shared, "{*") && !strings.Contains(shared, "?}") && !strings.Contains(shared, "=") {
			text = strings.NewReplacer("{p", "{ep", "{q", "{eq", "{r", "{er", "{s", "{es", "{t", "{et").Replace(shared) + "/" + text
		}
		t, err := compiler.Compile(text)
		if err != nil {
			continue
		}
		r := route.Route[int]{Name: fmt.Sprintf("%c%d", 'a'+rune(m.IntN(26)), i), Template: t, Methods: m.methods()}
		if orders {
			r.Order = m.IntN(3)
		}
		routes = append(routes, r)
	}
	table, err := route.NewTable(routes, &route.TableOptions{Compat: compat})
	for err != nil {
		var c *route.ConflictError
		if !errors.As(err, &c) {
			panic(err)
		}
		routes = slices.DeleteFunc(routes, func(r route.Route[int]) bool { return r.Name == c.B })
		table, err = route.NewTable(routes, &route.TableOptions{Compat: compat})
	}
	slices.SortFunc(routes, func(a, b route.Route[int]) int { return strings.Compare(a.Name, b.Name) })
	return table, &model{compat: compat, routes: routes}
}

var values = []string{
	"1", "7", "007", "abc", "x", "xyz", "true", "a.txt", "1-a", "x-y", "a.b", "a.", ".b", "x1", "v2y", "a%2Fb",
	"00000000-0000-0000-0000-000000000001", "é", "ÉÉ", " ", "12345", "-3", "zé", "x-y-z", "K", "\xff", "日本",
}

// path makes a path that a template of the model may accept.
func (m maker) path(from *model) string {
	var b strings.Builder
	if len(from.routes) == 0 {
		return "/" + pick(m, words...)
	}
	for _, parts := range pick(m, from.routes...).Template.Segments() {
		b.WriteByte('/')
		for _, p := range parts {
			switch {
			case p.Param == nil:
				b.WriteString(p.Literal)
			case p.Param.CatchAll != "" && m.IntN(2) == 0:
				b.WriteString(pick(m, values...) + "/" + pick(m, values...))
			case p.Param.Optional && m.IntN(3) == 0:
			default:
				b.WriteString(pick(m, values...))
			}
		}
	}
	return m.mutate(b.String())
}

// mutate changes a path where matching decides: at the boundaries of segments,
// in case, in letters that fold, in what an escape leaves behind.
func (m maker) mutate(path string) string {
	for range m.IntN(3) {
		if path == "" {
			break
		}
		i := m.IntN(len(path))
		if slash := strings.IndexByte(path[i:], '/'); slash >= 0 && m.IntN(2) == 0 {
			i += slash
		}
		switch m.IntN(12) {
		case 0:
			path = strings.ToUpper(path)
		case 1:
			path = path[:i] + strings.ToLower(path[i:])
		case 2:
			path = path[:i]
		case 3:
			path += "/"
		case 4:
			path = path[:i] + "/" + path[i:]
		case 5:
			path = path[:i] + pick(m, "x", "%2F", "é", "K", "\u212a", "ſ", "\x00", "\x0f", "O", "ss") + path[i:]
		case 6:
			path = path[:i] + path[i+1:]
		case 7:
			path = path[:i] + string(path[i]^0x20) + path[i+1:]
		case 8:
			path += "/" + pick(m, values...)
		case 9:
			path = strings.Map(unicode.SimpleFold, path)
		case 10:
			path = path[:i] + string(rune(m.IntN(0x250))) + path[i:]
		case 11:
			path = path[:i] + string(path[i]^byte(1<<m.IntN(8))) + path[i+1:]
		}
	}
	if path != "" && path[0] != '/' && m.IntN(4) > 0 {
		path = "/" + path
	}
	return path
}

func (m maker) method() string {
	return pick(m, "GET", "GET", "POST", "PUT", "HEAD", "get", "FOO", "foo", "BAR", "*", "DELETE", "OPTIONS", "NONE")
}

func judge(t *testing.T, table *route.Table[int], model *model, method, path string) {
	t.Helper()
	want := model.lookup(method, path)
	if got := ask(table, method, path); got != want {
		for _, r := range model.routes {
			t.Logf("%s %q %s order %d", r.Name, r.Methods, r.Template, r.Order)
		}
		t.Fatalf("compat %v: Lookup(%q, %q) = %+v, want %+v", model.compat, method, path, got, want)
	}
}

// TestTableAgainstModel puts made paths to made tables and compares with the
// model. Ten million lookups: go test -run AgainstModel -judge 10000000.
func TestTableAgainstModel(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(1, 2))}
	found := 0
	for n := 0; n < *judgeLookups; {
		table, model := m.table(n%2 == 1)
		for range 101 {
			method, path := m.method(), m.path(model)
			judge(t, table, model, method, path)
			if model.lookup(method, path).route != "" {
				found++
			}
			n++
		}
	}
	t.Logf("%d of %d lookups found a route", found, *judgeLookups)
}

func FuzzTable(f *testing.F) {
	f.Add(uint64(1), "GET", "/items/1", false)
	f.Add(uint64(2), "POST", "/a/b//c", true)
	f.Fuzz(func(t *testing.T, seed uint64, method, path string, compat bool) {
		m := maker{rand.New(rand.NewPCG(seed, 3))}
		table, model := m.table(compat)
		judge(t, table, model, method, path)
		for range 8 {
			judge(t, table, model, m.method(), m.path(model))
			judge(t, table, model, m.method(), m.mutate(path))
		}
	})
}
