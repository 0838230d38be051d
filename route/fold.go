package route

import (
	"cmp"
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

// lowerRune maps the code units that a regular expression that ignores case
// takes for each other to one of them.
func lowerRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return mapCase(lowerRanges, r)
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

// foldKey returns a text that is the same for all texts that equalFold takes for
// each other.
func foldKey(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'a' <= c && c <= 'z' {
			return foldSlow(s)
		}
	}
	return s
}

func foldSlow(s string) string {
	b := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b = append(b, s[i])
		} else {
			b = utf8.AppendRune(b, foldRune(r))
		}
		i += n
	}
	return string(b)
}

// foldHash returns a number that is the same for all texts that equalFold takes
// for each other. It is meant for texts of a program, not of strangers: those
// can make others with the same number.
func foldHash(s string) uint64 {
	h := uint64(14695981039346656037)
	for _, r := range s {
		h = (h ^ uint64(foldRune(r))) * 1099511628211
	}
	return h
}

// compareFold orders texts as the source orders names: by UTF-16 units, case
// ignored.
func compareFold(a, b string) int {
	for a != "" && b != "" {
		r, rn := utf8.DecodeRuneInString(a)
		t, tn := utf8.DecodeRuneInString(b)
		if d := cmp.Compare(unitOrder(foldRune(r)), unitOrder(foldRune(t))); d != 0 {
			return d
		}
		a, b = a[rn:], b[tn:]
	}
	return cmp.Compare(len(a), len(b))
}

// unitOrder maps a rune to a number that orders like its UTF-16 units: pairs of
// surrogates stand before U+E000.
func unitOrder(r rune) rune {
	if 0xE000 <= r && r <= 0xFFFF {
		return r + 0x110000
	}
	return r
}
