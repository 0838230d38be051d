package route

import (
	"errors"
	"fmt"
	"time"

	"github.com/httptrigger/httptrigger/route/invariant"
)

// ErrAbsent says that there is no value: the path left an optional parameter or
// a catch-all out, or the template has no parameter of that name.
var ErrAbsent = errors.New("no value")

// A ValueError says why a value cannot be had as a type.
type ValueError struct {
	Name string // of the parameter
	Text string // the value; empty if there is none
	Type string // what was asked for: "int64"
	Err  error  // [ErrAbsent], [invariant.ErrFormat] or [invariant.ErrRange]
}

func (e *ValueError) Error() string {
	if errors.Is(e.Err, ErrAbsent) {
		return fmt.Sprintf("route: %q: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("route: %q: %q as %s: %v", e.Name, e.Text, e.Type, e.Err)
}

// Unwrap returns the reason.
func (e *ValueError) Unwrap() error { return e.Err }

// typed reads the value called name. Constraints play no part: a value is what
// the reader makes of it.
func typed[T any](v Values, name, kind string, read func(string) (T, error)) (T, error) {
	var zero T
	text, ok := v.Lookup(name)
	if !ok {
		return zero, &ValueError{Name: name, Type: kind, Err: ErrAbsent}
	}
	value, err := read(text)
	if err != nil {
		return zero, &ValueError{Name: name, Text: text, Type: kind, Err: err}
	}
	return value, nil
}

// Text returns the value called name. Unlike [Values.Get] it tells an empty value
// from none. The error of this and the following methods is a [*ValueError].
func (v Values) Text(name string) (string, error) {
	return typed(v, name, "string", func(s string) (string, error) { return s, nil })
}

// Int returns the value called name as an integer of 32 bits, which is what the
// int constraint accepts. See [invariant.Int].
func (v Values) Int(name string) (int, error) {
	return typed(v, name, "int", func(s string) (int, error) {
		n, err := invariant.Int(s, 32)
		return int(n), err
	})
}

// Int64 returns the value called name as an integer of 64 bits, which is what
// the constraints long, min, max and range accept. See [invariant.Int].
func (v Values) Int64(name string) (int64, error) {
	return typed(v, name, "int64", func(s string) (int64, error) { return invariant.Int(s, 64) })
}

// Float64 returns the value called name as a floating-point number, which is
// what the constraints double and float accept. See [invariant.Float].
func (v Values) Float64(name string) (float64, error) {
	return typed(v, name, "float64", func(s string) (float64, error) { return invariant.Float(s, 64) })
}

// Decimal returns the value called name as a decimal number. See
// [invariant.ParseDecimal].
func (v Values) Decimal(name string) (invariant.Decimal, error) {
	return typed(v, name, "decimal", invariant.ParseDecimal)
}

// Bool returns the value called name as a truth value. See [invariant.Bool].
func (v Values) Bool(name string) (bool, error) {
	return typed(v, name, "bool", invariant.Bool)
}

// Time returns the value called name as a time, the missing parts of which come
// from now, as does the location of one with a zone. See
// [invariant.ParseDateTime].
func (v Values) Time(name string, now time.Time) (time.Time, error) {
	return typed(v, name, "time", func(s string) (time.Time, error) {
		t, _, err := invariant.ParseDateTime(s, now)
		return t, err
	})
}

// GUID returns the value called name as a GUID. See [invariant.ParseGUID].
func (v Values) GUID(name string) (invariant.GUID, error) {
	return typed(v, name, "guid", invariant.ParseGUID)
}
