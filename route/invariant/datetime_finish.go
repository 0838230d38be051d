package invariant

import "time"

// act does what a terminal says: a date or a time is complete. Afterwards the
// numbers are forgotten.
func (p *dateParser) act(terminal dateState) bool {
	ok := false
	switch {
	case terminal <= lastDateTerminal:
		ok = !p.haveDate && p.actDate(terminal)
		p.haveDate = p.haveDate || terminal != toMN && terminal != toNM
	case terminal <= lastTimeTerminal:
		ok = !p.haveTime && p.actTime(terminal)
		p.haveTime = true
	default:
		ok = p.actSuffix(terminal)
	}
	p.count = 0
	return ok
}

func (p *dateParser) actDate(terminal dateState) bool {
	n := p.nums
	switch terminal {
	case toNN:
		return p.setDate(p.now.Year(), n[0], n[1])
	case toNNN:
		return p.setDate(fourDigits(n[2]), n[0], n[1])
	case toMN:
		return p.setDate(p.now.Year(), p.month, n[0])
	case toNM:
		return p.setDate(fourDigits(n[0]), p.month, 1)
	case toMNN:
		return p.setDate(fourDigits(n[1]), p.month, n[0]) || p.setDate(fourDigits(n[0]), p.month, n[1])
	case toYNN:
		return p.setDate(p.year, n[0], n[1])
	case toYMN:
		return p.setDate(p.year, p.month, n[0])
	case toYN:
		return p.setDate(p.year, n[0], 1)
	}
	return p.setDate(p.year, p.month, 1) // toYM
}

func (p *dateParser) actTime(terminal dateState) bool {
	if terminal == toTN && p.half == noHalf {
		return false
	}
	copy(p.clock[:], p.nums[:1+terminal-toTN])
	return true
}

func (p *dateParser) actSuffix(terminal dateState) bool {
	switch terminal {
	case toDSN:
		if p.count != 1 || p.date[2] >= 0 {
			return false
		}
		p.date[2] = p.nums[0]
	case toNDS:
		if p.date[1] < 0 || p.date[0] >= 0 {
			return false
		}
		p.date[0], p.date[2] = fourDigits(p.nums[0]), 1
	case toNNDS:
		year, month, day := p.suffixes[suffixYear], p.suffixes[suffixMonth], p.suffixes[suffixDay]
		switch {
		case year && !month && !day:
			return p.setDate(fourDigits(p.year), p.nums[0], p.nums[1])
		case month && !year && !day:
			return p.setDate(fourDigits(p.nums[1]), p.month, p.nums[0])
		}
		return false
	}
	return true
}

// setDate notes a date if it exists.
func (p *dateParser) setDate(year, month, day int) bool {
	if !dateExists(year, month, day) {
		return false
	}
	p.date = [3]int{year, month, day}
	return true
}

func dateExists(year, month, day int) bool {
	return 1 <= year && year <= 9999 && 1 <= month && month <= 12 && 1 <= day && day <= daysIn(year, month)
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// fourDigits completes a year of two digits: 0 to 49 lie in this century, 50 to
// 99 in the last. The source moved the pivot from 2029 with .NET 8.
func fourDigits(year int) int {
	switch {
	case year < 50:
		return 2000 + year
	case year < 100:
		return 1900 + year
	}
	return year
}

// finish makes the time out of what was read.
func (p *dateParser) finish() (time.Time, bool) {
	p.fillDate()
	if !p.applyHalf() {
		return time.Time{}, false
	}
	y, m, d := p.date[0], p.date[1], p.date[2]
	hour, minute, second := p.clock[0], p.clock[1], p.clock[2]
	if !dateExists(y, m, d) || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	t := time.Date(y, time.Month(m), d, hour, minute, second, p.fraction*100, time.UTC)
	if t.Year() > 9999 || p.weekday >= 0 && int(t.Weekday()) != p.weekday {
		return time.Time{}, false
	}
	if !p.zoned {
		return t, true
	}
	return p.toLocal(t)
}

// fillDate completes the date from today.
func (p *dateParser) fillDate() {
	d := &p.date
	year, month, day := p.now.Date()
	switch {
	case d[0] < 0 && d[1] < 0 && d[2] < 0:
		*d = [3]int{year, int(month), day}
	case d[0] < 0:
		d[0] = year
	}
	if d[1] < 0 {
		d[1] = 1
	}
	if d[2] < 0 {
		d[2] = 1
	}
}

// applyHalf turns an hour of a half of the day to one of the day. It returns
// false if the half has no such hour.
func (p *dateParser) applyHalf() bool {
	hour := &p.clock[0]
	switch {
	case p.half == am && *hour > 12:
		return false
	case p.half == am && *hour == 12:
		*hour = 0
	case p.half == pm && *hour < 12:
		*hour += 12
	}
	return true
}

// toLocal turns what a clock of the zone shows to local time, which must have a
// year from 1 to 9999. On the first of all days an instant before its beginning
// gets a day added, since the source takes that date for a time without one.
func (p *dateParser) toLocal(t time.Time) (time.Time, bool) {
	if p.offset < -14*60 || p.offset > 14*60 {
		return time.Time{}, false
	}
	first := t.Year() == 1 && t.YearDay() == 1
	t = t.Add(-time.Duration(p.offset) * time.Minute).In(p.now.Location())
	if first && t.Year() < 1 {
		t = t.AddDate(0, 0, 1)
	}
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, false
	}
	return t, true
}
