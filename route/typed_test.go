package route_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/route/invariant"
)

func TestTypedValues(t *testing.T) {
	tmpl := route.MustCompile("{int}/{float}/{bool}/{time}/{guid}/{text}/{missing?}")
	v, ok := tmpl.Match("/ +5 /1,000.5/TRUE/2009-06-15T13:45Z/{d85b1407-351d-4694-9392-03acc5870eb1}/a%2Fb")
	if !ok {
		t.Fatal("no match")
	}
	now := time.Date(2024, 2, 10, 0, 0, 0, 0, time.UTC)
	reads := []struct {
		name string
		read func(name string) (any, error)
		want any
	}{
		{"INT", func(n string) (any, error) { return v.Int(n) }, 5},
		{"int", func(n string) (any, error) { return v.Int64(n) }, int64(5)},
		{"float", func(n string) (any, error) { return v.Float64(n) }, 1000.5},
		{"bool", func(n string) (any, error) { return v.Bool(n) }, true},
		{"time", func(n string) (any, error) { return v.Time(n, now) }, time.Date(2009, 6, 15, 13, 45, 0, 0, time.UTC)},
		{"text", func(n string) (any, error) { return v.Text(n) }, "a%2Fb"},
		{"guid", func(n string) (any, error) {
			g, err := v.GUID(n)
			return g.String(), err
		}, "d85b1407-351d-4694-9392-03acc5870eb1"},
		{"float", func(n string) (any, error) {
			d, err := v.Decimal(n)
			return d.String(), err
		}, "1000.5"},
	}
	for _, r := range reads {
		if got, err := r.read(r.name); err != nil || got != r.want {
			t.Errorf("%s is %v, %v, want %v", r.name, got, err, r.want)
		}
		for _, absent := range []string{"missing", "nosuch"} {
			if _, err := r.read(absent); !errors.Is(err, route.ErrAbsent) {
				t.Errorf("%s as the type of %s: %v, want ErrAbsent", absent, r.name, err)
			}
		}
	}
	var bad *route.ValueError
	if _, err := v.Int("text"); !errors.As(err, &bad) || bad.Text != "a%2Fb" || !errors.Is(err, invariant.ErrFormat) {
		t.Errorf("Int(text): %v", err)
	}
	if got := v.Decoded("text"); got != "a/b" {
		t.Errorf("Decoded(text) = %q", got)
	}
}

func TestValuesWithout(t *testing.T) {
	var zero route.Values
	if zero.Len() != 0 || zero.Get("a") != "" || zero.Null("a") || zero.Template() != nil {
		t.Error("the zero Values has something")
	}
	for range zero.All() {
		t.Error("the zero Values has a value")
	}
	v, _ := route.MustCompile("a/{*rest}").Match("/a")
	if _, ok := v.Lookup("rest"); ok || !v.Null("REST") || v.Len() != 1 {
		t.Error("an empty catch-all is not null")
	}
	v, _ = route.MustCompile("a/{b?}").Match("/a")
	if _, ok := v.Lookup("b"); ok || v.Null("b") {
		t.Error("a missing optional parameter is not absent")
	}
}

func TestWithDefaults(t *testing.T) {
	tmpl := route.MustCompile("p/{a?}/{b=2}")
	if _, err := tmpl.WithDefaults(route.Arg{Name: "B", Value: 3}); err == nil {
		t.Error("a second default is accepted")
	}
	made, err := tmpl.WithDefaults(route.Arg{Name: "a", Value: 1}, route.Arg{Name: "controller", Value: "home"})
	if err != nil {
		t.Fatal(err)
	}
	v, ok := made.Match("/p")
	if !ok || v.Get("a") != "1" || v.Get("b") != "2" || v.Get("Controller") != "home" {
		t.Errorf("Match: %v, a=%q b=%q controller=%q", ok, v.Get("a"), v.Get("b"), v.Get("controller"))
	}
	if v, ok := tmpl.Match("/p"); !ok || v.Get("a") != "" || v.Len() != 2 {
		t.Error("WithDefaults changed the template it was called on")
	}
	if n := len(made.Params()); n != 2 {
		t.Errorf("%d parameters, want 2", n)
	}
}

func TestSchema(t *testing.T) {
	tests := []struct{ param, want string }{
		{"{a}", `{"type":"string"}`},
		{"{a:int:min(1)=5}", `{"type":"integer","format":"int32","minimum":1,"default":5}`},
		{"{a:range(1,9):max(5)}", `{"type":"integer","format":"int64","minimum":1,"maximum":5}`},
		{"{a:length(2,5):minlength(3)}", `{"type":"string","minLength":3,"maxLength":5}`},
		{"{a:guid}", `{"type":"string","format":"uuid"}`},
		{"{a:bool=true}", `{"type":"boolean","default":true}`},
		{"{a:alpha:regex(^x)}", `{"type":"string","pattern":"^[A-Za-z]*$","allOf":[{"type":"string","pattern":"^x"}]}`},
		{"{*a:nonfile}", `{"type":"string","not":{"type":"string","pattern":"^(.*/)?[^./]*\\.[^/]*[^./][^/]*$"}}`},
		{"{a:double=x}", `{"type":"number","format":"double","default":"x"}`},
	}
	for _, tt := range tests {
		p := route.MustCompile(tt.param).Params()[0]
		got, err := json.Marshal(p.Schema())
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.param, got, err, tt.want)
		}
	}
}
