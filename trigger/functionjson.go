package trigger

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/httptrigger/httptrigger/internal/jsonc"
	"github.com/httptrigger/httptrigger/keys"
)

const functionFile = "function.json"

// ValidName reports whether a function may be called name: 1 to 128 characters,
// an ASCII letter and then letters, digits, '_' and '-', but not "host" in any
// case (Utility.cs, IsValidFunctionName).
func ValidName(name string) bool {
	if len(name) == 0 || len(name) > 128 || !isLetter(name[0]) || strings.EqualFold(name, "host") {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

var bindingName = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9]{0,127}|\$return)$`)

// compareNames orders names of functions as the reference does: ignoring case,
// by the codes of the upper-case letters.
func compareNames(a, b string) int {
	return strings.Compare(strings.ToUpper(a), strings.ToUpper(b))
}

// functions reads function.json of every folder that has one.
func (l *loader) functions() error {
	entries, err := fs.ReadDir(l.fsys, ".")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return compareNames(a.Name(), b.Name()) })
	for _, e := range entries {
		if !e.IsDir() && e.Type()&fs.ModeSymlink == 0 {
			continue
		}
		file := path.Join(e.Name(), functionFile)
		if info, err := fs.Stat(l.fsys, file); err != nil || info.IsDir() {
			continue
		}
		text, err := fs.ReadFile(l.fsys, file)
		if err != nil {
			return err
		}
		l.function(e.Name(), text)
	}
	if l.Compat {
		l.wireRoutes()
	} else {
		l.routes()
		l.checkSettings()
	}
	return nil
}

// function reads one function and puts it where it belongs.
func (l *loader) function(dir string, text []byte) {
	f := FunctionConfig{Name: dir, Dir: dir, Text: text}
	f.Disabled = l.disabled(dir)
	read := l.strictFunction
	if l.Compat {
		read = l.wireFunction
	}
	late, excluded, err := read(&f)
	listed := l.listed(f.Name)
	switch {
	case excluded:
	case !listed && (l.Compat || err == nil):
		f.unread = err != nil && !late
		l.app.Unlisted = append(l.app.Unlisted, f)
	case err != nil:
		l.fail(f, late, err)
	default:
		l.app.Functions = append(l.app.Functions, f)
	}
}

// fail notes a function that is not served.
func (l *loader) fail(f FunctionConfig, late bool, err error) {
	failure := FunctionFailure{Name: f.Name, Dir: f.Dir, Err: err, Late: late}
	if late {
		failure.Function = &f
	}
	i, _ := slices.BinarySearchFunc(l.app.Failed, failure, func(a, b FunctionFailure) int {
		if c := compareNames(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Dir, b.Dir)
	})
	l.app.Failed = slices.Insert(l.app.Failed, i, failure)
}

// listed reports whether host.json's list of functions has name, or is empty.
func (l *loader) listed(name string) bool {
	list := l.app.Host.Functions
	return len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// disabled reports whether a setting turns the function off. Names of settings
// ignore case.
func (l *loader) disabled(name string) bool {
	if l.off == nil {
		l.off = map[string]bool{}
		for key, text := range l.Env {
			if function, ok := disabledSetting(key); ok && isTrue(text) {
				l.off[strings.ToLower(function)] = true
			}
		}
	}
	return l.off[strings.ToLower(name)]
}

func isTrue(text string) bool { return text == "1" || strings.EqualFold(text, "true") }

// offInFile reads disabled of runtime 1.x: a boolean, or the name of a setting.
func (l *loader) offInFile(v *jsonc.Value) bool {
	switch {
	case v == nil:
		return false
	case v.Kind == jsonc.String:
		text, _ := variable(l.Env, strings.Trim(v.Text, "%"))
		return isTrue(text) || isTrue(v.Text)
	}
	return v.Kind == jsonc.Bool && v.Text == "true"
}

// property returns the member of a binding by a name that ignores case.
func property(v *jsonc.Value, name string) *jsonc.Member {
	for i := len(v.Members) - 1; i >= 0; i-- {
		if strings.EqualFold(v.Members[i].Name, name) {
			return &v.Members[i]
		}
	}
	return nil
}

// exactProperty returns the member of that name, or else the first whose name is
// the same ignoring case: where the reference looks names up, and does not go
// through the members, it is so.
func exactProperty(v *jsonc.Value, name string) *jsonc.Member {
	var folded *jsonc.Member
	for i := len(v.Members) - 1; i >= 0; i-- {
		switch m := &v.Members[i]; {
		case m.Name == name:
			return m
		case strings.EqualFold(m.Name, name) && v.Get(m.Name) == m.Value:
			folded = m
		}
	}
	return folded
}

// level reads the name of a level; nothing is Function.
func level(text string) (keys.Level, bool) {
	if text == "" {
		return keys.Function, true
	}
	l, err := keys.ParseLevel(text)
	return l, err == nil
}

// isPrimary reports whether a name marks a function's script among several files
// (HostFunctionMetadataProvider.cs).
func isPrimary(name string) bool {
	switch strings.ToLower(name) {
	case "index.js", "index.mjs", "index.cjs", "__init__.py":
		return true
	}
	return isRun(name)
}

func isRun(name string) bool {
	return strings.EqualFold(strings.TrimSuffix(name, path.Ext(name)), "run")
}

// script finds the script of a function: the one that scriptFile names, the only
// file beside function.json, or the first of a known name. none says that there
// are several files and no known name.
func (l *loader) script(dir, scriptFile string) (file string, missing, none bool) {
	if scriptFile != "" {
		file = path.Join(dir, strings.ReplaceAll(scriptFile, `\`, "/"))
		if !fs.ValidPath(file) {
			return "", true, false
		}
		if _, err := fs.Stat(l.fsys, file); err != nil {
			return "", true, false
		}
		return file, false, false
	}
	entries, err := fs.ReadDir(l.fsys, dir)
	if err != nil {
		return "", false, false
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && !strings.EqualFold(e.Name(), functionFile) {
			files = append(files, e.Name())
		}
	}
	switch {
	case len(files) == 0:
		return "", false, false
	case len(files) == 1:
		return path.Join(dir, files[0]), false, false
	}
	i := slices.IndexFunc(files, isRun)
	if i < 0 {
		i = slices.IndexFunc(files, isPrimary)
	}
	if i < 0 {
		return "", false, true
	}
	return path.Join(dir, files[i]), false, false
}
