package route

import (
	"slices"
	"strings"
)

// A Template is a compiled route template. It is immutable and may be used by
// several goroutines at once.
type Template struct {
	text     string
	segments []segment
	params   []param
	compat   bool
}

// Compile compiles a template with the zero [Compiler]. The error is a
// [*SyntaxError], or the [*ConstraintError] of each constraint that cannot be
// used, joined if there are several.
func Compile(template string) (*Template, error) {
	var c Compiler
	return c.Compile(template)
}

// template returns what has been parsed, in as little memory as will do.
func (p *parser) template(compat bool) *Template {
	for i := range p.params {
		if p.params[i].isBare() {
			p.params[i].traits = &bare
		}
	}
	count := 0
	for _, s := range p.segments {
		count += len(s.parts)
	}
	parts := make([]part, 0, count)
	segments := make([]segment, len(p.segments))
	for i, s := range p.segments {
		parts = append(parts, s.parts...)
		segments[i].parts = parts[len(parts)-len(s.parts) : len(parts) : len(parts)]
	}
	return &Template{text: p.text, segments: segments, params: append([]param(nil), p.params...), compat: compat}
}

// MustCompile is like [Compile] but panics if the template cannot be compiled.
func MustCompile(template string) *Template {
	t, err := Compile(template)
	if err != nil {
		panic(err)
	}
	return t
}

// String returns the text the template was compiled from.
func (t *Template) String() string { return t.text }

// A Part is a piece of a segment of a template: text or a parameter.
type Part struct {
	// Literal is the text, braces single; empty for a parameter.
	Literal string
	// Separator marks the "." that goes away together with the optional
	// parameter behind it.
	Separator bool
	// Param is the parameter, nil for text.
	Param *Param
}

// A Param describes one parameter of a template.
type Param struct {
	Name        string       // as spelled in the template
	Constraints []Constraint // in the order of the template
	Default     string       // the text that stands in for a missing value
	HasDefault  bool         // tells an empty default from none
	Optional    bool         // marked with '?'
	CatchAll    string       // "*" or "**" for a catch-all, else empty
}

// Segments returns the segments of the template, each a list of parts.
func (t *Template) Segments() [][]Part {
	params := t.Params()
	all := make([][]Part, len(t.segments))
	for i := range t.segments {
		for _, p := range t.segments[i].parts {
			part := Part{Literal: p.literal, Separator: p.separator}
			if p.param >= 0 {
				part.Param = &params[p.param]
			}
			all[i] = append(all[i], part)
		}
	}
	return all
}

// Params returns the parameters of the template from left to right.
func (t *Template) Params() []Param {
	var all []Param
	for i := range t.params {
		p := &t.params[i]
		if p.extra {
			break // these come last
		}
		all = append(all, Param{
			Name: p.name, Constraints: slices.Clone(p.constraints),
			Default: p.defaultText, HasDefault: p.hasDefault,
			Optional: p.optional, CatchAll: p.catchAll,
		})
	}
	return all
}

// index returns the index of the parameter called name, case ignored, or -1.
func (t *Template) index(name string) int {
	for i := range t.params {
		if t.params[i].name == name {
			return i
		}
	}
	for i := range t.params {
		if equalFold(t.params[i].name, name) {
			return i
		}
	}
	return -1
}

// Match reports whether the template accepts path, and the values it takes from
// it. The path is one that [DecodePath] made: it begins with a slash and a
// "%2F" in it is no slash. The empty path is the same as "/"; any other that
// does not begin with a slash is not accepted.
//
// A constraint that cannot decide counts as a refusal; see [Template.Check].
func (t *Template) Match(path string) (Values, bool) {
	v, ok, _ := t.match(path, t.compat)
	return v, ok
}

// Check is [Template.Match] for templates whose constraints may fail to decide:
// a regular expression that ran into the time limit of its engine, or one that
// is broken and was let through by [Compiler.Compat]. Then ok is false and the
// error is a [*UndecidedError].
func (t *Template) Check(path string) (v Values, ok bool, err error) {
	return t.match(path, t.compat)
}

func (t *Template) match(path string, compat bool) (Values, bool, error) {
	var c captures
	if !t.split(path, compat, &c) {
		return Values{}, false, nil
	}
	if ok, err := t.accept(path, &c); !ok {
		return Values{}, false, err
	}
	return c.values(t, path), true, nil
}

// split takes path apart along the segments, constraints aside.
//
// One trailing slash is ignored. An empty segment is accepted by nothing, but
// may begin a catch-all in endpoint routing; the classic routing that the
// Functions host uses refuses it there too (Patterns/RoutePatternMatcher.cs,
// Matching/DfaMatcherBuilder.cs).
func (t *Template) split(path string, compat bool, c *captures) bool {
	if path != "" && path[0] != '/' {
		return false
	}
	pos := 1
	for i := range t.segments {
		s := &t.segments[i]
		prm := s.param()
		if pos >= len(path) {
			if !t.mayEnd(s) {
				return false
			}
			continue
		}
		if prm >= 0 && t.params[prm].catchAll != "" {
			if compat && path[pos] == '/' {
				return false
			}
			c.set(prm, pos, len(path))
			return true
		}
		end := strings.IndexByte(path[pos:], '/')
		if end < 0 {
			end = len(path)
		} else {
			end += pos
		}
		if end == pos || !t.matchSegment(s, path, pos, end, c) {
			return false
		}
		pos = end + 1
	}
	return pos >= len(path)
}

// mayEnd reports whether a path may end before the segment.
func (t *Template) mayEnd(s *segment) bool {
	i := s.param()
	if i < 0 {
		return false
	}
	p := &t.params[i]
	return p.optional || p.hasDefault || p.catchAll != ""
}

func (t *Template) matchSegment(s *segment, path string, start, end int, c *captures) bool {
	if text, ok := s.literal(); ok {
		return equalFold(path[start:end], text)
	}
	if i := s.param(); i >= 0 {
		c.set(i, start, end)
		return true
	}
	return t.matchComplex(s, path, start, end, c)
}

// accept puts the values to the constraints, in the order of the template.
func (t *Template) accept(path string, c *captures) (bool, error) {
	for i := range t.params {
		ok, err := true, (*UndecidedError)(nil)
		if s := c.span(i); s.start > 0 {
			ok, err = t.judge(i, path[s.start:s.end])
		} else {
			ok, err = t.judgeMissing(i)
		}
		if err != nil {
			return false, err
		}
		if !ok {
			return false, nil
		}
	}
	return true, nil
}

// judge puts a value to the constraints of parameter i.
func (t *Template) judge(i int, value string) (bool, *UndecidedError) {
	p := &t.params[i]
	for j := range p.constraints {
		c := &p.constraints[j]
		ok, err := c.Check(value)
		if err != nil {
			return false, &UndecidedError{Template: t.text, Param: p.name, Text: c.text, Value: value, Err: err}
		}
		if !ok {
			return false, nil
		}
	}
	return true, nil
}

// judgeMissing judges that the path has no value for parameter i: its default is
// judged like a value of the path, an optional parameter is not judged, and for
// a catch-all each constraint has to accept null.
func (t *Template) judgeMissing(i int) (bool, *UndecidedError) {
	p := &t.params[i]
	switch {
	case p.hasDefault:
		return t.judge(i, p.defaultText)
	case p.optional:
		return true, nil
	}
	for j := range p.constraints {
		if !p.constraints[j].AcceptsMissing() {
			return false, nil
		}
	}
	return true, nil
}
