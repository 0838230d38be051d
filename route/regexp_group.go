package route

import "strings"

// group reads what stands behind a '('. It returns nil for options, which stand
// for nothing.
func (p *reParser) group(start int) (*reNode, error) {
	if p.depth++; p.depth > maxDepth {
		p.depth--
		return nil, p.broken(start, "groups nested too deep")
	}
	defer func() { p.depth-- }()
	if p.peek(0) != '?' {
		if p.opts.explicit {
			return p.inside(start, "(?:")
		}
		p.opened++
		return p.inside(start, "(")
	}
	if p.peek(1) == ')' { // a group that begins with the '?', not one of no options
		return nil, p.broken(start+1, "quantifier after nothing")
	}
	p.pos++
	c := p.peek(0)
	p.pos++
	switch c {
	case ':':
		return p.inside(start, "(?:")
	case '=', '!':
		p.cannot(start, "look-ahead")
		return p.inside(start, "(?"+string(c))
	case '>':
		p.cannot(start, "atomic groups")
		return p.inside(start, "(?>")
	case '(':
		p.cannot(start, "conditional groups")
		return p.conditional(start)
	case '<', '\'':
		if next := p.peek(0); c == '<' && (next == '=' || next == '!') {
			p.pos++
			p.cannot(start, "look-behind")
			return p.inside(start, "(?<"+string(next))
		}
		return p.named(start, c)
	}
	p.pos--
	return p.optionGroup(start)
}

// inside reads a group's content and its ')'. The group begins with open.
func (p *reParser) inside(start int, open string) (*reNode, error) {
	n, err := p.alternation()
	if err == nil && !p.take(')') {
		err = p.broken(start, "group not closed")
	}
	if err != nil {
		return nil, err
	}
	if open == "(?:" {
		return &reNode{op: opAlternate, subs: []*reNode{n}}, nil
	}
	return &reNode{op: opGroup, text: open, subs: []*reNode{n}}, nil
}

// named reads "(?<name>", "(?'name'" or a balancing group.
func (p *reParser) named(start int, quote rune) (*reNode, error) {
	closing := quote
	if quote == '<' {
		closing = '>'
	}
	name, ok := p.until(closing)
	if !ok {
		return nil, p.broken(start, "group name not closed")
	}
	name, other, balancing := strings.Cut(name, "-")
	if !validGroupName(name) && !(balancing && name == "") || balancing && !validGroupName(other) {
		return nil, p.broken(start, "bad group name")
	}
	if balancing {
		if !p.defined(other) {
			return nil, p.broken(start, "reference to a group that is not there")
		}
		p.cannot(start, "balancing groups")
	}
	if name != "" {
		if p.names == nil {
			p.names = map[string]bool{}
		}
		p.names[name] = true
	}
	if balancing {
		return p.inside(start, "(?<"+name+"-"+other+">")
	}
	return p.inside(start, "(?<"+name+">")
}

// validGroupName reports whether name is a positive number or a word that does
// not begin with a digit.
func validGroupName(name string) bool {
	if name == "" || name[0] == '0' {
		return false
	}
	word := wordSet()
	number := name[0] >= '1' && name[0] <= '9'
	for _, r := range name {
		if number && (r < '0' || r > '9') || !word.has(r) {
			return false
		}
	}
	return !number || len(name) < 10
}

// defined reports whether there is a group of that name or number. While groups
// are being counted, there is.
func (p *reParser) defined(name string) bool {
	if p.counting() || p.names[name] {
		return true
	}
	n := 0
	for _, r := range name {
		if r < '0' || r > '9' || n > p.groups {
			return false
		}
		n = n*10 + int(r-'0')
	}
	// Groups with names of their own are numbered behind the others.
	return n <= p.groups+len(p.names)
}

// conditional reads "(?(condition)yes|no)". The condition is a group if there is
// one of that name or number, else an expression that looks ahead.
func (p *reParser) conditional(start int) (*reNode, error) {
	made := &reNode{op: opCondition}
	before := p.pos
	name, closed := p.until(')')
	if closed && validGroupName(name) && p.defined(name) {
		made.text = name
	} else {
		if closed && name != "" && strings.Trim(name, "0123456789") == "" {
			return nil, p.broken(start, "reference to a group that is not there")
		}
		p.pos = before
		condition, err := p.condition(start)
		if err != nil {
			return nil, err
		}
		made.subs = []*reNode{nil, condition}
	}
	branches, err := p.alternation()
	if err == nil && !p.take(')') {
		err = p.broken(start, "group not closed")
	}
	if err == nil && branches.op == opAlternate && len(branches.subs) > 2 {
		err = p.broken(start, "more than two branches in a conditional group")
	}
	if made.subs == nil {
		made.subs = []*reNode{nil}
	}
	made.subs[0] = branches
	return made, err
}

// condition reads an expression that is a condition; it may be a look-around.
func (p *reParser) condition(start int) (*reNode, error) {
	if p.peek(0) != '?' {
		return p.inside(start, "(?:")
	}
	n, err := p.group(start)
	if err == nil && n == nil {
		err = p.broken(start, "options as a condition")
	}
	return n, err
}

// optionGroup reads "(?imnsx-imnsx)" or "(?imnsx-imnsx:".
func (p *reParser) optionGroup(start int) (*reNode, error) {
	opts, off := p.opts, false
	for {
		c := p.peek(0)
		p.pos++
		switch c | 0x20 {
		case 'i':
			opts.caseMatters = off
		case 'm':
			opts.multiline = !off
		case 'n':
			opts.explicit = !off
		case 's':
			opts.singleLine = !off
		case 'x':
			opts.spaced = !off
		default:
			switch c {
			case '+', '-':
				off = c == '-'
			case ')':
				p.opts = opts
				return nil, nil
			case ':':
				saved := p.opts
				p.opts = opts
				n, err := p.inside(start, "(?:")
				p.opts = saved
				return n, err
			default:
				return nil, p.broken(start, "unknown kind of group")
			}
		}
	}
}
