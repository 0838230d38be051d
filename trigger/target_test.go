package trigger_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/trigger"
)

// TestTargetBytes puts every kind of byte that matters at every place of paths
// of every short length: paths are looked at eight bytes at a time.
func TestTargetBytes(t *testing.T) {
	for _, bare := range []bool{false, true} {
		h := mustHost(t, trigger.Config{Prefix: "/", Bare: bare, NoAdmin: true, Functions: []trigger.Function{{
			Name: "all", Route: "{*rest}", Level: keys.Anonymous,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.EscapedPath()) }),
		}}})
		for n := 1; n < 28; n++ {
			for i := range n {
				for _, odd := range []string{"%00", ".", "/", "%C3", "%FF", "%7F", "%01", "/.", "/..", "/%2e", "%2F", "x"} {
					target := "/" + strings.Repeat("a", i) + odd + strings.Repeat("b", n-1-i)
					r := httptest.NewRequest("GET", target, nil)
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					got := strings.ReplaceAll(w.Body.String(), "%2e", ".")
					want, status := route.RemoveDots(strings.ReplaceAll(target, "%2e", ".")), 200
					if odd == "%00" {
						want, status = "", 400
					}
					if w.Code != status || got != want {
						t.Errorf("bare %v, %s: status %d, path %q; want %d, %q", bare, target, w.Code, got, status, want)
					}
				}
			}
		}
	}
}

// TestReservedNames tells the host's own segments from those that begin or end
// like them, in either case.
func TestReservedNames(t *testing.T) {
	h := mustHost(t, trigger.Config{Prefix: "/", NoAdmin: true, Functions: []trigger.Function{{
		Name: "all", Route: "{*rest}", Level: keys.Anonymous, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	}}})
	for target, status := range map[string]int{
		"/admin": 404, "/ADMIN/host": 404, "/Runtime/webhooks": 404, "/x/../admin/host": 404, "/%61dmin": 404,
		"/admi": 200, "/admins": 200, "/runtim": 200, "/runtimes": 200, "/xdmin": 200, "/rantime": 200, "/x/admin": 200,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		if w.Code != status {
			t.Errorf("%s: status %d, want %d", target, w.Code, status)
		}
	}
}
