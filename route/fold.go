package route

import (
	"sort"
	"unicode/utf8"
)

//go:generate go run fold_gen.go

// A caseRange maps every stride-th rune from lo through hi by adding delta.
type caseRange struct {
	lo, hi        rune
	stride, delta rune
}

func mapCase(table []caseRange, r rune) rune {
	i := sort.Search(len(table), func(i int) bool { return r <= table[i].hi })
	if i < len(table) {
		if c := &table[i]; r >= c.lo && (r-c.lo)%c.stride == 0 {
			return r + c.delta
		}
	}
	return r
}

// foldRune maps runes that the ordinal comparison takes for each other to one
// of them. strings.EqualFold is another relation: it takes 'k' for the Kelvin
// sign and 's' for the long s.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}
	return mapCase(upperRanges, r)
}

// equalFold reports whether a and b are equal in the ordinal comparison that
// ignores case.
func equalFold(a, b string) bool {
	n, ok := foldPrefix(a, b)
	return ok && n == len(a)
}

// foldPrefix reports whether s begins with text, case ignored, and how many
// bytes of s that takes: letters of one class may differ in length.
func foldPrefix(s, text string) (n int, ok bool) {
	i := 0
	for j := 0; j < len(text); {
		if i == len(s) {
			return 0, false
		}
		c, d := s[i], text[j]
		if c < utf8.RuneSelf && d < utf8.RuneSelf {
			if c != d && foldRune(rune(c)) != foldRune(rune(d)) {
				return 0, false
			}
			i++
			j++
			continue
		}
		r, rn := utf8.DecodeRuneInString(s[i:])
		t, tn := utf8.DecodeRuneInString(text[j:])
		if r != t && foldRune(r) != foldRune(t) || r == utf8.RuneError && rn != tn {
			return 0, false // a byte that is no UTF-8 is not U+FFFD
		}
		i += rn
		j += tn
	}
	return i, true
}

// foldLastIndex finds the rightmost place in s where text stands, case ignored,
// and how many bytes it takes there.
func foldLastIndex(s, text string) (index, n int) {
	for i := len(s); i >= 0; i-- {
		if i < len(s) && !utf8.RuneStart(s[i]) {
			continue
		}
		if n, ok := foldPrefix(s[i:], text); ok {
			return i, n
		}
	}
	return -1, 0
}
