package trigger

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

// bindCompat fills v as the reference does (TR-159 to TR-166): a body of a type
// that it reads fills the struct, or nothing if it does not fit; a body of
// another type that is an object after all gives texts by name; query and route
// come on top, and text that does not fit is status 500.
func (b *binder) bindCompat(r *http.Request, v reflect.Value, ru *rules) error {
	text, err := b.compatBody(r, ru)
	if err != nil {
		return err
	}
	var loose map[string]json.RawMessage
	switch ctype := r.Header.Get("Content-Type"); {
	case len(text) == 0:
	case isJSON(ctype):
		b.lenient(text, v)
	case isXML(ctype):
		b.fromXML(text, v)
	case r.ContentLength > 0: // a chunked body is for those types only (TR-148, TR-161)
		loose = looseObject(text)
	}
	query := queryValues(r)
	for i := range b.fields {
		f := &b.fields[i]
		field := v.FieldByIndex(f.index)
		name, src, values := f.find(r, query)
		if values == nil {
			if err := f.fromLoose(field, loose); err != nil {
				return err
			}
			continue
		}
		if err := setCompat(field, values); err != nil {
			return &BindError{Field: name, Source: src, Reason: err.Error(), status: http.StatusInternalServerError}
		}
	}
	return nil
}

// compatBody reads the body, if the reference would: its length must be declared.
func (b *binder) compatBody(r *http.Request, ru *rules) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 || r.ContentLength < 0 && !ru.chunked {
		return nil, nil
	}
	return readBody(r)
}

// lenient decodes JSON as far as the reference's formatter would, member by
// member: a text of a number fills a number and the other way round. What does
// not fit leaves the whole struct empty.
func (b *binder) lenient(text []byte, v reflect.Value) {
	var members map[string]json.RawMessage
	if json.Unmarshal(plainJSON(text), &members) != nil {
		return
	}
	filled := reflect.New(v.Type()).Elem()
	filled.Set(v)
	for i := range b.fields {
		f := &b.fields[i]
		raw, ok := member(members, f.bodyName(v.Type()))
		if !ok || string(raw) == "null" {
			continue
		}
		field := filled.FieldByIndex(f.index)
		if json.Unmarshal(raw, field.Addr().Interface()) == nil {
			continue
		}
		if !isScalar(raw) || !convertible(field.Type()) || setText(field, []string{scalarText(raw, false)}) != nil {
			return
		}
	}
	v.Set(filled)
}

// bodyName is the name of a field in a body.
func (f *boundField) bodyName(t reflect.Type) string {
	if f.names[FromQuery] != "" && !f.tagged {
		return f.names[FromQuery]
	}
	return t.FieldByIndex(f.index).Name
}

// member finds a member by name, exactly or ignoring case.
func member(members map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	if raw, ok := members[name]; ok {
		return raw, true
	}
	for n, raw := range members {
		if strings.EqualFold(n, name) {
			return raw, true
		}
	}
	return nil, false
}

// looseObject reads a body that is an object whatever its type says (TR-148).
func looseObject(text []byte) map[string]json.RawMessage {
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) < 2 || trimmed[0] != '{' || trimmed[len(trimmed)-1] != '}' {
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(plainJSON(trimmed), &members) != nil {
		return nil
	}
	return members
}

// fromLoose fills a field from binding data: lists and nulls count for nothing,
// objects are decoded, scalars are text.
func (f *boundField) fromLoose(field reflect.Value, members map[string]json.RawMessage) error {
	name := f.names[FromQuery]
	raw, ok := member(members, name)
	if !ok || name == "" || string(raw) == "null" || raw[0] == '[' {
		return nil
	}
	var err error
	if raw[0] == '{' {
		err = json.Unmarshal(raw, field.Addr().Interface())
	} else {
		err = setCompat(field, []string{scalarText(raw, true)})
	}
	if err != nil {
		return &BindError{Field: name, Source: FromBody, Reason: "does not fit", status: http.StatusInternalServerError}
	}
	return nil
}

func isScalar(raw json.RawMessage) bool { return raw[0] != '{' && raw[0] != '[' }

// scalarText is a JSON scalar as text, booleans as .NET spells them if so asked.
func scalarText(raw json.RawMessage, net bool) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	switch s = string(raw); {
	case net && s == "true":
		return "True"
	case net && s == "false":
		return "False"
	}
	return s
}

// setCompat sets a field from text where the reference's general conversion can:
// not for time spans, enumerations, lists and objects, and not for null onto a
// type that has none.
func setCompat(field reflect.Value, values []string) error {
	t := field.Type()
	if len(values) == 0 {
		switch t.Kind() {
		case reflect.Pointer, reflect.String, reflect.Slice, reflect.Map, reflect.Interface:
			field.SetZero()
			return nil
		}
		return errors.New("a value left out, for a type without null")
	}
	base := t
	if base.Kind() == reflect.Pointer {
		base = base.Elem()
	}
	named := base.PkgPath() != "" && base != timeType && base != uuidType // an enumeration, an address
	if named || base.Kind() == reflect.Slice || !convertible(base) {
		return errors.New("no text becomes this")
	}
	return setText(field, values[len(values)-1:])
}

func isXML(ctype string) bool {
	_, ok := pick("", ctype, false, true)
	return ok && strings.Contains(strings.ToLower(ctype), "xml")
}

// fromXML fills fields from the elements below the root, by their local names.
func (b *binder) fromXML(text []byte, v reflect.Value) {
	d := xml.NewDecoder(bytes.NewReader(text))
	depth, name := 0, ""
	values := map[string]string{}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth == 2 {
				name = strings.ToLower(t.Name.Local)
				values[name] = ""
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 2 {
				values[name] += string(t)
			}
		}
	}
	for i := range b.fields {
		f := &b.fields[i]
		if s, ok := values[strings.ToLower(f.bodyName(v.Type()))]; ok {
			_ = setCompat(v.FieldByIndex(f.index), []string{s}) // what does not fit stays empty
		}
	}
}

// plainJSON takes the liberties of the reference's reader out of a JSON text. A
// text that even that reader refuses stays as it is.
func plainJSON(text []byte) []byte {
	v, err := jsonc.ParseLenient(text)
	if err != nil {
		return text
	}
	return v.AppendJSON(nil)
}
