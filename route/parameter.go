package route

import "strings"

// A param is one parameter of a template.
type param struct {
	name string // as spelled
	*traits
}

// traits are what few parameters have.
type traits struct {
	constraints []Constraint
	defaultText string
	hasDefault  bool // an empty default is a default

	// defaultValue is the default as it was given: the text in the template, or
	// what WithDefaults got. An extra parameter stands nowhere in the template;
	// it has nothing but a default.
	defaultValue any
	extra        bool

	optional bool
	catchAll string // "", "*" or "**"
	offset   int    // of its '{' in the template; used while compiling
}

// bare are the traits of most parameters: none. Nobody changes them.
var bare traits

// isBare reports whether there are no traits.
func (t *traits) isBare() bool {
	return t.constraints == nil && !t.hasDefault && !t.extra && !t.optional && t.catchAll == ""
}

// parseParam takes the body of a parameter apart. Whether the name is a valid
// one is not judged here.
//
// The name runs to the first ':' or '=' that is not its first character, so
// "{:int}" and "{=x}" are bare names. When something follows the name, the rest
// is read starting at the last character of the name, which matters when that
// is a '(' (Patterns/RouteParameterParser.cs).
func parseParam(body string) param {
	p := param{traits: &traits{}}
	rest := body
	for _, stars := range []string{"**", "*"} {
		if strings.HasPrefix(rest, stars) {
			p.catchAll, rest = stars, rest[len(stars):]
			break
		}
	}
	if strings.HasSuffix(body, "?") && rest != "" {
		p.optional, rest = true, rest[:len(rest)-1]
	}
	end := -1
	if rest != "" {
		end = strings.IndexAny(rest[1:], ":=")
	}
	if end < 0 {
		p.name = rest
		return p
	}
	p.name = rest[:end+1]
	scan := bodyScanner{text: rest, pos: end, mark: end, base: len(body) - len(rest)}
	if p.optional {
		scan.base--
	}
	for state := bodyStart; state != nil; {
		state = state(&scan)
	}
	p.constraints = scan.found
	if scan.pos < len(rest) {
		p.defaultText, p.hasDefault = rest[scan.pos+1:], true
		p.defaultValue = p.defaultText
	}
	return p
}

// bodyScanner finds the constraint references in the body of a parameter. When
// it is done, pos is at the '=' of the default or at the end.
type bodyScanner struct {
	text  string
	pos   int
	mark  int // where the reference being read begins
	base  int // offset of text in the body
	found []Constraint
}

// bodyState consumes what is at pos and returns the next state, nil at the end.
type bodyState func(*bodyScanner) bodyState

// close notes the reference from the mark up to end.
func (s *bodyScanner) close(end int) {
	s.found = append(s.found, Constraint{text: s.text[s.mark:end], offset: s.base + s.mark})
}

// closeName is close for a reference without parentheses, where an empty one is
// dropped: "{a::int}" has one constraint.
func (s *bodyScanner) closeName(end int) {
	if end > s.mark {
		s.close(end)
	}
}

func bodyStart(s *bodyScanner) bodyState {
	for ; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case ':':
			s.pos++
			s.mark = s.pos
			return bodyName
		case '(':
			s.pos++
			return bodyParen
		case '=':
			return nil
		}
	}
	return nil
}

func bodyName(s *bodyScanner) bodyState {
	for ; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case ':':
			s.closeName(s.pos)
			s.mark = s.pos + 1
		case '(':
			s.pos++
			return bodyParen
		case '=':
			s.closeName(s.pos)
			return nil
		}
	}
	s.closeName(s.pos)
	return nil
}

// bodyParen reads inside parentheses. A ')' closes them only before ':', '='
// or the end. At a ':' or '=' the scanner jumps over the next ')' if there is
// one, which is thereby not looked at: "regex(a:b=c)" is closed by the end of
// the text, not by its ')'.
func bodyParen(s *bodyScanner) bodyState {
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; c {
		case ')':
			if s.pos+1 == len(s.text) {
				s.pos++
				s.close(s.pos)
				return nil
			}
			switch s.text[s.pos+1] {
			case ':':
				s.pos++
				s.close(s.pos)
				s.mark = s.pos
				return bodyStart
			case '=':
				s.pos++
				s.close(s.pos)
				return nil
			}
		case ':', '=':
			if i := strings.IndexByte(s.text[s.pos+1:], ')'); i >= 0 {
				s.pos += 1 + i
				continue
			}
			s.close(s.pos)
			if c == '=' {
				return nil
			}
			s.pos++
			s.mark = s.pos
			return bodyName
		}
	}
	s.close(s.pos)
	return nil
}
