package trigger_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

func TestFunctions(t *testing.T) {
	gate, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 3})
	if err != nil {
		t.Fatal(err)
	}
	h, err := trigger.NewHost(trigger.Config{
		App: testApp(t, host2, false), Handlers: testHandlers(), Keys: newResolver(t, false),
		Gates: map[string]*throttle.Gate{"PRODUCTS": gate},
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range h.Functions() {
		names = append(names, f.Name)
		switch f.Name {
		case "products":
			if f.Route != "api/products/{category:alpha}/{id:int?}" || f.Gate != gate || f.Level != keys.Function || len(f.Methods) != 1 {
				t.Errorf("products is %+v", f)
			}
		case "hook":
			if !f.WebHook || f.Gate != nil {
				t.Errorf("hook is %+v", f)
			}
		}
	}
	if got, want := strings.Join(names, " "), "health hook HttpExample maintain panics products upload"; got != want {
		t.Errorf("functions are %s, want %s", got, want)
	}
}

func TestGateOfNoFunction(t *testing.T) {
	_, err := trigger.NewHost(trigger.Config{
		App: testApp(t, host2, false), Handlers: testHandlers(), Keys: newResolver(t, false),
		Gates: map[string]*throttle.Gate{"produce": {}, "health": nil},
	})
	for _, want := range []string{`Gates: "produce": the app has no such function`, `Gates: "health": nil`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q in it", err, want)
		}
	}
}

func TestGateOfFunction(t *testing.T) {
	gate, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 1})
	if err != nil {
		t.Fatal(err)
	}
	h, err := trigger.NewHost(trigger.Config{
		App: testApp(t, host2, false), Handlers: testHandlers(), Keys: newResolver(t, false),
		Gates: map[string]*throttle.Gate{"health": gate},
	})
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, h)
	ticket, err := gate.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if resp, _ := do(t, url, "GET", "/api/health", nil, nil); resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("with the function's gate full: %d, want 429", resp.StatusCode)
	}
	ticket.Release()
	if resp, _ := do(t, url, "GET", "/api/health", nil, nil); resp.StatusCode != http.StatusOK {
		t.Errorf("with a place free: %d, want 200", resp.StatusCode)
	}
}
