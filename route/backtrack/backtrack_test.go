package backtrack_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/conformance/routevec"
	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/route/backtrack"
)

// TestVectors puts to this engine all that ASP.NET Core answered, also what the
// default engine cannot say: there is no known difference left.
func TestVectors(t *testing.T) {
	run := routevec.Runner{Regexp: backtrack.Engine{}.Compile}
	paths := []string{"../testdata/templates.json.gz", "../testdata/constraints.json.gz", "../testdata/fold.json.gz", "../testdata/tables.json.gz"}
	vec.Test(t, run.Run, paths...)
	files, err := vec.Load(paths...)
	if err != nil {
		t.Fatal(err)
	}
	var report vec.Report
	for _, f := range files {
		if err := run.Run(&report, f); err != nil {
			t.Fatal(err)
		}
	}
	if total := report.Total(); total.Known > 0 || total.NotBuilt > 0 {
		t.Errorf("%v", total)
	}
}

func TestMatch(t *testing.T) {
	tests := []struct {
		expr    string
		matches []string
		others  []string
	}{
		{`^(?=.*\d)(?=.*[a-z]).{4,}$`, []string{"abc1", "ABC1"}, []string{"abcd", "a1"}},
		{`^(.)\1$`, []string{"aa", "aA"}, []string{"ab"}},
		{`^(?-i)(.)\1$`, []string{"aa"}, []string{"aA"}},
		{`^(?<q>['"]).*\k<q>$`, []string{`"x"`, `'x'`}, []string{`"x'`}},
		{`^(?>a+)ab$`, nil, []string{"aaab"}},
		{`(?<=a)b(?!c)`, []string{"ab", "abd"}, []string{"b", "abc"}},
		{`(?<!a)b`, []string{"b", "cb"}, []string{"ab"}},
		{`\bfoo\b`, []string{"a foo b", "foo"}, []string{"afoo", "foo\u200d", "fooé"}},
		{`^\Boo\B`, nil, []string{"oo"}},
		{`^(a)?(?(1)b|c)$`, []string{"ab", "c"}, []string{"ac", "b"}},
		{`^(?(?=a)ab|cd)$`, []string{"ab", "cd"}, []string{"cb"}},
		{`^(?<o>\()+(?<-o>\))+(?(o)(?!))$`, []string{"(())"}, []string{"(()"}},
		{`^a$\n?$`, []string{"a", "a\n"}, []string{"a\n\n"}},
		{`^a$\n`, []string{"a\n"}, []string{"a"}},
		{`^..$`, []string{"😀"}, []string{"a"}},
		{`^(?=😀)\W+$`, []string{"😀"}, []string{"😁"}},
		{`(?m)^b$`, []string{"a\nb\nc"}, []string{"ab"}},
		{`^a{1001}$`, []string{strings.Repeat("a", 1001)}, []string{strings.Repeat("a", 1000)}},
		{`^[^a]]$`, []string{"b]"}, []string{"a]"}},
		{`^[a-z-[aeiou]]+?$`, []string{"xyz"}, []string{"xaz"}},
	}
	for _, tt := range tests {
		m, err := backtrack.Engine{}.Compile(tt.expr)
		if err != nil {
			t.Errorf("Compile(%q): %v", tt.expr, err)
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

// TestAgreesWithRE2 puts expressions that both engines can say to both.
func TestAgreesWithRE2(t *testing.T) {
	exprs := []string{``, `^$`, `a|b$`, `^[a-z]+$`, `^\w+\s?\d*$`, `^(a$|b)`, `(?-i)K`, `^.{2,3}?$`, `(?s)^.*$`, `^[^\W\d]$`, `\p{Lu}`, `^\Z`}
	texts := []string{"", "a", "b\n", "K", "K", "é", "aé1", "😀", "a b", "12", "\n", "a\n\n", "ſ", "İ", "ẞ", "ß"}
	for _, expr := range exprs {
		slow, err := backtrack.Engine{}.Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		fast, err := route.CompileRE2(expr)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			want, _ := fast.Match(text)
			if got, err := slow.Match(text); err != nil || got != want {
				t.Errorf("%q on %q: %v, %v, RE2 says %v", expr, text, got, err, want)
			}
		}
	}
}

func TestTimeout(t *testing.T) {
	c := route.Compiler{Regexp: backtrack.Engine{Timeout: time.Millisecond}.Compile}
	tmpl, err := c.Compile("{x:regex(^(a|aa|a\\w)+$)}")
	if err != nil {
		t.Fatal(err)
	}
	var undecided *route.UndecidedError
	if _, ok, err := tmpl.Check("/" + strings.Repeat("a", 60) + "!"); ok || !errors.As(err, &undecided) {
		t.Errorf("Check: %v, %v, want an UndecidedError", ok, err)
	}
}

func TestBroken(t *testing.T) {
	for _, expr := range []string{`(`, `[`, `\1`, `a**`, `(?<n>`} {
		var e *route.RegexpError
		if _, err := (backtrack.Engine{}).Compile(expr); !errors.As(err, &e) || e.Unsupported {
			t.Errorf("Compile(%q): %v", expr, err)
		}
	}
}

// FuzzAgreesWithRE2 holds that both engines decide alike where both decide, that
// both call the same expressions broken, and that this one compiles the rest.
func FuzzAgreesWithRE2(f *testing.F) {
	for _, expr := range []string{`^[a-z-[m]]+$`, `(?<a>x)\k<a>`, `\p{Lu}{2,3}?`, `(?imx-s:a # b)`, `[\]-a]|[^]`, `\u00e9\x41\101`, `(a$|b)\n?`, `(?(a)b|c)`} {
		f.Add(expr, "aé😀\n")
		f.Add(expr, "ABKſ")
	}
	engine := backtrack.Engine{Timeout: 200 * time.Millisecond}
	f.Fuzz(func(t *testing.T, expr, text string) {
		slow, slowErr := engine.Compile(expr)
		fast, fastErr := route.CompileRE2(expr)
		var slowReason, fastReason *route.RegexpError
		broken := errors.As(fastErr, &fastReason) && !fastReason.Unsupported
		if broken != (errors.As(slowErr, &slowReason) && !slowReason.Unsupported) {
			t.Fatalf("%q: %v, RE2 says %v", expr, slowErr, fastErr)
		}
		if broken {
			return
		}
		if slowErr != nil {
			t.Fatalf("%q: %v", expr, slowErr)
		}
		got, err := slow.Match(text)
		if fastErr != nil || err != nil {
			return
		}
		if want, _ := fast.Match(text); got != want {
			t.Errorf("%q on %q: %v, RE2 says %v", expr, text, got, want)
		}
	})
}
