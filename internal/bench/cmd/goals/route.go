package main

import (
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/httptrigger/httptrigger/internal/bench"
	"github.com/httptrigger/httptrigger/route"
)

func routeGoals() []goal {
	goals := []goal{
		serving("GitHub, handler of the router's own", "github", bench.Ignore, bench.Httprouter, bench.Native, 0.70),
		serving("GitHub, the same, reading every value", "github", bench.Read, bench.Httprouter, bench.Native, 0.80),
		serving("GitHub, http.Handler reading every value", "github", bench.Read, bench.ServeMux, bench.Plain, 0.30),
		serving("GitHub, http.Handler reading none", "github", bench.Ignore, bench.ServeMux, bench.Plain, 0.30),
		serving("157 static paths", "static", bench.Ignore, bench.Denco, bench.Native, 1.0),
		missing("GitHub, paths that fit nothing", 0.7),
		serving("constraints, values read", "constrained", bench.Check, bench.Httprouter, bench.Native, 0.85),
	}
	for _, size := range []struct {
		n     int
		limit float64
	}{{10, 0.95}, {100, 0.95}, {1000, 0.85}, {10000, 0.95}} {
		work := fmt.Sprintf("Azure, %d routes", size.n)
		goals = append(goals, serving(work, fmt.Sprintf("azure-%d", size.n), bench.Ignore, bench.Httprouter, bench.Native, size.limit))
	}
	goals = append(goals,
		goal{"building 10,000 routes", "ms", 200, building},
		goal{"building 10,000 routes, by ten times 1,000", "times", 1.5, buildingLinear},
		goal{"heap of a route, of 10,000", "bytes", 820, heap},
	)
	for _, h := range hostile {
		goals = append(goals,
			goal{"hostile: " + h.name + ", per byte", "of a hit", 4, h.perByte},
			goal{"hostile: " + h.name + ", 256 KiB by twice 128", "times", 1.4, h.linear},
		)
	}
	return goals
}

func serving(work, set string, use bench.Use, peer, ours bench.Peer, limit float64) goal {
	return goal{work, "of " + peer.Name, limit, func(e bench.Effort) measured {
		routes := bench.MustLoad(set)
		requests := bench.Requests(routes)
		return against(
			bench.Serving(peer.Name, peer.Build(routes, use), requests),
			bench.Serving(ours.Name, ours.Build(routes, use), requests),
		)(e)
	}}
}

func missing(work string, limit float64) goal {
	return goal{work, "of aero", limit, func(e bench.Effort) measured {
		routes := bench.MustLoad("github")
		requests := bench.Misses(routes)
		return against(
			bench.Serving("aero", bench.Aero.Build(routes, bench.Ignore), requests),
			bench.Serving("native", bench.Native.Build(routes, bench.Ignore), requests),
		)(e)
	}}
}

// build makes a table of routes from their texts.
func build(routes []bench.Route) *route.Table[int] {
	list := make([]route.Route[int], len(routes))
	for i, r := range routes {
		list[i] = route.Route[int]{
			Name: strconv.Itoa(i), Methods: []string{r.Method}, Template: route.MustCompile(r.Template), Value: i,
		}
	}
	table, err := route.NewTable(list, nil)
	if err != nil {
		panic(err)
	}
	return table
}

// building measures how long 10,000 routes take, compiling their templates
// included.
func building(e bench.Effort) measured {
	routes := bench.MustLoad("azure-10000")
	var ms []float64
	for range e.Passes {
		ms = append(ms, milliseconds(func() { build(routes) }))
	}
	return measured{value: bench.Median(ms)}
}

// buildingLinear measures how long they take by ten times a tenth of them.
func buildingLinear(e bench.Effort) measured {
	all := bench.MustLoad("azure-10000")
	var ratios []float64
	for range e.Passes {
		tenths := milliseconds(func() {
			for i := range 10 {
				build(all[i*1000 : (i+1)*1000])
			}
		})
		ratios = append(ratios, milliseconds(func() { build(all) })/tenths)
	}
	return measured{value: bench.Median(ratios)}
}

func milliseconds(f func()) float64 {
	runtime.GC()
	start := time.Now()
	f()
	return float64(time.Since(start)) / 1e6
}

// heap measures what a table keeps: its tree, the compiled templates and the
// routes, the texts of the templates aside.
func heap(bench.Effort) measured {
	routes := bench.MustLoad("azure-10000")
	before := inUse()
	table := build(routes)
	after := inUse()
	n := float64(table.Len())
	runtime.KeepAlive(routes)
	return measured{value: (after - before) / n}
}

func inUse() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
