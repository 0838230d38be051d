package route_test

import (
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/route"
)

func BenchmarkMatch(b *testing.B) {
	benchmarks := []struct{ name, template, path string }{
		{"literal", "api/products/list", "/API/products/list"},
		{"constrained", "products/{category:alpha}/{id:int?}", "/products/books/42"},
		{"complex", "files/{name}.{ext?}", "/files/archive.tar.gz"},
		{"catchall", "files/{*path}", "/files/a/b/c/d"},
		{"hostile", "x{a}-{b}-{c}.{d?}", "/x" + strings.Repeat("-.", 1<<15)},
	}
	for _, bm := range benchmarks {
		t := route.MustCompile(bm.template)
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				t.Match(bm.path)
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	benchmarks := []struct{ constraint, value string }{
		{"int", "123456"},
		{"alpha", "category"},
		{"guid", "d85b1407-351d-4694-9392-03acc5870eb1"},
		{"decimal", "1,234.50"},
		{"double", "1.5e10"},
		{"datetime", "2009-06-15T13:45:30Z"},
		{"regex(^\\d{3}-\\d{4}$)", "555-1234"},
	}
	for _, bm := range benchmarks {
		c, err := new(route.Compiler).Constraint(bm.constraint)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(bm.constraint, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := c.Check(bm.value); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for name, text := range map[string]string{
		"plain": "products/{category:alpha}/{id:int?}",
		"regex": "products/{code:regex(^[a-z]{{2}}(-[a-z]{{2}})?$)}",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				route.MustCompile(text)
			}
		})
	}
}

func BenchmarkExpand(b *testing.B) {
	t := route.MustCompile("products/{category}/{id:int?}")
	args := []route.Arg{{Name: "category", Value: "books"}, {Name: "id", Value: 42}, {Name: "page", Value: 2}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.Expand(args, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodePath(b *testing.B) {
	for name, path := range map[string]string{"plain": "/products/books/42", "escaped": "/caf%C3%A9/a%2Fb"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				route.DecodePath(path)
			}
		})
	}
}
