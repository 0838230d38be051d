package trigger

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/httptrigger/httptrigger/internal/jsonc"
	"github.com/httptrigger/httptrigger/keys"
)

// A strictReader reads one function.json in Default and goes on after a mistake.
type strictReader struct {
	*loader
	f    *FunctionConfig
	file string
	errs []error
}

func (l *loader) strictFunction(f *FunctionConfig) (late, excluded bool, err error) {
	r := &strictReader{loader: l, f: f, file: f.Dir + "/" + functionFile}
	doc, err := l.parse(r.file, f.Text)
	if !ValidName(f.Name) {
		r.bad(jsonc.Pos{}, "", "the folder's name %q cannot be the name of a function: want a letter, then up to 127 letters, digits, '_' and '-', and not \"host\"", f.Name)
	}
	if err != nil {
		r.errs = append(r.errs, err)
	} else {
		f.json = doc.AppendJSON(nil)
		if l.V1 && isLiteral(doc.Get("excluded"), "true") {
			return false, true, nil
		}
		r.document(doc)
	}
	slices.SortStableFunc(r.errs, byPlace)
	l.errs = append(l.errs, r.errs...)
	return false, false, errors.Join(r.errs...)
}

// byPlace orders mistakes of one file by where they are.
func byPlace(a, b error) int {
	var x, y *ConfigError
	if !errors.As(a, &x) || !errors.As(b, &y) {
		return 0
	}
	return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
}

func isLiteral(v *jsonc.Value, text string) bool {
	return v != nil && v.Kind == jsonc.Bool && v.Text == text
}

func (r *strictReader) at(pos jsonc.Pos) place { return place{file: r.file, pos: pos} }

func (r *strictReader) bad(pos jsonc.Pos, name, format string, args ...any) {
	r.errs = append(r.errs, r.at(pos).errorf(name, format, args...))
}

func (r *strictReader) remark(pos jsonc.Pos, name, format string, args ...any) {
	r.warn(r.at(pos).errorf(name, format, args...))
}

// lenience keeps an error, or makes a warning of it if AllowUnknown is set.
func (r *strictReader) lenience(err *ConfigError) {
	if r.AllowUnknown {
		r.warn(err)
	} else {
		r.errs = append(r.errs, err)
	}
}

// A propertyOf is what one name in function.json may be: read takes the value,
// remark is a warning that it has no effect.
type propertyOf struct {
	name   string
	read   func(v *jsonc.Value)
	remark string
}

// object goes through the members of an object. Names are compared to the
// letter, or ignoring case in a binding, as the reference does.
func (r *strictReader) object(v *jsonc.Value, path string, known []propertyOf, fold bool) {
	same := func(a, b string) bool { return a == b || fold && strings.EqualFold(a, b) }
	for i, m := range v.Members {
		name := dotted(path, m.Name)
		if slices.ContainsFunc(v.Members[:i], func(o jsonc.Member) bool { return same(o.Name, m.Name) }) {
			r.lenience(r.at(m.Pos).errorf(name, "set twice"))
		}
		j := slices.IndexFunc(known, func(p propertyOf) bool { return same(p.name, m.Name) })
		switch {
		case j < 0:
			e := r.at(m.Pos).errorf(name, "not a known property")
			names := make([]string, len(known))
			for i, p := range known {
				names[i] = p.name
			}
			e.Nearest = nearest(m.Name, names)
			r.lenience(e)
		case known[j].remark != "":
			r.remark(m.Pos, name, "%s", known[j].remark)
		case known[j].read != nil:
			known[j].read(m.Value)
		}
	}
}

// text reads a string that may be null or absent.
func (r *strictReader) text(v *jsonc.Value, name string) string {
	if v == nil || v.Kind == jsonc.Null {
		return ""
	}
	if v.Kind != jsonc.String {
		r.bad(v.Pos, name, "found %s, want a string", v.Kind)
		return ""
	}
	return v.Text
}

func (r *strictReader) document(doc *jsonc.Value) {
	f := r.f
	var bindings *jsonc.Value
	known := []propertyOf{
		{name: "bindings", read: func(v *jsonc.Value) { bindings = v }},
		{name: "scriptFile", read: func(v *jsonc.Value) { r.scriptFile(v) }},
		{name: "entryPoint", read: func(v *jsonc.Value) { f.EntryPoint = r.text(v, "entryPoint") }},
		{name: "configurationSource", read: r.configurationSource},
		{name: "generatedBy"},
		{name: "$schema"},
		{name: "retry", remark: "has no effect on an HTTP function: its caller waits"},
		{name: "name", remark: "has no effect: the name of the folder is the name of the function"},
		{name: "language", remark: noEffect},
	}
	if r.V1 {
		known = append(known, propertyOf{name: "excluded"}, propertyOf{name: "disabled", read: r.off("disabled")})
	} else {
		known = append(known,
			propertyOf{name: "disabled", remark: "has no effect since runtime 2.x: use the setting AzureWebJobs." + f.Name + ".Disabled"},
			propertyOf{name: "excluded", remark: "has no effect since runtime 2.x"})
	}
	r.object(doc, "", known, false)
	if f.ScriptFile == "" && doc.Get("scriptFile") == nil {
		f.ScriptFile, _, _ = r.script(f.Dir, "")
	}
	switch {
	case bindings == nil:
		r.bad(doc.Pos, "bindings", "not there: want an array of at least one binding")
	case bindings.Kind != jsonc.Array:
		r.bad(bindings.Pos, "bindings", "found %s, want an array", bindings.Kind)
	case len(bindings.Items) == 0:
		r.bad(bindings.Pos, "bindings", "empty: want at least one binding")
	default:
		r.bindings(bindings)
	}
}

func (r *strictReader) off(name string) func(*jsonc.Value) {
	return func(v *jsonc.Value) {
		if v.Kind != jsonc.Bool && v.Kind != jsonc.String {
			r.bad(v.Pos, name, "found %s, want a boolean or the name of a setting", v.Kind)
		}
		r.f.Disabled = r.f.Disabled || r.offInFile(v)
	}
}

func (r *strictReader) scriptFile(v *jsonc.Value) {
	name := r.text(v, "scriptFile")
	if name == "" {
		return
	}
	file, missing, _ := r.script(r.f.Dir, name)
	if missing {
		r.bad(v.Pos, "scriptFile", "%q is not in the app", name)
	}
	r.f.ScriptFile = file
}

func (r *strictReader) configurationSource(v *jsonc.Value) {
	text := r.text(v, "configurationSource")
	if !strings.EqualFold(text, "attributes") && !strings.EqualFold(text, "config") {
		r.bad(v.Pos, "configurationSource", `%q is neither "attributes" nor "config"`, text)
	}
}

func (r *strictReader) bindings(list *jsonc.Value) {
	f := r.f
	triggers := 0
	var entry *jsonc.Value
	output := jsonc.Pos{}
	for i, v := range list.Items {
		path := "bindings[" + itoa(i) + "]"
		if v.Kind != jsonc.Object {
			r.bad(v.Pos, path, "found %s, want an object", v.Kind)
			continue
		}
		b := r.binding(v, path)
		if b.IsTrigger() {
			triggers++
			if triggers == 2 {
				r.bad(v.Pos, path, "a second trigger: a function has one")
			}
			if b.Direction == Out {
				r.bad(v.Pos, path, `a trigger is an input: its direction is "in"`)
			}
			if entry == nil {
				entry, f.Trigger = v, b
			}
		}
		if strings.EqualFold(b.Type, "http") && b.Direction == Out {
			output = v.Pos
		}
		f.Bindings = append(f.Bindings, b)
	}
	switch {
	case entry == nil:
		r.bad(list.Pos, "bindings", `no trigger: want a binding whose type ends in "Trigger", such as "httpTrigger"`)
	case strings.EqualFold(f.Trigger.Type, "httpTrigger"):
		f.HTTP = true
		r.trigger(entry)
	case output.Line > 0:
		r.bad(output, "bindings", "an http output answers a request, and without an httpTrigger there is none")
	default:
		r.remark(entry.Pos, "bindings", "the trigger %q is none of HTTP: only admin/functions/%s can start the function", f.Trigger.Type, f.Name)
	}
}

// binding reads what all bindings have.
func (r *strictReader) binding(v *jsonc.Value, path string) Binding {
	var b Binding
	get := func(name string) *jsonc.Value {
		if m := property(v, name); m != nil {
			return m.Value
		}
		return nil
	}
	where := func(v2 *jsonc.Value) jsonc.Pos {
		if v2 != nil {
			return v2.Pos
		}
		return v.Pos
	}
	b.Type = r.text(get("type"), dotted(path, "type"))
	b.Name = r.text(get("name"), dotted(path, "name"))
	b.DataType = strings.ToLower(r.text(get("dataType"), dotted(path, "dataType")))
	if b.Type == "" {
		r.bad(where(get("type")), dotted(path, "type"), "not there: want the kind of the binding, such as \"httpTrigger\" or \"http\"")
	}
	direction := get("direction")
	switch text := r.text(direction, dotted(path, "direction")); {
	case text == "":
		if b.IsTrigger() {
			r.remark(v.Pos, dotted(path, "direction"), `not there: taken as "in"`)
		}
	case strings.EqualFold(text, "in"):
	case strings.EqualFold(text, "out"):
		b.Direction = Out
	case strings.EqualFold(text, "inout"):
		b.Direction = InOut
	default:
		r.bad(direction.Pos, dotted(path, "direction"), `%q is no direction: want "in", "out" or "inout"`, text)
	}
	name := get("name")
	switch {
	case !bindingName.MatchString(b.Name):
		r.bad(where(name), dotted(path, "name"), `%q is not a name of a binding: want a letter, then up to 127 letters and digits, or "$return"`, b.Name)
	case b.Name == "$return" && b.Direction != Out:
		r.bad(where(name), dotted(path, "name"), `"$return" is the returned value: its direction is "out"`)
	case slices.ContainsFunc(r.f.Bindings, func(o Binding) bool { return strings.EqualFold(o.Name, b.Name) }):
		r.bad(where(name), dotted(path, "name"), "a second binding called %q (names are compared ignoring case)", b.Name)
	}
	switch b.DataType {
	case "", "binary", "stream", "string":
	default:
		r.bad(where(get("dataType")), dotted(path, "dataType"), `%q is no type of data: want "binary", "stream" or "string"`, b.DataType)
	}
	if strings.EqualFold(b.Type, "http") {
		r.object(v, path, commonProperties(), true)
	}
	return b
}

// commonProperties are those of every binding.
func commonProperties() []propertyOf {
	return []propertyOf{
		{name: "type"}, {name: "direction"}, {name: "name"}, {name: "dataType"},
		{name: "cardinality", remark: noEffect}, {name: "connection", remark: noEffect}, {name: "properties", remark: noEffect},
	}
}

// trigger reads what only an httpTrigger has.
func (r *strictReader) trigger(v *jsonc.Value) {
	f := r.f
	path := "bindings[" + itoa(slices.IndexFunc(f.Bindings, Binding.IsTrigger)) + "]"
	known := append(commonProperties(),
		propertyOf{name: "authLevel", read: func(v *jsonc.Value) { r.authLevel(v, dotted(path, "authLevel")) }},
		propertyOf{name: "methods", read: func(v *jsonc.Value) { r.methods(v, dotted(path, "methods")) }},
		propertyOf{name: "route", read: func(v *jsonc.Value) {
			f.Route = strings.Trim(strings.TrimSpace(r.text(v, dotted(path, "route"))), "/")
			r.routed(v, path)
		}})
	known = append(known, propertyOf{name: "webHookType", read: func(v *jsonc.Value) { r.webHook(v, dotted(path, "webHookType")) }})
	if r.V1 {
		known = append(known, propertyOf{name: "disabled", read: r.off(dotted(path, "disabled"))})
	} else {
		known = append(known, propertyOf{name: "disabled", remark: "has no effect since runtime 2.x"})
	}
	r.routed(v, path)
	r.object(v, path, known, true)
}

// routed notes where the route of the function is written.
func (r *strictReader) routed(v *jsonc.Value, path string) {
	if r.routeAt == nil {
		r.routeAt = map[string]routePlace{}
	}
	r.routeAt[r.f.Dir] = routePlace{place: r.at(v.Pos), name: dotted(path, "route"), verbatim: v.Kind == jsonc.String && v.End.Offset-v.Pos.Offset == len(v.Text)+2}
}

func (r *strictReader) authLevel(v *jsonc.Value, name string) {
	text := r.text(v, name)
	l, ok := level(text)
	if !ok {
		e := r.at(v.Pos).errorf(name, "%q is no level: want anonymous, function, admin, system or user", text)
		e.Nearest = nearest(text, []string{"anonymous", "function", "admin", "system", "user"})
		r.errs = append(r.errs, e)
	}
	r.f.Level = l
	if l == keys.User {
		r.remark(v.Pos, name, "no key grants this level: only the master key opens the function")
	}
}

func (r *strictReader) methods(v *jsonc.Value, name string) {
	switch {
	case v.Kind == jsonc.Null:
		return
	case v.Kind != jsonc.Array:
		r.bad(v.Pos, name, "found %s, want an array of methods", v.Kind)
		return
	case len(v.Items) == 0:
		r.bad(v.Pos, name, "an empty list admits no request: name the methods, or leave the property away to admit all")
		return
	}
	for i, item := range v.Items {
		if item.Kind != jsonc.String || !isToken(item.Text) {
			r.bad(item.Pos, name+"["+itoa(i)+"]", "found %s, want a method such as \"GET\"", shown(item))
			continue
		}
		m := strings.ToUpper(item.Text)
		if slices.Contains(r.f.Methods, m) {
			r.remark(item.Pos, name+"["+itoa(i)+"]", "%s is in the list already (methods are compared ignoring case)", m)
			continue
		}
		r.f.Methods = append(r.f.Methods, m)
	}
}

func shown(v *jsonc.Value) string {
	if v.Kind == jsonc.String {
		return "the string " + string(v.AppendJSON(nil))
	}
	return v.Kind.String()
}

func (r *strictReader) webHook(v *jsonc.Value, name string) {
	kinds := []string{"genericJson", "github", "slack"}
	text := r.text(v, name)
	i := slices.IndexFunc(kinds, func(k string) bool { return strings.EqualFold(k, text) })
	switch {
	case text == "":
	case i < 0:
		e := r.at(v.Pos).errorf(name, "%q is no kind of webhook: want genericJson, github or slack", text)
		e.Nearest = nearest(text, kinds)
		r.errs = append(r.errs, e)
	default:
		r.f.WebHookType = kinds[i]
	}
}
