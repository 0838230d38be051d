package trigger

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

var (
	unmarshalText = reflect.TypeFor[encoding.TextUnmarshaler]()
	unmarshalJSON = reflect.TypeFor[json.Unmarshaler]()
	timeType      = reflect.TypeFor[time.Time]()
	uuidType      = reflect.TypeFor[uuid.UUID]()
	durationType  = reflect.TypeFor[time.Duration]()
)

// convertible reports whether text can become a value of type t.
func convertible(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(unmarshalText) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return true
	case reflect.Pointer:
		return convertible(t.Elem())
	case reflect.Slice:
		return t.Elem().Kind() != reflect.Slice && convertible(t.Elem())
	}
	return false
}

// setText sets v from texts: a slice from all, anything else from the last. No
// texts set the zero value.
func setText(v reflect.Value, values []string) error {
	if len(values) == 0 {
		v.SetZero()
		return nil
	}
	t := v.Type()
	if t.Kind() == reflect.Slice && !reflect.PointerTo(t).Implements(unmarshalText) {
		out := reflect.MakeSlice(t, len(values), len(values))
		for i, s := range values {
			if err := convert(out.Index(i), s); err != nil {
				return err
			}
		}
		v.Set(out)
		return nil
	}
	return convert(v, values[len(values)-1])
}

// convert sets v from one text. Its errors do not repeat the text.
func convert(v reflect.Value, s string) error {
	t := v.Type()
	switch t {
	case timeType:
		return convertTime(v, s)
	case durationType:
		d, ok := parseDuration(s)
		if !ok {
			return errors.New("no time span")
		}
		v.SetInt(int64(d))
		return nil
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if u.UnmarshalText([]byte(s)) != nil {
			return errors.New("no " + typeWord(t))
		}
		return nil
	}
	bad := errors.New("no " + typeWord(t))
	switch t.Kind() {
	case reflect.String:
		v.SetString(s)
		return nil
	case reflect.Bool:
		isTrue := strings.EqualFold(s, "true")
		if !isTrue && !strings.EqualFold(s, "false") {
			return bad
		}
		v.SetBool(isTrue)
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(s, 10, t.Bits())
		if err != nil {
			return bad
		}
		v.SetInt(n)
		return nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(s, 10, t.Bits())
		if err != nil {
			return bad
		}
		v.SetUint(n)
		return nil
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(s, t.Bits())
		if err != nil {
			return bad
		}
		v.SetFloat(n)
		return nil
	case reflect.Pointer:
		p := reflect.New(t.Elem())
		if err := convert(p.Elem(), s); err != nil {
			return err
		}
		v.Set(p)
		return nil
	}
	return errors.New("takes no text")
}

func convertTime(v reflect.Value, s string) error {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateTime, time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			v.Set(reflect.ValueOf(at))
			return nil
		}
	}
	return errors.New("no date")
}

// parseDuration reads a time span as configurations write it, or Go's form. A
// bare number, which would be days there, is neither.
func parseDuration(s string) (time.Duration, bool) {
	if !strings.Contains(s, ":") {
		d, err := time.ParseDuration(s)
		return d, err == nil
	}
	d, err := parseTimeSpan(s)
	return d, err == nil
}

// typeWord names a type for someone who does not read Go.
func typeWord(t reflect.Type) string {
	switch t {
	case timeType:
		return "date"
	case durationType:
		return "time span"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "whole number in range"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "whole number in range, zero or more"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Pointer:
		return typeWord(t.Elem())
	case reflect.Slice, reflect.Array:
		if !reflect.PointerTo(t).Implements(unmarshalText) {
			return "list"
		}
	case reflect.Struct, reflect.Map:
		if !reflect.PointerTo(t).Implements(unmarshalText) {
			return "object"
		}
	}
	return strings.ToLower(t.Name())
}
