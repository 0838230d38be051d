package trigger

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

// The conversions below are those that Compat shares with the reference's
// configuration: a value becomes a text of the invariant culture
// (HostJsonFileConfigurationSource.cs), and a text becomes what an option wants
// by the type converters of its runtime (ConfigurationBinder.cs).

// netText returns the text of a value that is no section.
func netText(v *jsonc.Value) string {
	switch v.Kind {
	case jsonc.Bool:
		if v.Text == "true" {
			return "True"
		}
		return "False"
	case jsonc.Number:
		return netNumber(v.Text)
	case jsonc.String:
		return netDate(v.Text)
	}
	return ""
}

func netNumber(text string) string {
	if !strings.ContainsAny(text, ".eE") {
		return text
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	if a := math.Abs(f); a != 0 && (a < 1e-5 || a >= 1e15) {
		s := strconv.FormatFloat(f, 'E', -1, 64)
		return s
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// netDate returns the text with which the reference's reader replaces an ISO
// 8601 date and time; other texts it leaves alone. Dates with an offset become
// local time there; here they become UTC.
func netDate(text string) string {
	if len(text) < 19 || len(text) > 40 || text[10] != 'T' {
		return text
	}
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Format("01/02/2006 15:04:05")
		}
	}
	return text
}

func netInt(text string) (int, bool) {
	text = strings.TrimSpace(text)
	hex, isHex := strings.CutPrefix(text, "#")
	for _, prefix := range []string{"0x", "0X", "&h", "&H"} {
		if rest, ok := strings.CutPrefix(text, prefix); ok && !isHex {
			hex, isHex = rest, true
		}
	}
	if isHex {
		n, err := strconv.ParseUint(hex, 16, 32)
		return int(int32(uint32(n))), err == nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return int(n), err == nil
}

func netBool(text string) (value, ok bool) {
	text = strings.TrimSpace(text)
	value = strings.EqualFold(text, "true")
	return value, value || strings.EqualFold(text, "false")
}

func netFloat(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	if strings.ContainsAny(text, "xXpP_nNiI") {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}
