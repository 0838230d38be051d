package route_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/httptrigger/httptrigger/route"
)

func TestCut(t *testing.T) {
	tests := []struct{ template, path, name, want string }{
		{"repos/{owner}/{repo}/git", "/repos/go/x/git", "owner", "go"},
		{"repos/{owner}/{repo}/git", "/repos/go/x/git", "repo", "x"},
		{"~/a/{b}", "/a/x/", "b", "x"},
		{"a/{**b}", "/a/x/y/", "b", "x/y/"},
		{"a/{b:int}/{c}", "/a/1/x", "c", "x"},
		{"a/{b:regex(x/y)}/{c}", "/a/x/z", "c", "z"},
		{"a/{b:int=4}", "/a", "b", "4"},
		{"a/{b:regex(^{{id}}$)}/{id}", "/a/x/y", "id", "y"},
		{"a/{bb}/{b}", "/a/x/y", "b", "y"},
		{"b/{b}", "/b/y", "b", "y"},
		{"{a}.{b?}", "/x.y", "b", "y"},
		{"{{a}}/{a}", "/{a}/y", "a", "y"},
		{"a/{B}", "/a/x", "b", "x"},
		{"a/{b}", "/a/x", "b}", ""},
		{"a/{b}/{c}", "/a/x/y", "b}/{c", ""},
		{"a/{b:int}", "/a/1", "b:int", ""},
		{"a/{:int}", "/a/x", ":int", "x"},
		{"a/{b}", "/a/x", "", ""},
		{"a/{b", "/a/x", "b", ""},
		{"~/a/{b}/c", "/a/x/c", "b", "x"},
		{"~/repositories/{b}/c/d", "/repositories/x/c/d", "b", "x"},
		{"/repositories/{repositoryName}/{branch}", "/repositories/a/b", "repositoryName", "a"},
		{"/repositories/{repositoryName}/{branch}", "/repositories/a/b", "branch", "b"},
		{"/items/{ab}/{cd}/{ad}", "/items/1/2/3", "ad", "3"},
		{"/items/{abd}/{acd}/{aed}", "/items/1/2/3", "acd", "2"},
		{"/items/{id2}/{id8}", "/items/1/2", "id8", "2"},
		{"/items/{a_b}/{a-b}/{é}", "/items/1/2/3", "a_b", "1"},
		{"/items/{a_b}/{a-b}/{é}", "/items/1/2/3", "a-b", "2"},
		{"/items/{a_b}/{a-b}/{é}", "/items/1/2/3", "é", "3"},
		{"/items/{a:regex(^[0-9]{{2}}/x$)}/{b:int}/{c?}", "/items/1/2/3", "a", "1"},
		{"/items/{a:regex(^[0-9]{{2}}/x$)}/{b:int}/{c?}", "/items/1/2/3", "c", "3"},
		{"/items/{a:int}-{b}/{c}", "/items/1-2/3", "c", "3"},
		{"/items/{a:int}-{b}/{c}", "/items/1-2/3", "b", "2"},
		{"/items/{a}x{b}/{c}", "/items/1x2/3", "a}x{b", ""},
		{"/items/{ab}.{cd}/{c}", "/items/1.2/3", "ab}.{cd", ""},
		{"/items/{name}.{value}/{c}", "/items/1.2/3", "name}.{value", ""},
		{"/items/{*a}", "/items/1/2", "*a", ""},
		{"/items/{**rest}", "/items/1/2", "**rest", ""},
		{"/items/{first.name}/{last-name}", "/items/1/2", "last-name", "2"},
		{"", "", "b", ""},
	}
	for _, tt := range tests {
		if got, _, _ := route.Cut(tt.template, tt.path, tt.name); got != tt.want {
			t.Errorf("Cut(%q, %q, %q) = %q, want %q", tt.template, tt.path, tt.name, got, tt.want)
		}
	}
}

// TestCutAgainstMatch compares with the values of the match itself.
func TestCutAgainstMatch(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(4, 5))}
	for range 3000 {
		_, model := m.table(false)
		for range 20 {
			path := m.path(model)
			for _, r := range model.routes {
				v, ok := r.Template.Match(path)
				if !ok {
					continue
				}
				for _, p := range append(r.Template.Params(), route.Param{Name: "p}/{q"}, route.Param{Name: "E"}) {
					want, present := v.Lookup(p.Name)
					got, ok, _ := route.Cut(r.Template.String(), path, p.Name)
					if got != want || ok != present {
						t.Fatalf("Cut(%q, %q, %q) = %q, %v, want %q, %v", r.Template, path, p.Name, got, ok, want, present)
					}
				}
			}
		}
	}
}

func TestCutTellsASCII(t *testing.T) {
	for _, tt := range []struct {
		path  string
		ascii bool
	}{{"/items/one/x", true}, {"/items/né/x", false}, {"/items/" + strings.Repeat("n", 20) + "é/x", false}} {
		if v, ok, ascii := route.Cut("/items/{name}/x", tt.path, "name"); !ok || ascii != tt.ascii {
			t.Errorf("Cut(%q) = %q, %v, ASCII %v, want %v", tt.path, v, ok, ascii, tt.ascii)
		}
	}
}

func TestCutAllocs(t *testing.T) {
	template := "/items/{id:int}/{resourceGroupNameOfTheUser}/{c?}"
	for _, name := range []string{"id", "resourceGroupNameOfTheUser", "c"} {
		if allocs := testing.AllocsPerRun(100, func() { route.Cut(template, "/items/7/x/y", name) }); allocs != 0 {
			t.Errorf("Cut of %q allocates %v times", name, allocs)
		}
	}
}

// FuzzCut compares with the values of the match, whatever the name.
func FuzzCut(f *testing.F) {
	f.Add("/items/{id:regex(^{{a}}/$)}/{name}/{rest?}", "/items/a/b/c", "name")
	f.Add("{", "00", "0")
	f.Add("~/a/{b}.{c}/{*d:int}", "/a/x.y/1", "d")
	f.Fuzz(func(t *testing.T, text, path, name string) {
		route.Cut(text, path, name) // whatever they are
		template, err := route.Compile(text)
		if err != nil {
			return
		}
		v, ok := template.Match(path)
		if !ok {
			return
		}
		names := []string{name}
		for _, p := range template.Params() {
			names = append(names, p.Name)
		}
		for _, name := range names {
			want, present := v.Lookup(name)
			got, ok, ascii := route.Cut(text, path, name)
			if got != want || ok != present || ascii && strings.ContainsFunc(got, func(r rune) bool { return r >= utf8.RuneSelf }) {
				t.Fatalf("Cut(%q, %q, %q) = %q, %v, %v, want %q, %v", text, path, name, got, ok, ascii, want, present)
			}
		}
	})
}
