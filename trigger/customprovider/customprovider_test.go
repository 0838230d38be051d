package customprovider_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"strconv"
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
		{"PUT", base + "things/a", `{"id":"evil","properties":{"x":1},"id":2}`, 200, `{"id":"` + base + `things/a","properties":{"x":1},"name":"a","type":"Microsoft.CustomProviders/resourceProviders/things"}`},
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

type broken struct {
	customprovider.Memory
	rows int
}

func (*broken) Get(context.Context, customprovider.Key) (customprovider.Resource, error) {
	return customprovider.Resource{}, errors.New("disk on fire")
}

func (b *broken) List(context.Context, string, string, string) iter.Seq2[customprovider.Resource, error] {
	return func(yield func(customprovider.Resource, error) bool) {
		for range b.rows {
			if !yield(customprovider.Resource{JSON: []byte("{}")}, nil) {
				return
			}
		}
		yield(customprovider.Resource{}, errors.New("disk on fire"))
	}
}

func TestStoreError(t *testing.T) {
	for _, path := range []string{"t/a", "t"} {
		if w := ask(&customprovider.Handler{Store: &broken{}}, "GET", base+path, ""); w.Code != 500 || w.Body.Len() > 0 {
			t.Errorf("%s: got %d %q, want 500 and nothing else", path, w.Code, w.Body)
		}
	}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("a list that fails midway: recovered %v, want http.ErrAbortHandler", v)
		}
	}()
	ask(&customprovider.Handler{Store: &broken{rows: 1}}, "GET", base+"t", "")
}

func TestConditions(t *testing.T) {
	h := &customprovider.Handler{Store: &customprovider.Memory{}}
	send := func(method, name, value string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/", strings.NewReader("{}"))
		r.Header.Set(customprovider.PathHeader, base+"things/a")
		if name != "" {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	first := send("PUT", "If-None-Match", "*").Header().Get("ETag")
	if got := send("GET", "", "").Header().Get("ETag"); got != first || got == "" {
		t.Errorf("GET has the ETag %q, PUT had %q", got, first)
	}
	for i, step := range []struct {
		method, name, value string
		want                int
	}{
		{"PUT", "If-None-Match", "*", 412},
		{"PUT", "If-Match", first, 200},
		{"PUT", "If-Match", first, 412},
		{"DELETE", "If-Match", first, 412},
		{"DELETE", "If-Match", "*", 200},
		{"DELETE", "If-Match", first, 204},
		{"PUT", "If-Match", first, 412},
	} {
		if w := send(step.method, step.name, step.value); w.Code != step.want || w.Code == 412 && w.Body.Len() > 0 {
			t.Errorf("step %d: got %d %q, want %d", i, w.Code, w.Body, step.want)
		}
	}
}

// TestPages follows nextLink through a collection, in pages of each size.
func TestPages(t *testing.T) {
	h := &customprovider.Handler{Store: &customprovider.Memory{}}
	names := "a b'c b:c d e" // in the order of their rows
	for name := range strings.FieldsSeq(names) {
		ask(h, "PUT", base+"things/"+name, "{}")
	}
	ask(h, "PUT", base+"thingsx/other", "{}")
	list := func(query string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/api/provider?"+query, nil)
		r.Header.Set(customprovider.PathHeader, base+"things")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for top := 1; top <= 6; top++ {
		var got []string
		for query := "%24top=" + strconv.Itoa(top); query != ""; {
			w := list(query)
			var page struct {
				Value    []struct{ Name string }
				NextLink string
			}
			if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page.Value) == 0 || len(page.Value) > top {
				t.Fatalf("%s: %d %s (%v)", query, w.Code, w.Body, err)
			}
			for _, v := range page.Value {
				got = append(got, v.Name)
			}
			_, query, _ = strings.Cut(page.NextLink, "?")
		}
		if all := strings.Join(got, " "); all != names {
			t.Errorf("in pages of %d: %s, want %s", top, all, names)
		}
	}
	for _, query := range []string{"%24top=0", "%24top=x", "%24skiptoken=%25", "%24skiptoken="} {
		if w := list(query); w.Code != 400 {
			t.Errorf("%s: status %d, want 400", query, w.Code)
		}
	}
}
