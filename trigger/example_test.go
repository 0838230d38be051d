package trigger_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/fstest"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// A host without files: one function, and what its callers are answered.
func ExampleNewHost() {
	store := &keys.Memory{}
	manager := &keys.Manager{Store: store}
	set, err := manager.Ensure(context.Background(), keys.FunctionScope("orders"))
	if err != nil {
		panic(err)
	}
	key := set.Function[0].Value

	orders := func(w http.ResponseWriter, r *http.Request) {
		inv, _ := trigger.FromContext(r.Context())
		fmt.Fprintf(w, "order %s, for the key %s", r.PathValue("id"), inv.Grant.Name)
	}
	host, err := trigger.NewHost(trigger.Config{
		Functions: []trigger.Function{{
			Name: "orders", Route: "orders/{id:int}", Methods: []string{"GET"}, Handler: http.HandlerFunc(orders),
		}},
		Keys: &keys.Resolver{Store: store},
	})
	if err != nil {
		panic(err)
	}
	call := func(method, path, key string) {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("X-Functions-Key", key)
		w := httptest.NewRecorder()
		host.ServeHTTP(w, r)
		fmt.Printf("%d %q\n", w.Code, w.Body)
	}
	call("GET", "/api/orders/7", key.Reveal())
	call("GET", "/api/orders/7", "guessed")
	call("GET", "/api/orders/x", key.Reveal())
	call("POST", "/api/orders/7", key.Reveal())
	// Output:
	// 200 "order 7, for the key default"
	// 401 ""
	// 404 ""
	// 405 ""
}

// An app read from files, which is served by handlers that are bound by name.
func ExampleLoadApp() {
	files := fstest.MapFS{
		"host.json": {Data: []byte(`{"version": "2.0", "extensions": {"http": {"routePrefix": "v1"}}}`)},
		"hello/function.json": {Data: []byte(`{"bindings": [
			{"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "methods": ["get"], "route": "hello/{name?}"},
			{"type": "http", "direction": "out", "name": "$return"}]}`)},
	}
	app, err := trigger.LoadApp(files, nil) // os.DirFS("app") for one on disk
	if err != nil {
		panic(err)
	}
	hello := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello, %q", r.PathValue("name"))
	}
	host, err := trigger.NewHost(trigger.Config{
		App:      app,
		Handlers: map[string]http.Handler{"hello": http.HandlerFunc(hello)},
		NoAdmin:  true, // the admin endpoints would ask for Keys
	})
	if err != nil {
		panic(err)
	}
	for _, f := range host.Functions() {
		fmt.Println(f.Name, f.Route, f.Methods, f.Level)
	}
	w := httptest.NewRecorder()
	host.ServeHTTP(w, httptest.NewRequest("GET", "/v1/hello/Ada", nil))
	fmt.Println(w.Code, w.Body)
	// Output:
	// hello v1/hello/{name?} [GET] anonymous
	// 200 hello, "Ada"
}

// A mistake in a file is told with its place and with what was perhaps meant.
func ExampleLoadApp_mistake() {
	_, err := trigger.LoadApp(fstest.MapFS{
		"host.json": {Data: []byte("{\n  \"version\": \"2.0\",\n  \"functionTimout\": \"00:05:00\"\n}")},
	}, nil)
	fmt.Println(err)
	// Output:
	// trigger: host.json:3:3: "functionTimout": not a known setting (the nearest is "functionTimeout")
}

// A function from a value to a value: its input is filled from the route, the
// query and the body, and what cannot be filled is the caller's mistake.
func ExampleJSON() {
	type order struct {
		ID    int    `route:"id"`
		Dry   bool   `query:"dry"`
		Item  string `json:"item"`
		Count int    `json:"count"`
	}
	place := func(_ context.Context, in order) (any, error) {
		return map[string]any{"id": in.ID, "dry": in.Dry, "items": strings.Repeat(in.Item+" ", in.Count)}, nil
	}
	host, err := trigger.NewHost(trigger.Config{
		Functions: []trigger.Function{{
			Name: "place", Route: "orders/{id:int}", Level: keys.Anonymous, Handler: trigger.JSON(place),
		}},
		NoAdmin: true,
	})
	if err != nil {
		panic(err)
	}
	for _, body := range []string{`{"item": "tea", "count": 2}`, `{"item": "tea", "count": "two"}`} {
		r := httptest.NewRequest("POST", "/api/orders/7?dry=true", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		host.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 {"dry":true,"id":7,"items":"tea tea "}
	// 400
}
