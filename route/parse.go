package route

import (
	"strings"
	"unicode/utf8"
)

// maxSegments is the most segments a template may have. The source derives it
// from the digits of a decimal number (Template/RoutePrecedence.cs).
const maxSegments = 28

// A part is a piece of a segment: text, or the value of a parameter.
type part struct {
	literal   string // the text, braces single; empty for a parameter
	param     int32  // index into Template.params, -1 for text
	separator bool   // the "." before an optional last parameter
}

// A segment is what stands between two slashes. One of a single part is simple,
// one of several is complex.
type segment struct {
	parts []part
}

func (s *segment) complex() bool { return len(s.parts) > 1 }

// literal returns the text of a segment without parameters.
func (s *segment) literal() (string, bool) {
	if len(s.parts) == 1 && s.parts[0].param < 0 {
		return s.parts[0].literal, true
	}
	return "", false
}

// param returns the parameter that is all of the segment, or -1.
func (s *segment) param() int {
	if len(s.parts) == 1 {
		return int(s.parts[0].param)
	}
	return -1
}

// parser reads a template from left to right:
//
//	template  = [ "~/" | "/" ] [ segment *( "/" segment ) [ "/" ] ]
//	segment   = 1*( literal | parameter )
//	literal   = 1*( any char but "/" "{" "}" "?" | "{{" | "}}" )
//	parameter = "{" [ "*" | "**" ] name *( ":" constraint ) [ "=" default ] [ "?" ] "}"
//
// The order of its checks decides which of several errors is reported; it is
// that of Patterns/RoutePatternParser.cs.
type parser struct {
	text     string
	pos      int
	segments []segment
	params   []param
	excess   int // where the first segment too many begins
}

// parse reads the template text. The error is a *SyntaxError.
func parse(text string) (*parser, error) {
	p := &parser{text: text}
	if i := invalidUTF8(text); i >= 0 {
		return nil, p.fail(NotUTF8, i, text[i:i+1])
	}
	switch {
	case strings.HasPrefix(text, "~/"):
		p.pos = 2
	case strings.HasPrefix(text, "~"):
		return nil, p.fail(BadTilde, 0, "~")
	case strings.HasPrefix(text, "/"):
		p.pos = 1
	}
	for p.pos < len(text) {
		if text[p.pos] == '/' {
			return nil, p.fail(EmptySegment, p.pos, "/")
		}
		if err := p.segment(); err != nil {
			return nil, err
		}
		p.pos++ // the slash, or past the end
	}
	return p, p.whole()
}

// invalidUTF8 returns where the first byte is that is no UTF-8, or -1.
func invalidUTF8(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return -1
}

func (p *parser) fail(reason SyntaxReason, offset int, text string) error {
	return &SyntaxError{Template: p.text, Offset: offset, Text: text, Reason: reason}
}

// whole makes the checks that need all segments.
func (p *parser) whole() error {
	for i := range p.segments {
		j := p.segments[i].param()
		if j >= 0 && p.params[j].catchAll != "" && i < len(p.segments)-1 {
			return p.fail(CatchAllNotLast, p.params[j].offset, p.params[j].name)
		}
	}
	if len(p.segments) > maxSegments {
		return p.fail(TooManySegments, p.excess, p.text[p.excess:])
	}
	return nil
}

// segment reads up to the next slash outside a parameter, or to the end.
func (p *parser) segment() error {
	var parts []part
	start := p.pos
	for p.pos < len(p.text) && p.text[p.pos] != '/' {
		var next part
		var err error
		if p.text[p.pos] == '{' && !strings.HasPrefix(p.text[p.pos:], "{{") {
			next, err = p.parameter()
		} else {
			next, err = p.literal()
		}
		if err != nil {
			return err
		}
		parts = append(parts, next)
	}
	if err := p.checkParts(parts, start); err != nil {
		return err
	}
	if len(p.segments) == maxSegments {
		p.excess = start
	}
	p.segments = append(p.segments, segment{parts: parts})
	return nil
}

// literal reads text up to a slash, a parameter or the end.
func (p *parser) literal() (part, error) {
	start := p.pos
	var text strings.Builder
scan:
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch c {
		case '/':
			break scan
		case '{', '}':
			last := p.pos+1 == len(p.text)
			double := !last && p.text[p.pos+1] == c
			if c == '{' && !last && !double {
				break scan
			}
			if !double {
				return part{}, p.fail(UnclosedBrace, p.pos, p.text[p.pos:p.pos+1])
			}
			p.pos++
		}
		text.WriteByte(c)
		p.pos++
	}
	if i := strings.IndexByte(p.text[start:p.pos], '?'); i >= 0 {
		return part{}, p.fail(QuestionInLiteral, start+i, text.String())
	}
	if text.Len() == p.pos-start {
		return part{literal: p.text[start:p.pos], param: -1}, nil // no memory of its own
	}
	return part{literal: text.String(), param: -1}, nil
}

// parameter reads from a '{' through its '}'.
func (p *parser) parameter() (part, error) {
	start := p.pos
	body, err := p.body()
	if err != nil {
		return part{}, err
	}
	if body == "" {
		return part{}, p.fail(EmptyParameter, start, "{}")
	}
	name := p.text[start:p.pos]
	if strings.HasPrefix(body, "*") && strings.HasSuffix(body, "?") {
		return part{}, p.fail(OptionalCatchAll, start, name)
	}
	prm := parseParam(body)
	prm.offset = start
	if prm.optional && prm.hasDefault {
		return part{}, p.fail(OptionalDefault, start, name)
	}
	if prm.name == "" || strings.ContainsAny(prm.name, "/{}?*") {
		return part{}, p.fail(BadName, start, prm.name)
	}
	for i := range p.params {
		if equalFold(p.params[i].name, prm.name) {
			return part{}, p.fail(DuplicateName, start, prm.name)
		}
	}
	p.params = append(p.params, prm)
	return part{param: int32(len(p.params) - 1)}, nil
}

// body moves past a parameter and returns what its braces hold, with double
// braces made single. A '}' ends it only if no second one follows.
func (p *parser) body() (string, error) {
	start := p.pos
	var body strings.Builder
	for p.pos++; p.pos < len(p.text); p.pos++ {
		c := p.text[p.pos]
		if c == '{' || c == '}' {
			double := p.pos+1 < len(p.text) && p.text[p.pos+1] == c
			switch {
			case c == '}' && !double:
				p.pos++
				if whole := p.text[start+1 : p.pos-1]; body.Len() == len(whole) {
					return whole, nil // no memory of its own
				}
				return body.String(), nil
			case c == '{' && p.pos+1 == len(p.text):
				return "", p.fail(UnclosedBrace, p.pos, "{")
			case !double:
				return "", p.fail(UnescapedBrace, p.pos, "{")
			}
			p.pos++
		}
		body.WriteByte(c)
	}
	return "", p.fail(UnclosedBrace, start, p.text[start:])
}

// checkParts judges the parts of one segment together, and marks the separator
// before an optional last parameter.
func (p *parser) checkParts(parts []part, start int) error {
	if len(parts) < 2 {
		return nil
	}
	for _, pt := range parts {
		if pt.param >= 0 && p.params[pt.param].catchAll != "" {
			return p.fail(CatchAllInComplex, start, p.text[start:p.pos])
		}
	}
	for i, pt := range parts {
		if pt.param < 0 || !p.params[pt.param].optional {
			continue
		}
		switch {
		case i < len(parts)-1:
			return p.failBeside(OptionalNotLast, parts, i, i+1)
		case parts[i-1].param >= 0 || parts[i-1].literal != ".":
			return p.failBeside(OptionalAfterText, parts, i, i-1)
		}
		parts[i-1].separator = true
	}
	for i := range parts[1:] {
		if parts[i].param >= 0 && parts[i+1].param >= 0 {
			return p.fail(AdjacentParameters, p.params[parts[i+1].param].offset, p.text[start:p.pos])
		}
	}
	return nil
}

func (p *parser) failBeside(reason SyntaxReason, parts []part, i, neighbor int) error {
	prm := &p.params[parts[i].param]
	var all strings.Builder
	for _, pt := range parts {
		all.WriteString(p.short(pt))
	}
	return &SyntaxError{
		Template: p.text, Offset: prm.offset, Text: prm.name, Reason: reason,
		Segment: all.String(), Neighbor: p.short(parts[neighbor]),
	}
}

// short prints a part the way the source's messages do.
func (p *parser) short(pt part) string {
	if pt.param < 0 {
		return pt.literal
	}
	prm := &p.params[pt.param]
	var b strings.Builder
	b.WriteString("{" + prm.catchAll + prm.name)
	b.WriteString(strings.Repeat(":", len(prm.constraints)))
	if prm.hasDefault {
		b.WriteString("=" + prm.defaultText)
	}
	if prm.optional {
		b.WriteByte('?')
	}
	b.WriteByte('}')
	return b.String()
}
