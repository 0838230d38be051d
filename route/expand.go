package route

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// An Arg is a value for a URL. The name ignores case.
//
// Value is a string, a number, a bool, a [time.Time], an [invariant.GUID], an
// [invariant.Decimal], something with a String method, or nil; in the query also
// a slice of those. A number is written as .NET's invariant culture writes it
// and true is "True". Nil and "" are no value; given outright they also keep an
// ambient value from being used.
type Arg struct {
	Name  string
	Value any
}

// ExpandOptions are the options of [Template.Expand]. Nil stands for the zero
// value.
type ExpandOptions struct {
	// Ambient are the values of the current request. Parameters from the left
	// take them as long as they fit the values given outright.
	Ambient []Arg

	// Lowercase writes the path in lower case, LowercaseQuery the query too.
	Lowercase, LowercaseQuery bool

	// TrailingSlash ends the path with a slash.
	TrailingSlash bool

	// Endpoint makes the URL as endpoint routing does where that differs from
	// classic routing, which the Functions host uses: a "**" catch-all keeps
	// its slashes, a path without text is "/" instead of "", Lowercase does not
	// reach the hex digits of escapes, and LowercaseQuery needs no Lowercase.
	Endpoint bool
}

// An ExpandReason tells why no URL can be made.
type ExpandReason int

// The reasons of an [ExpandError].
const (
	_                   ExpandReason = iota
	MissingValue                     // a parameter needs a value and has none
	ValueRefused                     // a constraint refuses the value, or cannot decide
	DefaultMismatch                  // a default without a parameter, and another value for its name
	TextAfterGap                     // something follows a parameter that was left out
	BadValue                         // a value of a type that has no text
	OptionalWithDefault              // endpoint routing knows no optional parameter with a default
)

var expandReasons = [...]string{
	MissingValue:    "needs a value",
	ValueRefused:    "the value is refused",
	DefaultMismatch: "the value is not the default",
	TextAfterGap:    "more follows what was left out",
	BadValue:        "no text for a value of this type",

	OptionalWithDefault: "endpoint routing has no optional parameter with a default",
}

// String says what is wrong, in a few words.
func (r ExpandReason) String() string {
	if r > 0 && int(r) < len(expandReasons) {
		return expandReasons[r]
	}
	return fmt.Sprintf("ExpandReason(%d)", int(r))
}

// An ExpandError says why a template makes no URL of the values it was given.
type ExpandError struct {
	Template   string       // the whole template
	Param      string       // the name that is at fault; empty if it is text
	Constraint string       // for ValueRefused, the constraint as written
	Reason     ExpandReason // what is wrong
	Err        error        // for ValueRefused, why the constraint cannot decide
}

func (e *ExpandError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "route: %q: ", e.Template)
	if e.Param != "" {
		fmt.Fprintf(&b, "%q: ", e.Param)
	}
	b.WriteString(e.Reason.String())
	if e.Constraint != "" {
		fmt.Fprintf(&b, " by %q", e.Constraint)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns why the constraint cannot decide, if that is the reason.
func (e *ExpandError) Unwrap() error { return e.Err }

// Expand makes a URL: the path, and behind a '?' the values that have no place
// in it. Values are escaped; they are given as they are meant, so that a '%' in
// one becomes "%25". Constraints have to accept them.
//
// A parameter without a value takes its ambient value or its default; defaults
// at the end of the path are left out. The error is an [*ExpandError].
//
//	t := route.MustCompile("products/{category}/{id:int?}")
//	u, err := t.Expand([]route.Arg{{Name: "category", Value: "books"}, {Name: "page", Value: 2}}, nil)
//	// u is "/products/books?page=2"
func (t *Template) Expand(values []Arg, opts *ExpandOptions) (string, error) {
	if opts == nil {
		opts = &ExpandOptions{}
	}
	e := expansion{t: t, opts: opts, chosen: make([]choice, len(t.params))}
	if err := e.choose(values); err != nil {
		return "", err
	}
	if err := e.constraints(); err != nil {
		return "", err
	}
	if err := e.path(); err != nil {
		return "", err
	}
	return e.finish()
}

// expansion is one call of Expand. It follows Template/TemplateBinder.cs.
type expansion struct {
	t      *Template
	opts   *ExpandOptions
	chosen []choice // of each parameter
	query  []Arg    // what has no place in the path
	w      urlWriter
}

// A choice is the value of a parameter. One that is not present is left out.
type choice struct {
	value   any
	present bool
	emptied bool // nil or "" was given outright
	given   any  // which of them
}

func (e *expansion) fail(name string, reason ExpandReason) error {
	return &ExpandError{Template: e.t.text, Param: name, Reason: reason}
}

func find(args []Arg, name string) (any, bool) {
	for i := range args {
		if equalFold(args[i].Name, name) {
			return args[i].Value, true
		}
	}
	return nil, false
}

func isEmpty(v any) bool { return v == nil || v == "" }

// sameValue compares values as the source does: text with case ignored, empty
// text like anything that is no text, the rest by type and value
// (Template/TemplateBinder.cs, RoutePartsEqual).
func sameValue(a, b any) bool {
	s, ok := a.(string)
	u, also := b.(string)
	switch {
	case ok && also:
		return equalFold(s, u)
	case ok:
		return s == ""
	case also:
		return u == ""
	}
	return reflect.DeepEqual(a, b)
}

// choose gives each parameter its value and collects the query.
func (e *expansion) choose(values []Arg) error {
	copying := len(e.opts.Ambient) > 0
	for i := range e.t.params {
		p := &e.t.params[i]
		original, given := find(values, p.name)
		explicit := original
		if given && explicit == nil {
			explicit = ""
		}
		if p.extra {
			if given && !sameValue(explicit, p.defaultValue) {
				return e.fail(p.name, DefaultMismatch)
			}
			continue
		}
		ambient, current := find(e.opts.Ambient, p.name)
		if given && current && !sameValue(ambient, explicit) || !given && !current && !p.hasDefault {
			copying = false
		}
		if p.optional && p.hasDefault && e.opts.Endpoint {
			return e.fail(p.name, OptionalWithDefault)
		}
		c := &e.chosen[i]
		switch {
		case given && !isEmpty(explicit):
			*c = choice{value: explicit, present: true}
		case copying && current:
			*c = choice{value: ambient, present: true}
		case p.optional || p.catchAll != "":
			*c = choice{emptied: given, given: original}
		case p.hasDefault:
			*c = choice{value: p.defaultValue, present: true}
		default:
			return e.fail(p.name, MissingValue)
		}
	}
	for i := range values {
		if e.t.index(values[i].Name) < 0 {
			e.query = append(e.query, values[i])
		}
	}
	return nil
}

// constraints puts the chosen values to the constraints.
//
// As in the source, a parameter that was emptied outright is left out and not
// judged when it is optional, but is there and judged as soon as some other
// value has no parameter to go to.
func (e *expansion) constraints() error {
	for i := range e.t.params {
		p, c := &e.t.params[i], &e.chosen[i]
		value, present := c.value, c.present
		if c.emptied && !p.hasDefault && len(e.query) > 0 {
			value, present = c.given, true
		}
		if p.extra || !present && p.optional {
			continue
		}
		for j := range p.constraints {
			ok, err := true, error(nil)
			if !present || value == nil {
				ok = p.constraints[j].AcceptsMissing()
			} else {
				ok, err = p.constraints[j].checkValue(value)
			}
			if !ok {
				return &ExpandError{
					Template: e.t.text, Param: p.name, Constraint: p.constraints[j].text,
					Reason: ValueRefused, Err: err,
				}
			}
		}
	}
	return nil
}

// checkValue judges a value that may have a type of its own.
func (c *Constraint) checkValue(value any) (bool, error) {
	text, ok := invariantText(value)
	if !ok {
		return false, nil
	}
	if c.kind == kindDateTime && isTime(value) {
		return true, nil
	}
	return c.Check(text)
}

// path writes the segments.
func (e *expansion) path() error {
	e.w.fold = e.opts.Endpoint && e.opts.Lowercase
	for i := range e.t.segments {
		for j := range e.t.segments[i].parts {
			if err := e.part(e.t.segments[i].parts, j); err != nil {
				return err
			}
		}
		e.w.endSegment()
	}
	return nil
}

func (e *expansion) part(parts []part, j int) error {
	i := parts[j].param
	if i < 0 {
		if !e.w.accept(parts[j].literal, false) {
			return e.fail("", TextAfterGap)
		}
		return nil
	}
	p, c := &e.t.params[i], &e.chosen[i]
	text, ok := invariantText(c.value)
	if !ok {
		return e.fail(p.name, BadValue)
	}
	written := false
	if p.hasDefault && sameValue(c.value, p.defaultValue) {
		written = e.w.buffer(text)
	} else {
		written = e.w.accept(text, p.catchAll == "**" && e.opts.Endpoint)
		if !written && j > 0 && parts[j-1].separator {
			e.w.takeBack()
			written = true
		}
	}
	if !written {
		return e.fail(p.name, TextAfterGap)
	}
	return nil
}

// finish puts path and query together.
func (e *expansion) finish() (string, error) {
	query, err := e.queryText()
	if err != nil {
		return "", err
	}
	path := e.w.path()
	if path == "" && (e.opts.Endpoint || query != "") {
		path = "/"
	}
	if e.opts.Lowercase && !e.opts.Endpoint {
		path = asciiLower(path)
		if e.opts.LowercaseQuery {
			query = asciiLower(query)
		}
	}
	if e.opts.TrailingSlash && path != "" && !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return path + query, nil
}

// queryText writes the values without a parameter.
func (e *expansion) queryText() (string, error) {
	var b strings.Builder
	fold := e.opts.LowercaseQuery && e.opts.Endpoint
	for _, arg := range e.query {
		for _, v := range elements(arg.Value) {
			text, ok := invariantText(v)
			if !ok {
				return "", e.fail(arg.Name, BadValue)
			}
			if text == "" {
				continue
			}
			name := arg.Name
			if fold {
				name, text = lowerText(name), lowerText(text)
			}
			b.WriteByte("?&"[min(b.Len(), 1)])
			escape(&b, name, false)
			b.WriteByte('=')
			escape(&b, text, false)
		}
	}
	return b.String(), nil
}

// elements returns the elements of a slice, or the value itself.
func elements(v any) []any {
	switch list := v.(type) {
	case []any:
		return list
	case []string:
		all := make([]any, len(list))
		for i := range list {
			all[i] = list[i]
		}
		return all
	}
	return []any{v}
}

// WithDefaults returns a copy of the template with defaults for names beside
// those it spells out. A default for a parameter stands in for a missing value.
// One for another name is among the values of every match, and when a URL is
// made, a value given for that name has to be the default.
//
// It is an error to give a default to a parameter that has one already.
func (t *Template) WithDefaults(defaults ...Arg) (*Template, error) {
	made := *t
	made.params = slices.Clone(t.params)
	for _, d := range defaults {
		text, ok := invariantText(d.Value)
		if !ok {
			return nil, &ExpandError{Template: t.text, Param: d.Name, Reason: BadValue}
		}
		i := made.index(d.Name)
		switch {
		case i < 0:
			made.params = append(made.params, param{name: d.Name, traits: &traits{extra: true}})
			i = len(made.params) - 1
		case made.params[i].hasDefault:
			return nil, &DefaultError{Template: t.text, Param: made.params[i].name}
		}
		own := *made.params[i].traits
		own.defaultText, own.defaultValue, own.hasDefault = text, d.Value, true
		made.params[i].traits = &own
	}
	return &made, nil
}
