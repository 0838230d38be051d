package route_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/route"
)

// The tables of this file stand beside the recorded answers: what they want is
// derived from the rule or the source that is named with them.

// printed prints the segments of a template: texts in quotes, a separator as <.>,
// a parameter as {stars name :constraint... =default ?}.
func printed(t *route.Template) string {
	var segments []string
	for _, parts := range t.Segments() {
		var b strings.Builder
		for _, p := range parts {
			switch {
			case p.Separator:
				b.WriteString("<" + p.Literal + ">")
			case p.Param == nil:
				fmt.Fprintf(&b, "%q", p.Literal)
			default:
				b.WriteString("{" + p.Param.CatchAll + p.Param.Name)
				for _, c := range p.Param.Constraints {
					b.WriteString(" :" + c.String())
				}
				if p.Param.HasDefault {
					b.WriteString(" =" + p.Param.Default)
				}
				if p.Param.Optional {
					b.WriteString(" ?")
				}
				b.WriteString("}")
			}
		}
		segments = append(segments, b.String())
	}
	return strings.Join(segments, "/")
}

// TestParse has templates at the edges of RT-3 to RT-22 (RoutePatternParser.cs,
// RouteParameterParser.cs). Constraints of one's own stand in for names that are
// none.
func TestParse(t *testing.T) {
	any := func([]string) (func(string) bool, error) { return func(string) bool { return true }, nil }
	c := route.Compiler{Constraints: map[string]func([]string) (func(string) bool, error){
		"x": any, "y": any, "": any, "(": any, "x)": any, "x(": any, "x(y": any, "x(y)z": any, "x(y)(z": any, " x": any, "x ": any,
		"regex(x": any, "x)y": any,
	}}
	tests := []struct{ template, want string }{
		{"", ""}, {"/", ""}, {"~/", ""}, {"a/", `"a"`}, {"/~/a", `"~"/"a"`}, {"~/~", `"~"`}, {"a/~b", `"a"/"~b"`},
		{"a%2Fb%", `"a%2Fb%"`}, {" a /\t", `" a "/"\t"`}, {`a\b#*|^`, `"a\\b#*|^"`},
		{"{{", `"{"`}, {"}}", `"}"`}, {"{{}}", `"{}"`}, {"{{{{a}}}}", `"{{a}}"`}, {"{{-{a}-}}", `"{-"{a}"-}"`},
		{"{{a}}/{b}", `"{a}"/{b}`}, {"a{{b", `"a{b"`},
		{".{a?}", `<.>{a ?}`}, {"{a}.{b}.{c?}", `{a}"."{b}<.>{c ?}`}, {"{a}.{b}", `{a}"."{b}`},

		{"{a?}", "{a ?}"}, {"{*a}", "{*a}"}, {"{**a}", "{**a}"}, {"{*a=b}", "{*a =b}"}, {"{**a:x=}", "{**a :x =}"},
		{"{:}", "{:}"}, {"{=}", "{=}"}, {"{:a}", "{:a}"}, {"{=a}", "{=a}"}, {"{::x}", "{: :x}"}, {"{:=a}", "{: =a}"},
		{"{=:a}", "{= =:a}"}, {"{==a}", "{= ==a}"}, {"{(}", "{(}"}, {"{a(:x}", "{a( :( :x}"}, {"{a)(}", "{a)(}"},
		{"{*:}", "{*:}"}, {"{a b.c%-é}", "{a b.c%-é}"}, {"{ a }", "{ a }"},
		{"{a=}", "{a =}"}, {"{a= }", "{a = }"}, {"{a=b=c:d}", "{a =b=c:d}"}, {"{a=/}", "{a =/}"}, {"{a=b/c}", "{a =b/c}"},
		{"{a=b?c}", "{a =b?c}"}, {"{a={{b}}}", "{a ={b}}"}, {"{a=*}", "{a =*}"},
		{"{a:}", "{a}"}, {"{a::}", "{a}"}, {"{a:?}", "{a ?}"}, {"{a::x::y:}", "{a :x :y}"}, {"{a:=b}", "{a =b}"},
		{"{a: x}", "{a : x}"}, {"{a:x =b}", "{a :x  =b}"},
		{"{a:x()}", "{a :x()}"}, {"{a:x(y)=b}", "{a :x(y) =b}"}, {"{a:x(y):y?}", "{a :x(y) :y ?}"},
		{"{a:x(:)}", "{a :x(:)}"}, {"{a:x(=)=b}", "{a :x(=) =b}"}, {"{a:x(y:z):y}", "{a :x(y:z) :y}"},
		{"{a:x(y)z)}", "{a :x(y)z)}"}, {"{a:x(y)y(z)}", "{a :x(y)y(z)}"}, {"{a:x((y))}", "{a :x((y))}"}, {"{a:x(,)}", "{a :x(,)}"},
		{"{a:x(/)}", "{a :x(/)}"}, {"{a:x({{y}})}", "{a :x({y})}"}, {"{a:x(?)?}", "{a :x(?) ?}"},
		{"{a:x)}", "{a :x)}"}, {"{a:x)y=b}", "{a :x)y =b}"}, {"{a:(:x}", "{a :( :x}"},
		{"{a:x(:y}", "{a :x( :y}"}, {"{a:x(y=b}", "{a :x(y =b}"}, {"{a:x(y?}", "{a :x(y ?}"},
		{"{a:regex(^[^:=]$)}", "{a :regex(^[^:=]$)}"}, {"{a:regex(x:y):x}", "{a :regex(x:y) :x}"},
	}
	for _, tt := range tests {
		made, err := c.Compile(tt.template)
		var unknown *route.ConstraintError
		if errors.As(err, &unknown) {
			t.Errorf("Compile(%q): %q %v", tt.template, unknown.Text, unknown.Reason)
			continue
		}
		if err != nil || printed(made) != tt.want {
			t.Errorf("Compile(%q) = %v, %v, want %s", tt.template, printed(made), err, tt.want)
		}
	}
}

// TestParseErrors has templates at the edges of RT-30 to RT-47: which mistake of
// several is told.
func TestParseErrors(t *testing.T) {
	tests := []struct {
		template string
		want     route.SyntaxReason
	}{
		{"//", route.EmptySegment}, {"~//", route.EmptySegment}, {"a///", route.EmptySegment}, {"{a}//{", route.EmptySegment},
		{"~", route.BadTilde}, {"~~/", route.BadTilde}, {"~{a}", route.BadTilde}, {"~\\a", route.BadTilde},
		{"{", route.UnclosedBrace}, {"}", route.UnclosedBrace}, {"{{}", route.UnclosedBrace}, {"{}}", route.UnclosedBrace},
		{"}{", route.UnclosedBrace}, {"a?{", route.UnclosedBrace}, {"a?}", route.UnclosedBrace}, {"{a}}", route.UnclosedBrace},
		{"{{{a}}", route.UnclosedBrace}, {"{a{{", route.UnclosedBrace}, {"{a/{{b}}", route.UnclosedBrace}, {"{a=}}", route.UnclosedBrace},
		{"{a}}}", route.BadName}, {"{a{", route.UnclosedBrace},
		{"{a{b", route.UnescapedBrace}, {"{a{}", route.UnescapedBrace}, {"{a/{b}", route.UnescapedBrace}, {"{a:x({1})}", route.UnescapedBrace},
		{"?", route.QuestionInLiteral}, {"a?/{", route.QuestionInLiteral}, {"{a}?", route.QuestionInLiteral}, {"a{{?}}", route.QuestionInLiteral},
		{"a?{b}", route.QuestionInLiteral},
		{"{}", route.EmptyParameter}, {"x{}?", route.EmptyParameter}, {"{a}{}", route.EmptyParameter},
		{"{*}", route.BadName}, {"{**}", route.BadName}, {"{?}", route.BadName}, {"{***a}", route.BadName}, {"{a*}", route.BadName},
		{"{a?:x}", route.BadName}, {"{a??}", route.BadName}, {"{a/}", route.BadName}, {"{{{a}}}", route.BadName}, {"{a}}b}", route.BadName},
		{"{a{{b}", route.BadName}, {"{?=a}", route.BadName}, {"{*:a?b=c*d}", route.BadName},
		{"{a}/{a}", route.DuplicateName}, {"{É}-{é}", route.DuplicateName}, {"{ǅ}/{ǆ}", route.DuplicateName}, {"{a}{A}", route.DuplicateName},
		{"{a}/{*A}/b", route.DuplicateName},
		{"{*?}", route.OptionalCatchAll}, {"{**a?}", route.OptionalCatchAll}, {"{*a=b?}", route.OptionalCatchAll}, {"{*a/b?}", route.OptionalCatchAll},
		{"{a=?}", route.OptionalDefault}, {"{a/b=c?}", route.OptionalDefault}, {"{a:x=b?}", route.OptionalDefault},
		{"{*a}b", route.CatchAllInComplex}, {"{*a}{b?}", route.CatchAllInComplex}, {"{a?}{*b}", route.CatchAllInComplex}, {"{*a}{*b}/c", route.CatchAllInComplex},
		{"{a?}.", route.OptionalNotLast}, {"{a?}{b?}", route.OptionalNotLast}, {".{a?}.{b?}", route.OptionalNotLast},
		{"{a}..{b?}", route.OptionalAfterText}, {"{a}{b?}", route.OptionalAfterText}, {"x.{a?}", route.OptionalAfterText}, {"{a}.{b}-{c?}", route.OptionalAfterText},
		{"{a}{b}", route.AdjacentParameters}, {"x{a}{b}y", route.AdjacentParameters}, {"{a}.{b}{c}", route.AdjacentParameters},
		{"{*a}/", 0}, {"{*a}/b", route.CatchAllNotLast}, {"a/{**b}/{c?}", route.CatchAllNotLast}, {"{*a}/{b=c}", route.CatchAllNotLast},
		{strings.Repeat("a/", 28), 0}, {"/" + strings.Repeat("{{/", 29), route.TooManySegments}, {"{*a}/" + strings.Repeat("a/", 28), route.CatchAllNotLast},
	}
	for _, tt := range tests {
		_, err := route.Compile(tt.template)
		var e *route.SyntaxError
		if tt.want == 0 && err == nil {
			continue
		}
		if !errors.As(err, &e) || e.Reason != tt.want {
			t.Errorf("Compile(%q): %v, want %v", tt.template, err, tt.want)
		}
	}
}

// TestReferences has constraint references at the edges of RT-50 to RT-58
// (ParameterPolicyActivator.cs); 0 stands for one that can be used.
func TestReferences(t *testing.T) {
	tests := []struct {
		want       route.ConstraintReason
		references []string
	}{
		{0, []string{
			"int", "INT", "dateTime", "nonFile", "min( 5 )", "min(+5)", "min(-0)", "min(\t5\n)", "max(-9223372036854775808)", "min(005)",
			"length(0)", "length(0,0)", "length( 3 ,\u00a04)", "length(+3)", "minlength(2147483647)", "range(1,\u30002)", "range(-2,-1)",
			"range(9223372036854775807,9223372036854775807)", "regex()", "regex(,)", "regex( )", "regex(()())",
		}},
		{route.UnknownConstraint, []string{
			"", " ", "int ", " int", "integer", "string", "uuid", "int(", "int)", "int()x", "min(5", "min5)", "min (5)", "(5)", "İnt", "ınt", "ﬁle", "regexp()",
			"min(5))x", "bool?", "int,int",
		}},
		{route.BadArgumentCount, []string{
			"int()", "int( )", "int(1)", "alpha(,)", "required(x)", "guid(N)", "file(.txt)", "datetime(yyyy,MM)", "length", "length(1,2,3)", "length(,,)", "range", "range()",
			"range(1)", "range(1,2,3)", "range(1;2)",
		}},
		{route.BadArgument, []string{
			"min", "max", "minlength", "maxlength", "min()", "min( )", "min(x)", "min(5.0)", "min(1,2)", "min(1e1)", "min(9223372036854775808)", "min(\u00a05)", "min(- 5)",
			"min(5)+)", "min(0x5)", "min(٥)", "length()", "length(,)", "length(1,)", "length(a)", "length(2147483648)", "minlength(2147483648)", "range(1,x)", "range(,)",
			"range(9223372036854775808,1)",
		}},
		{route.BadBounds, []string{
			"length(-1)", "length(-1,2)", "length(5,3)", "length(3,-1)", "minlength(-1)", "maxlength(-2147483648)", "range(2,1)", "range(9223372036854775807,0)", "regex",
		}},
		{route.BadRegexp, []string{"regex([)", "regex(a))", "regex(()", "regex(*)", "regex(\\)", "regex([b-a])"}},
	}
	for _, tt := range tests {
		for _, text := range tt.references {
			var c route.Compiler
			_, err := c.Constraint(text)
			var e *route.ConstraintError
			if tt.want == 0 && err == nil {
				continue
			}
			if !errors.As(err, &e) || e.Reason != tt.want {
				t.Errorf("Constraint(%q): %v, want %v", text, err, tt.want)
			}
		}
	}
}

// TestMatchEdges has paths at the edges of RT-60 to RT-108 and RT-120 to RT-149, in
// both profiles. They are raw: DecodePath comes first.
func TestMatchEdges(t *testing.T) {
	const none = "no match"
	tests := []struct{ template, path, want, compat string }{ // compat "" is want
		// encoded slashes, escapes that are none, double encoding (RT-71 to RT-73, RT-80)
		{"{a}/b", "/x%2Fb", none, ""},
		{"{a}", "/x%2fy%2F", "a=x%2fy%2F", ""},
		{"a%2Fb", "/a%2fB", "", ""},
		{"a%20b", "/a%20b", none, ""},
		{"a%20b", "/a%2520b", "", ""},
		{"{a}", "/%252F%25%", "a=%2F%%", ""},
		{"{a}", "/%%41", "a=%A", ""},
		{"{a}", "/%zz%4%", "a=%zz%4%", ""},
		{"{a}", "/+%2B", "a=++", ""},
		{"{a}", "/%C3%A9%C3%28%E2%82%AC%F0%9F%98%80", "a=é%C3(€😀", ""},
		{"{a}", "/%ED%A0%BD%ED%B8%80", "a=%ED%A0%BD%ED%B8%80", ""},
		{"{a}", "/%F4%90%80%80%F0%80%80%AF%E0%9F%BF%C1%81", "a=%F4%90%80%80%F0%80%80%AF%E0%9F%BF%C1%81", ""},
		{"{a}", "/%E2%82", "a=%E2%82", ""},
		{"{a}", "/%f0%9f%98%80%80", "a=😀%80", ""},
		{"{a}", "/%EF%BF%BD%EF%BB%BF", "a=\uFFFD\uFEFF", ""},

		// slashes (RT-82 to RT-88)
		{"a", "/a/", "", ""}, {"a", "/a//", none, ""}, {"a", "//a", none, ""}, {"", "//", none, ""}, {"{a?}", "//", none, ""},
		{"{a?}/{b?}", "/x//", none, ""}, {"{a=1}/{b=2}", "/", "a=1 b=2", ""}, {"{a=1}/{b=2}", "//x", none, ""},
		{"{*a}", "/", "a=null", ""}, {"{*a}", "//", "a=/", none}, {"{*a}", "/x/", "a=x/", ""}, {"{*a}", "/x//", "a=x//", ""},
		{"{*a=d}", "/", "a=d", ""}, {"{*a=d}", "//", "a=/", none}, {"a/{*b}", "/a//", "b=/", none}, {"a/{*b}", "/a///c/", "b=//c/", none},
		{"{a}/{*b}", "/x", "a=x b=null", ""}, {"{a=1}/{*b}", "/", "a=1 b=null", ""}, {"{a?}/b", "/b", none, ""}, {"{a=1}/b", "/b", none, ""},
		{"{a}.{b?}/c", "/x/c", "a=x", ""}, {"a/b", "/a/b/c", none, ""}, {"a", "", none, ""}, {"{a}", "/%20", "a= ", ""},
		{"{a}", "/.", "a=.", ""}, {"{*a}", "/../x/./", "a=../x/./", ""},

		// case (RT-81)
		{"straße", "/STRASSE", none, ""}, {"straße", "/STRAßE", "", ""}, {"ß", "/ẞ", none, ""}, {"é", "/É", "", ""}, {"é", "/e%CC%81", none, ""},
		{"k", "/%E2%84%AA", none, ""}, {"s", "/ſ", none, ""}, {"i", "/İ", none, ""}, {"ı", "/I", none, ""}, {"Σ", "/ς", "", ""}, {"ǆ", "/ǅ", "", ""},
		{"𐐨", "/𐐀", "", ""}, {"µ", "/Μ", "", ""}, {"å", "/%E2%84%AB", none, ""}, {"ﬀ", "/FF", none, ""}, {"Ⅷ", "/ⅷ", "", ""}, {"ⓐ", "/Ⓐ", "", ""},
		{"ａ", "/Ａ", "", ""}, {"ა", "/Ა", "", ""}, {"ꭰ", "/Ꭰ", "", ""}, {"ᾳ", "/ᾼ", "", ""}, {"ԁ", "/Ԁ", "", ""}, {"ŉ", "/ʼN", none, ""},

		// complex segments (RT-100 to RT-108)
		{"{a}-{b}", "/1-2-3", "a=1-2 b=3", ""}, {"{a}-{b}", "/--", none, ""}, {"{a}-{b}", "/---", "a=- b=-", ""}, {"{a}-{b}", "/-x", none, ""},
		{"{a}-{b}", "/x-", none, ""}, {"x{a}x", "/xxx", "a=x", ""}, {"x{a}x", "/XyX", "a=y", ""}, {"x{a}x", "/xx", none, ""}, {"x{a}x", "/xyxz", none, ""},
		{"{a}xx{b}", "/1xxx2", "a=1x b=2", ""}, {"v{a}.{b}.{c}", "/v1.2.3.4", "a=1.2 b=3 c=4", ""}, {"v{a}.{b}.{c?}", "/v1.2", "a=1 b=2", ""},
		{"v{a}.{b?}", "/v", none, ""}, {"v{a}.{b?}", "/v.", none, ""}, {"v{a}.{b?}", "/v.x", "a=.x", ""}, {"v{a}.{b?}", "/v..x", "a=. b=x", ""},
		{"{a}.{b?}", "/a.%2F", "a=a b=%2F", ""}, {".{a?}", "/.x", "a=x", ""}, {".{a?}", "/.", none, ""}, {"{a:int}-{b:int}", "/1-2-3", none, ""},
		{"{a}.{b:int?}", "/x.y", none, ""}, {"{a:int}.{b?}", "/1", "a=1", ""}, {"{a}é{b}", "/xÉy", "a=x b=y", ""}, {"{a}😀{b}", "/x😀😀", "a=x b=😀", ""},
		{"{a}.{b=2}", "/x", none, ""}, {"a{b}c{d}", "/abcde", "b=b d=de", ""}, {"{a}ab{b}", "/1abab2", "a=1ab b=2", ""},

		// lengths in UTF-16 units (RT-144, RT-145, RT-223)
		{"{a:length(2)}", "/😀", "a=😀", ""}, {"{a:length(1)}", "/😀", none, ""}, {"{a:length(3)}", "/%2F", "a=%2F", ""}, {"{a:maxlength(1)}", "/%EF%BF%BD", "a=\uFFFD", ""},
		{"{a:length(2)}", "/e%CC%81", "a=e\u0301", ""}, {"{a:minlength(0)}", "/x", "a=x", ""}, {"{a:maxlength(0)}", "/x", none, ""}, {"{*a:maxlength(9)}", "/", none, ""},
		{"{a:length(9)}", "/%E0%A0", none, ""}, {"{a:length(6)}", "/%E0%A0", "a=%E0%A0", ""},

		// what else constraints judge, and what is missing (RT-92, RT-120 to RT-149)
		{"{a:int}", "/%20%092147483647%0A", "a= \t2147483647\n", ""}, {"{a:int}", "/2147483648", none, ""}, {"{a:int}", "/%C2%A01", none, ""},
		{"{a:bool}", "/%C2%A0tRUE%E3%80%80", "a=\u00a0tRUE\u3000", ""}, {"{a:bool}", "/1", none, ""}, {"{a:alpha}", "/ab%0A", "a=ab\n", ""},
		{"{a:alpha}", "/ab%0A%0A", none, ""}, {"{a:alpha}", "/%E2%84%AA", none, ""}, {"{a:alpha=}", "/", "a=", ""}, {"{a:required=}", "/", none, ""},
		{"{a:int=x}", "/", none, ""}, {"{a:int=x}", "/5", "a=5", ""}, {"{a:int?}", "/", "", ""}, {"{*a:required}", "/", none, ""}, {"{*a:nonfile}", "/", "a=null", ""},
		{"{*a:file}", "/x/.y", "a=x/.y", ""}, {"{*a:file}", "/x.y/", none, ""}, {"{*a:nonfile}", "/x.y/z", "a=x.y/z", ""}, {"{a:file}", "/x.y%2Fz", "a=x.y%2Fz", ""},
		{"{a:file}", "/...", none, ""}, {"{a:file}", "/..a", "a=..a", ""}, {"{a:file}", `/a.b\c`, `a=a.b\c`, ""}, {"{a:min(5):max(7)}", "/+0006", "a=+0006", ""},
		{"{a:range(-1,1)}", "/-0", "a=-0", ""}, {"{a:max(0)}", "/-9223372036854775809", none, ""}, {"{a:regex(^.$)}", "/😀", none, ""},
		{"{a:regex(^..$)}", "/😀", "a=😀", ""}, {"{a:regex(^k$)}", "/%E2%84%AA", "a=\u212a", ""}, {"{a:regex(%2F)}", "/x%2fy", "a=x%2fy", ""},
	}
	for _, tt := range tests {
		for _, compat := range []bool{false, true} {
			want := tt.want
			if compat && tt.compat != "" {
				want = tt.compat
			}
			c := route.Compiler{Compat: compat}
			made, err := c.Compile(tt.template)
			if err != nil {
				t.Errorf("Compile(%q): %v", tt.template, err)
				continue
			}
			got := none
			if v, ok := made.Match(route.DecodePath(tt.path)); ok {
				got = ""
				for i := range v.Len() {
					name, value, ok := v.At(i)
					switch {
					case ok:
						got += " " + name + "=" + value
					case v.Null(name):
						got += " " + name + "=null"
					}
				}
				got = strings.TrimPrefix(got, " ")
			}
			if got != want {
				t.Errorf("%q, compat %v: Match(%q) = %q, want %q", tt.template, compat, tt.path, got, want)
			}
		}
	}
}

// TestExpandEdges has URLs at the edges of RT-200 to RT-214 (TemplateBinder.cs,
// UriBuildingContext.cs). Values are "name=text"; a name alone is given as nil.
func TestExpandEdges(t *testing.T) {
	type strs []string
	args := func(texts []string) (all []route.Arg) {
		for _, text := range texts {
			name, value, ok := strings.Cut(text, "=")
			arg := route.Arg{Name: name}
			if ok {
				arg.Value = value
			}
			all = append(all, arg)
		}
		return all
	}
	const none = "none"
	tests := []struct {
		template        string
		values, ambient strs
		classic         string
		endpoint        string // "" is classic
	}{
		// what is explicitly empty, and what is ambient (RT-200 to RT-202)
		{"{a}", strs{"a"}, strs{"a=1"}, none, ""},
		{"{a}", strs{"a"}, strs{"a="}, "", "/"},
		{"{a?}", strs{"a="}, strs{"a=1"}, "", "/"},
		{"{a}/{b}", strs{"b=2"}, strs{"a=1"}, "/1/2", ""},
		{"{a}/{b}", strs{"A=1"}, strs{"a=1", "B=2"}, "/1/2", ""},
		{"{a}/{b}", strs{"a=x"}, strs{"a=X", "b=2"}, "/x/2", ""},
		{"{a}/{b}", strs{"a=ß"}, strs{"a=ẞ", "b=2"}, none, ""},
		{"{a}/{b}", strs{"a=s"}, strs{"a=ſ", "b=2"}, none, ""},
		{"{a}/{b}", strs{"a=\u1e9b"}, strs{"a=\u1e61", "b=2"}, "/%E1%BA%9B/2", ""},
		{"{a?}/{b?}", nil, strs{"b=2"}, "", "/"},
		{"{a=0}/{b?}", nil, strs{"b=2"}, "/0/2", ""},
		{"{a=0}/{b?}", strs{"a"}, strs{"b=2"}, "/0/2", ""},
		{"{a=0}/{b?}", strs{"a=1"}, strs{"a=0", "b=2"}, "/1", ""},
		{"{*a}", nil, strs{"a=x/y"}, "/x%2Fy", ""},

		// what has no place in the path (RT-203, RT-204, RT-212)
		{"a", strs{"q", "r=", "s=1"}, strs{"t=2"}, "/a?s=1", ""},
		{"{a=1}", strs{"q=2"}, nil, "/?q=2", ""},
		{"{a}", strs{"a=1", "Q=ä ö", "q+=&="}, nil, "/1?Q=%C3%A4%20%C3%B6&q%2B=%26%3D", ""},

		// constraints (RT-205)
		{"{a:int?}", strs{"a"}, nil, "", "/"},
		{"{a:int?}", strs{"a", "q=1"}, nil, none, ""},
		{"{a:int=5}", strs{"a", "q=1"}, nil, "/?q=1", ""},
		{"{a:alpha?}", strs{"a=", "q=1"}, nil, "/?q=1", ""},
		{"{*a:nonfile}", nil, nil, "", "/"},
		{"{*a:int}", nil, nil, none, ""},
		{"{a:length(2)}", strs{"a=😀"}, nil, "/%F0%9F%98%80", ""},
		{"{a:int}", strs{"a= 5 "}, nil, "/%205%20", ""},

		// defaults, gaps, complex segments (RT-206, RT-207)
		{"a/{b=1}/{c=2}", strs{"b=1", "c=2"}, nil, "/a", ""},
		{"a/{b=X}/{c?}", strs{"b=x", "c=2"}, nil, "/a/x/2", ""},
		{"{a=1}/{b=2}/c", nil, nil, "/1/2/c", ""},
		{"{a=1}/{b?}/c", nil, nil, none, ""},
		{"{a?}/{b=2}", nil, nil, none, ""},
		{"{a=}/{b?}", strs{"b=2"}, nil, none, ""},
		{"{a}.{b?}", strs{"a=x", "b=y"}, nil, "/x.y", ""},
		{"{a}.{b?}", strs{"a=x", "b="}, nil, "/x", ""},
		{"{a}.{b?}/c", strs{"a=x"}, nil, "/x/c", ""},
		{"{a=1}.{b?}", nil, nil, "/1", ""},
		{"{a}-{b=2}", strs{"a=1"}, nil, "/1-2", ""},
		{"{a=1}-{b=2}", nil, nil, "/1-2", ""},
		{"x{a=}", nil, nil, none, ""},

		// escapes and slashes (RT-209 to RT-211)
		{"{a}", strs{"a=%2F%"}, nil, "/%252F%25", ""},
		{"{a}", strs{"a=-._~!$()*,;@"}, nil, "/-._~!$()*,;@", ""},
		{"{a}", strs{"a=:=&+'\"/?#[]<>{}|^`\\"}, nil, "/%3A%3D%26%2B%27%22%2F%3F%23%5B%5D%3C%3E%7B%7D%7C%5E%60%5C", ""},
		{"{a}", strs{"a=\x00\x1f\x7f\u0080\u2028"}, nil, "/%00%1F%7F%C2%80%E2%80%A8", ""},
		{"a:b/é%41/{{x}}", nil, nil, "/a%3Ab/%C3%A9%2541/%7Bx%7D", ""},
		{"{a}", strs{"a=/x/y"}, nil, "/x%2Fy", ""},
		{"{a}", strs{"a=//"}, nil, "/%2F", ""},
		{"{a}/{b}", strs{"a=1", "b=/2"}, nil, "/1/%2F2", ""},
		{"p/{**a}", strs{"a=x//y z/"}, nil, "/p/x%2F%2Fy%20z%2F", "/p/x//y%20z/"},
		{"p/{*a}", strs{"a=x/y"}, nil, "/p/x%2Fy", ""},
		{"{**a}", strs{"a=/"}, nil, "/", ""},
		{"{**a}", strs{"a=/x/y"}, nil, "/x%2Fy", "/x/y"},
		{"{a=/x}/b", nil, nil, "/%2Fx/b", ""},
		{"", nil, nil, "", "/"},
		{"", strs{"q=1"}, nil, "/?q=1", ""},
	}
	for _, tt := range tests {
		for _, endpoint := range []bool{false, true} {
			want := tt.classic
			if endpoint && tt.endpoint != "" {
				want = tt.endpoint
			}
			got, err := route.MustCompile(tt.template).Expand(args(tt.values), &route.ExpandOptions{Ambient: args(tt.ambient), Endpoint: endpoint})
			if err != nil {
				got = none
			}
			if got != want {
				t.Errorf("%q, %q, ambient %q, endpoint %v: %q, %v, want %q", tt.template, tt.values, tt.ambient, endpoint, got, err, want)
			}
		}
	}
}
