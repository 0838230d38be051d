package trigger_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/trigger"
)

// TestProgramBehindWorker serves an app through both sides: a host calls, by a
// Worker, the Program that runs the functions.
func TestProgramBehindWorker(t *testing.T) {
	const custom = `"customHandler":{"description":{"defaultExecutablePath":"x"},"enableForwardingHttpRequest":%t}`
	functions := map[string]string{
		"live/function.json":    `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"function","route":"live/{id:int?}"},{"type":"http","direction":"out","name":"res"}]}`,
		"told/function.json":    `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous","route":"told/{id:int}"},{"type":"http","direction":"out","name":"res"},{"type":"queue","direction":"out","name":"q"}]}`,
		"returns/function.json": `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous"},{"type":"http","direction":"out","name":"$return"},{"type":"queue","direction":"out","name":"q"}]}`,
	}
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		inv, _ := trigger.FromContext(r.Context())
		w.Header().Set("X-Function", inv.Function)
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, "%s id=%s q=%s h=%s %s", r.Method, r.PathValue("id"), r.URL.Query().Get("q"), r.Header.Get("X-H"), body)
	})
	nothing := trigger.Func(func(context.Context, *trigger.Request) (any, error) { return nil, nil })
	for _, forward := range []bool{true, false} {
		functions["host.json"] = `{"version":"2.0",` + fmt.Sprintf(custom, forward) + `}`
		app := loadFiles(t, functions)
		program, err := trigger.NewProgram(app, map[string]http.Handler{"live": echo, "told": echo, "returns": nothing})
		if err != nil {
			t.Fatal(err)
		}
		handlers, err := (&trigger.Worker{URL: serve(t, program)}).Handlers(app)
		if err != nil {
			t.Fatal(err)
		}
		url := serve(t, mustHost(t, trigger.Config{App: app, Handlers: handlers, Keys: newResolver(t, false)}))
		for _, tt := range []struct {
			target   string
			status   int
			function string
			body     string
		}{
			{"/api/live/7?q=a&code=" + hostKey, 202, "live", "POST id=7 q=a h=x hello"},
			{"/api/live/7", 401, "", ""},
			{"/api/told/8?q=b", 202, "told", "POST id=8 q=b h=x hello"},
			{"/api/returns", 204, "", ""},
		} {
			resp, body := do(t, url, "POST", tt.target, http.Header{"X-H": {"x"}}, strings.NewReader("hello"))
			if resp.StatusCode != tt.status || body != tt.body || resp.Header.Get("X-Function") != tt.function {
				t.Errorf("forward %t, %s: %d %q %q, want %d %q", forward, tt.target, resp.StatusCode, resp.Header.Get("X-Function"), body, tt.status, tt.body)
			}
		}
	}
}

func TestProgramBadDescription(t *testing.T) {
	app := loadFiles(t, map[string]string{"host.json": host2, "f/function.json": string(functionJSON("").Data)})
	program, err := trigger.NewProgram(app, map[string]http.Handler{"f": okHandler})
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"", "{", "{}", `{"Data":{"req":1}}`, `{"Data":{"req":{"Url":"%","Method":"GET"}}}`, `{"Data":{"req":{"Url":"http://x/","Method":"a b"}}}`} {
		if w := record(program, httptest.NewRequest("POST", "/f", strings.NewReader(body))); w.Code != 400 {
			t.Errorf("%q: %d, want 400", body, w.Code)
		}
	}
	if w := record(program, httptest.NewRequest("GET", "/api/f", nil)); w.Code != 200 {
		t.Errorf("a live request: %d", w.Code)
	}
}

func TestProgramAddr(t *testing.T) {
	if addr, ok := trigger.ProgramAddr(map[string]string{"FUNCTIONS_CUSTOMHANDLER_PORT": "7072"}); !ok || addr != "127.0.0.1:7072" {
		t.Errorf("%q, %t", addr, ok)
	}
	if _, ok := trigger.ProgramAddr(nil); ok {
		t.Error("an address out of nothing")
	}
}
