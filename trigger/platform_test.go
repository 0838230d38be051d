package trigger_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// The tests of this file are of rules in which the platform has a part: what it
// does stays undone here, and what it asks of the host is done.

// TR-9: there is no folder of logs to purge. A function that disappeared leaves
// nothing behind at the next start: no route, no description, no log lines.
func TestFunctionDisappears(t *testing.T) {
	for _, compat := range []bool{false, true} {
		var log bytes.Buffer
		config := func(names ...string) trigger.Config {
			c := trigger.Config{Compat: compat, Keys: newResolver(t, compat), Logger: slog.New(slog.NewTextHandler(&log, nil))}
			for _, name := range names {
				c.Functions = append(c.Functions, trigger.Function{Name: name, Level: keys.Anonymous, Handler: okHandler})
			}
			return c
		}
		host := mustHost(t, config("stays", "Gone"))
		for _, there := range []bool{true, false} {
			want := 404
			if there {
				want = 200
			} else if err := host.Reload(config("stays")); err != nil {
				t.Fatal(err)
			}
			log.Reset()
			for target, want := range map[string]int{
				"/api/gone": want, "/admin/functions/gone": want, "/admin/functions/gone/status": want, "/api/stays": 200, "/admin/functions": 200,
			} {
				r := httptest.NewRequest("GET", target, nil)
				r.Header.Set(keys.Header, masterKey)
				w := record(host, r)
				if w.Code != want {
					t.Errorf("compat %v, there %v: %s: %d, want %d", compat, there, target, w.Code, want)
				}
				if target == "/admin/functions" && strings.Contains(w.Body.String(), `"Gone"`) != there {
					t.Errorf("compat %v, there %v: the list is %s", compat, there, w.Body)
				}
			}
			if !there && strings.Contains(log.String(), "function=Gone") {
				t.Errorf("compat %v: the log has %s", compat, &log)
			}
		}
	}
}

// TR-86, TR-87: a process that serves an app is that app's from its start. No
// setting of the standby makes a request wait, or another app of this one.
func TestNoStandby(t *testing.T) {
	for _, compat := range []bool{false, true} {
		for name, env := range map[string]map[string]string{
			"none":             nil,
			"placeholder":      {"WEBSITE_PLACEHOLDER_MODE": "1"},
			"not ready":        {"WEBSITE_PLACEHOLDER_MODE": "1", "WEBSITE_CONTAINER_READY": "0", "CONTAINER_NAME": "c"},
			"specialized":      {"WEBSITE_PLACEHOLDER_MODE": "0", "WEBSITE_CONTAINER_READY": "1", "CONTAINER_NAME": "c"},
			"kubernetes":       {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAMESPACE": "n"},
			"app service":      {"WEBSITE_INSTANCE_ID": "i", "WEBSITE_PLACEHOLDER_MODE": "1"},
			"sync I/O allowed": {"AzureWebJobsFeatureFlags": "AllowSynchronousIO", "FUNCTIONS_V2_COMPATIBILITY_MODE": "true"},
		} {
			app, err := trigger.LoadApp(files("host.json", hostV2, "f/function.json", withTrigger(`"authLevel":"anonymous"`)), &trigger.LoadOptions{Compat: compat, Env: env})
			if err != nil {
				t.Fatal(err)
			}
			host := mustHost(t, trigger.Config{App: app, Compat: compat, Env: env, Keys: newResolver(t, compat), Handlers: map[string]http.Handler{"f": okHandler}})
			for _, tt := range []struct {
				method, target string
				want           int
			}{
				{"GET", "/api/f", 200}, {"POST", "/api/f", 200},
				// TR-90: what warms the reference up in its standby is a path like any other.
				{"GET", "/api/warmup", 404}, {"GET", "/api/warmup?restart=1", 404}, {"GET", "/api/specialize", 404}, {"GET", "/warmup", 404},
				{"GET", "/admin/warmup", 200},
			} {
				if w := record(host, httptest.NewRequest(tt.method, tt.target, nil)); w.Code != tt.want {
					t.Errorf("compat %v, %s: %s %s: %d, want %d", compat, name, tt.method, tt.target, w.Code, tt.want)
				}
			}
		}
	}
}

// TR-88: reading and writing are synchronous in every function, with no setting.
func TestSynchronousIO(t *testing.T) {
	for _, compat := range []bool{false, true} {
		host := mustHost(t, trigger.Config{Compat: compat, Functions: []trigger.Function{{Name: "f", Level: keys.Anonymous,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for part := make([]byte, 4); ; {
					n, err := r.Body.Read(part)
					if _, werr := w.Write(part[:n]); err != nil || werr != nil {
						return
					}
				}
			})}}})
		srv := httptest.NewServer(host)
		for _, body := range []io.Reader{strings.NewReader("declared length"), io.MultiReader(strings.NewReader("in "), strings.NewReader("chunks"))} {
			resp, err := http.Post(srv.URL+"/api/f", "text/plain", body)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if got := string(text); err != nil || got != "declared length" && got != "in chunks" {
				t.Errorf("compat %v: %q, %v", compat, got, err)
			}
		}
		srv.Close()
	}
}

// An unreadBody fails the test when it is read.
type unreadBody struct{ t *testing.T }

func (b unreadBody) Read([]byte) (int, error) {
	b.t.Error("the body is read")
	return 0, io.ErrUnexpectedEOF
}

func (unreadBody) Close() error { return nil }

// TR-174: there is no IIS in front, so its bound of 210,000,000 bytes and its 404
// are not met; the host's own bound holds below and above it, and nobody reads what
// is declared to be longer. In Compat binding would, so a function is 500 (TR-172).
func TestBodyBeyondFront(t *testing.T) {
	const hostMax, frontMax = 104_857_600, 210_000_000
	for _, tt := range []struct {
		length      int64
		route       string
		def, compat int
	}{
		{hostMax, "ignores", 200, 200},
		{hostMax + 1, "ignores", 413, 500},
		{hostMax + 1, "reads", 413, 500},
		{hostMax + 1, "none", 413, 404},
		{frontMax, "reads", 413, 500},
		{frontMax + 1, "ignores", 413, 500},
		{frontMax + 1, "reads", 413, 500},
		{frontMax + 1, "keyed", 413, 401},
		{frontMax + 1, "none", 413, 404},
	} {
		for _, compat := range []bool{false, true} {
			host := mustHost(t, trigger.Config{Compat: compat, Keys: newResolver(t, compat), Functions: []trigger.Function{
				{Name: "ignores", Level: keys.Anonymous, Handler: okHandler},
				{Name: "keyed", Handler: okHandler},
				{Name: "reads", Level: keys.Anonymous, Handler: trigger.Func(func(_ context.Context, r *trigger.Request) (any, error) {
					_, err := io.ReadAll(r.Body)
					return nil, err
				})},
			}})
			want := tt.def
			if compat {
				want = tt.compat
			}
			r := httptest.NewRequest("POST", "/api/"+tt.route, unreadBody{t})
			r.ContentLength = tt.length
			if w := record(host, r); w.Code != want {
				t.Errorf("compat %v: %d bytes to %s: %d, want %d", compat, tt.length, tt.route, w.Code, want)
			}
		}
	}
}

// TR-190: the host names neither itself nor what it is made with, on no answer,
// and leaves a function its own such fields: to take them away is the front's.
func TestServerFields(t *testing.T) {
	for _, compat := range []bool{false, true} {
		host := mustHost(t, trigger.Config{Compat: compat, Keys: newResolver(t, compat), Functions: []trigger.Function{
			{Name: "plain", Level: keys.Anonymous, Handler: okHandler},
			{Name: "keyed", Handler: okHandler},
			{Name: "panics", Level: keys.Anonymous, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("x") })},
			{Name: "own", Level: keys.Anonymous, Handler: returns(&trigger.Response{Header: http.Header{"Server": {"mine"}, "X-Powered-By": {"me"}}}, nil)},
		}})
		srv := httptest.NewServer(host)
		for target, want := range map[string][2]string{
			"/api/plain": {}, "/api/keyed": {}, "/api/panics": {}, "/api/none": {}, "/": {}, "/admin/host/ping": {}, "/admin/host/status": {},
			"/api/own": {"mine", "me"},
		} {
			resp, err := http.Get(srv.URL + target)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := [2]string{resp.Header.Get("Server"), resp.Header.Get("X-Powered-By")}; got != want {
				t.Errorf("compat %v: %s: Server and X-Powered-By are %q, want %q", compat, target, got, want)
			}
		}
		srv.Close()
	}
}

// TR-219: in Compat whoever comes over the management plane's bridge reads no
// keys, unless the plane says that the caller is an owner.
func TestKeysOverBridge(t *testing.T) {
	const via, id, source = "X-Ms-Via-Extensions-Route", "X-Ms-Arm-Request-Tracking-Id", "X-Ms-Client-Authorization-Source"
	bridge := map[string]string{via: "1", id: "7"}
	with := func(value string) map[string]string { return map[string]string{via: "1", id: "7", source: value} }
	tests := []struct {
		name, method, target string
		fields               map[string]string
		key                  string
		def, compat          int
	}{
		{"host keys", "GET", "/admin/host/keys", bridge, masterKey, 200, 401},
		{"function keys of the host", "GET", "/admin/host/functionkeys", bridge, masterKey, 200, 401},
		{"system keys", "GET", "/admin/host/systemkeys", bridge, masterKey, 200, 401},
		{"a key", "GET", "/admin/host/keys/default", bridge, masterKey, 200, 401},
		{"master key", "GET", "/admin/host/systemkeys/_master", bridge, masterKey, 200, 401},
		{"keys of a function", "GET", "/admin/functions/products/keys", bridge, masterKey, 200, 401},
		{"a key of a function", "GET", "/ADMIN/functions/Products/KEYS/mine", bridge, masterKey, 200, 401},
		{"owner", "GET", "/admin/host/keys", with("Legacy"), masterKey, 200, 200},
		{"owner, of any case", "GET", "/admin/host/keys", with("lEGACY"), masterKey, 200, 200},
		{"another source", "GET", "/admin/host/keys", with("RBAC"), masterKey, 200, 401},
		{"owner without a key", "GET", "/admin/host/keys", with("Legacy"), "", 401, 401},
		{"owner with a wrong key", "GET", "/admin/host/keys", with("Legacy"), "wrong", 401, 401},
		{"the plane's own call", "GET", "/admin/host/keys", map[string]string{via: "1"}, masterKey, 200, 200},
		{"not over the bridge", "GET", "/admin/host/keys", map[string]string{id: "7"}, masterKey, 200, 200},
		{"fields without a value", "GET", "/admin/host/keys", map[string]string{via: "", id: ""}, masterKey, 200, 200},
		{"new key", "POST", "/admin/host/keys/extra", bridge, masterKey, 201, 201},
		{"key removed", "DELETE", "/admin/host/keys/extra", bridge, masterKey, 204, 204},
		{"status", "GET", "/admin/host/status", bridge, masterKey, 200, 200},
		{"functions", "GET", "/admin/functions", bridge, masterKey, 200, 200},
		{"a function", "GET", "/admin/functions/products", bridge, masterKey, 200, 200},
		{"the function itself", "GET", "/api/products", bridge, fnKey, 200, 200},
	}
	for _, compat := range []bool{false, true} {
		host := mustHost(t, trigger.Config{Compat: compat, Keys: newResolver(t, compat), Functions: []trigger.Function{{Name: "products", Handler: okHandler}}})
		body := ""
		for _, tt := range tests {
			r := httptest.NewRequest(tt.method, tt.target, nil)
			for name, value := range tt.fields {
				r.Header.Set(name, value)
			}
			if tt.key != "" {
				r.Header.Set(keys.Header, tt.key)
			}
			w := record(host, r)
			want := tt.def
			if compat {
				want = tt.compat
			}
			if w.Code != want {
				t.Errorf("compat %v: %s: %d, want %d", compat, tt.name, w.Code, want)
			}
			if tt.def == 200 && want == 401 {
				if body == "" {
					body = w.Body.String()
				}
				if body == "" || w.Body.String() != body || strings.Contains(body, "-of-the-test-") {
					t.Errorf("%s: the text is %q, want the one of all: %q", tt.name, w.Body, body)
				}
			}
		}
	}
}
