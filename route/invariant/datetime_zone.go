package invariant

import "unicode/utf8"

// readFraction reads the digits of a fraction of a second, rounded to 100 ns,
// half up. It reports whether there was a digit.
func (p *dateParser) readFraction() bool {
	start := p.pos
	for n := 0; p.pos < len(p.s) && isDigit(p.s[p.pos]); n++ {
		d := int(p.s[p.pos] - '0')
		switch {
		case n < 7:
			p.fraction = p.fraction*10 + d
		case n == 7 && d >= 5:
			p.fraction++
		}
		p.pos++
	}
	for n := p.pos - start; n < 7; n++ {
		p.fraction *= 10
	}
	return p.pos > start
}

// zoneAfterTime reads an offset, with white before it, if one follows.
func (p *dateParser) zoneAfterTime() bool {
	before := p.pos
	p.skip(-1)
	if r := p.peek(); r != '+' && r != '-' {
		p.pos = before
		return true
	}
	return !p.zoned && p.zone()
}

// zone reads an offset from UTC: a sign and "h", "hh", "h:m", "hh:mm", "hmm" or
// "hhmm".
func (p *dateParser) zone() bool {
	negative := p.s[p.pos] == '-'
	p.pos++
	hours, n := p.digits()
	minutes := 0
	switch n {
	case 1, 2:
		if p.peek() == ':' {
			p.pos++
			minutes, n = p.digits()
			if n < 1 || n > 2 {
				return false
			}
		}
	case 3, 4:
		hours, minutes = hours/100, hours%100
	default:
		return false
	}
	if minutes > 59 {
		return false
	}
	p.zoned, p.offset = true, hours*60+minutes
	if negative {
		p.offset = -p.offset
	}
	return true
}

// parseISO reads a time behind a date of year, month and day and a 'T'. What
// was read of other dates, times and halves of the day is forgotten, and a day
// of the week is not checked.
func (p *dateParser) parseISO() bool {
	p.date = [3]int{p.year, p.nums[0], p.nums[1]}
	p.clock, p.fraction = [3]int{}, 0
	p.half, p.weekday = noHalf, -1
	if !p.twoDigits(0) || !p.takeByte(':') || !p.twoDigits(1) {
		return false
	}
	if p.takeByte(':') {
		if !p.twoDigits(2) {
			return false
		}
		if r := p.peek(); r == '.' || r == ',' {
			p.pos++
			if !p.readFraction() {
				return false
			}
		}
	}
	p.skip(-1)
	switch p.peek() {
	case '+', '-':
		if !p.zone() {
			return false
		}
	case 'Z', 'z':
		p.pos++
		p.zoned, p.offset = true, 0
	}
	p.skip(-1)
	if p.peek() == '#' && !p.punctuation() {
		return false
	}
	p.skip(-1)
	return p.peek() < 0 || p.peek() == 0 && p.punctuation()
}

// twoDigits reads a part of the clock, with white before it.
func (p *dateParser) twoDigits(part int) bool {
	p.skip(-1)
	if len(p.s)-p.pos < 2 || !isDigit(p.s[p.pos]) || !isDigit(p.s[p.pos+1]) {
		return false
	}
	p.clock[part] = int(p.s[p.pos]-'0')*10 + int(p.s[p.pos+1]-'0')
	p.pos += 2
	return true
}

// takeByte moves past c, with white before it, if it is there.
func (p *dateParser) takeByte(c byte) bool {
	before := p.pos
	p.skip(-1)
	if r, _ := utf8.DecodeRuneInString(p.s[p.pos:]); r != rune(c) {
		p.pos = before
		return false
	}
	p.pos++
	return true
}
