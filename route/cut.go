package route

import (
	"math/bits"
	"strings"
)

// Cut returns the value that a template takes from a path, for a path that the
// template is known to accept: constraints are not looked at. The template is
// given as text, so that what is left of a match when it is over, a text and a
// path, is enough. It reports whether there is a value, like [Values.Lookup].
//
// Cut does not allocate if the parameter is alone in its segment and spelled as
// in the template, and no segment before it has constraints, defaults or double
// braces.
func Cut(template, path, name string) (value string, ok bool) {
	if value, ok := cutAlong(template, path, name); ok {
		return value, true
	}
	if value, ok, sure := cutPlain(template, path, name); sure {
		return value, ok
	}
	p, err := parse(template)
	if err != nil {
		return "", false
	}
	t := p.template(false)
	var c captures
	if !t.split(path, false, &c) {
		return "", false
	}
	v := c.values(t, path)
	return v.Lookup(name)
}

// cutAlong goes along template and path, segment by segment and eight bytes at a
// time, to where the template has "{name}". It finds nothing, which means nothing,
// where a constraint, a default or an optional parameter stands before that.
func cutAlong(template, path, name string) (value string, ok bool) {
	at := 0
	if template != "" && template[0] == '/' {
		at = 1
	}
	for pos := 1; pos < len(path) && at < len(template); pos++ {
		w := load(template, at)
		if w&0xFF == '{' {
			// The end of the name decides first: names differ in length.
			if end := at + 1 + len(name); end < len(template) && template[end] == '}' &&
				(end+1 == len(template) || template[end+1] == '/') && template[at+1:end] == name {
				if !plainName(name) {
					return "", false
				}
				return path[pos:segmentEnd(path, pos, load(path, pos))], true
			}
		}
		for {
			slash := slashIn(w)
			if marksIn(w)&(slash&-slash-1) != 0 {
				return "", false
			}
			if slash != 0 {
				at += bits.TrailingZeros64(slash)>>3 + 1
				break
			}
			at += 8
			w = load(template, at)
		}
		pos = segmentEnd(path, pos, load(path, pos))
	}
	return "", false
}

// marksIn returns a word that is zero below the first byte of w that is one of
// "89:;<=>?": some of these begin what could hide a slash.
func marksIn(w uint64) uint64 {
	x := (w | lows*7) ^ lows*0x3F
	return (x - lows) & ^x & highs
}

// cutPlain finds the parameter by its name, counts the slashes before it and
// skips as many in the path. It is not sure where that would not do.
func cutPlain(template, path, name string) (value string, ok, sure bool) {
	if !plainName(name) {
		return "", false, false
	}
	open, all := findParam(template, name)
	if open < 0 {
		return "", false, false
	}
	segment, plain := slashesBefore(template[:open])
	if !plain {
		return "", false, false
	}
	pos := segmentStart(path, segment)
	if pos >= len(path) {
		return "", false, false // a default perhaps
	}
	if all {
		return path[pos:], true, true
	}
	return path[pos:segmentEnd(path, pos, load(path, pos))], true, true
}

// findParam returns where the brace of the parameter stands that is alone in its
// segment and called name, or -1, and whether it is a catch-all.
func findParam(template, name string) (open int, all bool) {
	for from := 0; ; {
		i := strings.Index(template[from:], name)
		if i < 0 {
			return -1, false
		}
		open = from + i - 1
		from += i + len(name)
		for open >= 0 && template[open] == '*' {
			open--
		}
		if open < 0 || template[open] != '{' || open > 0 && template[open-1] != '/' {
			continue
		}
		rest := template[from:]
		if rest != "" && (rest[0] == ':' || rest[0] == '=' || rest[0] == '?') {
			end := strings.IndexByte(rest, '}')
			if end < 0 || strings.IndexByte(rest[:end], '{') >= 0 {
				return -1, false
			}
			rest = rest[end:]
		}
		if rest == "}" || len(rest) > 1 && rest[0] == '}' && rest[1] == '/' {
			return open, template[open+1] == '*'
		}
	}
}

// special are the characters that a name which is looked for as it is must not
// have.
var special = [256]bool{'/': true, '{': true, '}': true, '?': true, '*': true, ':': true, '=': true}

// plainName reports whether name may be looked for in a template as it is.
func plainName(name string) bool {
	for i := range len(name) {
		if special[name[i]] {
			return false
		}
	}
	return name != ""
}

// slashesBefore counts the segments in the beginning of a template. It is plain
// if there is nothing in it that could hide a slash: that takes a constraint or a
// default.
func slashesBefore(beginning string) (n int, plain bool) {
	if strings.IndexByte(beginning, ':') >= 0 || strings.IndexByte(beginning, '=') >= 0 {
		return 0, false
	}
	n = strings.Count(beginning, "/")
	if strings.HasPrefix(beginning, "/") || strings.HasPrefix(beginning, "~/") {
		n--
	}
	return n, true
}

// segmentStart returns where segment n of path begins, or the length of the path
// if it has no more segments.
func segmentStart(path string, n int) int {
	pos := 1
	for ; n > 0; n-- {
		if pos = segmentEnd(path, pos, load(path, pos)) + 1; pos >= len(path) {
			return len(path)
		}
	}
	return pos
}
