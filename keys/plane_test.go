package keys_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
)

func TestPlane(t *testing.T) {
	store := &keys.Memory{}
	key := func(name, value string) keys.Key { return keys.Key{Name: name, Value: keys.NewSecret(value)} }
	for scope, set := range map[keys.Scope]keys.Set{
		keys.HostScope():             {Master: key("master", "master-value"), Function: []keys.Key{key("default", "host-value")}, System: []keys.Key{key("x_extension", "sys-value")}},
		keys.FunctionScope("orders"): {Function: []keys.Key{key("partner", "partner/value="), key("default", "orders-value")}},
	} {
		if err := store.Save(t.Context(), scope, set); err != nil {
			t.Fatal(err)
		}
	}
	plane := newAPI(t, store, nil).Plane(func(_ *http.Request, function string) string { return "https://app.test/api/" + function })
	const long = "a value that is long enough"
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/host/default/listkeys", "", 200, `{"masterKey":"master-value","functionKeys":{"default":"host-value"},"systemKeys":{"x_extension":"sys-value"}}`},
		{"POST", "/Host/Default/ListKeys", "", 200, `{"masterKey"`},
		{"POST", "/functions/Orders/listkeys", "", 200, `{"default":"orders-value","partner":"partner/value="}`},
		{"POST", "/functions/fresh/listkeys", "", 200, `{}`},
		{"POST", "/functions/none/listkeys", "", 404, ""},
		{"POST", "/functions/orders/listsecrets", "", 200, `{"key":"orders-value","trigger_url":"https://app.test/api/orders?code=orders-value"}`},
		{"POST", "/functions/fresh/listsecrets", "", 404, ""},
		{"PUT", "/functions/orders/keys/new", `{"properties":{"name":"new","value":"` + long + `"}}`, 201, `{"name":"new","value":"` + long + `"}`},
		{"PUT", "/functions/orders/keys/new", `{"name":"new","value":"` + long + `2"}`, 200, `{"name":"new","value":"` + long + `2"}`},
		{"PUT", "/functions/orders/keys/made", "", 201, `{"name":"made","value":"`},
		{"PUT", "/functions/orders/keys/new", `{"value":5}`, 400, "Invalid key value"},
		{"PUT", "/functions/orders/keys/new", `{"value":"short"}`, 400, ""},
		{"PUT", "/host/default/systemKeys/y", `{"value":"` + long + `"}`, 201, ""},
		{"PUT", "/host/default/otherKeys/y", `{}`, 404, ""},
		{"DELETE", "/functions/orders/keys/new", "", 204, ""},
		{"DELETE", "/functions/orders/keys/new", "", 404, ""},
		{"DELETE", "/host/default/masterKey/_master", "", 400, ""},
		{"POST", "/syncfunctiontriggers", "", 204, ""},
		{"POST", "/host/default/sync", "", 204, ""},
		{"GET", "/host/default/listkeys", "", 404, ""},
		{"POST", "/functions/%2e%2e%2f/listkeys", "", 404, ""},
	} {
		w := call(plane, tt.method, tt.path, tt.body)
		if w.Code != tt.status || !strings.HasPrefix(w.Body.String(), tt.want) {
			t.Errorf("%s %s: got %d %s, want %d %s", tt.method, tt.path, w.Code, w.Body, tt.status, tt.want)
		}
	}
	// The master key is made anew last: the calls above present it.
	w := call(plane, "PUT", "/host/default/masterKey/any", "")
	var made struct{ Name, Value string }
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != 200 || !keys.Generated(keys.MasterKey, made.Value) {
		t.Errorf("renewing the master key: %d %s", w.Code, w.Body)
	}
	if w := call(plane, "POST", "/host/default/listkeys", ""); w.Code != 401 {
		t.Errorf("with the master key of before: %d, want 401", w.Code)
	}
	r := httptest.NewRequest("POST", "/host/default/listkeys", nil)
	w = httptest.NewRecorder()
	plane.ServeHTTP(w, r)
	if w.Code != 401 || w.Body.Len() > 0 {
		t.Errorf("without a key: %d %s", w.Code, w.Body)
	}
}

// TestPlaneSync is KY-71 and KY-164: what changed behind the host's back, of the
// host and of functions, is seen at once.
func TestPlaneSync(t *testing.T) {
	for _, path := range []string{"/host/default/sync", "/SyncFunctionTriggers"} {
		store := &faulty{Store: ruleStore(t)}
		res := &keys.Resolver{Store: store}
		api, err := keys.NewAPI(keys.APIConfig{Manager: &keys.Manager{Store: store, Resolver: res}, FunctionExists: func(string) bool { return true }})
		if err != nil {
			t.Fatal(err)
		}
		knows := func(value string) bool {
			t.Helper()
			g, err := res.Resolve(t.Context(), "orders", value)
			if err != nil {
				t.Fatal(err)
			}
			return g.Kind != keys.NoKey
		}
		if !knows("own-default") || !knows("host-default") {
			t.Fatal("the keys do not work")
		}
		store.set(t, keys.FunctionScope("orders"), keys.FunctionKey, "default", "")
		store.set(t, keys.HostScope(), keys.FunctionKey, "default", "")
		w := httptest.NewRecorder()
		api.Plane(nil).ServeHTTP(w, httptest.NewRequest("POST", path+"?code=the-Master", nil))
		if w.Code != http.StatusNoContent || knows("own-default") || knows("host-default") {
			t.Errorf("%s: %d, and the keys that are gone: %t, %t", path, w.Code, knows("own-default"), knows("host-default"))
		}
	}
}
