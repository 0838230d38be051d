package main

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
)

// The keys of the tests. A value has 16 characters at least.
const (
	master  = "the-master-key-of-the-test"
	everyDo = "a-host-key-of-the-test"
	reader  = "the-reader-key-of-the-test"
	clerk   = "the-clerk-key-of-the-test"
	former  = "the-former-key-of-the-test"
)

// testService has a key for each role. Nothing of it leaves the process.
func testService(t *testing.T) *service {
	t.Helper()
	store := &keys.Memory{}
	key := func(name, value string) keys.Key { return keys.Key{Name: name, Value: keys.NewSecret(value)} }
	for scope, set := range map[keys.Scope]keys.Set{
		keys.HostScope():              {Master: key("master", master), Function: []keys.Key{key("everything", everyDo)}},
		keys.FunctionScope("stock"):   {Function: []keys.Key{key("reader", reader)}},
		keys.FunctionScope("restock"): {Function: []keys.Key{key("clerk", clerk)}},
	} {
		if err := store.Save(t.Context(), scope, set); err != nil {
			t.Fatal(err)
		}
	}
	return newService(store)
}

// TestWhoMayDoWhat is the table of who may do what: a row for each caller, a
// column for each door.
func TestWhoMayDoWhat(t *testing.T) {
	s := testService(t)
	doors := []string{"GET /health", "GET /stock", "POST /stock", "DELETE /stock"}
	for _, tt := range []struct{ caller, key, may string }{
		{"nobody", "", "yes no no no"},
		{"a stranger", former, "yes no no no"},
		{"the reader", reader, "yes yes no no"},
		{"the clerk", clerk, "yes no yes no"},
		{"the host's key", everyDo, "yes yes yes no"},
		{"the master key", master, "yes yes yes yes"},
	} {
		for i, want := range strings.Fields(tt.may) {
			method, path, _ := strings.Cut(doors[i], " ")
			r := httptest.NewRequest(method, path, nil)
			if tt.key != "" {
				r.Header.Set(keys.Header, tt.key)
			}
			_, err := s.doors[doors[i]].Check(r)
			if got := err == nil; got != (want == "yes") {
				t.Errorf("%s at %s: %v, want %s", tt.caller, doors[i], err, want)
			}
			var denied *keys.DeniedError
			if err != nil && (!errors.As(err, &denied) || denied.StatusCode() != 401) {
				t.Errorf("%s at %s: %v, want a refusal with 401", tt.caller, doors[i], err)
			}
		}
	}
}

// TestReasons holds what the log says, which the caller is not told.
func TestReasons(t *testing.T) {
	s := testService(t)
	for key, want := range map[string]keys.Reason{"": keys.ReasonNoKey, former: keys.ReasonUnknownKey, everyDo: keys.ReasonWrongLevel} {
		r := httptest.NewRequest("DELETE", "/stock", nil)
		if key != "" {
			r.Header.Set(keys.Header, key)
		}
		_, err := s.doors["DELETE /stock"].Check(r)
		var denied *keys.DeniedError
		if !errors.As(err, &denied) || denied.Reason != want {
			t.Errorf("with %q: %v, want the reason %q", key, err, want)
		}
	}
}

// TestEveryDoorIsGuarded sends requests without a key to the whole service, so
// that a route that somebody adds past the rules is noticed.
func TestEveryDoorIsGuarded(t *testing.T) {
	h := testService(t).handler()
	for _, rule := range rules {
		method, path, _ := strings.Cut(rule.pattern, " ")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if open := w.Code == 200; open != (rule.level == keys.Anonymous) {
			t.Errorf("%s answers a stranger with %d %q", rule.pattern, w.Code, w.Body)
		}
	}
}

// TestHandlerKnowsTheCaller goes once through all of it, with the key in the
// query.
func TestHandlerKnowsTheCaller(t *testing.T) {
	w := httptest.NewRecorder()
	testService(t).handler().ServeHTTP(w, httptest.NewRequest("GET", "/stock?code="+reader, nil))
	if want := "42 in stock, read by \"reader\"\n"; w.Code != 200 || w.Body.String() != want {
		t.Errorf("got %d %q, want 200 %q", w.Code, w.Body, want)
	}
}
