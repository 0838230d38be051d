package trigger

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/httptrigger/httptrigger/route"
)

func itoa(n int) string { return strconv.Itoa(n) }

// A routePlace is where a function's route is written, or its trigger if it has
// none of its own.
type routePlace struct {
	place
	name     string
	verbatim bool // the text stands in the file as it is, without escapes
}

// checkHost looks at what the settings of host.json say together, in Default.
func (l *loader) checkHost(tree *setting, legacy bool) {
	h := &l.app.Host.HTTP
	s := tree.child("extensions").child("http").child("routePrefix")
	name := "extensions.http.routePrefix"
	if legacy {
		s, name = tree.child("http").child("routePrefix"), "http.routePrefix"
	}
	if s == nil {
		return
	}
	h.RoutePrefix = strings.Trim(h.RoutePrefix, "/")
	t, err := route.Compile(h.RoutePrefix)
	switch {
	case err != nil:
		l.mistake(s.at.errorf(name, "%s", routeReason(err)))
	case reserved(t):
		l.mistake(s.at.errorf(name, "%q is where the host's own endpoints are: want another first segment", h.RoutePrefix))
	}
}

// reserved reports whether the first segment of a template is one that the host
// keeps for itself.
func reserved(t *route.Template) bool {
	segments := t.Segments()
	if len(segments) == 0 || len(segments[0]) != 1 || segments[0][0].Param != nil {
		return false
	}
	text := segments[0][0].Literal
	return strings.EqualFold(text, "admin") || strings.EqualFold(text, "runtime")
}

// routeReason is an error of package route without what the caller says itself.
func routeReason(err error) string {
	var se *route.SyntaxError
	var ce *route.ConstraintError
	switch {
	case errors.As(err, &se):
		return fmt.Sprintf("%q at offset %d: %s: want %s", se.Template, se.Offset, se.Reason, se.Want())
	case errors.As(err, &ce):
		return fmt.Sprintf("%q at offset %d: %q: %s: want %s", ce.Template, ce.Offset, ce.Text, ce.Reason, ce.Want)
	}
	return err.Error()
}

// routes checks names and routes of all functions together, in Default.
func (l *loader) routes() {
	failed := map[string][]error{} // by folder
	fail := func(f *FunctionConfig, err *ConfigError) {
		l.mistake(err)
		failed[f.Dir] = append(failed[f.Dir], err)
	}
	byName := map[string]*FunctionConfig{}
	var routes []route.Route[*FunctionConfig]
	for i := range l.app.Functions {
		f := &l.app.Functions[i]
		if o := byName[strings.ToUpper(f.Name)]; o != nil {
			fail(f, place{file: f.Dir + "/" + functionFile}.errorf("", "%q and %q differ only by case, and names must be unique within the function app.", f.Name, o.Name))
			continue
		}
		byName[strings.ToUpper(f.Name)] = f
		if !f.HTTP {
			continue
		}
		t, err := l.checkRoute(f)
		if err != nil {
			fail(f, err)
			continue
		}
		routes = append(routes, route.Route[*FunctionConfig]{Name: f.Name, Methods: f.Methods, Template: t, Value: f})
	}
	_, err := route.NewTable(routes, nil)
	for _, err := range each(err) {
		var ce *route.ConflictError
		var re *route.RouteError
		name := ""
		switch {
		case errors.As(err, &ce):
			name = ce.B
		case errors.As(err, &re):
			name = re.Name
		}
		if f := byName[strings.ToUpper(name)]; f != nil {
			at := l.routeAt[f.Dir]
			fail(f, at.errorf(at.name, "%s", conflictReason(err, ce)))
		}
	}
	l.app.Functions = slices.DeleteFunc(l.app.Functions, func(f FunctionConfig) bool {
		errs, ok := failed[f.Dir]
		if ok {
			l.fail(f, true, errors.Join(errs...))
		}
		return ok
	})
}

// each returns the errors that err joins.
func each(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if err == nil {
			return nil
		}
		return []error{err}
	}
	return joined.Unwrap()
}

// conflictReason says how two routes stand in each other's way.
func conflictReason(err error, ce *route.ConflictError) string {
	if ce == nil {
		return strings.TrimPrefix(err.Error(), "route: ")
	}
	method, path := "", ""
	if ce.Method != "" {
		method = " to " + ce.Method
	}
	if ce.Path != "" {
		path = fmt.Sprintf(", such as %q", ce.Path)
	}
	return fmt.Sprintf("%q of %s and %q of %s answer%s the same paths%s, and neither is more specific", ce.TemplateA, ce.A, ce.TemplateB, ce.B, method, path)
}

// checkRoute compiles the template of a function.
func (l *loader) checkRoute(f *FunctionConfig) (*route.Template, *ConfigError) {
	at := l.routeAt[f.Dir]
	if f.Route != "" {
		if _, err := route.Compile(f.Route); err != nil {
			return nil, at.inside(err)
		}
	}
	t, err := route.Compile(f.Template(l.app.Host.HTTP.RoutePrefix))
	if err != nil {
		return nil, at.errorf(at.name, "%s", routeReason(err))
	}
	if reserved(t) {
		return nil, at.errorf(at.name, "%q is where the host's own endpoints are: want another first segment, or a prefix", t)
	}
	return t, nil
}

// constraintNames are the constraints that a mistyped one may have meant.
var constraintNames = []string{
	"alpha", "bool", "datetime", "decimal", "double", "file", "float", "guid", "int", "length", "long",
	"max", "maxlength", "min", "minlength", "nonfile", "range", "regex", "required",
}

// inside returns an error at the offending place in the route, if the file has
// the route as it is.
func (p routePlace) inside(err error) *ConfigError {
	e := p.errorf(p.name, "%s", routeReason(err))
	var se *route.SyntaxError
	var ce *route.ConstraintError
	if errors.As(err, &ce) && ce.Reason == route.UnknownConstraint {
		e.Nearest = nearest(ce.Name, constraintNames)
	}
	if p.verbatim && errors.As(err, &se) {
		e.Column += 1 + runes(se.Template[:se.Offset])
	} else if p.verbatim && errors.As(err, &ce) {
		e.Column += 1 + runes(ce.Template[:ce.Offset])
	}
	return e
}

func runes(s string) int { return len([]rune(s)) }

// checkSettings looks for settings about functions that are not there or that
// say neither yes nor no, in Default.
func (l *loader) checkSettings() {
	var names []string
	for _, list := range [][]FunctionConfig{l.app.Functions, l.app.Unlisted} {
		for _, f := range list {
			names = append(names, f.Name)
		}
	}
	for _, f := range l.app.Failed {
		names = append(names, f.Name)
	}
	has := func(name string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	}
	for _, key := range sortedNames(l.Env) {
		name, ok := disabledSetting(key)
		if !ok {
			continue
		}
		if !has(name) {
			e := place{env: key}.errorf("", "there is no function %q", name)
			e.Nearest = nearest(name, names)
			l.warn(e)
		}
		if text := l.Env[key]; !isTrue(text) && text != "" && text != "0" && !strings.EqualFold(text, "false") {
			l.mistake(place{env: key}.errorf("", "%q is neither true nor false", text))
		}
	}
	for i, name := range l.app.Host.Functions {
		if !has(name) {
			e := place{file: hostFile}.errorf("functions["+itoa(i)+"]", "there is no function %q", name)
			e.Nearest = nearest(name, names)
			l.warn(e)
		}
	}
}

// disabledSetting returns the function that a setting like AzureWebJobs.NAME.Disabled
// is about.
func disabledSetting(key string) (name string, ok bool) {
	const prefix, suffix = "AzureWebJobs.", ".Disabled"
	if len(key) <= len(prefix)+len(suffix) {
		return "", false
	}
	head, name, tail := key[:len(prefix)], key[len(prefix):len(key)-len(suffix)], key[len(key)-len(suffix):]
	dots := strings.EqualFold(head, prefix) && strings.EqualFold(tail, suffix)
	bars := strings.EqualFold(head, "AzureWebJobs_") && strings.EqualFold(tail, "_Disabled")
	return name, dots || bars
}
