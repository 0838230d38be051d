package jsonc

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// ParseLenient reads one JSON object the way the reference host reads its
// configuration files. The error, if any, is a *SyntaxError with the words of
// the reference's reader; Reason holds the whole message, path and position
// included. Positions in such a message count UTF-16 units from 0, and stand
// where that reader stood, which is often behind the value at fault.
func ParseLenient(data []byte) (*Value, error) {
	p := lenient{cursor: newCursor([]byte(strings.ToValidUTF8(string(data), "\uFFFD")))}
	v := p.document()
	if p.err != nil {
		return nil, p.err
	}
	return v, nil
}

// lenient follows JsonTextReader.cs and JObject.Load.
type lenient struct {
	cursor
	err *SyntaxError

	// stack has a level for each open container, fresh says that the last one
	// was just opened: it is left out of a path then.
	stack []level
	fresh bool
}

type level struct {
	array bool
	index int
	name  string
}

const unexpectedEnd = "Unexpected end of content while loading JObject."

// document reads an object and nothing after it.
func (p *lenient) document() *Value {
	if p.blank(); p.err != nil {
		return nil
	}
	switch {
	case p.i >= len(p.s):
		return p.fail("Error reading JObject from JsonReader.")
	case p.s[p.i] == '[':
		p.i++
		return p.fail("Error reading JObject from JsonReader. Current JsonReader item is not an object: StartArray.")
	case p.s[p.i] != '{':
		v := p.value()
		if p.err == nil {
			p.fail("Error reading JObject from JsonReader. Current JsonReader item is not an object: " + token(v) + ".")
		}
		return nil
	}
	v := p.value()
	if p.err != nil {
		return nil
	}
	if p.blank(); p.err == nil && p.i < len(p.s) {
		return p.fail(fmt.Sprintf("Additional text encountered after finished reading JSON content: %c.", p.peek()))
	}
	return v
}

// token names a value as the reference's reader names its tokens.
func token(v *Value) string {
	switch v.Kind {
	case Bool:
		return "Boolean"
	case Number:
		if strings.ContainsAny(v.Text, ".eEN") && !strings.HasPrefix(v.Text, "0x") {
			return "Float"
		}
		return "Integer"
	case String:
		return "String"
	case Undefined:
		return "Undefined"
	}
	return "Null"
}

// fail notes the error with the path and the position of the cursor.
func (p *lenient) fail(reason string) *Value {
	if p.err != nil {
		return nil
	}
	line, at := p.line, p.units()
	if len(p.stack) == 0 && p.i == p.bol && line == 1 {
		line = 0 // nothing was read yet
	}
	path := p.path()
	p.err = &SyntaxError{
		Pos:    p.pos(),
		Path:   path,
		Reason: fmt.Sprintf("%s Path '%s', line %d, position %d.", reason, path, line, at),
	}
	return nil
}

// units counts the UTF-16 units between the beginning of the line and the cursor.
func (p *lenient) units() int { return units(p.s[p.bol:min(p.i, len(p.s))]) }

// units counts the UTF-16 units of s.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// path returns the place in the document.
func (p *lenient) path() string {
	levels := p.stack
	if p.fresh {
		levels = levels[:len(levels)-1]
	}
	var b strings.Builder
	for _, l := range levels {
		switch {
		case l.array:
			fmt.Fprintf(&b, "[%d]", l.index)
		case strings.ContainsAny(l.name, " '/\"[]()\t\n\r\f\b\\\u0085\u2028\u2029."):
			b.WriteString("['" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(l.name) + "']")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(l.name)
		}
	}
	return b.String()
}

// peek returns the character at the cursor, NUL at the end.
func (p *lenient) peek() rune {
	if p.i >= len(p.s) {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(p.s[p.i:])
	return r
}

// space skips blanks.
func (p *lenient) space() {
	for p.i < len(p.s) {
		r, n := utf8.DecodeRuneInString(p.s[p.i:])
		switch {
		case r == '\n' || r == '\r':
			p.newline()
		case unicode.IsSpace(r) || unicode.Is(unicode.Z, r):
			p.i += n
		default:
			return
		}
	}
}

// blank skips blanks and comments.
func (p *lenient) blank() {
	for {
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != '/' {
			return
		}
		p.i++
		switch c := p.peek(); c {
		case '/':
			for p.i < len(p.s) && p.s[p.i] != '\n' && p.s[p.i] != '\r' {
				p.i++
			}
		case '*':
			p.i++
			for !strings.HasPrefix(p.s[p.i:], "*/") {
				switch {
				case p.i >= len(p.s):
					p.fail("Unexpected end while parsing comment.")
					return
				case p.s[p.i] == '\n' || p.s[p.i] == '\r':
					p.newline()
				default:
					p.i++
				}
			}
			p.i += 2
		default:
			if p.i >= len(p.s) {
				p.fail("Unexpected end while parsing comment.")
			} else {
				p.fail(fmt.Sprintf("Error parsing comment. Expected: *, got %c.", c))
			}
			return
		}
	}
}

// open begins a container, which is a value of the one around it.
func (p *lenient) open(v *Value) bool {
	p.i++
	p.done()
	p.stack = append(p.stack, level{array: v.Kind == Array, index: -1})
	p.fresh = true
	if len(p.stack) > MaxDepth {
		p.fail(fmt.Sprintf("The reader's MaxDepth of %d has been exceeded.", MaxDepth))
	}
	return p.err == nil
}

// done notes a finished value in the container around it.
func (p *lenient) done() {
	p.fresh = false
	if n := len(p.stack); n > 0 && p.stack[n-1].array {
		p.stack[n-1].index++
	}
}

func (p *lenient) close() {
	p.i++
	p.stack = p.stack[:len(p.stack)-1]
	p.fresh = false
}

// value reads a value; the cursor is at its first character.
func (p *lenient) value() *Value {
	v := &Value{Pos: p.pos()}
	c := p.peek()
	switch {
	case c == '{':
		v.Kind = Object
		p.object(v)
	case c == '[':
		v.Kind = Array
		p.array(v)
	case c == '"' || c == '\'':
		v.Kind = String
		v.Text = p.text(c)
		p.done()
	case c == '-' && strings.HasPrefix(p.s[p.i+1:], "I"):
		p.word(v, Number, "-Infinity", "Error parsing negative infinity value.")
	case c == '-' || c == '.' || c >= '0' && c <= '9':
		p.number(v)
		p.done()
	case c == 't':
		p.word(v, Bool, "true", "Error parsing boolean value.")
	case c == 'f':
		p.word(v, Bool, "false", "Error parsing boolean value.")
	case c == 'n' && strings.HasPrefix(p.s[p.i:], "nu"):
		p.word(v, Null, "null", "Error parsing null value.")
	case c == 'u':
		p.word(v, Undefined, "undefined", "Error parsing undefined value.")
	case c == 'N':
		p.word(v, Number, "NaN", "Error parsing NaN value.")
	case c == 'I':
		p.word(v, Number, "Infinity", "Error parsing positive infinity value.")
	default:
		p.fail(fmt.Sprintf("Unexpected character encountered while parsing value: %c.", c))
	}
	if p.err != nil {
		return nil
	}
	v.End = p.pos()
	return v
}

// word reads a fixed word, which something that separates must follow.
func (p *lenient) word(v *Value, kind Kind, word, wrong string) {
	v.Kind, v.Text = kind, word
	n := 0
	for n < len(word) && p.i < len(p.s) && p.s[p.i] == word[n] {
		n++
		p.i++
	}
	if n < len(word) && p.i >= len(p.s) {
		p.fail("Unexpected end when reading JSON.")
		return
	}
	if n < len(word) || p.i < len(p.s) && !separates(p.peek()) {
		p.fail(wrong)
		return
	}
	p.done()
}

func separates(r rune) bool {
	return strings.ContainsRune("}],/)\x00", r) || unicode.IsSpace(r)
}

// number reads what looks like a number, in any notation.
func (p *lenient) number(v *Value) {
	start := p.i
	for p.i < len(p.s) && (isWord(p.s[p.i]) || strings.IndexByte("+-.", p.s[p.i]) >= 0) && p.s[p.i] != '_' && p.s[p.i] != '$' {
		p.i++
	}
	text := p.s[start:p.i]
	v.Kind, v.Text = Number, text
	if p.i < len(p.s) && !separates(p.peek()) {
		p.fail(fmt.Sprintf("Unexpected character encountered while parsing number: %c.", p.peek()))
		return
	}
	sign, body := "", text
	if strings.HasPrefix(body, "-") {
		sign, body = "-", body[1:]
	}
	switch {
	case len(body) > 1 && body[0] == '0' && body[1] != '.' && body[1]|0x20 != 'e':
		n, err := strconv.ParseInt(sign+octal(body), 0, 64)
		if err != nil {
			p.fail(fmt.Sprintf("Input string '%s' is not a valid number.", text))
			return
		}
		v.Text = strconv.FormatInt(n, 10)
	case digits(body) == len(body) && body != "":
		if n, ok := new(big.Int).SetString(text, 10); ok {
			v.Text = n.String()
		}
	default:
		if _, err := strconv.ParseFloat(text, 64); err != nil && scanNumber(text) != len(text) {
			p.fail(fmt.Sprintf("Input string '%s' is not a valid number.", text))
		}
	}
}

// octal gives a number that begins with 0 the prefix that Go wants.
func octal(body string) string {
	if body[1]|0x20 == 'x' {
		return body
	}
	return "0o" + body[1:]
}

func (p *lenient) array(v *Value) {
	if !p.open(v) {
		return
	}
	for comma := true; ; {
		if p.blank(); p.err != nil {
			return
		}
		if p.i >= len(p.s) {
			p.fail(unexpectedEnd)
			return
		}
		switch c := p.s[p.i]; {
		case c == ']':
			p.close()
			return
		case c == ',' && !comma:
			p.i++
			comma = true
		case c == ',':
			// An element left out before a comma is undefined.
			v.Items = append(v.Items, &Value{Kind: Undefined, Pos: p.pos(), End: p.pos()})
			p.done()
			comma = false
		case !comma:
			p.unexpectedAfterValue()
			return
		default:
			item := p.value()
			if p.err != nil {
				return
			}
			v.Items = append(v.Items, item)
			comma = false
		}
	}
}

// unexpectedAfterValue fails at what is neither a comma nor the right bracket.
func (p *lenient) unexpectedAfterValue() {
	if c := p.s[p.i]; c == ']' || c == '}' {
		p.close()
		if c == ']' {
			p.fail("JsonToken EndArray is not valid for closing JsonType Object.")
		} else {
			p.fail("JsonToken EndObject is not valid for closing JsonType Array.")
		}
		return
	}
	p.fail(fmt.Sprintf("After parsing a value an unexpected character was encountered: %c.", p.peek()))
}

func (p *lenient) object(v *Value) {
	if !p.open(v) {
		return
	}
	for comma := true; ; {
		if p.blank(); p.err != nil {
			return
		}
		if p.i >= len(p.s) {
			p.fail(unexpectedEnd)
			return
		}
		switch c := p.s[p.i]; {
		case c == '}':
			p.close()
			return
		case !comma && c == ',':
			p.i++
			comma = true
		case !comma:
			p.unexpectedAfterValue()
			return
		default:
			if !p.member(v) {
				return
			}
			comma = false
		}
	}
}

func (p *lenient) member(v *Value) bool {
	m := Member{Pos: p.pos()}
	c := p.peek()
	switch {
	case c == '"' || c == '\'':
		m.Name = p.text(c)
	case identifies(c):
		m.Name = p.identifier()
	default:
		p.fail(fmt.Sprintf("Invalid property identifier character: %c.", c))
	}
	if p.err != nil {
		return false
	}
	p.space()
	if p.peek() != ':' {
		p.fail(fmt.Sprintf("Invalid character after parsing property name. Expected ':' but got: %c.", p.peek()))
		return false
	}
	p.i++
	p.fresh = false
	p.stack[len(p.stack)-1].name = m.Name
	if p.blank(); p.err != nil {
		return false
	}
	if p.i >= len(p.s) {
		p.fail(unexpectedEnd)
		return false
	}
	if p.s[p.i] == ',' { // a value left out is undefined
		m.Value = &Value{Kind: Undefined, Pos: p.pos(), End: p.pos()}
	} else {
		m.Value = p.value()
	}
	v.Members = append(v.Members, m)
	return p.err == nil
}

// identifies reports whether r may stand in a name without quotes.
func identifies(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.Is(unicode.Nd, r)
}

func (p *lenient) identifier() string {
	start := p.i
	for p.i < len(p.s) {
		r, n := utf8.DecodeRuneInString(p.s[p.i:])
		switch {
		case identifies(r):
			p.i += n
		case r == ':' || unicode.IsSpace(r):
			return p.s[start:p.i]
		default:
			p.fail(fmt.Sprintf("Invalid JavaScript property identifier character: %c.", r))
			return ""
		}
	}
	p.fail("Unexpected end while parsing unquoted property name.")
	return ""
}

// text reads a string in quotes of either kind. Line breaks are part of it.
func (p *lenient) text(quote rune) string {
	p.i++
	var b []byte
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case rune(c) == quote:
			p.i++
			return string(b)
		case c == '\\':
			if b = p.escape(b, quote); p.err != nil {
				return ""
			}
		case c == '\n' || c == '\r':
			start := p.i
			p.newline()
			b = append(b, p.s[start:p.i]...)
		default:
			b = append(b, c)
			p.i++
		}
	}
	p.fail(fmt.Sprintf("Unterminated string. Expected delimiter: %c.", quote))
	return ""
}

func (p *lenient) escape(b []byte, quote rune) []byte {
	rest := p.s[p.i+1:]
	if rest == "" {
		p.i++
		p.fail(fmt.Sprintf("Unterminated string. Expected delimiter: %c.", quote))
		return b
	}
	if c, ok := simpleEscape(rest[0]); ok {
		p.i += 2
		return append(b, c)
	}
	r, size := utf8.DecodeRuneInString(rest)
	if r != 'u' {
		p.i += 1 + size
		p.fail(fmt.Sprintf(`Bad JSON escape sequence: \%c.`, r))
		return b
	}
	p.i += 2
	r, n, _ := unicodeEscape(rest[1:])
	if n == 0 {
		if len(rest) < 5 {
			p.i = len(p.s)
			p.fail("Unexpected end while parsing Unicode escape sequence.")
		} else {
			p.fail(fmt.Sprintf("Invalid Unicode escape sequence: \\u%s.", rest[1:5]))
		}
		return b
	}
	p.i += n
	return utf8.AppendRune(b, r)
}

// ParseLenientValue reads one JSON value of any kind the way ParseLenient reads
// an object.
func ParseLenientValue(data []byte) (*Value, error) {
	p := lenient{cursor: newCursor([]byte(strings.ToValidUTF8(string(data), "\uFFFD")))}
	p.blank()
	if p.err == nil && p.i >= len(p.s) {
		p.fail("Error reading JToken from JsonReader.")
	}
	if p.err != nil {
		return nil, p.err
	}
	v := p.value()
	if p.err == nil {
		p.blank()
	}
	if p.err == nil && p.i < len(p.s) {
		p.fail(fmt.Sprintf("Additional text encountered after finished reading JSON content: %c.", p.peek()))
	}
	if p.err != nil {
		return nil, p.err
	}
	return v, nil
}
