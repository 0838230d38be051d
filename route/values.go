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

	// Where the values of the first four parameters begin, in sixteen bits each, the
	// first highest: 0 if there is none, otherwise if that is not all of a segment. As four words,
	// Values travels in registers.
	starts uint64
}

// packedValues is how many values are found without looking at all of the path
// again.
const packedValues = 4

// elsewhere is the start of a value that is not all of a segment.
const elsewhere = math.MaxUint16

// span returns where the value of parameter i stands.
func (v Values) span(i int) span {
	if i < packedValues && len(v.path) < elsewhere {
		start := int(uint16(v.starts >> (48 - 16*i)))
		if start == 0 {
			return span{}
		}
		if start != elsewhere {
			return span{int32(start), int32(segmentEnd(v.path, start, load(v.path, start)))}
		}
	}
	return v.cut(i)
}

// cut takes the path apart again.
func (v Values) cut(i int) span {
	var c captures
	v.template.split(v.path, false, &c)
	return c.span(i)
}

// at returns the value of parameter i, its default if the path had none.
func (v Values) at(i int) (string, bool) {
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
	t := v.template
	if t == nil {
		return "", false
	}
	for i := range t.params {
		if t.params[i].name != name {
			continue
		}
		// The usual case of at, without its calls.
		start := uint(uint16(v.starts >> ((48 - 16*i) & 63)))
		if start == 0 || start == elsewhere || i >= packedValues || len(v.path) >= elsewhere || len(v.path) < 8 {
			return v.at(i)
		}
		for stop := start; ; stop += 8 {
			var w uint64
			if stop+8 <= uint(len(v.path)) {
				w = eight(v.path[stop:stop+8]) ^ solidi
			} else {
				w = (eight(v.path[len(v.path)-8:]) ^ solidi) >> (8 * (stop + 8 - uint(len(v.path))))
			}
			if slash := slashIn(w); slash != 0 {
				return v.path[start : stop+through(slash)-1], true
			}
		}
	}
	if i := t.index(name); i >= 0 {
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
