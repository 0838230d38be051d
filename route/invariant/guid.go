package invariant

import (
	"encoding/hex"
	"strings"
)

// A GUID is a globally unique identifier in the order of its text, which is that
// of RFC 9562. The types of common UUID packages convert: uuid.UUID(g).
type GUID [16]byte

// String returns the form with four hyphens, in lower case.
func (g GUID) String() string {
	var b [36]byte
	at := 0
	for i, n := range []int{4, 2, 2, 2, 6} {
		if i > 0 {
			b[at*2+i-1] = '-'
		}
		hex.Encode(b[at*2+i:], g[at:at+n])
		at += n
	}
	return string(b[:])
}

// ParseGUID reads a GUID in one of five forms, after trimming Unicode white:
//
//	N  dddddddddddddddddddddddddddddddd
//	D  dddddddd-dddd-dddd-dddd-dddddddddddd
//	B  {dddddddd-dddd-dddd-dddd-dddddddddddd}
//	P  (dddddddd-dddd-dddd-dddd-dddddddddddd)
//	X  {0xdddddddd,0xdddd,0xdddd,{0xdd,0xdd,0xdd,0xdd,0xdd,0xdd,0xdd,0xdd}}
//
// with hex digits of either case. As the source does, it takes a '+' and a "0x"
// at the start of a field in forms D, B and P, within the width of the field, and
// in form X white between all characters, numbers of any length with leading
// zeros, and silently cuts the second and third to 16 bits. The only error is
// [ErrFormat], also for a number beyond its field.
func ParseGUID(s string) (GUID, error) {
	s = TrimSpace(s)
	if utf16Less(s, 32) {
		return GUID{}, ErrFormat
	}
	at := func(i int, c byte) bool { return i < len(s) && s[i] == c }
	switch {
	case s[0] == '(':
		return parseEnclosed(s, ')')
	case s[0] == '{' && at(9, '-'):
		return parseEnclosed(s, '}')
	case s[0] == '{':
		return parseX(s)
	case at(8, '-'):
		return parseD(s)
	}
	var g GUID
	if len(s) != 32 || !hexDigits(s) {
		return g, ErrFormat
	}
	_, _ = hex.Decode(g[:], []byte(s)) // all digits are hex
	return g, nil
}

// IsGUID reports whether [ParseGUID] reads s.
func IsGUID(s string) bool {
	if len(s) == 36 && plainD(s) {
		return true
	}
	_, err := ParseGUID(s)
	return err == nil
}

// plainD reports whether the 36 bytes of s are form D without prefixes.
func plainD(s string) bool {
	if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	return hexDigits(s[:8]) && hexDigits(s[9:13]) && hexDigits(s[14:18]) && hexDigits(s[19:23]) && hexDigits(s[24:])
}

// utf16Less reports whether s has fewer than n UTF-16 code units.
func utf16Less(s string, n int) bool {
	units := 0
	for _, r := range s {
		units++
		if r > 0xFFFF {
			units++
		}
		if units >= n {
			return false
		}
	}
	return true
}

func parseEnclosed(s string, closing byte) (GUID, error) {
	if len(s) != 38 || s[37] != closing {
		return GUID{}, ErrFormat
	}
	return parseD(s[1:37])
}

// fieldsD are the fields of form D: where they stand and how many bytes each
// has. The last group is two fields, of which the first may bear a prefix.
var fieldsD = [...]struct{ start, end int }{{0, 8}, {9, 13}, {14, 18}, {19, 23}, {24, 28}, {28, 36}}

func parseD(s string) (GUID, error) {
	var g GUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return g, ErrFormat
	}
	lenient := strings.ContainsAny(s, "xX+")
	at := 0
	for i, f := range fieldsD {
		text := s[f.start:f.end]
		if lenient && i < len(fieldsD)-1 {
			text = trimHexPrefix(text)
		}
		if text == "" || !hexDigits(text) {
			return GUID{}, ErrFormat
		}
		n := hexValue(text)
		for width := (f.end - f.start) / 2; width > 0; width-- {
			g[at] = byte(n >> (8 * (width - 1)))
			at++
		}
	}
	return g, nil
}

// trimHexPrefix cuts an optional '+' and then an optional "0x".
func trimHexPrefix(s string) string {
	s = strings.TrimPrefix(s, "+")
	if len(s) >= 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = s[2:]
	}
	return s
}

func hexDigits(s string) bool {
	for i := range len(s) {
		if c := s[i]; c-'0' > 9 && c|0x20-'a' > 5 {
			return false
		}
	}
	return true
}

func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// hexValue returns the value of at most 16 hex digits.
func hexValue(s string) (n uint64) {
	for i := range len(s) {
		n = n<<4 | uint64(hexDigit(s[i]))
	}
	return n
}

// parseX reads form X. Each number is followed by what stands in ends.
func parseX(s string) (GUID, error) {
	s = strings.Map(func(r rune) rune {
		if IsSpace(r) {
			return -1
		}
		return r
	}, s)
	ends := [...]string{",", ",", ",{", ",", ",", ",", ",", ",", ",", ",", "}}"}
	var g GUID
	rest := s[1:]
	at := 0
	for i, end := range ends {
		digits, after, found := strings.Cut(rest, end[:1])
		if !found || !strings.HasPrefix(after, end[1:]) {
			return GUID{}, ErrFormat
		}
		rest = after[len(end)-1:]
		n, ok := numberX(digits)
		switch {
		case !ok || i > 2 && n > 0xFF:
			return GUID{}, ErrFormat
		case i == 0:
			g[0], g[1], g[2], g[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
			at = 4
		case i < 3:
			g[at], g[at+1] = byte(n>>8), byte(n)
			at += 2
		default:
			g[at] = byte(n)
			at++
		}
	}
	if rest != "" {
		return GUID{}, ErrFormat
	}
	return g, nil
}

// numberX reads "0x" and a number that may bear a sign and a prefix again. Signs
// and prefixes without digits have the value 0.
func numberX(s string) (uint64, bool) {
	if len(s) < 3 || s[0] != '0' || s[1]|0x20 != 'x' {
		return 0, false
	}
	s = strings.TrimLeft(trimHexPrefix(s[2:]), "0")
	if !hexDigits(s) || len(s) > 8 {
		return 0, false
	}
	return hexValue(s), true
}
