package trigger_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/httptrigger/httptrigger/trigger"
)

func scripted(value []byte) http.Handler {
	return trigger.Func(func(context.Context, *trigger.Request) (any, error) { return trigger.ScriptResult(value) })
}

// TestScriptResult has the Default profile; the recorded apps have Compat.
func TestScriptResult(t *testing.T) {
	const text = "text/plain; charset=utf-8"
	tests := []struct {
		value, accept string
		status        int
		ctype, body   string
	}{
		{`null`, "", 204, "", ""},
		{`"hi"`, "", 200, text, "hi"},
		{`"12.50"`, "", 200, text, "12.50"},
		{`"aGVsbG8="`, "", 200, text, "aGVsbG8="},
		{`12.50`, "", 200, text, "12.50"},
		{`true`, "", 200, text, "true"},
		{`[1, "a"]`, "", 200, text, `[1,"a"]`},
		{`{"status": 404}`, "", 200, text, `{"status":404}`},
		{`{"body": null, "status": 202}`, "", 202, text, ""},
		{`{"BODY": {"a": [1]}, "StatusCode": "201"}`, "", 201, text, `{"a":[1]}`},
		{`{"body": "x", "statusCode": null, "status": 202}`, "", 200, text, "x"},
		{`{"body": "é", "headers": {"content-type": "text/html"}}`, "", 200, "text/html; charset=utf-8", "é"},
		{`"{\"body\":\"inner\",\"status\":418}"`, "", 418, text, "inner"},
		{`{"body": {"a": 1}, "enableContentNegotiation": true}`, "application/json", 200, "application/json; charset=utf-8", `{"a":1}`},
		{`{"body": "x", "statusCode": 99}`, "", 500, "", ""},
		{`{"body": "x", "statusCode": 99999999999}`, "", 500, "", ""},
		{`{"body": "x", "headers": {"a b": "c"}}`, "", 500, "", ""},
		{`{"body": "x", "headers": {"a": null}}`, "", 500, "", ""},
		{`{bad`, "", 500, "", ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		if tt.accept != "" {
			r.Header.Set("Accept", tt.accept)
		}
		w := httptest.NewRecorder()
		scripted([]byte(tt.value)).ServeHTTP(w, r)
		if w.Code != tt.status || w.Header().Get("Content-Type") != tt.ctype || w.Body.String() != tt.body {
			t.Errorf("%s answers %d %q %q, want %d %q %q", tt.value, w.Code, w.Header().Get("Content-Type"), w.Body, tt.status, tt.ctype, tt.body)
		}
	}
}

// FuzzScriptResult answers with any value: no panic, and a status and fields that
// can go over the wire.
func FuzzScriptResult(f *testing.F) {
	for _, s := range []string{`null`, `{"body":{"a":[1]},"statusCode":"201","headers":{"x":"y","content-type":"a/b"}}`, `"{'body':1}"`, `{"body":"x","enableContentNegotiation":true}`, `1e999`, `"\ud800"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		w := httptest.NewRecorder()
		scripted(value).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code < 200 || w.Code > 999 {
			t.Errorf("status %d", w.Code)
		}
		for name, values := range w.Header() {
			for _, v := range values {
				for _, c := range []byte(name + v) {
					if c < ' ' && c != '\t' || c >= 0x7f {
						t.Errorf("field %q: %q", name, v)
					}
				}
			}
		}
	})
}
