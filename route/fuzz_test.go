package route_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/httptrigger/httptrigger/route"
)

var fuzzTemplates = []string{
	"", "/", "~/a", "a//b", "{", "}", "{a", "{{a}}", "{a}/{A}", "{a?}/b", "{a}.{b?}", "x{a}-{b}y", "{*a}", "{**a:nonfile}",
	"{a:int:min(1)=5}", "{a=b=c}", "{a:regex(^\\d{{2}}$)}", "{a:regex([a-z-[q]])}", "{a:length(1,2)?}", "{:int}", "{a(:int}", "{a:range(1", "é/{é}",
}

// FuzzCompile holds that no text panics, that an error points into the text,
// and that a template can be compiled again from what it prints.
func FuzzCompile(f *testing.F) {
	for _, s := range fuzzTemplates {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tmpl, err := route.Compile(text)
		var syntax *route.SyntaxError
		var constraint *route.ConstraintError
		switch {
		case errors.As(err, &syntax):
			if syntax.Template != text || syntax.Offset < 0 || syntax.Offset > len(text) || syntax.Want() == "" {
				t.Errorf("Compile(%q): %#v", text, syntax)
			}
			return
		case errors.As(err, &constraint):
			reference := strings.NewReplacer("{", "{{", "}", "}}").Replace(constraint.Text)
			if constraint.Template != text || !strings.HasPrefix(text[constraint.Offset:], reference) {
				t.Errorf("Compile(%q): %#v", text, constraint)
			}
			return
		case err != nil:
			t.Fatalf("Compile(%q): an error of another type: %v", text, err)
		}
		again, err := route.Compile(tmpl.String())
		if err != nil || again.Precedence() != tmpl.Precedence() {
			t.Errorf("Compile(%q) and again: %v", text, err)
		}
		if n := len(tmpl.Segments()); n > 28 {
			t.Errorf("Compile(%q): %d segments", text, n)
		}
	})
}

// FuzzMatch holds that Match and the model agree, in both profiles.
func FuzzMatch(f *testing.F) {
	for i, s := range fuzzTemplates {
		f.Add(s, "/"+fuzzTemplates[len(fuzzTemplates)-1-i])
		f.Add(s, "/a.b/5//x.y.z/")
	}
	f.Fuzz(func(t *testing.T, template, path string) {
		if !utf8.ValidString(path) {
			if tmpl, err := route.Compile(template); err == nil {
				tmpl.Match(path) // the model is for text
			}
			return
		}
		for _, compat := range []bool{false, true} {
			if diff := sameMatch(template, path, compat); diff != "" {
				t.Error(diff)
			}
		}
	})
}

// FuzzExpand holds that a URL made of what a path gave is matched again, and
// gives the same, where a segment is one part and no value holds a slash.
func FuzzExpand(f *testing.F) {
	for _, s := range fuzzTemplates {
		f.Add(s, "/a.b/5/x")
	}
	f.Fuzz(func(t *testing.T, template, path string) {
		tmpl, err := route.Compile(template)
		if err != nil {
			return
		}
		v, ok := tmpl.Match(path)
		if !ok {
			return
		}
		var args []route.Arg
		for name, value := range v.All() {
			args = append(args, route.Arg{Name: name, Value: value})
		}
		for _, opts := range []route.ExpandOptions{{}, {Endpoint: true}, {Lowercase: true, TrailingSlash: true}} {
			url, err := tmpl.Expand(args, &opts)
			var none *route.ExpandError
			if err != nil && !errors.As(err, &none) {
				t.Fatalf("%q: Expand(%v): %v", template, args, err)
			}
			if err == nil && url != "" && url[0] != '/' {
				t.Errorf("%q: Expand(%v) = %q", template, args, url)
			}
		}
		plain := utf8.ValidString(path) && !strings.ContainsAny(path, "%\x00") && !slices.ContainsFunc(tmpl.Segments(), func(s []route.Part) bool {
			return len(s) > 1 || s[0].Param != nil && s[0].Param.CatchAll != ""
		})
		if !plain {
			return
		}
		url, err := tmpl.Expand(args, nil)
		if err != nil {
			return // a value that is its default in another case, and the like
		}
		again, ok := tmpl.Match(route.DecodePath(url))
		if !ok {
			t.Fatalf("%q: %q gives %v, which makes %q, which does not match", template, path, args, url)
		}
		fold := func(m map[string]string) map[string]string {
			for k, s := range m {
				m[k] = slowFold(s) // a default may come back in its own spelling
			}
			return m
		}
		if got, want := fold(maps.Collect(again.All())), fold(maps.Collect(v.All())); !maps.Equal(got, want) {
			t.Errorf("%q: %q gives %q, which makes %q, which gives %q", template, path, want, url, got)
		}
	})
}

// FuzzDecodePath holds that decoding keeps slashes where they are and never
// makes text that is no UTF-8.
func FuzzDecodePath(f *testing.F) {
	for _, s := range []string{"/a%2Fb", "/%C3%A9%C3%28", "/%ED%A0%80", "/%252F", "/%", "/%F0%9F%98%80/..%2f/%2e%2e", "/%00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := route.DecodePath(s)
		if strings.Count(got, "/") != strings.Count(s, "/") {
			t.Errorf("DecodePath(%q) = %q: other slashes", s, got)
		}
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("DecodePath(%q) = %q: no UTF-8", s, got)
		}
		if strings.Contains(got, "\x00") && !strings.Contains(s, "\x00") {
			t.Errorf("DecodePath(%q) = %q: a null character", s, got)
		}
		clean := route.RemoveDots(got)
		if strings.HasPrefix(got, "/") {
			for _, segment := range strings.Split(clean, "/") {
				if segment == "." || segment == ".." {
					t.Errorf("RemoveDots(%q) = %q", got, clean)
				}
			}
		}
		if again := route.RemoveDots(clean); again != clean {
			t.Errorf("RemoveDots(%q) = %q, and then %q", got, clean, again)
		}
		_, _, _ = route.ParseTarget("GET", "h", s)
	})
}
