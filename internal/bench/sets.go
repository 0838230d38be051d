package bench

import (
	"bufio"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed testdata
var testdata embed.FS

// A Route is a line of a set: a method and a template in our own syntax, with a
// slash in front.
type Route struct {
	Method   string
	Template string
}

// Params returns the names of the route's parameters.
func (r Route) Params() (names []string) {
	for segment := range strings.SplitSeq(r.Template, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			name, _, _ = strings.Cut(strings.TrimSuffix(name, "}"), ":")
			names = append(names, name)
		}
	}
	return names
}

// Constraint returns the constraint of a parameter, or "".
func (r Route) Constraint(name string) string {
	_, rest, ok := strings.Cut(r.Template, "{"+name+":")
	if !ok {
		return ""
	}
	constraint, _, _ := strings.Cut(rest, "}")
	return constraint
}

// Colon returns the template as ":name", the way most peers write it. The
// constraints are left out.
func (r Route) Colon() string {
	segments := strings.Split(r.Template, "/")
	for i, s := range segments {
		if name, ok := strings.CutPrefix(s, "{"); ok {
			name, _, _ = strings.Cut(strings.TrimSuffix(name, "}"), ":")
			segments[i] = ":" + name
		}
	}
	return strings.Join(segments, "/")
}

// Braces returns the template as "{name}", without constraints.
func (r Route) Braces() string {
	segments := strings.Split(r.Template, "/")
	for i, s := range segments {
		if name, _, ok := strings.Cut(s, ":"); ok {
			segments[i] = name + "}"
		}
	}
	return strings.Join(segments, "/")
}

// Path returns a path the route accepts.
func (r Route) Path() string {
	segments := strings.Split(r.Template, "/")
	for i, s := range segments {
		name, ok := strings.CutPrefix(s, "{")
		if !ok {
			continue
		}
		name, constraint, _ := strings.Cut(strings.TrimSuffix(name, "}"), ":")
		switch constraint {
		case "int":
			segments[i] = "20251"
		case "alpha":
			segments[i] = "november"
		case "guid":
			segments[i] = "5b3c1a52-98f1-4c5c-a3b6-0a1f2e3d4c5b"
		default:
			segments[i] = sampleValue(name)
		}
	}
	return strings.Join(segments, "/")
}

func sampleValue(name string) string {
	switch name {
	case "subscriptionId":
		return "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
	case "resourceGroupName":
		return "production-west"
	case "resourceName":
		return "frontend-7"
	case "owner", "user", "org", "userId":
		return "gopher"
	case "repo":
		return "httptrigger"
	case "sha":
		return "6dcb09b5b57875f3"
	}
	if strings.HasSuffix(name, "d") || name == "number" {
		return "1347"
	}
	return "value-of"
}

// Load returns a set of testdata by its name without extension. Of "azure-N" the
// first N routes are taken.
func Load(name string) ([]Route, error) {
	file, limit := name, 0
	if n, err := fmt.Sscanf(name, "azure-%d", &limit); n == 1 && err == nil {
		file = "azure-1000"
		if limit > 1000 {
			file = "azure-10000"
		}
	}
	f, err := testdata.Open("testdata/" + file + ".txt")
	if err != nil {
		f, err = testdata.Open("testdata/" + file + ".txt.gz")
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var in io.Reader = f
	if stat, err := f.Stat(); err == nil && strings.HasSuffix(stat.Name(), ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, err
		}
	}
	var routes []Route
	for lines := bufio.NewScanner(in); lines.Scan(); {
		method, template, ok := strings.Cut(lines.Text(), " ")
		if !ok {
			return nil, fmt.Errorf("%s: line %q", name, lines.Text())
		}
		routes = append(routes, Route{method, template})
		if len(routes) == limit {
			break
		}
	}
	return routes, nil
}

// MustLoad is Load for sets that are known to be there.
func MustLoad(name string) []Route {
	routes, err := Load(name)
	if err != nil {
		panic(err)
	}
	return routes
}

// Requests returns a request for each of the routes, in a fixed random order and
// each so often that there is no order to learn. They are in the processor's
// cache, as far as they find room there, like a request that has just been read.
func Requests(routes []Route) []*http.Request {
	var once []*http.Request
	for _, r := range routes {
		once = append(once, NewRequest(r.Method, r.Path()))
	}
	return mixed(once)
}

func mixed(once []*http.Request) []*http.Request {
	all := slices.Repeat(once, 1+4000/len(once))
	rand.New(rand.NewPCG(7, 11)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// Misses returns requests that fit no route: with a path that goes on behind
// where one ends, or begins otherwise, or ends otherwise.
func Misses(routes []Route) []*http.Request {
	var once []*http.Request
	for i, r := range routes {
		path := r.Path()
		switch i % 3 {
		case 0:
			path += "/no/such/page"
		case 1:
			path = "/wp-content" + path
		case 2:
			path = strings.TrimSuffix(path, "/") + "x/y/z/w"
		}
		once = append(once, NewRequest(r.Method, path))
	}
	return mixed(once)
}

// WrongMethods returns requests with paths that fit and a method that none of
// the routes takes.
func WrongMethods(routes []Route) []*http.Request {
	var once []*http.Request
	for _, r := range routes {
		once = append(once, NewRequest(http.MethodTrace, r.Path()))
	}
	return mixed(once)
}

// NewRequest returns a request as a server makes it, as far as routers look.
func NewRequest(method, path string) *http.Request {
	return &http.Request{
		Method: method, URL: &url.URL{Path: path}, RequestURI: path,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Host: "example.com",
	}
}
