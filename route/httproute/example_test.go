package httproute_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/route/httproute"
)

// ask sends a request to a handler and prints what comes back.
func ask(h http.Handler, method, target string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	fmt.Print(w.Code)
	if allow := w.Header().Get("Allow"); allow != "" {
		fmt.Print(" Allow: ", allow)
	}
	if w.Body.Len() > 0 {
		fmt.Print(" ", w.Body)
	}
	fmt.Println()
}

// One route: a path that does not fit is not found, another method is told which
// ones would do.
func ExampleMux() {
	mux, err := httproute.New(httproute.Config{Routes: []httproute.Route{{
		Name: "product", Methods: []string{"GET"}, Template: route.MustCompile("products/{category:alpha}/{id:int}"),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s of %s", httproute.Value(r, "id"), httproute.Value(r, "category"))
		}),
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ask(mux, "GET", "/products/books/42")
	ask(mux, "POST", "/products/books/42")
	ask(mux, "GET", "/products/books/many")
	// Output:
	// 200 42 of books
	// 405 Allow: GET, HEAD
	// 404
}

// A Serve function is handed the values, as text and by type.
func ExampleRoute_serve() {
	mux, err := httproute.New(httproute.Config{Routes: []httproute.Route{{
		Name: "page", Template: route.MustCompile("lists/{name}/{page:int?}"),
		Serve: func(w http.ResponseWriter, _ *http.Request, v route.Values) {
			page, err := v.Int("page")
			if errors.Is(err, route.ErrAbsent) {
				page = 1
			}
			fmt.Fprint(w, v.Get("name"), ", page ", page)
		},
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ask(mux, "GET", "/lists/news/3")
	ask(mux, "GET", "/lists/news")
	// Output:
	// 200 news, page 3
	// 200 news, page 1
}

// Lookup tells an optional parameter that the path left out from any text.
func ExampleLookup() {
	mux, err := httproute.New(httproute.Config{Routes: []httproute.Route{{
		Name: "files", Template: route.MustCompile("files/{folder}/{version?}"),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			version, ok := httproute.Lookup(r, "version")
			fmt.Fprintf(w, "%s %q %q %v", r.Pattern, httproute.Value(r, "folder"), version, ok)
		}),
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ask(mux, "GET", "/files/a%2Fb/v1")
	ask(mux, "GET", "/files/a")
	// Output:
	// 200 /files/{folder}/{version?} "a%2Fb" "v1" true
	// 200 /files/{folder}/{version?} "a" "" false
}

// The mistake to expect: StripPrefix changes the path that Value reads again, so that
// it has to stand before the mux and not behind it. Behind a mux, values have to be
// read before the path changes, or be kept with PathValues.
func ExampleValue_stripPrefix() {
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Value %q, PathValue %q", httproute.Value(r, "tenant"), r.PathValue("tenant"))
	})
	mux, err := httproute.New(httproute.Config{PathValues: true, Routes: []httproute.Route{{
		Name: "tenant", Template: route.MustCompile("tenants/{tenant}/{*rest}"), Handler: http.StripPrefix("/tenants", inner),
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ask(mux, "GET", "/tenants/contoso/reports")
	// Output:
	// 200 Value "reports", PathValue "contoso"
}
