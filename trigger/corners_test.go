package trigger_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

const anonymousJSON = `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous"}]}`

// TestScriptless has functions without a script file. Go functions have none; in
// Compat they are a mistake where others of the app are scripts.
func TestScriptless(t *testing.T) {
	tests := []struct {
		name   string
		files  []string // beside those of the functions a and b
		host   string
		failed []string // in Compat
	}{
		{"no scripts", nil, `{"version":"2.0"}`, nil},
		{"one script", []string{"a/run.csx"}, `{"version":"2.0"}`, []string{"b"}},
		{"a file elsewhere", []string{"c/run.csx", "readme.md"}, `{"version":"2.0"}`, nil},
		{"custom handler", []string{"a/run.csx"}, `{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"x"}}}`, nil},
		{"no known name", []string{"a/run.csx", "b/x.csx", "b/y.csx"}, `{"version":"2.0"}`, []string{"b"}},
		{"name in capitals", []string{"a/run.csx", "b/x.csx", "b/RUN.csx"}, `{"version":"2.0"}`, nil},
	}
	for _, tt := range tests {
		fsys := fstest.MapFS{
			"host.json":       {Data: []byte(tt.host)},
			"a/function.json": {Data: []byte(anonymousJSON)},
			"b/function.json": {Data: []byte(anonymousJSON)},
		}
		for _, name := range tt.files {
			fsys[name] = &fstest.MapFile{}
		}
		for _, compat := range []bool{false, true} {
			app, err := trigger.LoadApp(fsys, &trigger.LoadOptions{Compat: compat})
			if err != nil {
				t.Errorf("%s, Compat %v: %v", tt.name, compat, err)
				continue
			}
			var failed []string
			for _, f := range app.Failed {
				failed = append(failed, f.Name)
			}
			if want := tt.failed; compat && !slices.Equal(failed, want) || !compat && failed != nil {
				t.Errorf("%s, Compat %v: failed %v, want %v", tt.name, compat, failed, want)
			}
		}
	}
}

// TestOneOrigin has a policy of a single origin: Default tells caches that the
// answer depends on it, the reference does not.
func TestOneOrigin(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	for _, compat := range []bool{false, true} {
		h, err := trigger.NewHost(trigger.Config{
			Functions: []trigger.Function{{Name: "f", Handler: ok, Level: keys.Anonymous}},
			CORS:      &trigger.CORSConfig{AllowedOrigins: []string{"https://a.test"}},
			Compat:    compat,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			origin, allowed string
			vary            bool
		}{
			{"https://a.test", "https://a.test", !compat},
			{"https://b.test", "", false},
			{"", "", false},
		} {
			r := httptest.NewRequest("GET", "/api/f", nil)
			r.Header.Set("Origin", tt.origin)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			got := w.Header()
			if got.Get("Access-Control-Allow-Origin") != tt.allowed || (got.Get("Vary") == "Origin") != tt.vary {
				t.Errorf("Compat %v: %q is answered %v, want %q, Vary %v", compat, tt.origin, got, tt.allowed, tt.vary)
			}
		}
	}
}
