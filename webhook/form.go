package webhook

import (
	"iter"
	"net/url"
	"strings"
)

// parseForm reads a form body the way the senders' own frameworks do: a broken
// escape stays as typed, invalid UTF-8 becomes U+FFFD. (url.ParseQuery drops
// such a pair.) A name without an equals sign has an empty value.
func parseForm(body string) url.Values {
	form := url.Values{}
	for name, value := range orderedForm(body) {
		form[name] = append(form[name], value)
	}
	return form
}

// orderedForm yields the fields of a form as they come.
func orderedForm(body string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for pair := range strings.SplitSeq(body, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if pair != "" && !yield(formText(name), formText(value)) {
				return
			}
		}
	}
}

// formField returns the first value of a field as bytes: what is no valid UTF-8
// is not mended, so that a check for it can fail.
func formField(body, name string) (string, bool) {
	for pair := range strings.SplitSeq(body, "&") {
		if key, value, _ := strings.Cut(pair, "="); unescape(key) == name {
			return unescape(value), true
		}
	}
	return "", false
}

func formText(s string) string { return strings.ToValidUTF8(unescape(s), "\uFFFD") }

// unescape decodes plus signs and percent escapes; what is no escape stays.
func unescape(s string) string { return decode(s, true) }

// percentDecode decodes percent escapes; what is no escape stays.
func percentDecode(s string) string { return decode(s, false) }

func decode(s string, plus bool) string {
	if !strings.ContainsAny(s, "+%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+' && plus:
			out = append(out, ' ')
		case c == '%' && i+2 < len(s) && (highDigits[s[i+1]]|lowDigits[s[i+2]])&notHex == 0:
			out = append(out, byte(highDigits[s[i+1]]|lowDigits[s[i+2]]))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// queryValues returns the values of parameter name in a raw query; fold says
// that the case of the name does not count.
func queryValues(query, name string, fold bool) []string {
	var values []string
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if key = unescape(key); key == name || fold && strings.EqualFold(key, name) {
			values = append(values, unescape(value))
		}
	}
	return values
}
