package route_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/httptrigger/httptrigger/route"
)

// slowMatch is what Match should do, written apart from it: over UTF-16 code
// units, with lists of segments and a map of values, and with the case mapping
// of package unicode. It returns nil if the template does not accept the path.
func slowMatch(t *route.Template, path string, compat bool) map[string]string {
	values := map[string]string{}
	if !slowSplit(t, path, compat, values) {
		return nil
	}
	for _, p := range t.Params() {
		value, ok := values[p.Name]
		if !ok && p.HasDefault {
			values[p.Name] = p.Default
			value, ok = p.Default, true
		}
		if !ok && p.Optional {
			continue
		}
		for _, c := range p.Constraints {
			accepted := !ok && c.Name() == "nonfile"
			if ok {
				accepted, _ = c.Check(value)
			}
			if !accepted {
				return nil
			}
		}
	}
	return values
}

func slowSplit(t *route.Template, path string, compat bool, values map[string]string) bool {
	if path != "" && path[0] != '/' {
		return false
	}
	var segments []string
	if len(path) > 1 {
		segments = strings.Split(strings.TrimSuffix(path[1:], "/"), "/")
	}
	for i, parts := range t.Segments() {
		first := parts[0].Param
		if i >= len(segments) {
			if len(parts) > 1 || first == nil || !(first.Optional || first.HasDefault || first.CatchAll != "") {
				return false
			}
			continue
		}
		switch {
		case len(parts) == 1 && first != nil && first.CatchAll != "":
			if compat && segments[i] == "" {
				return false
			}
			values[first.Name] = strings.SplitN(path[1:], "/", i+1)[i]
			return true
		case segments[i] == "":
			return false
		case len(parts) == 1 && first == nil:
			if slowFold(segments[i]) != slowFold(parts[0].Literal) {
				return false
			}
		case len(parts) == 1:
			values[first.Name] = segments[i]
		case !slowComplex(parts, segments[i], values):
			return false
		}
	}
	return len(segments) <= len(t.Segments())
}

func slowComplex(parts []route.Part, segment string, values map[string]string) bool {
	s := utf16.Encode([]rune(segment))
	n := len(parts)
	last := parts[n-1].Param
	if slowParts(parts, n-1, s, values) {
		return true
	}
	if last == nil || !last.Optional || !parts[n-2].Separator || s[len(s)-1] == '.' {
		return false
	}
	return slowParts(parts, n-3, s, values)
}

func slowParts(parts []route.Part, from int, s []uint16, values map[string]string) bool {
	last, need, literal := len(s), "", false
	out := map[string]string{}
	if from < 0 {
		return false
	}
	for i := from; i >= 0; i-- {
		newLast, width := last, 0
		if p := parts[i].Param; p != nil {
			need = p.Name
		} else {
			literal = true
			end := last
			if need != "" {
				end--
			}
			if end <= 0 {
				return false
			}
			at := -1
			width = len(utf16.Encode([]rune(parts[i].Literal)))
			for k := 0; k+width <= end; k++ {
				if slowFold(string(utf16.Decode(s[k:k+width]))) == slowFold(parts[i].Literal) {
					at = k
				}
			}
			if at < 0 || i == len(parts)-1 && at+width != len(s) {
				return false
			}
			newLast = at
		}
		if need != "" && (literal && parts[i].Param == nil || i == 0) {
			start, stop := newLast+width, last
			if parts[i].Param != nil {
				start = 0
			}
			if start == stop {
				return false
			}
			out[need] = string(utf16.Decode(s[start:stop]))
			need, literal = "", false
		}
		last = newLast
	}
	if last != 0 && parts[0].Param == nil {
		return false
	}
	maps.Copy(values, out)
	return true
}

func slowFold(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 'ı' || r == 'ſ' {
			return r
		}
		return unicode.ToUpper(r)
	}, s)
}

// sameMatch reports how Match parts from the model on a path, "" if it does not.
func sameMatch(template, path string, compat bool) string {
	t, err := (&route.Compiler{Compat: compat}).Compile(template)
	if err != nil {
		return ""
	}
	want := slowMatch(t, path, compat)
	v, ok := t.Match(path)
	if ok != (want != nil) {
		return fmt.Sprintf("%q: Match(%q) = %v, the model says %v (compat %v)", template, path, ok, want != nil, compat)
	}
	if got := maps.Collect(v.All()); ok && !maps.Equal(got, want) {
		return fmt.Sprintf("%q: Match(%q) = %q, the model says %q (compat %v)", template, path, got, want, compat)
	}
	return ""
}

var modelTemplates = flag.Int("model", 60_000, "templates in TestMatchAgainstModel")

func TestMatchAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	word := func(alphabet []string, n int) string {
		var b strings.Builder
		for range rng.IntN(n) + 1 {
			b.WriteString(alphabet[rng.IntN(len(alphabet))])
		}
		return b.String()
	}
	texts := []string{"a", "b", "A", ".", "-", "é", "É", "ß", "😀", "𐐀", "𐐨", "K", "k", "Ⱥ", "ⱥ"}
	segments := []string{"{%d}", "{%d?}", "{%d=1}", "{*%d}", "{%d}.{x%d?}", "{%d}-{x%d}", "a{%d}", "{%d}b", "{%d:int}", "{%d=a}", "b{%d}-", "{%d}😀{x%d}"}
	matched := 0
	for range *modelTemplates {
		var template, path strings.Builder
		for i := range rng.IntN(3) + 1 {
			if rng.IntN(3) == 0 {
				template.WriteString("/" + word(texts, 2))
			} else {
				s := segments[rng.IntN(len(segments))]
				template.WriteString("/" + strings.ReplaceAll(s, "%d", string(rune('p'+i))))
			}
		}
		for range rng.IntN(4) {
			path.WriteString("/" + word(append(texts, "1", "/"), 4))
		}
		for _, compat := range []bool{false, true} {
			if diff := sameMatch(template.String(), path.String(), compat); diff != "" {
				t.Fatal(diff)
			}
		}
		if tmpl, err := route.Compile(template.String()); err == nil {
			if _, ok := tmpl.Match(path.String()); ok {
				matched++
			}
		}
	}
	if matched < *modelTemplates/15 {
		t.Errorf("only %d paths matched", matched)
	}
}

func TestMatchAllocs(t *testing.T) {
	tmpl := route.MustCompile("products/{category:alpha}/{id:int?}/{file}.{ext?}")
	if n := testing.AllocsPerRun(100, func() {
		if v, ok := tmpl.Match("/Products/books/42/cover.png"); !ok || v.Get("ext") != "png" {
			t.Fatal("no match")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
