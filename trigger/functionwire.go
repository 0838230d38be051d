package trigger

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/httptrigger/httptrigger/internal/jsonc"
	"github.com/httptrigger/httptrigger/keys"
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
	if err := wireSourceOf(f, doc); err != nil {
		return false, false, err
	}
	undetermined, err := l.wireScript(f, doc)
	if err != nil {
		return false, false, err
	}
	if f.EntryPoint, err = wireString(doc.Get("entryPoint")); err != nil {
		return false, false, err
	}
	if err := wireRetry(doc.Get("retry")); err != nil {
		return false, false, err
	}
	trigger, err := wireCheck(f, entries)
	if err != nil {
		return false, false, err
	}
	if undetermined && l.app.Host.CustomHandler == nil && l.scripted() {
		return false, false, wireError(wireWhichScript)
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

// wireSourceOf checks where the bindings are said to be. Its name ignores case,
// as no other of the file does.
func wireSourceOf(f *FunctionConfig, doc *jsonc.Value) error {
	m := exactProperty(doc, "configurationSource")
	if m == nil {
		return nil
	}
	text := netText(m.Value)
	if m.Value.Kind == jsonc.Array || m.Value.Kind == jsonc.Object {
		text = string(m.Value.AppendIndented(nil, ""))
	}
	if !strings.EqualFold(text, "attributes") && !strings.EqualFold(text, "config") {
		return wiref(wireSource, text, f.Name)
	}
	return nil
}

// wireString is a value where the reference wants a text: any that is no list
// and no object will do.
func wireString(v *jsonc.Value) (string, error) {
	switch {
	case v == nil:
		return "", nil
	case v.Kind == jsonc.Array, v.Kind == jsonc.Object:
		return "", wiref(wireNoString, map[jsonc.Kind]string{jsonc.Array: "Array", jsonc.Object: "Object"}[v.Kind])
	}
	return netText(v), nil
}

// wireScript finds the script of a function. undetermined says that there is
// none, or several files and none of a known name: only a custom handler can do
// with that.
func (l *loader) wireScript(f *FunctionConfig, doc *jsonc.Value) (undetermined bool, err error) {
	name, err := wireString(doc.Get("scriptFile"))
	if err != nil {
		return false, err
	}
	if name != "" {
		file, ok := l.wireScriptFile(f.Dir, name)
		if !ok {
			return false, wireError(wireNoScript)
		}
		f.ScriptFile = file
		return false, nil
	}
	f.ScriptFile, _, _ = l.script(f.Dir, "")
	return f.ScriptFile == "", nil
}

// scripted reports whether the functions of the app are scripts: whether one of
// them has a file beside its function.json. Those of an app without any are in
// the program that loads it.
func (l *loader) scripted() bool {
	if l.scripts != nil {
		return *l.scripts
	}
	files, _ := fs.Glob(l.fsys, "*/*") // the pattern is good
	found := slices.ContainsFunc(files, func(file string) bool {
		dir, name := path.Split(file)
		if strings.EqualFold(name, functionFile) {
			return false
		}
		info, err := fs.Stat(l.fsys, file)
		if err != nil || info.IsDir() {
			return false
		}
		_, err = fs.Stat(l.fsys, dir+functionFile)
		return err == nil
	})
	l.scripts = &found
	return found
}

// wireScriptFile resolves a scriptFile as the reference does on a system with
// slashes: from the function's folder, or from the root of the system if it
// begins with one.
func (l *loader) wireScriptFile(dir, name string) (file string, ok bool) {
	if strings.HasSuffix(name, "/") {
		return "", false
	}
	if file = path.Join(dir, name); strings.HasPrefix(name, "/") {
		root := strings.TrimSuffix(l.Root, "/")
		if file, ok = strings.CutPrefix(path.Clean(name), root+"/"); !ok || root == "" {
			return "", false
		}
	}
	if !fs.ValidPath(file) {
		return "", false
	}
	info, err := fs.Stat(l.fsys, file)
	return file, err == nil && !info.IsDir()
}

// wireRetry checks that a retry policy has what its strategy needs. It says
// nothing to an HTTP function, but its mistakes are the function's.
func wireRetry(v *jsonc.Value) error {
	if v == nil || v.Kind != jsonc.Object {
		return nil
	}
	needed := []string{"MaxRetryCount", "DelayInterval"}
	if m := property(v, "strategy"); m != nil && strings.EqualFold(m.Value.Text, "exponentialBackoff") {
		needed = []string{"MaxRetryCount", "MinimumInterval", "MaximumInterval"}
	}
	for _, name := range needed {
		if m := property(v, name); m == nil || m.Value.Kind == jsonc.Null {
			return wiref(wireRetryNeeds, name)
		}
	}
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
	text, err := wireSetting(entry, "authLevel")
	if err != nil {
		return err
	}
	level, ok := wireLevel(text)
	if !ok {
		return wireError(wireAuthLevel)
	}
	f.Level = level
	if m := exactProperty(entry, "methods"); m != nil {
		if err := wireMethodsOf(f, m.Value); err != nil {
			return err
		}
	}
	if text, err = wireSetting(entry, "route"); err != nil {
		return err
	}
	if strings.TrimSpace(text) != "" {
		f.Route = text
	}
	if l.V1 {
		f.WebHookType, err = wireSetting(entry, "webHookType")
	}
	return err
}

// wireSetting is a property of a trigger that is wanted as a text.
func wireSetting(entry *jsonc.Value, name string) (string, error) {
	m := exactProperty(entry, name)
	switch {
	case m == nil:
		return "", nil
	case m.Value.Kind == jsonc.Array:
		return "", wiref(wireSettingCast, name, "JArray")
	case m.Value.Kind == jsonc.Object:
		return "", wiref(wireSettingCast, name, "JObject")
	}
	return netText(m.Value), nil
}

// wireLevel reads a level as the reference's enum parser does: a number, or a list
// of names, which it adds up bit by bit. A number that is no level asks for the
// master key.
func wireLevel(text string) (keys.Level, bool) {
	if text == "" {
		return keys.Function, true
	}
	byNumber := []keys.Level{keys.Anonymous, keys.User, keys.Function, keys.System, keys.Admin}
	bits, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		bits = 0
		for word := range strings.SplitSeq(text, ",") {
			l, err := keys.ParseLevel(strings.TrimSpace(word))
			if err != nil {
				return 0, false
			}
			bits |= slices.Index(byNumber, l)
		}
	} else if bits != int(int32(bits)) {
		return 0, false
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
