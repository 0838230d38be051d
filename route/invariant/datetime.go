package invariant

import (
	"time"
	"unicode"
	"unicode/utf8"
)

// ParseDateTime reads a date, a time or both in the many forms the source takes
// without being told one: "2009-06-15T13:45:30Z", "6/15/2009 1:45 PM",
// "15 Jun, 2009", "13:45". Numbers stand in the order month, day, year unless
// the year is known by its three or more digits; a year of one or two digits lies
// in 1950 to 2049. Years are 1 to 9999, and 24:00 and leap seconds are no times.
//
// What the text leaves out comes from now: of a text without a date all of
// today, of one without a year this year; a missing month or day beside a year
// is the first. A missing time is midnight.
//
// A text with a zone is an instant; t has the location of now, and zoned is
// true. Without a zone t is what a wall clock shows, in UTC. The only error is
// [ErrFormat], also for a date that does not exist.
func ParseDateTime(s string, now time.Time) (t time.Time, zoned bool, err error) {
	p := dateParser{s: s, now: now, month: -1, year: -1, weekday: -1, date: [3]int{-1, -1, -1}}
	if !p.parse() {
		return time.Time{}, false, ErrFormat
	}
	t, ok := p.finish()
	if !ok {
		return time.Time{}, false, ErrFormat
	}
	return t, p.zoned, nil
}

// dateParser reads a text token by token and lets a table of states say what
// the tokens amount to (Globalization/DateTimeParse.cs).
type dateParser struct {
	s   string
	pos int
	now time.Time

	// What has been read and is not yet part of the result.
	nums        [3]int // numbers of one or two digits
	count       int    // of nums
	year, month int    // a number of three or more digits; a name. -1: none yet

	// The result so far.
	date     [3]int // year, month, day; -1: not known
	clock    [3]int // hour, minute, second
	fraction int    // of the second, in 100 ns
	half     half
	weekday  int // -1: not given
	zoned    bool
	offset   int // of the zone, in minutes
	haveDate bool
	haveTime bool
	suffixes [6]bool // which of year, month, day, hour, minute, second came with a suffix
	complete bool    // a terminal was reached
}

// half tells the halves of the day.
type half uint8

const (
	noHalf half = iota
	am
	pm
)

// parse reads the whole text. It returns false if that is no date or time.
func (p *dateParser) parse() bool {
	state := inB
	for {
		token, ok := p.next(state)
		if !ok {
			return false
		}
		if token == none {
			continue
		}
		if token == numMark {
			return (state == inYN || state == inYNd) && p.parseISO()
		}
		state = dateTable[state][token]
		switch {
		case state == fail:
			return false
		case state > lastState:
			if !p.act(state) {
				return false
			}
			p.complete = true
			state = inB
		}
		if token == end || token == numEnd || token == monthEnd {
			return p.complete
		}
	}
}

// peek returns the rune at pos, or -1 at the end.
func (p *dateParser) peek() rune {
	if p.pos >= len(p.s) {
		return -1
	}
	r, _ := utf8.DecodeRuneInString(p.s[p.pos:])
	return r
}

func (p *dateParser) skip(also rune) {
	for p.pos < len(p.s) {
		r, n := utf8.DecodeRuneInString(p.s[p.pos:])
		if !IsSpace(r) && r != also {
			return
		}
		p.pos += n
	}
}

// digits reads a run of ASCII digits. Its value is meaningful up to 8 digits.
func (p *dateParser) digits() (value, n int) {
	for p.pos < len(p.s) && isDigit(p.s[p.pos]) {
		if n < 9 {
			value = value*10 + int(p.s[p.pos]-'0')
		}
		p.pos++
		n++
	}
	return value, n
}

// next reads a token, in a given state. A token that changes nothing in any
// state is none.
func (p *dateParser) next(state dateState) (dateToken, bool) {
	p.skip(-1)
	r := p.peek()
	switch {
	case r < 0:
		return end, true
	case r < utf8.RuneSelf && isDigit(byte(r)):
		return p.number(state)
	case r == ',' || r == '.':
		p.pos++
		return none, true
	case r == '+' || r == '-':
		return none, !p.zoned && p.zone()
	case r == '#' || r == 0:
		return none, p.punctuation()
	}
	return p.word(state)
}

// number reads a number with what stands behind it.
func (p *dateParser) number(state dateState) (dateToken, bool) {
	value, n := p.digits()
	if n > 8 || p.count == 3 {
		return none, false
	}
	if state == inNNt && (p.peek() == '.' || p.peek() == ',') {
		p.pos++
		p.readFraction()
	}
	if (state == inNt || state == inNNt) && !p.zoneAfterTime() {
		return none, false
	}
	if n < 3 {
		return p.shortNumber(state, value)
	}
	if p.year >= 0 {
		return none, false
	}
	p.year = value
	switch sep, which := p.separator(state, yearDsep, yearSpace); sep {
	case sepEnd:
		return yearEnd, true
	case sepSpace:
		return yearSpace, true
	case sepDate:
		return yearDsep, true
	case sepHalf:
		if !p.setHalf(half(which)) {
			return none, true // number and mark are dropped
		}
		return yearSpace, true
	case sepSuffix:
		return p.suffix(value, which)
	}
	return none, false
}

// shortNumber goes on behind a number of one or two digits.
func (p *dateParser) shortNumber(state dateState, value int) (dateToken, bool) {
	sep, which := p.separator(state, numDsep, numSpace)
	token := none
	switch sep {
	case sepEnd:
		token = numEnd
	case sepSpace:
		token = numSpace
	case sepDate:
		token = numDsep
	case sepTime:
		token = numTsep
	case sepMark:
		token = numMark
	case sepHalf:
		if !p.setHalf(half(which)) {
			return none, true // number and mark are dropped
		}
		if state == inDNN && !p.act(toNN) {
			return none, false
		}
		token = numAmpm
	case sepSuffix:
		if which == suffixYear {
			value = fourDigits(value)
		}
		return p.suffix(value, which)
	}
	p.nums[p.count] = value
	p.count++
	return token, true
}

func (p *dateParser) setHalf(h half) bool {
	if p.half != noHalf {
		return false
	}
	p.half = h
	return true
}

// suffix stores a number that a suffix gave its place. The same suffix twice is
// an error.
func (p *dateParser) suffix(value, which int) (dateToken, bool) {
	if p.suffixes[which] {
		return none, false
	}
	p.suffixes[which] = true
	if which > suffixDay {
		p.clock[which-suffixHour] = value
		return numTsuff, true
	}
	p.date[which] = value
	switch which {
	case suffixYear:
		p.year = value
	case suffixMonth:
		p.month = value
	}
	return numDsuff, true
}

// separator reads what stands behind a number or a month name: white, and then
// a separator if one is there. Where a '-' would be an error as one and a space
// would complete a date or a time, it is left for a zone to begin with.
func (p *dateParser) separator(state dateState, asDate, asSpace dateToken) (sep separatorKind, which int) {
	before := p.pos
	p.skip('\u200F')
	switch r := p.peek(); {
	case r < 0:
		return sepEnd, 0
	case r == '/':
		p.pos++
		return sepDate, 0
	case r == ':':
		p.pos++
		return sepTime, 0
	case r == '-':
		if dateTable[state][asDate] == fail && dateTable[state][asSpace] > lastState {
			p.pos = before
			return sepSpace, 0
		}
		p.pos++
		return sepDate, 0
	case unicode.IsLetter(r):
		for i := range separatorWords {
			if w := &separatorWords[i]; p.take(w.text) {
				return w.sep, w.which
			}
		}
	}
	return sepSpace, 0
}

// take moves past word if it stands at pos, case ignored, and no letter follows.
// The word is in lower case.
func (p *dateParser) take(word string) bool {
	next := p.pos + len(word)
	if next > len(p.s) || !equalASCII(p.s[p.pos:next], word) {
		return false
	}
	if r, _ := utf8.DecodeRuneInString(p.s[next:]); unicode.IsLetter(r) {
		return false
	}
	p.pos = next
	return true
}

// word reads a word at the start of a token.
func (p *dateParser) word(state dateState) (dateToken, bool) {
	for i := range dateWords {
		w := &dateWords[i]
		if !p.take(w.text) {
			continue
		}
		switch w.token {
		case zone:
			if p.zoned {
				return none, false
			}
			p.zoned, p.offset = true, 0
		case dayOfWeek:
			if p.weekday >= 0 {
				return none, false
			}
			p.weekday = w.value
		case none:
			return none, p.setHalf(half(w.value))
		case monthSpace:
			return p.monthName(state, w.value)
		}
		return w.token, true
	}
	return none, false
}

func (p *dateParser) monthName(state dateState, month int) (dateToken, bool) {
	if p.month >= 0 {
		return none, false
	}
	p.month = month
	switch sep, _ := p.separator(state, monthDsep, monthSpace); sep {
	case sepEnd:
		return monthEnd, true
	case sepSpace:
		return monthSpace, true
	case sepDate:
		return monthDsep, true
	}
	return none, false
}

// punctuation accepts a pair of '#' around the rest, and U+0000 at the end.
func (p *dateParser) punctuation() bool {
	if p.s[p.pos] == 0 {
		if !atEnd(p.s, p.pos) {
			return false
		}
		p.pos = len(p.s)
		return true
	}
	marks := 0
	for _, r := range p.s {
		switch {
		case r == '#':
			marks++
		case r == 0:
			if marks < 2 {
				return false
			}
		case !IsSpace(r) && marks != 1:
			return false
		}
	}
	p.pos++
	return marks == 2
}
