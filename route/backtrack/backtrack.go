// Package backtrack is an engine for the regex constraint of package route that
// says all that .NET's regular expressions say: look-around, backreferences,
// atomic, conditional and balancing groups, word boundaries.
//
//	c := route.Compiler{Regexp: backtrack.Engine{}.Compile}
//	t, err := c.Compile(`users/{password:regex(^(?=.*\\d)(?=.*[a-z]).{{8,}}$)}`)
//
// Such an engine can take time that grows exponentially with the text, and a
// client chooses the text. Every match therefore has a time limit, and one that
// runs into it is no match: [route.Template.Check] and the tables of package route
// tell it from a refusal by a [*route.UndecidedError]. Where expressions do not
// need it, the default engine of package route is the better one: its time is
// linear in the text.
//
// # Differences
//
// A backreference that ignores case compares by Go's mapping to lower case, .NET
// by its own; the two differ in the dotted capital I. Everything else that
// depends on case or on Unicode is settled by package route before this engine
// sees it.
//
// The engine measures time with a clock that ticks every 100 ms while matches
// run, so that a match may take that much longer than its limit. The goroutine
// of the clock ends by itself.
//
// # Sources
//
// The default limit of ten seconds is that of Constraints/RegexRouteConstraint.cs
// in dotnet/aspnetcore. The engine is github.com/dlclark/regexp2, a port of the
// one in dotnet/runtime.
package backtrack

import (
	"time"

	"github.com/dlclark/regexp2/v2"

	"github.com/httptrigger/httptrigger/route"
)

// DefaultTimeout is the limit of one match that the source has.
const DefaultTimeout = 10 * time.Second

// An Engine compiles expressions. The zero Engine has the source's limit.
type Engine struct {
	// Timeout bounds the time of one match. Zero is [DefaultTimeout]; there is
	// no way to have no limit.
	Timeout time.Duration
}

// Compile compiles an expression. It is meant as the value of
// [route.Compiler.Regexp]. The error is a [*route.RegexpError].
func (e Engine) Compile(expr string) (route.Matcher, error) {
	translated, err := route.TranslateRegexp(expr)
	if err != nil {
		return nil, err
	}
	re, err := regexp2.Compile(translated)
	if err != nil {
		return nil, &route.RegexpError{Expr: expr, Reason: err.Error(), Unsupported: true}
	}
	re.MatchTimeout = e.Timeout
	if e.Timeout <= 0 {
		re.MatchTimeout = DefaultTimeout
	}
	return matcher{re}, nil
}

// matcher is safe for concurrent use, as *regexp2.Regexp is.
type matcher struct{ re *regexp2.Regexp }

// Match reports whether the expression matches anywhere in text. The error tells
// of a match that ran into its limit, of time or of memory.
func (m matcher) Match(text string) (bool, error) {
	return m.re.MatchString(route.RegexpText(text))
}
