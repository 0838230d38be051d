package webhook

import (
	"encoding/base64"
	"net/http"
	"strings"
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
		value := strings.Trim(values[0], " \t")
		if value == "" {
			return "", blame(missing, name)
		}
		return value, nil
	}
	return "", blame(DuplicateHeader, name)
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

// decodeHex fills dst from text, which must be exactly as many digits as that
// takes, in either case.
func decodeHex(dst []byte, text string) bool {
	if len(text) != 2*len(dst) {
		return false
	}
	for i := range dst {
		hi, lo := hexDigits[text[2*i]], hexDigits[text[2*i+1]]
		if hi|lo == notHex {
			return false
		}
		dst[i] = hi<<4 | lo
	}
	return true
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
