package route

import "strings"

// Cut returns the value that a template takes from a path, for a path that the
// template is known to accept: constraints are not looked at. The template is
// given as text, so that what is left of a match when it is over, a text and a
// path, is enough. It reports whether there is a value, like [Values.Lookup], and
// whether it happened to see that the value is ASCII, like [Match.ASCII].
//
// Cut does not allocate if the parameter is alone in its segment and spelled as in
// the template, by letters, digits and "_".
func Cut(template, path, name string) (value string, ok, ascii bool) {
	at, pos := templateStart(template), uint(1)
	if len(template) < 8 || len(path) < 8 || name == "" {
		return cut(template, path, name, at, pos)
	}
	// Along template and path, segment by segment and eight bytes at a time, to where
	// the template has "{name}". There is no call on the way, so that all stays in
	// registers.
	lastT, lastP := eight(template[len(template)-8:])^solidi, eight(path[len(path)-8:])^solidi
	for pos < uint(len(path)) && at < uint(len(template)) {
		var w uint64
		if at+8 <= uint(len(template)) {
			w = eight(template[at:at+8]) ^ solidi
		} else {
			w = lastT >> (8 * (at + 8 - uint(len(template))) & 63)
		}
		end, slash, marks := at, slashIn(w), marksIn(w)
		for slash == 0 && marks == 0 {
			end += 8
			if end+8 <= uint(len(template)) {
				w = eight(template[end:end+8]) ^ solidi
			} else {
				w = lastT >> (8 * (end + 8 - uint(len(template))))
			}
			slash, marks = slashIn(w), marksIn(w)
		}
		if marks&(slash-1)&^slash != 0 {
			return cut(template, path, name, at, pos)
		}
		end += through(slash)

		if pos+8 <= uint(len(path)) {
			w = eight(path[pos:pos+8]) ^ solidi
		} else {
			w = lastP >> (8 * (pos + 8 - uint(len(path))) & 63)
		}
		start, seen := pos, w
		slash = slashIn(w)
		for slash == 0 {
			pos += 8
			if pos+8 <= uint(len(path)) {
				w = eight(path[pos:pos+8]) ^ solidi
			} else {
				w = lastP >> (8 * (pos + 8 - uint(len(path))))
			}
			seen |= w
			slash = slashIn(w)
		}
		pos += through(slash)

		if end-at == uint(len(name))+3 && template[at] == '{' && template[at+1] == name[0] {
			if template[at+1:end-2] != name || template[end-2] != '}' || mayMark(name) {
				return cut(template, path, name, at, start)
			}
			return path[start : pos-1], true, seen&highs == 0
		}
		at = end
	}
	return cut(template, path, name, at, pos)
}

// cut is Cut, from at in the template and pos in the path on, for what is less
// common: odd names, constraints on the way, catch-alls, complex segments, and values
// that the path left out.
func cut(template, path, name string, at, pos uint) (value string, ok, ascii bool) {
	if plainName(name) {
		for pos < uint(len(path)) && at < uint(len(template)) {
			size, is, all := paramIn(template[at:], name)
			if all {
				return path[pos:], true, false
			}
			stop := uint(segmentEnd(path, int(pos), load(path, int(pos))))
			if is {
				return path[pos:stop], true, isASCII(path[pos:stop])
			}
			at, pos = at+uint(size)+1, stop+1
		}
	}
	p, err := parse(template)
	if err != nil {
		return "", false, false
	}
	t := p.template(false)
	var c captures
	if !t.split(path, false, &c) {
		return "", false, false
	}
	value, ok = c.values(t, path).Lookup(name)
	return value, ok, false
}

// templateStart returns where the first segment of a template begins.
func templateStart(template string) uint {
	switch {
	case strings.HasPrefix(template, "/"):
		return 1
	case strings.HasPrefix(template, "~/"):
		return 2
	}
	return 0
}

// paramIn returns how long the segment is that a template begins with, whether it
// is a parameter called name, and whether that is a catch-all. The name is a plain
// one.
func paramIn(template, name string) (size int, is, all bool) {
	first := "" // a parameter at the very beginning, with its braces
	i := 0
	for i < len(template) && template[i] != '/' {
		switch c := template[i]; {
		case c == '}' || strings.HasPrefix(template[i:], "{{"):
			i += 2
		case c == '{':
			end := paramEnd(template, i)
			if i == 0 && end <= len(template) {
				first = template[:end]
			}
			i = end
		default:
			i++
		}
	}
	if i > len(template) || first == "" || len(first) != i {
		return i, false, false
	}
	body := first[1 : len(first)-1]
	rest, is := strings.CutPrefix(strings.TrimLeft(body, "*"), name)
	is = is && (rest == "" || strings.IndexByte(":=?", rest[0]) >= 0)
	return i, is, is && body[0] == '*'
}

// paramEnd returns where the parameter ends that begins at i: behind the end of the
// template if it is not closed.
func paramEnd(template string, i int) int {
	for i++; i < len(template); i++ {
		if c := template[i]; c == '{' || c == '}' {
			if i+1 == len(template) || template[i+1] != c {
				return i + 1
			}
			i++
		}
	}
	return len(template) + 1
}

// plainName reports whether a name may be looked for in a template as it is.
func plainName(name string) bool {
	switch n := len(name); {
	case n >= 8:
		odd := oddIn(eight(name[n-8:]))
		for i := 0; i+8 < n; i += 8 {
			odd |= oddIn(eight(name[i : i+8]))
		}
		return odd == 0
	case n >= 4:
		return oddIn(four(name)|four(name[n-4:])<<32) == 0
	case n > 0:
		return oddIn(uint64(name[0])|uint64(name[n>>1])<<8|uint64(name[n-1])<<16)&0x808080 == 0
	}
	return false
}

// mayMark reports whether a name, not empty, has something in it that is no name in a
// template: a brace, or an asterisk in front. It says so of some others too.
func mayMark(name string) bool {
	var w uint64
	switch n := len(name); {
	case n >= 8:
		w = bracesIn(eight(name[n-8:]))
		for i := 0; i+8 < n; i += 8 {
			w |= bracesIn(eight(name[i : i+8]))
		}
	case n >= 4:
		w = bracesIn(four(name) | four(name[n-4:])<<32)
	default:
		w = bracesIn(uint64(name[0]) | uint64(name[n>>1])<<8 | uint64(name[n-1])<<16)
	}
	return w != 0 || name[0] == '*'
}

// bracesIn returns a word with the highest bit set in those bytes of w, plain ones,
// that come behind 'z' or are not ASCII.
func bracesIn(w uint64) uint64 { return (w&^highs + lows*(0x80-'{') | w) & highs }

// oddIn returns a word with the highest bit set in those bytes of w, plain ones, that
// are neither letters nor digits nor one of "@[\\]^_`".
func oddIn(w uint64) uint64 {
	x := w | highs
	return (^(x - lows*'0') | (x-lows*('9'+1))&^(x-lows*'@') | (x - lows*('z'+1)) | w) & highs
}

// four returns the first four bytes of s.
func four(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

// marksIn returns a word that is zero below the first byte of w, of the form that load
// returns, that is one of "89:;<=>?": some of these begin what could hide a slash.
func marksIn(w uint64) uint64 {
	x := (w | lows*7) ^ lows*('?'^'/'|7)
	return (x - lows) & ^x & highs
}
