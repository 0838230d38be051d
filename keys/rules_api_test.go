package keys_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
)

// ruleCall is a call of the management API and what must come of it. Every "$"
// in want stands for a generated value of the kind that follows.
type ruleCall struct {
	call    string // METHOD path
	headers string // lines "name: value" between line feeds; "-" drops the master key
	body    string // with content type application/json unless headers has another
	status  int
	want    string // the body, JSON or text; "" is empty
	more    string // header lines that the answer must have
}

const (
	ruleJSON = "content-type: application/json; charset=utf-8"
	ruleText = "content-type: text/plain; charset=utf-8"
)

// ruleAPI returns an API over the store of ruleStore, with the functions that
// have keys there and fresh, which has none.
func ruleAPI(t *testing.T, compat bool, set func(*keys.Manager, *keys.APIConfig)) (http.Handler, *keys.Manager) {
	t.Helper()
	store := ruleStore(t)
	host, err := store.Load(t.Context(), keys.HostScope())
	if err != nil {
		t.Fatal(err)
	}
	host.Remove(keys.SystemKey, "sameAsMaster") // it would outlive the master key
	if err := store.Save(t.Context(), keys.HostScope(), host); err != nil {
		t.Fatal(err)
	}
	m := &keys.Manager{Store: store, Resolver: &keys.Resolver{Store: store, Compat: compat}, Compat: compat}
	c := keys.APIConfig{
		Manager: m, Compat: compat,
		FunctionExists: func(name string) bool {
			return strings.EqualFold(name, "orders") || strings.EqualFold(name, "invoices") || strings.EqualFold(name, "fresh")
		},
		BaseURL: func(*http.Request) string { return "https://app.test" },
	}
	if set != nil {
		set(m, &c)
	}
	api, err := keys.NewAPI(c)
	if err != nil {
		t.Fatal(err)
	}
	return api, m
}

// ruleDo makes the calls one after the other.
func ruleDo(t *testing.T, api http.Handler, calls []ruleCall) {
	t.Helper()
	for i, c := range calls {
		headers, body := "", c.body
		if !strings.Contains(strings.ToLower(c.headers), "functions-key") && c.headers != "-" {
			headers = "x-functions-key: the-Master\n"
		}
		if c.body != "" && !strings.Contains(c.headers, "content-type") {
			headers += "content-type: application/json\n"
		}
		if c.headers != "-" {
			headers += c.headers
		}
		r := readRequest(t, c.call, strings.TrimSuffix(headers, "\n"), body)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != c.status || !ruleSame(w.Body.String(), c.want) {
			t.Errorf("%d: %s %s %.60q: %d %q, want %d %q", i, c.call, c.headers, c.body, w.Code, w.Body, c.status, c.want)
		}
		want := c.more
		if want == "" {
			switch {
			case c.want == "":
			case c.want[0] == '{' || c.want[0] == '"':
				want = ruleJSON
			default:
				want = ruleText
			}
		}
		for line := range strings.Lines(want) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			got := w.Header().Get(name)
			if name == "location" { // escaped by the default, see TestRuleAPILocation
				got, _ = url.PathUnescape(got)
			}
			if got != value {
				t.Errorf("%d: %s: header %s: %q, want %q", i, c.call, name, got, value)
			}
		}
		if c.want == "" && w.Header().Get("Content-Type") != "" {
			t.Errorf("%d: %s: content type %q of nothing", i, c.call, w.Header().Get("Content-Type"))
		}
		if w.Code != 201 && w.Header().Get("Location") != "" {
			t.Errorf("%d: %s: location with %d", i, c.call, w.Code)
		}
	}
}

func ruleSame(got, want string) bool {
	var g, w any
	if json.Unmarshal([]byte(want), &w) != nil {
		return got == want
	}
	return json.Unmarshal([]byte(got), &g) == nil && reflect.DeepEqual(ruleFill(g, w), w)
}

// ruleFill puts want's placeholders where got has a value they stand for.
func ruleFill(got, want any) any {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			for k := range g {
				g[k] = ruleFill(g[k], w[k])
			}
		}
	case []any:
		if g, ok := got.([]any); ok && len(g) == len(w) {
			for i := range g {
				g[i] = ruleFill(g[i], w[i])
			}
		}
	case string:
		kind := map[string]keys.Kind{"$master": keys.MasterKey, "$system": keys.SystemKey, "$function": keys.FunctionKey}[w]
		if g, ok := got.(string); ok && kind != keys.NoKey && keys.Generated(kind, g) {
			return want
		}
	}
	return got
}

// ruleOne is the body about one key, ruleList that about several.
func ruleOne(path, name, value string) string {
	return `{"name":` + quoted(name) + `,"value":` + quoted(value) + `,"links":[{"rel":"self","href":` + quoted("https://app.test"+path) + `}]}`
}

func quoted(text string) string {
	out, _ := json.Marshal(text) // a text can always be written
	return string(out)
}

func ruleList(path string, pairs ...string) string {
	list := []string{}
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, `{"name":`+quoted(pairs[i])+`,"value":`+quoted(pairs[i+1])+`}`)
	}
	return fmt.Sprintf(`{"keys":[%s],"links":[{"rel":"self","href":%s}]}`, strings.Join(list, ","), quoted("https://app.test"+path))
}

func ruleMade(path, name, value string, call, body string) ruleCall {
	return ruleCall{call: call, body: body, status: 201, want: ruleOne(path, name, value), more: ruleJSON + "\nlocation: https://app.test" + path}
}

// TestRuleAPIRoutes is KY-134 to KY-144 and KY-62 in what both profiles share.
func TestRuleAPIRoutes(t *testing.T) {
	own := []string{"default", "own-default", "partner", "own-partner", "sameAsHost", "shared-host-own", "master", "own-named-master", "_master", "own-named-_master"}
	long := strings.Repeat("v", 300)
	calls := []ruleCall{
		{call: "GET /admin/functions/orders/keys", status: 200, want: ruleList("/admin/functions/orders/keys", own...)},
		{call: "GET /ADMIN/Functions/ORDERS/Keys?code=the-Master&x=1", headers: "-", status: 200, want: ruleList("/ADMIN/Functions/ORDERS/Keys", own...)},
		{call: "GET /admin/functions/invoices/keys/default", status: 200, want: ruleOne("/admin/functions/invoices/keys/default", "default", "their-default")},
		{call: "GET /admin/functions/invoices/keys/partner", status: 404},
		{call: "GET /admin/functions/missing/keys", status: 404},
		{call: "GET /admin/functions/missing/keys/default", status: 404},
		{call: "GET /admin/functions/missing/keys/default", headers: "-", status: 401, more: "www-authenticate: Bearer"},
		{call: "GET /admin/host/keys/a%20b", status: 200, want: ruleOne("/admin/host/keys/a b", "a b", "one, two")},
		{call: "GET /admin/host/functionkeys/%D0%BA%D0%BB%D1%8E%D1%87", status: 200, want: ruleOne("/admin/host/functionkeys/ключ", "ключ", "host-ключ")},
		{call: "GET /admin/host/systemkeys/other", status: 200, want: ruleOne("/admin/host/systemkeys/other", "other", "sys-other")},
		{call: "GET /admin/host/systemkeys/default", status: 404},
		{call: "GET /admin/host/keys/other", status: 404},
		{call: "GET /admin/host/systemkeys/_master", status: 200, want: ruleOne("/admin/host/systemkeys/_master", "_master", "the-Master")},
		{call: "GET /admin/host/keys/_master", status: 404},
		{call: "GET /admin/host/functionkeys/_master", status: 404},
		{call: "GET /admin/host/systemkeys/master", status: 404},
		{call: "GET /admin/host/keys/nope", status: 404},
		// What is no route, with the key and without.
		{call: "HEAD /admin/host/keys", status: 404}, {call: "PATCH /admin/host/keys/default", body: "{}", status: 404},
		{call: "OPTIONS /admin/host/keys", status: 404}, {call: "POST /admin/host/keys", body: `{"value":"x"}`, status: 404},
		{call: "PUT /admin/functions/orders/keys", body: `{"value":"x"}`, status: 404}, {call: "DELETE /admin/host/systemkeys", status: 404},
		{call: "GET /admin/host/masterkey", status: 404}, {call: "GET /admin/host/functionkey", status: 404}, {call: "GET /admin/host/key", status: 404},
		{call: "GET /admin/functions/orders/functionkeys", status: 404}, {call: "GET /admin/functions/orders/systemkeys/default", status: 404},
		{call: "GET /admin/host/keys/default/more", status: 404}, {call: "GET /admin/functions/orders", status: 404}, {call: "GET /admin/host", status: 404},
		{call: "GET /admin/functions//keys", status: 404}, {call: "GET /host/keys", status: 404}, {call: "PROPFIND /admin/host/keys", status: 404},
		{call: "PATCH /admin/host/keys/default", headers: "-", status: 404}, {call: "GET /admin/host/masterkey", headers: "-", status: 404},
		{call: "DELETE /admin/host/keys", headers: "-", status: 404}, {call: "get /admin/host/keys/default", headers: "-", status: 401},
		// Who may not.
		{call: "GET /admin/host/keys", headers: "x-functions-key: own-default", status: 401, more: "www-authenticate: Bearer"},
		{call: "GET /admin/functions/orders/keys", headers: "x-functions-key: own-default", status: 401, more: "www-authenticate: Bearer"},
		{call: "GET /admin/functions/orders/keys?code=the-Master", headers: "x-functions-key:", status: 401, more: "www-authenticate: Bearer"},
		{call: "GET /admin/host/keys", headers: "x-functions-key: host-default", status: 403}, {call: "GET /admin/host/keys", headers: "x-functions-key: sys-blobs", status: 403},
		{call: "PUT /admin/functions/missing/keys/x", headers: "x-functions-key: nope\ncontent-type: text/plain", body: "x", status: 401, more: "www-authenticate: Bearer"},
		{call: "DELETE /admin/host/keys/_master", headers: "x-functions-key: host-default", status: 403},
		{call: "POST /admin/host/keys/_master", headers: "-", status: 401, more: "www-authenticate: Bearer"},
		// A key from its making to its end.
		ruleMade("/admin/functions/fresh/keys/Été 1", "Été 1", long, "PUT /admin/functions/fresh/keys/%C3%89t%C3%A9%201", `{"Value":"`+long+`","name":"other"}`),
		{call: "GET /admin/functions/fresh/keys", status: 200, want: ruleList("/admin/functions/fresh/keys", "Été 1", long)}, // no default beside it
		{call: "PUT /admin/functions/fresh/keys/%C3%89t%C3%A9%201", body: `{"value":"` + long + `"}`, status: 200, want: ruleOne("/admin/functions/fresh/keys/Été 1", "Été 1", long)},
		ruleMade("/admin/functions/fresh/keys/second", "second", "$function", "POST /admin/functions/fresh/keys/second", "not JSON"),
		{call: "POST /admin/functions/fresh/keys/%C3%89t%C3%A9%201", headers: "content-type: text/plain", body: "x", status: 200, want: ruleOne("/admin/functions/fresh/keys/Été 1", "Été 1", "$function")},
		{call: "POST /admin/functions/FRESH/keys/SECOND", status: 200, want: ruleOne("/admin/functions/FRESH/keys/SECOND", "SECOND", "$function")},
		{call: "GET /admin/functions/fresh/keys", status: 200, want: ruleList("/admin/functions/fresh/keys", "Été 1", "$function", "SECOND", "$function")},
		{call: "DELETE /admin/functions/fresh/keys/sECOND", status: 204}, {call: "DELETE /admin/functions/fresh/keys/sECOND", status: 404},
		{call: "DELETE /admin/functions/fresh/keys/%C3%89t%C3%A9%201", status: 204},
		{call: "GET /admin/functions/fresh/keys", status: 200, want: ruleList("/admin/functions/fresh/keys")}, // nothing comes back
		{call: "DELETE /admin/functions/missing/keys/x", status: 404},
		{call: "POST /admin/functions/missing/keys/x", status: 404},
		{call: "DELETE /admin/host/systemkeys/other", status: 204}, {call: "GET /admin/host/systemkeys/other", status: 404},
		ruleMade("/admin/host/functionkeys/n", "n", long, "PUT /admin/host/functionkeys/n", `{"value":"`+long+`"}`),
		{call: "GET /admin/host/keys/n", status: 200, want: ruleOne("/admin/host/keys/n", "n", long)},
		// The master key.
		{call: "DELETE /admin/host/keys/_MASTER", status: 400, want: "Cannot delete System Key."}, {call: "DELETE /admin/functions/orders/keys/_master", status: 400, want: "Cannot delete System Key."},
		{call: "DELETE /admin/functions/missing/keys/_Master", status: 400, want: "Cannot delete System Key."},
		{call: "DELETE /admin/host/systemkeys/_master", headers: "Accept: application/json", status: 400, want: `"Cannot delete System Key."`},
		{call: "DELETE /admin/host/systemkeys/_master", headers: "Accept: text/html, */*;q=0.1", status: 400, want: "Cannot delete System Key."},
		{call: "DELETE /admin/host/systemkeys/_master", headers: "Accept: application/json, */*", status: 400, want: "Cannot delete System Key."},
		{call: "PUT /admin/host/functionkeys/_mASTER", body: `{"value":"m` + long + `"}`, status: 200, want: ruleOne("/admin/host/functionkeys/_mASTER", "_mASTER", "m"+long)},
		{call: "GET /admin/host/keys", status: 401, more: "www-authenticate: Bearer"}, // the old one is refused at once
		{call: "POST /admin/host/systemkeys/_Master", headers: "x-functions-key: m" + long, status: 201, want: ruleOne("/admin/host/systemkeys/_Master", "_Master", "$master"),
			more: ruleJSON + "\nlocation: https://app.test/admin/host/systemkeys/_Master"},
		{call: "GET /admin/host/keys", headers: "x-functions-key: m" + long, status: 401, more: "www-authenticate: Bearer"},
	}
	for _, compat := range []bool{true, false} {
		t.Run(fmt.Sprintf("compat=%t", compat), func(t *testing.T) {
			api, m := ruleAPI(t, compat, nil)
			ruleDo(t, api, calls)
			set, err := m.Store.Load(t.Context(), keys.HostScope())
			if err != nil || !keys.Generated(keys.MasterKey, set.Master.Value.Reveal()) {
				t.Errorf("no generated master key is stored: %v", err)
			}
		})
	}
}

// TestRuleAPICompat is what the source answers and the default does not.
func TestRuleAPICompat(t *testing.T) {
	const bad = "Invalid key value"
	put := func(headers, body string, status int, value string) ruleCall {
		c := ruleCall{call: "PUT /admin/functions/orders/keys/partner", headers: headers, body: body, status: status}
		switch status {
		case 200:
			c.want = ruleOne("/admin/functions/orders/keys/partner", "partner", value)
		case 400:
			c.want = bad
		}
		return c
	}
	api, _ := ruleAPI(t, true, nil)
	ruleDo(t, api, []ruleCall{
		{call: "GET /admin/functions/orders/keys/PARTNER", status: 404}, {call: "GET /admin/host/systemkeys/_MASTER", status: 404},
		ruleMade("/admin/host/systemkeys/s", "s", "$function", "POST /admin/host/systemkeys/s", ""),
		{call: "POST /admin/host/systemkeys/OTHER", status: 200, want: ruleOne("/admin/host/systemkeys/OTHER", "OTHER", "$function")},
		{call: "GET /admin/functions/fresh/keys/default", status: 200, want: ruleOne("/admin/functions/fresh/keys/default", "default", "$function")},
		{call: "GET /admin/functions/fresh/keys", status: 200, want: ruleList("/admin/functions/fresh/keys", "default", "$function")},
		ruleMade("/admin/functions/invoices/keys/_Master", "_Master", "v", "PUT /admin/functions/invoices/keys/_Master", `{"value":"v"}`),
		ruleMade("/admin/functions/invoices/keys/master", "master", "$function", "POST /admin/functions/invoices/keys/master", ""),
		ruleMade("/admin/host/keys/master", "master", "v", "PUT /admin/host/keys/master", `{"value":"v"}`),
		ruleMade("/admin/host/keys/"+strings.Repeat("n", 2000), strings.Repeat("n", 2000), "v", "PUT /admin/host/keys/"+strings.Repeat("n", 2000), `{"value":"v"}`),
		put("", `{"value":""}`, 200, ""), put("", `{"VALUE":"a","name":7,"links":[1],"other":{"value":"b"}}`, 200, "a"),
		put("", `{"value":"a","value":"b"}`, 200, "b"), put("", `{"value":12}`, 200, "12"), put("", `{"value":-1.50}`, 200, "-1.50"), put("", `{"value":true}`, 200, "true"),
		put("", `{value:'x'}`, 200, "x"), put("", `/* c */ {"value":"x",} trailing`, 200, "x"), put("", `{"value":"2024-10-24T00:00:00Z"}`, 200, "2024-10-24T00:00:00Z"),
		put("", `{"value":"\u043a\n\u0000"}`, 200, "к\n\x00"), put("", "{\"value\":\"ключ\"}", 200, "ключ"),
		put("", `{"value":"x","encrypted":false}`, 200, "x"), put("", `{"value":"x","encrypted":"True"}`, 200, "x"), put("", `{"value":"x","encrypted":1}`, 200, "x"),
		put("", `{"value":"x","encrypted":"maybe"}`, 400, ""), put("", `{"value":"x","Encrypted":{}}`, 400, ""),
		put("", `{}`, 400, ""), put("", `{"value":null}`, 400, ""), put("", `[]`, 400, ""), put("", `"x"`, 400, ""), put("", `null`, 400, ""), put("", `12`, 400, ""),
		put("", `{"value":{}}`, 400, ""), put("", `{"value":["x"]}`, 400, ""), put("", `{"value":"x"`, 400, ""), put("", `{"valu":"x"}`, 400, ""), put("", ` `, 400, ""),
		put("", "\ufeff"+`{"value":"x"}`, 400, ""), put("content-type: application/json", "", 400, ""),
		put("content-type: text/json", `{"value":"x"}`, 200, "x"), put("content-type: APPLICATION/vnd.a.b+JSON", `{"value":"x"}`, 200, "x"),
		put("content-type: application/json; charset=UTF-8", `{"value":"x"}`, 200, "x"), put(`content-type: application/json;charset="utf-8";x=y`, `{"value":"x"}`, 200, "x"),
		put("content-type: application/json; charset=utf-16", utf16le(`{"value":"é"}`), 200, "é"),
		put("content-type: application/json; charset=iso-8859-1", `{"value":"x"}`, 415, ""), put("content-type: application/json; charset=us-ascii", `{"value":"x"}`, 415, ""),
		put("content-type: text/plain", `{"value":"x"}`, 415, ""), put("content-type: application/x-www-form-urlencoded", `value=x`, 415, ""),
		put("content-type: multipart/form-data; boundary=b", `{"value":"x"}`, 415, ""), put("content-type: application/octet-stream", `{"value":"x"}`, 415, ""),
		put("content-type: text/html", `{"value":"x"}`, 415, ""), put("content-type: application/jsonx", `{"value":"x"}`, 415, ""), put("content-type: json", `{"value":"x"}`, 415, ""),
		put("content-type: application/xml", ruleXML("<Name>n</Name><Value>a&amp;é</Value>"), 200, "a&é"), put("content-type: text/xml; charset=utf-8", ruleXML("<Value/>"), 200, ""),
		put("content-type: text/xml; charset=utf-16", utf16le(`<?xml version="1.0" encoding="utf-16"?>`+ruleXML("<Value>é</Value>")), 200, "é"),
		put("content-type: application/x+xml", ruleXML("<IsEncrypted>false</IsEncrypted><Value>x</Value>"), 200, "x"),
		put("content-type: application/xml", ruleXML("<IsEncrypted>maybe</IsEncrypted><Value>x</Value>"), 400, ""),
		put("content-type: application/xml", ruleXML("<value>x</value>"), 400, ""), put("content-type: application/xml", `<Key><Value>x</Value></Key>`, 400, ""),
		put("content-type: application/xml", ruleXML(`<Value i:nil="true"/>`), 400, ""), put("content-type: application/xml", `{"value":"x"}`, 400, ""),
		put("content-type: application/xml", `<`, 400, ""), put("content-type: application/xml; charset=iso-8859-1", ruleXML("<Value>x</Value>"), 415, ""),
		put("content-type: nonsense/", `{"value":"x"}`, 415, ""), put("content-type:", `{"value":"x"}`, 415, ""), put("", "", 415, ""),
		{call: "PUT /admin/functions/missing/keys/x", body: `{`, status: 400, want: bad}, {call: "PUT /admin/functions/missing/keys/x", headers: "content-type: text/plain", body: `{`, status: 415},
		{call: "PUT /admin/functions/missing/keys/x", body: `{"value":"x"}`, status: 404},
		{call: "PUT /admin/functions/orders/keys/x", headers: "accept: application/json", body: `{`, status: 400, want: `"Invalid key value"`},
		{call: "PUT /admin/functions/orders/keys/x", headers: "accept: application/xml", body: `{`, status: 400, more: "content-type: application/xml; charset=utf-8",
			want: `<string xmlns="http://schemas.microsoft.com/2003/10/Serialization/">Invalid key value</string>`},
		{call: "GET /admin/host/systemkeys/other", headers: "accept: application/xml", status: 404},
		{call: "PUT /admin/host/keys/_master", body: `{"value":""}`, status: 200, want: ruleOne("/admin/host/keys/_master", "_master", "")},
		{call: "GET /admin/host/keys", status: 401, more: "www-authenticate: Bearer"},
	})
}

// ruleXML is a key as the source's serializer writes it.
func ruleXML(members string) string {
	return `<Key xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.datacontract.org/2004/07/Microsoft.Azure.WebJobs.Script.WebHost">` + members + `</Key>`
}

// TestRuleAPILocation is KY-144: as the source has it, or so that it can be
// followed.
func TestRuleAPILocation(t *testing.T) {
	for compat, want := range map[bool]string{true: "https://app.test/admin/host/keys/É 1", false: "https://app.test/admin/host/keys/%C3%89%201"} {
		api, _ := ruleAPI(t, compat, nil)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, readRequest(t, "POST /admin/host/keys/%C3%89%201?code=the-Master", "", ""))
		if got := w.Header().Get("Location"); w.Code != 201 || got != want {
			t.Errorf("compat %t: %d, location %q, want %q", compat, w.Code, got, want)
		}
	}
}

// utf16le writes a text in UTF-16, low byte first.
func utf16le(text string) string {
	out := ""
	for _, r := range text {
		out += string([]byte{byte(r), byte(r >> 8)})
	}
	return out
}

// TestRuleAPIDefault is what the default answers where the source has a quirk or
// takes anything: KY-3, KY-16, KY-Q4, KY-Q7 to KY-Q9, KY-Q18, KY-Q31.
func TestRuleAPIDefault(t *testing.T) {
	api, m := ruleAPI(t, false, nil)
	good := `{"value":"sixteen-letters!"}`
	refused := func(call, body string) ruleCall { return ruleCall{call: call, body: body, status: 400} }
	ruleDo(t, api, []ruleCall{
		{call: "GET /admin/functions/orders/keys/PARTNER", status: 200, want: ruleOne("/admin/functions/orders/keys/PARTNER", "PARTNER", "own-partner")},
		ruleMade("/admin/host/systemkeys/s", "s", "$system", "POST /admin/host/systemkeys/s", ""),
		{call: "GET /admin/functions/fresh/keys", status: 200, want: ruleList("/admin/functions/fresh/keys")},
		{call: "GET /admin/functions/fresh/keys/default", status: 404},
		ruleMade("/admin/host/keys/x", "x", "sixteen-letters!", "PUT /admin/host/keys/x", good),
	})
	if _, err := m.Store.Load(t.Context(), keys.FunctionScope("fresh")); err == nil {
		t.Error("reading made the document of a function")
	}
	for _, c := range []ruleCall{
		refused("PUT /admin/host/keys/x", `{"value":"fifteen-letters"}`), refused("PUT /admin/host/keys/x", `{"value":""}`),
		refused("PUT /admin/host/keys/_master", `{"value":""}`), refused("PUT /admin/host/keys/_master", `{"value":"fifteen-letters"}`),
		refused("PUT /admin/functions/orders/keys/_master", good), refused("PUT /admin/functions/orders/keys/Master", good),
		refused("POST /admin/functions/orders/keys/_MASTER", ""), refused("POST /admin/host/keys/MASTER", ""),
		refused("PUT /admin/host/systemkeys/master", good), refused("PUT /admin/host/keys/"+strings.Repeat("n", 129), good),
		refused("PUT /admin/host/keys/a%01b", good), refused("PUT /admin/host/keys/x", `{"value":1234567890123456}`), refused("PUT /admin/host/keys/x", `{"value":true}`),
		refused("PUT /admin/host/keys/x", `{"value":"sixteen-letters!"} x`), refused("PUT /admin/host/keys/x", `{'value':'sixteen-letters!'}`),
		refused("PUT /admin/host/keys/x", `{"value":"sixteen-letters!",}`), refused("PUT /admin/host/keys/x", `{}`), refused("PUT /admin/host/keys/x", "{\"value\":\"\xff\xff sixteen-letters\"}"),
	} {
		r := readRequest(t, c.call, "x-functions-key: the-Master\ncontent-type: application/json", c.body)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != 400 {
			t.Errorf("%s %q: %d %s, want 400", c.call, c.body, w.Code, w.Body)
		}
	}
	ruleDo(t, api, []ruleCall{{call: "PUT /admin/host/keys/x", headers: "content-type: application/xml", body: ruleXML("<Value>sixteen-letters?</Value>"), status: 415}, {call: "GET /admin/host/keys/x", status: 200, want: ruleOne("/admin/host/keys/x", "x", "sixteen-letters!")}})
}

// TestRuleAPIEmptyStore is KY-81 and KY-89: what is made where nothing is.
func TestRuleAPIEmptyStore(t *testing.T) {
	for _, compat := range []bool{true, false} {
		for _, call := range []ruleCall{
			ruleMade("/admin/host/keys/x", "x", "$function", "POST /admin/host/keys/x", ""),
			ruleMade("/admin/host/systemkeys/x", "x", strings.Repeat("v", 16), "PUT /admin/host/systemkeys/x", `{"value":"`+strings.Repeat("v", 16)+`"}`),
			ruleMade("/admin/host/keys/_master", "_master", "$master", "POST /admin/host/keys/_master", ""),
		} {
			store := &keys.Memory{}
			api, _ := ruleAPI(t, compat, func(m *keys.Manager, c *keys.APIConfig) {
				m.Store, m.Resolver = store, &keys.Resolver{Store: store, Compat: compat}
				c.Guard = &keys.Guard{InsecureSkipKeys: true, Level: keys.Admin}
			})
			ruleDo(t, api, []ruleCall{call})
			set, err := store.Load(t.Context(), keys.HostScope())
			if err != nil {
				t.Fatal(err)
			}
			def, ok := set.Get(keys.FunctionKey, "default", true)
			if !ok || !keys.Generated(keys.FunctionKey, def.Value.Reveal()) || !keys.Generated(keys.MasterKey, set.Master.Value.Reveal()) {
				t.Errorf("compat %t, %s: the host's document has no first keys: %v", compat, call.call, set)
			}
		}
	}
}
