package route_test

import (
	"testing"

	"github.com/httptrigger/httptrigger/route"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		template, path string
		want           map[string]string // nil: no match
	}{
		{"products/{category:alpha}/{id:int?}", "/products/books/42", map[string]string{"category": "books", "id": "42"}},
		{"products/{category:alpha}/{id:int?}", "/products/books", map[string]string{"category": "books"}},
		{"products/{category:alpha}/{id:int?}", "/products/e1", nil},
		{"products/{category:alpha}/{id:int?}", "/PRODUCTS/x/-7/", map[string]string{"category": "x", "id": "-7"}},
		{"p/{a=1}/{*rest}", "/p", map[string]string{"a": "1"}},
		{"p/{a=1}/{*rest}", "/p/2/x//y/", map[string]string{"a": "2", "rest": "x//y/"}},
		{"{a}.{b?}", "/x.y.z", map[string]string{"a": "x.y", "b": "z"}},
		{"{a}.{b?}", "/.y", map[string]string{"a": ".y"}},
		{"{a}.{b?}", "/x.", nil},
		{"b{z}", "/b0b0", nil},
		{"{*x:maxlength(9)}", "/", nil},
		{"{*x:nonfile}", "/", map[string]string{}},
		{"{*x}", "//a", map[string]string{"x": "/a"}},
		{"a", "a", nil},
		{"", "", map[string]string{}},
	}
	for _, tt := range tests {
		v, ok := route.MustCompile(tt.template).Match(tt.path)
		if ok != (tt.want != nil) {
			t.Errorf("%q: Match(%q) = %v, want %v", tt.template, tt.path, ok, tt.want)
			continue
		}
		n := 0
		for name, value := range v.All() {
			n++
			if want, ok := tt.want[name]; !ok || want != value {
				t.Errorf("%q: Match(%q) has %s=%q, want %v", tt.template, tt.path, name, value, tt.want)
			}
		}
		if n != len(tt.want) {
			t.Errorf("%q: Match(%q) has %d values, want %v", tt.template, tt.path, n, tt.want)
		}
	}
}
