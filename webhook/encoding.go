package webhook

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"
)

// DefaultTolerance is how far a signed timestamp may lie from the time of
// receipt, both ways and inclusive, unless a verifier is told otherwise.
const DefaultTolerance = 5 * time.Minute

// Tolerance is how far a signed timestamp may lie from the time of receipt,
// both ways and inclusive. Zero is DefaultTolerance.
type Tolerance time.Duration

// InsecureAnyTime switches the check of timestamps off: a captured request
// stays good for ever, as far as the replay memory does not know it.
const InsecureAnyTime Tolerance = -1

// window checks a timestamp given in text: 1 to 15 digits of Unix seconds.
func (t Tolerance) window(text string, now time.Time) (time.Time, error) {
	seconds, ok := parseDigits(text)
	if !ok {
		return time.Time{}, MalformedTimestamp
	}
	signed := time.Unix(seconds, 0)
	if t < 0 {
		return signed, nil
	}
	if t == 0 {
		t = Tolerance(DefaultTolerance)
	}
	switch age := now.Sub(signed); {
	case age > time.Duration(t):
		return signed, TimestampTooOld
	case age < -time.Duration(t):
		return signed, TimestampTooNew
	}
	return signed, nil
}

// parseDigits reads 1 to 15 ASCII digits: no sign, no blank, no fraction.
func parseDigits(text string) (int64, bool) {
	if len(text) == 0 || len(text) > 15 {
		return 0, false
	}
	var n int64
	for i := 0; i < len(text); i++ {
		c := text[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	return n, true
}

// single returns the value of a header that authenticates, which must be
// there and there once. Blanks around it are dropped; a blank value is none.
func single(h http.Header, name string, missing Reason) (string, error) {
	values := h[name]
	switch len(values) {
	case 0:
		return "", blame(missing, name)
	case 1:
		value := trim(values[0])
		if value == "" {
			return "", blame(missing, name)
		}
		return value, nil
	}
	return "", blame(DuplicateHeader, name)
}

// trim drops blanks at both ends; there are hardly ever any.
func trim(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// first returns the first value of a header that does not authenticate.
func first(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

const notHex = 0xff

// hexDigits maps a character to the value of the digit it is, in either case.
var hexDigits = func() (t [256]byte) {
	for i := range t {
		t[i] = notHex
	}
	for i := range byte(10) {
		t['0'+i] = i
	}
	for i := range byte(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}()

// each01 and its like have one value in each of eight bytes.
const (
	each01 = 0x0101010101010101
	each80 = 0x80 * each01
)

// nibbles decodes eight hex digits at once, one in each byte of x. The top bit
// of a byte of valid tells whether it was a digit.
func nibbles(x uint64) (values, valid uint64) {
	y := x & (0x7f * each01)
	decimal := ^((y ^ 0x30*each01) + 0x76*each01)
	letter := (y | 0x20*each01) ^ 0x60*each01 // 'a' and 'A' are 1
	letter = (letter + 0x7f*each01) &^ (letter + 0x79*each01) & each80
	return x&(0x0f*each01) + (letter>>7 | letter>>4), (decimal | letter) &^ x
}

// pairs puts the values of eight digits together, in four bytes.
func pairs(values uint64) uint64 {
	values = (values<<4 | values>>8) & 0x00ff00ff00ff00ff
	values = (values | values>>8) & 0x0000ffff0000ffff
	return (values | values>>16) & 0xffffffff
}

func load(t string) uint64 {
	return uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
		uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
}

// decodeHex fills dst from text, which must be exactly as many digits as that
// takes, in either case. Every signature passes here, good or bad, so sixteen
// digits are read at a time.
func decodeHex(dst []byte, text string) bool {
	if len(text) != 2*len(dst) {
		return false
	}
	valid := uint64(each80)
	for len(dst) >= 8 && len(text) >= 16 {
		x, okX := nibbles(load(text[:8]))
		y, okY := nibbles(load(text[8:16]))
		valid &= okX & okY
		binary.LittleEndian.PutUint64(dst, pairs(x)|pairs(y)<<32)
		dst, text = dst[8:], text[16:]
	}
	var wrong byte
	for i := range dst {
		hi, lo := hexDigits[text[2*i]], hexDigits[text[2*i+1]]
		wrong |= hi | lo
		dst[i] = hi<<4 | lo
	}
	return valid == each80 && wrong <= 0x0f
}

var (
	strictBase64    = base64.StdEncoding.Strict()
	strictBase64URL = base64.RawURLEncoding.Strict()
)

// decodeBase64 fills dst from text, which must be its one canonical spelling
// in enc.
func decodeBase64(dst []byte, enc *base64.Encoding, text string) bool {
	if len(text) != enc.EncodedLen(len(dst)) {
		return false
	}
	var src [4 * 24]byte // enough for 64 bytes, the longest signature there is
	var out [3 * 24]byte
	n, err := enc.Decode(out[:], src[:copy(src[:], text)])
	return err == nil && copy(dst, out[:n]) == len(dst) && n == len(dst)
}
