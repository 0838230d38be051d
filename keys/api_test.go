package keys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/httptrigger/httptrigger/keys"
)

func exists(name string) bool {
	return strings.EqualFold(name, "orders") || strings.EqualFold(name, "fresh")
}

func newAPI(t *testing.T, store keys.Store, edit func(*keys.APIConfig)) *keys.API {
	t.Helper()
	c := keys.APIConfig{
		Manager:        &keys.Manager{Store: store, Resolver: &keys.Resolver{Store: store}},
		FunctionExists: exists,
	}
	if edit != nil {
		edit(&c)
	}
	api, err := keys.NewAPI(c)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func call(api http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set(keys.Header, "master-value")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w
}

func TestAPIDefault(t *testing.T) {
	const good = `{"value": "a value that is long enough"}`
	tests := []struct {
		method, path, body string
		status             int
		text               string
	}{
		{"GET", "/admin/host/keys", "", 200, `{"keys":[{"name":"default","value":"host-value"}],"links":[{"rel":"self","href":"http://example.com/admin/host/keys"}]}`},
		{"GET", "/ADMIN/Host/FunctionKeys/Default", "", 200, `{"name":"Default","value":"host-value","links":[{"rel":"self","href":"http://example.com/ADMIN/Host/FunctionKeys/Default"}]}`},
		{"GET", "/admin/host/systemkeys/_MASTER", "", 200, ""},
		{"GET", "/admin/host/keys/_master", "", 404, ""},
		{"GET", "/admin/functions/fresh/keys", "", 200, `{"keys":[],"links":[{"rel":"self","href":"http://example.com/admin/functions/fresh/keys"}]}`},
		{"GET", "/admin/functions/none/keys", "", 404, ""},
		{"GET", "/admin/functions/..%2forders/keys", "", 404, ""},
		{"GET", "/admin/host/keys/a/b", "", 404, ""},
		{"GET", "/admin//host/keys", "", 404, ""},
		{"HEAD", "/admin/host/keys", "", 404, ""},
		{"PATCH", "/admin/host/keys/default", "", 404, ""},
		{"POST", "/admin/host/keys", "", 404, ""},
		{"PUT", "/admin/functions/orders/keys/new", good, 201, ""},
		{"PUT", "/admin/functions/none/keys/new", good, 404, ""},
		{"PUT", "/admin/functions/none/keys/new", "{}", 400, "Invalid key value: offset 0: there is no value"},
		{"PUT", "/admin/functions/orders/keys/_master", good, 400, "Invalid key name"},
		{"POST", "/admin/functions/orders/keys/master", "", 400, "Invalid key name"},
		{"POST", "/admin/functions/orders/keys/a%2Fb", "", 201, ""},
		{"PUT", "/admin/host/keys/a", `{"value": "short"}`, 400, "Invalid key value"},
		{"PUT", "/admin/host/keys/_master", `{"value": ""}`, 400, "Invalid key value"},
		{"PUT", "/admin/host/keys/a", `{"value": 1234567890123456}`, 400, "Invalid key value: offset 10: the value is no text"},
		{"PUT", "/admin/host/keys/a", `{"value": "a value that is long enough",}`, 400, "Invalid key value: offset 41: not JSON"},
		{"PUT", "/admin/host/keys/a", `{"value": "a value that is long enough", "Value": "x"}`, 400, "Invalid key value: offset 41: there are two values"},
		{"PUT", "/admin/host/keys/a", good + "{}", 400, "Invalid key value: offset 41: not JSON"},
		{"PUT", "/admin/host/keys/a", `{'value': 'a value that is long enough'}`, 400, "Invalid key value: offset 2: not JSON"},
		{"PUT", "/admin/host/keys/a", `[]`, 400, "Invalid key value: offset 0: not an object"},
		{"PUT", "/admin/host/keys/a", `{"value": "` + strings.Repeat("x", 1<<16) + `"}`, 413, ""},
		{"DELETE", "/admin/host/keys/default", "", 204, ""},
		{"DELETE", "/admin/host/keys/none", "", 404, ""},
		{"DELETE", "/admin/functions/none/keys/_Master", "", 400, "Cannot delete System Key."},
	}
	for _, tt := range tests {
		w := call(newAPI(t, fixture(t), nil), tt.method, tt.path, tt.body)
		if w.Code != tt.status || tt.text != "" && w.Body.String() != tt.text {
			t.Errorf("%s %s: %d %q, want %d %q", tt.method, tt.path, w.Code, w.Body, tt.status, tt.text)
		}
		if w.Code == 200 && w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: keys may be stored on the way", tt.method, tt.path)
		}
	}
}

func TestAPIBodyTypes(t *testing.T) {
	api := newAPI(t, fixture(t), nil)
	utf16 := func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			b.WriteString(string([]byte{c, 0}))
		}
		return b.String()
	}
	const good = `{"value": "a value that is long enough"}`
	for kind, want := range map[string]int{
		"application/json": 200, "text/json": 200, "application/merge+json": 200, "application/json; charset=UTF-8": 200,
		"": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415, "application/json; charset=latin1": 415, "json": 415,
	} {
		r := httptest.NewRequest("PUT", "/admin/host/keys/default?code=master-value", strings.NewReader(good))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		if api.ServeHTTP(w, r); w.Code != want {
			t.Errorf("content type %q: status %d, want %d", kind, w.Code, want)
		}
	}
	r := httptest.NewRequest("PUT", "/admin/host/keys/default?code=master-value", strings.NewReader(utf16(good)))
	r.Header.Set("Content-Type", "application/json; charset=utf-16")
	w := httptest.NewRecorder()
	if api.ServeHTTP(w, r); w.Code != 200 {
		t.Errorf("UTF-16: status %d, %q", w.Code, w.Body)
	}
}

func TestAPICompatBodies(t *testing.T) {
	for body, want := range map[string]string{
		`{"value": 12}`:                   "12",
		`{"VALUE": true}`:                 "true",
		`{'value': 'x'}`:                  "x",
		`{value: "x",}`:                   "x",
		`{"value": "x"} trailing {"`:      "x",
		`{"value": "}{", /* } */ "a": 1}`: "}{",
		`{"value": "x", "value": "y"}`:    "y",
		`{"value": ""}`:                   "",
		`{"value": null}`:                 "400",
		`{"value": {}}`:                   "400",
		`{"value": "x", "encrypted": []}`: "400",
		"\xef\xbb\xbf" + `{"value": "x"}`: "400",
		`{"value": "x"`:                   "400",
	} {
		store := fixture(t)
		api := newAPI(t, store, func(c *keys.APIConfig) { c.Compat, c.Manager.Compat = true, true })
		w := call(api, "PUT", "/admin/host/keys/default", body)
		if want == "400" {
			if w.Code != 400 || w.Body.String() != "Invalid key value" {
				t.Errorf("%s: %d %q, want 400", body, w.Code, w.Body)
			}
			continue
		}
		var got struct{ Value string }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Value != want {
			t.Errorf("%s: %d %q, want the value %q", body, w.Code, w.Body, want)
		}
	}
}

func TestAPIRefusesStrangers(t *testing.T) {
	for _, key := range []string{"", "nope", "orders-value", "host-value", "system-value"} {
		want := 401
		if key == "host-value" || key == "system-value" {
			want = 403
		}
		store := fixture(t)
		before, err := store.Load(t.Context(), keys.HostScope())
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			r := httptest.NewRequest(method, "/admin/host/keys/default", strings.NewReader(`{"value":"a value that is long enough"}`))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set(keys.Header, key)
			w := httptest.NewRecorder()
			newAPI(t, store, nil).ServeHTTP(w, r)
			if w.Code != want || w.Body.Len() > 0 {
				t.Errorf("%s with key %q: %d %q, want %d and nothing", method, key, w.Code, w.Body, want)
			}
		}
		if after, err := store.Load(t.Context(), keys.HostScope()); err != nil || after.Version != before.Version {
			t.Errorf("key %q: the store was written", key)
		}
	}
}

func TestAPIAuthorize(t *testing.T) {
	store := fixture(t)
	var events []keys.Event
	api := newAPI(t, store, func(c *keys.APIConfig) {
		c.Manager.Audit = func(_ context.Context, e keys.Event) { events = append(events, e) }
		c.Authorize = func(r *http.Request) (string, bool) { return "ann", r.Header.Get("X-Ticket") == "good" }
	})
	r := httptest.NewRequest("POST", "/admin/functions/Orders/keys/New", nil)
	w := httptest.NewRecorder()
	if api.ServeHTTP(w, r); w.Code != 401 {
		t.Errorf("without a ticket: %d, want 401", w.Code)
	}
	r.Header.Set("X-Ticket", "good")
	w = httptest.NewRecorder()
	if api.ServeHTTP(w, r); w.Code != 201 || w.Header().Get("Location") != "http://example.com/admin/functions/Orders/keys/New" {
		t.Errorf("with a ticket: %d, location %q", w.Code, w.Header().Get("Location"))
	}
	if len(events) != 1 || events[0].By != "ann" || events[0].Name != "New" || events[0].Action != keys.ActionCreate {
		t.Errorf("events %+v", events)
	}
}

// changing is a store in which somebody else always comes first.
type changing struct{ keys.Memory }

func (*changing) Save(context.Context, keys.Scope, keys.Set) error { return keys.ErrChanged }

func TestAPIStoreFailures(t *testing.T) { synctest.Test(t, testAPIStoreFailures) }

func testAPIStoreFailures(t *testing.T) {
	guard := &keys.Guard{Resolver: &keys.Resolver{Store: fixture(t)}, Level: keys.Admin, Challenge: true}
	tests := []struct {
		name   string
		store  keys.Store
		compat bool
		want   int
	}{
		{"down", failing{errors.New("down")}, false, 503},
		{"down compat", failing{errors.New("down")}, true, 500},
		{"corrupt", failing{&keys.CorruptError{Err: errors.New("not JSON")}}, false, 500},
		{"conflict", &changing{}, false, 409},
		{"conflict compat", &changing{}, true, 500},
	}
	for _, tt := range tests {
		var log bytes.Buffer
		api := newAPI(t, tt.store, func(c *keys.APIConfig) {
			c.Guard, c.Compat, c.Logger = guard, tt.compat, slog.New(slog.NewTextHandler(&log, nil))
		})
		if w := call(api, "POST", "/admin/functions/orders/keys/new", ""); w.Code != tt.want || w.Body.Len() > 0 {
			t.Errorf("%s: %d %q, want %d and nothing", tt.name, w.Code, w.Body, tt.want)
		}
		if log.Len() == 0 {
			t.Errorf("%s: nothing was logged", tt.name)
		}
	}
}

func TestAPIHashed(t *testing.T) {
	store := &keys.Memory{}
	res := &keys.Resolver{Store: store}
	m := &keys.Manager{Store: store, Resolver: res, Hashed: true}
	if _, err := m.Put(t.Context(), keys.HostScope(), keys.MasterKey, "", keys.NewSecret("master-value-0123")); err != nil {
		t.Fatal(err)
	}
	api := newAPI(t, store, func(c *keys.APIConfig) { c.Manager = m })
	do := func(method, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set(keys.Header, "master-value-0123")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		return w
	}
	var made struct{ Value string }
	if w := do("POST", "/admin/host/keys/new"); w.Code != 201 || json.Unmarshal(w.Body.Bytes(), &made) != nil || made.Value == "" {
		t.Fatalf("POST: %d, the value is not returned once", w.Code)
	}
	if w := do("GET", "/admin/host/keys/new"); w.Code != 200 || strings.Contains(w.Body.String(), "value") {
		t.Errorf("GET: %d %q, want no value", w.Code, w.Body)
	}
	if grant, err := res.Resolve(t.Context(), "", made.Value); err != nil || grant.Name != "new" {
		t.Errorf("the key is not recognised: %v, %v", grant, err)
	}
}

func TestNewAPIReportsAllMistakes(t *testing.T) {
	_, err := keys.NewAPI(keys.APIConfig{Guard: &keys.Guard{}})
	for _, want := range []string{"Manager", "FunctionExists", "Level"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewAPI = %v, want %s named", err, want)
		}
	}
	if _, err := keys.NewAPI(keys.APIConfig{Manager: &keys.Manager{Store: &keys.Memory{}}, FunctionExists: exists}); err == nil {
		t.Error("an API that nobody could use was made")
	}
}
