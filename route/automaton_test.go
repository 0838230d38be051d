package route_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/httptrigger/httptrigger/route"
)

// judged compiles an expression, as the source writes it and as RE2 does, and
// holds it against the engine of the standard library on each text. It reports
// whether there was something to compare.
func judged(t testing.TB, expr string, texts ...string) bool {
	t.Helper()
	seen := false
	for _, compile := range []func(string) (string, error){route.RE2Text, func(s string) (string, error) { return s, nil }} {
		printed, err := compile(expr)
		if err != nil {
			continue
		}
		m, _, err := route.CompileRE2Text(printed)
		standard, want := regexp.Compile(printed)
		if (err == nil) != (want == nil) || err != nil && err.Error() != want.Error() {
			t.Fatalf("%q: error %v, the standard library's is %v", printed, err, want)
		}
		if err != nil {
			continue
		}
		seen = true
		for _, text := range texts {
			got, err := m.Match(text)
			if want := standard.MatchString(route.RegexpText(text)); err != nil || got != want {
				t.Errorf("%q, printed %q, on %q: %v, %v; the standard library says %v", expr, printed, text, got, err, want)
			}
		}
	}
	return seen
}

var judgedExpressions = []string{
	``, `a`, `^`, `$`, `^$`, `\A`, `\z`, `\Z`, `a|`, `|`, `(|a)*`, `(a*)*`, `(a|b)*?c`, `a{0}`, `a{0,0}b`, `(^a|b$)`, `^(a$|b)`,
	`(?m)^a$`, `(?m)^$`, `(?m)$^`, `(?m)^a$\n^b`, `(?m)\n$`, `(?m)^\z`, `(?s)a.b`, `a.b`, `^.$`, `^..$`, `^...$`, `(?m:^)a\z`, `(?ms)^.a$`,
	`^[0-9]+x$`, `^\d{3}-\d{4}$`, `^[a-z]{2}(-[a-z]{2})?$`, `^(?-i)[A-Z]+$`, `^[a-z-[m-p]]+$`, `k`, `^[^k]$`, `s`, `ß`, `é`, `^é+$`, `(?-i)é`,
	`^\w+$`, `^\W+$`, `^[\w.-]+$`, `^\p{L}+$`, `^\P{L}+$`, `(?-i)^\p{Lu}+$`, `^\p{IsGreek}`, `^\s*$`, `^[^\s]+$`, `[\uD800-\uDFFF]`, `^[\uD83D][\uDE00]$`,
	`^😀+$`, `^[😀]{2}$`, `\uDE00`, `[^\uD83D]`, `\uFFFD`, `^[^\uFFFD]*$`, `[\uFFF0-\uFFFE]`, `[^\uFFFF]`, `^[a-z]{1,1000}$`, `^.{1,1000}$`, `[0-9]{3,1000}x`, `^(ab?){1,300}$`,
	`(a|b)*a(a|b){3}$`, `(a|b)*a(a|b){12}$`, `^(apple|banana|cherry|apricot|band)$`, `abc|def|abd`, `[\s\S]*x`, `(?:)`, `^(?:a{2,3}){2,3}$`, `[^\s\S]`, `a[^\s\S]|b`,
	`(?i)ab`, `(?i)k\x{17F}`, `(?U)a+?b`, `\bab\b`, `\Bb`, `(?s).`, `(?-s).`, `[[:alpha:]]+$`, `\x{10D83D}`, `[^a]$`, `\pN+$`, `(?i)[^k]`, `(?P<n>a)`,
}

var judgedTexts = []string{
	"", "a", "b", "ab", "ba", "abc", "abd", "A", "AB", "x", "1", "123x", "123-4567", "555-123", "en", "en-US", "\n", "a\n", "\na", "a\nb", "a\n\n", "\n\n",
	"x\na\ny", "xa\nby", "a\rb", "é", "É", "éé", "aé", "é\n", "k", "K", "\u212a", "s", "ſ", "ß", "ẞ", "λ", "Λ", "中", "中文a", "٣", "_", "-", ".", "a.b-c_d", " ", "\t\u3000",
	"😀", "😀😀", "a😀", "😀a", "\U0010d83d", "\U0010ffff", "\ufffd", "\ufffe", "\uffff", "\x00", "\xff", "a\xff", "\xffa", "\xc3", "\xc3a", "\xe4\xb8", "\xe4\xb8a", "\xf0\x9f\x98", "\xed\xa0\xbd", "\xed\xa0\xbd\xed\xb8\x80",
	"\xff😀", "apple", "band", "bananas", "aabab", "babaaaaaaaaaaaaa", "abababababababab", strings.Repeat("a", 1000), strings.Repeat("a", 1001), strings.Repeat("12", 300) + "x", strings.Repeat("ab", 300),
}

func TestRegexAgainstStandard(t *testing.T) {
	for _, expr := range judgedExpressions {
		if !judged(t, expr, judgedTexts...) {
			t.Errorf("%q cannot be compiled", expr)
		}
	}
}

// TestRegexAgainstStandardGenerated makes expressions of pieces that touch each
// other in all ways, and texts of what the pieces look for.
func TestRegexAgainstStandardGenerated(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	compared := 0
	for range 3000 {
		expr := randomExpression(r, 3)
		texts := make([]string, 12)
		for i := range texts {
			texts[i] = randomText(r)
		}
		if judged(t, expr, texts...) {
			compared++
		}
	}
	if compared < 2000 {
		t.Errorf("only %d expressions could be compiled", compared)
	}
}

var (
	expressionAtoms = []string{
		"a", "b", "k", "1", "-", "é", "中", "😀", ".", "[ab]", "[^ab]", "[a-z-[k]]", `\d`, `\w`, `\W`, `\s`, `\n`, `\p{Lu}`, `[^\n]`, `[\uD83D]`, `\uFFFD`,
		"^", "$", `\A`, `\z`, `\Z`, "(?m:^)", "(?m:$)", "(?s:.)", "(?-i:a)", "(?-i:B)", "",
	}
	quantifiers = []string{"*", "+", "?", "*?", "{2}", "{1,3}", "{0,2}", "{2,}", "{0}"}
	textPieces  = []string{
		"a", "b", "ab", "A", "B", "k", "K", "\u212a", "1", "-", "é", "É", "中", "😀", "\n", " ", "_", "\ufffd", "\xff", "\xe4\xb8", "\xf0\x9f", "\u0663", "\u3000",
	}
)

func randomExpression(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(4) == 0 {
		return expressionAtoms[r.IntN(len(expressionAtoms))]
	}
	switch r.IntN(5) {
	case 0:
		return "(" + randomExpression(r, depth-1) + "|" + randomExpression(r, depth-1) + ")"
	case 1:
		return "(" + randomExpression(r, depth-1) + ")" + quantifiers[r.IntN(len(quantifiers))]
	}
	return randomExpression(r, depth-1) + randomExpression(r, depth-1)
}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(8) {
		b.WriteString(textPieces[r.IntN(len(textPieces))])
	}
	return b.String()
}

// TestAutomatonBounds holds which expressions have an automaton and which are
// left to the standard library.
func TestAutomatonBounds(t *testing.T) {
	var words []string
	var far, letters, sets strings.Builder
	for i := range 600 {
		words = append(words, strings.Repeat("ab", i%7+1)+string(rune('a'+i%26))+string(rune('a'+i/26)))
		if i%2 == 0 {
			fmt.Fprintf(&far, "%x%c|", i*i*7919, 'g'+i%20)
		}
		letters.WriteRune(rune(0x4E00 + i%300))
		sets.WriteByte('[')
		for bit := range 10 {
			if (i+1)>>bit&1 != 0 {
				sets.WriteByte("abcdefghij"[bit])
			}
		}
		sets.WriteByte(']')
	}
	tests := []struct {
		name, expr string
		want       bool
	}{
		{"plain", `^[a-z]{2}(-[a-z]{2})?$`, true},
		{"long repetition", `^[a-z]{1,1000}$`, true},
		{"long repetition of many ranges", `^[\w.-]{1,256}@[\w.-]{1,256}$`, true},
		{"list of words", `^(` + strings.Join(words, "|") + `)$`, true},
		{"lines", `(?m)^a$`, true},
		{"any character", `(?s)^.a.$`, true},
		{"too many steps", `[a-m]{1,700}[k-z]{1,700}x`, false},
		{"too many rows", `(a|b)*a(a|b){12}$`, false},
		{"too many cells", `^(` + far.String() + `x)$`, false},
		{"too many instructions", `^a{1,1000}b{1,1000}c{1,1000}$`, false},
		{"too many classes", letters.String(), false},
		{"too many sets", sets.String(), false},
		{"boundaries of words", `\bab`, false},
	}
	for _, tt := range tests {
		_, got, err := route.CompileRE2Text(tt.expr)
		if err != nil || got != tt.want {
			t.Errorf("%s: an automaton: %v, error %v, want %v", tt.name, got, err, tt.want)
		}
		judged(t, tt.expr, judgedTexts...)
	}
}

func TestRegexAllocs(t *testing.T) {
	for _, expr := range []string{`^[0-9]+x$`, `^\w+$`, `a|b`, `^..$`, `(?m)^$`} {
		m, err := route.CompileRE2(expr)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range judgedTexts {
			if n := testing.AllocsPerRun(100, func() { _, _ = m.Match(text) }); n != 0 {
				t.Errorf("%q on %q: %v allocations", expr, text, n)
			}
		}
	}
}

func TestRegexConcurrently(t *testing.T) {
	m, err := route.CompileRE2(`^[\w-]+$`)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				yes, _ := m.Match("é-中-a")
				no, _ := m.Match("é 中")
				if !yes || no {
					t.Errorf("%v and %v, want true and false", yes, no)
					return
				}
			}
		})
	}
	wg.Wait()
}

// FuzzRegexAgainstStandard holds that an automaton says what the engine of the
// standard library says, of the expression as the source and as RE2 reads it.
func FuzzRegexAgainstStandard(f *testing.F) {
	for i, expr := range judgedExpressions {
		f.Add(expr, judgedTexts[i%len(judgedTexts)])
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if len(expr) > 200 || len(text) > 200 {
			return
		}
		judged(t, expr, text, text+"\n", "a"+text, text+text)
	})
}
