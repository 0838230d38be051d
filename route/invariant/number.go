package invariant

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// A number is the syntax that decimal and floating-point numbers share, taken
// apart: white, sign, digits with commas and one point, exponent, white.
type number struct {
	negative bool
	digits   string // from the first digit, comma or point to the last
	exponent string // sign and digits behind the 'e', or empty
}

// scanNumber takes s apart. At least one digit must be there. Commas may stand
// anywhere behind the first digit and before the point. An exponent is read if
// exponents are allowed, a sign behind the number if there was none before and
// trailing signs are allowed.
func scanNumber(s string, exponent, trailingSign bool) (n number, ok bool) {
	i := skipWhite(s, 0)
	signed := false
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		n.negative, signed = s[i] == '-', true
		i++
	}
	start := i
	digit, point := false, false
scan:
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case isDigit(c):
			digit = true
		case c == '.' && !point:
			point = true
		case c == ',' && digit && !point:
		default:
			break scan
		}
	}
	if !digit {
		return number{}, false
	}
	n.digits = s[start:i]
	if exponent {
		n.exponent, i = scanExponent(s, i)
	}
	i = skipWhite(s, i)
	if trailingSign && !signed && i < len(s) && (s[i] == '+' || s[i] == '-') {
		n.negative = s[i] == '-'
		i = skipWhite(s, i+1)
	}
	return n, atEnd(s, i)
}

func scanExponent(s string, i int) (exponent string, next int) {
	if i == len(s) || s[i]|0x20 != 'e' {
		return "", i
	}
	j := i + 1
	if j < len(s) && (s[j] == '+' || s[j] == '-') {
		j++
	}
	first := j
	for j < len(s) && isDigit(s[j]) {
		j++
	}
	if j == first {
		return "", i
	}
	return s[i+1 : j], j
}

// IsFloat reports whether [Float] reads s.
func IsFloat(s string) bool {
	if _, ok := scanNumber(s, true, false); ok {
		return true
	}
	_, ok := symbol(s)
	return ok
}

// Float reads a floating-point number of 32 or 64 bits: white, an optional sign,
// digits with an optional point and with commas anywhere between the first digit
// and the point, an optional exponent, white. After trimming Unicode white NaN
// and Infinity are read too, case ignored and with an optional sign. A value too
// large is infinite and one too small is zero; neither is an error.
func Float(s string, bits int) (float64, error) {
	n, ok := scanNumber(s, true, false)
	if !ok {
		f, ok := symbol(s)
		if !ok {
			return 0, ErrFormat
		}
		return f, nil
	}
	text := strings.ReplaceAll(n.digits, ",", "")
	if n.exponent != "" {
		text += "e" + n.exponent
	}
	f, _ := strconv.ParseFloat(text, bits) // the only error left is a value out of range
	if n.negative {
		f = -f
	}
	return f, nil
}

func symbol(s string) (float64, bool) {
	s = TrimSpace(s)
	sign := 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	switch {
	case equalASCII(s, "nan"):
		return math.NaN(), true
	case equalASCII(s, "infinity"):
		return math.Inf(sign), true
	}
	return 0, false
}

// A Decimal is a number of .NET's decimal type: an integer of 96 bits divided by
// a power of ten from 0 to 28. Equal numbers may differ in scale: 1.0 and 1.00.
type Decimal struct {
	negative bool
	scale    int
	hi, lo   uint64 // the integer; hi has 32 bits
}

// maxScale is the largest number of digits behind the point.
const maxScale = 28

// ParseDecimal reads a decimal number: white, an optional sign, digits with an
// optional point and with commas anywhere between the first digit and the point,
// white, a sign if there was none before, white. There is no exponent. Digits
// that the type has no room for are rounded, half to even; a number that is too
// large then is out of range.
func ParseDecimal(s string) (Decimal, error) {
	n, ok := scanNumber(s, false, true)
	if !ok {
		return Decimal{}, ErrFormat
	}
	d := Decimal{negative: n.negative}
	point := false
	for i := range len(n.digits) {
		c := n.digits[i]
		switch {
		case c == '.':
			point = true
			continue
		case c == ',':
			continue
		}
		hi, lo, fits := d.times10(uint64(c - '0'))
		if !fits || point && d.scale == maxScale {
			return d.round(n.digits[i:], point)
		}
		d.hi, d.lo = hi, lo
		if point {
			d.scale++
		}
	}
	return d, nil
}

// times10 returns ten times the integer plus digit, if that has 96 bits.
func (d *Decimal) times10(digit uint64) (hi, lo uint64, ok bool) {
	carry, lo := bits.Mul64(d.lo, 10)
	lo, c := bits.Add64(lo, digit, 0)
	hi = d.hi*10 + carry + c
	return hi, lo, hi <= math.MaxUint32
}

// round adds to d what the digits in rest amount to. The first of them did not
// fit; behind the point it was not needed, before it the number is too large
// unless that was the last.
func (d *Decimal) round(rest string, point bool) (Decimal, error) {
	if !point {
		return Decimal{}, ErrRange
	}
	half := strings.Trim(rest[1:], "0") == ""
	if rest[0] < '5' || rest[0] == '5' && half && d.lo&1 == 0 {
		return *d, nil
	}
	var c uint64
	d.lo, c = bits.Add64(d.lo, 1, 0)
	d.hi += c
	if d.hi > math.MaxUint32 {
		if d.scale == 0 {
			return Decimal{}, ErrRange
		}
		// 2^96 is 79228162514264337593543950336: one digit less, rounded up.
		d.hi, d.lo, d.scale = 0x19999999, 0x999999999999999A, d.scale-1
	}
	return *d, nil
}

// String returns the digits of the number with its scale kept: "1.10". There is
// no negative zero.
func (d Decimal) String() string {
	var buf [32]byte
	i := len(buf)
	hi, lo := d.hi, d.lo
	for n := 0; n <= d.scale || hi|lo != 0; n++ {
		if n == d.scale && n > 0 {
			i--
			buf[i] = '.'
		}
		var r uint64
		hi, r = hi/10, hi%10
		lo, r = bits.Div64(r, lo, 10)
		i--
		buf[i] = byte('0' + r)
	}
	if d.negative && d.hi|d.lo != 0 {
		i--
		buf[i] = '-'
	}
	return string(buf[i:])
}

// Float64 returns the nearest floating-point number.
func (d Decimal) Float64() float64 {
	f, _ := strconv.ParseFloat(d.String(), 64)
	return f
}
