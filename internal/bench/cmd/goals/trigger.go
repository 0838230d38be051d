package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"testing/fstest"

	"github.com/httptrigger/httptrigger/internal/bench"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

func triggerGoals() []goal {
	return []goal{
		{"trigger: whole chain around no-op, bare", "of net/http", 1.15, func(e bench.Effort) measured { return chain(e, true) }},
		{"trigger: load an app of 1,000 functions", "ms", 200, loadingApp},
		{"trigger: heap of an idle app, 1,000 functions", "MiB", 10, idleApp},
	}
}

// chain measures a request through a server whose handler does nothing, and with
// the whole host around that handler: headers, limits, route, key and two gates.
// What is allocated beyond the server's own is a miss.
func chain(e bench.Effort, bare bool) measured {
	resolver, values := keyed(1, &keys.Memory{})
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	host := must(trigger.NewHost(trigger.Config{
		Keys: resolver, Gate: consumption(), Bare: bare,
		Functions: []trigger.Function{{Name: "orders", Handler: nothing, Gate: consumption(), Methods: []string{"GET"}}},
	}))
	request := "GET /api/orders HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\nX-Functions-Key: " + values[0] + "\r\n\r\n"
	called := false
	probe := must(trigger.NewHost(trigger.Config{Keys: resolver, Functions: []trigger.Function{
		{Name: "orders", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true })},
	}}))
	bench.OverServer("probe", probe, request).Run(10)
	r := bench.Compare(e, bench.OverServer("net/http", nothing, request), bench.OverServer("host", host, request))
	m := measured{value: r[1].Ratio, detail: fmt.Sprintf("quartiles %.2f to %.2f; %.0f ns, net/http %.0f ns; allocations %.2f, net/http %.2f",
		r[1].Low, r[1].High, r[1].NS, r[0].NS, r[1].Allocs, r[0].Allocs)}
	switch {
	case !called:
		m.broken = "the key is refused;"
	case r[1].Allocs-r[0].Allocs > 0.01:
		m.broken = "it allocates;"
	}
	return m
}

// consumption is a gate with the reference's limits.
func consumption() *throttle.Gate { return must(throttle.NewGate(throttle.Consumption())) }

// loadingApp measures what it takes from files to a host that can serve.
func loadingApp(e bench.Effort) measured {
	fsys, handlers := largeApp()
	store := &keys.Memory{}
	var times []float64
	for range e.Passes {
		times = append(times, milliseconds(func() { loaded(fsys, handlers, store) }))
	}
	return measured{value: bench.Median(times)}
}

// idleApp measures the heap that the same app holds once it has served a request,
// without its files.
func idleApp(bench.Effort) measured {
	fsys, handlers := largeApp()
	store := &keys.Memory{}
	before := inUse()
	host := loaded(fsys, handlers, store)
	host.ServeHTTP(discard{http.Header{}}, must(http.NewRequestWithContext(context.Background(), "GET", "http://localhost/api/area1/a/f1", nil)))
	used := inUse() - before
	runtime.KeepAlive(fsys)
	runtime.KeepAlive(handlers)
	runtime.KeepAlive(host)
	return measured{value: used / (1 << 20)}
}

func loaded(fsys fstest.MapFS, handlers map[string]http.Handler, store keys.Store) *trigger.Host {
	app := must(trigger.LoadApp(fsys, nil))
	return must(trigger.NewHost(trigger.Config{App: app, Handlers: handlers, Keys: &keys.Resolver{Store: store}}))
}

// largeApp has the files and functions of an app of a thousand.
func largeApp() (fstest.MapFS, map[string]http.Handler) {
	fsys := fstest.MapFS{"host.json": {Data: []byte(`{"version":"2.0"}`)}}
	handlers := map[string]http.Handler{}
	for i := range 1000 {
		name := fmt.Sprintf("Function%d", i)
		text := fmt.Sprintf(`{"scriptFile":"run.csx","bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"function",`+
			`"methods":["get","post"],"route":"area%d/{category:alpha}/f%d/{id:int?}"},{"type":"http","direction":"out","name":"$return"}]}`, i%20, i)
		fsys[name+"/function.json"] = &fstest.MapFile{Data: []byte(text)}
		fsys[name+"/run.csx"] = &fstest.MapFile{}
		handlers[name] = http.NotFoundHandler()
	}
	return fsys, handlers
}
