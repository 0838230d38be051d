package httproute_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/route/httproute"
)

// reads answers with the pattern and what reads of the values say.
func reads(names ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Pattern)
		for _, name := range names {
			value, ok := httproute.Lookup(r, name)
			fmt.Fprintf(w, " %s=%q,%v", name, value, ok)
		}
	})
}

func newMux(t testing.TB, config httproute.Config) *httproute.Mux {
	t.Helper()
	mux, err := httproute.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return mux
}

func TestMux(t *testing.T) {
	mux := newMux(t, httproute.Config{Routes: []httproute.Route{
		{Name: "one", Methods: []string{"GET"}, Template: route.MustCompile("~/items/{id:int}/{part?}"), Handler: reads("id", "ID", "part", "none")},
		{Name: "rest", Template: route.MustCompile("/files/{*path}"), Handler: reads("path")},
		{Name: "pair", Template: route.MustCompile("{a}-{b}"), Handler: reads("a", "b")},
		{Name: "def", Template: route.MustCompile("d/{x=5}"), Handler: reads("x")},
		{Name: "call", Methods: []string{"POST", "PUT"}, Template: route.MustCompile("call/{name}"),
			Serve: func(w http.ResponseWriter, r *http.Request, v route.Values) {
				fmt.Fprint(w, r.Pattern, " ", v.Get("name"))
			}},
	}})
	tests := []struct {
		method, target string
		status         int
		body, allow    string
	}{
		{"GET", "/items/7/x%20y", 200, `/items/{id:int}/{part?} id="7",true ID="7",true part="x y",true none="",false`, ""},
		{"GET", "/items/7", 200, `/items/{id:int}/{part?} id="7",true ID="7",true part="",false none="",false`, ""},
		{"HEAD", "/items/7", 200, "", ""},
		{"POST", "/items/7", 405, "", "GET, HEAD"},
		{"POST", "/items/x", 404, "", ""},
		{"GET", "/call/x", 405, "", "POST, PUT"},
		{"PUT", "/call/x", 200, "/call/{name} x", ""},
		{"GET", "/files/a/b%2Fc/", 200, `/files/{*path} path="a/b%2Fc/",true`, ""},
		{"GET", "/files", 200, `/files/{*path} path="",false`, ""},
		{"GET", "/files/%C0%AF", 200, `/files/{*path} path="%C0%AF",true`, ""},
		{"GET", "/a%2Fx-b", 200, `/{a}-{b} a="a%2Fx",true b="b",true`, ""},
		{"GET", "/d", 200, `/d/{x=5} x="5",true`, ""},
		{"GET", "/none/at/all", 404, "", ""},
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, tt := range tests {
		r, err := http.NewRequest(tt.method, server.URL+tt.target, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != tt.status || string(body) != tt.body || res.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: status %d, body %q, Allow %q, error %v; want %d, %q, %q", tt.method, tt.target,
				res.StatusCode, body, res.Header.Get("Allow"), err, tt.status, tt.body, tt.allow)
		}
	}
}

func TestMuxPathValues(t *testing.T) {
	mux := newMux(t, httproute.Config{PathValues: true, Routes: []httproute.Route{
		{Name: "a", Template: route.MustCompile("a/{x}/{y?}"), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%q %q", r.PathValue("x"), r.PathValue("y"))
		})},
	}})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/a/1%2F2", nil))
	if got, want := w.Body.String(), `"1%2F2" ""`; got != want {
		t.Errorf("path values: got %s, want %s", got, want)
	}
}

func TestMuxNotFound(t *testing.T) {
	mux := newMux(t, httproute.Config{NotFound: http.RedirectHandler("/home", http.StatusFound)})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
	if w.Code != http.StatusFound {
		t.Errorf("status %d, want %d", w.Code, http.StatusFound)
	}
	w = httptest.NewRecorder()
	new(httproute.Mux).ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
	if w.Code != http.StatusNotFound || w.Body.Len() > 0 {
		t.Errorf("the zero Mux: status %d, body %q", w.Code, w.Body)
	}
}

func TestNewErrors(t *testing.T) {
	_, err := httproute.New(httproute.Config{Routes: []httproute.Route{
		{Name: "a", Template: route.MustCompile("x")},
		{Name: "b", Handler: http.NotFoundHandler()},
		{Name: "c", Template: route.MustCompile("x"), Handler: http.NotFoundHandler()},
	}})
	for _, want := range []string{`route "a": want either`, `route "b": no template`, `"a" ("x") and "c" ("x") conflict`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New: no %q in %v", want, err)
		}
	}
}

// nothing is a ResponseWriter that keeps nothing.
type nothing struct{ h http.Header }

func (w nothing) Header() http.Header         { return w.h }
func (w nothing) Write(p []byte) (int, error) { return len(p), nil }
func (w nothing) WriteHeader(int)             {}

func TestMuxAllocs(t *testing.T) {
	total := 0
	mux := newMux(t, httproute.Config{Routes: []httproute.Route{
		{Name: "c", Methods: []string{"GET"}, Template: route.MustCompile("teams/{id:int}/{name:alpha}/{page:int?}"),
			Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				total += len(httproute.Value(r, "id")) + len(httproute.Value(r, "name")) + len(httproute.Value(r, "page"))
			})},
		{Name: "a", Methods: []string{"GET"}, Template: route.MustCompile("repos/{owner}/{repo}/{path?}"),
			Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				total += len(httproute.Value(r, "owner")) + len(httproute.Value(r, "repo"))
			})},
		{Name: "b", Methods: []string{"GET"}, Template: route.MustCompile("users/{id:int}"),
			Serve: func(_ http.ResponseWriter, _ *http.Request, v route.Values) { total += len(v.Get("id")) }},
	}})
	w := nothing{http.Header{}}
	for _, path := range []string{"/repos/golang/go/x", "/users/5", "/teams/7/gophers/2", "/not/there"} {
		r := httptest.NewRequest("GET", path, nil)
		if allocs := testing.AllocsPerRun(100, func() { mux.ServeHTTP(w, r) }); allocs != 0 {
			t.Errorf("GET %s allocates %v times", path, allocs)
		}
	}
	if total == 0 {
		t.Error("no value was read")
	}
}
