package route

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/httptrigger/httptrigger/route/invariant"
)

// A unitRange is a range of UTF-16 code units, both ends included.
type unitRange struct{ lo, hi rune }

// A unitSet is a set of code units, not sorted.
type unitSet []unitRange

func (s *unitSet) add(lo, hi rune) { *s = append(*s, unitRange{lo, hi}) }

// sorted returns the set with its ranges in order and apart.
func (s unitSet) sorted() unitSet {
	all := slices.Clone(s)
	slices.SortFunc(all, func(a, b unitRange) int { return int(a.lo - b.lo) })
	out := all[:0]
	for _, r := range all {
		if n := len(out); n > 0 && r.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, r.hi)
			continue
		}
		out = append(out, r)
	}
	return out
}

// not returns the code units that are not in the set.
func (s unitSet) not() unitSet {
	var out unitSet
	next := rune(0)
	for _, r := range s.sorted() {
		if r.lo > next {
			out.add(next, r.lo-1)
		}
		next = r.hi + 1
	}
	if next <= 0xFFFF {
		out.add(next, 0xFFFF)
	}
	return out
}

// minus returns the code units of s that are not in t.
func (s unitSet) minus(t unitSet) unitSet {
	return append(s.not(), t...).not()
}

// withCase returns the set with the code units that are equal to one of it when
// case is ignored: those that have the same lower case.
func (s unitSet) withCase() unitSet {
	lower := unitSet{}
	for _, r := range s {
		for u := r.lo; u <= min(r.hi, 0x7F); u++ {
			lower.add(lowerRune(u), lowerRune(u))
		}
		if r.hi > 0x7F {
			lower.add(max(r.lo, 0x80), r.hi)
		}
	}
	for _, c := range lowerRanges {
		if !s.meets(c.lo, c.hi) {
			continue
		}
		for u := c.lo; u <= c.hi; u += c.stride {
			if s.has(u) {
				lower.add(u+c.delta, u+c.delta)
			}
		}
	}
	lower = lower.sorted()
	out := append(slices.Clone(s), lower...)
	for u := rune('A'); u <= 'Z'; u++ {
		if lower.has(u | 0x20) {
			out.add(u, u)
		}
	}
	for _, c := range lowerRanges {
		if !lower.meets(c.lo+c.delta, c.hi+c.delta) {
			continue
		}
		for u := c.lo; u <= c.hi; u += c.stride {
			if lower.has(u + c.delta) {
				out.add(u, u)
			}
		}
	}
	return out
}

func (s unitSet) has(u rune) bool { return s.meets(u, u) }

// meets reports whether a unit from lo to hi is in the set.
func (s unitSet) meets(lo, hi rune) bool {
	for _, r := range s {
		if r.lo <= hi && lo <= r.hi {
			return true
		}
	}
	return false
}

// write prints the set as a class of RE2, over the runes that stand for code
// units.
func (s unitSet) write(b *strings.Builder) {
	s.class(b, `[^\x00-\x{10FFFF}]`, func(r rune) {
		b.WriteString(`\x{` + strconv.FormatInt(int64(r), 16) + `}`)
	})
}

// writePerl prints the set as a class of a backtracking engine. Characters that
// mean something there are printed by their code: engines disagree on what "\-"
// does at the end of a range.
func (s unitSet) writePerl(b *strings.Builder) {
	s.class(b, `(?!)`, func(r rune) {
		if strings.ContainsRune(`\[]^-`, r) {
			fmt.Fprintf(b, `\x%02X`, r)
			return
		}
		b.WriteRune(r)
	})
}

func (s unitSet) class(b *strings.Builder, empty string, char func(rune)) {
	all := s.sorted()
	if len(all) == 0 {
		b.WriteString(empty)
		return
	}
	b.WriteByte('[')
	for _, r := range all {
		for _, piece := range [...]unitRange{{0, 0xD7FF}, {0xD800, 0xDFFF}, {0xE000, 0xFFFF}} {
			lo, hi := max(r.lo, piece.lo), min(r.hi, piece.hi)
			if lo > hi {
				continue
			}
			char(unitRune(lo))
			if lo < hi {
				b.WriteByte('-')
				char(unitRune(hi))
			}
		}
	}
	b.WriteByte(']')
}

// tableSet returns the code units of a Unicode table.
func tableSet(tables ...*unicode.RangeTable) unitSet {
	var out unitSet
	for _, t := range tables {
		for _, r := range t.R16 {
			if r.Stride == 1 {
				out.add(rune(r.Lo), rune(r.Hi))
				continue
			}
			for u := rune(r.Lo); u <= rune(r.Hi); u += rune(r.Stride) {
				out.add(u, u)
			}
		}
	}
	return out
}

func digitSet() unitSet { return tableSet(unicode.Nd) }

func wordSet() unitSet { return tableSet(unicode.L, unicode.Mn, unicode.Nd, unicode.Pc) }

func spaceSet() unitSet {
	var out unitSet
	for u := rune(0); u <= 0x3000; u++ {
		if invariant.IsSpace(u) {
			out.add(u, u)
		}
	}
	return out
}

// categorySet returns the code units of a general category or of a block. When case is
// ignored, the three categories of cased letters are one.
func categorySet(name string, caseMatters bool) (unitSet, bool) {
	assigned := tableSet(unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C)
	switch name {
	case "Cn":
		return assigned.not(), true
	case "C":
		return append(tableSet(unicode.C), assigned.not()...), true
	case "Lu", "Ll", "Lt":
		if !caseMatters {
			return tableSet(unicode.Lu, unicode.Ll, unicode.Lt), true
		}
		return tableSet(unicode.Categories[name]), true
	case "L", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No",
		"P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So",
		"Z", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co":
		return tableSet(unicode.Categories[name]), true
	}
	if block, ok := strings.CutPrefix(name, "Is"); ok {
		r, ok := unicodeBlocks[block]
		return unitSet{r}, ok
	}
	return nil, false
}
