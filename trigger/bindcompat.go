package trigger

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

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
	var loose *jsonc.Value
	now := ru.clock()
	switch ctype := r.Header.Get("Content-Type"); {
	case len(text) == 0:
	case isJSON(ctype):
		b.lenient(text, v, now)
	case isXML(ctype):
		b.fromXML(text, v, now)
	case r.ContentLength > 0: // a chunked body is for those types only (TR-148, TR-161)
		loose = looseObject(text)
	}
	query := queryValues(r)
	for i := range b.fields {
		f := &b.fields[i]
		field := v.FieldByIndex(f.index)
		name, src, values := f.find(r, query)
		if values == nil {
			if err := f.fromLoose(field, loose, now); err != nil {
				return err
			}
			continue
		}
		if err := setCompat(field, values, now); err != nil {
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

// lenient decodes JSON as the reference's formatter does, member by member: a text
// of a number fills a number and the other way round. What does not fit leaves the
// whole struct empty.
func (b *binder) lenient(text []byte, v reflect.Value, now time.Time) {
	doc, err := jsonc.ParseLenient(text)
	if err != nil {
		return
	}
	filled := reflect.New(v.Type()).Elem()
	filled.Set(v)
	for _, m := range doc.Members {
		for i := range b.fields {
			f := &b.fields[i]
			if strings.EqualFold(f.bodyName(v.Type()), m.Name) && netFill(filled.FieldByIndex(f.index), m.Value, now) != nil {
				return
			}
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

// looseObject reads a body that is an object whatever its type says (TR-148).
func looseObject(text []byte) *jsonc.Value {
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) < 2 || trimmed[0] != '{' || trimmed[len(trimmed)-1] != '}' {
		return nil
	}
	doc, err := jsonc.ParseLenient(trimmed)
	if err != nil {
		return nil
	}
	return doc
}

// fromLoose fills a field from binding data: lists and nulls count for nothing,
// objects are decoded, scalars are text. Of names that differ by case the last
// that counts does.
func (f *boundField) fromLoose(field reflect.Value, doc *jsonc.Value, now time.Time) error {
	name := f.names[FromQuery]
	if doc == nil || name == "" {
		return nil
	}
	for _, m := range slices.Backward(doc.Members) {
		value := doc.Get(m.Name)
		if !strings.EqualFold(m.Name, name) || value.Kind == jsonc.Null || value.Kind == jsonc.Array {
			continue
		}
		var err error
		if value.Kind == jsonc.Object {
			err = netFill(field, value, now)
		} else {
			err = setCompat(field, []string{netText(value)}, now)
		}
		if err != nil {
			return &BindError{Field: name, Source: FromBody, Reason: "does not fit", status: http.StatusInternalServerError}
		}
		return nil
	}
	return nil
}

// setCompat sets a field from text where the reference's general conversion can:
// not for time spans, enumerations, lists and objects, and not for null onto a
// type that has none.
func setCompat(field reflect.Value, values []string, now time.Time) error {
	t := field.Type()
	if len(values) == 0 {
		switch t.Kind() {
		case reflect.Pointer, reflect.String, reflect.Slice, reflect.Map, reflect.Interface:
			field.SetZero()
			return nil
		}
		return errors.New("a value left out, for a type without null")
	}
	return netConvert(field, values[len(values)-1], now)
}

func isXML(ctype string) bool {
	_, ok := pick("", ctype, false, true)
	return ok && strings.Contains(strings.ToLower(ctype), "xml")
}

// fromXML fills fields from the elements below the root, by their local names.
func (b *binder) fromXML(text []byte, v reflect.Value, now time.Time) {
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
			_ = setCompat(v.FieldByIndex(f.index), []string{s}, now) // what does not fit stays empty
		}
	}
}
