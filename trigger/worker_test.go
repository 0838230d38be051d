package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/trigger"
)

// workerHost is a host whose functions "Echo" and "Out" run in a program.
func workerHost(t *testing.T, forward bool, worker *trigger.Worker, program http.HandlerFunc) *trigger.Host {
	t.Helper()
	p := httptest.NewServer(program)
	t.Cleanup(p.Close)
	text := `{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"program"},"enableForwardingHttpRequest":` + map[bool]string{true: "true", false: "false"}[forward] + `}}`
	anonymous := strings.ReplaceAll(plain, `"name":"req"`, `"name":"req","authLevel":"anonymous"`)
	app, err := trigger.LoadApp(files("host.json", text, "Echo/function.json", anonymous,
		"Out/function.json", strings.ReplaceAll(anonymous, "$return", "res")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if worker.URL == "" {
		worker.URL = p.URL
	}
	handlers, err := worker.Handlers(app)
	if err != nil {
		t.Fatal(err)
	}
	host, err := trigger.NewHost(trigger.Config{App: app, Handlers: handlers, NoAdmin: true})
	if err != nil {
		t.Fatal(err)
	}
	return host
}

func TestWorkerForwards(t *testing.T) {
	var got *http.Request
	var body []byte
	host := workerHost(t, true, &trigger.Worker{Version: "1.2"}, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Location", "/elsewhere")
		w.Header()["Content-Type"] = nil
		w.WriteHeader(http.StatusFound)
		_, _ = io.WriteString(w, "moved")
	})
	r := httptest.NewRequest("PUT", "http://app.test/api/echo?a=1;b&c", io.MultiReader(strings.NewReader("chunked")))
	r.Header.Set("X-Forwarded-For", "192.0.2.1")
	w := httptest.NewRecorder()
	host.ServeHTTP(w, r)
	if w.Code != http.StatusFound || w.Header().Get("Location") != "/elsewhere" || w.Body.String() != "moved" || w.Header()["Content-Type"] != nil {
		t.Errorf("answer %d %v %q", w.Code, w.Header(), w.Body)
	}
	if got.Method != "PUT" || got.RequestURI != "/api/echo?a=1;b&c" || string(body) != "chunked" || got.Host != "app.test" {
		t.Errorf("the program got %s %s %q for %s", got.Method, got.RequestURI, body, got.Host)
	}
	if h := got.Header; h.Get("X-Forwarded-For") != "192.0.2.1" || h.Get("X-Azure-Functions-InvocationId") == "" ||
		h.Get("User-Agent") != "Azure-Functions-Host/1.2" || h.Get("X-Azure-Functions-HostVersion") != "1.2" {
		t.Errorf("the program got the header %v", h)
	}
}

// The fields of a forwarded answer replace those that the host has set, but for
// its own, and survive an informational answer before it; a type that the program
// does not name is not guessed, whenever the first byte comes.
func TestWorkerFields(t *testing.T) {
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Content-Type"] = nil
		if r.URL.Query().Has("hint") {
			h.Set("Link", "</a.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			h.Del("Link")
		}
		if r.URL.Query().Has("fail") {
			panic(http.ErrAbortHandler)
		}
		if r.URL.Query().Has("set") {
			h["X-Set"] = []string{"program", "twice"}
			h.Set("Content-Type", "text/own")
			h.Set("Vary", "Accept")
			h.Set("Access-Control-Allow-Origin", "https://other.test")
		}
		_, _ = io.WriteString(w, "<html>")
	}))
	defer program.Close()
	app, err := trigger.LoadApp(files("host.json", `{"version":"2.0","extensions":{"http":{"customHeaders":{"X-Own":"v","X-Set":"host"}}},
		"customHandler":{"description":{"defaultExecutablePath":"program"},"enableForwardingHttpRequest":true}}`,
		"Echo/function.json", strings.ReplaceAll(plain, `"name":"req"`, `"name":"req","authLevel":"anonymous"`)), nil)
	if err != nil {
		t.Fatal(err)
	}
	app.Host.CORS = &trigger.CORSConfig{AllowedOrigins: []string{"https://page.test"}}
	handlers, err := (&trigger.Worker{URL: program.URL}).Handlers(app)
	if err != nil {
		t.Fatal(err)
	}
	host, err := trigger.NewHost(trigger.Config{App: app, Handlers: handlers, NoAdmin: true})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(host)
	defer server.Close()
	tests := []struct {
		query     string
		set, vary []string
		ctype     []string
	}{
		{"hint&fail", []string{"host"}, []string{"Origin"}, nil},
		{"", []string{"host"}, []string{"Origin"}, nil},
		{"hint", []string{"host"}, []string{"Origin"}, nil},
		{"set", []string{"program", "twice"}, []string{"Origin", "Accept"}, []string{"text/own"}},
		{"set&hint", []string{"program", "twice"}, []string{"Origin", "Accept"}, []string{"text/own"}},
	}
	for _, tt := range tests {
		for range 50 { // what is sent first, the fields or the body with them, is a race
			r, err := http.NewRequest("GET", server.URL+"/api/echo?"+tt.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", "https://page.test")
			resp, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err != nil || string(body) != map[int]string{200: "<html>", 502: ""}[resp.StatusCode] || (resp.StatusCode == 502) != strings.Contains(tt.query, "fail") {
				t.Fatalf("?%s: body %q, %v", tt.query, body, err)
			}
			want := map[string][]string{"X-Own": {"v"}, "X-Set": tt.set, "Vary": tt.vary, "Content-Type": tt.ctype,
				"Access-Control-Allow-Origin": {"https://page.test"}, "Link": nil}
			for name, values := range want {
				if got := resp.Header[name]; !slices.Equal(got, values) {
					t.Fatalf("?%s: %s: %q, want %q", tt.query, name, got, values)
				}
			}
		}
	}
}

func TestWorkerDescribes(t *testing.T) {
	var got struct{ Data, Metadata map[string]json.RawMessage }
	var logged bytes.Buffer
	host := workerHost(t, false, &trigger.Worker{Logger: slog.New(slog.NewTextHandler(&logged, nil))}, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.URL.Path != "/Out" {
			t.Errorf("the program got %s %s", r.Method, r.URL)
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"Logs":["a line"],"Outputs":{"res":{"statusCode":"201","headers":{"x-a":1},"body":{"b":[true]}}}}`)
	})
	r := httptest.NewRequest("POST", "http://app.test/api/out?q=1&q=2", strings.NewReader(`{"m":7}`))
	r.Header.Set("X-B", "c")
	w := httptest.NewRecorder()
	host.ServeHTTP(w, r)
	if w.Code != 201 || w.Header().Get("X-A") != "1" || w.Body.String() != `{"b":[true]}` || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("answer %d %v %q", w.Code, w.Header(), w.Body)
	}
	want := `{"Url":"http://app.test/api/out?q=1&q=2","Method":"POST","Query":{"q":"1,2"},"Headers":{"Host":["app.test"],"X-B":["c"]},"Params":{},"Identities":[],"Body":"{\"m\":7}"}`
	if string(got.Data["req"]) != want {
		t.Errorf("Data.req is\n%s\nwant\n%s", got.Data["req"], want)
	}
	if string(got.Metadata["m"]) != `"\"7\""` || string(got.Metadata["q"]) != `"\"2\""` || got.Metadata["sys"] == nil {
		t.Errorf("Metadata is %s", got.Metadata)
	}
	if !strings.Contains(logged.String(), "a line") {
		t.Errorf("the log has %q", logged.String())
	}
}

// The trace context of the caller goes on to the program, in both ways to ask it;
// one that is malformed is not made part of a request of the host's own.
func TestWorkerTraceContext(t *testing.T) {
	const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, forward := range []bool{false, true} {
		for _, tt := range []struct{ sent, state, want, wantState string }{
			{good, "vendor=x", good, "vendor=x"},
			{good, "", good, ""},
			{"", "vendor=x", "", ""},
			{"00-nonsense", "vendor=x", "", ""},
		} {
			if forward && tt.sent != good {
				tt.want, tt.wantState = tt.sent, tt.state // the request is the caller's
			}
			var got http.Header
			host := workerHost(t, forward, &trigger.Worker{}, func(w http.ResponseWriter, r *http.Request) {
				got = r.Header
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{}`)
			})
			r := httptest.NewRequest("GET", "/api/echo", nil)
			for name, value := range map[string]string{"Traceparent": tt.sent, "Tracestate": tt.state} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			host.ServeHTTP(httptest.NewRecorder(), r)
			if got.Get("Traceparent") != tt.want || got.Get("Tracestate") != tt.wantState {
				t.Errorf("forward %v, %q %q: the program got %q %q, want %q %q", forward, tt.sent, tt.state,
					got.Get("Traceparent"), got.Get("Tracestate"), tt.want, tt.wantState)
			}
		}
	}
}

// The program is told the address that the client asked, below another router too.
func TestWorkerURLBelowPrefix(t *testing.T) {
	for target, want := range map[string]string{
		"/apps/one/api/out?q=1":  "http://app.test/apps/one/api/out?q=1",
		"/apps/one/api/%6Fut?":   "http://app.test/apps/one/api/%6Fut?",
		"/apps/one/api/x/../out": "http://app.test/apps/one/api/out",
		"/api/out":               "http://app.test/api/out",
	} {
		var got struct {
			Data map[string]struct {
				URL string `json:"Url"`
			}
		}
		var h http.Handler = workerHost(t, false, &trigger.Worker{}, func(w http.ResponseWriter, r *http.Request) {
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
				t.Error(err)
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{}`)
		})
		if strings.HasPrefix(target, "/apps/one") {
			h = http.StripPrefix("/apps/one", h)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "http://app.test"+target, nil))
		if got.Data["req"].URL != want {
			t.Errorf("%s: %d, Url %q, want %q", target, w.Code, got.Data["req"].URL, want)
		}
	}
}

func TestWorkerAwait(t *testing.T) {
	p := httptest.NewServer(http.NotFoundHandler())
	defer p.Close()
	if err := (&trigger.Worker{URL: p.URL}).Await(t.Context()); err != nil {
		t.Errorf("404 from /: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&trigger.Worker{URL: "http://127.0.0.1:1"}).Await(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestWorkerFailures(t *testing.T) {
	say := func(status int, ctype, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", ctype)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	nobody := "http://127.0.0.1:1"
	tests := []struct {
		name    string
		forward bool
		worker  trigger.Worker
		program http.HandlerFunc
		want    int
	}{
		{"not there", false, trigger.Worker{URL: nobody}, cut, 502},
		{"not there, forwarding", true, trigger.Worker{URL: nobody}, cut, 502},
		{"connection cut", false, trigger.Worker{}, cut, 502},
		{"connection cut, forwarding", true, trigger.Worker{}, cut, 502},
		{"status", false, trigger.Worker{}, say(404, "application/json", `{}`), 500},
		{"status, forwarding", true, trigger.Worker{}, say(404, "application/json", `{}`), 404},
		{"no JSON type", false, trigger.Worker{}, say(200, "text/plain", `{}`), 500},
		{"bad JSON", false, trigger.Worker{}, say(200, "application/json", `{`), 500},
		{"no object", false, trigger.Worker{}, say(200, "application/json", `[]`), 500},
		{"nothing", false, trigger.Worker{}, say(200, "application/json", ``), 500},
		{"null", false, trigger.Worker{}, say(200, "application/json", `null`), 500},
		{"too long", false, trigger.Worker{MaxAnswer: 10}, say(200, "application/json", `{"Outputs":{}}`), 500},
		{"no outputs", false, trigger.Worker{}, say(200, "application/json", `{}`), 204},
		{"text/json", false, trigger.Worker{}, say(200, "text/json; charset=utf-8", `{}`), 204},
		{"JSON of a vendor", false, trigger.Worker{}, say(200, "application/vnd.x+json", `{}`), 500},
		{"single quotes", false, trigger.Worker{}, say(200, "application/json", `{'Outputs':{}}`), 500},
		{"outputs that are a list", false, trigger.Worker{}, say(200, "application/json", `{"Outputs":[]}`), 500},
		{"outputs that are a text", false, trigger.Worker{}, say(200, "application/json", `{"Outputs":"x"}`), 500},
		{"outputs that are null", false, trigger.Worker{}, say(200, "application/json", `{"Outputs":null}`), 204},
		{"log that is a text", false, trigger.Worker{}, say(200, "application/json", `{"Logs":"x"}`), 500},
		{"log with an object", false, trigger.Worker{}, say(200, "application/json", `{"Logs":["a",{}]}`), 500},
		{"log of scalars", false, trigger.Worker{}, say(200, "application/json", `{"Logs":["a",1,true,null]}`), 204},
		{"output that is a number", false, trigger.Worker{}, say(200, "application/json", `{"Outputs":{"res":5}}`), 500},
		{"status out of range", false, trigger.Worker{}, say(200, "application/json", `{"Outputs":{"res":{"statusCode":99}}}`), 500},
		{"field that cannot be", false, trigger.Worker{}, say(200, "application/json", `{"Outputs":{"res":{"headers":{"a b":"c"}}}}`), 500},
		{"field with a line break", false, trigger.Worker{}, say(200, "application/json", `{"Outputs":{"res":{"headers":{"a":"b\r\nc: d"}}}}`), 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			host := workerHost(t, tt.forward, &tt.worker, tt.program)
			w := httptest.NewRecorder()
			host.ServeHTTP(w, httptest.NewRequest("GET", "/api/out", nil))
			if w.Code != tt.want || tt.want >= 500 && w.Body.Len() > 0 {
				t.Errorf("answer %d %q, want %d", w.Code, w.Body, tt.want)
			}
		})
	}
}

// A transportFunc answers for a program.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// An answerBody is the text of an answer, then blanks up to size bytes; it
// counts what is read of it.
type answerBody struct {
	text       string
	size, read int64
	closed     bool
}

func (b *answerBody) Read(p []byte) (int, error) {
	if b.read == b.size {
		return 0, io.EOF
	}
	n := 0
	for ; n < len(p) && b.read < b.size; n++ {
		if p[n] = ' '; b.read < int64(len(b.text)) {
			p[n] = b.text[b.read]
		}
		b.read++
	}
	return n, nil
}

func (b *answerBody) Close() error {
	b.closed = true
	return nil
}

// The bound of a described answer includes its last byte. No more than one byte
// beyond it is read, and nothing of an answer that is declared to be longer.
func TestWorkerMaxAnswer(t *testing.T) {
	const text, endless = `{"Outputs":{"res":{"body":"x"}}}`, 1 << 40
	const size, byDefault = int64(len(text)), 104_857_600
	tests := []struct {
		name            string
		max             int64
		size, declared  int64 // -1 is not declared
		status          int
		want, wantReads int64
	}{
		{"fits", size, size, size, 200, 200, size},
		{"fits, not declared", size, size, -1, 200, 200, size},
		{"fits with blanks", size + 5, size + 5, size + 5, 200, 200, size + 5},
		{"a byte too long", size - 1, size, size, 200, 500, 0},
		{"a byte too long, not declared", size - 1, size, -1, 200, 500, size},
		{"the text fits, blanks do not", size, size + 1, -1, 200, 500, size + 1},
		{"endless", size, endless, -1, 200, 500, size + 1},
		{"endless, another status", size, endless, -1, 404, 500, size + 1},
		{"declared to be huge", size, endless, endless, 200, 500, 0},
		{"no bound to speak of", math.MaxInt64, size, -1, 200, 200, size},
		{"default, fits", 0, size, size, 200, 200, size},
		{"default, declared to be a byte too long", 0, byDefault + 1, byDefault + 1, 200, 500, 0},
		{"a bound of less than nothing", -1, size, -1, 200, 500, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var logged bytes.Buffer
			body := &answerBody{text: text, size: tt.size}
			host := workerHost(t, false, &trigger.Worker{
				MaxAnswer: tt.max, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
				Transport: transportFunc(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: tt.status, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: tt.declared, Body: body}, nil
				}),
			}, nil)
			w := record(host, httptest.NewRequest("GET", "/api/out", nil))
			if int64(w.Code) != tt.want || tt.want == 200 && w.Body.String() != "x" || tt.want == 500 && w.Body.Len() > 0 {
				t.Errorf("answer %d %q, want %d", w.Code, w.Body, tt.want)
			}
			if body.read != tt.wantReads || !body.closed {
				t.Errorf("%d bytes were read, want %d; closed: %v", body.read, tt.wantReads, body.closed)
			}
			if long := strings.Contains(logged.String(), "the answer is longer than"); long != (tt.want == 500) {
				t.Errorf("the log has %s", &logged)
			}
		})
	}
}

func TestWorkerURL(t *testing.T) {
	for _, u := range []string{"", "program", "127.0.0.1:80", "unix:///x"} {
		if _, err := (&trigger.Worker{URL: u}).Handlers(&trigger.App{}); err == nil {
			t.Errorf("URL %q is accepted", u)
		}
	}
}
