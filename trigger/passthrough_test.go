package trigger_test

import (
	"net/http"
	"testing"

	"github.com/httptrigger/httptrigger/internal/passthrough"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

// TestHostPassesEverythingThrough puts a function behind all that a host has.
func TestHostPassesEverythingThrough(t *testing.T) {
	gate, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 5})
	if err != nil {
		t.Fatal(err)
	}
	for _, compat := range []bool{false, true} {
		wrap := func(h http.Handler) http.Handler {
			host, err := trigger.NewHost(trigger.Config{
				Keys:   newResolver(t, compat),
				Compat: compat,
				Front:  gate,
				Functions: []trigger.Function{{
					Name: "all", Route: "all/{id:int?}", Level: keys.Function, Gate: gate, Handler: h,
				}},
			})
			if err != nil {
				t.Fatal(err)
			}
			return host
		}
		t.Run(map[bool]string{false: "Default", true: "Compat"}[compat], func(t *testing.T) {
			passthrough.Run(t, passthrough.Middleware{
				Wrap: wrap, Path: "/api/all/7", Header: http.Header{keys.Header: {hostKey}},
			})
		})
	}
}
