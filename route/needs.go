package route

import (
	"math"
	"strconv"
	"strings"
)

// needs is what is known of the values that a segment accepts. All of it is
// necessary, none of it sufficient: two segments whose needs contradict exclude
// each other, and two whose needs do not may exclude each other all the same.
type needs struct {
	shortest, longest int64  // in UTF-16 units
	least, most       int64  // of the number, where one is asked for
	number            bool   // an integer is asked for
	kinds             []kind // the constraints
	head, tail        string // what it begins and ends with
	holds             string // texts that are in it
}

// needsOf returns what segment i of a template asks of a value in a path.
func needsOf(t *Template, i int) needs {
	n := needs{shortest: 1, longest: math.MaxInt64, least: math.MinInt64, most: math.MaxInt64}
	seg := &t.segments[i]
	if p := seg.param(); p >= 0 {
		n.addConstraints(t.params[p].constraints)
		return n
	}
	n.shortest = 0
	for j := range seg.parts {
		part := &seg.parts[j]
		switch {
		case part.separator || part.param >= 0 && t.params[part.param].optional:
		case part.param >= 0:
			n.shortest++
		default:
			n.shortest += int64(utf16Len(part.literal))
			n.holds += part.literal
			if j == 0 {
				n.head = part.literal
			}
			if j == len(seg.parts)-1 {
				n.tail = part.literal
			}
		}
	}
	return n
}

func (n *needs) addConstraints(constraints []Constraint) {
	for i := range constraints {
		c := &constraints[i]
		n.kinds = append(n.kinds, c.kind)
		switch c.kind {
		case kindMinLength, kindMaxLength, kindLength:
			n.shortest, n.longest = max(n.shortest, c.lo), min(n.longest, c.hi)
		case kindMin, kindMax, kindRange:
			n.addNumber(c.lo, c.hi)
		case kindInt:
			n.addNumber(math.MinInt32, math.MaxInt32)
		case kindLong:
			n.addNumber(math.MinInt64, math.MaxInt64)
		case kindGUID:
			n.shortest = max(n.shortest, 32)
		case kindBool:
			n.shortest = max(n.shortest, 4)
		}
	}
}

func (n *needs) addNumber(least, most int64) {
	n.number = true
	n.least, n.most = max(n.least, least), min(n.most, most)
	switch {
	case n.least > 0:
		n.shortest = max(n.shortest, int64(len(strconv.FormatInt(n.least, 10))))
	case n.most < 0:
		n.shortest = max(n.shortest, int64(len(strconv.FormatInt(n.most, 10))))
	}
}

// excludes reports whether no value meets both.
func (n needs) excludes(other needs) bool {
	shortest, longest := max(n.shortest, other.shortest), min(n.longest, other.longest)
	if shortest > longest {
		return true
	}
	if n.number && other.number && max(n.least, other.least) > min(n.most, other.most) {
		return true
	}
	if headsDiffer(n.head, other.head) || headsDiffer(reversed(n.tail), reversed(other.tail)) {
		return true
	}
	for _, k := range n.kinds {
		if !k.mayHold(other.holds) {
			return true
		}
		for _, l := range other.kinds {
			if k.excludes(l) || l.excludes(k) {
				return true
			}
		}
	}
	for _, l := range other.kinds {
		if !l.mayHold(n.holds) {
			return true
		}
	}
	return false
}

// excludes reports whether no value is of both kinds, for the pairs where that
// can be read off their definitions: an integer has a digit and no letter, a
// boolean and a word have no digit, the name of a file has a period. What is left
// out overlaps or is not certain: thirty-two digits are an integer and a GUID.
func (k kind) excludes(other kind) bool {
	switch k {
	case kindInt, kindLong, kindMin, kindMax, kindRange:
		return other == kindAlpha || other == kindBool || other == kindFile
	case kindDecimal:
		return other == kindAlpha || other == kindBool
	case kindDouble, kindFloat:
		return other == kindBool
	case kindDateTime:
		return other == kindAlpha || other == kindBool
	case kindGUID:
		return other == kindBool || other == kindFile
	case kindFile:
		return other == kindAlpha || other == kindBool || other == kindNonFile
	}
	return false
}

// mayHold reports whether a value of the kind may have text in it, as far as
// that is known.
func (k kind) mayHold(text string) bool {
	var chars string
	switch k {
	case kindInt, kindLong, kindMin, kindMax, kindRange:
		chars = "0123456789+-"
	case kindDecimal:
		chars = "0123456789+-.,"
	case kindAlpha:
		chars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	default:
		return true
	}
	for i := range len(text) {
		// White space and control characters may stand around some of these.
		if text[i] > ' ' && strings.IndexByte(chars, text[i]) < 0 {
			return false
		}
	}
	return true
}

// headsDiffer reports whether no text begins with both a and b.
func headsDiffer(a, b string) bool {
	for i := range min(len(a), len(b)) {
		if a[i] >= 0x80 || b[i] >= 0x80 {
			return false
		}
		if !equalLetters(a[i:i+1], b[i:i+1]) {
			return true
		}
	}
	return false
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
