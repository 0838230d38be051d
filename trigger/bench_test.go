package trigger_test

import (
	"math"
	"net/http"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

// nullWriter throws answers away.
type nullWriter struct{ h http.Header }

func (w *nullWriter) Header() http.Header         { return w.h }
func (w *nullWriter) WriteHeader(int)             {}
func (w *nullWriter) Write(p []byte) (int, error) { return len(p), nil }

// benchHost has the whole chain around handlers that do nothing.
func benchHost(tb testing.TB, bare bool) *trigger.Host {
	newGate := func() *throttle.Gate {
		g, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 100, MaxOutstanding: 200})
		if err != nil {
			tb.Fatal(err)
		}
		return g
	}
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	return mustHost(tb, trigger.Config{
		Keys: newResolver(tb, false), Gate: newGate(), Bare: bare,
		Functions: []trigger.Function{
			{Name: "literal", Handler: nothing, Gate: newGate(), Methods: []string{"GET"}},
			{Name: "open", Handler: nothing, Level: keys.Anonymous},
			{Name: "products", Route: "products/{category:alpha}/{id:int?}", Handler: nothing, Gate: newGate()},
		},
	})
}

func benchRequest(target, key string) *http.Request {
	r, err := http.NewRequest("GET", "http://localhost"+target, nil)
	if err != nil {
		panic(err)
	}
	r.RequestURI = target
	r.Header.Set("User-Agent", "bench")
	r.Header.Set("Accept", "*/*")
	if key != "" {
		r.Header.Set("X-Functions-Key", key)
	}
	return r
}

func BenchmarkHost(b *testing.B) {
	h, bare := benchHost(b, false), benchHost(b, true)
	for _, bm := range []struct {
		name, target, key string
		h                 *trigger.Host
	}{
		{"anonymous", "/api/open", "", h},
		{"keyed", "/api/literal", hostKey, h},
		{"values", "/api/products/books/7", hostKey, h},
		{"query-key", "/api/literal?code=" + hostKey, "", h},
		{"401", "/api/literal", "wrong", h},
		{"404", "/api/none", "", h},
		{"bare", "/api/literal", hostKey, bare},
		{"bare-values", "/api/products/books/7", hostKey, bare},
	} {
		b.Run(bm.name, func(b *testing.B) {
			w := &nullWriter{http.Header{}}
			r := benchRequest(bm.target, bm.key)
			value := []string{bm.key}
			b.ReportAllocs()
			for b.Loop() {
				if bm.key != "" {
					r.Header["X-Functions-Key"] = value
				}
				bm.h.ServeHTTP(w, r)
			}
		})
	}
}

// TestHostAllocs holds what a request costs: the one object that carries
// context, request and invocation, and nothing in a bare host. What goroutines of
// other tests allocate meanwhile is counted too, so the least of some counts is
// taken.
func TestHostAllocs(t *testing.T) {
	h, bare := benchHost(t, false), benchHost(t, true)
	for _, tt := range []struct {
		h           *trigger.Host
		target, key string
		want        float64
	}{
		{h, "/api/open", "", 1},
		{h, "/api/literal", hostKey, 1},
		{bare, "/api/open", "", 0},
		{bare, "/api/literal", hostKey, 0},
		{bare, "/api/products/books/7", hostKey, 0},
	} {
		w := &nullWriter{http.Header{}}
		r := benchRequest(tt.target, tt.key)
		value := []string{tt.key}
		got := math.Inf(1)
		for range 10 {
			got = min(got, testing.AllocsPerRun(200, func() {
				if tt.key != "" {
					r.Header["X-Functions-Key"] = value
				}
				tt.h.ServeHTTP(w, r)
			}))
			if got <= tt.want {
				break
			}
		}
		if got > tt.want {
			t.Errorf("%s: %v allocations, want %v", tt.target, got, tt.want)
		}
	}
}
