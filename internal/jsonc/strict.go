package jsonc

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// Parse reads one JSON value with comments, byte-order mark and trailing commas.
// The error, if any, is a *SyntaxError for the first place that is not JSON.
func Parse(data []byte) (*Value, error) {
	p := strict{cursor: newCursor(data)}
	v := p.document()
	if p.err != nil {
		return nil, p.err
	}
	return v, nil
}

// cursor is a place in a text, and keeps the lines.
type cursor struct {
	s    string
	i    int // next byte
	line int // from 1
	bol  int // offset of the beginning of the line

	// known is an offset in the line whose column is known, so that a long
	// line is not counted again for each of its values.
	known, column int
}

func newCursor(data []byte) cursor {
	c := cursor{s: string(data), line: 1, column: 1}
	if bytes.HasPrefix(data, byteOrderMark) {
		c.i = len(byteOrderMark)
		c.bol, c.known = c.i, c.i
	}
	return c
}

// pos returns the place of the cursor.
func (c *cursor) pos() Pos {
	if c.known < c.bol || c.known > c.i {
		c.known, c.column = c.bol, 1
	}
	c.column += utf8.RuneCountInString(c.s[c.known:c.i])
	c.known = c.i
	return Pos{Offset: c.i, Line: c.line, Column: c.column}
}

// newline takes the line break at the cursor, which must be at one.
func (c *cursor) newline() {
	if c.s[c.i] == '\r' && c.i+1 < len(c.s) && c.s[c.i+1] == '\n' {
		c.i++
	}
	c.i++
	c.line++
	c.bol = c.i
}

type strict struct {
	cursor
	depth int
	err   *SyntaxError
}

func (p *strict) fail(at Pos, format string, args ...any) *Value {
	if p.err == nil {
		p.err = &SyntaxError{Pos: at, Reason: fmt.Sprintf(format, args...)}
	}
	return nil
}

// found describes what stands at the cursor.
func (p *strict) found() string {
	if p.i >= len(p.s) {
		return "the end of the file"
	}
	r, n := utf8.DecodeRuneInString(p.s[p.i:])
	if r == utf8.RuneError && n == 1 {
		return fmt.Sprintf("the byte 0x%02x, which is not UTF-8", p.s[p.i])
	}
	return fmt.Sprintf("%q", r)
}

func (p *strict) document() *Value {
	v := p.value()
	if p.err != nil {
		return nil
	}
	if p.space(); p.err == nil && p.i < len(p.s) {
		return p.fail(p.pos(), "%s after the end of the document", p.found())
	}
	return v
}

// space skips blanks and comments.
func (p *strict) space() {
	for p.err == nil && p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == ' ' || c == '\t':
			p.i++
		case c == '\n' || c == '\r':
			p.newline()
		case strings.HasPrefix(p.s[p.i:], "//"):
			for p.i < len(p.s) && p.s[p.i] != '\n' && p.s[p.i] != '\r' {
				p.i++
			}
		case strings.HasPrefix(p.s[p.i:], "/*"):
			p.comment()
		default:
			return
		}
	}
}

func (p *strict) comment() {
	start := p.pos()
	p.i += 2
	for p.i < len(p.s) {
		switch {
		case strings.HasPrefix(p.s[p.i:], "*/"):
			p.i += 2
			return
		case p.s[p.i] == '\n' || p.s[p.i] == '\r':
			p.newline()
		default:
			p.i++
		}
	}
	p.fail(start, "comment not closed")
}

func (p *strict) value() *Value {
	p.space()
	if p.err != nil {
		return nil
	}
	v := &Value{Pos: p.pos()}
	if p.i >= len(p.s) {
		return p.fail(v.Pos, "expected a value, found %s", p.found())
	}
	switch c := p.s[p.i]; {
	case c == '{':
		v.Kind = Object
		p.object(v)
	case c == '[':
		v.Kind = Array
		p.array(v)
	case c == '"':
		v.Kind = String
		v.Text = p.text()
	case c == '-' || c >= '0' && c <= '9':
		v.Kind = Number
		p.number(v)
	default:
		p.word(v)
	}
	if p.err != nil {
		return nil
	}
	v.End = p.pos()
	return v
}

func (p *strict) word(v *Value) {
	n := 0
	for n < len(p.s)-p.i && isWord(p.s[p.i+n]) {
		n++
	}
	switch w := p.s[p.i : p.i+n]; w {
	case "true", "false":
		v.Kind, v.Text = Bool, w
	case "null":
		v.Kind = Null
	case "":
		hint := ""
		if p.s[p.i] == '\'' {
			hint = "; strings are written in double quotes"
		}
		p.fail(v.Pos, "expected a value, found %s%s", p.found(), hint)
	default:
		p.fail(v.Pos, "expected a value, found %q; strings are written in double quotes", w)
	}
	p.i += n
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func (p *strict) number(v *Value) {
	n := scanNumber(p.s[p.i:])
	end := p.i + n
	if n == 0 || end < len(p.s) && (isWord(p.s[end]) || p.s[end] == '.') {
		for end < len(p.s) && (isWord(p.s[end]) || strings.IndexByte("+-.", p.s[end]) >= 0) {
			end++
		}
		p.fail(v.Pos, "%q is not a number", p.s[p.i:end])
		return
	}
	v.Text = p.s[p.i:end]
	p.i = end
}

// enter goes a level deeper, past an opening bracket.
func (p *strict) enter(v *Value) bool {
	p.i++
	p.depth++
	if p.depth > MaxDepth {
		p.fail(v.Pos, "nested deeper than %d levels", MaxDepth)
	}
	return p.err == nil
}

// next takes a comma or the closing bracket of v, and says whether another
// element follows.
func (p *strict) next(v *Value, closing byte) bool {
	p.space()
	if p.err != nil {
		return false
	}
	switch {
	case p.i >= len(p.s):
		p.fail(v.Pos, "%s not closed", v.Kind)
		return false
	case p.s[p.i] == ',':
		p.i++
		p.space()
		if p.err == nil && p.i >= len(p.s) {
			p.fail(v.Pos, "%s not closed", v.Kind)
		}
		if p.err == nil && p.s[p.i] == closing {
			p.leave()
			return false
		}
		return p.err == nil
	case p.s[p.i] == closing:
		p.leave()
		return false
	}
	p.fail(p.pos(), "expected a comma or %q, found %s", closing, p.found())
	return false
}

// begin says whether a container has a first element.
func (p *strict) begin(v *Value, closing byte) bool {
	if !p.enter(v) {
		return false
	}
	p.space()
	if p.err == nil && p.i >= len(p.s) {
		p.fail(v.Pos, "%s not closed", v.Kind)
	}
	if p.err == nil && p.s[p.i] == closing {
		p.leave()
		return false
	}
	return p.err == nil
}

func (p *strict) leave() {
	p.i++
	p.depth--
}

func (p *strict) array(v *Value) {
	for more := p.begin(v, ']'); more; more = p.next(v, ']') {
		item := p.value()
		if p.err != nil {
			return
		}
		v.Items = append(v.Items, item)
	}
}

func (p *strict) object(v *Value) {
	for more := p.begin(v, '}'); more; more = p.next(v, '}') {
		m := Member{Pos: p.pos()}
		if p.s[p.i] != '"' {
			p.fail(m.Pos, "expected a name in double quotes, found %s", p.found())
			return
		}
		m.Name = p.text()
		if p.space(); p.err != nil {
			return
		}
		if p.i >= len(p.s) || p.s[p.i] != ':' {
			p.fail(p.pos(), "expected a colon after the name %q, found %s", m.Name, p.found())
			return
		}
		p.i++
		if m.Value = p.value(); p.err != nil {
			return
		}
		v.Members = append(v.Members, m)
	}
}

// text reads a string in double quotes.
func (p *strict) text() string {
	start := p.pos()
	p.i++
	from := p.i
	var b []byte
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			if b == nil {
				return p.s[from : p.i-1]
			}
			return string(b)
		case c == '\\':
			if b == nil {
				b = append([]byte{}, p.s[from:p.i]...)
			}
			b = p.escape(b)
			if p.err != nil {
				return ""
			}
		case c < 0x20:
			p.fail(p.pos(), "%s in a string: write it as an escape, or close the string", p.found())
			return ""
		default:
			r, n := utf8.DecodeRuneInString(p.s[p.i:])
			if r == utf8.RuneError && n == 1 {
				p.fail(p.pos(), "%s", p.found())
				return ""
			}
			if b != nil {
				b = append(b, p.s[p.i:p.i+n]...)
			}
			p.i += n
		}
	}
	p.fail(start, "string not closed")
	return ""
}

// escape reads an escape sequence.
func (p *strict) escape(b []byte) []byte {
	at := p.pos()
	rest := p.s[p.i+1:]
	if rest == "" {
		p.fail(at, "string not closed")
		return b
	}
	if c, ok := simpleEscape(rest[0]); ok && rest[0] != '\'' {
		p.i += 2
		return append(b, c)
	}
	if rest[0] != 'u' {
		r, _ := utf8.DecodeRuneInString(rest)
		p.fail(at, "%q is not an escape", `\`+string(r))
		return b
	}
	r, n, whole := unicodeEscape(rest[1:])
	switch {
	case n == 0:
		p.fail(at, `\u wants four hexadecimal digits`)
	case !whole:
		p.fail(at, "half of a surrogate pair")
	}
	p.i += 2 + n
	return utf8.AppendRune(b, r)
}

// simpleEscape returns what a backslash and c stand for.
func simpleEscape(c byte) (byte, bool) {
	switch c {
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case '"', '\\', '/', '\'':
		return c, true
	}
	return 0, false
}
