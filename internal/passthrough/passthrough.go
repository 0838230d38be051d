// Package passthrough checks that a middleware leaves the response alone: that
// streaming, hijacking, HTTP/2, WebSocket handshakes, http.ResponseController
// and httputil.ReverseProxy work behind it as they do without it.
//
// Every middleware of this module runs it in its own tests:
//
//	func TestPassThrough(t *testing.T) {
//		passthrough.Run(t, passthrough.Middleware{Wrap: gate.Wrap})
//	}
package passthrough

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A Middleware is what Run checks.
type Middleware struct {
	// Wrap puts the middleware around a handler.
	Wrap func(http.Handler) http.Handler

	// Path is the path of the requests, "/" if empty, for a middleware that
	// serves some paths only.
	Path string

	// Query is the query of the requests.
	Query string

	// Header is added to each request, for a middleware that asks for a key or
	// the like. It must let every GET and POST with these headers through.
	Header http.Header

	// BodyHeader, if not nil, returns further headers for a request with this
	// body, for a middleware that verifies a signature.
	BodyHeader func(body []byte) http.Header

	target string // path and query
}

// wait bounds how long a check waits for something that does not come. It is
// never waited for when all is well.
const wait = 2 * time.Minute

// Run reports what does not pass through m.
func Run(t *testing.T, m Middleware) {
	t.Helper()
	if m.Path == "" {
		m.Path = "/"
	}
	m.target = m.Path
	if m.Query != "" {
		m.target += "?" + m.Query
	}
	t.Run("same writer", m.sameWriter)
	t.Run("server-sent events", func(t *testing.T) { m.stream(t, false) })
	t.Run("server-sent events over HTTP/2", func(t *testing.T) { m.stream(t, true) })
	t.Run("WebSocket handshake", m.hijack)
	t.Run("response controller", m.controller)
	t.Run("full duplex", m.duplex)
	t.Run("reverse proxy behind it", m.reverseProxy)
	t.Run("trailers", m.trailers)
	t.Run("abort", m.abort)
}

// request makes a request that the middleware lets through.
func (m Middleware) request(t *testing.T, method, base, body string) *http.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, method, base+m.target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range m.headers(body) {
		req.Header[name] = values
	}
	return req
}

func (m Middleware) headers(body string) http.Header {
	h := http.Header{}
	if m.Header != nil {
		h = m.Header.Clone()
	}
	if m.BodyHeader != nil {
		for name, values := range m.BodyHeader([]byte(body)) {
			h[name] = values
		}
	}
	return h
}

// serve starts a server with h behind the middleware.
func (m Middleware) serve(t *testing.T, http2 bool, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(m.Wrap(h))
	if http2 {
		srv.EnableHTTP2 = true
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv
}

// method is POST where a signature over the body is asked for.
func (m Middleware) method() string {
	if m.BodyHeader != nil {
		return http.MethodPost
	}
	return http.MethodGet
}

// body is what requests carry that need none.
func (m Middleware) body() string {
	if m.BodyHeader != nil {
		return `{"zen":"keep it simple"}`
	}
	return ""
}

type marked struct{ *httptest.ResponseRecorder }

func (m Middleware) sameWriter(t *testing.T) {
	w := &marked{httptest.NewRecorder()}
	ran := false
	h := m.Wrap(http.HandlerFunc(func(got http.ResponseWriter, _ *http.Request) {
		ran = true
		if got != http.ResponseWriter(w) {
			t.Errorf("the handler got a %T, not the writer that came in", got)
		}
	}))
	r := httptest.NewRequest(m.method(), "http://example.test"+m.target, strings.NewReader(m.body()))
	for name, values := range m.headers(m.body()) {
		r.Header[name] = values
	}
	h.ServeHTTP(w, r)
	if !ran {
		t.Fatalf("the handler did not run: status %d", w.Code)
	}
}

func (m Middleware) stream(t *testing.T, http2 bool) {
	more := make(chan struct{})
	srv := m.serve(t, http2, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d %s\n\n", i, r.Proto)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Errorf("flush: %v", err)
			}
			select {
			case <-more: // the client has read this event
			case <-time.After(wait):
				t.Error("the client never saw the event: something holds the stream back")
				return
			}
		}
	})
	resp, err := srv.Client().Do(m.request(t, m.method(), srv.URL, m.body()))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	proto := "HTTP/1.1"
	if http2 {
		proto = "HTTP/2.0"
	}
	for i := range 3 {
		line, err := lines.ReadString('\n')
		if want := fmt.Sprintf("data: %d %s\n", i, proto); err != nil || line != want {
			t.Fatalf("event %d is %q, %v, want %q", i, line, err, want)
		}
		if _, err := lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		more <- struct{}{}
	}
}

func (m Middleware) hijack(t *testing.T) {
	srv := m.serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		if _, ok := w.(http.Hijacker); !ok {
			t.Error("the writer is no http.Hijacker")
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("hijack: %v", err)
			return
		}
		defer conn.Close()
		fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: %s\r\nConnection: Upgrade\r\n\r\n", r.Header.Get("Upgrade"))
		rw.Flush()
		line, err := rw.ReadString('\n')
		if err != nil {
			t.Errorf("read after the hijack: %v", err)
		}
		fmt.Fprintf(rw, "echo %s", line)
		rw.Flush()
	})
	conn, err := net.DialTimeout("tcp", srv.Listener.Addr().String(), wait)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(wait))
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: example.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: %d\r\n", m.method(), m.target, len(m.body()))
	for name, values := range m.headers(m.body()) {
		fmt.Fprintf(conn, "%s: %s\r\n", name, values[0])
	}
	fmt.Fprintf(conn, "\r\n%s", m.body())
	br := bufio.NewReader(conn)
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("status %d, want 101", resp.StatusCode)
	}
	fmt.Fprint(conn, "hello\n")
	if line, err := br.ReadString('\n'); line != "echo hello\n" {
		t.Errorf("over the hijacked connection came %q, %v", line, err)
	}
}

func (m Middleware) controller(t *testing.T) {
	srv := m.serve(t, false, func(w http.ResponseWriter, _ *http.Request) {
		rc := http.NewResponseController(w)
		err := errors.Join(
			rc.SetReadDeadline(time.Now().Add(wait)),
			rc.SetWriteDeadline(time.Now().Add(wait)),
			rc.EnableFullDuplex(),
			rc.Flush(),
		)
		if err != nil {
			t.Errorf("http.ResponseController: %v", err)
		}
		if _, ok := w.(io.ReaderFrom); !ok {
			t.Error("the writer is no io.ReaderFrom: files are no longer sent by the kernel")
		}
	})
	m.get(t, srv)
}

func (m Middleware) duplex(t *testing.T) {
	if m.BodyHeader != nil {
		return // a body that must be read first cannot be answered while it comes
	}
	srv := m.serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		if err := rc.EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		lines := bufio.NewReader(r.Body)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			fmt.Fprintf(w, "echo %s", line)
			if err := rc.Flush(); err != nil {
				t.Error(err)
			}
		}
	})
	pr, pw := io.Pipe()
	req := m.request(t, http.MethodPost, srv.URL, "")
	req.Body, req.ContentLength, req.GetBody = pr, -1, nil
	go fmt.Fprint(pw, "one\n")
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for _, word := range []string{"one", "two"} {
		if line, err := lines.ReadString('\n'); line != "echo "+word+"\n" {
			t.Fatalf("got %q, %v, want the echo of %q while the body is still open", line, err, word)
		}
		if word == "one" {
			if _, err := fmt.Fprint(pw, "two\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
	pw.Close()
}

func (m Middleware) reverseProxy(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Backend", "yes")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %d", r.URL.Path, len(body))
	}))
	defer backend.Close()
	target, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(pr *httputil.ProxyRequest) { pr.SetURL(target) }}
	srv := m.serve(t, false, proxy.ServeHTTP)
	body := strings.Repeat("x", 1000)
	if m.BodyHeader != nil {
		body = m.body()
	}
	resp, err := srv.Client().Do(m.request(t, http.MethodPost, srv.URL, body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, _ := io.ReadAll(resp.Body)
	want := fmt.Sprintf("%s %d", m.Path, len(body))
	if resp.StatusCode != http.StatusTeapot || resp.Header.Get("X-Backend") != "yes" || string(got) != want {
		t.Errorf("through the proxy came %d %q, want 418 %q", resp.StatusCode, got, want)
	}
}

func (m Middleware) trailers(t *testing.T) {
	srv := m.serve(t, false, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		fmt.Fprint(w, "body")
		w.Header().Set("X-Sum", "42")
	})
	if resp := m.get(t, srv); resp.Trailer.Get("X-Sum") != "42" {
		t.Errorf("trailers are %v", resp.Trailer)
	}
}

func (m Middleware) abort(t *testing.T) {
	srv := m.serve(t, false, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "half")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	resp, err := srv.Client().Do(m.request(t, m.method(), srv.URL, m.body()))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("http.ErrAbortHandler did not cut the connection: got %q and a proper end", body)
	}
}

// get sends one request and returns the answer with its body read.
func (m Middleware) get(t *testing.T, srv *httptest.Server) *http.Response {
	t.Helper()
	resp, err := srv.Client().Do(m.request(t, m.method(), srv.URL, m.body()))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode >= 400 {
		t.Fatalf("status %d", resp.StatusCode)
	}
	return resp
}
