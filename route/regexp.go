package route

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf16"
)

// A RegexpError says why an expression of the regex constraint cannot be
// compiled.
type RegexpError struct {
	Expr   string // the whole expression
	Offset int    // where in it, in UTF-16 code units
	Reason string // what is wrong

	// Unsupported tells a sound expression that the engine cannot say from a
	// broken one.
	Unsupported bool
}

func (e *RegexpError) Error() string {
	return fmt.Sprintf("regexp: %q: offset %d: %s", e.Expr, e.Offset, e.Reason)
}

// CompileRE2 compiles an expression of the source's regex constraint to what
// matches in time linear in the text: an automaton, which takes one step for each
// code unit and allocates nothing, or where that would be large, the regexp package
// of the standard library. The expression has the syntax and the meaning of .NET:
// it ignores case unless it says "(?-i)", its characters are UTF-16 code units,
// "\d", "\w" and "\s" are the Unicode classes, and "$" matches also before a final
// line feed.
//
// What the engine cannot say is an error: look-around, backreferences, atomic,
// conditional and balancing groups, "\b", a "$" with more to match behind it,
// repetitions of more than 1,000, and the sets of XML names ("\p{_xmlD}").
// [Compiler.Regexp] takes an engine that can. The error is a [*RegexpError].
func CompileRE2(expr string) (Matcher, error) {
	text, err := re2Text(expr)
	if err != nil {
		return nil, err
	}
	m, err := compileRE2(text)
	if err != nil {
		return nil, &RegexpError{Expr: expr, Reason: err.Error(), Unsupported: true}
	}
	return m, nil
}

// re2Text prints an expression in the syntax of RE2, over runes that stand for
// code units.
func re2Text(expr string) (string, error) {
	p, root, err := parseRegexp(expr)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if !root.write(&out, true) {
		p.cannot(0, "'$' or \\Z with more to match behind it")
	}
	if p.unsupported != nil {
		return "", p.unsupported
	}
	return out.String(), nil
}

// compileRE2 compiles what re2Text prints: to an automaton, else for the engine
// of the standard library.
func compileRE2(text string) (Matcher, error) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	if a := newAutomaton(prog); a != nil {
		return a, nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	return re2{re}, nil
}

// TranslateRegexp prints an expression of the source's regex constraint for a
// backtracking engine in the tradition of Perl, for engines to be used as
// [Compiler.Regexp]. Case, classes and assertions are spelled out, so that the
// engine needs no option and no Unicode tables, but for backreferences that
// ignore case, which stand in "(?i:...)". It matches over what [RegexpText] makes
// of a value. The error is a [*RegexpError]: the expression is broken, or has a set
// of XML names, which is not translated.
func TranslateRegexp(expr string) (string, error) {
	_, root, err := parseRegexp(expr)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	root.writePerl(&out)
	return out.String(), nil
}

// RegexpText returns the text that a translated expression matches over. Each
// UTF-16 code unit is a character of its own: those that make a character beyond
// the Basic Multilingual Plane stand as two characters of the private plane 16.
func RegexpText(text string) string {
	if unitsAreRunes(text) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if r > 0xFFFF {
			high, low := utf16.EncodeRune(r)
			b.WriteRune(unitRune(high))
			r = unitRune(low)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// parseRegexp reads an expression twice: what a backreference means depends on
// the groups behind it.
func parseRegexp(expr string) (*reParser, *reNode, error) {
	units := utf16.Encode([]rune(expr))
	counting := &reParser{expr: expr, in: units, groups: -1}
	if _, err := counting.parse(); err != nil {
		return nil, nil, err
	}
	p := &reParser{expr: expr, in: units, groups: counting.opened, names: counting.names}
	root, err := p.parse()
	return p, root, err
}

// re2 is the engine of the standard library.
type re2 struct{ re *regexp.Regexp }

func (m re2) Match(text string) (bool, error) { return m.re.MatchString(RegexpText(text)), nil }

// unitsAreRunes reports whether s has no character beyond the Basic Multilingual
// Plane. Four bytes are what begins with 0xF0 or more.
func unitsAreRunes(s string) bool {
	for i := range len(s) {
		if s[i] >= 0xF0 {
			return false
		}
	}
	return true
}

// unitRune returns the rune that stands for a code unit.
func unitRune(u rune) rune {
	if utf16.IsSurrogate(u) {
		return u + 0x100000
	}
	return u
}
