package route_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/httptrigger/httptrigger/route"
)

func ExampleCompile() {
	t := route.MustCompile("products/{category:alpha}/{id:int?}")
	v, ok := t.Match("/Products/books/42")
	fmt.Println(ok, v.Get("category"), v.Get("id"))

	v, _ = t.Match("/products/books")
	_, err := v.Int("id")
	fmt.Println(errors.Is(err, route.ErrAbsent))

	_, ok = t.Match("/products/books/forty-two")
	fmt.Println(ok)
	// Output:
	// true books 42
	// true
	// false
}

// The '?' belongs to the end of the parameter, behind its constraints.
func ExampleCompile_mistake() {
	_, err := route.Compile("products/{id?:int}")
	var syntax *route.SyntaxError
	if errors.As(err, &syntax) {
		fmt.Println(syntax.Offset, syntax.Text)
	}
	_, err = route.Compile("products/{id:integer}")
	var constraint *route.ConstraintError
	if errors.As(err, &constraint) {
		fmt.Println(constraint.Offset, constraint.Text, constraint.Reason)
	}
	// Output:
	// 9 id?
	// 13 integer unknown constraint
}

func ExampleCompiler() {
	c := route.Compiler{Constraints: map[string]func([]string) (func(string) bool, error){
		"oneof": func(words []string) (func(string) bool, error) {
			if len(words) == 0 {
				return nil, errors.New("no words")
			}
			return func(s string) bool {
				for _, w := range words {
					if strings.EqualFold(s, w) {
						return true
					}
				}
				return false
			}, nil
		},
	}}
	t, err := c.Compile("shirts/{size:oneof(s, m, l)}")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, ok := t.Match("/shirts/M")
	fmt.Println(ok)
	// Output: true
}

func ExampleTemplate_Expand() {
	t := route.MustCompile("products/{category}/{id:int?}")
	u, _ := t.Expand([]route.Arg{{Name: "category", Value: "tea & coffee"}, {Name: "page", Value: 2}}, nil)
	fmt.Println(u)

	_, err := t.Expand([]route.Arg{{Name: "category", Value: "tea"}, {Name: "id", Value: "x"}}, nil)
	fmt.Println(err)
	// Output:
	// /products/tea%20%26%20coffee?page=2
	// route: "products/{category}/{id:int?}": "id": the value is refused by "int"
}

// The most specific route wins, whatever the order; what fits but for the method is
// told from what does not fit.
func ExampleNewTable() {
	get, post := []string{"GET"}, []string{"POST"}
	table, err := route.NewTable([]route.Route[string]{
		{Name: "any", Methods: get, Template: route.MustCompile("products/{*rest}"), Value: "the rest"},
		{Name: "one", Methods: get, Template: route.MustCompile("products/{id:int}"), Value: "one product"},
		{Name: "new", Methods: post, Template: route.MustCompile("products/new"), Value: "a new product"},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, request := range []string{"GET /products/7", "GET /products/7/", "GET /products/new", "PUT /products/new", "GET /"} {
		method, path, _ := strings.Cut(request, " ")
		m := table.Lookup(method, route.DecodePath(path))
		fmt.Println(request, m.Found(), m.Value, m.Values().Get("id"), m.Methods())
	}
	// Output:
	// GET /products/7 true one product 7 []
	// GET /products/7/ true one product 7 []
	// GET /products/new true the rest  []
	// PUT /products/new false   [GET HEAD POST]
	// GET / false   []
}

// Two routes that nothing decides between are refused, with a path that both take.
func ExampleNewTable_conflict() {
	_, err := route.NewTable([]route.Route[int]{
		{Name: "byID", Template: route.MustCompile("products/{id:int}")},
		{Name: "byYear", Template: route.MustCompile("products/{year:range(1900,2099)}")},
		{Name: "byName", Template: route.MustCompile("products/{name:alpha}")}, // no integer is a word
	}, nil)
	fmt.Println(err)
	// Output:
	// route: routes "byID" ("products/{id:int}") and "byYear" ("products/{year:range(1900,2099)}") conflict: "/products/1900" fits both and neither is more specific
}

// Subjects of a message queue, routed without HTTP: a period is a slash, and what
// happened takes the place of the method.
func ExampleTable_messages() {
	type handler func(route.Values) string
	table, err := route.NewTable([]route.Route[handler]{
		{
			Name: "created", Methods: []string{"created"}, Template: route.MustCompile("orders/{region}/{id:int}"),
			Value: func(v route.Values) string { return "new order " + v.Get("id") + " in " + v.Get("region") },
		},
		{
			Name: "audit", Template: route.MustCompile("{*subject}"),
			Value: func(v route.Values) string { return "noted " + v.Get("subject") },
		},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, message := range []string{"created orders.eu.17", "created stock.eu.17"} {
		event, subject, _ := strings.Cut(message, " ")
		m := table.Lookup(event, "/"+strings.ReplaceAll(subject, ".", "/"))
		fmt.Println(m.Value(m.Values()))
	}
	// Output:
	// new order 17 in eu
	// noted stock/eu/17
}
