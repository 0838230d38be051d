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
	}
	unsupported := []string{
		`(?=a)`, `(?!a)`, `(?<=a)`, `(?<!a)`, `(?>a)`, `(a)\1`, `(?<n>a)\k<n>`, `\bword\b`, `\B`, `(?(a)b|c)`, `a$\n`,
		`(a$)*`, `a{1001}`, `(?<n>a)(?<-n>b)`,
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
