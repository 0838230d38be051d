package invariant

import (
	"errors"
	"math"
	"strings"
)

// ErrFormat says that a text is not of the form that was asked for.
var ErrFormat = errors.New("wrong format")

// ErrRange says that a text is of the right form and its value beyond the type.
var ErrRange = errors.New("value out of range")

// Int reads a signed integer of 8, 16, 32 or 64 bits: white, an optional sign,
// ASCII digits, white. Leading zeros are fine; trailing U+0000 are passed over.
func Int(s string, bits int) (int64, error) {
	if n, ok := plain(s); ok && bits >= 32 {
		return n, nil
	}
	n, negative, err := magnitude(s)
	limit := uint64(1) << (bits - 1)
	switch {
	case err != nil:
		return 0, err
	case negative && n <= limit:
		return -int64(n), nil
	case !negative && n < limit:
		return int64(n), nil
	}
	return 0, ErrRange
}

// Uint reads an unsigned integer of 8, 16, 32 or 64 bits in the syntax of
// [Int]. A minus sign is only fine before zero; other values are out of range.
func Uint(s string, bits int) (uint64, error) {
	n, negative, err := magnitude(s)
	switch {
	case err != nil:
		return 0, err
	case negative && n > 0 || n > math.MaxUint64>>(64-bits):
		return 0, ErrRange
	}
	return n, nil
}

// plain reads what most integers are: one to nine digits, which fit in 32 bits.
func plain(s string) (n int64, ok bool) {
	if len(s) == 0 || len(s) > 9 {
		return 0, false
	}
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	return n, true
}

// magnitude reads an integer as sign and absolute value. A bad form goes before
// a bad value.
func magnitude(s string) (n uint64, negative bool, err error) {
	i := skipWhite(s, 0)
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		negative = s[i] == '-'
		i++
	}
	start, over := i, false
	for ; i < len(s) && isDigit(s[i]); i++ {
		d := uint64(s[i] - '0')
		if n > (math.MaxUint64-d)/10 {
			over = true
		}
		n = n*10 + d
	}
	if i == start || !atEnd(s, skipWhite(s, i)) {
		return 0, false, ErrFormat
	}
	if over {
		return 0, false, ErrRange
	}
	return n, negative, nil
}

// Bool reads "true" or "false", ASCII case ignored, after trimming Unicode white
// and U+0000 at both ends.
func Bool(s string) (bool, error) {
	s = strings.TrimFunc(s, func(r rune) bool { return r == 0 || IsSpace(r) })
	switch {
	case equalASCII(s, "true"):
		return true, nil
	case equalASCII(s, "false"):
		return false, nil
	}
	return false, ErrFormat
}

// Char reads a single UTF-16 code unit: one character of the Basic Multilingual
// Plane, whatever it is.
func Char(s string) (rune, error) {
	n := 0
	var char rune
	for _, r := range s {
		char = r
		n++
	}
	if n != 1 || char > 0xFFFF {
		return 0, ErrFormat
	}
	return char, nil
}

// IsSpace reports whether r is Unicode white: what char.IsWhiteSpace of .NET
// takes for white. U+200B and U+FEFF are not.
func IsSpace(r rune) bool {
	switch {
	case r == ' ' || '\t' <= r && r <= '\r':
		return true
	case r < 0x85:
		return false
	case 0x2000 <= r && r <= 0x200A:
		return true
	}
	switch r {
	case 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
		return true
	}
	return false
}

// TrimSpace trims Unicode white at both ends.
func TrimSpace(s string) string { return strings.TrimFunc(s, IsSpace) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWhite(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func skipWhite(s string, i int) int {
	for i < len(s) && isWhite(s[i]) {
		i++
	}
	return i
}

// atEnd reports whether nothing but U+0000 follows.
func atEnd(s string, i int) bool { return strings.Trim(s[i:], "\x00") == "" }

// equalASCII compares with case ignored; word is in lower case.
func equalASCII(s, word string) bool {
	if len(s) != len(word) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
