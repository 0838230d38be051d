package trigger

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/httptrigger/httptrigger/internal/jsonc"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/route"
)

// wireFunction reads a function.json in Compat. It stops at the first mistake,
// in the order of the reference (HostFunctionMetadataProvider.cs).
func (l *loader) wireFunction(f *FunctionConfig) (late, excluded bool, err error) {
	if !ValidName(f.Name) {
		return false, false, wiref(wireName, f.Name)
	}
	doc, err := jsonc.ParseLenient(f.Text)
	var se *jsonc.SyntaxError
	if errors.As(err, &se) {
		return false, false, wireError(se.Reason)
	}
	f.json = doc.AppendJSON(nil)
	if l.V1 && isLiteral(doc.Get("excluded"), "true") {
		return false, true, nil
	}
	entries, err := wireBindings(f, doc.Get("bindings"))
	if err != nil {
		return false, false, err
	}
	if v := doc.Get("configurationSource"); v != nil {
		if text := netText(v); !strings.EqualFold(text, "attributes") && !strings.EqualFold(text, "config") {
			return false, false, wiref(wireSource, text, f.Name)
		}
	}
	if err := l.wireScript(f, doc); err != nil {
		return false, false, err
	}
	if v := doc.Get("entryPoint"); v != nil {
		f.EntryPoint = netText(v)
	}
	trigger, err := wireCheck(f, entries)
	if err != nil {
		return false, false, err
	}
	if l.V1 {
		f.Disabled = f.Disabled || l.offInFile(doc.Get("disabled"))
		if m := property(trigger, "disabled"); m != nil {
			f.Disabled = f.Disabled || l.offInFile(m.Value)
		}
	}
	f.HTTP = strings.EqualFold(f.Trigger.Type, "httpTrigger")
	if f.HTTP {
		err = l.wireTrigger(f, trigger)
	}
	return true, false, err
}

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
	b := Binding{Type: wireProperty(entry, "type"), Name: wireProperty(entry, "name")}
	var first error
	prefix := ""
	for i := range entry.Members {
		m := &entry.Members[i]
		if property(entry, m.Name) != m {
			continue // a later one takes its place
		}
		var typ string
		ok := true
		switch text := netText(m.Value); strings.ToLower(m.Name) {
		case "direction":
			typ = wireTypeDirection
			if b.Direction, ok = wireDirectionOf(text); !ok && text != "" {
				prefix = fmt.Sprintf(wireDirection, text)
			}
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
	if first != nil {
		return Binding{}, wireError(prefix + first.Error())
	}
	return b, nil
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
		token := map[bool]string{true: "StartArray", false: "StartObject"}[m.Value.Kind == jsonc.Array]
		return wiref(wireEnumToken, token, path, m.Value.Pos.Line, m.Value.Pos.Column)
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

func wireProperty(entry *jsonc.Value, name string) string {
	m := property(entry, name)
	if m == nil {
		return ""
	}
	return netText(m.Value)
}

// wireDirectionOf reads a direction as the reference's enum parser does.
func wireDirectionOf(text string) (Direction, bool) {
	for _, d := range []Direction{In, Out, InOut} {
		if strings.EqualFold(strings.TrimSpace(text), d.String()) || text == strconv.Itoa(int(d)) {
			return d, true
		}
	}
	return In, false
}

func (l *loader) wireScript(f *FunctionConfig, doc *jsonc.Value) error {
	name := ""
	if v := doc.Get("scriptFile"); v != nil {
		name = netText(v)
	}
	file, missing, none := l.script(f.Dir, name)
	switch {
	case missing:
		return wireError(wireNoScript)
	case none:
		return wireError(wireWhichScript)
	}
	f.ScriptFile = file
	return nil
}

// wireCheck looks at the bindings together and returns the entry of the trigger.
func wireCheck(f *FunctionConfig, entries []*jsonc.Value) (*jsonc.Value, error) {
	for i, b := range f.Bindings {
		if m := property(entries[i], "type"); m == nil || m.Value.Kind == jsonc.Null {
			return nil, wiref(wireNoType, b.Name)
		}
	}
	triggers, trigger := 0, -1
	for i, b := range f.Bindings {
		if b.IsTrigger() {
			triggers++
			if b.Direction != Out && trigger < 0 {
				trigger = i
			}
		}
	}
	switch {
	case triggers > 1:
		return nil, wireError(wireTwoTriggers)
	case trigger < 0:
		return nil, wireError(wireNoTrigger)
	}
	for i, b := range f.Bindings {
		switch {
		case b.Type == "":
			return nil, wiref(wireNoType, b.Name)
		case !bindingName.MatchString(b.Name):
			return nil, wiref(wireBindingName, b.Name)
		case b.Name == "$return" && b.Direction != Out:
			return nil, wireError(wireReturn)
		case slices.ContainsFunc(f.Bindings[:i], func(o Binding) bool { return strings.EqualFold(o.Name, b.Name) }):
			return nil, wiref(wireDoubled, b.Name)
		}
	}
	f.Trigger = f.Bindings[trigger]
	return entries[trigger], nil
}

// wireTrigger reads the properties of an httpTrigger.
func (l *loader) wireTrigger(f *FunctionConfig, entry *jsonc.Value) error {
	if m := property(entry, "authLevel"); m != nil {
		level, ok := wireLevel(m.Value)
		if !ok {
			return wireError(wireAuthLevel)
		}
		f.Level = level
	}
	if m := property(entry, "methods"); m != nil {
		if err := wireMethodsOf(f, m.Value); err != nil {
			return err
		}
	}
	if text := wireProperty(entry, "route"); strings.TrimSpace(text) != "" {
		f.Route = text
	}
	if l.V1 {
		f.WebHookType = wireProperty(entry, "webHookType")
	}
	return nil
}

// wireLevel reads a level as the reference's enum parser does: names, numbers
// and lists of both, which it adds up bit by bit. A number that is no level asks
// for the master key.
func wireLevel(v *jsonc.Value) (keys.Level, bool) {
	byNumber := []keys.Level{keys.Anonymous, keys.User, keys.Function, keys.System, keys.Admin}
	switch v.Kind {
	case jsonc.Null, jsonc.Undefined:
		return keys.Function, true
	case jsonc.String:
		if v.Text == "" {
			return keys.Function, true
		}
	case jsonc.Number:
	default:
		return 0, false
	}
	bits := 0
	for _, word := range strings.Split(v.Text, ",") {
		word = strings.TrimSpace(word)
		if l, err := keys.ParseLevel(word); err == nil {
			bits |= slices.Index(byNumber, l)
			continue
		}
		n, err := strconv.ParseInt(word, 10, 32)
		if err != nil {
			return 0, false
		}
		bits |= int(n)
	}
	if bits < 0 || bits >= len(byNumber) {
		return keys.Admin, true
	}
	return byNumber[bits], true
}

func wireMethodsOf(f *FunctionConfig, v *jsonc.Value) error {
	cast := "Invalid cast from 'System.%s' to 'Newtonsoft.Json.Linq.JArray'."
	switch v.Kind {
	case jsonc.Null, jsonc.Undefined:
		return nil
	case jsonc.Array:
		f.Methods = make([]string, len(v.Items))
		for i, item := range v.Items {
			f.Methods[i] = netText(item)
		}
		return nil
	case jsonc.Object:
		return wiref(wireMethods, "Cannot cast Newtonsoft.Json.Linq.JObject to Newtonsoft.Json.Linq.JToken.")
	case jsonc.String:
		cast = fmt.Sprintf(cast, "String")
	case jsonc.Bool:
		cast = fmt.Sprintf(cast, "Boolean")
	default:
		kind := "Int64"
		if strings.ContainsAny(v.Text, ".eE") {
			kind = "Double"
		}
		cast = fmt.Sprintf(cast, kind)
	}
	return wiref(wireMethods, cast)
}

// wireRoutes checks the routes in Compat, function by function in the order of
// their names, and then builds them; a template that cannot be built stops the
// whole app.
func (l *loader) wireRoutes() {
	var served []FunctionConfig
	before := map[string][]*FunctionConfig{} // by route
	for i := range l.app.Functions {
		f := &l.app.Functions[i]
		own := strings.ToLower(strings.Trim(f.Template(""), "/"))
		if f.HTTP {
			if err := l.wireRouteOf(f, own, before[own]); err != nil {
				l.fail(*f, true, err)
				continue
			}
			before[own] = append(before[own], f)
		}
		served = append(served, *f)
	}
	l.app.Functions = served
	if l.app.Err != nil {
		return
	}
	for i := 1; i < len(served); i++ {
		if strings.EqualFold(served[i].Name, served[i-1].Name) {
			l.app.Err = wireError(wireSameName)
			return
		}
	}
	compiler := route.Compiler{Compat: true}
	for _, f := range served {
		template := f.Template(l.app.Host.HTTP.RoutePrefix)
		if _, err := compiler.Compile(template); f.HTTP && err != nil {
			l.app.Err = wireRouteError(f.Name, template, err)
			return
		}
	}
}

// wireRouteOf checks a route against the reserved ones and those before it
// (ScriptHost.cs, ValidateHttpFunction). Methods are compared to the letter.
func (l *loader) wireRouteOf(f *FunctionConfig, own string, before []*FunctionConfig) error {
	if strings.HasPrefix(own, "admin") || !l.V1 && strings.HasPrefix(own, "runtime") {
		return wireError(wireReserved)
	}
	for _, o := range before {
		if overlap(o.Methods, f.Methods) {
			return wiref(wireConflict, o.Name)
		}
	}
	return nil
}

func overlap(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(m string) bool { return slices.Contains(b, m) })
}

// wireRouteError puts an error of route in the reference's words.
func wireRouteError(name, template string, err error) error {
	text := fmt.Sprintf(wireRoute, name, template)
	var ce *route.ConstraintError
	var se *route.SyntaxError
	switch {
	case errors.As(err, &ce) && ce.Reason == route.UnknownConstraint:
		text += fmt.Sprintf(wireRouteConstraint, ce.Param, ce.Text, template)
	case errors.As(err, &se):
		if inner := wireTemplate(se); inner != "" {
			text += fmt.Sprintf(wireRouteSyntax, inner)
		}
	}
	return wireError(text)
}

// wireTemplate returns the text for a broken template.
func wireTemplate(e *route.SyntaxError) string {
	switch e.Reason {
	case route.EmptySegment:
		return wireEmptySegment
	case route.BadTilde:
		return wireBadTilde
	case route.UnclosedBrace:
		return wireUnclosedBrace
	case route.UnescapedBrace:
		return wireUnescapedBrace
	case route.QuestionInLiteral:
		return fmt.Sprintf(wireQuestion, e.Text)
	case route.EmptyParameter, route.BadName:
		return fmt.Sprintf(wireParameterName, e.Text)
	case route.DuplicateName:
		return fmt.Sprintf(wireDuplicateName, e.Text)
	case route.OptionalCatchAll:
		return wireOptionalCatchAll
	case route.OptionalDefault:
		return wireOptionalDefault
	case route.CatchAllInComplex:
		return wireCatchAllInComplex
	case route.AdjacentParameters:
		return wireAdjacent
	case route.CatchAllNotLast:
		return wireCatchAllNotLast
	}
	return ""
}
