package trigger_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

type order struct {
	Name   string
	ID     int
	Flag   bool
	When   time.Time
	Opt    *int
	Amount float64
	UID    uuid.UUID
	Tags   []string
	Wait   time.Duration
	Sub    struct{ X int }
	Etag   string   `header:"If-Match"`
	Page   int      `query:"page" json:"page"`
	Who    string   `route:"name"`
	Codes  []string `query:"code"`
	Hidden string   `json:"-"`
	Body   string   `bind:"-"`
}

// bindIn binds an order in a function on a route.
func bindIn(t *testing.T, route, method, target, ctype, body string, header http.Header, compat bool) (o order, status int, err error) {
	t.Helper()
	h, herr := trigger.NewHost(trigger.Config{Compat: compat, Functions: []trigger.Function{{
		Name: "f", Route: route, Level: keys.Anonymous,
		Handler: trigger.Func(func(_ context.Context, r *trigger.Request) (any, error) {
			err = r.Bind(&o)
			if err == nil {
				if again, _ := io.ReadAll(r.Body); string(again) != body {
					t.Errorf("%s %s: the body reads %q after binding", method, target, again)
				}
			}
			return nil, err
		}),
	}}})
	if herr != nil {
		t.Fatal(herr)
	}
	var rd io.Reader
	if body != "" {
		rd = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, target, rd)
	for name, values := range header {
		r.Header[name] = values
	}
	if ctype != "" {
		r.Header.Set("Content-Type", ctype)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return o, w.Code, err
}

func TestBind(t *testing.T) {
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	id := uuid.MustParse("0f8fad5b-d9cb-469f-a165-70867728950e")
	three := 3
	const jsonType = "application/json"
	tests := []struct {
		name, route, target, ctype, body string
		header                           http.Header
		want                             order
	}{
		{"body", "", "/api/f", jsonType, `{"name":"n","ID":5,"flag":true,"when":"2020-01-02T03:04:05Z","opt":3,"tags":["a"],"sub":{"X":1},"page":4}`, nil,
			order{Name: "n", ID: 5, Flag: true, When: at, Opt: &three, Tags: []string{"a"}, Sub: struct{ X int }{1}, Page: 4}},
		{"query", "", "/api/f?NAME=q&id=3&flag=True&when=2020-01-02T03:04:05Z&opt=3&amount=1.5&uid=" + id.String() + "&tags=a&tags=b&wait=01:00:00&page=9", "", "", nil,
			order{Name: "q", ID: 3, Flag: true, When: at, Opt: &three, Amount: 1.5, UID: id, Tags: []string{"a", "b"}, Wait: time.Hour, Page: 9}},
		{"last of many", "", "/api/f?id=1&id=2", "", "", nil, order{ID: 2}},
		{"query beats body", "", "/api/f?id=9", jsonType, `{"name":"n","id":5}`, nil, order{Name: "n", ID: 9}},
		{"route beats query beats body", "p/{id:int}/{name?}", "/api/p/12/bob?id=3&name=q", jsonType, `{"name":"n","id":5}`, nil, order{Name: "bob", ID: 12, Who: "bob"}},
		{"left out route value hides the query", "p/{id:int}/{name?}", "/api/p/12?name=q", jsonType, `{"name":"n"}`, nil, order{ID: 12}},
		{"header", "", "/api/f", "", "", http.Header{"If-Match": {"a"}}, order{Etag: "a"}},
		{"the body is no header", "", "/api/f", jsonType, `{"Etag":"forged","Who":"forged","Hidden":"x","Body":"b"}`, nil, order{Body: "b"}},
		{"the query is neither", "", "/api/f?etag=x&who=x&hidden=x&body=x", "", "", nil, order{}},
		{"code by tag only", "", "/api/f?code=a&code=b", "", "", nil, order{Codes: []string{"a", "b"}}},
		{"no type", "", "/api/f", "", `{"id":5}`, nil, order{ID: 5}},
		{"no type, no object", "", "/api/f", "", `hello`, nil, order{}},
		{"other type", "", "/api/f", "text/plain", `{"id":5}`, nil, order{}},
		{"vendor type", "", "/api/f", "application/vnd.x+json", `{"id":5}`, nil, order{ID: 5}},
		{"plus and percent", "", "/api/f?name=a+b%20c%zz", "", "", nil, order{Name: "a b%20c%zz"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			method := "GET"
			if tt.body != "" {
				method = "POST"
			}
			got, status, err := bindIn(t, tt.route, method, tt.target, tt.ctype, tt.body, tt.header, false)
			if err != nil || status != 204 {
				t.Fatalf("status %d, error %v", status, err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestBindErrors(t *testing.T) {
	tests := []struct {
		name, target, ctype, body string
		field                     string
		source                    trigger.Source
		offset                    int64
	}{
		{"number from query", "/api/f?id=x", "", "", "ID", trigger.FromQuery, 0},
		{"empty number", "/api/f?opt=", "", "", "Opt", trigger.FromQuery, 0},
		{"bool", "/api/f?flag=1", "", "", "Flag", trigger.FromQuery, 0},
		{"guid", "/api/f?uid=zz", "", "", "UID", trigger.FromQuery, 0},
		{"object from query", "/api/f?sub=a", "", "", "Sub", trigger.FromQuery, 0},
		{"syntax", "/api/f", "application/json", `{"id":5,}`, "", trigger.FromBody, 9},
		{"type", "/api/f", "application/json", `{"id":"x"}`, "ID", trigger.FromBody, 9},
		{"nested", "/api/f", "application/json", `{"sub":{"X":"a"}}`, "Sub.X", trigger.FromBody, 15},
		{"array", "/api/f", "application/json", `[1]`, "", trigger.FromBody, 1},
		{"more after it", "/api/f", "application/json", `{} x`, "", trigger.FromBody, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			method := "GET"
			if tt.body != "" {
				method = "POST"
			}
			_, status, err := bindIn(t, "", method, tt.target, tt.ctype, tt.body, nil, false)
			var bind *trigger.BindError
			if !errors.As(err, &bind) || status != 400 {
				t.Fatalf("status %d, error %v", status, err)
			}
			if !strings.EqualFold(bind.Field, tt.field) || bind.Source != tt.source || bind.Offset != tt.offset {
				t.Errorf("%q %v %d, want %q %v %d (%v)", bind.Field, bind.Source, bind.Offset, tt.field, tt.source, tt.offset, err)
			}
		})
	}
}

func TestBindCompat(t *testing.T) {
	three := 3
	tests := []struct {
		name, route, target, ctype, body string
		status                           int
		want                             order
	}{
		{"what does not fit leaves all empty", "", "/api/f", "application/json", `{"name":"n","id":"x"}`, 204, order{}},
		{"texts of numbers", "", "/api/f", "application/json", `{"id":"7","name":5,"flag":"true"}`, 204, order{ID: 7, Name: "5", Flag: true}},
		{"bad JSON", "", "/api/f", "application/json", `{bad`, 204, order{}},
		{"a list", "", "/api/f", "application/json", `[1]`, 204, order{}},
		{"texts by name", "", "/api/f", "text/plain", `{'name':'n',id:7,"opt":3,"tags":["a"],"sub":{"x":1}}`, 204, order{Name: "n", ID: 7, Opt: &three, Sub: struct{ X int }{1}}},
		{"a text that does not fit", "", "/api/f", "text/plain", `{"id":"x"}`, 500, order{}},
		{"a query that does not fit", "", "/api/f?id=x", "", "", 500, order{}},
		{"no time spans", "", "/api/f?wait=01:00:00", "", "", 500, order{}},
		{"no lists", "", "/api/f?tags=a", "", "", 500, order{}},
		{"null on a number", "p/{id:int?}", "/api/p?id=4", "", "", 500, order{}},
		{"null on a pointer", "p/{opt:int?}", "/api/p?opt=4", "", "", 204, order{}},
		{"XML", "", "/api/f", "application/xml", `<o xmlns="urn:x"><Name>A</Name><ID>5</ID></o>`, 204, order{Name: "A", ID: 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			method := "GET"
			if tt.body != "" {
				method = "POST"
			}
			got, status, err := bindIn(t, tt.route, method, tt.target, tt.ctype, tt.body, nil, true)
			if status != tt.status {
				t.Fatalf("status %d, want %d (%v)", status, tt.status, err)
			}
			if status == 204 && !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestBindWithoutHost(t *testing.T) {
	r := httptest.NewRequest("GET", "/orders/7?name=n", nil)
	r.SetPathValue("id", "7")
	var o order
	if err := trigger.Bind(r, &o); err != nil || o.ID != 7 || o.Name != "n" {
		t.Errorf("%+v, %v", o, err)
	}
	for _, dst := range []any{nil, o, new(int), (*order)(nil)} {
		if err := trigger.Bind(r, dst); err == nil {
			t.Errorf("Bind(%T) = nil, want an error", dst)
		}
	}
	var bad struct {
		C chan int `query:"c"`
	}
	if err := trigger.Bind(r, &bad); err == nil {
		t.Error("a channel from the query, no error")
	}
}

func TestJSON(t *testing.T) {
	sum := trigger.JSON(func(_ context.Context, in struct{ A, B int }) (map[string]int, error) {
		return map[string]int{"sum": in.A + in.B}, nil
	})
	list := trigger.JSON(func(_ context.Context, in []int) (int, error) { return len(in), nil })
	tests := []struct {
		name          string
		h             http.Handler
		target, ctype string
		body          string
		status        int
		want          string
	}{
		{"body", sum, "/", "application/json", `{"a":1,"b":2}`, 200, `{"sum":3}`},
		{"no type", sum, "/", "", `{"a":1,"b":2}`, 200, `{"sum":3}`},
		{"query", sum, "/?a=4", "", "", 200, `{"sum":4}`},
		{"another type", sum, "/", "text/plain", `{"a":1}`, 415, ""},
		{"a form", sum, "/", "application/x-www-form-urlencoded", "a=1", 415, ""},
		{"bad JSON", sum, "/", "application/json", `{`, 400, ""},
		{"a list", list, "/", "application/json", `[1,2]`, 200, "2"},
		{"no list", list, "/", "application/json", `{}`, 400, ""},
		{"nothing", list, "/", "", "", 200, "0"},
	}
	for _, tt := range tests {
		var body io.Reader
		if tt.body != "" {
			body = strings.NewReader(tt.body)
		}
		r := httptest.NewRequest("POST", tt.target, body)
		if tt.ctype != "" {
			r.Header.Set("Content-Type", tt.ctype)
		}
		w := httptest.NewRecorder()
		tt.h.ServeHTTP(w, r)
		if w.Code != tt.status || w.Body.String() != tt.want {
			t.Errorf("%s: %d %q, want %d %q", tt.name, w.Code, w.Body, tt.status, tt.want)
		}
	}
}

func FuzzBind(f *testing.F) {
	f.Add("id=1&name=a", "application/json", `{"id":5}`)
	f.Add("tags=a&tags=b&when=2020-01-02", "text/plain", `{'a':1}`)
	f.Add("%zz=&uid=%", "application/xml", `<a><b/></a>`)
	f.Fuzz(func(t *testing.T, query, ctype, body string) {
		for _, compat := range []bool{false, true} {
			r := httptest.NewRequest("POST", "/", strings.NewReader(body))
			r.URL = &url.URL{Path: "/api/f", RawQuery: query}
			r.Header.Set("Content-Type", ctype)
			h, err := trigger.NewHost(trigger.Config{Compat: compat, Functions: []trigger.Function{{Name: "f", Level: keys.Anonymous,
				Handler: trigger.JSON(func(_ context.Context, o order) (any, error) { return fmt.Sprint(o.Etag, o.Who), nil })}}})
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code == 200 && w.Body.Len() != 0 {
				t.Errorf("query %q, type %q, body %q filled what only header and route may: %q", query, ctype, body, w.Body)
			}
			if w.Code == 500 && !compat {
				t.Errorf("query %q, type %q, body %q: 500", query, ctype, body)
			}
		}
	})
}
