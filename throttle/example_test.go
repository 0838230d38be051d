package throttle_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"

	"github.com/httptrigger/httptrigger/throttle"
)

// One request runs, the next is refused at once.
func ExampleGate() {
	gate, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 1})
	if err != nil {
		panic(err)
	}
	ticket, err := gate.Acquire(context.Background())
	if err != nil {
		panic(err)
	}
	_, err = gate.Acquire(context.Background())
	fmt.Println(err)
	ticket.Release()
	fmt.Println(gate.Stats().Running, "running")
	// Output:
	// throttle: "queue": 1 requests are running or waiting
	// 0 running
}

// A handler that streams for hours gives its place back when the work is done.
func ExampleReleaseEarly() {
	gate, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 10, EarlyRelease: true})
	if err != nil {
		panic(err)
	}
	events := gate.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(gate.Stats().Running, "running")
		throttle.ReleaseEarly(r.Context())
		fmt.Println(gate.Stats().Running, "running, and still streaming")
	}))
	events.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/events", nil))
	// Output:
	// 1 running
	// 0 running, and still streaming
}

// Chunked or declared, a body over the limit is answered 413.
func ExampleRequestLimit() {
	limit := &throttle.RequestLimit{MaxBody: 1 << 10}
	r := httptest.NewRequest("POST", "/orders", nil)
	r.ContentLength = 1 << 20
	fmt.Println(limit.Check(r))
	// Output: throttle: "body": longer than 1024 bytes
}

// Ten requests a second for each client, twenty at once; clients behind the load
// balancer are told apart by what it adds to X-Forwarded-For.
func ExampleRate() {
	clients := &throttle.ClientAddress{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	rate, err := throttle.NewRate(throttle.RateConfig{Limit: 10, Burst: 20, Key: clients.Key, Policy: "per client"})
	if err != nil {
		panic(err)
	}
	h := rate.Wrap(http.NotFoundHandler())
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.0.0.1:4711"
	r.Header.Set("X-Forwarded-For", "1.2.3.4, 203.0.113.9")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(clients.Key(r).Name)
	fmt.Println(w.Header().Get("RateLimit-Policy"))
	// Output:
	// 203.0.113.9
	// "per client";q=20;w=2
}

// While something is short every request is refused, whoever asks. A probe of one's
// own tells how much is in use; the package has some for the machine.
func ExampleDynamicThrottle() {
	for _, used := range []float64{45, 46} {
		queue := throttle.ProbeFunc(func() ([]throttle.Reading, error) {
			return []throttle.Reading{{Name: "queue", Value: used, Limit: 50}}, nil
		})
		load, err := throttle.NewDynamicThrottle(throttle.DynamicConfig{Probes: []throttle.Probe{queue}, Threshold: 0.9})
		if err != nil {
			panic(err)
		}
		fmt.Println(used, load.Check())
	}
	// Output:
	// 45 <nil>
	// 46 throttle: "load": over the threshold: queue
}
