package trigger

import (
	"context"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
)

const hidden = "[Hidden Credential]"

// secretTokens begin what is a secret in a text (Sanitizer.cs).
var secretTokens = [...]string{
	"Token=", "DefaultEndpointsProtocol=http", "AccountKey=", "Data Source=", "Server=", "Password=", "pwd=",
	"&amp;sig=", "&sig=", "?sig=", "SharedAccessKey=", "&amp;code=", "&code=", "?code=", "key=",
}

// valueEnds end the value of a parameter in a text.
const valueEnds = `&<"' ` + "\t\r\n"

// sparedToken looks like one of them and is none, in this spelling.
const sparedToken = "PublicKeyToken="

var sparedPlace = strings.Repeat("#", len(sparedToken))

// userInURL finds URLs with user and password; the reference takes the path
// behind them along.
var (
	userInURL       = regexp.MustCompile(userPattern)
	userInURLCompat = regexp.MustCompile(userPattern + `[a-zA-Z0-9:._%?=/$]*`)
)

const userPattern = `[a-zA-Z][a-zA-Z0-9+.\-]*://[^\s/:@"'<>]+:[^\s/@"'<>]+@[a-zA-Z0-9.\-_\[\]:]+`

// Redact hides the secrets in a text for a log: keys and signatures in URLs,
// tokens, passwords, connection strings and URLs with user and password become
// [Hidden Credential]. In a URL the value is hidden up to the next &, in other
// texts up to the next <, quote or end.
func Redact(text string) string { return redactSpelled(redact(text, false)) }

// RedactCompat is Redact as the reference does it, which hides everything after
// a key in a URL, later parameters included.
func RedactCompat(text string) string { return redact(text, true) }

func redact(text string, compat bool) string {
	if text == "" {
		return text
	}
	if strings.Contains(text, "://") {
		user := userInURL
		if compat {
			user = userInURLCompat
		}
		text = user.ReplaceAllString(text, hidden)
	}
	lower := asciiLower(strings.ReplaceAll(text, sparedToken, sparedPlace))
	var b strings.Builder
	var places secretPlaces
	done := 0
	for done < len(text) {
		start, token := places.next(lower, done)
		if start < 0 {
			break
		}
		from := start
		stops := `<"'`
		if !compat && strings.IndexByte("&?", token[0]) >= 0 {
			stops = valueEnds
			from += len(token)
		}
		value := start + len(token)
		if strings.HasPrefix(text[value:], hidden) {
			value += len(hidden)
		}
		end := len(text)
		if i := strings.IndexAny(text[value:], stops); i >= 0 {
			end = value + i
		}
		b.WriteString(text[done:from])
		b.WriteString(hidden)
		done = end
	}
	if done == 0 {
		return text
	}
	b.WriteString(text[done:])
	return b.String()
}

// redactSpelled hides the values of the parameters code and sig where a server
// finds them and redact does not: at the start of a text that is a query, and
// with escapes in the name, in every spelling.
func redactSpelled(text string) string {
	var b strings.Builder
	done := 0
	for at := 0; at >= 0; {
		if n := secretName(text[at:]); n > 0 && !strings.HasPrefix(text[at+n:], hidden) {
			from := at + n
			end := len(text)
			if i := strings.IndexAny(text[from:], valueEnds); i >= 0 {
				end = from + i
			}
			b.WriteString(text[done:from])
			b.WriteString(hidden)
			done, at = end, end
		}
		next := strings.IndexAny(text[at:], "?&;")
		if next < 0 {
			break
		}
		at += next + 1
	}
	if done == 0 {
		return text
	}
	b.WriteString(text[done:])
	return b.String()
}

// secretName returns the length of the name, with its equal sign, of a secret
// parameter at the start of s, however it is escaped; 0 if there is none.
func secretName(s string) int {
	var name [len("code")]byte
	n, at := 0, 0
	for at < len(s) && s[at] != '=' {
		c, size := s[at], 1
		if c == '%' {
			if c, size = unescapeByte(s[at:]), 3; c == 0 {
				return 0
			}
		}
		if n == len(name) {
			return 0
		}
		name[n] = c | 0x20
		n, at = n+1, at+size
	}
	if at == len(s) || string(name[:n]) != "code" && string(name[:n]) != "sig" {
		return 0
	}
	return at + 1
}

// unescapeByte decodes the escape at the start of s, 0 if it is none.
func unescapeByte(s string) byte {
	if len(s) < 3 {
		return 0
	}
	v, err := strconv.ParseUint(s[1:3], 16, 8)
	if err != nil {
		return 0
	}
	return byte(v)
}

// secretPlaces remember where each token is next, so that a text is walked
// through once for each token and not once for each secret. A place is one more
// than the offset: 0 is not looked for yet.
type secretPlaces [len(secretTokens)]int

// next finds the first token at or after from; the longest, of several in one
// place.
func (p *secretPlaces) next(lower string, from int) (int, string) {
	best, found := -1, ""
	for n, token := range secretTokens {
		if p[n] <= from {
			p[n] = 1 + placeOf(lower, token, from)
		}
		at := p[n] - 1
		if at == len(lower) {
			continue
		}
		if best < 0 || at < best || at == best && len(token) > len(found) {
			best, found = at, token
		}
	}
	return best, found
}

// placeOf returns the offset of a token at or after from, or the length of the
// text.
func placeOf(lower, token string, from int) int {
	if i := strings.Index(lower[from:], asciiLower(token)); i >= 0 {
		return from + i
	}
	return len(lower)
}

// asciiLower keeps the length of s, whatever is in it.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// RedactHandler returns a slog.Handler that passes records on to h with the
// secrets in message and texts hidden, and the values of attributes that are
// named after headers with secrets.
func RedactHandler(h slog.Handler) slog.Handler { return redactHandler{h} }

type redactHandler struct{ next slog.Handler }

func (h redactHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

func (h redactHandler) Handle(ctx context.Context, rec slog.Record) error {
	out := slog.NewRecord(rec.Time, rec.Level, Redact(rec.Message), rec.PC)
	rec.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(redactAttr(a))
		return true
	})
	return h.next.Handle(ctx, out)
}

func (h redactHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = redactAttr(a)
	}
	return redactHandler{h.next.WithAttrs(out)}
}

func (h redactHandler) WithGroup(name string) slog.Handler {
	return redactHandler{h.next.WithGroup(name)}
}

func redactAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch {
	case isSecretField(a.Key):
		return slog.String(a.Key, hidden)
	case v.Kind() == slog.KindString:
		return slog.String(a.Key, Redact(v.String()))
	case v.Kind() == slog.KindGroup:
		group := v.Group()
		out := make([]slog.Attr, len(group))
		for i, g := range group {
			out[i] = redactAttr(g)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(out...)}
	}
	if err, ok := v.Any().(error); ok {
		return slog.String(a.Key, Redact(err.Error()))
	}
	return slog.Attr{Key: a.Key, Value: v}
}

// isSecretField reports whether a header field holds a secret.
func isSecretField(name string) bool {
	switch strings.ToLower(name) {
	case "x-functions-key", "authorization", "proxy-authorization", "cookie", "set-cookie",
		"x-ms-site-restricted-token", "x-ms-site-token", "x-arr-ssl":
		return true
	}
	return hasPrefixFold(name, "X-Ms-Token-")
}
