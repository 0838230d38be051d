package route_test

import (
	"math/rand/v2"
	"testing"

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
