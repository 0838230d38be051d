package trigger_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
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

func TestWorkerURL(t *testing.T) {
	for _, u := range []string{"", "program", "127.0.0.1:80", "unix:///x"} {
		if _, err := (&trigger.Worker{URL: u}).Handlers(&trigger.App{}); err == nil {
			t.Errorf("URL %q is accepted", u)
		}
	}
}
