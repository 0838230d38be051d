package trigger_test

import (
	"fmt"
	"testing"

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
