package keys_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
)

func TestFromRequest(t *testing.T) {
	tests := []struct {
		name, query string
		header      []string
		want        string
		ok          bool
	}{
		{"none", "a=b", nil, "", false},
		{"query", "a=b&code=x&code=y", nil, "x", true},
		{"query first empty", "code=&code=y", nil, "", true},
		{"query bare", "code", nil, "", true},
		{"query case", "CoDe=x", nil, "x", true},
		{"query escaped name", "%63ode=x", nil, "x", true},
		{"other name", "xcode=x&codex=y&co+de=z", nil, "", false},
		{"header", "code=y", []string{"x", "z"}, "x", true},
		{"header empty", "code=y", []string{""}, "", true},
		{"escapes", "code=a%2Fb%2Bc%3D%3D", nil, "a/b+c==", true},
		{"plus", "code=p+q", nil, "p q", true},
		{"broken", "code=50%", nil, "50%", true},
		{"broken beside good", "code=%zz%41%4", nil, "%zzA%4", true},
		{"utf8", "code=schl%C3%BCssel", nil, "schlüssel", true},
		{"not utf8", "code=%C3%28%ED%A0%80%41", nil, "%C3(%ED%A0%80A", true},
		{"four bytes", "code=%F0%9F%94%91%FF", nil, "🔑%FF", true},
		{"replacement character", "code=%EF%BF%BD%FF", nil, "\uFFFD%FF", true},
		{"equals in value", "code=a=b==", nil, "a=b==", true},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = tt.query
		if tt.header != nil {
			r.Header[keys.Header] = tt.header
		}
		if got, ok := keys.FromRequest(r); got != tt.want || ok != tt.ok {
			t.Errorf("%s: FromRequest = %q, %t, want %q, %t", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestStripTarget(t *testing.T) {
	for in, want := range map[string]string{
		"/a":                       "/a",
		"/a?":                      "/a?",
		"/a?b=c":                   "/a?b=c",
		"/a?code=x":                "/a",
		"/a?code":                  "/a",
		"/a?b=c&Code=x&d=%zz&&":    "/a?b=c&d=%zz&&",
		"/a?%63%4fde=x&b":          "/a?b",
		"/a?code=x&code=y#f?code=": "/a#f?code=",
		"/a?b=code=x":              "/a?b=code=x",
	} {
		if got := keys.StripTarget(in); got != want {
			t.Errorf("StripTarget(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzFromRequest(f *testing.F) {
	f.Add("a=b&code=%C3%BC+%")
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		r.RequestURI = "/?" + query
		keys.FromRequest(r)
		if _, ok := keys.FromRequest(keys.StripCode(r)); ok {
			t.Errorf("%q: a code is left in %q", query, keys.StripCode(r).URL.RawQuery)
		}
	})
}

// A server takes what follows a '#' in a request target for more of the path or
// of the query.
func TestStripCodeKnowsNoFragment(t *testing.T) {
	for target, want := range map[string]string{
		"/a#b?code=s3cret":             "/a#b",
		"/a?x=1#&code=s3cret":          "/a?x=1#",
		"/a?x=1#?&code=s3cret&y":       "/a?x=1#?&y",
		"/a?code=s3cret#s3cret&y=2":    "/a?y=2",
		"http://h/a?#&c%4Fde=s3cret":   "http://h/a?#",
		"http://h/a?x#y=1&code=s3cret": "http://h/a?x#y=1",
	} {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			t.Fatal(err)
		}
		r := keys.StripCode(&http.Request{URL: u, RequestURI: target})
		if r.RequestURI != want || strings.Contains(r.URL.RawQuery, "s3cret") {
			t.Errorf("%q: %q and query %q, want %q", target, r.RequestURI, r.URL.RawQuery, want)
		}
	}
}
