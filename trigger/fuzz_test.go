package trigger_test

import (
	"testing"

	"github.com/httptrigger/httptrigger/trigger"
)

// FuzzLoadApp reads any host.json and function.json in every way. An app loads
// or is refused with reasons; nothing panics.
func FuzzLoadApp(f *testing.F) {
	f.Add(hostV2, plain, "AzureFunctionsJobHost__extensions__http__routePrefix", "x")
	f.Add(withHTTP(`{"routePrefix":"a/{b","hsts":{"maxAge":"1.2"},"customHeaders":{"a":"b"},"maxConcurrentRequests":"0x10"}`), withTrigger(`"route":"{a:range(1,2)}/{*b}","methods":["get",1],"authLevel":"1, 2"`), "AzureWebJobs.f.Disabled", "1")
	f.Add(`{version:'2.0',http:{},functionTimeout:-1,customHandler:{description:{defaultExecutablePath:'%a%'}},functions:['f',{}]}`, `{bindings:[{type:'httpTrigger',name:'req',direction:1,route:null}],scriptFile:'../x',disabled:'a'}`, "CORS_ALLOWED_ORIGINS", "[")
	f.Fuzz(func(t *testing.T, host, function, key, value string) {
		app := files("host.json", host, "f/function.json", function, "g/function.json", plain)
		for _, opts := range []trigger.LoadOptions{{}, {Compat: true}, {V1: true}, {Compat: true, V1: true}, {AllowUnknown: true, Consumption: true}} {
			opts.Env = map[string]string{key: value, "FUNCTIONS_ENABLE_CORS_CONFIGURATION": "1"}
			a, err := trigger.LoadApp(app, &opts)
			if a == nil {
				t.Fatalf("no App: %v", err)
			}
			if n := len(a.Functions) + len(a.Failed) + len(a.Unlisted); n > 2 {
				t.Fatalf("%d functions of 2", n)
			}
			for _, f := range a.Failed {
				if f.Err == nil || f.Err.Error() == "" {
					t.Fatalf("%q failed without a reason", f.Name)
				}
			}
		}
	})
}
