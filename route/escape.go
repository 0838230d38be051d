package route

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// urlWriter writes the path of a URL segment by segment. What is written is
// either accepted, and then part of the path, or buffered, and then part of it
// only if something is accepted behind it (UriBuildingContext.cs).
type urlWriter struct {
	out     strings.Builder
	pending []string // texts to escape; "/" between segments
	inside  bool     // text of this segment is accepted
	waiting bool     // text of this segment is buffered
	gap     bool     // a segment was left empty: nothing may follow
	taken   int      // how long out was before the last text
	fold    bool     // write in lower case
}

// accept writes text. It returns false if text may not stand there: empty text
// inside a segment, or any behind a gap.
func (w *urlWriter) accept(text string, slashes bool) bool {
	if text == "" {
		if w.inside || w.waiting {
			return false
		}
		w.gap = true
		return true
	}
	if w.gap {
		return false
	}
	if w.fold {
		text = lowerText(text)
	}
	for _, p := range w.pending {
		if p == "/" {
			w.out.WriteByte('/')
			continue
		}
		if w.fold {
			p = lowerText(p)
		}
		escape(&w.out, p[1:], false)
	}
	w.pending = w.pending[:0]
	if !w.inside && !w.waiting && w.out.Len() > 0 {
		w.out.WriteByte('/')
	}
	w.inside, w.waiting = true, true
	w.taken = w.out.Len()
	if w.taken == 0 && text[0] == '/' {
		w.out.WriteByte('/')
		text = text[1:]
	}
	escape(&w.out, text, slashes)
	return true
}

// buffer keeps text until something is accepted behind it. Texts are kept with a
// mark in front, so that none looks like the slash between segments.
func (w *urlWriter) buffer(text string) bool {
	if text == "" {
		if w.waiting {
			return false
		}
		w.gap = true
		return true
	}
	if w.gap {
		return false
	}
	if w.inside {
		return w.accept(text, false)
	}
	if !w.waiting {
		if w.out.Len() > 0 || len(w.pending) > 0 {
			w.pending = append(w.pending, "/")
		}
		w.waiting = true
	}
	w.pending = append(w.pending, "="+text)
	return true
}

// takeBack removes the last text, a separator.
func (w *urlWriter) takeBack() {
	kept := w.out.String()[:w.taken]
	w.out.Reset()
	w.out.WriteString(kept)
}

func (w *urlWriter) endSegment() { w.inside, w.waiting = false, false }

func (w *urlWriter) path() string {
	path := w.out.String()
	if path == "" || path[0] == '/' {
		return path
	}
	return "/" + path
}

// escape writes s percent-encoded, but for ASCII letters, digits and a few
// signs (Encodings/Web/DefaultUrlEncoder.cs). A byte that is no UTF-8 is written
// as U+FFFD.
func escape(b *strings.Builder, s string, slashes bool) {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); {
		c := s[i]
		if unescaped(c) || slashes && c == '/' {
			b.WriteByte(c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		for _, c := range []byte(string(r)) {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
		i += n
	}
}

func unescaped(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!$()*,;@", c) >= 0
}

// lowerText maps to lower case, free of culture and one to one; the dotted
// capital I stays.
func lowerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return unicode.ToLower(r)
		}
		return lowerRune(r)
	}, s)
}
