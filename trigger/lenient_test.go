package trigger_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// TestLenientBinding puts what does not fit to a host that passes it over
// (TR-167, TR-280), and to one that does not.
func TestLenientBinding(t *testing.T) {
	type in struct {
		Name string
		Age  int
		Sub  *struct{ X int } `json:"sub"`
	}
	bound := trigger.JSON(func(_ context.Context, v in) (in, error) { return v, nil })
	list := trigger.JSON(func(_ context.Context, v []int) (int, error) { return len(v), nil })
	const json, nothing = "application/json", `{"Name":"","Age":0,"sub":null}`
	tests := []struct {
		name, target, ctype, body string
		strict                    int
		want                      string
	}{
		{"fits", "/api/f?age=3", json, `{"name":"n"}`, 200, `{"Name":"n","Age":3,"sub":null}`},
		{"syntax", "/api/f", json, `{ nope`, 400, nothing},
		{"cut", "/api/f", json, `{"name":"n"`, 400, nothing},
		{"a member's type", "/api/f", json, `{"name":"n","age":"x"}`, 400, nothing},
		{"a member's type, last", "/api/f", json, `{"sub":{"X":"a"},"name":"n"}`, 400, nothing},
		{"a list", "/api/f", json, `[1]`, 400, nothing},
		{"no JSON by its type", "/api/f", "text/plain", `{"name":"n"}`, 415, nothing},
		{"a form", "/api/f?name=q", "application/x-www-form-urlencoded", `name=n`, 415, `{"Name":"q","Age":0,"sub":null}`},
		{"query over a bad body", "/api/f?name=q", json, `{"name":`, 400, `{"Name":"q","Age":0,"sub":null}`},
		{"number in the query", "/api/f?age=x&name=q", "", "", 400, `{"Name":"q","Age":0,"sub":null}`},
		{"bad query over the body", "/api/f?age=x", json, `{"age":5}`, 400, nothing},
		{"empty number", "/api/f?age=", "", "", 400, nothing},
		{"object in the query", "/api/f?sub=1", "", "", 400, nothing},
		{"list that is none", "/api/list", json, `{"a":1}`, 400, "0"},
		{"list in part", "/api/list", json, `[1,"x"]`, 400, "0"},
		{"list of another type", "/api/list", "text/plain", `[1]`, 415, "0"},
	}
	for _, lenient := range []bool{false, true} {
		h := mustHost(t, trigger.Config{LenientBinding: lenient, Functions: []trigger.Function{
			{Name: "f", Level: keys.Anonymous, Handler: bound}, {Name: "list", Level: keys.Anonymous, Handler: list},
		}})
		for _, tt := range tests {
			r := httptest.NewRequest("POST", tt.target, strings.NewReader(tt.body))
			if tt.ctype != "" {
				r.Header.Set("Content-Type", tt.ctype)
			}
			status, body := tt.strict, tt.want
			if lenient {
				status = http.StatusOK
			}
			if status != http.StatusOK {
				body = ""
			}
			if w := record(h, r); w.Code != status || w.Body.String() != body {
				t.Errorf("lenient %v, %s: %d %q, want %d %q", lenient, tt.name, w.Code, w.Body, status, body)
			}
		}
	}
}

// TestLenientBindingBounds keeps what is no mistake of the caller's text: a body
// that is too long.
func TestLenientBindingBounds(t *testing.T) {
	h := mustHost(t, trigger.Config{LenientBinding: true, App: &trigger.App{Host: trigger.HostConfig{
		Version: "2.0", MaxBody: 10, HTTP: trigger.HTTPConfig{RoutePrefix: "api", MaxConcurrentRequests: -1, MaxOutstandingRequests: -1},
	}}, Functions: []trigger.Function{{Name: "f", Level: keys.Anonymous,
		Handler: trigger.JSON(func(context.Context, struct{}) (int, error) { return 1, nil })}}})
	r := httptest.NewRequest("POST", "/api/f", strings.NewReader(`{"name":"a long one"}`))
	r.ContentLength = -1
	if w := record(h, r); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", w.Code)
	}
	for name, c := range map[string]trigger.Config{
		"Compat": {LenientBinding: true, Compat: true}, "Bare": {LenientBinding: true, Bare: true},
	} {
		if _, err := trigger.NewHost(c); err == nil || !strings.Contains(err.Error(), "LenientBinding") {
			t.Errorf("%s: %v, want an error about LenientBinding", name, err)
		}
	}
}
