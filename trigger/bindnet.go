package trigger

import (
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/internal/jsonc"
	"github.com/httptrigger/httptrigger/route/invariant"
)

// The conversions below are those that Compat shares with the reference's
// binding: of text by the general conversion of its runtime (Convert.cs), and of
// JSON by its serializer (JsonSerializerInternalReader.cs).

var (
	errNetText = errors.New("no text becomes this")
	errNetJSON = errors.New("does not fit")
)

// netConvert sets v from a text: numbers, booleans and dates of the invariant
// culture with blanks around them, GUIDs, texts.
func netConvert(v reflect.Value, s string, now time.Time) error {
	t := v.Type()
	switch t {
	case timeType:
		at, _, err := invariant.ParseDateTime(s, now)
		if err == nil {
			v.Set(reflect.ValueOf(at))
		}
		return err
	case uuidType:
		id, err := invariant.ParseGUID(s)
		if err == nil {
			v.Set(reflect.ValueOf(uuid.UUID(id)))
		}
		return err
	}
	switch {
	case t.PkgPath() != "":
		return errNetText // an enumeration, a time span, an address
	case t.Kind() != reflect.Pointer:
		return netBasic(v, s)
	}
	p := reflect.New(t.Elem())
	if err := netConvert(p.Elem(), s, now); err != nil {
		return err
	}
	v.Set(p)
	return nil
}

// netBasic sets a text, a number or a boolean.
func netBasic(v reflect.Value, s string) error {
	t := v.Type()
	switch t.Kind() {
	case reflect.String:
		v.SetString(s)
		return nil
	case reflect.Bool:
		is, err := invariant.Bool(s)
		v.SetBool(is)
		return err
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := invariant.Int(s, t.Bits())
		v.SetInt(n)
		return err
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := invariant.Uint(s, t.Bits())
		v.SetUint(n)
		return err
	case reflect.Float32, reflect.Float64: // Go's floats stand for decimals too
		n, err := invariant.Float(s, t.Bits())
		if d, derr := invariant.ParseDecimal(s); err != nil && derr == nil {
			n, err = invariant.Float(d.String(), t.Bits())
		}
		v.SetFloat(n)
		return err
	}
	return errNetText
}

// netFill sets v from JSON. A text that is empty is null where the reference has a
// type that can be null.
func netFill(v reflect.Value, j *jsonc.Value, now time.Time) error {
	t := v.Type()
	null := j.Kind == jsonc.Null || j.Kind == jsonc.Undefined
	if t.Kind() == reflect.Pointer {
		if null || j.Kind == jsonc.String && j.Text == "" && t.Elem().Kind() != reflect.String {
			v.SetZero()
			return nil
		}
		p := reflect.New(t.Elem())
		if err := netFill(p.Elem(), j, now); err != nil {
			return err
		}
		v.Set(p)
		return nil
	}
	container := j.Kind == jsonc.Array || j.Kind == jsonc.Object
	switch {
	case null:
		switch t.Kind() {
		case reflect.String, reflect.Slice, reflect.Map, reflect.Interface:
			v.SetZero()
			return nil
		case reflect.Struct:
			if t != timeType {
				v.SetZero()
				return nil
			}
		}
		return errNetJSON
	case t == timeType || t == uuidType:
		if j.Kind != jsonc.String {
			return errNetJSON
		}
		return netConvert(v, j.Text, now)
	case t == durationType && j.Kind == jsonc.String:
		d, err := parseTimeSpan(j.Text)
		v.SetInt(int64(d))
		return err
	case reflect.PointerTo(t).Implements(unmarshalText), reflect.PointerTo(t).Implements(unmarshalJSON),
		t.Kind() == reflect.Map, t.Kind() == reflect.Interface, t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		if json.Unmarshal(j.AppendJSON(nil), v.Addr().Interface()) == nil {
			return nil
		}
		if container || !reflect.PointerTo(t).Implements(unmarshalText) {
			return errNetJSON
		}
		return convert(v, j.Text) // an enumeration, by its number
	case t.Kind() == reflect.Slice:
		return netList(v, j, now)
	case t.Kind() == reflect.Struct:
		return netStruct(v, j, now)
	case container:
		return errNetJSON
	}
	return netScalar(v, j)
}

func netList(v reflect.Value, j *jsonc.Value, now time.Time) error {
	if j.Kind != jsonc.Array {
		return errNetJSON
	}
	list := reflect.MakeSlice(v.Type(), len(j.Items), len(j.Items))
	for i, item := range j.Items {
		if err := netFill(list.Index(i), item, now); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

// netStruct fills the fields of a struct by their names, case ignored.
func netStruct(v reflect.Value, j *jsonc.Value, now time.Time) error {
	if j.Kind != jsonc.Object {
		return errNetJSON
	}
	for _, m := range j.Members {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				name = f.Name
			}
			if !f.IsExported() || name == "-" || !strings.EqualFold(name, m.Name) {
				continue
			}
			if err := netFill(v.Field(i), m.Value, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// netScalar sets a text, a number or a boolean from a scalar.
func netScalar(v reflect.Value, j *jsonc.Value) error {
	switch kind := v.Kind(); {
	case kind == reflect.Bool && j.Kind == jsonc.Number:
		n, ok := new(big.Float).SetString(j.Text)
		v.SetBool(ok && n.Sign() != 0)
		return nil
	case kind != reflect.Bool && kind != reflect.String && j.Kind == jsonc.Bool:
		return errNetJSON
	}
	return netBasic(v, j.Text) // a text has a number as it is written
}
