package bench

import (
	"net/http"
	"testing"
)

var works = []struct {
	name string
	set  string
	use  Use
}{
	{"github", "github", Ignore},
	{"github-read", "github", Read},
	{"static", "static", Ignore},
	{"gplus", "gplus", Ignore},
	{"parse", "parse", Ignore},
	{"constrained", "constrained", Check},
	{"azure-10", "azure-10", Ignore},
	{"azure-100", "azure-100", Ignore},
	{"azure-1000", "azure-1000", Ignore},
	{"azure-10000", "azure-10000", Ignore},
}

func BenchmarkServe(b *testing.B) {
	for _, work := range works {
		routes := MustLoad(work.set)
		for _, p := range Peers {
			b.Run(work.name+"/"+p.Name, func(b *testing.B) {
				run(b, p.Build(routes, work.use), Requests(routes))
			})
		}
	}
}

func BenchmarkMiss(b *testing.B) {
	routes := MustLoad("github")
	for _, p := range Peers {
		b.Run(p.Name, func(b *testing.B) { run(b, p.Build(routes, Ignore), Misses(routes)) })
	}
}

func run(b *testing.B, h http.Handler, requests []*http.Request) {
	c := Serving("", h, requests)
	b.ReportAllocs()
	for b.Loop() {
		c.Run(1)
	}
}

// TestPeers sees to it that all peers serve all the requests they are measured
// with.
func TestPeers(t *testing.T) {
	for _, work := range works {
		if work.set == "azure-10000" {
			continue // as azure-1000, and slow to build in some peers
		}
		routes := MustLoad(work.set)
		for _, p := range Peers {
			if p.Name == "bare" {
				continue
			}
			h := p.Build(routes, Check)
			for _, r := range Requests(routes)[:4000] {
				Sink = 0
				w := &Discard{header: http.Header{}}
				q := *r
				h.ServeHTTP(w, &q)
				if w.Status == http.StatusNotFound {
					t.Fatalf("%s, %s: %s %s: status %d", work.name, p.Name, r.Method, r.URL.Path, w.Status)
				}
			}
			if work.set != "github" {
				continue
			}
			for _, r := range append(Misses(routes)[:3000], WrongMethods(routes)[:1000]...) {
				w := &Discard{header: http.Header{}}
				q := *r
				h.ServeHTTP(w, &q)
				if w.Status/100 != 4 {
					t.Fatalf("%s, %s: %s %s: status %d", work.name, p.Name, r.Method, r.URL.Path, w.Status)
				}
			}
		}
	}
}
