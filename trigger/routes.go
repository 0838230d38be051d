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
	var served []FunctionConfig
	for _, f := range l.app.Functions {
		if err := l.checkRoute(f, served); err != nil {
			l.mistake(err)
			l.fail(f, true, err)
			continue
		}
		served = append(served, f)
	}
	l.app.Functions = served
}

func (l *loader) checkRoute(f FunctionConfig, before []FunctionConfig) error {
	at := l.routeAt[f.Dir]
	for _, o := range before {
		if strings.EqualFold(o.Name, f.Name) {
			return place{file: f.Dir + "/" + functionFile}.errorf("", "%q and %q differ only by case, and names must be unique within the function app.", f.Name, o.Name)
		}
	}
	if !f.HTTP {
		return nil
	}
	if f.Route != "" {
		if _, err := route.Compile(f.Route); err != nil {
			return at.inside(err)
		}
	}
	t, err := route.Compile(f.Template(l.app.Host.HTTP.RoutePrefix))
	if err != nil {
		return at.errorf(at.name, "%s", routeReason(err))
	}
	if reserved(t) {
		return at.errorf(at.name, "%q is where the host's own endpoints are: want another first segment, or a prefix", t)
	}
	for _, o := range before {
		same := strings.EqualFold(o.Template(""), f.Template(""))
		if o.HTTP && same && overlap(o.Methods, f.Methods) {
			return at.errorf(at.name, "the route is that of %s too, and they share a method", o.Name)
		}
	}
	return nil
}

// constraintNames are the constraints that a mistyped one may have meant.
var constraintNames = []string{
	"alpha", "bool", "datetime", "decimal", "double", "file", "float", "guid", "int", "length", "long",
	"max", "maxlength", "min", "minlength", "nonfile", "range", "regex", "required",
}

// inside returns an error at the offending place in the route, if the file has
// the route as it is.
func (p routePlace) inside(err error) error {
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
