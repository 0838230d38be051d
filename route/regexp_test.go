package route_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/route"
)

func TestCompileRE2(t *testing.T) {
	tests := []struct {
		expr    string
		matches []string
		others  []string
	}{
		{``, []string{"", "x"}, nil},
		{`b`, []string{"abc", "B"}, []string{"", "a"}},
		{`^a$`, []string{"a", "A", "a\n"}, []string{"a\n\n", "ab", "ba"}},
		{`^a\Z`, []string{"a\n"}, []string{"a\nb"}},
		{`^a\z`, []string{"a"}, []string{"a\n"}},
		{`^a$\z`, []string{"a"}, []string{"a\n"}},
		{`^(a$|b)`, []string{"a\n", "bc"}, []string{"ab"}},
		{`(?m)^a$`, []string{"x\na\ny"}, []string{"x\nab"}},
		{`^..$`, []string{"😀", "ab"}, []string{"a", "😀a"}},
		{`^😀+$`, []string{"😀"}, []string{"😀😀"}}, // the quantifier takes the second unit only
		{`^[😀]{2}$`, []string{"😀"}, []string{"a"}},
		{`^\d\w\s$`, []string{"٣é\u3000", "1_ "}, []string{"1-x", "1x\u200b"}},
		{`^[^\W\d_]+$`, []string{"été"}, []string{"a1"}},
		{`^[a-z-[m-p]]+$`, []string{"abc", "ABC", "\u212a"}, []string{"mnop", "k1"}},
		{`^[^a-c-[x]]$`, []string{"d"}, []string{"a", "x", "X"}},
		{`^(?-i)[A-Z]+(?i)b$`, []string{"ABb", "ABB"}, []string{"aBb"}},
		{`^(?-i:A)b`, []string{"AB"}, []string{"ab"}},
		{`^\p{Lu}\P{L}$`, []string{"a1", "A-"}, []string{"ab"}},
		{`^(?-i)\p{Lu}$`, []string{"A"}, []string{"a"}},
		{`^\x41\u0042\103\cC\e\a\f\v\t\r\0$`, []string{"ABC\x03\x1b\a\f\v\t\r\x00"}, nil},
		{`^[\b\]\-a]+$`, []string{"\b]-a"}, []string{"b"}},
		{`^[]a]+[^]]$`, []string{"]a]b"}, []string{"]]"}},
		{`^a{,2}$`, []string{"a{,2}"}, []string{"aa"}},
		{`^a{2}b{1,}c{0,1}$`, []string{"aabb", "aabc"}, []string{"ab"}},
		{`^a{x}$`, []string{"a{x}"}, nil},
		{`^a+?b*?c??$`, []string{"aabbc"}, []string{"b"}},
		{`(?x) a b # c`, []string{"ab"}, []string{"a b"}},
		{`a(?#comment)b`, []string{"ab"}, nil},
		{`(?n)(a)(?<x>b)`, []string{"ab"}, nil},
		{`^\.\/\-\#$`, []string{"./-#"}, nil},
		{`^(?'n'a)(?<m>b)$`, []string{"ab"}, nil},
		{`^(|a)$`, []string{"", "a"}, []string{"b"}},
		{`^\p{IsGreek}\P{IsGreek}$`, []string{"λa"}, []string{"λλ"}},
		{`ß`, []string{"ẞ"}, []string{"ss"}},
		{`^[\p{L}-[a-y]]$`, []string{"z", "é"}, []string{"a", "1"}},
		{`^[a-\x63]$`, []string{"b"}, []string{"d"}},
		{`^\11$`, []string{"\t"}, nil}, // no eleventh group: an octal code

		// Beside the recorded expressions, by RegularExpressions/RegexParser.cs and
		// RegexCharClass.cs.
		{"(?x)^a\t \n\f\rb$", []string{"ab"}, nil},
		{"(?x)^a\vb$", []string{"a\vb"}, []string{"ab"}}, // U+000B is no blank there
		{`^\<a\'b>$`, []string{"<a'b>"}, nil},
		{`^\<a b>$`, []string{"<a b>"}, nil},
		{`^[[:alpha:]]$`, []string{":]", "a]", "[]"}, []string{"a", "b]"}}, // no classes of POSIX
		{`^[+-\-]$`, []string{","}, []string{"a", "."}},
		{`^[\d-z]+$`, []string{"1-z"}, []string{"a"}},
		{`^[^-a]-[a-]$`, []string{"b-a", "b--"}, []string{"a-a", "--a"}},
		{`^\400\777$`, []string{"\x00\u00ff"}, nil}, // octal codes have eight bits
		{`^\u212a[\u0041-\x43]$`, []string{"kb", "\u212aC"}, []string{"ld"}},
		{`^\w+$`, []string{"a\u0301", "_\u203f", "\u0660"}, []string{"\u0903", "\u2160", "\u200d", "\u00b2"}},
		{`^\s$`, []string{"\u0085", "\u2028", "\v"}, []string{"\u200b", "\u180e", "\ufeff"}},
		{`^[^\s\S]?$`, []string{""}, []string{"a", " "}},
		{`^.$`, []string{"\r", "\u2028", "\u0085"}, []string{"\n", ""}},
		{`(?s)^.$`, []string{"\n"}, nil},
		{`^a{0}b{0,0}$`, []string{""}, []string{"a"}},
		{`^(?i-i:a)(?-i+i:b)(?m-m:c)$`, []string{"aBC"}, []string{"ABC"}},
		{`(?-i)a|B`, []string{"a", "B"}, []string{"A", "b"}}, // options reach over the bar
		{`(?:(?-i)a)b`, []string{"aB"}, []string{"Ab"}},
		{`^(?:)*x(?:)+$`, []string{"x"}, nil},
		{`^\Ga\z`, []string{"a"}, []string{"ba"}},
		{`^^a$$`, []string{"a", "a\n"}, nil},
		{`^*a`, []string{"a", "ba"}, nil},
		{`^\p{IsSpecials}\p{IsHighSurrogates}\p{IsLowSurrogates}$`, []string{"\ufff0😀"}, []string{"a😀"}},
		{`^\p{Cs}{2}$`, []string{"😀"}, []string{"ab"}},
		{`^[\p{Ll}\P{L}]+$`, []string{"A1ǅ"}, []string{"ª", "中"}}, // cased letters are one
		{`^(?-i)[\p{Ll}\P{L}]+$`, []string{"a1"}, []string{"A"}},
		{`^ǆ$`, []string{"ǆ", "Ǆ", "ǅ"}, []string{"dž"}},
		{`^[Ω-Ω]$`, []string{"ω", "\u2126"}, nil},
		{`^ς$`, []string{"ς"}, []string{"σ", "Σ"}},
		{`^ı$`, []string{"ı"}, []string{"i", "I", "İ"}},
	}
	for _, tt := range tests {
		m, err := route.CompileRE2(tt.expr)
		if err != nil {
			t.Errorf("CompileRE2(%q): %v", tt.expr, err)
			continue
		}
		for i, s := range append(tt.matches, tt.others...) {
			want := i < len(tt.matches)
			if got, err := m.Match(s); err != nil || got != want {
				t.Errorf("%q on %q: %v, %v, want %v", tt.expr, s, got, err, want)
			}
		}
	}
}

func TestCompileRE2Errors(t *testing.T) {
	broken := []string{
		`(`, `)`, `a)`, `[`, `[a`, `[]`, `[b-a]`, `[a-\d]`, `[a-z-[b]c]`, `*`, `a**`, `a+*`, `a{2}{3}`, `a{2,1}`, `{2}`, `|*`, `(?`, `(?<a`,
		`(?<1a>x)`, `(?<0>x)`, `(?z)`, `(?<>x)`, `\`, `\y`, `\_`, `\xz1`, `\u12`, `\c`, `\c1`, `\p`, `\p{Xx}`, `\p{IsNowhere}`, `\pL`, `\1`, `\k<x>`, `\k`,
		`(?#`, `a{99999999999}`, `(?=`, `(?(a)b|c|d)`, `(?(?i)a|b)`, `(?(2)a)`, strings.Repeat("(", 300) + strings.Repeat(")", 300), `(?<a-b>x)`,
		`(?)`, `a(?)`, `(?)*`, `(?i)*`, `\<x>`, `(a)\<2>`, `\'x'`, `(?'a>x)`, `(?P<n>a)`, `(?<n`, `[a-\-]`, `[\w-\d]|[a-\w]`, `a{1}?{2}`, `a?*`, `^**`,
		`\p{l}`, `\p{IsGreek }`, `\p{isGreek}`, `\p{}`, `\89`, `\8`, `\q`, `\i`, `[\q]`, `\u{41}`, `\N`, `(?x)a # b)c` + "\n)", `a{2147483648}`,
	}
	unsupported := []string{
		`(?=a)`, `(?!a)`, `(?<=a)`, `(?<!a)`, `(?>a)`, `(a)\1`, `(?<n>a)\k<n>`, `\bword\b`, `\B`, `(?(a)b|c)`, `a$\n`,
		`(a$)*`, `a{1001}`, `(?<n>a)(?<-n>b)`,
		`(a)\<1>`, `(?<n>a)\'n'`, `\<0>`, `\p{_xmlD}`, `[\P{_xmlW}]`,
	}
	for i, expr := range append(broken, unsupported...) {
		_, err := route.CompileRE2(expr)
		var e *route.RegexpError
		if !errors.As(err, &e) || e.Unsupported != (i >= len(broken)) || e.Reason == "" || e.Expr != expr {
			t.Errorf("CompileRE2(%q): %v", expr, err)
		}
	}
}

// FuzzCompileRE2 holds that no expression panics, and that one that compiles
// decides about any text.
func FuzzCompileRE2(f *testing.F) {
	for _, s := range []string{`^[a-z-[m]]+$`, `(?<a>x)\k<a>`, `\p{Lu}{2,3}?`, `(?imx-s:a # b)`, `[\]-a]|[^]`, `\u00e9\x41\101`} {
		f.Add(s, "aé😀\n")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		m, err := route.CompileRE2(expr)
		var e *route.RegexpError
		if err != nil {
			if !errors.As(err, &e) {
				t.Fatalf("CompileRE2(%q): an error of another type: %v", expr, err)
			}
			return
		}
		if _, err := m.Match(text); err != nil {
			t.Errorf("%q on %q: %v", expr, text, err)
		}
	})
}
