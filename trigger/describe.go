package trigger

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/internal/jsonc"
	"github.com/httptrigger/httptrigger/keys"
)

// A jsonObject is written member by member, in the order of the reference.
type jsonObject []byte

func (o *jsonObject) raw(name string, value []byte) {
	if len(*o) == 0 {
		*o = append(*o, '{')
	} else {
		*o = append(*o, ',')
	}
	*o = append(quoteJSON(*o, name), ':')
	*o = append(*o, value...)
}

func (o *jsonObject) text(name, value string) { o.raw(name, quoteJSON(nil, value)) }

func (o *jsonObject) done() []byte {
	if len(*o) == 0 {
		return []byte("{}")
	}
	return append(*o, '}')
}

func quoteJSON(b []byte, s string) []byte {
	return (&jsonc.Value{Kind: jsonc.String, Text: s}).AppendJSON(b)
}

// describe makes the payload for a custom handler (DefaultHttpWorkerService.cs).
// Compat leaves out a body whose length is not declared, as the reference does.
func describe(f *FunctionConfig, r *http.Request, inv *Invocation) ([]byte, error) {
	ru := rulesOf(r.Context())
	var body []byte
	if r.Body != nil && r.Body != http.NoBody && (r.ContentLength > 0 || r.ContentLength < 0 && !ru.compat) {
		var err error
		if body, err = readBody(r); err != nil {
			return nil, err
		}
	}
	var data, payload jsonObject
	data.raw(f.Trigger.Name, requestJSON(r, inv, body))
	payload.raw("Data", data.done())
	payload.raw("Metadata", metadata(f, r, inv, body))
	return payload.done(), nil
}

func requestJSON(r *http.Request, inv *Invocation, body []byte) []byte {
	var o, query, headers, params jsonObject
	o.text("Url", requestURL(r)+queryOfURL(r))
	o.text("Method", r.Method)
	names, values := queryOf(r)
	for _, name := range names {
		query.text(name, strings.Join(values[name], ","))
	}
	o.raw("Query", query.done())
	headers.raw("Host", append(quoteJSON([]byte{'['}, r.Host), ']'))
	for _, name := range headerNames(r.Header) {
		list := []byte{'['}
		for i, v := range r.Header[name] {
			if i > 0 {
				list = append(list, ',')
			}
			list = quoteJSON(list, v)
		}
		headers.raw(name, append(list, ']'))
	}
	o.raw("Headers", headers.done())
	for i := range inv.Values.Len() {
		if name, value, ok := inv.Values.At(i); ok {
			params.text(name, value)
		}
	}
	o.raw("Params", params.done())
	o.raw("Identities", identitiesJSON(inv))
	if body != nil {
		o.text("Body", bodyText(r, body))
	}
	return o.done()
}

// bodyText is the body as text, in base64 if it is declared to be bytes.
func bodyText(r *http.Request, body []byte) string {
	ctype := strings.ToLower(r.Header.Get("Content-Type"))
	if strings.HasPrefix(ctype, octets) || strings.HasPrefix(ctype, "multipart/") {
		return base64.StdEncoding.EncodeToString(body)
	}
	return string(body)
}

// requestURL is the address that the client asked, without the query, with
// what another router has taken off the front of the path.
func requestURL(r *http.Request) string {
	scheme, host := origin(r, rulesOf(r.Context()).origin)
	return scheme + "://" + host + mount(r) + r.URL.EscapedPath()
}

func queryOfURL(r *http.Request) string {
	if r.URL.RawQuery == "" && !r.URL.ForceQuery {
		return ""
	}
	return "?" + r.URL.RawQuery
}

func headerNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// queryOf is the query by name, ignoring case, in the order of the first of each.
func queryOf(r *http.Request) (names []string, values map[string][]string) {
	values = map[string][]string{}
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, value = unescape(name), unescape(value)
		key := name
		for _, n := range names {
			if strings.EqualFold(n, name) {
				key = n
			}
		}
		if values[key] == nil {
			names = append(names, key)
		}
		values[key] = append(values[key], value)
	}
	return names, values
}

// metadata is the binding data: body, query and route, the later ones winning,
// each as a text that holds JSON, then query and headers as a whole (TR-146 to
// TR-151).
func metadata(f *FunctionConfig, r *http.Request, inv *Invocation, body []byte) []byte {
	var o, query, headers jsonObject
	members := map[string][]byte{}
	var order []string
	put := func(name string, value []byte) {
		for _, n := range order {
			if strings.EqualFold(n, name) {
				members[n] = value
				return
			}
		}
		order = append(order, name)
		members[name] = value
	}
	for _, m := range bodyMembers(body) {
		if m.Value.Kind == jsonc.Object {
			put(m.Name, m.Value.AppendJSON(nil))
		} else {
			put(m.Name, textInText(rulesOf(r.Context()).scriptText(m.Value, false)))
		}
	}
	names, values := queryOf(r)
	for _, name := range names {
		list := values[name]
		if !strings.EqualFold(name, keys.Query) {
			put(name, textInText(list[len(list)-1]))
		}
		query.text(name, list[len(list)-1])
	}
	for i := range inv.Values.Len() {
		name, value, ok := inv.Values.At(i)
		if ok {
			put(name, textInText(value))
		} else {
			put(name, []byte("null"))
		}
	}
	has := func(name string) bool {
		return slices.ContainsFunc(order, func(n string) bool { return strings.EqualFold(n, name) })
	}
	headers.text("Host", r.Host)
	for _, name := range headerNames(r.Header) {
		headers.text(textproto.CanonicalMIMEHeaderKey(name), strings.Join(r.Header[name], ","))
	}
	compat := rulesOf(r.Context()).compat
	for _, name := range order {
		if !compat || describesInCompat(name, members[name]) {
			o.raw(name, members[name])
		}
	}
	if !has("Query") {
		o.raw("Query", query.done())
	}
	if !has("Headers") {
		o.raw("Headers", headers.done())
	}
	o.raw("sys", sysJSON(f))
	return o.done()
}

// describesInCompat reports whether the reference sends a piece of binding data:
// nulls it leaves out, and what it takes by its name for the trigger's value
// (ScriptInvocationContextExtensions.cs).
func describesInCompat(name string, value []byte) bool {
	return string(value) != "null" && !strings.HasSuffix(strings.ToLower(name), "trigger")
}

// textInText is a JSON text whose content is a JSON text.
func textInText(s string) []byte { return quoteJSON(nil, string(quoteJSON(nil, s))) }

// bodyMembers are the members of a body that is an object, whatever its type
// says, without lists and nulls.
func bodyMembers(body []byte) []jsonc.Member {
	text := strings.TrimSpace(string(body))
	if !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") {
		return nil
	}
	v, err := jsonc.ParseLenient([]byte(text))
	if err != nil {
		return nil
	}
	var members []jsonc.Member
	for _, m := range v.Members {
		if m.Value.Kind != jsonc.Array && m.Value.Kind != jsonc.Null {
			members = append(members, m)
		}
	}
	return members
}

// sysJSON is what the host says about itself.
func sysJSON(f *FunctionConfig) []byte {
	var o jsonObject
	o.text("MethodName", f.Name)
	o.text("UtcNow", time.Now().UTC().Format(time.RFC3339Nano))
	o.text("RandGuid", uuid.NewString())
	return o.done()
}

const (
	levelClaim  = "http://schemas.microsoft.com/2017/07/functions/claims/authlevel"
	invokeClaim = "http://schemas.microsoft.com/2017/07/functions/claims/invoke"
	keyClaim    = "http://schemas.microsoft.com/2017/07/functions/claims/keyid"
)

// identitiesJSON lists who the caller is: the platform's user, then the key.
func identitiesJSON(inv *Invocation) []byte {
	list := []byte{'['}
	if p := inv.Principal; p != nil {
		list = append(list, identityJSON(p.Provider, p.NameType, p.RoleType, p.Claims)...)
	}
	if level := inv.Grant.Level(); level != keys.Anonymous {
		if len(list) > 1 {
			list = append(list, ',')
		}
		name := level.String()
		list = append(list, identityJSON("WebJobsAuthLevel", ClaimName, ClaimRole, []Claim{
			{levelClaim, strings.ToUpper(name[:1]) + name[1:]}, {invokeClaim, "true"}, {keyClaim, inv.Grant.Name},
		})...)
	}
	return append(list, ']')
}

func identityJSON(provider, nameType, roleType string, claims []Claim) []byte {
	var o jsonObject
	name := []byte("null")
	list := []byte{'['}
	for i, c := range claims {
		if i > 0 {
			list = append(list, ',')
		}
		list = fmt.Appendf(list, `{"Type":%s,"Value":%s}`, quoteJSON(nil, c.Type), quoteJSON(nil, c.Value))
		if c.Type == nameType && string(name) == "null" {
			name = quoteJSON(nil, c.Value)
		}
	}
	o.text("AuthenticationType", provider)
	o.raw("IsAuthenticated", []byte("true"))
	o.raw("Claims", append(list, ']'))
	o.raw("Name", name)
	o.text("NameClaimType", nameType)
	o.text("RoleClaimType", roleType)
	return o.done()
}
