package trigger_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/httptrigger/httptrigger/trigger"
)

// BenchmarkLoadApp reads an app of a thousand functions.
func BenchmarkLoadApp(b *testing.B) {
	app := files("host.json", hostV2)
	for i := range 1000 {
		for name, file := range files(fmt.Sprintf("Function%d/function.json", i), withTrigger(fmt.Sprintf(`"route":"things%d/{kind:alpha}/{id:int?}","methods":["get","post"]`, i))) {
			app[name] = file
		}
	}
	env := map[string]string{}
	for i := range 100 {
		env[fmt.Sprintf("SETTING_%d", i)] = "value"
	}
	for _, compat := range []bool{false, true} {
		b.Run(map[bool]string{false: "Default", true: "Compat"}[compat], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := trigger.LoadApp(app, &trigger.LoadOptions{Compat: compat, Env: env}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLoad1000 loads an app of a thousand functions and makes a host of it.
func BenchmarkLoad1000(b *testing.B) {
	fsys := fstest.MapFS{"host.json": {Data: []byte(host2)}}
	handlers := map[string]http.Handler{}
	for i := range 1000 {
		name := fmt.Sprintf("Function%d", i)
		fsys[name+"/function.json"] = functionJSON(fmt.Sprintf(`,"route":"area%d/{category:alpha}/f%d/{id:int?}"`, i%20, i))
		handlers[name] = okHandler
	}
	resolver := newResolver(b, false)
	b.ReportAllocs()
	for b.Loop() {
		app, err := trigger.LoadApp(fsys, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := trigger.NewHost(trigger.Config{App: app, Handlers: handlers, Keys: resolver}); err != nil {
			b.Fatal(err)
		}
	}
}
