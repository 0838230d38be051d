package main

import (
	"strings"

	"github.com/httptrigger/httptrigger/internal/bench"
	"github.com/httptrigger/httptrigger/route"
)

// A bait is a table and a path made to be slow in it.
type bait struct {
	name      string
	templates []string
	path      func(size int) string
}

func repeat(s string) func(int) string {
	return func(size int) string { return "/" + strings.Repeat(s, size/len(s)) }
}

var hostile = []bait{
	{"one segment", []string{"{a}/x", "{a:int}/y", "{a:alpha}/z", "a{b}"}, repeat("a")},
	{"all slashes", []string{"{a}/{b}/{c}", "a/{*rest:int}", "{*x:maxlength(3)}"}, repeat("/")},
	{"many segments", []string{"{a}/{b}/{c}/x", "a/{b}/{*c:int}"}, repeat("a/")},
	// Each segment fits a text and a parameter, and the end fits none of them.
	{"bait for backtracking", deep(), func(size int) string { return strings.Repeat("/a", 10) + repeat("b")(size) }},
	{"bait for complex segments", []string{"{a}-{b}-{c}-{d}/x", "{a}.{b?}/x", "{a}ab{b}ab{c}/x"}, repeat("ab-.")},
	{"constraints", []string{"{a:int}", "{a:guid}/{b?}", "{b:double}/x/{c?}", "{c:datetime}/{x?}/{y?}/{z?}"}, repeat("1")},
	{"a regular expression", []string{"{d:regex(^[0-9]+x$)}"}, repeat("1")},
	{"not ASCII", []string{"héhé/{a}", "{a:length(3)}/é", "é{a}é"}, repeat("é")},
	{"percent-encoded", []string{"{a}/x", "{a:length(3)}/y"}, repeat("%2F")},
}

// deep returns templates in which each of ten segments is a text or a parameter,
// in 1,024 combinations.
func deep() (templates []string) {
	for i := range 1024 {
		var t strings.Builder
		for bit := range 10 {
			if i>>bit&1 == 0 {
				t.WriteString("a/")
			} else {
				t.WriteString("{p" + string(rune('0'+bit)) + "}/")
			}
		}
		templates = append(templates, t.String()+"end")
	}
	return templates
}

// looker looks the path up in a table of the templates.
func (b bait) looker(size int) bench.Contestant {
	var routes []route.Route[int]
	for i, t := range b.templates {
		// An Order each, so that templates of one rank may stand side by side.
		routes = append(routes, route.Route[int]{Name: t, Template: route.MustCompile(t), Order: i, Value: i})
	}
	table, err := route.NewTable(routes, nil)
	if err != nil {
		panic(err)
	}
	path := b.path(size)
	if b.name == "percent-encoded" {
		return bench.Contestant{Name: b.name, Run: func(n int) {
			for range n {
				m := table.Lookup("GET", route.DecodePath(path))
				bench.Sink += m.Value
			}
		}}
	}
	return bench.Contestant{Name: b.name, Run: func(n int) {
		for range n {
			m := table.Lookup("GET", path)
			bench.Sink += m.Value
		}
	}}
}

// perByte measures a path of 64 KiB by a hit, per byte of either.
func (b bait) perByte(e bench.Effort) measured {
	routes := bench.MustLoad("github")
	requests := bench.Requests(routes)
	bytes := 0
	for _, r := range requests {
		bytes += len(r.URL.Path)
	}
	hit := bench.Serving("hit", bench.Native.Build(routes, bench.Ignore), requests)
	r := bench.Compare(e, hit, b.looker(64<<10))
	perHit := float64(bytes) / float64(len(requests))
	return measured{value: r[1].Ratio * perHit / (64 << 10)}
}

// linear measures a path of 256 KiB by two of half the size.
func (b bait) linear(e bench.Effort) measured {
	half := b.looker(128 << 10)
	r := bench.Compare(e,
		bench.Contestant{Name: "halves", Run: func(n int) { half.Run(2 * n) }},
		b.looker(256<<10),
	)
	return measured{value: r[1].Ratio}
}
