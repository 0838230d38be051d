package throttle_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/passthrough"
	"github.com/httptrigger/httptrigger/throttle"
)

func TestLimitersPassEverythingThrough(t *testing.T) {
	gate, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 10, MaxOutstanding: 20, EarlyRelease: true})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 10, MaxOutstanding: 20, MaxWait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	size := &throttle.RequestLimit{MaxBody: 1 << 20}
	rate, err := throttle.NewRate(throttle.RateConfig{Limit: 1000, Key: byPath, Policy: "all"})
	if err != nil {
		t.Fatal(err)
	}
	load, err := throttle.NewDynamicThrottle(throttle.DynamicConfig{Probes: []throttle.Probe{throttle.Goroutines(1_000_000)}})
	if err != nil {
		t.Fatal(err)
	}
	for name, wrap := range map[string]func(http.Handler) http.Handler{
		"gate":               plain.Wrap,
		"gate early release": gate.Wrap,
		"size":               size.Wrap,
		"rate":               rate.Wrap,
		"load":               load.Wrap,
		"stacked":            func(h http.Handler) http.Handler { return size.Wrap(gate.Wrap(plain.Wrap(h))) },
	} {
		t.Run(name, func(t *testing.T) { passthrough.Run(t, passthrough.Middleware{Wrap: wrap}) })
	}
}
