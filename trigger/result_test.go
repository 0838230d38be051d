package trigger_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

type point struct {
	X int    `json:"x"`
	Y string `json:"y,omitempty"`
}

func returns(v any, err error) http.Handler {
	return trigger.Func(func(context.Context, *trigger.Request) (any, error) { return v, err })
}

// in runs a handler as the function of a host.
func in(t *testing.T, h http.Handler, compat bool) http.Handler {
	t.Helper()
	host, err := trigger.NewHost(trigger.Config{Compat: compat, Functions: []trigger.Function{
		{Name: "f", Level: keys.Anonymous, Handler: h},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return host
}

func TestFuncResults(t *testing.T) {
	const text, jsonType = "text/plain; charset=utf-8", "application/json; charset=utf-8"
	tests := []struct {
		name   string
		value  any
		accept string
		status int
		ctype  string
		body   string
	}{
		{"nothing", nil, "", 204, "", ""},
		{"nil pointer", (*point)(nil), "", 204, "", ""},
		{"nil response", (*trigger.Response)(nil), "", 204, "", ""},
		{"text", "hé", "", 200, text, "hé"},
		{"empty text", "", "", 200, text, ""},
		{"text that looks like JSON", `{"a":1}`, "", 200, text, `{"a":1}`},
		{"text as JSON", "hé", "application/json", 200, jsonType, `"hé"`},
		{"text as XML", "a<b", "application/xml", 200, "application/xml; charset=utf-8",
			`<string xmlns="http://schemas.microsoft.com/2003/10/Serialization/">a&lt;b</string>`},
		{"text for a browser", "a", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 200, text, "a"},
		{"text nobody serves", "a", "image/png", 200, text, "a"},
		{"number", 5, "", 200, jsonType, "5"},
		{"number as XML by preference", 5, "text/xml;q=0.5, application/json;q=0.4", 200, "text/xml; charset=utf-8",
			`<long xmlns="http://schemas.microsoft.com/2003/10/Serialization/">5</long>`},
		{"not wanted at all", 5, "text/xml;q=0", 200, jsonType, "5"},
		{"vendor JSON", 5, "application/vnd.x+json", 200, "application/vnd.x+json; charset=utf-8", "5"},
		{"list as XML", []any{1, "a", nil}, "application/xml", 200, "application/xml; charset=utf-8",
			`<ArrayOfanyType xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.microsoft.com/2003/10/Serialization/Arrays">` +
				`<anyType xmlns:d2p1="http://www.w3.org/2001/XMLSchema" i:type="d2p1:long">1</anyType>` +
				`<anyType xmlns:d2p1="http://www.w3.org/2001/XMLSchema" i:type="d2p1:string">a</anyType><anyType i:nil="true" /></ArrayOfanyType>`},
		{"object", point{1, "<&>"}, "", 200, jsonType, `{"x":1,"y":"<&>"}`},
		{"object has no XML", point{1, ""}, "application/xml", 200, jsonType, `{"x":1}`},
		{"map", map[string]int{"B": 1, "a": 2}, "text/plain", 200, jsonType, `{"B":1,"a":2}`},
		{"bytes", []byte{0, 1, 255}, "", 200, "application/octet-stream", "\x00\x01\xff"},
		{"reader", strings.NewReader("streamed"), "", 200, "application/octet-stream", "streamed"},
		{"handler", http.RedirectHandler("/x", http.StatusFound), "", 302, "text/html; charset=utf-8", "<a href=\"/x\">Found</a>.\n\n"},
		{"response", trigger.Response{}, "", 200, text, ""},
		{"response of null", &trigger.Response{Status: 202}, "", 202, text, ""},
		{"response 204 with a body", &trigger.Response{Status: 204, Body: "x"}, "", 204, text, ""},
		{"response of an object", &trigger.Response{Body: point{X: 1}}, "", 200, text, `{"x":1}`},
		{"response of bytes", &trigger.Response{Body: []byte("<html>")}, "", 200, "", "<html>"},
		{"response with a type", &trigger.Response{Body: "x", Header: http.Header{"content-type": {"text/html"}}}, "", 200, "text/html; charset=utf-8", "x"},
		{"response with a charset", &trigger.Response{Body: "x", Header: http.Header{"Content-Type": {"text/html; charset=iso-8859-1; a=b"}}}, "", 200, "text/html; charset=utf-8; a=b", "x"},
		{"response negotiated", &trigger.Response{Status: 202, Body: "x", Negotiate: true}, "application/json", 202, jsonType, `"x"`},
		{"response negotiated, nothing", &trigger.Response{Negotiate: true}, "", 204, "", ""},
		{"response negotiated, nothing, 201", &trigger.Response{Status: 201, Negotiate: true}, "", 201, "", ""},
		{"response negotiated, own type", &trigger.Response{Body: point{}, Negotiate: true, Header: http.Header{"Content-Type": {"text/csv"}}}, "", 406, "text/csv", ""},
		{"accepted", trigger.Accepted("/status/1", 1500*time.Millisecond), "", 202, text, ""},
		{"redirect", trigger.Redirect("/x", 307), "", 307, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/api/f", nil)
			if tt.accept != "" {
				r.Header.Set("Accept", tt.accept)
			}
			w := httptest.NewRecorder()
			returns(tt.value, nil).ServeHTTP(w, r)
			if w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, tt.status, tt.body)
			}
			if got := w.Header().Get("Content-Type"); got != tt.ctype {
				t.Errorf("Content-Type %q, want %q", got, tt.ctype)
			}
		})
	}
}

func TestFuncBadResponses(t *testing.T) {
	for name, v := range map[string]any{
		"status 1000":      &trigger.Response{Status: 1000},
		"status 100":       &trigger.Response{Status: 100},
		"status -1":        &trigger.Response{Status: -1},
		"bad name":         &trigger.Response{Header: http.Header{"bad name": {"x"}}},
		"line break":       &trigger.Response{Header: http.Header{"X-A": {"a\r\nb: c"}}},
		"letter":           &trigger.Response{Header: http.Header{"X-A": {"é"}}},
		"cookie":           &trigger.Response{Cookies: []*http.Cookie{{Name: "a b"}}},
		"cookie attribute": &trigger.Response{Cookies: []*http.Cookie{{Name: "a", Path: "/;x"}}},
		"channel":          make(chan int),
		"function":         &trigger.Response{Body: func() {}},
	} {
		w := httptest.NewRecorder()
		returns(v, nil).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != 500 || w.Body.Len() != 0 {
			t.Errorf("%s: %d %q, want an empty 500", name, w.Code, w.Body)
		}
	}
}

func TestFuncCookies(t *testing.T) {
	w := httptest.NewRecorder()
	returns(&trigger.Response{Cookies: []*http.Cookie{
		{Name: "a", Value: "b c"},
		{Name: "d", Value: "e", MaxAge: 20, HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode, Domain: "x.test", Path: "/p"},
	}}, nil).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	want := []string{"a=b%20c; path=/", "d=e; max-age=20; domain=x.test; path=/p; secure; samesite=lax; httponly"}
	if got := w.Header()["Set-Cookie"]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Set-Cookie = %q, want %q", got, want)
	}
}

type statusError int

func (statusError) Error() string     { return "own" }
func (e statusError) StatusCode() int { return int(e) }

func TestFuncErrors(t *testing.T) {
	tests := []struct {
		name            string
		err             error
		plain, inCompat int
	}{
		{"any", errors.New("secret"), 500, 500},
		{"with a status", fmt.Errorf("wrapped: %w", statusError(409)), 409, 500},
		{"with a status of success", statusError(201), 500, 500},
		{"throttled", &throttle.RejectedError{Reason: throttle.ReasonRate}, 429, 500},
		{"body too long", fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 1}), 413, 500},
	}
	for _, tt := range tests {
		for _, compat := range []bool{false, true} {
			want := tt.plain
			if compat {
				want = tt.inCompat
			}
			w := httptest.NewRecorder()
			in(t, returns("ignored", tt.err), compat).ServeHTTP(w, httptest.NewRequest("GET", "/api/f", nil))
			if w.Code != want || w.Body.Len() != 0 {
				t.Errorf("%s, compat %t: %d %q, want an empty %d", tt.name, compat, w.Code, w.Body, want)
			}
		}
	}
}

func TestFuncBytesInCompat(t *testing.T) {
	w := httptest.NewRecorder()
	in(t, returns([]byte{0, 1, 2, 255}, nil), true).ServeHTTP(w, httptest.NewRequest("GET", "/api/f", nil))
	if got := w.Body.String(); got != `"AAEC/w=="` {
		t.Errorf("%q, want base64 in JSON", got)
	}
}

// brokenReader fails after some bytes.
type brokenReader struct{ left int }

func (b *brokenReader) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errors.New("the disk is gone")
	}
	b.left--
	return copy(p, "x"), nil
}

func TestFuncStream(t *testing.T) {
	url := serve(t, in(t, returns(&brokenReader{left: 3}, nil), false))
	resp, body := do(t, url, "GET", "/api/f", nil, nil)
	if resp.StatusCode != 200 || body != "xxx (cut)" {
		t.Errorf("%d %q, want an answer that is cut", resp.StatusCode, body)
	}
	pr, pw := io.Pipe()
	url = serve(t, in(t, returns(&trigger.Response{Body: pr}, nil), false))
	go pw.Write([]byte("first"))
	r, err := http.Get(url + "/api/f")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	buf := make([]byte, 5)
	if _, err := io.ReadFull(r.Body, buf); err != nil || string(buf) != "first" {
		t.Errorf("%q, %v: a piece does not come through before the end", buf, err)
	}
	pw.Close()
}

func TestFuncHead(t *testing.T) {
	url := serve(t, in(t, returns("hello", nil), false))
	resp, body := do(t, url, "HEAD", "/api/f", nil, nil)
	if resp.StatusCode != 200 || body != "" || resp.ContentLength != 5 {
		t.Errorf("%d %q, length %d", resp.StatusCode, body, resp.ContentLength)
	}
}
