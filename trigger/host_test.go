package trigger_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/route/httproute"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

const (
	masterKey = "master-key-of-the-test-0123456789"
	hostKey   = "host-key-of-the-test-0123456789"
	fnKey     = "function-key-of-the-test-0123456789"
	sysKey    = "system-key-of-the-test-0123456789"
	hookKey   = "hook-secret-of-the-test-0123456789"
)

// newResolver has the keys above.
func newResolver(t testing.TB, compat bool) *keys.Resolver {
	t.Helper()
	store := &keys.Memory{}
	save := func(scope keys.Scope, set keys.Set) {
		if err := store.Save(context.Background(), scope, set); err != nil {
			t.Fatal(err)
		}
	}
	key := func(name, value string) keys.Key { return keys.Key{Name: name, Value: keys.NewSecret(value)} }
	save(keys.HostScope(), keys.Set{
		Master: key("master", masterKey), Function: []keys.Key{key("default", hostKey)},
		System: []keys.Key{key("demo_extension", sysKey)},
	})
	save(keys.FunctionScope("products"), keys.Set{Function: []keys.Key{key("mine", fnKey)}})
	save(keys.FunctionScope("hook"), keys.Set{Function: []keys.Key{key("default", hookKey)}})
	return &keys.Resolver{Store: store, Compat: compat}
}

func functionJSON(trigger string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(`{"bindings":[{"type":"httpTrigger","direction":"in","name":"req"` + trigger +
		`},{"type":"http","direction":"out","name":"$return"}]}`)}
}

// testApp is an app of every kind of function.
func testApp(t testing.TB, hostJSON string, compat bool) *trigger.App {
	t.Helper()
	fsys := fstest.MapFS{
		"host.json":                 {Data: []byte(hostJSON)},
		"HttpExample/function.json": functionJSON(`,"authLevel":"function"`),
		"products/function.json":    functionJSON(`,"authLevel":"function","methods":["get"],"route":"products/{category:alpha}/{id:int?}"`),
		"health/function.json":      functionJSON(`,"authLevel":"anonymous","methods":["get"]`),
		"maintain/function.json":    functionJSON(`,"authLevel":"admin"`),
		"panics/function.json":      functionJSON(`,"authLevel":"anonymous"`),
		"upload/function.json":      functionJSON(`,"authLevel":"anonymous","methods":["post"]`),
		"hook/function.json":        functionJSON(`,"webHookType":"github"`),
	}
	for name := range fsys {
		if dir, _, ok := strings.Cut(name, "/"); ok {
			fsys[dir+"/run.csx"] = &fstest.MapFile{}
		}
	}
	app, err := trigger.LoadApp(fsys, &trigger.LoadOptions{Compat: compat})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// loadFiles loads an app from texts.
func loadFiles(t testing.TB, files map[string]string) *trigger.App {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	app, err := trigger.LoadApp(fsys, nil)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func testHandlers() map[string]http.Handler {
	return map[string]http.Handler{
		"httpexample": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") }),
		"Products": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inv, ok := trigger.FromContext(r.Context())
			_, given := inv.Values.Lookup("id")
			fmt.Fprintf(w, "%t %s %s %s id=%q given=%t code=%q uri=%s pattern=%s header=%q",
				ok, inv.Function, inv.Grant.Name, r.PathValue("category"), r.PathValue("id"), given,
				r.URL.Query().Get("code"), r.RequestURI, r.Pattern, r.Header.Get("X-Functions-Key"))
		}),
		"health":   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok "+r.URL.RawQuery) }),
		"maintain": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "maintained") }),
		"panics": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Before", "1")
			w.Header().Set("Content-Type", "text/html")
			if r.URL.RawQuery == "started" {
				fmt.Fprint(w, "half")
				http.NewResponseController(w).Flush()
			}
			panic("boom")
		}),
		"hook": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s of %d bytes", r.Header.Get("X-Github-Event"), len(text))
		}),
		"upload": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
			fmt.Fprint(w, "read")
		}),
	}
}

// newHost is the host of the test app. Functions are added to it, and configure
// changes what else there is.
func newHost(t testing.TB, hostJSON string, compat bool, configure func(*trigger.Config)) *trigger.Host {
	t.Helper()
	c := trigger.Config{
		App: testApp(t, hostJSON, compat), Handlers: testHandlers(), Keys: newResolver(t, compat), Compat: compat,
	}
	if configure != nil {
		configure(&c)
	}
	h, err := trigger.NewHost(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// do asks a host over a connection, as a client would.
func do(t testing.TB, url, method, target string, header http.Header, body io.Reader) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, url+target, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	if err != nil {
		text = append(text, " (cut)"...)
	}
	return resp, string(text)
}

func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

const host2 = `{"version":"2.0"}`

func TestHostDefault(t *testing.T) {
	url := serve(t, newHost(t, host2, false, func(c *trigger.Config) {
		c.Limit = &throttle.RequestLimit{MaxBody: 10}
	}))
	key := func(k string) http.Header { return http.Header{"X-Functions-Key": {k}} }
	tests := []struct {
		name   string
		method string
		target string
		header http.Header
		body   io.Reader
		status int
		want   string
		fields map[string]string
	}{
		{"homepage", "GET", "/", nil, nil, 200, "*", map[string]string{"Content-Type": "text/html"}},
		{"no route", "GET", "/api/none", nil, nil, 404, "", nil},
		{"host key in the header", "GET", "/api/HttpExample", key(hostKey), nil, 200, "hello", nil},
		{"host key in the query", "GET", "/api/httpexample?code=" + hostKey, nil, nil, 200, "hello", nil},
		{"master key", "GET", "/api/httpexample?code=" + masterKey, nil, nil, 200, "hello", nil},
		{"no key", "GET", "/api/httpexample", nil, nil, 401, "", map[string]string{"WWW-Authenticate": ""}},
		{"wrong key", "GET", "/api/httpexample?code=nope", nil, nil, 401, "", nil},
		{"system key", "GET", "/api/httpexample?code=" + sysKey, nil, nil, 401, "", nil},
		{"empty header hides the query", "GET", "/api/httpexample?code=" + hostKey, key(""), nil, 401, "", nil},
		{"key of another function", "GET", "/api/httpexample", key(fnKey), nil, 401, "", nil},
		{"values and key taken out", "GET", "/api/products/books/7?x=1&code=" + fnKey, nil, nil, 200,
			`true products mine books id="7" given=true code="" uri=/api/products/books/7?x=1 pattern=/api/products/{category:alpha}/{id:int?} header=""`, nil},
		{"header key taken out, optional value left out", "GET", "/api/products/books", key(fnKey), nil, 200,
			`true products mine books id="" given=false code="" uri=/api/products/books pattern=/api/products/{category:alpha}/{id:int?} header=""`, nil},
		{"constraint", "GET", "/api/products/b00ks", key(fnKey), nil, 404, "", nil},
		{"HEAD by GET", "HEAD", "/api/products/books", key(fnKey), nil, 200, "", nil},
		{"method", "POST", "/api/products/books", key(fnKey), nil, 405, "", map[string]string{"Allow": "GET, HEAD"}},
		{"method of a path that no constraint takes", "POST", "/api/products/b00ks", nil, nil, 404, "", nil},
		{"anonymous keeps its code", "GET", "/api/health?code=abc", nil, nil, 200, "ok code=abc", nil},
		{"admin level with host key", "GET", "/api/maintain", key(hostKey), nil, 401, "", nil},
		{"admin level with master key", "GET", "/api/maintain", key(masterKey), nil, 200, "maintained", nil},
		{"long target", "GET", "/api/health?" + strings.Repeat("x", 4096), nil, nil, 414, "", nil},
		{"long body", "POST", "/api/upload", nil, strings.NewReader("hello world"), 413, "", nil},
		{"long body in chunks", "POST", "/api/upload", nil, io.MultiReader(strings.NewReader("hello world")), 413, "", nil},
		{"body of the limit", "POST", "/api/upload", nil, strings.NewReader("helloworld"), 200, "read", nil},
		{"panic", "GET", "/api/panics", nil, nil, 500, "", map[string]string{"X-Before": "1", "Content-Type": ""}},
		{"panic after the start", "GET", "/api/panics?started", nil, nil, 200, "half (cut)", nil},
		{"dot segments", "GET", "/api/x/../%2e/health", nil, nil, 200, "ok ", nil},
		{"encoded slash", "GET", "/api%2Fhealth", nil, nil, 404, "", nil},
		{"null character", "GET", "/api/%00", nil, nil, 400, "", nil},
		{"administrator", "GET", "/administrator", nil, nil, 404, "", nil},
		{"ping", "GET", "/admin/host/ping", nil, nil, 200, "", map[string]string{"Cache-Control": "no-store,no-cache"}},
		{"ping by PUT", "PUT", "/admin/host/ping", nil, nil, 405, "", map[string]string{"Allow": "GET, POST"}},
		{"status without key", "GET", "/admin/host/status", nil, nil, 401, "", map[string]string{"WWW-Authenticate": "Bearer"}},
		{"status with host key", "GET", "/admin/host/status", key(hostKey), nil, 403, "", nil},
		{"status", "GET", "/ADMIN/host/Status/", key(masterKey), nil, 200, "*", nil},
		{"extension without key", "GET", "/runtime/webhooks/demo", nil, nil, 401, "", nil},
		{"extension with host key", "GET", "/runtime/webhooks/demo", key(hostKey), nil, 403, "", nil},
		{"extension without handler", "GET", "/runtime/webhooks/demo", key(sysKey), nil, 404, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := do(t, url, tt.method, tt.target, tt.header, tt.body)
			if resp.StatusCode != tt.status {
				t.Errorf("status = %d, want %d", resp.StatusCode, tt.status)
			}
			if tt.want != "*" && body != tt.want {
				t.Errorf("body = %q, want %q", body, tt.want)
			}
			for name, want := range tt.fields {
				if got := resp.Header.Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestHostCompat(t *testing.T) {
	url := serve(t, newHost(t, host2, true, nil))
	key := func(k string) http.Header { return http.Header{"X-Functions-Key": {k}} }
	tests := []struct {
		name, method, target string
		header               http.Header
		status               int
		want                 string
	}{
		{"HEAD is not GET", "HEAD", "/api/health", nil, 404, ""},
		{"method", "POST", "/api/health", nil, 404, ""},
		{"code stays", "GET", "/api/products/books?code=" + fnKey, nil, 200,
			`true products mine books id="" given=false code="` + fnKey + `" uri=/api/products/books?code=` + fnKey +
				` pattern=/api/products/{category:alpha}/{id:int?} header=""`},
		{"header stays", "GET", "/api/products/books", key(fnKey), 200,
			`true products mine books id="" given=false code="" uri=/api/products/books` +
				` pattern=/api/products/{category:alpha}/{id:int?} header="` + fnKey + `"`},
		{"homepage by any method", "DELETE", "/", nil, 200, "*"},
		{"ping by PUT", "PUT", "/admin/host/ping", nil, 404, ""},
		{"panic", "GET", "/api/panics", nil, 500, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := do(t, url, tt.method, tt.target, tt.header, nil)
			if resp.StatusCode != tt.status || tt.want != "*" && body != tt.want {
				t.Errorf("%d %q, want %d %q", resp.StatusCode, body, tt.status, tt.want)
			}
		})
	}
}

func TestHostMistakes(t *testing.T) {
	app := testApp(t, host2, false)
	handlers := testHandlers()
	delete(handlers, "health")
	handlers["surplus"] = http.NotFoundHandler()
	_, err := trigger.NewHost(trigger.Config{
		App: app, Handlers: handlers, Prefix: "admin/x",
		CORS: &trigger.CORSConfig{AllowedOrigins: []string{"*"}, Credentials: true},
		Functions: []trigger.Function{
			{Name: "1st", Handler: http.NotFoundHandler()},
			{Name: "bad", Route: "a/{b", Handler: http.NotFoundHandler(), Level: keys.Anonymous},
			{Name: "none"},
		},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`prefix "admin/x"`, `"health"`, `"surplus"`, `"*" with credentials`, `"1st"`, `"bad"`, `"none"`, "Config.Keys is missing",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %s:\n%v", want, err)
		}
	}
}

func TestHostConflict(t *testing.T) {
	_, err := trigger.NewHost(trigger.Config{Functions: []trigger.Function{
		{Name: "a", Route: "x/{id}", Level: keys.Anonymous, Handler: http.NotFoundHandler()},
		{Name: "b", Route: "x/{name}", Level: keys.Anonymous, Handler: http.NotFoundHandler()},
	}})
	if err == nil {
		t.Error("two functions on one route, no error")
	}
}

func TestHostBare(t *testing.T) {
	h := newHost(t, host2, false, func(c *trigger.Config) {
		c.Bare = true
		c.Handlers["products"] = c.Handlers["Products"]
		delete(c.Handlers, "Products")
		c.Handlers["products"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, ok := trigger.FromContext(r.Context())
			fmt.Fprint(w, ok, httproute.Value(r, "category"), httproute.Value(r, "id"), r.URL.RawQuery, r.RequestURI, r.Header.Get("X-Functions-Key"))
		})
	})
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/api/products/x/../books/7?a=b&code="+fnKey, nil)
	r.Header.Set("X-Functions-Key", fnKey)
	h.ServeHTTP(w, r)
	if got := w.Body.String(); got != "falsebooks7a=b/api/products/x/../books/7?a=b" {
		t.Errorf("%d %q", w.Code, got)
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/api/panics", nil))
	if w.Code != 500 {
		t.Errorf("a panic: %d", w.Code)
	}
	if _, err := trigger.NewHost(trigger.Config{Bare: true, InvocationHeader: "X-Id"}); err == nil {
		t.Error("Bare with InvocationHeader: no error")
	}
}

func sign(secret, body string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

func TestHostWebHook(t *testing.T) {
	url := serve(t, newHost(t, host2, false, nil))
	const body = `{"zen":"Keep it logically awesome."}`
	send := func(signature string) (int, string) {
		header := http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {"push"}, "X-Github-Delivery": {"1"}}
		if signature != "" {
			header.Set("X-Hub-Signature-256", signature)
		}
		resp, text := do(t, url, "POST", "/api/hook", header, strings.NewReader(body))
		return resp.StatusCode, text
	}
	if status, _ := send(""); status != 401 && status != 400 {
		t.Errorf("without signature: %d", status)
	}
	if status, _ := send(sign("another secret", body)); status != 401 {
		t.Errorf("by another secret: %d", status)
	}
	if status, text := send(sign(hookKey, body)); status != 200 || text != "push of 36 bytes" {
		t.Errorf("genuine: %d %q", status, text)
	}
	if status, text := send(sign(hookKey, body)); status != 200 || text != "" {
		t.Errorf("repeated: %d %q, want 200 without the function", status, text)
	}
}

// TestHostWebHookTypes: every type of 1.x has its sender of today, or none.
func TestHostWebHookTypes(t *testing.T) {
	for _, tt := range []struct {
		kind string
		want int
	}{{"slack", 401}, {"genericJson", 401}, {"github", 401}} {
		app, err := trigger.LoadApp(fstest.MapFS{
			"host.json":          {Data: []byte(host2)},
			"hook/function.json": functionJSON(`,"webHookType":"` + tt.kind + `"`),
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		h, err := trigger.NewHost(trigger.Config{
			App: app, Keys: newResolver(t, false),
			Handlers: map[string]http.Handler{"hook": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it ran") })},
		})
		if err != nil {
			t.Fatal(err)
		}
		if resp, _ := do(t, serve(t, h), "POST", "/api/hook", nil, strings.NewReader("{}")); resp.StatusCode != tt.want {
			t.Errorf("%s: unsigned: %d, want %d", tt.kind, resp.StatusCode, tt.want)
		}
	}
}

func TestHostWebHookWithoutSecret(t *testing.T) {
	_, err := trigger.NewHost(trigger.Config{
		App: testApp(t, host2, false), Handlers: testHandlers(), Keys: &keys.Resolver{Store: &keys.Memory{}},
	})
	if err == nil || !strings.Contains(err.Error(), `"hook"`) {
		t.Errorf("error = %v, want one about the function without a secret", err)
	}
}

func TestHostThrottle(t *testing.T) {
	running, release := make(chan struct{}, 8), make(chan struct{})
	gate, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 1})
	if err != nil {
		t.Fatal(err)
	}
	h, err := trigger.NewHost(trigger.Config{Gate: gate, Functions: []trigger.Function{{
		Name: "hold", Level: keys.Anonymous, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			running <- struct{}{}
			<-release
		}),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, h)
	done := make(chan int)
	go func() {
		resp, _ := do(t, url, "GET", "/api/hold", nil, nil)
		done <- resp.StatusCode
	}()
	<-running
	resp, body := do(t, url, "GET", "/api/hold", nil, nil)
	if resp.StatusCode != 429 || body != "" || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a second request: %d %q, Retry-After %q", resp.StatusCode, body, resp.Header.Get("Retry-After"))
	}
	if resp, _ := do(t, url, "GET", "/api/none", nil, nil); resp.StatusCode != 404 {
		t.Errorf("no such route while the gate is full: %d, want 404", resp.StatusCode)
	}
	close(release)
	if got := <-done; got != 200 {
		t.Errorf("the first request: %d", got)
	}
}

func TestHostReload(t *testing.T) {
	answer := func(text string) trigger.Config {
		return trigger.Config{Functions: []trigger.Function{{Name: "f", Level: keys.Anonymous,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) })}}}
	}
	h, err := trigger.NewHost(answer("one"))
	if err != nil {
		t.Fatal(err)
	}
	get := func() string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/api/f", nil))
		return w.Body.String()
	}
	if got := get(); got != "one" {
		t.Errorf("before: %q", got)
	}
	if err := h.Reload(answer("two")); err != nil {
		t.Fatal(err)
	}
	if got := get(); got != "two" {
		t.Errorf("after: %q", got)
	}
	bad := answer("three")
	bad.Prefix = "runtime"
	if h.Reload(bad) == nil {
		t.Error("a bad configuration was taken")
	}
	if got := get(); got != "two" {
		t.Errorf("after a bad one: %q", got)
	}
}

func TestHostLogsNoKeys(t *testing.T) {
	var log bytes.Buffer
	h := newHost(t, host2, false, func(c *trigger.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	for _, target := range []string{"/api/httpexample", "/api/none", "/api/products/books", "/admin/host/status", "/api/maintain"} {
		for _, k := range []string{hostKey, fnKey, masterKey} {
			r := httptest.NewRequest("GET", target+"?code="+k, nil)
			h.ServeHTTP(httptest.NewRecorder(), r)
			r = httptest.NewRequest("GET", target, nil)
			r.Header.Set("X-Functions-Key", k)
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
	}
	for _, k := range []string{hostKey, fnKey, masterKey} {
		if strings.Contains(log.String(), k) {
			t.Errorf("the log has %q:\n%s", k, log.String())
		}
	}
	if !strings.Contains(log.String(), "Executed HTTP request") {
		t.Errorf("no request lines:\n%s", log.String())
	}
}

func TestHostIdentityRemoved(t *testing.T) {
	h, err := trigger.NewHost(trigger.Config{Functions: []trigger.Function{{Name: "f", Level: keys.Anonymous,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for name := range r.Header {
				fmt.Fprintln(w, name)
			}
			if inv, _ := trigger.FromContext(r.Context()); inv.Principal != nil {
				fmt.Fprintln(w, inv.Principal)
			}
		})}}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/api/f", nil)
	r.Header.Set("X-MS-CLIENT-PRINCIPAL", "e30=")
	r.Header.Set("X-MS-CLIENT-PRINCIPAL-ID", "1")
	r.Header.Set("X-MS-TOKEN-AAD-ID-TOKEN", "t")
	r.Header.Set("X-Other", "kept")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if got := w.Body.String(); got != "X-Other\n" {
		t.Errorf("the function sees %q", got)
	}
	if r.Header.Get("X-MS-CLIENT-PRINCIPAL-ID") == "" {
		t.Error("the caller's own request was changed")
	}
}
