package trigger_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/route/httproute"
	"github.com/httptrigger/httptrigger/trigger"
)

// homes are the ways in which another router can serve a host.
func homes(t *testing.T, h http.Handler) []struct {
	name, prefix string
	h            http.Handler
} {
	t.Helper()
	mux := func(pattern string, h http.Handler) http.Handler {
		m := http.NewServeMux()
		m.HandleFunc("GET /own", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
		m.Handle(pattern, h)
		return m
	}
	catchAll := func(template string, h http.Handler) http.Handler {
		m, err := httproute.New(httproute.Config{PathValues: true, Routes: []httproute.Route{
			{Name: "own", Template: route.MustCompile("own"), Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })},
			{Name: "host", Template: route.MustCompile(template), Handler: h},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	return []struct {
		name, prefix string
		h            http.Handler
	}{
		{"ServeMux", "", mux("/", h)},
		{"ServeMux with a name", "", mux("/{rest...}", h)},
		{"ServeMux with the name of a parameter", "", mux("/{id...}", h)},
		{"ServeMux below a prefix", "/apps/one", mux("/apps/one/", http.StripPrefix("/apps/one", h))},
		{"httproute", "", catchAll("{*rest}", h)},
		{"httproute with the name of a parameter", "", catchAll("{*id}", h)},
		{"httproute below a prefix", "/apps/one", catchAll("apps/one/{*rest}", http.StripPrefix("/apps/one", h))},
	}
}

// TestMounted asks a host that other routers serve what it answers alone.
func TestMounted(t *testing.T) {
	for _, compat := range []bool{false, true} {
		alone := newHost(t, host2, compat, nil)
		for _, home := range homes(t, alone) {
			url := serve(t, home.h)
			t.Run(profile(compat)+"/"+home.name, func(t *testing.T) {
				if resp, _ := do(t, url, "GET", "/own", nil, nil); resp.StatusCode != http.StatusTeapot {
					t.Errorf("the router's own route: status %d", resp.StatusCode)
				}
				askMounted(t, url, home.prefix, compat)
			})
		}
	}
}

func profile(compat bool) string {
	if compat {
		return "Compat"
	}
	return "Default"
}

func askMounted(t *testing.T, url, prefix string, compat bool) {
	key := http.Header{"X-Functions-Key": {fnKey}}
	wrongMethod := http.StatusMethodNotAllowed
	if compat {
		wrongMethod = http.StatusNotFound
	}
	const pattern = " pattern=/api/products/{category:alpha}/{id:int?} "
	for _, tt := range []struct {
		method, target string
		header         http.Header
		status         int
		want           []string // parts of the body
	}{
		{"GET", "/api/products/books/7", key, 200, []string{"true products mine books id=\"7\" given=true", pattern}},
		{"GET", "/api/products/books", key, 200, []string{"id=\"\" given=false", pattern}},
		{"GET", "/API/Products/Books/7?a=b", key, 200, []string{" Books id=\"7\"", pattern}},
		{"GET", "/api/products/books/7?a=b&code=" + fnKey, nil, 200, []string{"true products mine books", pattern}},
		{"GET", "/api/products/books/x", key, 404, nil},
		{"GET", "/api/products/books/7", nil, 401, nil},
		{"GET", "/api/products/books/7", http.Header{"X-Functions-Key": {"wrong"}}, 401, nil},
		{"POST", "/api/products/books/7", key, wrongMethod, nil},
		{"GET", "/api/none", key, 404, nil},
		{"GET", "/", nil, 200, []string{"<html"}},
		{"GET", "/admin/host/ping", nil, 200, nil},
		{"GET", "/admin/functions", nil, 401, nil},
	} {
		resp, body := do(t, url, tt.method, prefix+tt.target, tt.header, nil)
		if resp.StatusCode != tt.status {
			t.Errorf("%s %s: status %d, want %d", tt.method, tt.target, resp.StatusCode, tt.status)
		}
		for _, want := range tt.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s %s: %q, want %q in it", tt.method, tt.target, body, want)
			}
		}
		if !compat && strings.Contains(body, fnKey) {
			t.Errorf("%s %s: the function sees the key: %q", tt.method, tt.target, body)
		}
	}
	askLinks(t, url, prefix)
}

// askLinks follows the addresses that the admin endpoints tell.
func askLinks(t *testing.T, url, prefix string) {
	admin := http.Header{"X-Functions-Key": {masterKey}}
	_, body := do(t, url, "GET", prefix+"/admin/functions/health", admin, nil)
	var info struct {
		Href   string `json:"href"`
		Invoke string `json:"invoke_url_template"`
	}
	if err := json.Unmarshal([]byte(body), &info); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	if want := url + prefix + "/admin/functions/health"; info.Href != want {
		t.Errorf("href %q, want %q", info.Href, want)
	}
	if resp, body := do(t, info.Invoke, "GET", "", nil, nil); resp.StatusCode != 200 || body != "ok " {
		t.Errorf("%s: %d %q", info.Invoke, resp.StatusCode, body)
	}
	_, list := do(t, url, "GET", prefix+"/admin/functions", admin, nil)
	if want := `"https://localhost` + prefix + `/admin/functions/health"`; !strings.Contains(list, want) {
		t.Errorf("%s: want %s in it", list, want)
	}
	_, found := do(t, url, "GET", prefix+"/admin/functions/products/keys", admin, nil)
	if want := url + prefix + "/admin/functions/products/keys"; !strings.Contains(found, `"`+want) {
		t.Errorf("%s: want %s in it", found, want)
	}
}

// TestMountedBare is a bare host that another router serves.
func TestMountedBare(t *testing.T) {
	h := newHost(t, host2, false, func(c *trigger.Config) {
		c.Bare = true
		c.Handlers["products"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Seen", r.Pattern+" "+httproute.Value(r, "id")+" query="+r.URL.RawQuery)
		})
		delete(c.Handlers, "Products")
	})
	for _, home := range homes(t, h) {
		resp, _ := do(t, serve(t, home.h), "GET", home.prefix+"/api/products/books/7?code="+fnKey, nil, nil)
		if got, want := resp.Header.Get("X-Seen"), "/api/products/{category:alpha}/{id:int?} 7 query="; got != want {
			t.Errorf("%s: %q, want %q", home.name, got, want)
		}
	}
}
