package trigger_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

// panicking is a writer and a slog.Handler that panics, at all records or at those
// of one message.
type panicking struct{ message string }

func (p panicking) Write(b []byte) (int, error)              { panic("log") }
func (p panicking) Enabled(context.Context, slog.Level) bool { return true }
func (p panicking) WithAttrs([]slog.Attr) slog.Handler       { return p }
func (p panicking) WithGroup(string) slog.Handler            { return p }
func (p panicking) Handle(_ context.Context, rec slog.Record) error {
	if p.message == "" || p.message == rec.Message {
		panic("log")
	}
	return nil
}

// TestEmbeddersPanics lets everything of the embedder's that a request passes
// panic: the caller gets 500, or the answer that was complete, and the server
// never sees the panic.
func TestEmbeddersPanics(t *testing.T) {
	answers := trigger.Func(func(context.Context, *trigger.Request) (any, error) { return "done", nil })
	fails := trigger.Func(func(context.Context, *trigger.Request) (any, error) { return nil, errors.New("no") })
	silent := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	panics := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("function") })
	deny := func(http.ResponseWriter, *http.Request, error) { panic("deny") }
	half := func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(418); panic("deny") }
	done := func(context.Context, *trigger.Invocation, trigger.Outcome) { panic("done") }
	tests := []struct {
		name    string
		config  trigger.Config
		target  string
		handler http.Handler
		status  int // 0: the connection is cut
	}{
		{"Deny of a refusal", trigger.Config{Deny: deny}, "/none", silent, 500},
		{"Deny of a function's error", trigger.Config{Deny: deny}, "/api/f", fails, 500},
		{"Deny of a panic", trigger.Config{Deny: deny}, "/api/f", panics, 500},
		{"Deny that began", trigger.Config{Deny: half}, "/none", silent, 0},
		{"Start", trigger.Config{Hooks: trigger.Hooks{Start: func(context.Context, *trigger.Invocation, *http.Request) context.Context { panic("start") }}}, "/api/f", answers, 500},
		{"Refused", trigger.Config{Hooks: trigger.Hooks{Refused: func(context.Context, string, *http.Request, error) { panic("refused") }}}, "/none", silent, 500},
		{"Done before an answer", trigger.Config{Hooks: trigger.Hooks{Done: done}}, "/api/f", silent, 500},
		{"Done after an answer", trigger.Config{Hooks: trigger.Hooks{Done: done}}, "/api/f", answers, 200},
		{"Done of a panic", trigger.Config{Hooks: trigger.Hooks{Done: done}}, "/api/f", panics, 500},
		{"Done and Deny", trigger.Config{Hooks: trigger.Hooks{Done: done}, Deny: deny}, "/api/f", silent, 500},
		{"access log", trigger.Config{AccessLog: &trigger.W3CLog{W: panicking{}}}, "/api/f", answers, 200},
		{"access log before an answer", trigger.Config{AccessLog: &trigger.W3CLog{W: panicking{}}}, "/api/f", silent, 500},
		{"log", trigger.Config{Logger: slog.New(panicking{})}, "/api/f", answers, 500},
		{"log after an answer", trigger.Config{Logger: slog.New(panicking{"Executed HTTP request"})}, "/api/f", answers, 200},
		{"log of a panic", trigger.Config{Logger: slog.New(panicking{"Function panicked"})}, "/api/f", panics, 500},
		{"Origin", trigger.Config{Origin: func(*http.Request) (string, string) { panic("origin") },
			App: &trigger.App{Host: trigger.HostConfig{HTTP: trigger.HTTPConfig{RoutePrefix: "api", MaxConcurrentRequests: -1, MaxOutstandingRequests: -1, HSTS: trigger.HSTSConfig{Enabled: true}}}}}, "/api/f", answers, 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var logged, served bytes.Buffer
			gate, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 1})
			if err != nil {
				t.Fatal(err)
			}
			c := tt.config
			c.Gate = gate
			c.Functions = []trigger.Function{{Name: "f", Level: keys.Anonymous, Handler: tt.handler}}
			if c.Logger == nil {
				c.Logger = slog.New(slog.NewTextHandler(&logged, nil))
			}
			h := mustHost(t, c)
			srv := httptest.NewUnstartedServer(h)
			srv.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(&served, nil), slog.LevelError)
			srv.Start()
			for range 2 { // the place is free again
				res, err := srv.Client().Get(srv.URL + tt.target)
				status := 0
				if err == nil {
					status = res.StatusCode
					io.Copy(io.Discard, res.Body)
					res.Body.Close()
				}
				if status != tt.status {
					t.Errorf("status %d, error %v, want status %d", status, err, tt.status)
				}
			}
			srv.Close()
			if h.Running() != 0 || gate.Stats().Running != 0 {
				t.Errorf("%d requests running, %d places taken", h.Running(), gate.Stats().Running)
			}
			if served.Len() > 0 {
				t.Errorf("the server's log: %s", &served)
			}
			if tt.config.Logger == nil && !strings.Contains(logged.String(), "stack=") {
				t.Errorf("no stack in the log: %s", &logged)
			}
		})
	}
}

// TestAbortPasses keeps the one panic that is meant for the server.
func TestAbortPasses(t *testing.T) {
	abort := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	answers := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	functions := func(h http.Handler) []trigger.Function {
		return []trigger.Function{{Name: "f", Level: keys.Anonymous, Handler: h}}
	}
	for name, c := range map[string]trigger.Config{
		"function": {Functions: functions(abort)},
		"bare":     {Functions: functions(abort), Bare: true},
		"Done": {Functions: functions(answers), Hooks: trigger.Hooks{
			Done: func(context.Context, *trigger.Invocation, trigger.Outcome) { panic(http.ErrAbortHandler) }}},
	} {
		h := mustHost(t, c)
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler {
					t.Errorf("%s: recovered %v, want ErrAbortHandler", name, p)
				}
			}()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/api/f", nil))
		}()
		if h.Running() != 0 {
			t.Errorf("%s: %d running", name, h.Running())
		}
	}
}

// TestShown looks at what hooks and Deny are told of requests that are refused
// before, and after, the host knows whom to believe.
func TestShown(t *testing.T) {
	const value = "forged-or-secret"
	fields := []string{"X-Functions-Key", "X-Ms-Client-Principal", "X-Ms-Client-Principal-Name", "X-Ms-Token-Aad-Id-Token",
		"x-ms-client-principal-id", "X-Ms-Site-Restricted-Token", "X-Front"}
	for _, compat := range []bool{false, true} {
		for _, identity := range []*trigger.Identity{nil, {InsecureTrustAll: true, SecretHeader: "X-Front", Secret: "0123456789abcdef"}} {
			seen := 0
			look := func(where string, r *http.Request) {
				seen++
				for name, values := range r.Header {
					if strings.Contains(strings.Join(values, " "), value) {
						t.Errorf("compat %v, identity %v: %s sees the field %s", compat, identity != nil, where, name)
					}
				}
				if strings.Contains(r.RequestURI+r.URL.String(), value) {
					t.Errorf("compat %v: %s sees the key in %s", compat, where, r.RequestURI)
				}
			}
			failing := trigger.Func(func(context.Context, *trigger.Request) (any, error) { return nil, errors.New("no") })
			full, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 1})
			if err != nil {
				t.Fatal(err)
			}
			h := mustHost(t, trigger.Config{
				Compat: compat, Keys: newResolver(t, compat), Identity: identity, Limit: &throttle.RequestLimit{MaxBody: 1},
				Deny: func(w http.ResponseWriter, r *http.Request, err error) { look("Deny", r); trigger.DenyEmpty(w, r, err) },
				Hooks: trigger.Hooks{
					Start: func(ctx context.Context, _ *trigger.Invocation, r *http.Request) context.Context {
						look("Start", r)
						return ctx
					},
					Refused: func(_ context.Context, _ string, r *http.Request, _ error) { look("Refused", r) },
				},
				Functions: []trigger.Function{
					{Name: "keyed", Handler: failing},
					{Name: "open", Level: keys.Anonymous, Handler: failing},
					{Name: "full", Level: keys.Anonymous, Handler: failing, Gate: full},
					{Name: "panics", Level: keys.Anonymous, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("p") })},
				},
			})
			ticket, err := full.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, target := range []string{"/api/keyed", "/api/open", "/api/full", "/api/panics", "/api/none", "/admin/host/status", "/api/%00"} {
				for _, body := range []string{"", "too long"} {
					r := httptest.NewRequest("POST", target+"?x=1&%63ode="+value, strings.NewReader(body))
					for _, name := range fields {
						if name == "X-Front" && identity == nil {
							continue // a field like others
						}
						r.Header[name] = []string{value}
					}
					h.ServeHTTP(httptest.NewRecorder(), r)
				}
			}
			ticket.Release()
			if seen == 0 {
				t.Error("nobody was told anything")
			}
		}
	}
}
