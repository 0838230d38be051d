package trigger

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var errTimeSpan = errors.New("not a time span: want hh:mm:ss, d.hh:mm:ss or a whole number of days")

// parseTimeSpan reads a time span as the reference does (TimeSpan.Parse with the
// invariant culture): [-][d.]hh:mm[:ss[.fffffff]], where d: may stand for d. if
// all four parts are there, or a whole number of days. Spans too long for a
// Duration become the longest one.
func parseTimeSpan(text string) (time.Duration, error) {
	s := strings.TrimSpace(text)
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	var days, fraction string
	if i := strings.IndexByte(s, '.'); i >= 0 {
		if j := strings.IndexByte(s, ':'); j < 0 || i < j {
			if days, s = s[:i], s[i+1:]; days == "" || j < 0 {
				return 0, errTimeSpan
			}
		}
	}
	if i := strings.IndexByte(s, '.'); i >= 0 {
		if s, fraction = s[:i], s[i+1:]; fraction == "" || strings.Count(s, ":") != 2 {
			return 0, errTimeSpan
		}
	}
	parts := strings.Split(s, ":")
	if len(parts) == 4 && days == "" {
		days, parts = parts[0], parts[1:]
	}
	if len(parts) == 1 && days == "" && fraction == "" && s != "" {
		days, parts = parts[0], []string{"0", "0"}
	}
	if len(parts) != 2 && len(parts) != 3 {
		return 0, errTimeSpan
	}
	return assemble(negative, days, parts, fraction)
}

func assemble(negative bool, days string, parts []string, fraction string) (time.Duration, error) {
	const maxDays = 10675199 // of a TimeSpan
	d, ok := part(days, maxDays)
	total := float64(d) * 24 * float64(time.Hour)
	sum := time.Duration(0)
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second}[:len(parts)] {
		n, good := part(parts[i], [3]int{23, 59, 59}[i])
		ok = ok && good && parts[i] != ""
		sum += time.Duration(n) * unit
	}
	if fraction != "" {
		const digits = 7
		n, good := part(fraction, math.MaxInt32)
		ok = ok && good && len(fraction) <= digits
		for range max(0, digits-len(fraction)) {
			n *= 10
		}
		sum += time.Duration(n) * 100
	}
	if !ok {
		return 0, errTimeSpan
	}
	if total+float64(sum) >= math.MaxInt64 {
		sum = math.MaxInt64
	} else {
		sum += time.Duration(d) * 24 * time.Hour
	}
	if negative {
		sum = -sum
	}
	return sum, nil
}

// part reads digits up to a bound; nothing is 0.
func part(s string, bound int) (int, bool) {
	if s == "" {
		return 0, true
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n <= bound
}
