package route

import (
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/route/invariant"
)

// A kind is what a constraint does. A table may switch over kinds instead of
// calling Check.
type kind uint8

const (
	kindCustom kind = iota
	kindInt
	kindBool
	kindDateTime
	kindDecimal
	kindDouble
	kindFloat
	kindGUID
	kindLong
	kindMinLength
	kindMaxLength
	kindLength
	kindMin
	kindMax
	kindRange
	kindAlpha
	kindRegex
	kindRequired
	kindFile
	kindNonFile
)

// A Constraint judges the value of a parameter: "int", "range(1,9)". It is
// immutable and may be used by several goroutines at once. Values of this type
// come from [Template.Params] and [Compiler.Constraint]; the zero Constraint
// refuses everything.
type Constraint struct {
	text   string   // as written
	offset int      // within the parameter's body; used while compiling
	kind   kind     // what it does
	lo, hi int64    // the bounds of lengths, min, max and range, both inclusive
	name   string   // "range"
	args   []string // "1", "9"
	expr   Matcher  // of regex
	custom func(value string) bool
	origin *Compiler        // of a constraint that is not one of the named set
	now    func() time.Time // of datetime; nil is time.Now
	broken error            // why it cannot decide; only let through by Compiler.Compat
}

// String returns the reference as written in the template, braces single.
func (c Constraint) String() string { return c.text }

// Name returns the name as it stands before the parentheses.
func (c Constraint) Name() string { return c.name }

// Args returns the arguments: one text for constraints that take one argument,
// else what commas separate, trimmed. It is nil without parentheses.
func (c Constraint) Args() []string { return append([]string(nil), c.args...) }

// Check reports whether the constraint accepts value. The error is not nil if it
// cannot decide; ok is false then.
func (c *Constraint) Check(value string) (ok bool, err error) {
	switch c.kind {
	case kindInt:
		_, err := invariant.Int(value, 32)
		return err == nil, nil
	case kindLong:
		_, err := invariant.Int(value, 64)
		return err == nil, nil
	case kindMin, kindMax, kindRange:
		n, err := invariant.Int(value, 64)
		return err == nil && c.lo <= n && n <= c.hi, nil
	case kindMinLength, kindMaxLength, kindLength:
		n := int64(utf16Len(value))
		return c.lo <= n && n <= c.hi, nil
	case kindBool:
		_, err := invariant.Bool(value)
		return err == nil, nil
	case kindDecimal:
		_, err := invariant.ParseDecimal(value)
		return err == nil, nil
	case kindDouble, kindFloat:
		return invariant.IsFloat(value), nil
	case kindGUID:
		return invariant.IsGUID(value), nil
	case kindDateTime:
		return c.isDateTime(value), nil
	case kindAlpha:
		return isAlpha(value), nil
	case kindRequired:
		return value != "", nil
	case kindFile:
		return isFileName(value), nil
	case kindNonFile:
		return !isFileName(value), nil
	case kindRegex:
		if c.broken != nil {
			return false, c.broken
		}
		return c.expr.Match(value)
	}
	return c.custom != nil && c.custom(value), nil
}

func (c *Constraint) isDateTime(value string) bool {
	now := time.Now
	if c.now != nil {
		now = c.now
	}
	_, _, err := invariant.ParseDateTime(value, now().UTC())
	return err == nil
}

// AcceptsMissing reports whether the constraint accepts that there is no value,
// which only nonfile does. An optional parameter without a value is not judged at
// all; this matters for a catch-all.
func (c *Constraint) AcceptsMissing() bool { return c.kind == kindNonFile }

// utf16Len counts the UTF-16 code units of s, which is how the source counts.
// A byte that is no UTF-8 counts one.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// isAlpha is the expression ^[A-Za-z]*$, whose '$' also stands before a final
// line feed (Constraints/AlphaRouteConstraint.cs).
func isAlpha(s string) bool {
	s = strings.TrimSuffix(s, "\n")
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// isFileName reports whether what follows the last slash looks like the name of
// a file: after its first period there is something else than periods
// (Constraints/FileNameRouteConstraint.cs).
func isFileName(s string) bool {
	name := s[strings.LastIndexByte(s, '/')+1:]
	_, ext, ok := strings.Cut(name, ".")
	return ok && strings.Trim(ext, ".") != ""
}
