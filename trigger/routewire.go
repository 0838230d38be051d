package trigger

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/httptrigger/httptrigger/route"
)

// wireRoutes checks the routes in Compat, function by function in the order of
// their names, and then builds them; a template that cannot be built stops the
// whole app.
func (l *loader) wireRoutes() {
	var served []FunctionConfig
	before := map[string][]*FunctionConfig{} // by route
	for i := range l.app.Functions {
		f := &l.app.Functions[i]
		own := strings.ToLower(strings.Trim(f.Template(""), "/"))
		if f.HTTP {
			if err := l.wireRouteOf(f, own, before[own]); err != nil {
				l.fail(*f, true, err)
				continue
			}
			before[own] = append(before[own], f)
		}
		served = append(served, *f)
	}
	l.app.Functions = served
	if l.app.Err != nil {
		return
	}
	for i := 1; i < len(served); i++ {
		if strings.EqualFold(served[i].Name, served[i-1].Name) {
			l.app.Err = wireError(wireSameName)
			return
		}
	}
	compiler := route.Compiler{Compat: true}
	for _, f := range served {
		template := f.Template(l.app.Host.HTTP.RoutePrefix)
		if _, err := compiler.Compile(template); f.HTTP && err != nil {
			l.app.Err = wireRouteError(f.Name, template, err)
			return
		}
	}
}

// wireRouteOf checks a route against the reserved ones and those before it
// (ScriptHost.cs, ValidateHttpFunction). Methods are compared to the letter.
func (l *loader) wireRouteOf(f *FunctionConfig, own string, before []*FunctionConfig) error {
	if strings.HasPrefix(own, "admin") || !l.V1 && strings.HasPrefix(own, "runtime") {
		return wireError(wireReserved)
	}
	for _, o := range before {
		if overlap(o.Methods, f.Methods) {
			return wiref(wireConflict, o.Name)
		}
	}
	return nil
}

func overlap(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(m string) bool { return slices.Contains(b, m) })
}

// wireRouteError puts an error of route in the reference's words.
func wireRouteError(name, template string, err error) error {
	text := fmt.Sprintf(wireRoute, name, template)
	var ce *route.ConstraintError
	var se *route.SyntaxError
	switch {
	case errors.As(err, &ce):
		text += wireConstraint(ce, template)
	case !errors.As(err, &se):
	case se.Reason == route.TooManySegments:
		text += wireRouteSegments
	default:
		if inner := wireTemplate(se); inner != "" {
			text += fmt.Sprintf(wireRouteSyntax, inner)
		}
	}
	return wireError(text)
}

// constraintTypes are the reference's types of the constraints.
var constraintTypes = map[string]string{
	"int": "Int", "bool": "Bool", "datetime": "DateTime", "decimal": "Decimal", "double": "Double", "float": "Float",
	"guid": "Guid", "long": "Long", "minlength": "MinLength", "maxlength": "MaxLength", "length": "Length", "min": "Min",
	"max": "Max", "range": "Range", "alpha": "Alpha", "regex": "RegexInline", "required": "Required", "file": "FileName",
	"nonfile": "NonFileName",
}

// wireConstraint returns the text for a constraint that cannot be used
// (ParameterPolicyActivator.cs).
func wireConstraint(e *route.ConstraintError, template string) string {
	name := constraintTypes[strings.ToLower(e.Name)] + "RouteConstraint"
	switch e.Reason {
	case route.UnknownConstraint:
		return fmt.Sprintf(wireRouteConstraint, e.Param, e.Text, template)
	case route.BadArgumentCount:
		return fmt.Sprintf(wireRouteArguments, name, e.Arguments)
	case route.BadArgument:
		return fmt.Sprintf(wireRouteInstance, name) + wireArgument(e)
	case route.BadBounds:
		return fmt.Sprintf(wireRouteInstance, name)
	}
	return ""
}

// wireArgument says what the reference says to the first argument that is no
// number.
func wireArgument(e *route.ConstraintError) string {
	_, args, _ := strings.Cut(strings.TrimSuffix(e.Text, ")"), "(")
	list := []string{args}
	if name := strings.ToLower(e.Name); name == "length" || name == "range" {
		list = strings.Split(args, ",")
	}
	bits := 64
	if strings.HasSuffix(strings.ToLower(e.Name), "length") {
		bits = 32
	}
	for _, arg := range list {
		switch _, err := strconv.ParseInt(strings.TrimSpace(arg), 10, bits); {
		case errors.Is(err, strconv.ErrRange):
			return fmt.Sprintf(wireRouteOverflow, bits)
		case err != nil:
			if len(list) > 1 {
				arg = strings.TrimSpace(arg)
			}
			return fmt.Sprintf(wireRouteNumber, arg)
		}
	}
	return ""
}

// wireTemplate returns the text for a broken template.
func wireTemplate(e *route.SyntaxError) string {
	switch e.Reason {
	case route.EmptySegment:
		return wireEmptySegment
	case route.BadTilde:
		return wireBadTilde
	case route.UnclosedBrace:
		return wireUnclosedBrace
	case route.UnescapedBrace:
		return wireUnescapedBrace
	case route.QuestionInLiteral:
		return fmt.Sprintf(wireQuestion, e.Text)
	case route.EmptyParameter:
		return fmt.Sprintf(wireParameterName, "")
	case route.BadName:
		return fmt.Sprintf(wireParameterName, e.Text)
	case route.DuplicateName:
		return fmt.Sprintf(wireDuplicateName, e.Text)
	case route.OptionalCatchAll:
		return wireOptionalCatchAll
	case route.OptionalDefault:
		return wireOptionalDefault
	case route.CatchAllInComplex:
		return wireCatchAllInComplex
	case route.OptionalNotLast:
		return fmt.Sprintf(wireOptionalNotLast, e.Segment, e.Text, e.Neighbor)
	case route.OptionalAfterText:
		return fmt.Sprintf(wireOptionalAfter, e.Segment, e.Text, e.Neighbor)
	case route.AdjacentParameters:
		return wireAdjacent
	case route.CatchAllNotLast:
		return wireCatchAllNotLast
	}
	return ""
}
