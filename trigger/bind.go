package trigger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// Source is a part of a request that a field is filled from.
type Source uint8

// The sources, in the order of precedence: what the route says beats the query,
// which beats a header, which beats the body.
const (
	FromRoute Source = iota
	FromQuery
	FromHeader
	FromBody
)

// String returns "route", "query", "header" or "body".
func (s Source) String() string {
	switch s {
	case FromRoute:
		return "route"
	case FromQuery:
		return "query"
	case FromHeader:
		return "header"
	case FromBody:
		return "body"
	}
	return "invalid"
}

// A BindError tells which part of a request does not fit a struct. It speaks only
// of what the caller sent and may be shown to the caller.
type BindError struct {
	// Field is the name in the request: of the route parameter, the query
	// parameter, the header, or the path of the JSON member, "a.b". It is ""
	// when the body as a whole is at fault.
	Field string

	// Source is where the value came from.
	Source Source

	// Offset is the place in the body, in bytes from its start, of the end of
	// what did not fit; 0 if unknown or not in the body.
	Offset int64

	// Reason says what is wrong, without the value.
	Reason string

	status int
}

func (e *BindError) Error() string {
	at := e.Source.String()
	if e.Field != "" {
		at += " " + quote(e.Field)
	}
	if e.Offset > 0 {
		at += fmt.Sprintf(" (offset %d)", e.Offset)
	}
	return "trigger: " + at + ": " + e.Reason
}

// StatusCode returns 400; 415 for a body that is no JSON where JSON is required;
// in Compat 500, as the reference answers (TR-164).
func (e *BindError) StatusCode() int {
	if e.status == 0 {
		return http.StatusBadRequest
	}
	return e.status
}

// Bind fills the struct that dst points to from the route, the query, the
// headers and the JSON body of a request.
//
// A field is found by its name, the one in its json tag if it has one, ignoring
// case: first among the route's parameters, then in the query, then in the body.
// The tags route:"name", query:"name" and header:"Name" say where a field comes
// from instead, in this order if there are several; the body then fills it only
// if it has a json tag too. A header is read for no other fields. The tag
// bind:"-" leaves a field to the body.
//
// Of a query parameter that is given several times, a slice takes all values and
// any other field the last. The parameter code is a key and fills a field only
// if a tag names it. A route parameter that the path left out empties its field,
// whatever the query says (TR-150).
//
// Text becomes a string, bool (true or false in any case), number, time.Time
// (RFC 3339, or a date), time.Duration (hh:mm:ss with optional days and
// fractions, or Go's form), a pointer to these, or whatever the field's
// UnmarshalText makes of it. Empty text fills strings only.
//
// A body is read if the request has one and names JSON as its type (application/json,
// text/json, application/…+json), or names none and holds an object. It stays
// readable. No body is no error.
//
// What does not fit is a *BindError with status 400, or is passed over with
// Config.LenientBinding. In Compat the rules of the reference hold, which are in part accidents: a body that does not fit counts as
// empty, text that does not fit is status 500 (HttpTriggerAttributeBindingProvider.cs).
func Bind(r *http.Request, dst any) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("trigger: Bind: %T is no pointer to a struct", dst)
	}
	b, err := newBinder(v.Elem().Type())
	if err != nil {
		return err
	}
	return b.bind(r, v.Elem(), false)
}

// bindJSON fills in from a request whose body must be JSON if there is one.
func bindJSON(r *http.Request, in any) error {
	v := reflect.ValueOf(in).Elem()
	if v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct || v.Addr().Type().Implements(unmarshalerType) {
		ru := rulesOf(r.Context())
		text, err := readJSON(r, true)
		if err != nil || text == nil {
			return ru.passOver(err)
		}
		return ru.passOver(decodeWhole(text, v))
	}
	b, err := newBinder(v.Type())
	if err != nil {
		return err
	}
	return b.bind(r, v, true)
}

var unmarshalerType = reflect.TypeFor[json.Unmarshaler]()

// A binder knows the fields of a struct type.
type binder struct {
	fields []boundField
}

type boundField struct {
	index  []int
	names  [3]string // by Source up to FromHeader, "" if not from there
	tagged bool      // a tag names a source
	body   bool      // the body may fill it
}

func newBinder(t reflect.Type) (*binder, error) {
	b := &binder{}
	for _, f := range reflect.VisibleFields(t) {
		if !f.IsExported() || f.Anonymous && f.Type.Kind() == reflect.Struct {
			continue
		}
		if through(t, f.Index) {
			continue
		}
		bf, ok := newField(f)
		if !ok {
			continue
		}
		if bf.tagged && !convertible(f.Type) {
			return nil, fmt.Errorf("trigger: bind: %s.%s: no text becomes a %s", t, f.Name, f.Type)
		}
		b.fields = append(b.fields, bf)
	}
	return b, nil
}

// through reports whether the way to a field leads through an embedded pointer,
// which may be nil: such fields are the body's alone.
func through(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		t = t.Field(i).Type
		if t.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

func newField(f reflect.StructField) (boundField, bool) {
	bf := boundField{index: f.Index}
	jsonName, hasJSON := f.Tag.Lookup("json")
	jsonName, _, _ = strings.Cut(jsonName, ",")
	for src, key := range [...]string{FromRoute: "route", FromQuery: "query", FromHeader: "header"} {
		if name := f.Tag.Get(key); name != "" {
			bf.names[src] = name
			bf.tagged = true
		}
	}
	bf.body = !bf.tagged || hasJSON && jsonName != "-"
	if bf.tagged {
		return bf, true
	}
	if f.Tag.Get("bind") == "-" || jsonName == "-" {
		return bf, false
	}
	name := f.Name
	if jsonName != "" {
		name = jsonName
	}
	bf.names[FromRoute], bf.names[FromQuery] = name, name
	return bf, true
}

func (b *binder) bind(r *http.Request, v reflect.Value, jsonOnly bool) error {
	ru := rulesOf(r.Context())
	if ru.compat {
		return b.bindCompat(r, v, ru)
	}
	text, err := readJSON(r, jsonOnly)
	if text != nil {
		err = b.body(text, v)
	}
	if err := ru.passOver(err); err != nil {
		return err
	}
	return ru.passOver(b.texts(r, v))
}

// passOver drops what the caller did wrong, if the configuration says so.
func (ru *rules) passOver(err error) error {
	var wrong *BindError
	if ru.lenient && errors.As(err, &wrong) {
		return nil
	}
	return err
}

// body decodes the body into v, but for fields that are not the body's: a caller
// must not fill in what a header or the route should say.
func (b *binder) body(text []byte, v reflect.Value) error {
	var kept []reflect.Value
	for i := range b.fields {
		if f := &b.fields[i]; !f.body {
			old := reflect.New(v.FieldByIndex(f.index).Type()).Elem()
			old.Set(v.FieldByIndex(f.index))
			kept = append(kept, old)
		}
	}
	err := decodeWhole(text, v)
	for i := range b.fields {
		if f := &b.fields[i]; !f.body {
			v.FieldByIndex(f.index).Set(kept[0])
			kept = kept[1:]
		}
	}
	return err
}

// decodeWhole decodes a body into v, or leaves v as it is.
func decodeWhole(text []byte, v reflect.Value) error {
	before := reflect.New(v.Type()).Elem()
	before.Set(v)
	err := decodeJSON(text, v.Addr().Interface())
	if err != nil {
		v.Set(before)
	}
	return err
}

// texts fills fields from route, query and headers; all errors are found, the
// first is told.
func (b *binder) texts(r *http.Request, v reflect.Value) error {
	query := queryValues(r)
	var errs []error
	for i := range b.fields {
		f := &b.fields[i]
		name, src, values := f.find(r, query)
		if values == nil {
			continue
		}
		field := v.FieldByIndex(f.index)
		if !f.tagged && !convertible(field.Type()) {
			if src == FromBody {
				continue
			}
			errs = append(errs, &BindError{Field: name, Source: src, Reason: "takes no value from here"})
			continue
		}
		if err := setText(field, values); err != nil {
			field.SetZero()
			errs = append(errs, &BindError{Field: name, Source: src, Reason: err.Error()})
		}
	}
	return errors.Join(errs...)
}

// find returns the values of a field and where they are from; nil if the request
// has none, and no values if a route parameter was left out.
func (f *boundField) find(r *http.Request, query url.Values) (string, Source, []string) {
	if name := f.names[FromRoute]; name != "" {
		if value, state := routeValue(r, name); state == routeGiven {
			return name, FromRoute, []string{value}
		} else if state == routeLeftOut {
			return name, FromRoute, []string{}
		}
	}
	if name := f.names[FromQuery]; name != "" && (f.tagged || !strings.EqualFold(name, "code")) {
		if values := query[strings.ToLower(name)]; len(values) > 0 {
			return name, FromQuery, values
		}
	}
	if name := f.names[FromHeader]; name != "" {
		if values := r.Header.Values(name); len(values) > 0 {
			return name, FromHeader, values
		}
	}
	return "", FromBody, nil
}

type routeState uint8

const (
	routeNone    routeState = iota // the route has no such parameter
	routeLeftOut                   // the path left it out
	routeGiven
)

// routeValue finds a route parameter: of the invocation if there is one, else as
// net/http's own router would give it.
func routeValue(r *http.Request, name string) (string, routeState) {
	inv, ok := FromContext(r.Context())
	if !ok || inv.Route == "" {
		// A router of net/http knows its names only as they are written.
		for _, spelled := range []string{name, strings.ToLower(name), strings.ToLower(name[:1]) + name[1:]} {
			if v := r.PathValue(spelled); v != "" {
				return v, routeGiven
			}
		}
		return "", routeNone
	}
	if v, ok := inv.Values.Lookup(name); ok {
		return v, routeGiven
	}
	if inv.hasParam(name) {
		return "", routeLeftOut
	}
	return "", routeNone
}

// queryValues returns the query with names in lower case. What cannot be decoded
// stays as it is.
func queryValues(r *http.Request) url.Values {
	if r.URL.RawQuery == "" {
		return nil
	}
	out := url.Values{}
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name = strings.ToLower(unescape(name))
		out[name] = append(out[name], unescape(value))
	}
	return out
}

func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return strings.ReplaceAll(s, "+", " ")
}

// readJSON reads the body of a request, nil if it has none or none that is JSON.
// It leaves the body readable. If required, a body of another type is an error.
func readJSON(r *http.Request, required bool) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	ctype := r.Header.Get("Content-Type")
	if ctype != "" && !isJSON(ctype) {
		if required {
			return nil, &BindError{Source: FromBody, Reason: "not JSON by its content type", status: http.StatusUnsupportedMediaType}
		}
		return nil, nil
	}
	text, err := readBody(r)
	if err != nil {
		return nil, err
	}
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 || ctype == "" && !required && trimmed[0] != '{' {
		return nil, nil
	}
	return text, nil
}

// readBody reads the whole body and puts a copy in its place. An error of reading
// is returned as it is; *http.MaxBytesError is one.
func readBody(r *http.Request) ([]byte, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("trigger: body: %w", err)
	}
	r.Body = rereadable{bytes.NewReader(text), r.Body}
	return text, nil
}

// rereadable is a body that was read once, with the closing of the original.
type rereadable struct {
	io.Reader
	io.Closer
}

// isJSON reports whether a content type is JSON (TR-159, TR-169).
func isJSON(ctype string) bool {
	mt, _, err := mime.ParseMediaType(ctype)
	if err != nil && mt == "" {
		return false
	}
	return mt == "application/json" || mt == "text/json" || strings.HasPrefix(mt, "application/") && strings.HasSuffix(mt, "+json")
}

// decodeJSON decodes one JSON value and nothing after it.
func decodeJSON(text []byte, dst any) error {
	err := json.Unmarshal(text, dst)
	if err == nil {
		return nil
	}
	out := &BindError{Source: FromBody, Reason: "cannot be read"}
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		out.Offset, out.Reason = syntax.Offset, "no valid JSON: "+syntax.Error()
	case errors.As(err, &typ):
		out.Field, out.Offset = typ.Field, typ.Offset
		out.Reason = "a JSON " + kindWord(typ.Value) + " is no " + typeWord(typ.Type)
	}
	return out
}

// kindWord is what encoding/json says about a value, without the value.
func kindWord(s string) string { word, _, _ := strings.Cut(s, " "); return word }
