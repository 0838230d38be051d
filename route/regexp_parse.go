package route

import (
	"math"
	"strings"
)

// reParser reads the syntax of .NET regular expressions
// (RegularExpressions/RegexParser.cs). What the engine cannot say is noted and
// read over, so that a broken expression is called broken.
type reParser struct {
	expr string
	in   []uint16
	pos  int
	opts reOptions

	opened      int             // capturing groups seen so far
	names       map[string]bool // of groups
	groups      int             // how many groups there are in all, -1 while they are counted
	depth       int             // of open groups
	unsupported *RegexpError    // the first thing the engine cannot say
}

// reOptions are what "(?imnsx-imnsx)" sets.
type reOptions struct {
	caseMatters, multiline, explicit, singleLine, spaced bool
}

// maxDepth bounds the nesting of groups.
const maxDepth = 250

func (p *reParser) parse() (*reNode, error) {
	root, err := p.alternation()
	if err == nil && p.pos < len(p.in) {
		err = p.broken(p.pos, "')' without '('")
	}
	return root, err
}

func (p *reParser) broken(offset int, reason string) error {
	return &RegexpError{Expr: p.expr, Offset: offset, Reason: reason}
}

// cannot notes something that the engine cannot say.
func (p *reParser) cannot(offset int, what string) {
	if p.unsupported == nil {
		p.unsupported = &RegexpError{Expr: p.expr, Offset: offset, Reason: "the RE2 engine has no " + what, Unsupported: true}
	}
}

// peek returns the code unit n places ahead, or -1 behind the end.
func (p *reParser) peek(n int) rune {
	if p.pos+n < len(p.in) {
		return rune(p.in[p.pos+n])
	}
	return -1
}

// take moves past c if it is next.
func (p *reParser) take(c rune) bool {
	if p.peek(0) == c {
		p.pos++
		return true
	}
	return false
}

// until returns the text up to the next c and moves past both.
func (p *reParser) until(c rune) (string, bool) {
	var b strings.Builder
	for i := p.pos; i < len(p.in); i++ {
		if rune(p.in[i]) == c {
			p.pos = i + 1
			return b.String(), true
		}
		b.WriteRune(rune(p.in[i]))
	}
	return "", false
}

// alternation reads up to a ')' or the end. Options set inside end with it.
func (p *reParser) alternation() (*reNode, error) {
	saved := p.opts
	defer func() { p.opts = saved }()
	var branches []*reNode
	for {
		branch, err := p.concatenation()
		if err != nil {
			return nil, err
		}
		branches = append(branches, branch)
		if !p.take('|') {
			break
		}
	}
	if len(branches) == 1 {
		return branches[0], nil
	}
	return &reNode{op: opAlternate, subs: branches}, nil
}

func (p *reParser) concatenation() (*reNode, error) {
	n := &reNode{op: opConcat}
	for {
		if err := p.skipBlank(); err != nil {
			return nil, err
		}
		if c := p.peek(0); c < 0 || c == '|' || c == ')' {
			return n, nil
		}
		atom, err := p.atom()
		if err != nil {
			return nil, err
		}
		if atom == nil { // options or a comment
			continue
		}
		if atom, err = p.quantified(atom); err != nil {
			return nil, err
		}
		n.subs = append(n.subs, atom)
	}
}

// skipBlank moves past comments and, where the option says so, white space, of which
// U+000B is none here.
func (p *reParser) skipBlank() error {
	for {
		c := p.peek(0)
		switch {
		case p.opts.spaced && (c == ' ' || '\t' <= c && c <= '\r' && c != '\v'):
			p.pos++
		case p.opts.spaced && c == '#':
			for c := p.peek(0); c >= 0 && c != '\n'; c = p.peek(0) {
				p.pos++
			}
		case c == '(' && p.peek(1) == '?' && p.peek(2) == '#':
			start := p.pos
			if _, ok := p.until(')'); !ok {
				return p.broken(start, "comment not closed")
			}
		default:
			return nil
		}
	}
}

// atom reads one piece without its quantifier; nil if it stands for nothing.
func (p *reParser) atom() (*reNode, error) {
	start := p.pos
	c := p.peek(0)
	p.pos++
	switch c {
	case '(':
		return p.group(start)
	case '[':
		set, err := p.class(start)
		return &reNode{op: opSet, set: set}, err
	case '\\':
		return p.escape(start)
	case '.':
		if p.opts.singleLine {
			return &reNode{op: opSet, set: unitSet(nil).not()}, nil
		}
		return &reNode{op: opSet, set: unitSet{{'\n', '\n'}}.not()}, nil
	case '^':
		if p.opts.multiline {
			return &reNode{op: opText, text: `(?m:^)`}, nil
		}
		return &reNode{op: opText, text: `\A`}, nil
	case '$':
		if p.opts.multiline {
			return &reNode{op: opText, text: `(?m:$)`}, nil
		}
		return &reNode{op: opEnd}, nil
	case '*', '+', '?':
		return nil, p.broken(start, "quantifier after nothing")
	case '{':
		p.pos--
		if _, _, ok, err := p.braces(); ok || err != nil {
			return nil, p.broken(start, "quantifier after nothing")
		}
		p.pos++
	}
	return p.char(c), nil
}

// char returns a piece that matches one code unit.
func (p *reParser) char(u rune) *reNode {
	return &reNode{op: opSet, set: p.cased(unitSet{{u, u}})}
}

// counting reports whether this is the first reading, from which nothing but the
// groups and the errors is taken. Sets may be left empty then.
func (p *reParser) counting() bool { return p.groups < 0 }

func (p *reParser) cased(s unitSet) unitSet {
	if p.opts.caseMatters || p.counting() {
		return s
	}
	return s.withCase()
}

// quantified reads the quantifier behind a piece, if there is one.
func (p *reParser) quantified(n *reNode) (*reNode, error) {
	if err := p.skipBlank(); err != nil {
		return nil, err
	}
	low, high, ok, err := p.quantifier()
	if err != nil || !ok {
		return n, err
	}
	if err := p.skipBlank(); err != nil {
		return nil, err
	}
	lazy := p.take('?')
	if err := p.skipBlank(); err != nil {
		return nil, err
	}
	start := p.pos
	if _, _, again, err := p.quantifier(); again || err != nil {
		return nil, p.broken(start, "quantifier after a quantifier")
	}
	return &reNode{op: opRepeat, subs: []*reNode{n}, min: low, max: high, lazy: lazy}, nil
}

func (p *reParser) quantifier() (low, high int, ok bool, err error) {
	switch p.peek(0) {
	case '*':
		p.pos++
		return 0, -1, true, nil
	case '+':
		p.pos++
		return 1, -1, true, nil
	case '?':
		p.pos++
		return 0, 1, true, nil
	case '{':
		return p.braces()
	}
	return 0, 0, false, nil
}

// braces reads "{n}", "{n,}" or "{n,m}". Anything else that begins with '{' is
// text.
func (p *reParser) braces() (low, high int, ok bool, err error) {
	start := p.pos
	p.pos++
	low, ok, err = p.decimal()
	if err != nil {
		return 0, 0, false, err
	}
	high = low
	if ok && p.take(',') {
		if high, ok, err = p.decimal(); err != nil {
			return 0, 0, false, err
		}
		if !ok {
			high, ok = -1, true
		}
	}
	if !ok || !p.take('}') {
		p.pos = start
		return 0, 0, false, nil
	}
	if high >= 0 && high < low {
		return 0, 0, false, p.broken(start, "quantifier with its bounds the wrong way round")
	}
	return low, high, true, nil
}

// decimal reads a number of 31 bits.
func (p *reParser) decimal() (n int, ok bool, err error) {
	start := p.pos
	for c := p.peek(0); '0' <= c && c <= '9'; c = p.peek(0) {
		n = n*10 + int(c-'0')
		if n > math.MaxInt32 {
			return 0, false, p.broken(start, "number too large")
		}
		p.pos++
	}
	return n, p.pos > start, nil
}
