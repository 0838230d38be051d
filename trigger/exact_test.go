package trigger_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// overWire sends a request by hand and returns all that comes back, without Date.
func overWire(t *testing.T, srv *httptest.Server, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`Date: [^\r]*\r\n`).ReplaceAllString(string(text), "")
}

func scriptValue(t *testing.T, value string) any {
	t.Helper()
	v, err := trigger.ScriptResult([]byte(value))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The answers of the reference's server to what net/http has no answer for, as
// they go over the wire (HttpProtocol.cs; TR-125, TR-129, TR-131, TR-137).
func TestExactAnswers(t *testing.T) {
	const plain = "Content-Type: text/plain; charset=utf-8\r\n"
	text := func(status int, h http.Header) *trigger.Response {
		return &trigger.Response{Status: status, Header: h, Body: "xyz"}
	}
	sized := func(status int) *trigger.Response {
		return &trigger.Response{Status: status, Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, Body: []byte("xyz")}
	}
	const raw = "Connection: close\r\n" + plain + "Transfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n"
	const broken = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n" + plain + "Connection: close\r\n\r\n"
	tests := []struct {
		name   string
		method string
		value  any
		want   string
	}{
		{"status below zero", "GET", scriptValue(t, `{"statusCode":-1,"body":"xyz"}`), "HTTP/1.1 -1 \r\n" + raw},
		{"status 0", "GET", scriptValue(t, `{"statusCode":0,"body":"xyz"}`), "HTTP/1.1 0 \r\n" + raw},
		{"status 99", "GET", text(99, nil), "HTTP/1.1 99 \r\n" + raw},
		{"status 1000", "GET", text(1000, nil), "HTTP/1.1 1000 \r\n" + raw},
		{"status 100", "GET", text(100, nil), "HTTP/1.1 100 Continue\r\n" + raw},
		{"status 199 to HEAD", "HEAD", text(199, nil), "HTTP/1.1 199 \r\nConnection: close\r\n" + plain + "Transfer-Encoding: chunked\r\n\r\n"},
		{"status 1000 with a length", "GET", sized(1000), "HTTP/1.1 1000 \r\nConnection: close\r\nContent-Length: 3\r\n" + plain + "\r\nxyz"},
		{"status 101 with a length", "GET", sized(101), broken},
		{"204 with a length", "GET", sized(204), broken},
		{"205 with a length", "GET", sized(205), broken},
		{"204 of a text", "GET", text(204, nil), "HTTP/1.1 204 No Content\r\n" + plain + "Connection: close\r\n\r\n"},
		{"205 of a text", "GET", text(205, nil), "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n" + plain + "Connection: close\r\n\r\n"},
		{"304 keeps its type", "GET", sized(304), "HTTP/1.1 304 Not Modified\r\ncontent-type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"},
		{"own length, right", "GET", text(200, http.Header{"Content-Length": {" 3 "}}), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" + plain + "Connection: close\r\n\r\nxyz"},
		{"own length, too short", "GET", text(200, http.Header{"Content-Length": {"1"}}), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" + plain + "Connection: close\r\n\r\n"},
		{"own length, too long", "GET", text(200, http.Header{"Content-Length": {"5"}}), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + plain + "Connection: close\r\n\r\nxyz"},
		{"own length to HEAD", "HEAD", text(200, http.Header{"Content-Length": {"9"}}), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n" + plain + "Connection: close\r\n\r\n"},
		{"own length is none", "GET", text(200, http.Header{"Content-Length": {"-3"}}), "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
		{"own length of bytes is not heeded", "GET", &trigger.Response{Body: []byte("xyz"), Header: http.Header{"Content-Length": {"1"}, "Content-Type": {"a/b"}}},
			"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: a/b\r\nConnection: close\r\n\r\nxyz"},
		{"own coding", "GET", text(200, http.Header{"Transfer-Encoding": {"chunked"}}),
			"HTTP/1.1 200 OK\r\nConnection: close\r\n" + plain + "Transfer-Encoding: chunked\r\n\r\nxyz"},
		{"own coding without a body", "HEAD", text(200, http.Header{"Transfer-Encoding": {"gzip"}}),
			"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n" + plain + "Transfer-Encoding: gzip\r\n\r\n"},
		{"of a script, own length", "GET", scriptValue(t, `{"body":"xyz","headers":{"content-length":"1","x-a":"b"}}`),
			"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" + plain + "X-A: b\r\nConnection: close\r\n\r\n"},
		{"a stream of status 1000", "GET", &trigger.Response{Status: 1000, Body: strings.NewReader("lost")},
			"HTTP/1.1 1000 \r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(in(t, returns(tt.value, nil), true))
			defer srv.Close()
			got := overWire(t, srv, tt.method+" /api/f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// A body that nobody read does not keep the caller from reading the answer, and
// an answer to HTTP/1.0 is not chunked.
func TestExactAnswerAfterBody(t *testing.T) {
	srv := httptest.NewServer(in(t, returns(&trigger.Response{Status: 1000, Body: "x"}, nil), true))
	defer srv.Close()
	got := overWire(t, srv, "POST /api/f HTTP/1.0\r\nContent-Length: 200000\r\n\r\n"+strings.Repeat("b", 200_000))
	if want := "HTTP/1.1 1000 \r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nx"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Where the connection cannot be had, a status that is none is an error.
func TestExactAnswerElsewhere(t *testing.T) {
	h := in(t, returns(&trigger.Response{Status: 1000, Body: "x"}, nil), true)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest("GET", "/api/f", nil))
	if rec.Code != 500 || rec.Body.Len() > 0 {
		t.Errorf("recorder: %d %q, want 500 and nothing", rec.Code, rec.Body)
	}
	srv := httptest.NewUnstartedServer(h)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL + "/api/f")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 500 || resp.ProtoMajor != 2 {
		t.Errorf("HTTP/2: %d over %s, want 500", resp.StatusCode, resp.Proto)
	}
}

// On HTTP/2 an answer that does not fit its length is a stream that was reset.
func TestExactAnswerHTTP2(t *testing.T) {
	tests := []struct {
		name   string
		value  *trigger.Response
		status int
		cut    bool
		body   string
		ctype  string
	}{
		{"204 with a length", &trigger.Response{Status: 204, Body: []byte("xyz")}, 500, true, "", ""},
		{"own length, too short", &trigger.Response{Body: "xyz", Header: http.Header{"Content-Length": {"1"}}}, 200, true, "", "text/plain; charset=utf-8"},
		{"own coding", &trigger.Response{Body: "xyz", Header: http.Header{"Transfer-Encoding": {"chunked"}}}, 200, false, "xyz", "text/plain; charset=utf-8"},
		{"304", &trigger.Response{Status: 304, Body: "xyz"}, 304, false, "", "text/plain; charset=utf-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewUnstartedServer(in(t, returns(tt.value, nil), true))
			srv.EnableHTTP2 = true
			srv.StartTLS()
			defer srv.Close()
			resp, err := srv.Client().Get(srv.URL + "/api/f")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.status || (err != nil) != tt.cut || string(body) != tt.body || resp.Header.Get("Content-Type") != tt.ctype {
				t.Errorf("got %d %q %q (%v)", resp.StatusCode, resp.Header.Get("Content-Type"), body, err)
			}
		})
	}
}

// Default lets no function say how its message is framed.
func TestFramingIsTheServers(t *testing.T) {
	for _, value := range []any{
		&trigger.Response{Body: "xyz", Header: http.Header{"Content-Length": {"1"}, "Transfer-Encoding": {"chunked"}}},
		scriptValue(t, `{"body":"xyz","headers":{"Content-Length":"1","Transfer-Encoding":"gzip"}}`),
	} {
		srv := httptest.NewServer(in(t, returns(value, nil), false))
		got := overWire(t, srv, "GET /api/f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		srv.Close()
		if want := "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nxyz"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A field that the host has set already is dropped, and the log says which.
func TestDroppedFieldIsLogged(t *testing.T) {
	for _, value := range []any{
		&trigger.Response{Header: http.Header{"Strict-Transport-Security": {"max-age=1"}}},
		scriptValue(t, `{"body":"x","headers":{"strict-transport-security":"max-age=1"}}`),
	} {
		var log strings.Builder
		app := trigger.App{Host: trigger.HostConfig{Version: "2.0", HTTP: trigger.HTTPConfig{
			RoutePrefix: "api", MaxOutstandingRequests: -1, MaxConcurrentRequests: -1, HSTS: trigger.HSTSConfig{Enabled: true, MaxAge: 1e9}}}}
		host, err := trigger.NewHost(trigger.Config{
			App: &app, Functions: []trigger.Function{{Name: "f", Level: keys.Anonymous, Handler: returns(value, nil)}},
			Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "https://x.test/api/f", nil)
		r.TLS = &tls.ConnectionState{}
		rec := httptest.NewRecorder()
		host.ServeHTTP(rec, r)
		if got := rec.Header().Get("Strict-Transport-Security"); got != "max-age=1" {
			t.Errorf("Strict-Transport-Security: %q", got)
		}
		if !strings.Contains(log.String(), "Duplicate HTTP header from function invocation removed.") {
			t.Errorf("log: %s", &log)
		}
	}
}

func TestRequestString(t *testing.T) {
	var got string
	f := trigger.Func(func(_ context.Context, r *trigger.Request) (any, error) {
		got = r.String()
		return nil, errors.New("seen")
	})
	host, err := trigger.NewHost(trigger.Config{
		Functions: []trigger.Function{{Name: "f", Route: "{*rest}", Level: keys.Anonymous, Handler: f}},
		Origin:    func(*http.Request) (string, string) { return "https", "front.test" },
	})
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		"/api/a%20b?code=secret":  "Method: GET, Uri: https://front.test/api/a%20b",
		"/deep/api/x?code=secret": "Method: GET, Uri: https://front.test/deep/api/x",
		"/deep/api/a/../b?c":      "Method: GET, Uri: https://front.test/deep/api/b",
	} {
		http.StripPrefix(map[bool]string{true: "/deep"}[strings.HasPrefix(target, "/deep")], host).
			ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", target, nil))
		if got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}

// With MethodNotAllowed Compat says which methods a path takes; HEAD stays one
// of its own (TR-104, TR-276).
func TestMethodNotAllowed(t *testing.T) {
	h := returns("ok", nil)
	for _, on := range []bool{false, true} {
		host, err := trigger.NewHost(trigger.Config{Compat: true, MethodNotAllowed: on, Functions: []trigger.Function{
			{Name: "a", Route: "items/{id:int}", Methods: []string{"get", "PURGE"}, Level: keys.Anonymous, Handler: h},
			{Name: "b", Route: "items/{name}", Methods: []string{"POST"}, Level: keys.Anonymous, Handler: h},
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			method, path string
			status       int
			allow        string
		}{
			{"GET", "/api/items/1", 200, ""}, {"purge", "/api/items/1", 200, ""},
			{"HEAD", "/api/items/1", 405, "GET, POST, PURGE"}, {"PUT", "/api/items/x", 405, "POST"}, {"GET", "/api/items", 404, ""},
		} {
			rec := httptest.NewRecorder()
			host.ServeHTTP(rec, httptest.NewRequest(tt.method, tt.path, nil))
			if !on && tt.status == 405 {
				tt.status, tt.allow = 404, ""
			}
			if rec.Code != tt.status || rec.Header().Get("Allow") != tt.allow {
				t.Errorf("on %v: %s %s: %d, Allow %q, want %d, %q", on, tt.method, tt.path, rec.Code, rec.Header().Get("Allow"), tt.status, tt.allow)
			}
		}
	}
}

// TR-125, TR-178: a panic in Compat keeps the fields that were set, and a custom
// Content-Type is added where there is none.
func TestPanicKeepsFields(t *testing.T) {
	for _, tt := range []struct {
		compat bool
		set    string
		want   string
	}{
		{true, "text/own", "text/own"}, {true, "", "text/custom"}, {false, "text/own", "text/custom"},
	} {
		app := trigger.App{Host: trigger.HostConfig{Version: "2.0", MaxBody: 10, HTTP: trigger.HTTPConfig{
			RoutePrefix: "api", MaxOutstandingRequests: -1, MaxConcurrentRequests: -1,
			CustomHeaders: []trigger.Header{{Name: "Content-Type", Value: "text/custom"}}}}}
		host, err := trigger.NewHost(trigger.Config{App: &app, Compat: tt.compat, Functions: []trigger.Function{{
			Name: "f", Level: keys.Anonymous, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if w.Header().Set("Content-Length", "5"); tt.set != "" {
					w.Header().Set("Content-Type", tt.set)
				} else {
					w.Header().Del("Content-Type")
				}
				panic("after the fields")
			})}}})
		if err != nil {
			t.Fatal(err)
		}
		rec := httptest.NewRecorder()
		host.ServeHTTP(rec, httptest.NewRequest("GET", "/api/f", nil))
		if got := rec.Header().Get("Content-Type"); rec.Code != 500 || got != tt.want || rec.Header().Get("Content-Length") == "5" {
			t.Errorf("compat %v, %q: %d, %v, want %q", tt.compat, tt.set, rec.Code, rec.Header(), tt.want)
		}
	}
}

// TR-173: a limit of 0 admits only empty bodies.
func TestBodyLimitZero(t *testing.T) {
	app := trigger.App{Host: trigger.HostConfig{Version: "2.0", HTTP: trigger.HTTPConfig{RoutePrefix: "api", MaxOutstandingRequests: -1, MaxConcurrentRequests: -1}}}
	host, err := trigger.NewHost(trigger.Config{App: &app, Compat: true, Functions: []trigger.Function{{Name: "f", Level: keys.Anonymous, Handler: returns("ok", nil)}}})
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]int{"": 200, "x": 500} {
		rec := httptest.NewRecorder()
		host.ServeHTTP(rec, httptest.NewRequest("POST", "/api/f", strings.NewReader(body)))
		if rec.Code != want {
			t.Errorf("%q: %d, want %d", body, rec.Code, want)
		}
	}
}
