package route

import "strings"

// A Precedence tells how specific a template is: a decimal number with one
// digit for each segment, written as text. Of two templates that accept a path
// the one with the lower number is the more specific. "items/{id:int}" has 1.2,
// "items/{id}" has 1.3, the empty template has 0.
//
//	1  text
//	2  a complex segment, or a parameter with a constraint
//	3  a parameter
//	4  a catch-all with a constraint
//	5  a catch-all
//
// Numbers of any length compare as their texts do.
type Precedence string

// Compare returns a negative number if p is the more specific, 0 if both rank
// alike, a positive number otherwise.
func (p Precedence) Compare(other Precedence) int {
	return strings.Compare(string(p), string(other))
}

// Precedence returns how specific the template is for matching
// (Template/RoutePrecedence.cs). A missing value, a default and the number of
// constraints do not count.
func (t *Template) Precedence() Precedence {
	return t.precedence(func(class byte) byte { return class })
}

// OutboundPrecedence returns how specific the template is for making a URL. Here
// the higher number is the more specific, and text counts 5.
func (t *Template) OutboundPrecedence() Precedence {
	return t.precedence(func(class byte) byte { return 6 - class })
}

func (t *Template) precedence(digit func(class byte) byte) Precedence {
	if len(t.segments) == 0 {
		return "0"
	}
	text := make([]byte, 0, len(t.segments)+1)
	for i := range t.segments {
		if i == 1 {
			text = append(text, '.')
		}
		text = append(text, '0'+digit(t.class(&t.segments[i])))
	}
	return Precedence(text)
}

// class returns how specific a segment is, 1 to 5.
func (t *Template) class(s *segment) byte {
	i := s.param()
	if i < 0 {
		if s.complex() {
			return 2
		}
		return 1
	}
	class := byte(3)
	if t.params[i].catchAll != "" {
		class = 5
	}
	if len(t.params[i].constraints) > 0 {
		class--
	}
	return class
}
