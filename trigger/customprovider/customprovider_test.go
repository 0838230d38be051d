package customprovider_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/trigger/customprovider"
)

const base = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CustomProviders/resourceProviders/p/"

func ask(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/api/provider", strings.NewReader(body))
	if path != "" {
		r.Header.Set("x-ms-customproviders-requestpath", path)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandler(t *testing.T) {
	h := &customprovider.Handler{Store: &customprovider.Memory{}, MaxBody: 100}
	stored := `{"properties":{"x":1},"name":"a","type":"Microsoft.CustomProviders/resourceProviders/things","id":"` + base + `things/a"}`
	steps := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "", "", 400, `{"error":"missing 'x-ms-customproviders-requestpath' header"}`},
		{"GET", "/subscriptions/s", "", 400, `{"error":"'x-ms-customproviders-requestpath' is not the path of a custom resource"}`},
		{"GET", base + "things/a", "", 404, ""},
		{"DELETE", base + "things/a", "", 204, ""},
		{"GET", base + "things", "", 200, `{"value":[]}`},
		{"PUT", base + "things/a", `{"id":"evil","properties":{"x":1}}`, 200, stored},
		{"PUT", base + "things/a", `{"properties":{"x":1}}`, 200, stored},
		{"PUT", base + "thingsX/a", `{}`, 200, strings.Replace(strings.Replace(stored, `"properties":{"x":1},`, "", 1), "things", "thingsX", -1)},
		{"GET", base + "THINGS/A/", "", 200, stored},
		{"GET", base + "things/", "", 200, `{"value":[` + stored + `]}`},
		{"PUT", base + "things/a/parts/b", `{}`, 200, `{"name":"b","type":"Microsoft.CustomProviders/resourceProviders/things/parts","id":"` + base + `things/a/parts/b"}`},
		{"GET", base + "things/c/parts", "", 200, `{"value":[]}`},
		{"GET", base + "things", "", 200, `{"value":[` + stored + `]}`},
		{"GET", strings.Replace(base, "/p/", "/q/", 1) + "things", "", 200, `{"value":[]}`},
		{"PUT", base + "things/b", `[]`, 400, `{"error":"the body is no JSON object"}`},
		{"PUT", base + "things/b", `{ nope`, 400, `{"error":"the body is no JSON object"}`},
		{"PUT", base + "things/b", strings.Repeat(" ", 101), 413, ""},
		{"POST", base + "ping", `{"a":1}`, 200, `{"a":1}`},
		{"POST", base + "ping", ``, 200, ``},
		{"POST", base + "ping", `{`, 400, `{"error":"the body is no JSON"}`},
		{"POST", base + "things/a", `{}`, 400, ""},
		{"PUT", base + "things", `{}`, 400, ""},
		{"DELETE", base + "things", ``, 400, ""},
		{"PATCH", base + "things/a", `{}`, 400, ""},
		{"DELETE", base + "things/a", "", 200, ""},
		{"DELETE", base + "things/a", "", 204, ""},
	}
	for i, s := range steps {
		w := ask(h, s.method, s.path, s.body)
		if w.Code != s.status || w.Body.String() != s.want {
			t.Errorf("step %d, %s %s: got %d %s, want %d %s", i, s.method, s.path, w.Code, w.Body, s.status, s.want)
		}
		if ctype := w.Header().Get("Content-Type"); s.want != "" && !strings.HasPrefix(ctype, "application/json") {
			t.Errorf("step %d: Content-Type %q", i, ctype)
		}
	}
}

// TestKeys holds that no two resources share a key, however they are named.
func TestKeys(t *testing.T) {
	paths := []string{"t/a", "t/a/u/b", "t/b/u/b", "t:u/a", "t/u:a", "t:u:a", "t", "t/a%3au", "t/a:u", "t|u/a", "t/a|u"}
	seen := map[customprovider.Key]string{}
	for _, path := range paths {
		id, ok := customprovider.ParseID(base + path)
		if !ok {
			t.Fatalf("ParseID(%q) fails", path)
		}
		if other, twice := seen[id.Key()]; twice {
			t.Errorf("%q and %q have one key %v", path, other, id.Key())
		}
		seen[id.Key()] = path
	}
	for _, path := range []string{"", "/", "subscriptions/s", base, base[:len(base)-1], base + "t//u/b", "/a/b/c/d/e/f/g/h/i/j/k"} {
		if id, ok := customprovider.ParseID(path); ok {
			t.Errorf("ParseID(%q) = %+v", path, id)
		}
	}
}

type broken struct{ customprovider.Memory }

func (*broken) Get(context.Context, customprovider.Key) ([]byte, error) {
	return nil, errors.New("disk on fire")
}

func TestStoreError(t *testing.T) {
	if w := ask(&customprovider.Handler{Store: &broken{}}, "GET", base+"t/a", ""); w.Code != 500 || w.Body.Len() > 0 {
		t.Errorf("got %d %q, want 500 and nothing else", w.Code, w.Body)
	}
}
