package route

import (
	"iter"
	"math"
	"strings"
)

// Values holds what a match took from a path: for each parameter of the
// template a text, or that there is none. It is a small value without pooled
// memory: copies are as good as the original and stay valid. Names are compared
// with case ignored.
//
// The zero Values has no parameters.
type Values struct {
	template *Template
	path     string
	inline   [inlineSpans]span
	wide     *[]wideSpan // stands in for inline where that is too narrow
}

// inlineSpans is how many values need no memory of their own.
const inlineSpans = 8

// A span is where in the path a value stands. The zero span is no value: no
// value begins at the first byte of a path, which is a slash.
type span struct{ start, end uint16 }

// A wideSpan is a span in a path of any length.
type wideSpan struct{ start, end int }

// span returns where the value of parameter i stands.
func (v *Values) span(i int) wideSpan {
	if v.wide == nil {
		if i < inlineSpans {
			return wideSpan{int(v.inline[i].start), int(v.inline[i].end)}
		}
		return wideSpan{}
	}
	if i < len(*v.wide) {
		return (*v.wide)[i]
	}
	return wideSpan{}
}

// set notes that the value of parameter i is path[start:end].
func (v *Values) set(i, start, end int) {
	if v.wide == nil {
		if i < inlineSpans && end <= math.MaxUint16 {
			v.inline[i] = span{uint16(start), uint16(end)}
			return
		}
		v.widen()
	}
	for i >= len(*v.wide) {
		*v.wide = append(*v.wide, wideSpan{})
	}
	(*v.wide)[i] = wideSpan{start, end}
}

// widen makes room for more and longer values.
func (v *Values) widen() {
	spans := make([]wideSpan, inlineSpans, 2*inlineSpans)
	for i, s := range v.inline {
		spans[i] = wideSpan{int(s.start), int(s.end)}
	}
	v.wide = &spans
}

// clear takes the value of parameter i back.
func (v *Values) clear(i int) {
	if i < inlineSpans || v.wide != nil {
		v.set(i, 0, 0)
	}
}

// at returns the value of parameter i, its default if the path had none.
func (v *Values) at(i int) (string, bool) {
	if s := v.span(i); s.start > 0 {
		return v.path[s.start:s.end], true
	}
	p := &v.template.params[i]
	return p.defaultText, p.hasDefault
}

// Template returns the template that matched, nil for the zero Values.
func (v Values) Template() *Template { return v.template }

// Len returns the number of parameters of the template, those without a value
// included.
func (v Values) Len() int {
	if v.template == nil {
		return 0
	}
	return len(v.template.params)
}

// Get returns the value of the parameter called name, or "" if there is no such
// parameter or it has no value. A parameter that the path left out has its
// default. The text is as it stands in the path: a "%2F" in it is a slash that
// the client sent encoded; see [Values.Decoded].
func (v Values) Get(name string) string {
	s, _ := v.Lookup(name)
	return s
}

// Lookup is like [Values.Get] and reports whether there is a value. An optional
// parameter that the path left out has none, nor has an empty catch-all.
func (v Values) Lookup(name string) (value string, ok bool) {
	if v.template == nil {
		return "", false
	}
	if i := v.template.index(name); i >= 0 {
		return v.at(i)
	}
	return "", false
}

// Null reports whether name is a catch-all without a value. The source keeps
// such a parameter among the values, as null; an optional parameter without a
// value is not among them.
func (v Values) Null(name string) bool {
	if v.template == nil {
		return false
	}
	i := v.template.index(name)
	if i < 0 || v.template.params[i].catchAll == "" {
		return false
	}
	_, ok := v.at(i)
	return !ok
}

// Decoded is like [Values.Get], with each "%2F" as a slash. It is meant for
// text to show or look up; as part of a file name or a path it lets a client
// choose where the slashes are.
func (v Values) Decoded(name string) string {
	s := v.Get(name)
	if !strings.Contains(s, "%2") {
		return s
	}
	return slashes.Replace(s)
}

var slashes = strings.NewReplacer("%2F", "/", "%2f", "/")

// At returns name and value of parameter i, counted from zero in the order of
// the template. It panics if there is no such parameter.
func (v Values) At(i int) (name, value string, ok bool) {
	value, ok = v.at(i)
	return v.template.params[i].name, value, ok
}

// All iterates over the parameters that have a value, in the order of the
// template.
func (v Values) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := range v.Len() {
			if name, value, ok := v.At(i); ok && !yield(name, value) {
				return
			}
		}
	}
}
