package throttle_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/httptrigger/httptrigger/throttle"
)

func TestRequestLimitCheck(t *testing.T) {
	target := func(n int) string { return "/api/f?q=" + strings.Repeat("x", n-len("/api/f?q=")) }
	lines := func(n int) http.Header {
		h := http.Header{}
		for i := range n {
			h.Set(fmt.Sprint("X-", i), "1")
		}
		return h
	}
	big := func(n int) http.Header { return http.Header{"X-Big": {strings.Repeat("x", n)}} }
	tests := []struct {
		name   string
		limit  throttle.RequestLimit
		target string
		length int64
		header http.Header
		want   int // status; 0: no error
	}{
		{name: "nothing"},
		{name: "body of exactly the limit (TR-171)", length: 104857600},
		{name: "one byte more (TR-171)", length: 104857601, want: 413},
		{name: "smaller limit (TR-173)", limit: throttle.RequestLimit{MaxBody: 10}, length: 10},
		{name: "smaller limit, one more (TR-173)", limit: throttle.RequestLimit{MaxBody: 10}, length: 11, want: 413},
		{name: "no limit", limit: throttle.RequestLimit{MaxBody: -1}, length: 1 << 62},
		{name: "no body at all", limit: throttle.RequestLimit{MaxBody: throttle.NoBody}},
		{name: "no body, but one", limit: throttle.RequestLimit{MaxBody: throttle.NoBody}, length: 1, want: 413},
		{name: "unknown length", limit: throttle.RequestLimit{MaxBody: 10}, length: -1},
		{name: "declared too long (Compat, TR-172)", limit: throttle.RequestLimit{MaxBody: 10, Compat: true}, length: 11},
		{name: "target of 4096 (TR-175)", target: target(4096)},
		{name: "target of 4097", target: target(4097), want: 414},
		{name: "target of 10", limit: throttle.RequestLimit{MaxTarget: 10}, target: target(10)},
		{name: "target of 11", limit: throttle.RequestLimit{MaxTarget: 10}, target: target(11), want: 414},
		{name: "any target", limit: throttle.RequestLimit{MaxTarget: -1}, target: target(100000)},
		{name: "target over 4096 (Compat, TR-175)", limit: throttle.RequestLimit{Compat: true}, target: target(4109)},
		{name: "request line just under (Compat)", limit: throttle.RequestLimit{Compat: true}, target: target(8192 - 15)},
		{name: "request line just over (Compat)", limit: throttle.RequestLimit{Compat: true}, target: target(8192 - 14), want: 414},
		{name: "header of 33000 bytes", header: big(33000)},
		{name: "header of 30000 bytes (Compat)", limit: throttle.RequestLimit{Compat: true}, header: big(30000)},
		{name: "header of 33000 bytes (Compat)", limit: throttle.RequestLimit{Compat: true}, header: big(33000), want: 431},
		{name: "99 lines (Compat)", limit: throttle.RequestLimit{Compat: true}, header: lines(99)},
		{name: "103 lines (Compat)", limit: throttle.RequestLimit{Compat: true}, header: lines(102), want: 431},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.target == "" {
				tt.target = "/"
			}
			r := httptest.NewRequest("GET", tt.target, nil)
			r.ContentLength = tt.length
			if tt.header != nil {
				r.Header = tt.header
			}
			for _, uri := range []string{r.RequestURI, ""} { // as a server's and as a client's request
				r.RequestURI = uri
				err := tt.limit.Check(r)
				var rejected *throttle.RejectedError
				if got := 0; err != nil && (!errors.As(err, &rejected) || rejected.StatusCode() != tt.want) || err == nil && tt.want != got {
					t.Errorf("Check() = %v, want status %d", err, tt.want)
				}
			}
		})
	}
}

// server runs a handler behind a limit and collects what the server logs.
type server struct {
	*httptest.Server
	mu  sync.Mutex
	log bytes.Buffer
}

func (s *server) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *server) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

func newServer(t *testing.T, h http.Handler, http2 bool) *server {
	s := &server{Server: httptest.NewUnstartedServer(h)}
	s.Config.ErrorLog = log.New(s, "", 0)
	if http2 {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// readBody reads all and answers 200, or fails as most handlers do, or not at all.
func readBody(onError func(w http.ResponseWriter, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			onError(w, err)
			return
		}
		fmt.Fprint(w, n)
	})
}

func silent(http.ResponseWriter, error) {}

// wrapper is the kind of middleware that wraps the ResponseWriter.
type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// hider is the kind that forgets Unwrap.
type hider struct{ http.ResponseWriter }

// Over real connections, HTTP/1.1 and HTTP/2: who gets which answer, and that the
// server has nothing to complain of.
func TestRequestLimitOverSockets(t *testing.T) {
	limit := &throttle.RequestLimit{MaxBody: 10, MaxTarget: 100}
	teapot := readBody(func(w http.ResponseWriter, _ error) { w.WriteHeader(http.StatusTeapot) })
	form := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var tooLarge *http.MaxBytesError
		if err := r.ParseMultipartForm(1 << 20); !errors.As(err, &tooLarge) {
			fmt.Fprintf(w, "ParseMultipartForm() = %v", err)
		}
	})
	wrapped := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(wrapper{w}, r) })
	}
	hidden := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(hider{w}, r) })
	}
	partly := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "part")
		io.Copy(io.Discard, r.Body)
	})
	ignore := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") })

	var multi bytes.Buffer
	mw := multipart.NewWriter(&multi)
	fw, _ := mw.CreateFormFile("file", "a.txt")
	io.WriteString(fw, "content")
	mw.Close()

	tests := []struct {
		name    string
		handler http.Handler
		target  string
		body    string
		chunked bool
		header  http.Header
		status  int
		text    string
		closes  bool // HTTP/1.1
	}{
		{name: "within", handler: limit.Wrap(readBody(silent)), body: "0123456789", status: 200, text: "10"},
		{name: "within, chunked", handler: limit.Wrap(readBody(silent)), body: "0123456789", chunked: true, status: 200, text: "10"},
		{name: "declared too long", handler: limit.Wrap(readBody(silent)), body: "0123456789x", status: 413, closes: true},
		{name: "declared much too long", handler: limit.Wrap(readBody(silent)), body: strings.Repeat("x", 1<<20), status: 413, closes: true},
		{name: "chunked too long", handler: limit.Wrap(readBody(silent)), body: "0123456789x", chunked: true, status: 413, closes: true},
		{name: "chunked too long, behind a wrapper", handler: wrapped(limit.Wrap(readBody(silent))), body: "0123456789x", chunked: true, status: 413, closes: true},
		{name: "chunked too long, before a wrapper", handler: limit.Wrap(wrapped(readBody(silent))), body: "0123456789x", chunked: true, status: 413, closes: true},
		{name: "chunked too long, behind a hider", handler: hidden(limit.Wrap(readBody(silent))), body: "0123456789x", chunked: true, status: 413, closes: true},
		{name: "chunked too long, the handler answers", handler: limit.Wrap(teapot), body: "0123456789x", chunked: true, status: 418, closes: true},
		{name: "chunked too long, after a part", handler: limit.Wrap(partly), body: "0123456789x", chunked: true, status: 200, text: "part", closes: true},
		{name: "chunked too long, not read", handler: limit.Wrap(ignore), body: "0123456789x", chunked: true, status: 200, text: "ok"},
		{name: "multipart too long", handler: limit.Wrap(form), body: multi.String(), chunked: true, header: http.Header{"Content-Type": {mw.FormDataContentType()}}, status: 413, closes: true},
		{name: "target", handler: limit.Wrap(ignore), target: "/" + strings.Repeat("x", 99), status: 200, text: "ok"},
		{name: "target too long", handler: limit.Wrap(ignore), target: "/" + strings.Repeat("x", 100), status: 414},
		{name: "query too long", handler: limit.Wrap(ignore), target: "/?" + strings.Repeat("%20", 40), status: 414},
	}
	for _, http2 := range []bool{false, true} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s, http2 %v", tt.name, http2), func(t *testing.T) {
				t.Parallel()
				s := newServer(t, tt.handler, http2)
				var body io.Reader = strings.NewReader(tt.body)
				if tt.chunked {
					body = unsized(tt.body)
				}
				r, err := http.NewRequest("POST", s.URL+tt.target, body)
				if err != nil {
					t.Fatal(err)
				}
				if tt.header != nil {
					r.Header = tt.header
				}
				resp, err := s.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				text, _ := io.ReadAll(resp.Body)
				if resp.StatusCode != tt.status || string(text) != tt.text {
					t.Errorf("%d %q, want %d %q", resp.StatusCode, text, tt.status, tt.text)
				}
				if want := map[bool]int{false: 1, true: 2}[http2]; resp.ProtoMajor != want {
					t.Errorf("HTTP/%d, want %d", resp.ProtoMajor, want)
				}
				if !http2 && resp.Close != tt.closes {
					t.Errorf("Connection: close is %v, want %v", resp.Close, tt.closes)
				}
				if log := s.logged(); log != "" {
					t.Errorf("the server logged %q", log)
				}
			})
		}
	}
}

// unsized is a body whose length a client does not know, and sends chunked.
func unsized(text string) io.Reader { return struct{ io.Reader }{strings.NewReader(text)} }

// What stands on the wire, byte for byte: no 100 Continue for a body that is too
// long, and the end of the connection after a 413, but not after a 414.
func TestRequestLimitOnTheWire(t *testing.T) {
	limit := &throttle.RequestLimit{MaxBody: 10, MaxTarget: 20}
	s := newServer(t, limit.Wrap(readBody(silent)), false)
	tests := []struct {
		name, send string
		lines      []string // status lines of the answers
		closes     bool
	}{
		{"expect, too long", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n", []string{"HTTP/1.1 413 Request Entity Too Large"}, true},
		{"expect, within", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab", []string{"HTTP/1.1 100 Continue", "HTTP/1.1 200 OK"}, false},
		{"chunked, too long", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789x\r\n0\r\n\r\n", []string{"HTTP/1.1 413 Request Entity Too Large"}, true},
		{"target, then another request", "GET /0123456789012345678x HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", []string{"HTTP/1.1 414 Request URI Too Long", "HTTP/1.1 200 OK"}, false},
		{"length, then another request", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n0123456789xGET / HTTP/1.1\r\nHost: x\r\n\r\n", []string{"HTTP/1.1 413 Request Entity Too Large"}, true},
		{"HTTP/1.0", "POST / HTTP/1.0\r\nContent-Length: 11\r\n\r\n0123456789x", []string{"HTTP/1.0 413 Request Entity Too Large"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, tt.send)
			if !tt.closes {
				conn.(*net.TCPConn).CloseWrite()
			}
			var lines []string
			scanner := bufio.NewScanner(conn) // ends when the server closes
			for scanner.Scan() {
				if line := scanner.Text(); strings.HasPrefix(line, "HTTP/1.") {
					lines = append(lines, line)
				}
			}
			if fmt.Sprint(lines) != fmt.Sprint(tt.lines) {
				t.Errorf("answers %q, want %q", lines, tt.lines)
			}
		})
	}
}

// In Compat a body that is too long only fails those who read it, and the framing
// of a chunked one counts (limit-small of the recorded host runs).
func TestRequestLimitCompat(t *testing.T) {
	limit := &throttle.RequestLimit{MaxBody: 100, Compat: true}
	for _, tt := range []struct {
		n       int
		chunked bool
		fails   bool
	}{
		{100, false, false}, {101, false, true}, {100, true, true}, {101, true, true}, {91, true, false},
	} {
		var got error
		h := limit.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, got = io.ReadAll(r.Body)
		}))
		r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", tt.n)))
		if tt.chunked {
			r.ContentLength = -1
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var tooLarge *http.MaxBytesError
		if errors.As(got, &tooLarge) != tt.fails || w.Code != 200 {
			t.Errorf("%d bytes, chunked %v: status %d, error %v; want fails %v", tt.n, tt.chunked, w.Code, got, tt.fails)
		}
	}
}

func TestRequestLimitBound(t *testing.T) {
	limit := &throttle.RequestLimit{MaxBody: 5}
	for body, want := range map[string]bool{"": false, "12345": false, "123456": true} {
		r := httptest.NewRequest("POST", "/", unsized(body))
		exceeded := limit.Bound(httptest.NewRecorder(), r)
		if exceeded() {
			t.Errorf("%q: exceeded before it was read", body)
		}
		io.ReadAll(r.Body)
		if got := exceeded(); got != want {
			t.Errorf("%q: exceeded() = %v, want %v", body, got, want)
		}
	}
}

func TestRequestLimitAllocs(t *testing.T) {
	limit := &throttle.RequestLimit{}
	h := limit.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	w := &nullWriter{header: http.Header{}}
	r := httptest.NewRequest("GET", "/api/f", nil)
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }); n != 0 {
		t.Errorf("a request without a body: %v allocations, want 0", n)
	}
}
