package route

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/route/invariant"
)

// A Matcher is a compiled regular expression. Match reports whether it matches
// anywhere in text; an error says that it cannot tell, for instance because a
// time limit is over. Match must be safe for concurrent use.
type Matcher interface {
	Match(text string) (bool, error)
}

// A Compiler compiles templates with constraints or an engine for regular
// expressions of one's own. The zero Compiler has the named constraints of the
// source:
//
//	int bool datetime decimal double float guid long
//	minlength(n) maxlength(n) length(n) length(a,b) min(n) max(n) range(a,b)
//	alpha regex(expression) required file nonfile
//
// A Compiler may be used by several goroutines at once if none changes it.
type Compiler struct {
	// Constraints adds constraints, or replaces named ones; names ignore case.
	// A function gets the text between the parentheses split at commas and
	// trimmed, nil if there are no parentheses, and returns a function that
	// judges values; that one must be safe for concurrent use. Its error ends
	// up in a [*ConstraintError].
	Constraints map[string]func(args []string) (func(value string) bool, error)

	// Regexp compiles the expressions of the regex constraint; nil stands for
	// [CompileRE2]. An error that is a [*RegexpError] tells an expression
	// that the engine cannot say from a broken one.
	Regexp func(expr string) (Matcher, error)

	// Now is the clock of the datetime constraint, which takes missing parts of
	// a date from today: "2/29" is a date in leap years only. Nil is time.Now.
	Now func() time.Time

	// Compat compiles the way the Functions host does where that differs: a
	// broken regular expression is found only when a path comes that needs it,
	// which [Template.Check] reports; and an empty segment does not begin a
	// catch-all.
	Compat bool
}

// Compile compiles a template. The error is a [*SyntaxError], or the
// [*ConstraintError] of each constraint that cannot be used, joined if there
// are several.
func (c *Compiler) Compile(template string) (*Template, error) {
	p, err := parse(template)
	if err != nil {
		return nil, err
	}
	var errs []error
	for i := range p.params {
		prm := &p.params[i]
		for j := range prm.constraints {
			if err := c.resolve(&prm.constraints[j]); err != nil {
				err.Template, err.Param = template, prm.name
				err.Offset = rawOffset(template, prm.offset+1, prm.constraints[j].offset)
				errs = append(errs, err)
			}
			if c.Constraints != nil || c.Regexp != nil {
				prm.constraints[j].origin = c
			}
		}
	}
	switch len(errs) {
	case 0:
		return p.template(c.Compat), nil
	case 1:
		return nil, errs[0]
	}
	return nil, errors.Join(errs...)
}

// rawOffset returns where byte n of a parameter's body stands in the template,
// where braces are double.
func rawOffset(template string, start, n int) int {
	pos := start
	for ; n > 0; n-- {
		if template[pos] == '{' || template[pos] == '}' {
			pos++
		}
		pos++
	}
	return pos
}

// Constraint makes a constraint from a reference such as "range(1,9)", the way
// it stands in a template but with single braces. The error is a
// [*ConstraintError].
func (c *Compiler) Constraint(reference string) (Constraint, error) {
	made := Constraint{text: reference}
	if err := c.resolve(&made); err != nil {
		return Constraint{}, err
	}
	return made, nil
}

// builtin describes a named constraint of the source.
type builtin struct {
	kind kind
	want string
	// whole: the constraint takes exactly one argument, which is neither split
	// nor trimmed. Then arity says nothing.
	whole    bool
	min, max int // numbers of arguments that are fine
	bits     int // of its arguments
}

var builtins = map[string]builtin{
	"int":       {kind: kindInt, want: "int"},
	"bool":      {kind: kindBool, want: "bool"},
	"datetime":  {kind: kindDateTime, want: "datetime"},
	"decimal":   {kind: kindDecimal, want: "decimal"},
	"double":    {kind: kindDouble, want: "double"},
	"float":     {kind: kindFloat, want: "float"},
	"guid":      {kind: kindGUID, want: "guid"},
	"long":      {kind: kindLong, want: "long"},
	"alpha":     {kind: kindAlpha, want: "alpha"},
	"required":  {kind: kindRequired, want: "required"},
	"file":      {kind: kindFile, want: "file"},
	"nonfile":   {kind: kindNonFile, want: "nonfile"},
	"minlength": {kind: kindMinLength, want: "minlength(n), n from 0 to 2147483647", whole: true, bits: 32},
	"maxlength": {kind: kindMaxLength, want: "maxlength(n), n from 0 to 2147483647", whole: true, bits: 32},
	"length":    {kind: kindLength, want: "length(n) or length(a,b), 0 <= a <= b <= 2147483647", min: 1, max: 2, bits: 32},
	"min":       {kind: kindMin, want: "min(n), n a 64-bit integer", whole: true, bits: 64},
	"max":       {kind: kindMax, want: "max(n), n a 64-bit integer", whole: true, bits: 64},
	"range":     {kind: kindRange, want: "range(a,b), a <= b 64-bit integers", min: 2, max: 2, bits: 64},
	"regex":     {kind: kindRegex, want: "regex(expression)", whole: true},
}

// resolve completes a constraint of which only the text is known.
func (c *Compiler) resolve(made *Constraint) *ConstraintError {
	name, inside, parens := cutReference(made.text)
	made.name = name
	if custom := c.custom(name); custom != nil {
		return resolveCustom(made, custom, inside, parens)
	}
	lower := asciiLower(name)
	b, ok := builtins[lower]
	if !ok {
		return made.fail(UnknownConstraint, c.names(), nil)
	}
	made.kind, made.name = b.kind, lower
	switch {
	case parens && b.whole:
		made.args = []string{inside}
	case parens:
		made.args = splitArgs(inside)
	}
	if n := len(made.args); !b.whole && (n < b.min || n > b.max) {
		return made.fail(BadArgumentCount, b.want, nil)
	}
	if b.kind == kindRegex {
		return c.resolveRegexp(made)
	}
	if b.kind == kindDateTime {
		made.now = c.Now
	}
	if b.bits == 0 {
		return nil
	}
	return made.resolveBounds(b)
}

func (c *Constraint) fail(reason ConstraintReason, want string, err error) *ConstraintError {
	return &ConstraintError{
		Text: c.text, Name: c.name, Arguments: len(c.args), Reason: reason, Want: want, Err: err,
	}
}

// cutReference splits "name(args)" at the first parenthesis, if the last
// character closes it. Anything else is a name as a whole.
func cutReference(text string) (name, inside string, parens bool) {
	if i := strings.IndexByte(text, '('); i >= 0 && strings.HasSuffix(text, ")") {
		return text[:i], text[i+1 : len(text)-1], true
	}
	return text, "", false
}

// splitArgs splits at commas and trims. Empty parentheses hold one empty
// argument (ParameterPolicyActivator.cs).
func splitArgs(inside string) []string {
	args := strings.Split(inside, ",")
	for i := range args {
		args[i] = invariant.TrimSpace(args[i])
	}
	return args
}

func asciiUpper(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, s)
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// custom returns the constraint of one's own called name, or nil.
func (c *Compiler) custom(name string) func([]string) (func(string) bool, error) {
	for key, f := range c.Constraints {
		if equalFold(key, name) {
			return f
		}
	}
	return nil
}

func resolveCustom(made *Constraint, f func([]string) (func(string) bool, error), inside string, parens bool) *ConstraintError {
	if parens {
		made.args = splitArgs(inside)
	}
	check, err := f(made.args)
	if err != nil {
		return made.fail(BadArgument, "", err)
	}
	made.custom = check
	return nil
}

// names lists what constraints there are, for messages.
func (c *Compiler) names() string {
	names := slices.Sorted(maps.Keys(builtins))
	for name := range c.Constraints {
		names = append(names, name)
	}
	slices.Sort(names)
	return "one of " + strings.Join(slices.Compact(names), ", ")
}

// resolveRegexp compiles the expression of a regex constraint. Without
// parentheses there is none; empty parentheses hold one that matches anything.
func (c *Compiler) resolveRegexp(made *Constraint) *ConstraintError {
	const want = "regex(expression) in the syntax of .NET"
	if made.args == nil {
		return made.fail(BadBounds, want, errors.New("no expression"))
	}
	compile := c.Regexp
	if compile == nil {
		compile = CompileRE2
	}
	expr, err := compile(made.args[0])
	if err == nil && expr == nil {
		err = errors.New("the engine returned nothing")
	}
	if err == nil {
		made.expr = expr
		return nil
	}
	var detail *RegexpError
	if errors.As(err, &detail) && detail.Unsupported {
		return made.fail(RegexpUnsupported, "an expression without that, or another engine in Compiler.Regexp", err)
	}
	failure := made.fail(BadRegexp, want, err)
	if c.Compat {
		made.broken = failure
		return nil
	}
	return failure
}

// resolveBounds reads the arguments of a constraint that takes numbers.
func (c *Constraint) resolveBounds(b builtin) *ConstraintError {
	if len(c.args) == 0 {
		return c.fail(BadArgument, b.want, errors.New("no argument"))
	}
	var n [2]int64
	for i, arg := range c.args {
		v, err := invariant.Int(arg, b.bits)
		if err != nil {
			return c.fail(BadArgument, b.want, err)
		}
		n[i] = v
	}
	if b.bits == 32 && (n[0] < 0 || n[1] < 0) {
		return c.fail(BadBounds, b.want, errors.New("a length is not negative"))
	}
	if len(c.args) == 2 && n[0] > n[1] {
		return c.fail(BadBounds, b.want, fmt.Errorf("%d is more than %d", n[0], n[1]))
	}
	c.lo, c.hi = n[0], n[len(c.args)-1]
	switch c.kind {
	case kindMin, kindMinLength:
		c.hi = math.MaxInt64
	case kindMax:
		c.lo = math.MinInt64
	case kindMaxLength:
		c.lo = 0
	}
	return nil
}
