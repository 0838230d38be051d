package route_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/route/invariant"
)

// What URLs ASP.NET Core makes is told by the vectors; here is what they have no
// types for, and what is wrong when there is none.

func TestExpandTexts(t *testing.T) {
	guid, _ := invariant.ParseGUID("d85b1407351d4694939203acc5870eb1")
	decimal, _ := invariant.ParseDecimal("1.10")
	tests := []struct {
		value any
		want  string
	}{
		{true, "True"},
		{false, "False"},
		{int8(-5), "-5"},
		{uint64(math.MaxUint64), "18446744073709551615"},
		{1.5, "1.5"},
		{0.0001, "0.0001"},
		{0.00001, "1E-05"},
		{1e14, "100000000000000"},
		{1e15, "1E%2B15"},
		{float32(1e8), "1E%2B08"},
		{math.NaN(), "NaN"},
		{math.Inf(-1), "-Infinity"},
		{guid, "d85b1407-351d-4694-9392-03acc5870eb1"},
		{decimal, "1.10"},
		{time.Date(2009, 6, 15, 13, 45, 30, 0, time.UTC), "06%2F15%2F2009%2013%3A45%3A30"},
		{route.Precedence("1.2"), "1.2"},
		{"\xff", "%EF%BF%BD"},
	}
	for _, tt := range tests {
		got, err := route.MustCompile("{a}").Expand([]route.Arg{{Name: "A", Value: tt.value}}, nil)
		if err != nil || got != "/"+tt.want {
			t.Errorf("Expand(%v) = %q, %v, want %q", tt.value, got, err, "/"+tt.want)
		}
	}
}

func TestExpandErrors(t *testing.T) {
	tests := []struct {
		template   string
		args       []route.Arg
		param      string
		reason     route.ExpandReason
		constraint string
	}{
		{"a/{b}", nil, "b", route.MissingValue, ""},
		{"a/{b}", []route.Arg{{Name: "b", Value: ""}}, "b", route.MissingValue, ""},
		{"a/{b:int:min(5)}", []route.Arg{{Name: "b", Value: 4}}, "b", route.ValueRefused, "min(5)"},
		{"{a?}/b", nil, "", route.TextAfterGap, ""},
		{"a/{*b}", []route.Arg{{Name: "b", Value: struct{}{}}}, "b", route.BadValue, ""},
		{"a", []route.Arg{{Name: "b", Value: []any{struct{}{}}}}, "b", route.BadValue, ""},
	}
	for _, tt := range tests {
		_, err := route.MustCompile(tt.template).Expand(tt.args, nil)
		var e *route.ExpandError
		if !errors.As(err, &e) {
			t.Errorf("%q: Expand(%v): %v", tt.template, tt.args, err)
			continue
		}
		if e.Template != tt.template || e.Param != tt.param || e.Reason != tt.reason || e.Constraint != tt.constraint {
			t.Errorf("%q: Expand(%v): %#v", tt.template, tt.args, e)
		}
	}
}

func TestExpandLists(t *testing.T) {
	args := []route.Arg{{Name: "q", Value: []string{"a b", "", "c"}}, {Name: "r", Value: []any{1, nil, true}}, {Name: "s", Value: nil}}
	got, err := route.MustCompile("p").Expand(args, nil)
	if want := "/p?q=a%20b&q=c&r=1&r=True"; err != nil || got != want {
		t.Errorf("Expand = %q, %v, want %q", got, err, want)
	}
}

func TestExpandFilter(t *testing.T) {
	tmpl, err := route.MustCompile("p/{a?}").WithDefaults(route.Arg{Name: "area", Value: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tmpl.Expand([]route.Arg{{Name: "Area", Value: "SHOP"}}, nil); err != nil || got != "/p" {
		t.Errorf("the default given outright: %q, %v", got, err)
	}
	var e *route.ExpandError
	if _, err := tmpl.Expand([]route.Arg{{Name: "area", Value: "blog"}}, nil); !errors.As(err, &e) || e.Reason != route.DefaultMismatch {
		t.Errorf("another value than the default: %v", err)
	}
}

// TestTableWithDefaults holds that values of defaults beside the template come
// out of a table too.
func TestTableWithDefaults(t *testing.T) {
	tmpl, err := route.MustCompile("p/{a}").WithDefaults(route.Arg{Name: "a", Value: 1}, route.Arg{Name: "area", Value: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	table, err := route.NewTable([]route.Route[int]{{Name: "p", Template: tmpl, Value: 7}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for path, a := range map[string]string{"/p": "1", "/p/2": "2"} {
		m := table.Lookup("GET", path)
		v := m.Values()
		if m.Value != 7 || v.Get("a") != a || v.Get("area") != "shop" {
			t.Errorf("%s: %v, a=%q, area=%q", path, m.Found(), v.Get("a"), v.Get("area"))
		}
	}
}

// TestParseTargetErrors has targets beside the recorded ones. What they are
// answered follows from Http1Connection.cs (OnStartLine, ValidateNonOriginHostHeader),
// the characters of HttpCharacters.cs and the authority of Uri.cs.
func TestParseTargetErrors(t *testing.T) {
	tests := []struct {
		method, host, target string
		status               int
	}{
		{"GET", "h", "", 400},
		{"GET", "h", "?a", 400},
		{"GET", "h", "/a b", 400},
		{"GET", "h", "/%00", 400},
		{"GET", "h", "/\xc3\xa9", 400},

		// An asterisk, or else an authority, whose characters are looked at first.
		{"CONNECT", "h", "*", 405},
		{"options", "h", "*", 405},
		{"OPTIONS", "h", "**", 400},
		{"GET", "h", "a", 405},
		{"GET", "h", "user@h:1", 405},
		{"GET", "h", "[::1]", 405},
		{"GET", "h", "a/b", 400},
		{"GET", "h", "a?b", 400},
		{"GET", "h", "a%20b", 400},
		{"GET", "h", "a_b", 400},
		{"GET", "h", "urn:a/b", 400},
		{"CONNECT", "h", "h/", 400},
		{"CONNECT", "h:80", "h", 400},
		{"CONNECT", "H:80", "h:80", 400},
		{"CONNECT", "h", "HTTPS://h", 400},

		{"GET", "h", "http://", 400},
		{"GET", "h", "http:///", 400},
		{"GET", "", "http://:80/", 400},
		{"GET", "h", "http://other/", 400},
		{"GET", "h", "http://h:8080/", 400},
		{"GET", "h:8080", "http://h/", 400},
		{"GET", "h:443", "http://h/", 400},
		{"GET", "h", "http://h:443/", 400},
		{"GET", "h", "http://h:65536/", 400},
		{"GET", "h", "http://h:8a/", 400},
		{"GET", "H", "http://H/", 400},
		{"GET", "b", "http://a@b@b/", 400},
		{"GET", "h", `http://h\a`, 400},
		{"GET", "h%41", "http://h%41/", 400},
		{"GET", "h$", "http://h$/", 400},
	}
	for _, tt := range tests {
		_, _, err := route.ParseTarget(tt.method, tt.host, tt.target)
		var e *route.TargetError
		if !errors.As(err, &e) || e.StatusCode() != tt.status || e.Error() == "" {
			t.Errorf("ParseTarget(%q, %q, %q): %v, want status %d", tt.method, tt.host, tt.target, err, tt.status)
		}
	}
}

func TestParseTargetAbsolute(t *testing.T) {
	tests := []struct{ target, path, query string }{
		{"http://h", "/", ""},
		{"http://h:80", "/", ""},
		{"http://h:/a", "/a", ""},
		{"http://h:0080/a", "/a", ""},
		{"http://:@h/a", "/a", ""},
		{"http://h#f", "/", ""},
		{"http://h/a#f", "/a", ""},
		{"http://h/a/./b/../c//d", "/a/c//d", ""},
		{"http://h/a+b%2Bc", "/a+b+c", ""},
		{"http://h/%C0%AF%ED%A0%80", "/%C0%AF%ED%A0%80", ""},

		// The query is cut from the raw target, a fragment with it.
		{"http://h/a?b%20c", "/a", "?b%20c"},
		{"http://h/a?b#c", "/a", "?b#c"},
		{"http://h/a#c?b", "/a", "?b"},

		{"http://h?q", "/", "?q"},
		{"http://h/a%2Fb%5C%00#f", "/a/b\\\x00", ""},
		{`http://h/a\b`, "/a/b", ""},
		{"http://h/a/%2E%2e/b", "/b", ""},
		{"http://h/a/..%2Fb", "/a/../b", ""},
		{"http://h/%252E%252E/b", "/%2E%2E/b", ""},
		{"https://u:p@H:443/a?b", "/a", "?b"},
	}
	for _, tt := range tests {
		path, query, err := route.ParseTarget("GET", "h", tt.target)
		if path != tt.path || query != tt.query || err != nil {
			t.Errorf("ParseTarget(%q) = %q, %q, %v, want %q, %q", tt.target, path, query, err, tt.path, tt.query)
		}
	}
}

func TestTableExpand(t *testing.T) {
	routes := []route.Route[int]{
		{Name: "a", Template: route.MustCompile("{*all}")},
		{Name: "b", Template: route.MustCompile("shop/{id}")},
		{Name: "c", Template: route.MustCompile("shop/{id:int}")},
		{Name: "d", Template: route.MustCompile("old/{id}"), Order: 1},
	}
	tests := []struct {
		compat bool
		name   string
		id     any
		want   string
	}{
		{false, "", 5, "/shop/5"},
		{false, "D", 5, "/old/5"},
		{false, "c", "x", ""},
		{false, "", "x", "/shop/x"},
		{false, "", nil, "/"},
		{true, "", 5, "/?id=5"}, // the first by name
		{false, "e", 5, ""},
	}
	for _, tt := range tests {
		table, err := route.NewTable(routes, &route.TableOptions{Compat: tt.compat})
		if err != nil {
			t.Fatal(err)
		}
		opts := &route.ExpandOptions{Endpoint: !tt.compat}
		got, err := table.Expand(tt.name, []route.Arg{{Name: "id", Value: tt.id}}, opts)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("Expand(%q, id=%v) = %q, %v, want %q (compat %v)", tt.name, tt.id, got, err, tt.want, tt.compat)
		}
	}
	var empty route.Table[int]
	if _, err := empty.Expand("", nil, nil); !errors.Is(err, route.ErrNoURL) {
		t.Errorf("the empty table: %v", err)
	}
}
