package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

var okHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })

func anonymous(h http.Handler) []trigger.Function {
	return []trigger.Function{{Name: "f", Level: keys.Anonymous, Handler: h}}
}

func mustHost(t testing.TB, c trigger.Config) *trigger.Host {
	t.Helper()
	h, err := trigger.NewHost(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func record(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestCustomHeadersAndHSTS(t *testing.T) {
	const config = `{"version":"2.0","extensions":{"http":{"customHeaders":{"X-Own":"v","X-Set":"host"},
		"hsts":{"isEnabled":true,"maxAge":"10","excludedHosts":["other.test"]}}}}`
	app := testApp(t, config, false)
	handlers := testHandlers()
	handlers["health"] = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Set", "function") })
	handlers["upload"] = trigger.Func(func(context.Context, *trigger.Request) (any, error) {
		return &trigger.Response{Header: http.Header{"X-Set": {"typed"}, "Strict-Transport-Security": {"max-age=1"}}}, nil
	})
	h := mustHost(t, trigger.Config{App: app, Handlers: handlers, Keys: newResolver(t, false)})
	tests := []struct{ method, url, set, hsts string }{
		{"GET", "https://app.test/api/health", "function", "max-age=864000"},
		{"POST", "https://app.test/api/upload", "typed", "max-age=864000"},
		{"GET", "http://app.test/api/health", "function", ""},
		{"GET", "https://OTHER.test:8443/api/health", "function", ""},
		{"GET", "https://localhost:7071/api/health", "function", ""},
		{"GET", "https://[::1]/api/health", "function", ""},
		{"GET", "https://app.test/api/none", "host", "max-age=864000"},
		{"GET", "https://app.test/api/httpexample", "host", "max-age=864000"},
		{"GET", "https://app.test/api/panics", "host", "max-age=864000"},
		{"GET", "https://app.test/", "host", "max-age=864000"},
		{"GET", "https://app.test/admin/host/ping", "host", "max-age=864000"},
	}
	for _, tt := range tests {
		w := record(h, httptest.NewRequest(tt.method, tt.url, nil))
		if got := w.Header(); got.Get("X-Own") != "v" || !slices.Equal(got["X-Set"], []string{tt.set}) || got.Get("Strict-Transport-Security") != tt.hsts {
			t.Errorf("%s %s: %v, want X-Set %q, HSTS %q", tt.method, tt.url, got, tt.set, tt.hsts)
		}
	}
}

func TestCORS(t *testing.T) {
	host := func(c trigger.CORSConfig) *trigger.Host {
		return mustHost(t, trigger.Config{CORS: &c, Keys: newResolver(t, false), Functions: []trigger.Function{{Name: "f", Handler: okHandler}}})
	}
	listed := host(trigger.CORSConfig{AllowedOrigins: []string{"https://a.test"}, Credentials: true})
	anyone := host(trigger.CORSConfig{AllowedOrigins: []string{"*"}})
	tests := []struct {
		name           string
		h              http.Handler
		method, origin string
		wants          string // of a preflight
		status         int
		allow, methods string
	}{
		{"listed", listed, "GET", "https://a.test", "", 401, "https://a.test", ""},
		{"by another case", listed, "GET", "HTTPS://A.TEST", "", 401, "", ""},
		{"not listed", listed, "GET", "https://b.test", "", 401, "", ""},
		{"preflight needs no key", listed, "OPTIONS", "https://a.test", "PUT", 204, "https://a.test", "PUT"},
		{"preflight of another", listed, "OPTIONS", "https://b.test", "PUT", 204, "", ""},
		{"OPTIONS that is none", listed, "OPTIONS", "https://a.test", "", 401, "https://a.test", ""},
		{"forged method", listed, "OPTIONS", "https://a.test", "a\r\nb: c", 204, "https://a.test", ""},
		{"anyone", anyone, "GET", "https://b.test", "", 401, "*", ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, "/api/f", nil)
		r.Header.Set("Origin", tt.origin)
		if tt.wants != "" {
			r.Header.Set("Access-Control-Request-Method", tt.wants)
			r.Header.Set("Access-Control-Request-Headers", "x-a, x-b")
		}
		w := record(tt.h, r)
		h := w.Header()
		if w.Code != tt.status || h.Get("Access-Control-Allow-Origin") != tt.allow || h.Get("Access-Control-Allow-Methods") != tt.methods {
			t.Errorf("%s: %d %v, want %d, origin %q, methods %q", tt.name, w.Code, h, tt.status, tt.allow, tt.methods)
		}
		if tt.allow != "" && tt.allow != "*" && (h.Get("Vary") != "Origin" || h.Get("Access-Control-Allow-Credentials") != "true") {
			t.Errorf("%s: %v, want Vary and credentials", tt.name, h)
		}
		if tt.methods != "" && h.Get("Access-Control-Allow-Headers") != "x-a,x-b" {
			t.Errorf("%s: Allow-Headers %q", tt.name, h.Get("Access-Control-Allow-Headers"))
		}
	}
}

func TestProblem(t *testing.T) {
	h := mustHost(t, trigger.Config{Deny: trigger.Problem, Keys: newResolver(t, false), Functions: []trigger.Function{
		{Name: "f", Handler: okHandler},
		{Name: "sum", Level: keys.Anonymous, Handler: trigger.JSON(func(_ context.Context, in struct{ A int }) (int, error) { return in.A, nil })},
		{Name: "boom", Level: keys.Anonymous, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret") })},
	}})
	tests := []struct{ method, target, body, want string }{
		{"GET", "/api/f", "", `{"type":"about:blank","title":"Unauthorized","status":401}`},
		{"GET", "/api/none", "", `{"type":"about:blank","title":"Not Found","status":404}`},
		{"GET", "/api/boom", "", `{"type":"about:blank","title":"Internal Server Error","status":500}`},
		{"POST", "/api/sum", `{"a":"x"}`, `{"type":"about:blank","title":"Bad Request","status":400,"detail":"a JSON string is no whole number in range","field":"A","source":"body","offset":8}`},
		{"HEAD", "/api/f", "", ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, tt.target, strings.NewReader(tt.body))
		if tt.body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		w := record(h, r)
		if w.Body.String() != tt.want || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %q %q, want %q", tt.target, w.Header().Get("Content-Type"), w.Body, tt.want)
		}
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		h := mustHost(t, trigger.Config{Functions: []trigger.Function{
			{Name: "typed", Level: keys.Anonymous, Timeout: time.Second, Handler: trigger.Func(func(ctx context.Context, _ *trigger.Request) (any, error) {
				<-ctx.Done()
				err = ctx.Err()
				return nil, err
			})},
			{Name: "plain", Level: keys.Anonymous, Timeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				child, stop := context.WithCancel(r.Context())
				defer stop()
				<-child.Done()
				err = context.Cause(child)
			})},
			{Name: "late", Level: keys.Anonymous, Timeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				w.WriteHeader(http.StatusAccepted)
			})},
			{Name: "quick", Level: keys.Anonymous, Timeout: time.Second, Handler: okHandler},
		}})
		for name, want := range map[string]int{"typed": 500, "plain": 500, "late": 202, "quick": 200} {
			err = nil
			if w := record(h, httptest.NewRequest("GET", "/api/"+name, nil)); w.Code != want {
				t.Errorf("%s: %d, want %d", name, w.Code, want)
			}
			if (name == "typed" || name == "plain") && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: the context ended with %v", name, err)
			}
		}
	})
}

func TestContextOfInvocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := mustHost(t, trigger.Config{Functions: []trigger.Function{{Name: "f", Level: keys.Anonymous, Timeout: time.Second,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ctx := r.Context()
				if d, ok := ctx.Deadline(); !ok || time.Until(d) != time.Second {
					t.Errorf("Deadline() = %v, %t", d, ok)
				}
				if ctx.Err() != nil {
					t.Errorf("Err() = %v before the deadline", ctx.Err())
				}
				time.Sleep(2 * time.Second)
				if ctx.Err() != context.DeadlineExceeded {
					t.Errorf("Err() = %v after the deadline", ctx.Err())
				}
				select {
				case <-ctx.Done():
				default:
					t.Error("Done() is open after the deadline")
				}
			})}}})
		record(h, httptest.NewRequest("GET", "/api/f", nil))
	})
}

func TestResponseTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finished := make(chan error, 1)
		var log bytes.Buffer
		h := mustHost(t, trigger.Config{ResponseTimeout: time.Minute, Logger: slog.New(slog.NewTextHandler(&log, nil)), Functions: []trigger.Function{
			{Name: "slow", Level: keys.Anonymous, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Hour)
				_, err := io.WriteString(w, "too late")
				finished <- errors.Join(err, r.Context().Err())
			})},
			{Name: "begun", Level: keys.Anonymous, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-A", "1")
				io.WriteString(w, "begun, ")
				time.Sleep(time.Hour)
				io.WriteString(w, "ended")
			})},
			{Name: "quick", Level: keys.Anonymous, Handler: okHandler},
			{Name: "panics", Level: keys.Anonymous, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })},
			{Name: "nothing", Level: keys.Anonymous, Handler: returns(nil, nil)},
		}})
		for _, tt := range []struct {
			name   string
			status int
			body   string
		}{{"slow", 502, ""}, {"begun", 200, "begun, ended"}, {"quick", 200, "ok"}, {"panics", 500, ""}, {"nothing", 204, ""}} {
			w := record(h, httptest.NewRequest("GET", "/api/"+tt.name, nil))
			if w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("%s: %d %q, want %d %q", tt.name, w.Code, w.Body, tt.status, tt.body)
			}
		}
		err := <-finished
		if err == nil || strings.Contains(err.Error(), "context") {
			t.Errorf("after its time the function got %v, want a writer that says so and a context that lives", err)
		}
	})
}

// A function that goes on after the caller was answered shares nothing with that
// answer: neither its header, nor what the hooks are told.
func TestResponseTimeoutLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		header, told := make(chan http.Header, 1), make(chan trigger.Outcome, 1)
		h := mustHost(t, trigger.Config{
			ResponseTimeout: time.Minute,
			Logger:          slog.New(slog.NewTextHandler(io.Discard, nil)),
			Hooks:           trigger.Hooks{Done: func(_ context.Context, _ *trigger.Invocation, out trigger.Outcome) { told <- out }},
			Functions: []trigger.Function{{Name: "slow", Level: keys.Anonymous, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Minute) // as long as the answer takes
				returns("late", nil).ServeHTTP(w, r)
				header <- w.Header()
			})}},
		})
		w := record(h, httptest.NewRequest("GET", "/api/slow", nil))
		if out, late := <-told, <-header; out.Status != w.Code || w.Code == 502 && w.Header().Get("Content-Type") != "" {
			t.Errorf("%d %v, told of %d, the function has %v", w.Code, w.Header(), out.Status, late)
		}
	})
}

// The header that the function first asks for afterwards is not the one of the answer,
// which the server may be writing, and that of its request is not the one that the log
// reads.
func TestResponseTimeoutHeader(t *testing.T) {
	release, header := make(chan bool), make(chan http.Header)
	h := mustHost(t, trigger.Config{ResponseTimeout: 1, Functions: []trigger.Function{
		{Name: "slow", Level: keys.Anonymous, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-release
			r.Header.Set("X-Late", "1")
			r.URL.Path = "/late"
			header <- w.Header()
		})},
	}})
	r := httptest.NewRequest("GET", "/api/slow", nil)
	w := record(h, r)
	w.Header().Set("X-Answered", "1")
	release <- true
	if got := <-header; w.Code != 502 || len(got) != 0 {
		t.Errorf("%d, and then the function sees %v, want 502 and nothing of it", w.Code, got)
	}
	if r.Header.Get("X-Late") != "" || r.URL.Path != "/api/slow" {
		t.Errorf("the caller's request became %s %v", r.URL, r.Header)
	}
}

func TestHooks(t *testing.T) {
	type contextKey struct{}
	var seen []string
	var outcome trigger.Outcome
	h := mustHost(t, trigger.Config{
		Keys: newResolver(t, false),
		Hooks: trigger.Hooks{
			Start: func(ctx context.Context, inv *trigger.Invocation, r *http.Request) context.Context {
				seen = append(seen, "start "+inv.Function+" "+r.RequestURI)
				return context.WithValue(ctx, contextKey{}, "span")
			},
			Done: func(ctx context.Context, inv *trigger.Invocation, out trigger.Outcome) {
				outcome = out
				seen = append(seen, "done "+inv.Function+" "+ctx.Value(contextKey{}).(string))
			},
			Refused: func(_ context.Context, function string, r *http.Request, err error) {
				seen = append(seen, "refused "+function+" "+r.RequestURI)
			},
		},
		Functions: []trigger.Function{
			{Name: "f", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if inv, ok := trigger.FromContext(r.Context()); !ok || inv.Function != "f" || r.Context().Value(contextKey{}) != "span" {
					t.Error("the function's context lacks invocation or span")
				}
			})},
			{Name: "e", Level: keys.Anonymous, Handler: returns(nil, errors.New("own"))},
			{Name: "p", Level: keys.Anonymous, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })},
		},
	})
	for _, target := range []string{"/api/f?code=" + hostKey, "/api/f?a=b&code=wrong", "/api/none?code=" + hostKey} {
		record(h, httptest.NewRequest("GET", target, nil))
	}
	want := []string{"start f /api/f", "done f span", "refused f /api/f?a=b", "refused  /api/none"}
	if !slices.Equal(seen, want) {
		t.Errorf("hooks %q, want %q", seen, want)
	}
	record(h, httptest.NewRequest("GET", "/api/e", nil))
	if outcome.Status != 500 || outcome.Err == nil || outcome.Err.Error() != "own" {
		t.Errorf("outcome of an error: %+v", outcome)
	}
	record(h, httptest.NewRequest("GET", "/api/p", nil))
	if outcome.Status != 500 || outcome.Panic != "boom" {
		t.Errorf("outcome of a panic: %+v", outcome)
	}
}

func TestAbort(t *testing.T) {
	gate, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 1})
	if err != nil {
		t.Fatal(err)
	}
	h := mustHost(t, trigger.Config{Gate: gate, Functions: anonymous(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}))})
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler {
				t.Errorf("recovered %v, want http.ErrAbortHandler", p)
			}
		}()
		record(h, httptest.NewRequest("GET", "/api/f", nil))
	}()
	if s := gate.Stats(); s.Running != 0 || h.Running() != 0 {
		t.Errorf("after a panic %d are running in the gate, %d in the host", s.Running, h.Running())
	}
}

func TestPanicBehindWrappers(t *testing.T) {
	h := mustHost(t, trigger.Config{Functions: anonymous(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			io.WriteString(w, "half")
			http.NewResponseController(w).Flush()
		}
		panic("boom")
	}))})
	wrapped := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(&remembering{ResponseWriter: w}, r) })
	for _, http2 := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(wrapped)
		srv.EnableHTTP2 = http2
		srv.StartTLS()
		t.Cleanup(srv.Close)
		resp, err := srv.Client().Get(srv.URL + "/api/f")
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(resp.Body); resp.StatusCode != 500 || len(body) != 0 || err != nil {
			t.Errorf("HTTP/2 %t: %d %q %v, want an empty 500", http2, resp.StatusCode, body, err)
		}
		resp, err = srv.Client().Get(srv.URL + "/api/f?started")
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(resp.Body); resp.StatusCode != 200 || string(body) != "half" || err == nil {
			t.Errorf("HTTP/2 %t, started: %d %q %v, want a cut answer", http2, resp.StatusCode, body, err)
		}
	}
}

// remembering is a wrapper as middleware has it.
type remembering struct {
	http.ResponseWriter
	wrote bool
}

func (m *remembering) WriteHeader(status int) {
	if !m.wrote {
		m.wrote = true
		m.ResponseWriter.WriteHeader(status)
	}
}

func (m *remembering) Unwrap() http.ResponseWriter { return m.ResponseWriter }

func TestOffline(t *testing.T) {
	h := newHost(t, host2, false, nil)
	h.SetOffline(true, []byte("<p>Back soon"))
	if w := record(h, httptest.NewRequest("GET", "/api/health", nil)); w.Code != 503 || w.Body.String() != "<p>Back soon" {
		t.Errorf("offline: %d %q", w.Code, w.Body)
	}
	r := httptest.NewRequest("PUT", "/admin/host/state", strings.NewReader(`"running"`))
	r.Header.Set("X-Functions-Key", masterKey)
	r.Header.Set("Content-Type", "application/json")
	if w := record(h, r); w.Code != 202 {
		t.Errorf("back to running: %d", w.Code)
	}
	if w := record(h, httptest.NewRequest("GET", "/api/health", nil)); w.Code != 200 {
		t.Errorf("running: %d", w.Code)
	}
}

func TestServe(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	h := mustHost(t, trigger.Config{Functions: anonymous(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		io.WriteString(w, "done")
	}))})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- trigger.Serve(ctx, &http.Server{Handler: h}, l, time.Minute) }()
	answer := make(chan string, 1)
	go func() {
		_, body := do(t, "http://"+l.Addr().String(), "GET", "/api/f", nil, nil)
		answer <- body
	}()
	<-entered
	stop()
	close(release)
	if got := <-answer; got != "done" {
		t.Errorf("the running request got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v", err)
	}
}

func TestRedact(t *testing.T) {
	tests := []struct{ in, want, compat string }{
		{"Token=1234456789ab,Test=bar<Other=bar", "[Hidden Credential]<Other=bar", "[Hidden Credential]<Other=bar"},
		{"x?code=abc&name=Joe", "x?code=[Hidden Credential]&name=Joe", "x[Hidden Credential]"},
		{"GET /a?b=c&sig=x%3D HTTP/1.1", "GET /a?b=c&sig=[Hidden Credential] HTTP/1.1", "GET /a?b=c[Hidden Credential]"},
		{"PublicKeyToken=abc", "PublicKeyToken=abc", "PublicKeyToken=abc"},
		{"PublicKeyToken=abc, Token=x", "PublicKeyToken=abc, [Hidden Credential]", "PublicKeyToken=abc, [Hidden Credential]"},
		{"test,aaa://aaa:aaaaaa1111aa@aaa.aaa.io:1111,test", "test,[Hidden Credential],test", "test,[Hidden Credential],test"},
		{"nothing here", "nothing here", "nothing here"},
		{"", "", ""},
		{"PASSWORD=x\xff'é", "[Hidden Credential]'é", "[Hidden Credential]'é"},
		{"x?code=[Hidden Credential]abc&y=1 z", "x?code=[Hidden Credential]&y=1 z", "x[Hidden Credential]"},
	}
	for _, tt := range tests {
		if got := trigger.Redact(tt.in); got != tt.want {
			t.Errorf("Redact(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if got := trigger.RedactCompat(tt.in); got != tt.compat {
			t.Errorf("RedactCompat(%q) = %q, want %q", tt.in, got, tt.compat)
		}
		for _, text := range []string{tt.want, tt.compat} { // what is hidden stays as it is
			if again := trigger.Redact(text); again != text {
				t.Errorf("Redact(%q) = %q, want it kept", text, again)
			}
		}
	}
}

func TestRedactHandler(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(trigger.RedactHandler(slog.NewJSONHandler(&out, nil))).With("Authorization", "Bearer hush").WithGroup("g")
	log.Info("GET /?code=hush", "x-functions-key", "hush", "url", "/a?sig=hush", slog.Group("h", "cookie", "hush"), "err", errors.New("pwd=hush"), "n", 1)
	if strings.Contains(out.String(), "hush") || !json.Valid(out.Bytes()) {
		t.Errorf("%s", out.String())
	}
}

func TestW3CLog(t *testing.T) {
	var out bytes.Buffer
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	h := mustHost(t, trigger.Config{
		AccessLog: &trigger.W3CLog{W: &out, Site: "site"}, Now: func() time.Time { return at },
		Functions: anonymous(returns(nil, nil)),
	})
	r := httptest.NewRequest("GET", "/api/f?a=b&CODE=hush&sig=hush#x", nil)
	r.Header.Set("User-Agent", "Agent 1.0\n2026-01-01 forged")
	r.Header.Set("Cookie", "hush")
	r.Header.Set("Referer", "http://x/?code=hush")
	record(h, r)
	record(h, httptest.NewRequest("GET", "/api/none", nil))
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[3], "#Fields: date time ") || strings.Contains(out.String(), "hush") {
		t.Fatalf("%s", out.String())
	}
	fields := len(strings.Fields(lines[3])) - 1
	for _, line := range lines[4:] {
		if got := len(strings.Split(line, " ")); got != fields {
			t.Errorf("%d fields, want %d: %s", got, fields, line)
		}
	}
	if !strings.HasPrefix(lines[4], "2026-01-02 02:04:05 site GET /api/f a=b&CODE=[Hidden+Credential]&sig=[Hidden+Credential] ") ||
		!strings.Contains(lines[4], " 204 ") || !strings.Contains(lines[5], " 404 ") {
		t.Errorf("%s", out.String())
	}
}

func FuzzHost(f *testing.F) {
	h := mustHost(f, trigger.Config{Keys: newResolver(f, false), Functions: []trigger.Function{
		{Name: "a", Route: "{*rest}", Handler: okHandler}, {Name: "b", Route: "x/{id:int?}", Level: keys.Anonymous, Handler: returns("x", nil)},
	}})
	f.Add("GET", "/api/x/1", "code=1", "*/*", "Origin", "x")
	f.Add("PUT", "/admin/host/state", "", "", "Content-Type", "application/json")
	f.Fuzz(func(t *testing.T, method, path, query, accept, name, value string) {
		r, err := http.NewRequest("GET", "http://x/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Method, r.URL.Path, r.URL.RawQuery = method, path, query
		r.Header["Accept"] = []string{accept}
		r.Header[http.CanonicalHeaderKey(name)] = []string{value}
		w := record(h, r)
		if w.Code >= 500 && w.Code != 503 {
			t.Errorf("%s %q?%q: %d", method, path, query, w.Code)
		}
	})
}
