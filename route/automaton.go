package route

import (
	"unicode/utf16"
	"unicode/utf8"
)

// An automaton decides a regular expression: one step of a table for each code
// unit of a text, whatever the expression, and none behind the unit that decides.
// It knows whether there is a match and nothing else, which is all that a
// constraint asks. It is immutable and keeps no scratch memory, so it may be used
// by several goroutines at once.
//
// Code units that no part of the expression tells apart are of one class. A row of
// the table says for each class which row is next. A row stands for the number of
// its first cell, so a step is a lookup and an addition.
type automaton struct {
	ascii [utf8.RuneSelf]uint8 // the classes of the ASCII characters
	other unitClasses          // the classes of the other code units

	next   []uint16 // rows of accept cells each, the last of them for the end of the text
	start  uint16   // the row to begin with
	accept uint16   // the row that is a match; row 0 has none ahead
}

// Match reports whether the expression matches anywhere in text. A byte that is
// no UTF-8 counts as U+FFFD.
func (a *automaton) Match(text string) (bool, error) { return a.matches(text), nil }

func (a *automaton) matches(text string) bool {
	next, row, accept := a.next, int(a.start), int(a.accept)
	for i := 0; i < len(text) && row != 0 && row != accept; {
		if c := text[i]; c < utf8.RuneSelf {
			row = int(next[row+int(a.ascii[c])])
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if r > 0xFFFF {
			high, low := utf16.EncodeRune(r)
			row = int(next[row+int(a.other.of(high))])
			r = low
		}
		row = int(next[row+int(a.other.of(r))])
		i += size
	}
	return int(next[row+accept-1]) == accept
}

// unitClasses tells the classes of code units that are not ASCII: by comparing
// them with where runs of units of one class begin, or from pages if that would
// take long.
type unitClasses struct {
	from    []uint16 // where runs begin, ascending; the first run takes all before
	classes []uint8  // of the runs, or of the units of the pages
	pages   []uint16 // for each page of units the number of its classes; nil without
}

const (
	pageBits = 6  // of a unit's place in its page
	maxRuns  = 12 // to be looked through one by one
)

func (c *unitClasses) of(u rune) uint8 {
	if c.pages != nil {
		return c.classes[int(c.pages[u>>pageBits])<<pageBits|int(u&(1<<pageBits-1))]
	}
	n := 0
	for n < len(c.from) && rune(c.from[n]) <= u {
		n++
	}
	return c.classes[n]
}
