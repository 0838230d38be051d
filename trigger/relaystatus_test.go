package trigger_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// TestRelayStatus: hooks are told the status of an answer that is handed on, and
// of one that never came.
func TestRelayStatus(t *testing.T) {
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/cut" {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	defer behind.Close()
	target, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }}
	var got trigger.Outcome
	var functions []trigger.Function
	for _, name := range []string{"tea", "cut"} {
		functions = append(functions, trigger.Function{Name: name, Level: keys.Anonymous, Handler: trigger.Relay(proxy)})
	}
	h := mustHost(t, trigger.Config{Functions: functions, Hooks: trigger.Hooks{
		Done: func(_ context.Context, _ *trigger.Invocation, out trigger.Outcome) { got = out }}})
	for target, want := range map[string]int{"/api/tea": http.StatusTeapot, "/api/cut": http.StatusBadGateway} {
		w := record(h, httptest.NewRequest("GET", target, nil))
		if failed := want == http.StatusBadGateway; w.Code != want || got.Status != want || (got.Err != nil) != failed {
			t.Errorf("%s: answered %d, told %d and %v, want %d", target, w.Code, got.Status, got.Err, want)
		}
	}
}
