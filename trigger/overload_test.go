package trigger_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/httptrigger/httptrigger/trigger"
)

// TestThrottledIsTold: what the throttle of Compat refuses is told to the hook and the
// log, the homepage too, in the reference's words (TH-26, TH-28).
func TestThrottledIsTold(t *testing.T) {
	const overloaded = `{"threads":512,"threadLimit":512}`
	for _, tt := range []struct {
		name, http, counters, target string
		status                       int
		lines                        []string // of two requests
	}{
		{"load", `"dynamicThrottlesEnabled":true`, overloaded, "/api/f", 429,
			[]string{"WARN Thresholds for the following counters have been exceeded: [Threads]"}},
		{"load, homepage", `"dynamicThrottlesEnabled":true`, overloaded, "/", 200,
			[]string{"WARN Thresholds for the following counters have been exceeded: [Threads]"}},
		{"unreadable", `"dynamicThrottlesEnabled":true`, "{", "/api/f", 500,
			[]string{"ERROR a probe of the dynamic throttle failed", "ERROR Refused HTTP request", "ERROR Refused HTTP request"}},
		{"queue", `"maxOutstandingRequests":1`, "", "/api/f", 429,
			[]string{"INFO Http request queue limit of 1 has been exceeded.", "INFO Http request queue limit of 1 has been exceeded."}},
		{"queue, homepage", `"maxOutstandingRequests":1`, "", "/", 200,
			[]string{"INFO Http request queue limit of 1 has been exceeded.", "INFO Http request queue limit of 1 has been exceeded."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app, err := trigger.LoadApp(fstest.MapFS{
				"host.json":       {Data: []byte(`{"version":"2.0","extensions":{"http":{` + tt.http + `}}}`)},
				"f/function.json": {Data: []byte(`{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous"}]}`)},
			}, &trigger.LoadOptions{Compat: true})
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			told := 0
			entered, leave := make(chan struct{}), make(chan struct{})
			host, err := trigger.NewHost(trigger.Config{
				App: app, Compat: true, NoAdmin: true, Now: func() time.Time { return time.Unix(1e9, 0) }, Env: map[string]string{"WEBSITE_COUNTERS_APP": tt.counters},
				Handlers: map[string]http.Handler{"f": http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
					close(entered)
					<-leave
				})},
				Hooks: trigger.Hooks{Refused: func(context.Context, string, *http.Request, error) { told++ }},
				Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
					if a.Key != slog.LevelKey && a.Key != slog.MessageKey {
						return slog.Attr{}
					}
					return a
				}})),
			})
			if err != nil {
				t.Fatal(err)
			}
			left := make(chan struct{})
			if strings.HasPrefix(tt.name, "queue") {
				go func() {
					defer close(left)
					host.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/api/f", nil))
				}()
				<-entered
			} else {
				close(left)
			}
			for range 2 {
				w := httptest.NewRecorder()
				host.ServeHTTP(w, httptest.NewRequest("GET", tt.target, nil))
				if w.Code != tt.status {
					t.Errorf("status %d, want %d", w.Code, tt.status)
				}
			}
			var lines []string
			for line := range strings.Lines(log.String()) {
				line = strings.NewReplacer("level=", "", "msg=", "", `"`, "", "\n", "").Replace(line)
				if !strings.Contains(line, "HTTP request") || strings.Contains(line, "Refused") {
					lines = append(lines, line)
				}
			}
			if told != 2 || strings.Join(lines, "\n") != strings.Join(tt.lines, "\n") {
				t.Errorf("told %d times, want 2; log %q, want %q", told, lines, tt.lines)
			}
			close(leave)
			<-left
		})
	}
}
