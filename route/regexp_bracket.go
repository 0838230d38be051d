package route

// bracket reads a class such as [a-z-[aeiou]].
type bracket struct {
	p        *reParser
	start    int  // of its '['
	from     rune // the start of a range that has been opened, or -1
	literal  unitSet
	named    unitSet // of \d, \p{L} and the like, which case does not touch
	excluded unitSet
}

// class reads a class from behind its '['.
func (p *reParser) class(start int) (unitSet, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.broken(start, "classes nested too deep")
	}
	defer func() { p.depth-- }()
	b := bracket{p: p, start: start, from: -1}
	negated := p.take('^')
	for first := true; first || p.peek(0) != ']'; first = false {
		if err := b.next(first); err != nil {
			return nil, err
		}
	}
	p.pos++
	if p.counting() {
		return nil, nil
	}
	set := append(p.cased(b.literal), b.named...)
	if negated {
		set = set.not()
	}
	if b.excluded == nil {
		return set, nil
	}
	return set.minus(b.excluded), nil
}

// next reads one thing of the class. A ']' that comes first is one.
func (b *bracket) next(first bool) error {
	p, at := b.p, b.p.pos
	u := p.peek(0)
	if u < 0 {
		return p.broken(b.start, "class not closed")
	}
	p.pos++
	if u != '\\' || p.peek(0) < 0 {
		return b.char(at, u, false, first)
	}
	if p.take('-') {
		if b.from < 0 { // "\-" opens no range
			b.literal.add('-', '-')
			return nil
		}
		return b.char(at, '-', true, first)
	}
	set, ok, err := p.shorthand(at)
	switch {
	case err != nil:
		return err
	case ok && b.from >= 0:
		return p.broken(at, "a class as an end of a range")
	case ok:
		b.named = append(b.named, set...)
		return nil
	}
	if u, err = p.charEscape(at); err != nil {
		return err
	}
	return b.char(at, u, true, first)
}

// char takes a code unit that has been read: as an end of a range, as the start
// of one or of a class to subtract, or as itself.
func (b *bracket) char(at int, u rune, escaped, first bool) error {
	p, from := b.p, b.from
	b.from = -1
	switch {
	case from >= 0 && u == '[' && !escaped && !first:
		b.literal.add(from, from)
		return b.subtract()
	case from > u:
		return p.broken(at, "range with its ends the wrong way round")
	case from >= 0:
		b.literal.add(from, u)
	case p.peek(0) == '-' && p.peek(1) >= 0 && p.peek(1) != ']':
		b.from = u
		p.pos++
	case u == '-' && !escaped && p.peek(0) == '[' && !first:
		p.pos++
		return b.subtract()
	default:
		b.literal.add(u, u)
	}
	return nil
}

// subtract reads the class behind a "-[", which has to be the last thing.
func (b *bracket) subtract() error {
	set, err := b.p.class(b.p.pos - 1)
	if err != nil {
		return err
	}
	if c := b.p.peek(0); c >= 0 && c != ']' {
		return b.p.broken(b.p.pos, "a subtracted class is not the last thing in its class")
	}
	b.excluded = append(b.excluded, set...)
	return nil
}
