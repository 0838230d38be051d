package routevec

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/httptrigger/httptrigger/route"
)

// ruleError is an error as the vectors tell it: a rule and the arguments of its
// message, or a bare rule.
type ruleError struct {
	Rule string `json:"rule"`
	Args []any  `json:"args,omitempty"`
}

// regexpBeyondRE2 is the known difference of an expression that the engine in
// use cannot say.
const regexpBeyondRE2 = "route/regexp-beyond-re2"

var syntaxRules = map[route.SyntaxReason]string{
	route.EmptySegment:       "RT-30",
	route.BadTilde:           "RT-31",
	route.UnclosedBrace:      "RT-32",
	route.UnescapedBrace:     "RT-33",
	route.QuestionInLiteral:  "RT-34",
	route.EmptyParameter:     "RT-35",
	route.BadName:            "RT-36",
	route.DuplicateName:      "RT-37",
	route.OptionalCatchAll:   "RT-38",
	route.OptionalDefault:    "RT-39",
	route.CatchAllInComplex:  "RT-40",
	route.OptionalNotLast:    "RT-41",
	route.OptionalAfterText:  "RT-42",
	route.AdjacentParameters: "RT-43",
	route.TooManySegments:    "RT-44",
	route.CatchAllNotLast:    "RT-46",
}

var constraintRules = map[route.ConstraintReason]string{
	route.UnknownConstraint: "RT-57",
	route.BadArgumentCount:  "RT-53",
	route.BadArgument:       "RT-55",
	route.BadBounds:         "RT-56",
	route.BadRegexp:         "RT-58",
}

// describe tells an error of the library the way the vectors do.
func describe(err error) *ruleError {
	var syntax *route.SyntaxError
	if errors.As(err, &syntax) {
		return describeSyntax(syntax)
	}
	var constraint *route.ConstraintError
	if errors.As(err, &constraint) {
		return describeConstraint(constraint)
	}
	var twice *route.DefaultError
	if errors.As(err, &twice) {
		return &ruleError{Rule: "RT-65", Args: []any{twice.Param}}
	}
	var expand *route.ExpandError
	if errors.As(err, &expand) && expand.Reason == route.OptionalWithDefault {
		return &ruleError{Rule: "RT-39"}
	}
	return &ruleError{Rule: fmt.Sprint(err)}
}

func describeSyntax(err *route.SyntaxError) *ruleError {
	e := &ruleError{Rule: syntaxRules[err.Reason]}
	switch err.Reason {
	case route.QuestionInLiteral, route.BadName, route.DuplicateName:
		e.Args = []any{err.Text}
	case route.OptionalNotLast, route.OptionalAfterText:
		e.Args = []any{err.Segment, err.Text, err.Neighbor}
	}
	return e
}

func describeConstraint(err *route.ConstraintError) *ruleError {
	e := &ruleError{Rule: constraintRules[err.Reason]}
	switch err.Reason {
	case route.UnknownConstraint:
		if err.Template != "" {
			e.Args = append(e.Args, err.Param)
		}
		e.Args = append(e.Args, err.Text)
	case route.BadArgumentCount:
		e.Args = []any{err.Name, err.Arguments}
	case route.BadArgument, route.BadBounds:
		e.Args = []any{err.Name}
	}
	return e
}

// beyondEngine reports whether err says that the engine in use cannot say an
// expression.
func beyondEngine(err error) bool {
	var e *route.ConstraintError
	return errors.As(err, &e) && e.Reason == route.RegexpUnsupported
}

// outcomeError returns the rule of {"error":"RT-n"}, "" if raw is none.
func outcomeError(raw json.RawMessage) string {
	var e struct {
		Error *string `json:"error"`
	}
	if json.Unmarshal(raw, &e) != nil || e.Error == nil || len(*e.Error) < 3 || (*e.Error)[:3] != "RT-" {
		return ""
	}
	return *e.Error
}
