package trigger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// TR-126: what a function of runtime 1.x ends in is an object with an id that is
// in the log; only the master key's holder is told more.
func TestErrorObjectOfV1(t *testing.T) {
	panics := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("as it happens") })
	fails := returns(nil, fmt.Errorf("outer: %w", errors.New("inner, Password=hunter2")))
	tests := []struct {
		name    string
		compat  bool
		v1      bool
		handler http.Handler
		key     string
		method  string
		status  int
		message string // "" is no body
	}{
		{"error", true, true, fails, "function-key", "GET", 500, "An error has occurred. For more information, please check the logs for error ID "},
		{"panic", true, true, panics, "function-key", "GET", 500, "An error has occurred. For more information, please check the logs for error ID "},
		{"error, master key", true, true, fails, "master-key", "GET", 500, "outer: inner, [Hidden Credential]"},
		{"panic, master key", true, true, panics, "master-key", "GET", 500, "trigger: the function panicked"},
		{"HEAD", true, true, fails, "function-key", "HEAD", 500, ""},
		{"no key", true, true, fails, "", "GET", 401, ""},
		{"runtime of today", true, false, fails, "master-key", "GET", 500, ""},
		{"Default", false, true, fails, "function-key", "GET", 500, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := `{"version":"2.0"}`
			if tt.v1 {
				text = `{}`
			}
			app, err := trigger.LoadApp(fstest.MapFS{
				"host.json":       {Data: []byte(text)},
				"f/function.json": {Data: []byte(strings.Replace(functionText, "anonymous", "function", 1))}, "f/run.csx": {},
			}, &trigger.LoadOptions{Compat: tt.compat, V1: tt.v1})
			if err != nil {
				t.Fatal(err)
			}
			store := &keys.Memory{}
			key := func(name, value string) keys.Key { return keys.Key{Name: name, Value: keys.NewSecret(value)} }
			set := keys.Set{Master: key(keys.MasterName, "master-key"), Function: []keys.Key{key("default", "function-key")}}
			if err := store.Save(t.Context(), keys.HostScope(), set); err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			host, err := trigger.NewHost(trigger.Config{
				App: app, Handlers: map[string]http.Handler{"f": tt.handler}, Compat: tt.compat,
				Keys: &keys.Resolver{Store: store, Compat: tt.compat}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(tt.method, "/api/f", nil)
			if tt.key != "" {
				r.Header.Set("x-functions-key", tt.key)
			}
			rec := httptest.NewRecorder()
			host.ServeHTTP(rec, r)
			if rec.Code != tt.status || (rec.Body.Len() > 0) != (tt.message != "") {
				t.Fatalf("%d %q", rec.Code, rec.Body)
			}
			if tt.message == "" {
				return
			}
			var e struct {
				ID, RequestID, Message string
				StatusCode, ErrorCode  int
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &e); err != nil || e.StatusCode != 500 || e.ErrorCode != 0 {
				t.Fatalf("%s (%v)", rec.Body, err)
			}
			if want := strings.TrimSuffix(tt.message+e.ID, map[bool]string{true: e.ID}[!strings.HasSuffix(tt.message, "ID ")]); e.Message != want {
				t.Errorf("message %q, want %q", e.Message, want)
			}
			if n := strings.Count(log.String(), "requestId="+e.RequestID); !strings.Contains(log.String(), "id="+e.ID) || n < 2 {
				t.Errorf("the log does not know %s, or %s %d times:\n%s", e.ID, e.RequestID, n, &log)
			}
			if strings.Contains(rec.Body.String()+log.String(), "hunter2") {
				t.Error("a password is told")
			}
		})
	}
}
