package trigger_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// logged keeps records as their message and attributes.
type logged struct {
	mu    sync.Mutex
	lines []map[string]string
}

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }
func (l *logged) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logged) WithGroup(string) slog.Handler            { return l }
func (l *logged) Handle(_ context.Context, rec slog.Record) error {
	line := map[string]string{"message": rec.Message}
	rec.Attrs(func(a slog.Attr) bool {
		line[a.Key] = a.Value.String()
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

// take returns the lines of a message and forgets all.
func (l *logged) take() (messages []string, byMessage map[string]map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	byMessage = map[string]map[string]string{}
	for _, line := range l.lines {
		messages = append(messages, line["message"])
		byMessage[line["message"]] = line
	}
	l.lines = nil
	return messages, byMessage
}

// TestLogLines: every request has two lines with one id, the last of which names
// the invocation that the function saw (TR-229, TR-231). In Compat the last is
// left out where the connection is cut (TR-230).
func TestLogLines(t *testing.T) {
	const first, last, failed = "Executing HTTP request", "Executed HTTP request", "Function panicked"
	var invocation string
	function := func(f http.HandlerFunc) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inv, _ := trigger.FromContext(r.Context())
			invocation = inv.ID.String()
			f(w, r)
		})
	}
	flushed := func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
	}
	functions := []trigger.Function{
		{Name: "answers", Level: keys.Anonymous, Handler: function(func(http.ResponseWriter, *http.Request) {})},
		{Name: "panics", Level: keys.Anonymous, Handler: function(func(http.ResponseWriter, *http.Request) { panic("x") })},
		{Name: "breaks", Level: keys.Anonymous, Handler: function(func(w http.ResponseWriter, _ *http.Request) { flushed(w); panic("x") })},
		{Name: "aborts", Level: keys.Anonymous, Handler: function(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
	}
	tests := []struct {
		target          string
		lines, inCompat []string
	}{
		{"/api/answers?code=1&x=2", []string{first, last}, []string{first, last}},
		{"/api/panics", []string{first, failed, last}, []string{first, failed, last}},
		{"/api/breaks", []string{first, failed, last}, []string{first, failed}},
		{"/api/aborts", []string{first, last}, []string{first}},
	}
	for _, compat := range []bool{false, true} {
		log := &logged{}
		h := mustHost(t, trigger.Config{Compat: compat, Logger: slog.New(log), Functions: functions})
		ids := map[string]bool{}
		for _, tt := range tests {
			srv := httptest.NewServer(h)
			if res, err := srv.Client().Get(srv.URL + tt.target); err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
			srv.Close() // waits for the request to end
			want := tt.lines
			if compat {
				want = tt.inCompat
			}
			messages, lines := log.take()
			if !slices.Equal(messages, want) {
				t.Errorf("Compat %v, %s: %q, want %q", compat, tt.target, messages, want)
			}
			id := lines[first]["requestId"]
			if id == "" || ids[id] {
				t.Errorf("Compat %v, %s: request id %q, seen before: %v", compat, tt.target, id, ids[id])
			}
			ids[id] = true
			for message, line := range lines {
				if line["requestId"] != id {
					t.Errorf("Compat %v, %s: %q has the id %q, want %q", compat, tt.target, message, line["requestId"], id)
				}
				if message != first && line["invocationId"] != invocation {
					t.Errorf("Compat %v, %s: %q has the invocation %q, want %q", compat, tt.target, message, line["invocationId"], invocation)
				}
			}
		}
	}
}
