package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/httptrigger/httptrigger/internal/exampletest"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/labstack/echo/v4"
)

// homes are the places where a host can stand, each with the path before it. The
// example container, whose app this is, is one more.
var homes = []struct {
	name, prefix string
	mount        func(h http.Handler) http.Handler
}{
	{"ServeMux", "", func(h http.Handler) http.Handler { return inMux("/", h) }},
	{"ServeMux with a name", "", func(h http.Handler) http.Handler { return inMux("/{rest...}", h) }},
	{"ServeMux below a prefix", "/apps/one", func(h http.Handler) http.Handler { return inMux("/apps/one/", http.StripPrefix("/apps/one", h)) }},
	{"chi", "", func(h http.Handler) http.Handler { return inChi(func(r chi.Router) { r.Handle("/*", h) }) }},
	{"chi, mounted", "", func(h http.Handler) http.Handler { return inChi(func(r chi.Router) { r.Mount("/", h) }) }},
	{"chi, not found", "", func(h http.Handler) http.Handler { return inChi(func(r chi.Router) { r.NotFound(h.ServeHTTP) }) }},
	{"chi below a prefix", "/apps/one", func(h http.Handler) http.Handler {
		return inChi(func(r chi.Router) { r.Mount("/apps/one", http.StripPrefix("/apps/one", h)) })
	}},
	{"echo", "", func(h http.Handler) http.Handler { return asEcho("/*", h) }},
	{"echo below a prefix", "/apps/one", func(h http.Handler) http.Handler { return asEcho("/apps/one/*", http.StripPrefix("/apps/one", h)) }},
}

// Each router has a route of its own too, /own.

func inMux(pattern string, h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /own", own)
	mux.Handle(pattern, h)
	return mux
}

func inChi(mount func(chi.Router)) http.Handler {
	r := chi.NewRouter()
	r.Get("/own", own)
	mount(r)
	return r
}

func asEcho(pattern string, h http.Handler) http.Handler {
	e := echo.New()
	e.GET("/own", inEcho(http.HandlerFunc(own)))
	e.Any(pattern, inEcho(h))
	return e
}

func own(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }

// tell is the app's function. It tells all that a router could have changed.
func tell(w http.ResponseWriter, r *http.Request) {
	inv, _ := trigger.FromContext(r.Context())
	body, err := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s %q as %s by %s %q %v\n", r.Method, r.URL.Path, r.Pattern, r.URL.RawQuery, inv.Function, inv.Grant.Name, body, err)
}

// newApp is the app of the example container, with the keys "master" and "host"
// and their values.
func newApp(t *testing.T) http.Handler {
	t.Helper()
	app, err := trigger.LoadApp(os.DirFS("../container/home/site/wwwroot"), nil)
	if err != nil {
		t.Fatal(err)
	}
	store := &keys.Memory{}
	err = store.Save(t.Context(), keys.HostScope(), keys.Set{
		Master:   keys.Key{Name: "master", Value: keys.NewSecret("the-master-key-of-the-test")},
		Function: []keys.Key{{Name: "host", Value: keys.NewSecret("the-host-key-of-the-test-01")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	host, err := trigger.NewHost(trigger.Config{
		App: app, Keys: &keys.Resolver{Store: store}, Handlers: map[string]http.Handler{"HttpExample": http.HandlerFunc(tell)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return host
}

// TestHomes asks the same app alone and in each home, and wants the same answers.
func TestHomes(t *testing.T) {
	host := newApp(t)
	alone := httptest.NewServer(host)
	defer alone.Close()
	for _, home := range homes {
		t.Run(home.name, func(t *testing.T) {
			srv := httptest.NewServer(home.mount(host))
			defer srv.Close()
			if status, _, _ := ask(t, "GET", srv.URL+"/own", ""); status != http.StatusTeapot {
				t.Errorf("the router's own route answers %d", status)
			}
			for _, request := range []string{
				"GET /api/HttpExample?code=the-host-key-of-the-test-01&name=Ada",
				"GET /API/httpexample?name=a%2Fb key",
				"POST /api/HttpExample key",
				"HEAD /api/HttpExample key",
				"GET /api/HttpExample/ key",
				"GET /api/HttpExample",
				"GET /api/HttpExample wrong",
				"DELETE /api/HttpExample key",
				"OPTIONS /api/HttpExample key",
				"GET /api/none key",
				"GET /api/HttpExample%2Fx key",
				"GET /",
				"GET /admin/host/ping",
				"GET /admin/functions",
				"GET /admin/functions master",
				"GET /admin/functions/HttpExample master",
			} {
				compare(t, request, alone.URL, srv.URL, home.prefix)
			}
		})
	}
}

// compare sends "METHOD TARGET KEY" to both.
func compare(t *testing.T, request, alone, home, prefix string) {
	t.Helper()
	parts := append(strings.Fields(request), "")
	key := map[string]string{"key": "the-host-key-of-the-test-01", "master": "the-master-key-of-the-test", "wrong": "wrong"}[parts[2]]
	wantStatus, wantHeader, want := ask(t, parts[0], alone+parts[1], key)
	status, header, got := ask(t, parts[0], home+prefix+parts[1], key)
	// The addresses that admin endpoints tell are the client's; those of a list
	// begin with https://localhost.
	want = strings.NewReplacer(alone, home+prefix, "https://localhost/", "https://localhost"+prefix+"/").Replace(want)
	if status != wantStatus || got != want {
		t.Errorf("%s: %d %q, alone %d %q", request, status, got, wantStatus, want)
	}
	for _, h := range []http.Header{header, wantHeader} {
		h.Del("Date")
		h.Del("Content-Length") // of an address that is longer
	}
	if fmt.Sprint(header) != fmt.Sprint(wantHeader) {
		t.Errorf("%s: the header is %v, alone %v", request, header, wantHeader)
	}
}

func ask(t *testing.T, method, url, key string) (int, http.Header, string) {
	t.Helper()
	header := http.Header{}
	if key != "" {
		header.Set(keys.Header, key)
	}
	return exampletest.Ask(t, method, url, header, map[string]string{"POST": "a body"}[method])
}
