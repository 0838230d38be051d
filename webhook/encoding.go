package webhook

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math"
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
// stays good for ever, as far as the replay memory does not know it. No other
// tolerance may be negative.
const InsecureAnyTime Tolerance = -1

// check refuses a negative window, which nothing lies in.
func (t Tolerance) check() error {
	if t < 0 && t != InsecureAnyTime {
		return &SignatureError{Reason: Misconfigured, Err: fmt.Errorf("Tolerance: %v: negative", time.Duration(t))}
	}
	return nil
}

// date checks the timestamp of a delivery, and notes when it was signed and
// for how long from now it will pass.
func (d *Delivery) date(t Tolerance, text string, now time.Time) error {
	var err error
	if d.SignedAt, err = t.window(text, now); err != nil || t == InsecureAnyTime {
		return err
	}
	if d.fresh = d.SignedAt.Sub(now) + time.Duration(cmp.Or(t, Tolerance(DefaultTolerance))) + time.Second; d.fresh < 0 {
		d.fresh = math.MaxInt64 // for ever, if so much is tolerated
	}
	return nil
}

// window checks a timestamp given in text: 1 to 15 digits of Unix seconds.
func (t Tolerance) window(text string, now time.Time) (time.Time, error) {
	seconds, ok := parseDigits(text)
	if !ok {
		return time.Time{}, MalformedTimestamp
	}
	if err := t.check(); err != nil {
		return time.Time{}, err
	}
	signed := time.Unix(seconds, 0)
	if t == InsecureAnyTime {
		return signed, nil
	}
	t = cmp.Or(t, Tolerance(DefaultTolerance))
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

// first returns the first value of a header that does not authenticate, without
// the blanks around it.
func first(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return trim(values[0])
	}
	return ""
}

const notHex = 0x100

// highDigits and lowDigits map a character to the value of the hex digit it is,
// in either case, as the first of a byte or the second.
var highDigits, lowDigits = hexDigits(4), hexDigits(0)

func hexDigits(shift int) (t [256]uint16) {
	for i := range t {
		t[i] = notHex
	}
	for i := range uint16(10) {
		t['0'+i] = i << shift
	}
	for i := range uint16(6) {
		t['a'+i], t['A'+i] = (10+i)<<shift, (10+i)<<shift
	}
	return t
}

// decodeHex fills dst from text, which must be exactly as many digits as that
// takes, in either case. Every signature passes here, good or bad, so sixteen
// digits are read at a time. The text is a stranger's, and no secret.
func decodeHex(dst []byte, text string) bool {
	if len(text) != 2*len(dst) {
		return false
	}
	var seen uint16
	for len(dst) >= 8 && len(text) >= 16 {
		a := highDigits[text[0]] | lowDigits[text[1]]
		b := highDigits[text[2]] | lowDigits[text[3]]
		c := highDigits[text[4]] | lowDigits[text[5]]
		d := highDigits[text[6]] | lowDigits[text[7]]
		dst[0], dst[1], dst[2], dst[3] = byte(a), byte(b), byte(c), byte(d)
		seen |= a | b | c | d
		a = highDigits[text[8]] | lowDigits[text[9]]
		b = highDigits[text[10]] | lowDigits[text[11]]
		c = highDigits[text[12]] | lowDigits[text[13]]
		d = highDigits[text[14]] | lowDigits[text[15]]
		dst[4], dst[5], dst[6], dst[7] = byte(a), byte(b), byte(c), byte(d)
		seen |= a | b | c | d
		dst, text = dst[8:], text[16:]
	}
	for i := range dst {
		x := highDigits[text[2*i]] | lowDigits[text[2*i+1]]
		dst[i] = byte(x)
		seen |= x
	}
	return seen&notHex == 0
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
