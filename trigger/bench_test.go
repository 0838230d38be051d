package trigger_test

import (
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
func benchHost(tb testing.TB, compat bool) *trigger.Host {
	newGate := func() *throttle.Gate {
		g, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 100, MaxOutstanding: 200, Compat: compat})
		if err != nil {
			tb.Fatal(err)
		}
		return g
	}
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	return mustHost(tb, trigger.Config{
		Keys: newResolver(tb, compat), Gate: newGate(), Compat: compat,
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
	h := benchHost(b, false)
	for _, bm := range []struct{ name, target, key string }{
		{"anonymous", "/api/open", ""},
		{"keyed", "/api/literal", hostKey},
		{"values", "/api/products/books/7", hostKey},
		{"query-key", "/api/literal?code=" + hostKey, ""},
		{"401", "/api/literal", "wrong"},
		{"404", "/api/none", ""},
	} {
		b.Run(bm.name, func(b *testing.B) {
			w := &nullWriter{http.Header{}}
			r := benchRequest(bm.target, bm.key)
			b.ReportAllocs()
			for b.Loop() {
				if bm.key != "" {
					r.Header["X-Functions-Key"] = []string{bm.key}
				}
				h.ServeHTTP(w, r)
			}
		})
	}
}

// TestHostAllocs holds what a request costs: the one object that carries
// context, request and invocation.
func TestHostAllocs(t *testing.T) {
	h := benchHost(t, false)
	for _, tt := range []struct {
		target, key string
		want        float64
	}{
		{"/api/open", "", 1},
		{"/api/literal", hostKey, 1},
	} {
		w := &nullWriter{http.Header{}}
		r := benchRequest(tt.target, tt.key)
		value := []string{tt.key}
		got := testing.AllocsPerRun(200, func() {
			if tt.key != "" {
				r.Header["X-Functions-Key"] = value
			}
			h.ServeHTTP(w, r)
		})
		if got > tt.want {
			t.Errorf("%s: %v allocations, want %v", tt.target, got, tt.want)
		}
	}
}
