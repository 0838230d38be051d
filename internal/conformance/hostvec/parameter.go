package hostvec

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/trigger"
)

// A filler fills the typed parameters of a function from a request.
type filler func(*trigger.Request) (any, error)

// parameters makes fillers of the declared types: one of the trigger's parameter,
// nil if that is the request itself, and one of those that take values of the
// route, nil if there are none. A struct is written {Name:string, Id:int?,
// Sub:{X:int}}.
func parameters(types map[string]string) (body, routed filler, missing string) {
	var fields []reflect.StructField
	for _, name := range slices.Sorted(maps.Keys(types)) {
		f, missing := triggerParameter(types[name])
		switch {
		case missing == "" && (f == nil || body == nil):
			if f != nil {
				body = f
			}
			continue
		case missing == "" && types[name] != "string":
			return nil, nil, "several parameters of the trigger's"
		}
		t, ok := simpleType(types[name])
		if !ok {
			return nil, nil, missing
		}
		fields = append(fields, reflect.StructField{Name: exported(name), Type: t, Tag: reflect.StructTag(fmt.Sprintf("route:%q", name))})
	}
	if fields != nil {
		routed = structFiller(reflect.StructOf(fields))
	}
	return body, routed, ""
}

// exported is a name as that of a field.
func exported(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

func structFiller(t reflect.Type) filler {
	return func(r *trigger.Request) (any, error) {
		v := reflect.New(t)
		err := r.Bind(v.Interface())
		return v.Interface(), err
	}
}

// triggerParameter makes the filler of a type that a trigger's parameter has.
func triggerParameter(text string) (filler, string) {
	switch text {
	case "HttpRequest":
		return nil, ""
	case "string", "stream":
		return func(r *trigger.Request) (any, error) {
			body, err := readAll(r.Request)
			return string(body), err
		}, ""
	case "byte[]":
		return func(r *trigger.Request) (any, error) {
			body, err := readAll(r.Request)
			return base64.StdEncoding.EncodeToString(body), err
		}, ""
	}
	t, rest, err := parseType(text)
	if err != nil || rest != "" || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct || !strings.HasPrefix(text, "{") {
		return nil, fmt.Sprintf("parameter type %q", text)
	}
	return structFiller(t.Elem()), ""
}

// kind stands for an enumeration with the members One and Two.
type kind int

func (k *kind) UnmarshalText(text []byte) error {
	if n, err := strconv.Atoi(string(text)); err == nil {
		*k = kind(n)
		return nil
	}
	for i, name := range []string{"One", "Two"} {
		if strings.EqualFold(string(text), name) {
			*k = kind(i)
			return nil
		}
	}
	return errors.New("not a member")
}

// link is a URL as text.
type link struct{ url.URL }

func (l *link) UnmarshalText(text []byte) error { return l.UnmarshalBinary(text) }

// simple are the types by the names that vectors give them. A text is a pointer,
// for it can be null.
var simple = map[string]reflect.Type{
	"string":         reflect.TypeFor[*string](),
	"int":            reflect.TypeFor[int32](),
	"uint":           reflect.TypeFor[uint32](),
	"long":           reflect.TypeFor[int64](),
	"ulong":          reflect.TypeFor[uint64](),
	"short":          reflect.TypeFor[int16](),
	"byte":           reflect.TypeFor[uint8](),
	"bool":           reflect.TypeFor[bool](),
	"float":          reflect.TypeFor[float32](),
	"double":         reflect.TypeFor[float64](),
	"decimal":        reflect.TypeFor[float64](),
	"DateTime":       reflect.TypeFor[time.Time](),
	"DateTimeOffset": reflect.TypeFor[time.Time](),
	"Guid":           reflect.TypeFor[uuid.UUID](),
	"TimeSpan":       reflect.TypeFor[time.Duration](),
	"Uri":            reflect.TypeFor[*link](),
	"string[]":       reflect.TypeFor[[]string](),
	"enum(One,Two)":  reflect.TypeFor[kind](),
}

// simpleType is a simple type by its name; with "?" behind it may be null, and
// with "[]" it is a list.
func simpleType(name string) (reflect.Type, bool) {
	if t, ok := simple[name]; ok {
		return t, true
	}
	if inner, ok := strings.CutSuffix(name, "?"); ok && simple[inner] != nil {
		return reflect.PointerTo(simple[inner]), simple[inner].Kind() != reflect.Pointer
	}
	if inner, ok := strings.CutSuffix(name, "[]"); ok && simple[inner] != nil {
		return reflect.SliceOf(simple[inner]), true
	}
	return nil, false
}

// parseType reads a type at the beginning of text.
func parseType(text string) (t reflect.Type, rest string, err error) {
	if !strings.HasPrefix(text, "{") {
		end, depth := len(text), 0
		for i, c := range text {
			if c == '(' {
				depth++
			} else if c == ')' {
				depth--
			}
			if depth == 0 && (c == ',' || c == '}') {
				end = i
				break
			}
		}
		name := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text[:end]), "(no setter)"))
		t, ok := simpleType(name)
		if !ok {
			return nil, "", fmt.Errorf("type %q", name)
		}
		return t, text[end:], nil
	}
	var fields []reflect.StructField
	rest = text[1:]
	for {
		name, after, ok := strings.Cut(rest, ":")
		if !ok {
			return nil, "", errors.New("type without an end")
		}
		field, after, err := parseType(after)
		if err != nil {
			return nil, "", err
		}
		tag := ""
		if whole := rest[:len(rest)-len(after)]; strings.HasSuffix(whole, "(no setter)") {
			tag = `json:"-" bind:"-"`
		}
		fields = append(fields, reflect.StructField{Name: strings.TrimSpace(name), Type: field, Tag: reflect.StructTag(tag)})
		if strings.HasPrefix(after, "}") {
			return reflect.PointerTo(reflect.StructOf(fields)), after[1:], nil
		}
		rest = strings.TrimLeft(strings.TrimPrefix(after, ","), " ")
	}
}

// sameBound compares what a parameter was filled to with the recorded value.
func sameBound(got any, want json.RawMessage) string {
	if text, ok := got.(string); ok {
		var w string
		if json.Unmarshal(want, &w) != nil || text != w {
			return fmt.Sprintf("bound: got %q, want %s", text, want)
		}
		return ""
	}
	v := reflect.ValueOf(got).Elem()
	members, err := ordered(want)
	if err != nil || !strings.HasPrefix(string(want), "{") {
		return fmt.Sprintf("bound: got %+v, want %s", v, want)
	}
	for _, m := range members {
		f, ok := v.Type().FieldByName(m.name)
		if ok && f.Tag.Get("bind") == "-" {
			continue
		}
		if !ok || !sameField(v.FieldByName(m.name), m.text) {
			return fmt.Sprintf("bound: %s: got %s, want %s", m.name, printed(v.FieldByName(m.name)), m.text)
		}
	}
	return ""
}

// sameParameters compares what parameters were filled to from the route.
func sameParameters(got any, want json.RawMessage) string {
	members, err := ordered(want)
	if err != nil || got == nil {
		return fmt.Sprintf("parameters: got %v, want %s", got, want)
	}
	v := reflect.ValueOf(got).Elem()
	for _, m := range members {
		f := v.FieldByName(exported(m.name))
		if f.IsValid() && !sameField(f, m.text) {
			return fmt.Sprintf("parameter %s: got %s, want %s", m.name, printed(f), m.text)
		}
	}
	return ""
}

func printed(v reflect.Value) string {
	if !v.IsValid() {
		return "nothing"
	}
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return fmt.Sprintf("%+v", v)
}

func sameField(v reflect.Value, want json.RawMessage) bool {
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice {
		if string(want) == "null" {
			return v.IsNil()
		}
		if v.IsNil() {
			return false
		}
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
	}
	switch x := v.Interface().(type) {
	case time.Time:
		var s string
		if json.Unmarshal(want, &s) != nil {
			return false
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
			if t, err := time.Parse(layout, s); err == nil {
				return t.Equal(x)
			}
		}
		return false
	case time.Duration:
		var s string
		return json.Unmarshal(want, &s) == nil && s == fmt.Sprintf("%02d:%02d:%02d", int(x.Hours()), int(x.Minutes())%60, int(x.Seconds())%60)
	case kind:
		var n int
		var s string
		return json.Unmarshal(want, &n) == nil && n == int(x) || json.Unmarshal(want, &s) == nil && s == [...]string{"One", "Two"}[x&1]
	case link:
		var s string
		return json.Unmarshal(want, &s) == nil && s == x.String()
	case uuid.UUID:
		var s string
		return json.Unmarshal(want, &s) == nil && s == x.String()
	}
	if v.Kind() == reflect.Struct {
		return sameBound(v.Addr().Interface(), want) == ""
	}
	w := reflect.New(v.Type())
	return json.Unmarshal(want, w.Interface()) == nil && reflect.DeepEqual(w.Elem().Interface(), v.Interface())
}
