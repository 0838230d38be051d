package route

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
)

// A RegexpError says why an expression of the regex constraint cannot be
// compiled.
type RegexpError struct {
	Expr   string // the whole expression
	Offset int    // where in it, in UTF-16 code units
	Reason string // what is wrong

	// Unsupported tells a sound expression that the engine cannot say from a
	// broken one.
	Unsupported bool
}

func (e *RegexpError) Error() string {
	return fmt.Sprintf("regexp: %q: offset %d: %s", e.Expr, e.Offset, e.Reason)
}

// CompileRE2 compiles an expression of the source's regex constraint for the
// regexp package of the standard library, which matches in time linear in the
// text. The expression has the syntax and the meaning of .NET: it ignores case
// unless it says "(?-i)", its characters are UTF-16 code units, "\d", "\w" and
// "\s" are the Unicode classes, and "$" matches also before a final line feed.
//
// What the engine cannot say is an error: look-around, backreferences, atomic
// and conditional groups, "\b", Unicode blocks, a "$" with more to match behind
// it, and repetitions of more than 1,000. [Compiler.Regexp] takes an engine that
// can. The error is a [*RegexpError].
func CompileRE2(expr string) (Matcher, error) {
	units := utf16.Encode([]rune(expr))
	counting := &reParser{expr: expr, in: units, groups: -1}
	if _, err := counting.parse(); err != nil {
		return nil, err
	}
	p := &reParser{expr: expr, in: units, groups: counting.opened, names: counting.names}
	root, err := p.parse()
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	if !root.write(&out, true) {
		p.cannot(0, "'$' or \\Z with more to match behind it")
	}
	if p.unsupported != nil {
		return nil, p.unsupported
	}
	re, err := regexp.Compile(out.String())
	if err != nil {
		return nil, &RegexpError{Expr: expr, Reason: err.Error(), Unsupported: true}
	}
	return re2{re}, nil
}

// re2 matches over UTF-16 code units. A character beyond the Basic Multilingual
// Plane is two of them, which stand in the text as two characters of the private
// plane 16.
type re2 struct{ re *regexp.Regexp }

func (m re2) Match(text string) (bool, error) {
	if !unitsAreRunes(text) {
		var b strings.Builder
		for _, r := range text {
			if r > 0xFFFF {
				high, low := utf16.EncodeRune(r)
				b.WriteRune(unitRune(high))
				r = unitRune(low)
			}
			b.WriteRune(r)
		}
		text = b.String()
	}
	return m.re.MatchString(text), nil
}

// unitsAreRunes reports whether s has no character beyond the Basic Multilingual
// Plane. Four bytes are what begins with 0xF0 or more.
func unitsAreRunes(s string) bool {
	for i := range len(s) {
		if s[i] >= 0xF0 {
			return false
		}
	}
	return true
}

// unitRune returns the rune that stands for a code unit.
func unitRune(u rune) rune {
	if utf16.IsSurrogate(u) {
		return u + 0x100000
	}
	return u
}

// reNode is a piece of an expression.
type reNode struct {
	op       reOp
	set      unitSet // of opSet
	text     string  // of opText
	subs     []*reNode
	min, max int // of opRepeat; max -1 is no bound
}

type reOp uint8

const (
	opEmpty     reOp = iota
	opSet            // one code unit
	opText           // an assertion, in the engine's syntax
	opEnd            // '$': the end, or before a final line feed
	opConcat         // one after the other
	opAlternate      // one of several
	opRepeat         // a quantifier
)

// nullable reports whether the piece can match the empty text anywhere.
func (n *reNode) nullable() bool {
	switch n.op {
	case opEmpty:
		return true
	case opConcat:
		for _, sub := range n.subs {
			if !sub.nullable() {
				return false
			}
		}
		return true
	case opAlternate:
		for _, sub := range n.subs {
			if sub.nullable() {
				return true
			}
		}
	case opRepeat:
		return n.min == 0 || n.subs[0].nullable()
	}
	return false
}

// write prints the piece in the engine's syntax. The engine has no assertion for
// "before a final line feed", so '$' takes the line feed; that comes to the same
// as long as nothing has to match behind it, which last tells. It returns false
// where that is not so.
func (n *reNode) write(b *strings.Builder, last bool) bool {
	switch n.op {
	case opSet:
		n.set.write(b)
	case opText:
		b.WriteString(n.text)
	case opEnd:
		b.WriteString(`(?:\n?\z)`)
		return last
	case opConcat:
		for i, sub := range n.subs {
			rest := reNode{op: opConcat, subs: n.subs[i+1:]}
			if sub.op == opEnd && i+1 < len(n.subs) && n.subs[i+1].impliesEnd() {
				continue
			}
			if !sub.write(b, last && rest.nullable()) {
				return false
			}
		}
	case opAlternate:
		b.WriteString("(?:")
		for i, sub := range n.subs {
			if i > 0 {
				b.WriteByte('|')
			}
			if !sub.write(b, last) {
				return false
			}
		}
		b.WriteByte(')')
	case opRepeat:
		b.WriteString("(?:")
		if !n.subs[0].write(b, last && n.max >= 0 && n.max <= 1) {
			return false
		}
		b.WriteByte(')')
		switch {
		case n.max >= 0:
			fmt.Fprintf(b, "{%d,%d}", n.min, n.max)
		default:
			fmt.Fprintf(b, "{%d,}", n.min)
		}
	}
	return true
}

// impliesEnd reports whether a '$' before the piece says nothing new.
func (n *reNode) impliesEnd() bool {
	return n.op == opEnd || n.op == opText && n.text == `\z`
}
