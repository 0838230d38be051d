package trigger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

// wireBindings reads the bindings and returns the entries they were read from.
func wireBindings(f *FunctionConfig, v *jsonc.Value) ([]*jsonc.Value, error) {
	switch {
	case v == nil:
		return nil, wireError(wireNoBinding)
	case v.Kind == jsonc.Object:
		return nil, wireError(wireObjectBindings)
	case v.Kind != jsonc.Array:
		return nil, wireError(wireNullBindings)
	case len(v.Items) == 0:
		return nil, wireError(wireNoBinding)
	}
	for i, entry := range v.Items {
		if entry.Kind != jsonc.Object {
			kind := "JValue"
			if entry.Kind == jsonc.Array {
				kind = "JArray"
			}
			return nil, wiref(wireEntryCast, kind)
		}
		b, err := wireBinding(entry, i)
		if err != nil {
			return nil, err
		}
		f.Bindings = append(f.Bindings, b)
	}
	return v.Items, nil
}

// wireBinding reads what all bindings have. The first value in the file that is
// not of its enumeration is the mistake; a bad direction is told beside it.
func wireBinding(entry *jsonc.Value, index int) (Binding, error) {
	var b Binding
	var first error
	for i := range entry.Members {
		m := &entry.Members[i]
		if entry.Get(m.Name) != m.Value {
			continue // a later one takes its place
		}
		var typ string
		ok := true
		switch name := strings.ToLower(m.Name); name {
		case "type", "name", "connection":
			text, err := wireStringOf(m, index)
			if err != nil && first == nil {
				first = err
			}
			switch name {
			case "type":
				b.Type = text
			case "name":
				b.Name = text
			}
		case "direction":
			typ = wireTypeDirection
			b.Direction, ok = wireDirectionOf(m.Value)
		case "datatype":
			typ = wireTypeData
			var n int
			if n, ok = wireEnumOf(m.Value, "Undefined", "String", "Binary", "Stream"); ok && n > 0 && n < 4 {
				b.DataType = [...]string{"", "string", "binary", "stream"}[n]
			}
		case "cardinality":
			typ = wireTypeCardinality
			_, ok = wireEnumOf(m.Value, "One", "Many")
		}
		if !ok && first == nil {
			first = wireEnumError(m, typ, index)
		}
	}
	if first == nil {
		return b, nil
	}
	text, err := wireString(entry.Get("direction"))
	if err != nil {
		return Binding{}, err
	}
	if _, ok := wireDirectionOf(&jsonc.Value{Kind: jsonc.String, Text: text}); text != "" && !ok {
		return Binding{}, wireError(fmt.Sprintf(wireDirection, text) + first.Error())
	}
	return Binding{}, first
}

// wireStringOf is the text of a member that is one, or whose value can be
// written as one.
func wireStringOf(m *jsonc.Member, index int) (string, error) {
	if m.Value.Kind == jsonc.Array || m.Value.Kind == jsonc.Object {
		return "", wiref(wireTextToken, startToken(m.Value), fmt.Sprintf("bindings[%d].%s", index, m.Name), m.Value.Pos.Line, m.Value.Pos.Column)
	}
	return netText(m.Value), nil
}

// startToken is what the reference's reader calls the beginning of a container.
func startToken(v *jsonc.Value) string {
	if v.Kind == jsonc.Array {
		return "StartArray"
	}
	return "StartObject"
}

// wireEnumOf reads a value of an enumeration that may be null, as the
// reference's converter does: a name, a number, or a list of names that are
// added up bit by bit. Any number will do. Nothing is 0.
func wireEnumOf(v *jsonc.Value, names ...string) (int, bool) {
	switch v.Kind {
	case jsonc.Null, jsonc.Undefined:
		return 0, true
	case jsonc.Number:
		n, err := strconv.ParseInt(v.Text, 10, 32)
		return int(n), err == nil
	case jsonc.String:
	default:
		return 0, false
	}
	if v.Text == "" {
		return 0, true
	}
	if n, err := strconv.ParseInt(strings.TrimSpace(v.Text), 10, 32); err == nil {
		return int(n), true
	}
	sum := 0
	for part := range strings.SplitSeq(v.Text, ",") {
		n := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, strings.TrimSpace(part)) })
		if n < 0 {
			return 0, false
		}
		sum |= n
	}
	return sum, true
}

// wireEnumError says what the reference's converter says to a value.
func wireEnumError(m *jsonc.Member, typ string, index int) error {
	path := fmt.Sprintf("bindings[%d].%s", index, m.Name)
	at := m.Value.End
	switch m.Value.Kind {
	case jsonc.Array, jsonc.Object: // the converter stops at the bracket
		return wiref(wireEnumToken, startToken(m.Value), path, m.Value.Pos.Line, m.Value.Pos.Column)
	case jsonc.Null, jsonc.Undefined:
		return wiref(wireEnumNull, typ, path, at.Line, at.Column-1)
	case jsonc.Bool:
		return wiref(wireEnumToken, "Boolean", path, at.Line, at.Column-1)
	case jsonc.Number:
		if strings.ContainsAny(m.Value.Text, ".eE") {
			return wiref(wireEnumToken, "Float", path, at.Line, at.Column-1)
		}
	}
	text := netText(m.Value)
	why := wireEnumEmpty
	if strings.TrimSpace(text) != "" {
		why = fmt.Sprintf(wireEnumName, text)
	}
	return wiref(wireEnum, text, typ, path, at.Line, at.Column-1, why)
}

// wireDirectionOf reads a direction as the reference's enum parser does. A number
// that is no direction is an input of no kind.
func wireDirectionOf(v *jsonc.Value) (Direction, bool) {
	if v.Kind == jsonc.Null || v.Kind == jsonc.Undefined || v.Kind == jsonc.String && v.Text == "" {
		return In, false
	}
	n, ok := wireEnumOf(v, "In", "Out", "InOut")
	if !ok || n < 0 || n > int(InOut) {
		return In, ok
	}
	return Direction(n), true
}
