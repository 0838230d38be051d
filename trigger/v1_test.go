package trigger_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// v1Host is a host in Compat for an app of runtime 1.x: "f" and the disabled
// "off", both with keys, and one place in its queue.
func v1Host(t *testing.T, f http.Handler) *trigger.Host {
	t.Helper()
	text := strings.Replace(functionText, "anonymous", "function", 1)
	app, err := trigger.LoadApp(fstest.MapFS{
		"host.json":         {Data: []byte(`{"http":{"maxConcurrentRequests":1,"maxOutstandingRequests":1}}`)},
		"f/function.json":   {Data: []byte(text)},
		"f/run.csx":         {},
		"off/function.json": {Data: []byte(strings.Replace(text, `{"bindings"`, `{"disabled":true,"bindings"`, 1))},
		"off/run.csx":       {},
	}, &trigger.LoadOptions{Compat: true, V1: true})
	if err != nil {
		t.Fatal(err)
	}
	store := &keys.Memory{}
	key := func(name, value string) keys.Key { return keys.Key{Name: name, Value: keys.NewSecret(value)} }
	set := keys.Set{Master: key(keys.MasterName, "master-key"), Function: []keys.Key{key("default", "function-key")}}
	if err := store.Save(t.Context(), keys.HostScope(), set); err != nil {
		t.Fatal(err)
	}
	host, err := trigger.NewHost(trigger.Config{
		App: app, Handlers: map[string]http.Handler{"f": f, "off": f}, Compat: true, Keys: &keys.Resolver{Store: store, Compat: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return host
}

func askKeyed(h http.Handler, target, key string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	if key != "" {
		r.Header.Set("x-functions-key", key)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// TR-102: in 1.x requests that no function takes, and those to disabled
// functions, never have a place in the queue; those without a key do.
func TestOrderOfV1(t *testing.T) {
	inside, leave := make(chan bool), make(chan bool)
	host := v1Host(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("hold") {
			inside <- true
			<-leave
		}
	}))
	check := func(when, target, key string, want int) {
		t.Helper()
		if rec := askKeyed(host, target, key); rec.Code != want {
			t.Errorf("%s, %s with %q: %d, want %d", when, target, key, rec.Code, want)
		}
	}
	check("empty", "/api/f", "", 401)
	check("empty", "/api/f", "function-key", 200)
	check("empty", "/api/off", "", 404)
	check("empty", "/api/off", "function-key", 404)
	check("empty", "/api/off", "master-key", 200)
	done := make(chan bool)
	go func() {
		askKeyed(host, "/api/f?hold", "function-key")
		close(done)
	}()
	<-inside
	check("full", "/api/none", "", 404)
	check("full", "/", "", 200)
	check("full", "/api/off", "", 404)
	check("full", "/api/off", "function-key", 404)
	check("full", "/api/f", "", 429)
	check("full", "/api/f", "function-key", 429)
	check("full", "/api/off", "master-key", 429)
	leave <- true
	<-done
	check("empty again", "/api/f", "", 401)
}

// TR-136: in 1.x the caller chooses the form of a body, unless isRaw says no.
func TestNegotiationOfV1(t *testing.T) {
	for _, tt := range []struct {
		value, accept string
		status        int
		ctype, body   string
	}{
		{`{"body":{"a":1}}`, "", 200, "application/json; charset=utf-8", `{"a":1}`},
		{`{"body":"x"}`, "application/xml", 200, "application/xml; charset=utf-8", `<string xmlns="http://schemas.microsoft.com/2003/10/Serialization/">x</string>`},
		{`{"body":"x","isRaw":true}`, "application/xml", 200, "text/plain; charset=utf-8", "x"},
		{`{"body":"x","headers":{"content-type":"text/html"}}`, "", 200, "text/html; charset=utf-8", "x"},
		{`{"body":null,"status":201}`, "", 201, "text/plain; charset=utf-8", ""},
		{`{"body":null}`, "", 200, "text/plain; charset=utf-8", ""},
	} {
		rec := askKeyed(v1Host(t, scripted([]byte(tt.value))), "/api/f", "function-key", "Accept", tt.accept)
		if tt.body == "" {
			tt.ctype = rec.Header().Get("Content-Type")
		}
		if rec.Code != tt.status || rec.Header().Get("Content-Type") != tt.ctype || rec.Body.String() != tt.body {
			t.Errorf("%s, Accept %q: %d %q %q", tt.value, tt.accept, rec.Code, rec.Header().Get("Content-Type"), rec.Body)
		}
	}
}

// TR-218: where no front end takes the platform's mark away from strangers, it
// says nothing.
func TestMarkOffThePlatform(t *testing.T) {
	for _, platform := range []bool{false, true} {
		env := map[string]string{"FUNCTIONS_ADMIN_ISOLATION_ENABLED": "1"}
		if platform {
			env["WEBSITE_INSTANCE_ID"] = "e777"
		}
		s := onDisk(t, true, env)
		for target, want := range map[string]int{"/admin/host/status": 403, "/admin/vfs/host.json": 401, "/admin/host/keys": 403} {
			if platform {
				want = 200
			}
			if rec := s.ask("GET", target, "", "X-MS-PLATFORM-INTERNAL", "true", "X-ARR-LOG-ID", "g"); rec.Code != want {
				t.Errorf("on the platform %v: %s: %d, want %d", platform, target, rec.Code, want)
			}
		}
	}
}
