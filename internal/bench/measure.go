package bench

import (
	"cmp"
	"math"
	"net/http"
	"runtime"
	"slices"
	"time"
)

// A Contestant is one of several that do the same work.
type Contestant struct {
	Name string
	// Run does the work n times.
	Run func(n int)
}

// Effort says how long to measure.
type Effort struct {
	Passes int           // how often each contestant has its turn, at least ten
	Turn   time.Duration // how long a turn takes, about
}

// The efforts of cmd/goals.
var (
	Full  = Effort{Passes: 31, Turn: 12 * time.Millisecond}
	Quick = Effort{Passes: 11, Turn: 4 * time.Millisecond}
)

// A Result is what a contestant made of its turns.
type Result struct {
	Name   string
	NS     float64 // median time of one piece of work
	Ratio  float64 // median over the passes of the time by that of the first contestant
	Low    float64 // lower quartile of the ratios
	High   float64 // upper quartile
	Allocs float64 // per piece of work, in a turn of their own
}

// Compare measures the contestants in interleaved passes. Ratios are to the
// first of them.
//
// The work is done by one goroutine on one processor, so that the time of the
// process is the time of the work, with the garbage it leaves, whatever else the
// machine does.
func Compare(effort Effort, contestants ...Contestant) []Result {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	counts := make([]int, len(contestants))
	for i, c := range contestants {
		counts[i] = calibrate(c, effort.Turn)
	}
	times := make([][]float64, len(contestants))
	ratios := make([][]float64, len(contestants))
	runtime.GC()
	for range effort.Passes {
		for i, c := range contestants {
			ns := timed(c, counts[i])
			times[i] = append(times[i], ns)
			ratios[i] = append(ratios[i], ns/times[0][len(times[0])-1])
		}
	}
	results := make([]Result, len(contestants))
	for i, c := range contestants {
		results[i] = Result{
			Name: c.Name, NS: quantile(times[i], 0.5), Ratio: quantile(ratios[i], 0.5),
			Low: quantile(ratios[i], 0.25), High: quantile(ratios[i], 0.75),
			Allocs: allocs(c, counts[i]),
		}
	}
	return results
}

// calibrate returns how often the work fits in a turn.
func calibrate(c Contestant, turn time.Duration) int {
	c.Run(1)
	for n := 1; ; n *= 2 {
		if ns := timed(c, n); ns*float64(n) > float64(turn)/4 || n > 1<<30 {
			return max(1, int(float64(turn)/ns))
		}
	}
}

func timed(c Contestant, n int) float64 {
	start := now()
	c.Run(n)
	return float64(now()-start) / float64(n)
}

// allocs counts the allocations of a piece of work, of which count fit in a turn:
// those that take long are done fewer times.
func allocs(c Contestant, count int) float64 {
	n := min(max(20*count, 20), 2000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c.Run(n)
	runtime.ReadMemStats(&after)
	mallocs := after.Mallocs - before.Mallocs
	if mallocs < max(5, uint64(n)/100) {
		return 0 // the runtime's own
	}
	return float64(mallocs) / float64(n)
}

// Median returns the middle of x.
func Median(x []float64) float64 { return quantile(x, 0.5) }

func quantile(x []float64, q float64) float64 {
	x = slices.Clone(x)
	slices.SortFunc(x, cmp.Compare)
	at := q * float64(len(x)-1)
	lo := int(math.Floor(at))
	hi := min(lo+1, len(x)-1)
	return x[lo] + (x[hi]-x[lo])*(at-float64(lo))
}

// Serving returns a contestant that serves the requests in turn. Each gets a
// request of its own, as a server would make one.
func Serving(name string, h http.Handler, requests []*http.Request) Contestant {
	w := &Discard{header: http.Header{}}
	r := new(http.Request)
	next := 0
	return Contestant{Name: name, Run: func(n int) {
		at := next
		for range n {
			*r = *requests[at]
			h.ServeHTTP(w, r)
			if at++; at == len(requests) {
				at = 0
			}
		}
		next = at
	}}
}

// Discard is a response writer that keeps nothing.
type Discard struct {
	header http.Header
	Status int
}

// Header returns a header that is never sent.
func (w *Discard) Header() http.Header { return w.header }

func (w *Discard) Write(p []byte) (int, error) { return len(p), nil }

// WriteString drops s.
func (w *Discard) WriteString(s string) (int, error) { return len(s), nil }

// WriteHeader notes the status.
func (w *Discard) WriteHeader(status int) { w.Status = status }
