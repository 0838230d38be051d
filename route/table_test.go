package route_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/httptrigger/httptrigger/route"
)

// entry makes a route from "NAME [METHOD,METHOD] TEMPLATE".
func entry(t testing.TB, text string) route.Route[string] {
	t.Helper()
	fields := strings.Fields(text)
	r := route.Route[string]{Name: fields[0], Value: fields[0]}
	if len(fields) == 3 {
		r.Methods = strings.Split(fields[1], ",")
	}
	var err error
	if r.Template, err = route.Compile(strings.TrimSuffix(fields[len(fields)-1], "''")); err != nil {
		t.Fatal(err)
	}
	return r
}

func newTable(t testing.TB, opts *route.TableOptions, texts ...string) *route.Table[string] {
	t.Helper()
	var routes []route.Route[string]
	for _, text := range texts {
		routes = append(routes, entry(t, text))
	}
	table, err := route.NewTable(routes, opts)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestTableLookup(t *testing.T) {
	set := []string{
		"all {*rest}", "number items/{id:int}", "word GET items/{name:alpha}", "new items/new",
		"put PUT,PATCH items/{id}", "pair items/{a}_{b}x", "root ''", "opt files/{name}/{version:int?}",
	}
	tests := []struct {
		method, path string
		want         string // with the values
		allow        string
	}{
		{"GET", "/", "root", ""},
		{"GET", "", "root", ""},
		{"GET", "/items/5", "number id=5", ""},
		{"GET", "/Items/New", "new", ""},
		{"GET", "/items/book", "word name=book", ""},
		{"HEAD", "/items/book", "word name=book", ""},
		{"POST", "/items/book", "all rest=items/book", ""},
		{"PUT", "/items/a.b", "put id=a.b", ""},
		{"GET", "/items/a_bx/", "pair a=a b=b", ""},
		{"GET", "/files/x", "opt name=x", ""},
		{"GET", "/files/x/2", "opt name=x version=2", ""},
		{"GET", "/files/x/y", "all rest=files/x/y", ""},
		{"GET", "//x", "all rest=/x", ""},
		{"GET", "*", "", ""},
	}
	table := newTable(t, nil, set...)
	for _, tt := range tests {
		checkLookup(t, table, tt.method, tt.path, tt.want, tt.allow)
	}
	// Neither names nor the order of registration matter.
	slices.Reverse(set)
	table = newTable(t, nil, set...)
	for _, tt := range tests {
		checkLookup(t, table, tt.method, tt.path, tt.want, tt.allow)
	}
}

func checkLookup(t *testing.T, table *route.Table[string], method, path, want, allow string) {
	t.Helper()
	m := table.Lookup(method, path)
	r, values, ascii, why := table.Find(method, path)
	if r != m.Route() || values != m.Values() || ascii != m.ASCII() || why.Allow() != m.Allow() || why.Err() != m.Err() {
		t.Errorf("Find(%q, %q) = %v, %v, %v, %v, not what Lookup returns", method, path, r, values, ascii, why)
	}
	got := m.Value
	for name, value := range m.Values().All() {
		got += " " + name + "=" + value
	}
	if got != want || m.Found() != (want != "") {
		t.Errorf("Lookup(%q, %q) = %q, want %q", method, path, got, want)
	}
	if a := strings.Join(m.Methods(), " "); a != allow {
		t.Errorf("Lookup(%q, %q): methods %q, want %q", method, path, a, allow)
	}
}

func TestTableMethods(t *testing.T) {
	set := []string{"a GET,trace m/{id:int}", "b purge,POST M/{x}", "c HEAD m/{y:max(3)}"}
	table := newTable(t, nil, set...)
	checkLookup(t, table, "PUT", "/m/7", "", "GET HEAD POST purge TRACE")
	checkLookup(t, table, "PUT", "/m/x", "", "POST purge")
	checkLookup(t, table, "PURGE", "/m/x", "b x=x", "")
	checkLookup(t, table, "get", "/m/7", "a id=7", "")
	checkLookup(t, table, "HEAD", "/m/7", "a id=7", "")
	checkLookup(t, table, "HEAD", "/m/3", "c y=3", "")
	checkLookup(t, table, "PUT", "/m", "", "")

	compat := newTable(t, &route.TableOptions{Compat: true}, set...)
	checkLookup(t, compat, "PUT", "/m/7", "", "")
	checkLookup(t, compat, "HEAD", "/m/7", "", "")
	checkLookup(t, compat, "HEAD", "/m/3", "c y=3", "")
}

func TestTableCompatOrder(t *testing.T) {
	table := newTable(t, &route.TableOptions{Compat: true}, "_z x/{c}", "b x/lit", "A x/{a:int}", "a1 {*all}")
	checkLookup(t, table, "GET", "/x/5", "A a=5", "")
	checkLookup(t, table, "GET", "/x/lit", "a1 all=x/lit", "")
	checkLookup(t, table, "GET", "//x", "", "")
	var names []string
	for _, r := range table.Routes() {
		names = append(names, r.Name)
	}
	if want := []string{"A", "a1", "b", "_z"}; !slices.Equal(names, want) {
		t.Errorf("Routes() = %q, want %q", names, want)
	}
}

func TestTableOrder(t *testing.T) {
	a, b := entry(t, "a x/{p}"), entry(t, "b x/y")
	a.Order, b.Order = -1, 2
	table, err := route.NewTable([]route.Route[string]{b, a}, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkLookup(t, table, "GET", "/x/y", "a p=y", "")
	same := entry(t, "same x/{q}")
	if _, err := route.NewTable([]route.Route[string]{a, same}, nil); err != nil {
		t.Errorf("an Order does not settle a conflict: %v", err)
	}
}

func TestTableZero(t *testing.T) {
	var table route.Table[int]
	if r, _, _, why := table.Find("GET", "/x"); r != nil || why.Methods() != nil {
		t.Errorf("Find in the zero Table: %v, %v", r, why)
	}
	m := table.Lookup("GET", "/x")
	if m.Found() || m.Methods() != nil || m.Route() != nil || m.Values().Len() != 0 || table.Len() != 0 {
		t.Errorf("the zero Table answers %+v", m)
	}
}

func TestNewTableErrors(t *testing.T) {
	routes := []route.Route[string]{
		entry(t, "one x/{a}"), entry(t, "two X/{b}"), entry(t, "ONE y"), {Name: "none"}, entry(t, "three x/{c?}"),
	}
	_, err := route.NewTable(routes, nil)
	var taken *route.RouteError
	if !errors.As(err, &taken) || taken.Name != "ONE" || !errors.Is(err, route.ErrNameTaken) {
		t.Errorf("NewTable: no error for the name that is taken in %v", err)
	}
	for _, want := range []string{
		`route: route "none": no template`,
		`route: routes "two" ("X/{b}") and "one" ("x/{a}") conflict: "/X/x" fits both and neither is more specific`,
		`route: routes "two" ("X/{b}") and "three" ("x/{c?}") conflict: "/X/x"`,
		`route: routes "one" ("x/{a}") and "three" ("x/{c?}") conflict: "/x/x"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("NewTable: no %q in\n%v", want, err)
		}
	}
}

func TestConflicts(t *testing.T) {
	tests := []struct {
		a, b string
		path string // "" if they are fine, "?" if the path is not to be found
	}{
		{"{a:int}", "{b:alpha}", ""},
		{"{a:min(5)}", "{b:max(4)}", ""},
		{"{a:min(5)}", "{b:max(5)}", "/5"},
		{"{a:length(2)}", "{b:length(3,5)}", ""},
		{"{a:length(2)}", "{b:minlength(2)}", "/aa"},
		{"{a:maxlength(3)}", "{b:guid}", ""},
		{"{a:maxlength(3)}", "{b:range(1000,2000)}", ""},
		{"{a:int}", "{b:guid}", "/00000000000000000000000000000001"},
		{"{a:int:length(3)}", "{b:min(100)}", "/100"},
		{"{a:bool}", "{b:alpha}", "/true"},
		{"{a:file}", "{b:nonfile}", ""},
		{"{a:file}", "{b:int}", ""},
		{"v{a}", "x{b}", ""},
		{"v{a}", "V{b}", "/vx"},
		{"{a}-x", "{b}-y", ""},
		{"{a}-{b}", "{c:alpha}", ""},
		{"{a}-{b}", "{c:int}", "/ -1"},
		{"{a}-{b}", "{c}.{d}", "/x-y.z"},
		{"{a:int}/{c?}", "{b:alpha}/{d?}", ""},
		{"p/{a:int?}", "p/{b:alpha?}", "/p"},
		{"p/{*a:int}", "p/{*b:alpha}", ""},
		{"p/{*a}", "p/{*b}", "/p/x"},
		{"a/b", "A/B/", "/a/b"},
		{"σ", "ς", "/σ"},
		{"straße", "STRASSE", ""},
		{"x/{a}", "y/{b}", ""},
		{"{a:int}/x", "{b}/x", ""},
	}
	for _, tt := range tests {
		routes := []route.Route[string]{entry(t, "a "+tt.a), entry(t, "b "+tt.b)}
		_, err := route.NewTable(routes, nil)
		var c *route.ConflictError
		switch {
		case tt.path == "" && err != nil:
			t.Errorf("%q beside %q: %v", tt.a, tt.b, err)
		case tt.path != "" && !errors.As(err, &c):
			t.Errorf("%q beside %q: error %v, want a conflict", tt.a, tt.b, err)
		case tt.path != "" && !fitsBoth(c):
			t.Errorf("%q beside %q: path %q, for instance %q would do", tt.a, tt.b, c.Path, tt.path)
		}
		if _, err := route.NewTable(routes, &route.TableOptions{Compat: true}); err != nil {
			t.Errorf("%q beside %q: Compat: %v", tt.a, tt.b, err)
		}
	}
}

func fitsBoth(c *route.ConflictError) bool {
	_, a := route.MustCompile(c.TemplateA).Match(c.Path)
	_, b := route.MustCompile(c.TemplateB).Match(c.Path)
	return a && b
}

func TestConflictNamesMethod(t *testing.T) {
	for _, tt := range []struct{ a, b, method string }{
		{"a GET,POST x", "b post,PUT x", "POST"},
		{"a foo,GET x", "b Foo x", "foo"},
		{"a x", "b x", ""},
		{"a *,GET x", "b * x", "*"},
	} {
		_, err := route.NewTable([]route.Route[string]{entry(t, tt.a), entry(t, tt.b)}, nil)
		var c *route.ConflictError
		if !errors.As(err, &c) || !strings.EqualFold(c.Method, tt.method) {
			t.Errorf("%q beside %q: %v, want a conflict with method %q", tt.a, tt.b, err, tt.method)
		}
	}
}

func TestTooManyMethods(t *testing.T) {
	r := entry(t, "a x")
	for i := range 60 {
		r.Methods = append(r.Methods, "M"+strings.Repeat("x", i))
	}
	if _, err := route.NewTable([]route.Route[string]{r}, nil); !errors.Is(err, route.ErrTooManyMethods) {
		t.Errorf("NewTable with 60 methods of one's own: %v", err)
	}
	r.Methods = r.Methods[:53]
	table, err := route.NewTable([]route.Route[string]{r}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range r.Methods {
		checkLookup(t, table, method, "/x", "a", "")
	}
}

func TestLookupAllocs(t *testing.T) {
	table := newTable(t, nil,
		"a GET {a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}", "b items/{id:int}", "c items/{x:alpha}", "d files/{name}.{ext?}", "e all/{*rest}")
	for _, path := range []string{
		"/1/2/3/4/5/6/7/8", "/items/5", "/items/book", "/files/a.txt", "/all/x/y", "/none/at/all", "/ITEMS/NEW-1", "/files/é.ü",
	} {
		for _, method := range []string{"GET", "POST", "HEAD", "BREW"} {
			allocs := testing.AllocsPerRun(100, func() {
				m := table.Lookup(method, path)
				if m.Values().Get("id") == "no" {
					t.Error("no")
				}
			})
			if allocs != 0 {
				t.Errorf("Lookup(%q, %q) allocates %v times", method, path, allocs)
			}
		}
	}
}

// A match is a value of its own: another lookup does not touch it, and tables can
// be exchanged while requests run.
func TestTableSwap(t *testing.T) {
	var current atomic.Pointer[route.Table[string]]
	current.Store(newTable(t, nil, "a x/{p}"))
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 200 {
				table := current.Load()
				first := table.Lookup("GET", "/x/first")
				second := table.Lookup("GET", "/x/second")
				v, w := first.Values(), second.Values()
				if v.Get("p") != "first" || w.Get("p") != "second" {
					t.Errorf("got %q and %q", v.Get("p"), w.Get("p"))
				}
			}
		})
	}
	for range 50 {
		current.Store(newTable(t, nil, "a x/{p}", "b x/y"))
		current.Store(newTable(t, nil, "a x/{p:alpha}", "b {*all}"))
	}
	work.Wait()
}
