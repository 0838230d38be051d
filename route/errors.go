package route

import (
	"errors"
	"fmt"
	"strings"
)

// A SyntaxReason tells which rule of the grammar a template breaks.
type SyntaxReason int

// The reasons of a [SyntaxError].
const (
	_                  SyntaxReason = iota
	EmptySegment                    // two slashes in a row
	BadTilde                        // begins with '~' that no '/' follows
	UnclosedBrace                   // a brace without its partner
	UnescapedBrace                  // a single '{' inside a parameter
	QuestionInLiteral               // '?' outside a parameter
	EmptyParameter                  // "{}"
	BadName                         // a name that is empty or holds one of / { } ? *
	DuplicateName                   // the same name twice, case ignored
	OptionalCatchAll                // "{*a?}"
	OptionalDefault                 // "{a=1?}"
	CatchAllInComplex               // a catch-all beside other parts of its segment
	OptionalNotLast                 // an optional parameter that text follows
	OptionalAfterText               // an optional parameter after other text than "."
	AdjacentParameters              // "{a}{b}"
	CatchAllNotLast                 // a catch-all before the last segment
	TooManySegments                 // more than 28 segments
	NotUTF8                         // the template is not valid UTF-8
)

var syntaxReasons = [...]struct{ what, want string }{
	EmptySegment:       {"empty segment", "one '/' between two segments"},
	BadTilde:           {"'~' without '/'", "\"~/\" at the start, or another first character"},
	UnclosedBrace:      {"brace without its partner", "\"{name}\" for a parameter, \"{{\" or \"}}\" for a brace as text"},
	UnescapedBrace:     {"single '{' inside a parameter", "\"{{\" and \"}}\" for braces inside a parameter"},
	QuestionInLiteral:  {"'?' outside a parameter", "'?' only as the last character of a parameter"},
	EmptyParameter:     {"parameter without a name", "\"{name}\""},
	BadName:            {"bad parameter name", "a name that is not empty and holds none of / { } ? *"},
	DuplicateName:      {"parameter name used twice", "names that differ in more than case"},
	OptionalCatchAll:   {"catch-all marked optional", "a catch-all without '?': it may be empty anyway"},
	OptionalDefault:    {"optional parameter with a default", "either '?' or a default"},
	CatchAllInComplex:  {"catch-all beside other parts of a segment", "a catch-all alone in its segment"},
	OptionalNotLast:    {"optional parameter is not the last part of its segment", "an optional parameter at the end of the segment"},
	OptionalAfterText:  {"optional parameter after something else than a period", "\".\" alone before an optional parameter"},
	AdjacentParameters: {"two parameters side by side", "text or '/' between two parameters"},
	CatchAllNotLast:    {"catch-all is not in the last segment", "a catch-all at the end of the template"},
	TooManySegments:    {"too many segments", "at most 28 segments"},
	NotUTF8:            {"not valid UTF-8", "text in UTF-8"},
}

// String says what is wrong, in a few words.
func (r SyntaxReason) String() string {
	if r > 0 && int(r) < len(syntaxReasons) {
		return syntaxReasons[r].what
	}
	return fmt.Sprintf("SyntaxReason(%d)", int(r))
}

// A SyntaxError says why a text is no route template. The first offending place
// from the left is reported.
type SyntaxError struct {
	Template string       // the whole template
	Offset   int          // where the offending text begins, in bytes
	Text     string       // the offending text: a literal, a name, a brace
	Reason   SyntaxReason // the rule it breaks

	// Segment and Neighbor are set for OptionalNotLast and OptionalAfterText:
	// the segment and the part beside the optional parameter, in short form,
	// where a constraint is a bare ':'.
	Segment, Neighbor string
}

// Want says what would be valid there.
func (e *SyntaxError) Want() string {
	if e.Reason > 0 && int(e.Reason) < len(syntaxReasons) {
		return syntaxReasons[e.Reason].want
	}
	return ""
}

func (e *SyntaxError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "route: %q: offset %d: ", e.Template, e.Offset)
	if e.Text != "" {
		fmt.Fprintf(&b, "%q: ", e.Text)
	}
	b.WriteString(e.Reason.String())
	if want := e.Want(); want != "" {
		b.WriteString("; valid is ")
		b.WriteString(want)
	}
	return b.String()
}

// A ConstraintReason tells why a constraint reference cannot be used.
type ConstraintReason int

// The reasons of a [ConstraintError].
const (
	_                 ConstraintReason = iota
	UnknownConstraint                  // no constraint has this name
	BadArgumentCount                   // the constraint takes another number of arguments
	BadArgument                        // an argument is missing or is no number
	BadBounds                          // a negative length, or bounds the wrong way round; regex without an expression
	BadRegexp                          // not a regular expression
	RegexpUnsupported                  // a regular expression that the engine in use cannot say
)

var constraintReasons = [...]string{
	UnknownConstraint: "unknown constraint",
	BadArgumentCount:  "wrong number of arguments",
	BadArgument:       "bad argument",
	BadBounds:         "bad bounds",
	BadRegexp:         "not a regular expression",
	RegexpUnsupported: "regular expression beyond the engine",
}

// String says what is wrong, in a few words.
func (r ConstraintReason) String() string {
	if r > 0 && int(r) < len(constraintReasons) {
		return constraintReasons[r]
	}
	return fmt.Sprintf("ConstraintReason(%d)", int(r))
}

// A ConstraintError says why a constraint reference in a template that is
// otherwise sound cannot be used.
type ConstraintError struct {
	Template  string           // the whole template; empty for [Compiler.Constraint]
	Offset    int              // where the reference begins in it, in bytes
	Param     string           // the parameter's name
	Text      string           // the reference as written, braces single: "min(x)"
	Name      string           // its name: "min"
	Arguments int              // how many arguments it has; no parentheses are none
	Reason    ConstraintReason // what is wrong
	Want      string           // what would be valid
	Err       error            // the cause, if there is one beneath
}

func (e *ConstraintError) Error() string {
	var b strings.Builder
	b.WriteString("route: ")
	if e.Template != "" {
		fmt.Fprintf(&b, "%q: offset %d: parameter %q: ", e.Template, e.Offset, e.Param)
	}
	fmt.Fprintf(&b, "%q: %s", e.Text, e.Reason)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Want != "" {
		b.WriteString("; valid is ")
		b.WriteString(e.Want)
	}
	return b.String()
}

// Unwrap returns the cause beneath, if any.
func (e *ConstraintError) Unwrap() error { return e.Err }

// A DefaultError says that a parameter has a default in the template and got
// another beside it.
type DefaultError struct {
	Template string // the whole template
	Param    string // the parameter's name
}

func (e *DefaultError) Error() string {
	return fmt.Sprintf("route: %q: parameter %q has a default in the template", e.Template, e.Param)
}

// An UndecidedError says that a constraint could neither accept nor refuse a
// value. The source fails the request with status 500 then.
type UndecidedError struct {
	Template string // the whole template
	Param    string // the parameter's name
	Text     string // the constraint as written
	Value    string // the value put to it
	Err      error  // what its engine says
}

func (e *UndecidedError) Error() string {
	return fmt.Sprintf("route: %q: parameter %q: %q cannot decide: %v", e.Template, e.Param, e.Text, e.Err)
}

// Unwrap returns what the engine says.
func (e *UndecidedError) Unwrap() error { return e.Err }

// Reasons of a [RouteError].
var (
	ErrNameTaken      = errors.New("the name is taken")
	ErrTooManyMethods = errors.New("too many methods in one table")
)

// A RouteError says why a route cannot be part of a table.
type RouteError struct {
	Name string // of the route
	Err  error  // [ErrNameTaken], [ErrTooManyMethods], or another reason
}

func (e *RouteError) Error() string { return fmt.Sprintf("route: route %q: %v", e.Name, e.Err) }

// Unwrap returns the reason.
func (e *RouteError) Unwrap() error { return e.Err }

// A ConflictError says that two routes are equally good for a request, so that
// neither can be chosen. A different template, different methods, constraints
// that exclude each other, or an Order on one of them settles it.
type ConflictError struct {
	A, B                 string // the names of the routes
	TemplateA, TemplateB string // their templates
	Method               string // one that both take; empty if they take any
	Path                 string // one that both accept; empty if none was found
}

func (e *ConflictError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "route: routes %q (%q) and %q (%q) conflict: ", e.A, e.TemplateA, e.B, e.TemplateB)
	method := ""
	if e.Method != "" {
		method = " with method " + e.Method
	}
	if e.Path != "" {
		fmt.Fprintf(&b, "%q%s fits both and neither is more specific", e.Path, method)
	} else {
		fmt.Fprintf(&b, "a path%s may fit both and neither is more specific", method)
	}
	return b.String()
}
