package route

import (
	"encoding/binary"
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
	tag, keep := tagOf(name)
	at := 0
	if template != "" && template[0] == '/' {
		at = 1
	}
	// Along template and path, segment by segment and eight bytes at a time, to where
	// the template has "{name}".
	for pos := 1; pos < len(path) && at < len(template); pos++ {
		w, p := load(template, at), load(path, pos)
		slash := slashIn(p)
		stop := pos
		for slash == 0 {
			stop += 8
			slash = slashIn(load(path, stop))
		}
		stop += bits.TrailingZeros64(slash) >> 3
		if w&keep == tag && (len(name) <= 5 || longTag(template[at:], name)) {
			return path[pos:stop], true
		}
		pos = stop
		slash = slashIn(w)
		marks := marksIn(w)
		for slash == 0 && marks == 0 {
			at += 8
			w = load(template, at)
			slash, marks = slashIn(w), marksIn(w)
		}
		if marks&(slash-1)&^slash != 0 {
			break
		}
		at += bits.TrailingZeros64(slash)>>3 + 1
	}
	return cut(template, path, name)
}

// cut is Cut for what is less common: names that tagOf does not know, and
// constraints, defaults or an optional parameter in the way.
func cut(template, path, name string) (value string, ok bool) {
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

// tagOf returns the first eight bytes of "{name}/" as a word, and which of its bytes
// that takes: none if the name is empty or its first eight bytes are not all letters
// or one of "@[\]^_`".
func tagOf(name string) (tag, keep uint64) {
	n := len(name)
	switch {
	case n >= 8:
		tag = binary.LittleEndian.Uint64([]byte(name[:8]))
	case n >= 4:
		low, high := binary.LittleEndian.Uint32([]byte(name[:4])), binary.LittleEndian.Uint32([]byte(name[n-4:]))
		tag = uint64(low) | uint64(high)<<(8*(n-4)&63)
	case n > 0:
		tag = uint64(name[0]) | uint64(name[n>>1])<<(8*(n>>1)&63) | uint64(name[n-1])<<(8*(n-1)&63)
	default:
		return 1, 0
	}
	// Of ASCII the bytes from '@' on have bit 6, and those behind 'z' get bit 7 by 5.
	if (^tag&(lows*0x40)|tag&highs|(tag&^highs+lows*5)&highs)&firstBytes(n) != 0 {
		return 1, 0
	}
	keep = firstBytes(n + 3)
	return (tag<<8 | '{' | uint64('}')<<(8*n+8) | uint64('/')<<(8*n+16)) ^ solidi&keep, keep
}

// longTag reports whether "{name}" begins the template and is all of its segment.
func longTag(template, name string) bool {
	end := 1 + len(name)
	return end < len(template) && template[1:end] == name && template[end] == '}' &&
		(end+1 == len(template) || template[end+1] == '/') && plainName(name)
}

// marksIn returns a word that is zero below the first byte of w that is one of
// "89:;<=>?": some of these begin what could hide a slash.
func marksIn(w uint64) uint64 {
	x := (w | lows*7) ^ lows*('?'^'/'|7)
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
