package keys_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
)

// fixture is a store with a host and the functions orders and invoices.
func fixture(t *testing.T) *keys.Memory {
	t.Helper()
	store := &keys.Memory{}
	host := keys.Set{
		Master:   keys.Key{Name: "master", Value: keys.NewSecret("master-value")},
		System:   []keys.Key{{Name: "grid_extension", Value: keys.NewSecret("system-value")}},
		Function: []keys.Key{{Name: "default", Value: keys.NewSecret("host-value")}},
	}
	save(t, store, keys.HostScope(), host)
	for _, f := range []string{"orders", "invoices"} {
		save(t, store, keys.FunctionScope(f), keys.Set{Function: []keys.Key{{Name: "default", Value: keys.NewSecret(f + "-value")}}})
	}
	return store
}

func save(t *testing.T, store keys.Store, s keys.Scope, set keys.Set) {
	t.Helper()
	if err := store.Save(t.Context(), s, set); err != nil {
		t.Fatal(err)
	}
}

func TestGuardTruthTable(t *testing.T) {
	presented := []string{"", "other", "orders-value", "invoices-value", "host-value", "system-value", "master-value"}
	want := map[keys.Level]string{ // a letter for each of them: y is admitted
		keys.Anonymous: "yyyyyyy",
		keys.User:      "------y",
		keys.Function:  "--y-y-y",
		keys.System:    "-----yy",
		keys.Admin:     "------y",
		keys.Level(9):  "------y",
	}
	for _, compat := range []bool{false, true} {
		res := &keys.Resolver{Store: fixture(t), Compat: compat}
		for level, row := range want {
			guard := &keys.Guard{Resolver: res, Function: "Orders", Level: level, Compat: compat}
			for i, key := range presented {
				r := httptest.NewRequest("GET", "/", nil)
				if key != "" {
					r.Header.Set(keys.Header, key)
				}
				_, err := guard.Check(r)
				if got := err == nil; got != (row[i] == 'y') {
					t.Errorf("compat %t, level %s, key %q: admitted = %t", compat, level, key, got)
				}
				var denied *keys.DeniedError
				if err != nil && (!errors.As(err, &denied) || denied.StatusCode() != http.StatusUnauthorized) {
					t.Errorf("compat %t, level %s, key %q: error %v, want 401", compat, level, key, err)
				}
			}
		}
	}
}

func TestGuardZeroRefuses(t *testing.T) {
	for name, guard := range map[string]*keys.Guard{
		"zero":          {},
		"zero resolver": {Resolver: &keys.Resolver{}},
		"empty store":   {Resolver: &keys.Resolver{Store: &keys.Memory{}}},
	} {
		r := httptest.NewRequest("GET", "/?code=x", nil)
		if _, err := guard.Check(r); err == nil {
			t.Errorf("%s: admitted", name)
		}
	}
}

func TestGuardWrap(t *testing.T) {
	res := &keys.Resolver{Store: fixture(t)}
	tests := []struct {
		name            string
		guard           *keys.Guard
		target          string
		status          int
		query, grantKey string
	}{
		{"keyed", &keys.Guard{}, "/?a=1&code=orders-value&b=2", 200, "a=1&b=2", "default"},
		{"keyed compat", &keys.Guard{Compat: true}, "/?a=1&code=orders-value&b=2", 200, "a=1&code=orders-value&b=2", "default"},
		{"wrong", &keys.Guard{}, "/?code=nope", 401, "", ""},
		{"anonymous", &keys.Guard{Level: keys.Anonymous}, "/?code=orders-value", 200, "code=orders-value", ""},
		{"anonymous identified", &keys.Guard{Level: keys.Anonymous, Identify: true}, "/?code=orders-value", 200, "code=orders-value", "default"},
		{"anonymous compat", &keys.Guard{Level: keys.Anonymous, Compat: true}, "/?code=orders-value", 200, "code=orders-value", "default"},
		{"disabled", &keys.Guard{Disabled: true}, "/?code=orders-value", 404, "", ""},
		{"disabled, master", &keys.Guard{Disabled: true}, "/?code=master-value", 200, "", "master"},
		{"disabled, wrong", &keys.Guard{Disabled: true}, "/?code=nope", 401, "", ""},
		{"challenge", &keys.Guard{Level: keys.Admin, Challenge: true}, "/?code=host-value", 403, "", ""},
		{"insecure", &keys.Guard{InsecureSkipKeys: true}, "/", 200, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var query, target, name string
			guard := tt.guard
			guard.Resolver, guard.Function = res, "orders"
			h := guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				grant, _ := keys.FromContext(r.Context())
				query, target, name = r.URL.RawQuery, r.RequestURI, grant.Name
			}))
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", tt.target, nil)
			h.ServeHTTP(w, r)
			if w.Code != tt.status || w.Body.Len() > 0 {
				t.Errorf("status %d, body %q, want %d and none", w.Code, w.Body, tt.status)
			}
			wantTarget := "/?" + tt.query
			if tt.query == "" {
				wantTarget = "/"
			}
			if w.Code == 200 && (query != tt.query || target != wantTarget || name != tt.grantKey) {
				t.Errorf("handler saw query %q, target %q, key %q, want %q, %q, %q", query, target, name, tt.query, wantTarget, tt.grantKey)
			}
			if r.RequestURI != tt.target {
				t.Errorf("the caller's request was changed to %q", r.RequestURI)
			}
		})
	}
}

func TestGuardChallenge(t *testing.T) {
	guard := keys.Guard{Resolver: &keys.Resolver{Store: fixture(t)}, Level: keys.System, KeyName: keys.ExtensionKey("Grid"), Challenge: true}
	tests := []struct {
		key       string
		status    int
		challenge string
	}{
		{"", 401, "Bearer"},
		{"orders-value", 401, "Bearer"},
		{"host-value", 403, ""},
		{"system-value", 200, ""},
		{"master-value", 200, ""},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/?code="+tt.key, nil)
		guard.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		if got := w.Header().Get("WWW-Authenticate"); w.Code != tt.status || got != tt.challenge {
			t.Errorf("key %q: status %d, challenge %q, want %d, %q", tt.key, w.Code, got, tt.status, tt.challenge)
		}
	}
	guard.Identified = func(*http.Request) bool { return true }
	var denied *keys.DeniedError
	if _, err := guard.Check(httptest.NewRequest("GET", "/", nil)); !errors.As(err, &denied) || denied.StatusCode() != 403 {
		t.Errorf("known by other means: error %v, want status 403", err)
	}
}

// failing is a store that always fails with err.
type failing struct{ err error }

func (f failing) Load(context.Context, keys.Scope) (keys.Set, error) { return keys.Set{}, f.err }
func (f failing) Save(context.Context, keys.Scope, keys.Set) error   { return f.err }

func TestGuardStoreFailed(t *testing.T) {
	down := failing{errors.New("no route to host")}
	corrupt := failing{&keys.CorruptError{Scope: keys.HostScope(), Source: "host.json", Err: errors.New("not JSON")}}
	tests := []struct {
		name   string
		store  keys.Store
		level  keys.Level
		compat bool
		target string
		status int
		retry  string
	}{
		{"down", down, keys.Function, false, "/?code=x", 503, "1"},
		{"down compat", down, keys.Function, true, "/?code=x", 500, ""},
		{"corrupt", corrupt, keys.Function, false, "/?code=x", 500, ""},
		{"down, no key", down, keys.Function, false, "/", 401, ""},
		{"down, anonymous", down, keys.Anonymous, false, "/?code=x", 200, ""},
		{"down, anonymous compat", down, keys.Anonymous, true, "/?code=x", 500, ""},
		{"down, anonymous compat, no key", down, keys.Anonymous, true, "/", 200, ""},
	}
	for _, tt := range tests {
		guard := keys.Guard{Resolver: &keys.Resolver{Store: tt.store, Compat: tt.compat}, Level: tt.level, Compat: tt.compat}
		w := httptest.NewRecorder()
		guard.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, httptest.NewRequest("GET", tt.target, nil))
		if got := w.Header().Get("Retry-After"); w.Code != tt.status || got != tt.retry {
			t.Errorf("%s: status %d, Retry-After %q, want %d, %q", tt.name, w.Code, got, tt.status, tt.retry)
		}
	}
}

// A stranger who tries keys costs no memory, however the key comes.
func TestRefusalsDoNotAllocate(t *testing.T) {
	store := &keys.Memory{}
	save(t, store, keys.HostScope(), keys.Set{Master: keys.Key{Value: keys.Generate(keys.MasterKey)}})
	wrong := keys.Generate(keys.FunctionKey).Reveal()
	for _, challenge := range []bool{false, true} {
		for _, compat := range []bool{false, true} {
			guard := &keys.Guard{Resolver: &keys.Resolver{Store: store, Compat: compat}, Function: "orders", Challenge: challenge, Compat: compat}
			inHeader := httptest.NewRequest("GET", "/", nil)
			inHeader.Header.Set(keys.Header, wrong)
			for name, r := range map[string]*http.Request{
				"none": httptest.NewRequest("GET", "/", nil), "header": inHeader, "query": httptest.NewRequest("GET", "/?code="+wrong, nil),
			} {
				if n := testing.AllocsPerRun(1000, func() {
					if _, err := guard.Check(r); err == nil {
						t.Error("a wrong key was let in")
					}
				}); n > 0 {
					t.Errorf("challenge %t, compat %t, %s: a refusal allocates %v times", challenge, compat, name, n)
				}
			}
		}
	}
}
