// Package jsonc reads the JSON of configuration files, with the place of every
// value, so that a mistake can be shown where it is.
//
// Parse takes JSON as RFC 8259 has it and three liberties that people take in
// such files: comments (// and /* */), a byte-order mark, and a comma after the
// last element. ParseLenient takes what the reader of the reference host takes
// (Newtonsoft.Json, JsonTextReader.cs): single quotes, names without quotes, line
// breaks in texts, undefined, hexadecimal and octal numbers and more; its errors
// have that reader's words, which the reference's admin API shows.
//
// Both keep every member of an object, doubled names too, in the order of the
// file. Neither panics on any input, and neither goes deeper than MaxDepth.
package jsonc

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may nest: the bound itself is allowed.
const MaxDepth = 64

// Kind is the kind of a value.
type Kind uint8

// The kinds of values. Undefined comes of ParseLenient only.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
	Undefined
)

var kindNames = [...]string{"null", "a boolean", "a number", "a string", "an array", "an object", "undefined"}

// String names the kind with its article: "a number".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "invalid"
}

// Pos is a place in a file.
type Pos struct {
	Offset int // in bytes, from 0
	Line   int // from 1
	Column int // in characters, from 1
}

// A Value is a JSON value and where it stands.
type Value struct {
	Kind Kind

	// Text is the content of a String, unescaped, and the literal of a Number
	// or a Bool as written.
	Text string

	Items   []*Value // of an Array
	Members []Member // of an Object

	Pos Pos // of its first byte
	End Pos // just behind its last byte
}

// A Member is a name and a value in an object.
type Member struct {
	Name  string
	Pos   Pos // of the name
	Value *Value
}

// Get returns the value of the last member called name, or nil if there is none
// or v is no object.
func (v *Value) Get(name string) *Value {
	if v == nil {
		return nil
	}
	for i := len(v.Members) - 1; i >= 0; i-- {
		if v.Members[i].Name == name {
			return v.Members[i].Value
		}
	}
	return nil
}

// A SyntaxError says where a text stops being JSON, and why.
type SyntaxError struct {
	Pos
	Reason string

	// Path is the place in the document, in the reference's notation
	// (a.b[2].c). Only ParseLenient sets it.
	Path string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("jsonc: line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// AppendJSON appends v as plain JSON: no comments and no spaces, of doubled
// names the last value at the place of the first.
func (v *Value) AppendJSON(b []byte) []byte {
	switch v.Kind {
	case Bool:
		return append(b, v.Text...)
	case Number:
		return appendNumber(b, v.Text)
	case String:
		return appendString(b, v.Text)
	case Array:
		b = append(b, '[')
		for i, item := range v.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.AppendJSON(b)
		}
		return append(b, ']')
	case Object:
		b = append(b, '{')
		seen := make(map[string]bool, len(v.Members))
		for _, m := range v.Members {
			if seen[m.Name] {
				continue
			}
			if len(seen) > 0 {
				b = append(b, ',')
			}
			seen[m.Name] = true
			b = appendString(b, m.Name)
			b = append(b, ':')
			b = v.Get(m.Name).AppendJSON(b)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// AppendIndented appends v as JSON with a line for each member and element, two
// blanks for each level; indent is that of the line v stands on.
func (v *Value) AppendIndented(b []byte, indent string) []byte {
	if len(v.Items) == 0 && len(v.Members) == 0 {
		return v.AppendJSON(b)
	}
	inner := "\n" + indent + "  "
	if v.Kind == Array {
		b = append(b, '[')
		for i, item := range v.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.AppendIndented(append(b, inner...), indent+"  ")
		}
		return append(append(append(b, '\n'), indent...), ']')
	}
	b = append(b, '{')
	first := true
	for i, m := range v.Members {
		if named(v.Members[:i], m.Name) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = appendString(append(b, inner...), m.Name)
		b = v.Get(m.Name).AppendIndented(append(b, ": "...), indent+"  ")
	}
	return append(append(append(b, '\n'), indent...), '}')
}

func named(members []Member, name string) bool {
	for _, m := range members {
		if m.Name == name {
			return true
		}
	}
	return false
}

// appendNumber appends a literal that may be none in plain JSON.
func appendNumber(b []byte, text string) []byte {
	if scanNumber(text) == len(text) {
		return append(b, text...)
	}
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return strconv.AppendInt(b, n, 10)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f-f == 0 {
		return strconv.AppendFloat(b, f, 'g', -1, 64)
	}
	return appendString(b, text)
}

func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// scanNumber returns the length of the longest number of RFC 8259 that s begins
// with, 0 if it begins with none.
func scanNumber(s string) int {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	switch {
	case i < len(s) && s[i] == '0':
		i++
	case i < len(s) && s[i] >= '1' && s[i] <= '9':
		i += digits(s[i:])
	default:
		return 0
	}
	if i < len(s) && s[i] == '.' {
		n := digits(s[i+1:])
		if n == 0 {
			return i
		}
		i += 1 + n
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		n := digits(s[j:])
		if n == 0 {
			return i
		}
		i = j + n
	}
	return i
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// hex4 reads four hexadecimal digits.
func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unicodeEscape reads the rest of a \u escape, with the second half of a pair
// if s has one. It returns the rune, how many bytes it took and whether it is
// a whole character.
func unicodeEscape(s string) (r rune, n int, whole bool) {
	r, ok := hex4(s)
	if !ok {
		return 0, 0, false
	}
	if !utf16.IsSurrogate(r) {
		return r, 4, true
	}
	if len(s) >= 10 && s[4] == '\\' && s[5] == 'u' {
		if low, ok := hex4(s[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 10, true
			}
		}
	}
	return utf8.RuneError, 4, false
}
