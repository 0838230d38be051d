package route

import (
	"strconv"
	"strings"
)

// escape reads what stands behind a '\' outside a class.
func (p *reParser) escape(start int) (*reNode, error) {
	c := p.peek(0)
	switch c {
	case -1:
		return nil, p.broken(start, "'\\' at the end")
	case 'A', 'G', 'z':
		p.pos++
		if c == 'G' {
			c = 'A' // where the search begins
		}
		return &reNode{op: opText, text: `\` + string(c)}, nil
	case 'Z':
		p.pos++
		return &reNode{op: opEnd}, nil
	case 'b', 'B':
		p.pos++
		p.cannot(start, "Unicode word boundaries")
		return &reNode{op: opBoundary, text: strings.Trim(string(c), "b")}, nil
	case 'k':
		p.pos++
		if p.peek(0) != '<' && p.peek(0) != '\'' {
			return nil, p.broken(start, "\\k without a group name")
		}
		return p.reference(start)
	case '<', '\'':
		if n, err := p.bareReference(start); n != nil || err != nil {
			return n, err
		}
	}
	if set, ok, err := p.shorthand(start); ok || err != nil {
		return &reNode{op: opSet, set: set}, err
	}
	if '1' <= c && c <= '9' {
		if n, err := p.numbered(start); n != nil || err != nil {
			return n, err
		}
	}
	u, err := p.charEscape(start)
	if err != nil {
		return nil, err
	}
	return p.char(u), nil
}

// reference reads a backreference by name, from its '<' or "'".
func (p *reParser) reference(start int) (*reNode, error) {
	closing := p.peek(0)
	if closing == '<' {
		closing = '>'
	}
	p.pos++
	name, ok := p.until(closing)
	if !ok || !validGroupName(name) && name != "0" || !p.defined(name) {
		return nil, p.broken(start, "reference to a group that is not there")
	}
	p.cannot(start, "backreferences")
	return p.backreference(name), nil
}

// bareReference reads a backreference by name without a 'k', such as \<name>, a
// form of old. It returns nil if it is none: then the '<' or "'" is itself.
func (p *reParser) bareReference(start int) (*reNode, error) {
	before := p.pos
	closing := p.peek(0)
	if closing == '<' {
		closing = '>'
	}
	p.pos++
	name, ok := p.until(closing)
	if !ok || !validGroupName(name) && name != "0" {
		p.pos = before
		return nil, nil
	}
	if !p.defined(name) {
		return nil, p.broken(start, "reference to a group that is not there")
	}
	p.cannot(start, "backreferences")
	return p.backreference(name), nil
}

func (p *reParser) backreference(name string) *reNode {
	return &reNode{op: opReference, text: `\k<` + name + `>`, folded: !p.opts.caseMatters}
}

// numbered reads a backreference by number. One of two digits or more that
// names no group is an octal code instead, for which it returns nil.
func (p *reParser) numbered(start int) (*reNode, error) {
	n, _, err := p.decimal()
	if err != nil {
		return nil, err
	}
	switch {
	case p.defined(strconv.Itoa(n)):
		p.cannot(start, "backreferences")
		return p.backreference(strconv.Itoa(n)), nil
	case n <= 9:
		return nil, p.broken(start, "reference to a group that is not there")
	}
	p.pos = start + 1
	return nil, nil
}

// shorthand reads a class such as \d or \p{L}, from behind the '\'.
func (p *reParser) shorthand(start int) (unitSet, bool, error) {
	c := p.peek(0)
	var set unitSet
	switch c | 0x20 {
	case 'd':
		set = digitSet()
	case 'w':
		set = wordSet()
	case 's':
		set = spaceSet()
	case 'p':
		return p.property(start)
	default:
		return nil, false, nil
	}
	p.pos++
	if c&0x20 == 0 {
		set = set.not()
	}
	return set, true, nil
}

// property reads \p{Name} or \P{Name}.
func (p *reParser) property(start int) (unitSet, bool, error) {
	negated := p.peek(0) == 'P'
	p.pos++
	if !p.take('{') {
		return nil, false, p.broken(start, "\\p without a name in braces")
	}
	name, ok := p.until('}')
	if !ok {
		return nil, false, p.broken(start, "\\p without a name in braces")
	}
	set, ok := categorySet(name, p.opts.caseMatters)
	if !ok {
		return nil, false, p.unknownProperty(start, name)
	}
	if negated {
		set = set.not()
	}
	return set, true, nil
}

// unknownProperty tells the sets of XML names, which \p{...} knows in .NET beside
// those it documents (RegularExpressions/RegexCharClass.cs), from what is wrong.
func (p *reParser) unknownProperty(start int, name string) error {
	switch name {
	case "_xmlC", "_xmlD", "_xmlI", "_xmlW":
		return &RegexpError{Expr: p.expr, Offset: start, Reason: "sets of XML names are not here", Unsupported: true}
	}
	return p.broken(start, "unknown category of characters")
}

// charEscape reads an escape that stands for one code unit, from behind the '\'.
func (p *reParser) charEscape(start int) (rune, error) {
	c := p.peek(0)
	if c < 0 {
		return 0, p.broken(start, "'\\' at the end")
	}
	if '0' <= c && c <= '7' {
		return p.octal(), nil
	}
	p.pos++
	switch c {
	case 'x':
		return p.hex(start, 2)
	case 'u':
		return p.hex(start, 4)
	case 'c':
		return p.control(start)
	}
	if i := strings.IndexRune("abefnrtv", c); i >= 0 {
		return rune("\a\b\x1b\f\n\r\t\v"[i]), nil
	}
	if wordSet().has(c) || c == 0x200C || c == 0x200D {
		return 0, p.broken(start, "unknown escape")
	}
	return c, nil
}

// octal reads up to three octal digits; the code is cut to eight bits.
func (p *reParser) octal() rune {
	u := rune(0)
	for i := 0; i < 3; i++ {
		c := p.peek(0)
		if c < '0' || c > '7' {
			break
		}
		u = u*8 + c - '0'
		p.pos++
	}
	return u & 0xFF
}

func (p *reParser) hex(start, digits int) (rune, error) {
	u := rune(0)
	for range digits {
		c := p.peek(0)
		d := strings.IndexRune("0123456789abcdef", c|0x20)
		if c >= '0' && c <= '9' {
			d = int(c - '0')
		}
		if d < 0 || c < '0' {
			return 0, p.broken(start, "too few hex digits")
		}
		u = u<<4 | rune(d)
		p.pos++
	}
	return u, nil
}

func (p *reParser) control(start int) (rune, error) {
	c := p.peek(0)
	if 'a' <= c && c <= 'z' {
		c -= 'a' - 'A'
	}
	if c < '@' || c > '_' {
		return 0, p.broken(start, "unknown control character")
	}
	p.pos++
	return c - '@', nil
}
