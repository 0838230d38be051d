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

// BenchmarkRegex matches 1,000 bytes, which the expressions have to read to the
// end: SetBytes tells what a byte costs.
func BenchmarkRegex(b *testing.B) {
	benchmarks := []struct{ name, expr, piece string }{
		{"digits", `^[0-9]+x$`, "1"},
		{"anywhere", `abc|def`, "ab"},
		{"words", `^[\w.-]+$`, "a.b-c"},
		{"two bytes", `^\p{L}+$`, "é"},
		{"three bytes", `^\p{L}+$`, "中"},
		{"four bytes", `^[^a]+$`, "😀"},
		{"standard", `(a|b)*a(a|b){12}c`, "ab"}, // too large for an automaton
	}
	for _, bm := range benchmarks {
		m, err := route.CompileRE2(bm.expr)
		if err != nil {
			b.Fatal(err)
		}
		text := strings.Repeat(bm.piece, 1000/len(bm.piece))
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := m.Match(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for name, text := range map[string]string{
		"plain": "products/{category:alpha}/{id:int?}",
		"regex": "products/{code:regex(^[a-z]{{2}}(-[a-z]{{2}})?$)}",
		"words": "products/{name:regex(^[\\w.-]+$)}",
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
