package route_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/route"
)

func TestSyntaxErrors(t *testing.T) {
	tests := []struct {
		template string
		reason   route.SyntaxReason
		offset   int
		text     string
	}{
		{"a//b", route.EmptySegment, 2, "/"},
		{"~a", route.BadTilde, 0, "~"},
		{"a/{b", route.UnclosedBrace, 2, "{b"},
		{"a}b", route.UnclosedBrace, 1, "}"},
		{"a/{b:regex(^\\d{2}$)}", route.UnescapedBrace, 14, "{"},
		{"a/b?c", route.QuestionInLiteral, 3, "b?c"},
		{"a/{}", route.EmptyParameter, 2, "{}"},
		{"a/{b/c}", route.BadName, 2, "b/c"},
		{"{a}/{b}/{A}", route.DuplicateName, 8, "A"},
		{"{*a?}", route.OptionalCatchAll, 0, "{*a?}"},
		{"{a=1?}", route.OptionalDefault, 0, "{a=1?}"},
		{"a/x{*b}", route.CatchAllInComplex, 2, "x{*b}"},
		{"{a?}-{b}", route.OptionalNotLast, 0, "a"},
		{"{a}-{b?}", route.OptionalAfterText, 4, "b"},
		{"{a}{b}", route.AdjacentParameters, 3, "{a}{b}"},
		{"a/{*b}/c", route.CatchAllNotLast, 2, "b"},
		{strings.Repeat("a/", 28) + "a", route.TooManySegments, 56, "a"},
		{"\ufffda\xff", route.NotUTF8, 4, "\xff"},
	}
	for _, tt := range tests {
		_, err := route.Compile(tt.template)
		var e *route.SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("Compile(%q): %v, want a SyntaxError", tt.template, err)
			continue
		}
		if e.Reason != tt.reason || e.Offset != tt.offset || e.Text != tt.text || e.Want() == "" {
			t.Errorf("Compile(%q): %v at %d, %q, want %v at %d, %q", tt.template, e.Reason, e.Offset, e.Text, tt.reason, tt.offset, tt.text)
		}
	}
	_, err := route.Compile("a/{id:int")
	if want := `route: "a/{id:int": offset 2: "{id:int": brace without its partner; valid is "{name}" for a parameter, "{{" or "}}" for a brace as text`; err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestConstraintErrors(t *testing.T) {
	tests := []struct {
		template string
		reason   route.ConstraintReason
		offset   int
		text     string
	}{
		{"a/{id:integer}", route.UnknownConstraint, 6, "integer"},
		{"a/{*id:int:min}", route.BadArgument, 11, "min"},
		{"a/{id:int(1)?}", route.BadArgumentCount, 6, "int(1)"},
		{"{id:range(5,1)}", route.BadBounds, 4, "range(5,1)"},
		{"{id:regex([)}", route.BadRegexp, 4, "regex([)"},
		{"{id:regex({{2}})}", route.BadRegexp, 4, "regex({2})"},
		{"{id:regex(x{{2}}):regex((?=x))}", route.RegexpUnsupported, 18, "regex((?=x))"},
	}
	for _, tt := range tests {
		_, err := route.Compile(tt.template)
		var e *route.ConstraintError
		if !errors.As(err, &e) {
			t.Errorf("Compile(%q): %v, want a ConstraintError", tt.template, err)
			continue
		}
		if e.Reason != tt.reason || e.Offset != tt.offset || e.Text != tt.text || e.Param != "id" || e.Want == "" {
			t.Errorf("Compile(%q): %#v, want %v at %d, %q", tt.template, e, tt.reason, tt.offset, tt.text)
		}
	}
}

func TestAllConstraintErrors(t *testing.T) {
	_, err := route.Compile("{a:int(1)}/{b:nosuch:range(2,1)}")
	for _, text := range []string{"int(1)", "nosuch", "range(2,1)"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v does not tell of %s", err, text)
		}
	}
}

func TestCompatBrokenRegexp(t *testing.T) {
	c := route.Compiler{Compat: true}
	tmpl, err := c.Compile("a/{x:regex([)}/{y:int}")
	if err != nil {
		t.Fatal(err)
	}
	var undecided *route.UndecidedError
	if _, ok, err := tmpl.Check("/a/1/2"); ok || !errors.As(err, &undecided) || undecided.Param != "x" || undecided.Value != "1" {
		t.Errorf("Check: %v, %v", ok, err)
	}
	if _, ok := tmpl.Match("/a/1/2"); ok {
		t.Error("Match accepts what cannot be decided")
	}
	if _, ok, err := tmpl.Check("/b/1/2"); ok || err != nil {
		t.Errorf("Check of a path that does not get there: %v, %v", ok, err)
	}
}

func TestCustomConstraints(t *testing.T) {
	refused := errors.New("not today")
	c := route.Compiler{Constraints: map[string]func([]string) (func(string) bool, error){
		"INT":  func([]string) (func(string) bool, error) { return func(s string) bool { return s == "one" }, nil },
		"even": func(args []string) (func(string) bool, error) { return nil, refused },
	}}
	tmpl, err := c.Compile("{a:int}")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := tmpl.Match("/one"); !ok {
		t.Error("a constraint of one's own does not replace a named one")
	}
	if _, ok := tmpl.Match("/1"); ok {
		t.Error("the named constraint is still asked")
	}
	if _, err := c.Compile("{a:even( 1 , 2 )}"); !errors.Is(err, refused) {
		t.Errorf("Compile: %v, want %v", err, refused)
	}
}

func TestZeroConstraint(t *testing.T) {
	var c route.Constraint
	if ok, err := c.Check("x"); ok || err != nil || c.AcceptsMissing() {
		t.Errorf("the zero Constraint accepts: %v, %v", ok, err)
	}
}

func TestMustCompilePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("MustCompile does not panic")
		}
	}()
	route.MustCompile("{")
}
