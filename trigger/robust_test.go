package trigger_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

// raw sends bytes to a server and returns all that comes back.
func raw(t *testing.T, address, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

// TestPanicAfterHijack leaves the connection to the function that took it, and
// gives its place back.
func TestPanicAfterHijack(t *testing.T) {
	gate, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 1})
	if err != nil {
		t.Fatal(err)
	}
	h := mustHost(t, trigger.Config{Gate: gate, Functions: []trigger.Function{{
		Name: "f", Level: keys.Anonymous, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			io.WriteString(conn, "mine")
			panic("after hijack")
		}),
	}}})
	var inside sync.WaitGroup // the caller has all before the host is done
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inside.Add(1)
		defer inside.Done()
		h.ServeHTTP(w, r)
	}))
	defer srv.Close()
	for range 2 {
		if got := raw(t, srv.Listener.Addr().String(), "GET /api/f HTTP/1.1\r\nHost: h\r\n\r\n"); got != "mine" {
			t.Errorf("the caller gets %q", got)
		}
	}
	inside.Wait()
	if h.Running() != 0 || gate.Stats().Running != 0 {
		t.Errorf("%d requests running, %d places taken", h.Running(), gate.Stats().Running)
	}
}

// TestSlowBody lets a function wait for a body that does not come: its time is
// up, and the caller is told.
func TestSlowBody(t *testing.T) {
	h := mustHost(t, trigger.Config{Functions: []trigger.Function{{
		Name: "f", Level: keys.Anonymous, Timeout: 20 * time.Millisecond,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			stop := context.AfterFunc(r.Context(), func() { http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0)) })
			defer stop()
			if _, err := io.ReadAll(r.Body); err == nil {
				t.Error("the body ended")
			}
		}),
	}}})
	srv := httptest.NewServer(h)
	defer srv.Close()
	got := raw(t, srv.Listener.Addr().String(), "POST /api/f HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab")
	if !strings.HasPrefix(got, "HTTP/1.1 500 ") {
		t.Errorf("the caller gets %q", got)
	}
	if h.Running() != 0 {
		t.Errorf("%d requests running", h.Running())
	}
}

// answering is a custom handler that says what it got, or answers as it is told.
// It reads on until the host is done, for what is left unread when a connection is
// closed makes a reset of it, which may overtake the answer.
func answering(t *testing.T, answer func(conn net.Conn, head string)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				var head strings.Builder
				lines := bufio.NewScanner(conn)
				for lines.Scan() && lines.Text() != "" {
					head.WriteString(lines.Text() + "\n")
				}
				answer(conn, head.String())
				conn.(*net.TCPConn).CloseWrite()
				io.Copy(io.Discard, conn)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// forwarding serves an app whose one function a program answers.
func forwarding(t *testing.T, url string) *httptest.Server {
	t.Helper()
	handlers, err := (&trigger.Worker{URL: url}).Handlers(forwardingApp())
	if err != nil {
		t.Fatal(err)
	}
	h := mustHost(t, trigger.Config{App: forwardingApp(), Handlers: handlers, Keys: newResolver(t, false)})
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

func forwardingApp() *trigger.App {
	return &trigger.App{
		Host: trigger.HostConfig{
			Version: "2.0", MaxBody: 1 << 20, CustomHandler: &trigger.CustomHandlerConfig{ForwardHTTP: true},
			HTTP: trigger.HTTPConfig{RoutePrefix: "api", MaxConcurrentRequests: -1, MaxOutstandingRequests: -1},
		},
		Functions: []trigger.FunctionConfig{{
			Name: "f", Route: "f/{*rest}", HTTP: true, Level: keys.Anonymous,
			Bindings: []trigger.Binding{{Type: "httpTrigger", Name: "req"}, {Type: "http", Name: "res", Direction: trigger.Out}},
		}},
	}
}

// TestForwardedRequest sends what would smuggle a request, or a field, past a
// host into the program.
func TestForwardedRequest(t *testing.T) {
	srv := forwarding(t, answering(t, func(conn net.Conn, head string) {
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(head), head)
	}))
	address := srv.Listener.Addr().String()
	for _, tt := range []struct{ name, request, status, has, lacks string }{
		{"hop by hop", "GET /api/f HTTP/1.1\r\nHost: h\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Authorization: s\r\nTe: x\r\nX-End: 1\r\n\r\n", "200", "X-End: 1", "X-Hop"},
		{"hop by hop, credentials", "GET /api/f HTTP/1.1\r\nHost: h\r\nConnection: close\r\nProxy-Authorization: s\r\n\r\n", "200", "Host: h", "Proxy-Authorization"},
		{"host", "GET /api/f HTTP/1.1\r\nHost: public.example\r\nConnection: close\r\n\r\n", "200", "Host: public.example", "127.0.0.1"},
		{"two lengths", "POST /api/f HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab", "400", "", "POST"},
		{"length and chunks", "POST /api/f HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", "200", "Transfer-Encoding: chunked", "Content-Length"},
		{"odd coding", "POST /api/f HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\nConnection: close\r\n\r\n0\r\n\r\n", "501", "", "POST"},
		{"line end in the path", "GET /api/f/a%0d%0aX-In:%201 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "200", "GET /api/f/a%0d%0aX-In:%201 HTTP/1.1", "\nX-In"},
		{"authority in the path", "GET //evil.example/api/f HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "404", "", "GET"},
		{"absolute target", "GET http://evil.example/api/f HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "200", "GET /api/f HTTP/1.1", "GET http"},
		{"dots", "GET /api/x/../f/%2e%2e%2fadmin HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "200", "GET /api/f/..%2fadmin", "/x/"},
		{"unvouched user", "GET /api/f HTTP/1.1\r\nHost: h\r\nX-MS-CLIENT-PRINCIPAL: e30=\r\nConnection: close\r\n\r\n", "200", "Host: h", "Principal"},
	} {
		got := raw(t, address, tt.request)
		_, body, _ := strings.Cut(got, "\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 "+tt.status) || !strings.Contains(body, tt.has) || strings.Contains(body, tt.lacks) {
			t.Errorf("%s: the caller gets %q, want status %s, %q and no %q", tt.name, got, tt.status, tt.has, tt.lacks)
		}
	}
}

// TestForwardedAnswer lets the program answer badly: the caller gets 502, or a
// connection that is cut, and never a part for the whole.
func TestForwardedAnswer(t *testing.T) {
	for _, tt := range []struct{ name, answer, want string }{
		{"closes at once", "", "HTTP/1.1 502 "},
		{"no HTTP", "hello\r\n\r\n", "HTTP/1.1 502 "},
		{"field with a null", "HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 502 "},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 502 "},
		{"long head", "HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("a", 11<<20) + "\r\n\r\n", "HTTP/1.1 502 "},
		{"two answers", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "HTTP/1.1 200 "},
		{"hop by hop", "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: evil\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 "},
	} {
		srv := forwarding(t, answering(t, func(conn net.Conn, _ string) { io.WriteString(conn, tt.answer) }))
		got := raw(t, srv.Listener.Addr().String(), "GET /api/f HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, tt.want) || strings.Contains(got, "evil") {
			t.Errorf("%s: the caller gets %.200q, want %q", tt.name, got, tt.want)
		}
	}
	srv := forwarding(t, answering(t, func(conn net.Conn, _ string) {
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
	}))
	res, err := srv.Client().Get(srv.URL + "/api/f")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("a part is taken for the whole: %q", body)
	}
}

// TestForwardedStall lets the program never answer: the function's time is up.
func TestForwardedStall(t *testing.T) {
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	url := answering(t, func(net.Conn, string) { <-released })
	app := forwardingApp()
	app.Host.FunctionTimeout = 20 * time.Millisecond
	handlers, err := (&trigger.Worker{URL: url}).Handlers(app)
	if err != nil {
		t.Fatal(err)
	}
	h := mustHost(t, trigger.Config{App: app, Handlers: handlers})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/api/f", nil))
	if w.Code < 500 || w.Body.Len() > 0 || h.Running() != 0 {
		t.Errorf("status %d, body %q, %d running", w.Code, w.Body, h.Running())
	}
}
