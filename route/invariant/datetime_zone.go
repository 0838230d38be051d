package invariant

import (
	"math"
	"unicode/utf8"
)

// readFraction reads the digits of a fraction of a second and rounds it to 100 ns.
// It reports whether there was a digit.
//
// The source adds the digits up in binary floating point (DateTimeParse.cs,
// ParseFraction), which says how what lies in the middle is rounded. The conversions
// keep a compiler from fusing multiplication and addition.
func (p *dateParser) readFraction() bool {
	start := p.pos
	sum, place := 0.0, 0.1
	for p.pos < len(p.s) && isDigit(p.s[p.pos]) {
		sum += float64(float64(p.s[p.pos]-'0') * place)
		place = float64(place * 0.1)
		p.pos++
	}
	p.fraction = int(math.RoundToEven(float64(sum * 1e7)))
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
