package trigger_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// files makes an app from alternating names and texts.
func files(namesAndTexts ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(namesAndTexts); i += 2 {
		m[namesAndTexts[i]] = &fstest.MapFile{Data: []byte(namesAndTexts[i+1])}
	}
	return m
}

const (
	hostV2 = `{"version":"2.0"}`
	plain  = `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req"},{"type":"http","direction":"out","name":"$return"}]}`
)

// withHTTP is a host.json with a section extensions.http, which begins at
// column 38.
func withHTTP(section string) string {
	return `{"version":"2.0","extensions":{"http":` + section + `}}`
}

// trigger is a function.json whose httpTrigger has more properties; they begin
// at column 66.
func withTrigger(properties string) string {
	return `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req",` + properties + `}]}`
}

// mistakes returns the lines of a joined error, without the package's name.
func mistakes(err error) []string {
	if err == nil {
		return nil
	}
	lines := strings.Split(err.Error(), "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "trigger: ")
	}
	return lines
}

func TestLoadHostErrors(t *testing.T) {
	tests := []struct {
		name, host string
		env        map[string]string
		want       []string // how each line begins
	}{
		{"fine", withHTTP(`{"routePrefix":"v1/{tenant}","maxConcurrentRequests":"5","dynamicThrottlesEnabled":"TRUE"}`), nil, nil},
		{"version as a number", `{"version": 2.0}`, nil, nil},
		{"empty object", `{}`, nil, nil},
		{"no JSON", "{\n\"version\" ", nil, []string{`host.json:2:11: expected a colon`}},
		{"empty file", ``, nil, []string{`host.json:1:1: expected a value, found the end of the file`}},
		{"array", `[]`, nil, []string{`host.json:1:1: found an array, want an object`}},
		{"no version", `{"extensions":{}}`, nil, []string{`host.json:1:1: "version": not there`}},
		{"version 3.0", `{"version":"3.0"}`, nil, []string{`host.json:1:12: "version": "3.0" is not a version`}},
		{"version true", `{"version":true}`, nil, []string{`host.json:1:12: "version": found a boolean`}},
		{"unknown at the top", `{"version":"2.0","extension":{}}`, nil, []string{`host.json:1:18: "extension": not a known setting (the nearest is "extensions")`}},
		{"unknown setting", withHTTP(`{"routePrefx":"x"}`), nil, []string{`host.json:1:40: "extensions.http.routePrefx": not a known setting (the nearest is "routePrefix")`}},
		{"nothing near", withHTTP(`{"colour":"x"}`), nil, []string{`host.json:1:40: "extensions.http.colour": not a known setting`}},
		{"unknown extension", `{"version":"2.0","extensions":{"htttp":{}}}`, nil, []string{`host.json:1:32: "extensions.htttp": not a known setting (the nearest is "http")`}},
		{"doubled, in two cases", withHTTP(`{"routePrefix":"a","RoutePrefix":"b"}`), nil, []string{`host.json:1:58: "extensions.http.RoutePrefix": set twice`}},
		{"all at once", withHTTP(`{"a":1,"routePrefix":7,"hsts":{"isEnabled":1},"maxConcurrentRequests":[1]}`), nil,
			[]string{`host.json:1:40: "extensions.http.a"`, `host.json:1:60: "extensions.http.routePrefix": found "7", want a string`,
				`host.json:1:82: "extensions.http.hsts.isEnabled": found "1", want true or false`,
				`host.json:1:109: "extensions.http.maxConcurrentRequests": found an array, want a whole number`}},
		{"section that is a text", `{"version":"2.0","extensions":{"http":"x"}}`, nil, []string{`host.json:1:39: "extensions.http": found a string, want an object`}},
		{"limit 0", withHTTP(`{"maxConcurrentRequests":0}`), nil, []string{`host.json:1:64: "extensions.http.maxConcurrentRequests": found "0", want a whole number over 0, or -1`}},
		{"limit -2", withHTTP(`{"maxOutstandingRequests":-2}`), nil, []string{`host.json:1:65:`}},
		{"limit with a fraction", withHTTP(`{"maxOutstandingRequests":1.5}`), nil, []string{`host.json:1:65:`}},
		{"limit over 32 bits", withHTTP(`{"maxOutstandingRequests":3000000000}`), nil, []string{`host.json:1:65:`}},
		{"limit null", withHTTP(`{"maxOutstandingRequests":null}`), nil, []string{`host.json:1:65:`}},
		{"prefix admin", withHTTP(`{"routePrefix":"Admin/x"}`), nil, []string{`host.json:1:54: "extensions.http.routePrefix": "Admin/x" is where`}},
		{"prefix runtime", withHTTP(`{"routePrefix":"/runtime/"}`), nil, []string{`host.json:1:54:`}},
		{"prefix administrators", withHTTP(`{"routePrefix":"administrators"}`), nil, nil},
		{"prefix with an open brace", withHTTP(`{"routePrefix":"a/{b"}`), nil, []string{`host.json:1:54: "extensions.http.routePrefix": "a/{b" at offset 2`}},
		{"header name", withHTTP(`{"customHeaders":{"bad name":"1"}}`), nil, []string{`host.json:1:57: "extensions.http.customHeaders.bad name": "bad name" is not a name`}},
		{"header value", withHTTP(`{"customHeaders":{"X-A":"a\nb"}}`), nil, []string{`host.json:1:63: "extensions.http.customHeaders.X-A": "a\nb" is not a value`}},
		{"header outside ASCII", withHTTP(`{"customHeaders":{"X-A":"é"}}`), nil, []string{`host.json:1:63:`}},
		{"header null", withHTTP(`{"customHeaders":{"X-A":null}}`), nil, []string{`host.json:1:63: "extensions.http.customHeaders.X-A": found null, want a string`}},
		{"header of the server", withHTTP(`{"customHeaders":{"content-length":"1"}}`), nil, []string{`host.json:1:57: "extensions.http.customHeaders.content-length": content-length is set by the server`}},
		{"span", withHTTP(`{"hsts":{"maxAge":"ten"}}`), nil, []string{`host.json:1:57: "extensions.http.hsts.maxAge": found "ten", want a time span`}},
		{"negative span", withHTTP(`{"hsts":{"maxAge":"-1"}}`), nil, []string{`host.json:1:57:`}},
		{"excluded hosts", withHTTP(`{"hsts":{"excludedHosts":"a.test"}}`), nil, []string{`host.json:1:64: "extensions.http.hsts.excludedHosts": found "a.test", want an array of strings`}},
		{"excluded host", withHTTP(`{"hsts":{"excludedHosts":["a.test",1]}}`), nil, []string{`host.json:1:74: "extensions.http.hsts.excludedHosts.1": found "1", want a string`}},
		{"timeout", `{"version":"2.0","functionTimeout":"00:00:00.5"}`, nil, []string{`host.json:1:36: "functionTimeout": "00:00:00.5" is out of range: want 00:00:01 to`}},
		{"threshold", `{"version":"2.0","healthMonitor":{"counterThreshold":80}}`, nil, []string{`host.json:1:54: "healthMonitor.counterThreshold": found "80", want a number over 0`}},
		{"custom handler without a program", `{"version":"2.0","customHandler":{"description":{}}}`, nil, []string{`host.json:1:18: "customHandler.description.defaultExecutablePath": not there`}},
		{"environment", hostV2, map[string]string{"AzureFunctionsJobHost__extensions__http__maxConcurrentRequests": "many"},
			[]string{`"AzureFunctionsJobHost__extensions__http__maxConcurrentRequests": found "many", want`}},
		{"unknown name in the environment", hostV2, map[string]string{"AzureFunctionsJobHost__extensions__http__rutePrefix": "x"},
			[]string{`"AzureFunctionsJobHost__extensions__http__rutePrefix": not a known setting (the nearest is "routePrefix")`}},
		{"body limit", hostV2, map[string]string{"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "10MB"}, []string{`"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "10MB" is not a number of bytes`}},
		{"negative body limit", hostV2, map[string]string{"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "-1"}, []string{`"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"`}},
		{"every origin with credentials", hostV2, map[string]string{"FUNCTIONS_ENABLE_CORS_CONFIGURATION": "1", "CORS_ALLOWED_ORIGINS": `["*"]`, "CORS_SUPPORT_CREDENTIALS": "true"},
			[]string{`"CORS_ALLOWED_ORIGINS": every origin (*) with credentials`}},
		{"no origin", hostV2, map[string]string{"FUNCTIONS_ENABLE_CORS_CONFIGURATION": "1", "CORS_ALLOWED_ORIGINS": `["https://a.test/"]`},
			[]string{`"CORS_ALLOWED_ORIGINS": "https://a.test/" is not an origin`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := trigger.LoadApp(files("host.json", tt.host), &trigger.LoadOptions{Env: tt.env})
			checkLines(t, mistakes(err), tt.want)
			if a == nil || (a.Err == nil) != (err == nil) {
				t.Errorf("App.Err and the error do not agree: %v", err)
			}
			var ce *trigger.ConfigError
			if err != nil && !errors.As(err, &ce) {
				t.Errorf("%v has no *ConfigError", err)
			}
		})
	}
}

func checkLines(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %d lines, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
		return
	}
	for i, w := range want {
		if !strings.HasPrefix(got[i], w) {
			t.Errorf("line %d is\n %s\nand should begin\n %s", i, got[i], w)
		}
	}
}

func TestLoadFunctionErrors(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // how each line goes on behind "f/function.json:1:"
	}{
		{"fine", plain, nil},
		{"comments and trailing commas", "{ // c\n\"bindings\":[{\"type\":\"HTTPTRIGGER\",\"direction\":\"IN\",\"name\":\"req\",},],}", nil},
		{"no JSON", `{"bindings":[`, []string{`13: an array not closed`}},
		{"not UTF-8", "{\"\xff\":1}", []string{`3: the byte 0xff, which is not UTF-8`}},
		{"single quotes", `{'bindings':[]}`, []string{`2: expected a name in double quotes`}},
		{"no bindings", `{}`, []string{`1: "bindings": not there`}},
		{"bindings null", `{"bindings":null}`, []string{`13: "bindings": found null, want an array`}},
		{"bindings empty", `{"bindings":[]}`, []string{`13: "bindings": empty`}},
		{"name of another case", `{"Bindings":[]}`, []string{`1: "bindings": not there`, `2: "Bindings": not a known property (the nearest is "bindings")`}},
		{"entry that is a text", `{"bindings":["x"]}`, []string{`13: "bindings": no trigger`, `14: "bindings[0]": found a string, want an object`}},
		{"no trigger", `{"bindings":[{"type":"queue","direction":"out","name":"q"}]}`, []string{`13: "bindings": no trigger`}},
		{"output without a trigger of HTTP", `{"bindings":[{"type":"manualTrigger","direction":"in","name":"m"},{"type":"http","direction":"out","name":"res"}]}`,
			[]string{`67: "bindings": an http output answers a request`}},
		{"two triggers", `{"bindings":[{"type":"httpTrigger","direction":"in","name":"a"},{"type":"timerTrigger","direction":"in","name":"b"}]}`,
			[]string{`65: "bindings[1]": a second trigger`}},
		{"trigger marked out", `{"bindings":[{"type":"httpTrigger","direction":"out","name":"a"}]}`, []string{`14: "bindings[0]": a trigger is an input`}},
		{"bad direction", `{"bindings":[{"type":"httpTrigger","direction":"sideways","name":"a"}]}`, []string{`48: "bindings[0].direction": "sideways" is no direction`}},
		{"bad name", `{"bindings":[{"type":"httpTrigger","direction":"in","name":"_req"}]}`, []string{`60: "bindings[0].name": "_req" is not a name`}},
		{"no name", `{"bindings":[{"type":"httpTrigger","direction":"in"}]}`, []string{`14: "bindings[0].name": "" is not a name`}},
		{"doubled name", `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req"},{"type":"http","direction":"out","name":"REQ"}]}`,
			[]string{`107: "bindings[1].name": a second binding called "REQ"`}},
		{"$return in", `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req"},{"type":"http","direction":"in","name":"$return"}]}`,
			[]string{`106: "bindings[1].name": "$return" is the returned value`}},
		{"data type of any case", withTrigger(`"datatype":"BINARY"`), nil},
		{"data type null", withTrigger(`"dataType":null`), nil},
		{"data type of another kind", withTrigger(`"dataType":2`), []string{`77: "bindings[0].dataType": found a number, want a string`}},
		{"data type", withTrigger(`"dataType":"bytes"`), []string{`77: "bindings[0].dataType": "bytes" is no type of data`}},
		{"level", withTrigger(`"authLevel":"anonymus"`), []string{`78: "bindings[0].authLevel": "anonymus" is no level: want anonymous, function, admin, system or user (the nearest is "anonymous")`}},
		{"level by number", withTrigger(`"authLevel":"0"`), []string{`78: "bindings[0].authLevel": "0" is no level`}},
		{"level of another kind", withTrigger(`"authLevel":true`), []string{`78: "bindings[0].authLevel": found a boolean, want a string`}},
		{"methods that are a text", withTrigger(`"methods":"get"`), []string{`76: "bindings[0].methods": found a string, want an array`}},
		{"no methods", withTrigger(`"methods":[]`), []string{`76: "bindings[0].methods": an empty list admits no request`}},
		{"methods of another kind", withTrigger(`"methods":["get",1,null,"G T"]`),
			[]string{`83: "bindings[0].methods[1]": found a number`, `85: "bindings[0].methods[2]": found null`, `90: "bindings[0].methods[3]": found the string "G T"`}},
		{"unknown property", withTrigger(`"rout":"x"`), []string{`66: "bindings[0].rout": not a known property (the nearest is "route")`}},
		{"doubled property", withTrigger(`"route":"x","Route":"y"`), []string{`78: "bindings[0].Route": set twice`}},
		{"route of another kind", withTrigger(`"route":5`), []string{`74: "bindings[0].route": found a number, want a string`}},
		{"broken route", withTrigger(`"route":"a/{id"`), []string{`77: "bindings[0].route": "a/{id" at offset 2: brace without its partner`}},
		{"unknown constraint", withTrigger(`"route":"a/{id:it}"`), []string{`81: "bindings[0].route": "a/{id:it}" at offset 6: "it": unknown constraint`}},
		{"script that is not there", `{"scriptFile":"run.js","bindings":[{"type":"httpTrigger","direction":"in","name":"req"}]}`, []string{`15: "scriptFile": "run.js" is not in the app`}},
		{"source", `{"configurationSource":"code","bindings":[{"type":"httpTrigger","direction":"in","name":"req"}]}`, []string{`24: "configurationSource": "code" is neither`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := trigger.LoadApp(files("host.json", hostV2, "f/function.json", tt.text, "good/function.json", plain), nil)
			want := slices.Clone(tt.want)
			for i := range want {
				want[i] = "f/function.json:1:" + want[i]
			}
			checkLines(t, mistakes(err), want)
			if served, failed := len(a.Functions), len(a.Failed); failed != min(len(want), 1) || served != 2-failed {
				t.Errorf("%d served and %d failed", served, failed)
			}
		})
	}
}

// TR-26: the hint is told in lower case, in Compat by its number and in a list too.
func TestDataType(t *testing.T) {
	tests := []struct {
		value        string
		def, compat  string
		refused, bad bool // by Default, by Compat
	}{
		{`"string"`, "string", "string", false, false},
		{`"Binary"`, "binary", "binary", false, false},
		{`"STREAM"`, "stream", "stream", false, false},
		{`""`, "", "", false, false},
		{`null`, "", "", false, false},
		{`" stream "`, "", "stream", true, false},
		{`"undefined"`, "", "", true, false},
		{`2`, "", "binary", true, false},
		{`"3"`, "", "stream", true, false},
		{`-1`, "", "", true, false},
		{`"string, binary"`, "", "stream", true, false},
		{`"string,"`, "", "", true, true},
		{`" "`, "", "", true, true},
		{`"bytes"`, "", "", true, true},
		{`true`, "", "", true, true},
		{`2.0`, "", "", true, true},
		{`["binary"]`, "", "", true, true},
		{`{}`, "", "", true, true},
		{`99999999999`, "", "", true, true},
	}
	for _, tt := range tests {
		for _, compat := range []bool{false, true} {
			want, bad := tt.def, tt.refused
			if compat {
				want, bad = tt.compat, tt.bad
			}
			app, err := trigger.LoadApp(files("host.json", hostV2, "f/function.json", withTrigger(`"dataType":`+tt.value)), &trigger.LoadOptions{Compat: compat})
			switch {
			case (err != nil) != (bad && !compat) || len(app.Failed) > 0 != bad:
				t.Errorf("%s, compat %v: %v, failed %v, want a mistake: %v", tt.value, compat, err, app.Failed, bad)
			case !bad && app.Functions[0].Trigger.DataType != want:
				t.Errorf("%s, compat %v: %q, want %q", tt.value, compat, app.Functions[0].Trigger.DataType, want)
			}
		}
	}
}

func TestLoadTogether(t *testing.T) {
	get := withTrigger(`"route":"x","methods":["get"]`)
	tests := []struct {
		name string
		app  fstest.MapFS
		want []string
	}{
		{"one route", files("a/function.json", withTrigger(`"route":"/X/"`), "b/function.json", withTrigger(`"route":"x"`)),
			[]string{`b/function.json:1:74: "bindings[0].route": `}},
		{"one route, methods apart", files("a/function.json", get, "b/function.json", withTrigger(`"route":"x","methods":["POST"]`)), nil},
		{"one route, methods in two cases", files("a/function.json", get, "b/function.json", withTrigger(`"route":"x","methods":["GET"]`)),
			[]string{`b/function.json:1:74:`}},
		{"routes of one rank", files("a/function.json", withTrigger(`"route":"items/{id}"`), "b/function.json", withTrigger(`"route":"items/{name}"`)),
			[]string{`b/function.json:1:74: "bindings[0].route": "api/items/{id}" of a and "api/items/{name}" of b answer the same paths, such as "/api/items/`}},
		{"routes of one rank, constraints apart", files("a/function.json", withTrigger(`"route":"items/{id:int}"`), "b/function.json", withTrigger(`"route":"items/{name:alpha}"`)), nil},
		{"one more specific", files("a/function.json", withTrigger(`"route":"items/{id}"`), "b/function.json", withTrigger(`"route":"items/special"`)), nil},
		{"names in two cases", files("f/function.json", get, "F/function.json", withTrigger(`"route":"y"`)),
			[]string{`f/function.json: "f" and "F" differ only by case, and names must be unique within the function app.`}},
		{"reserved without a prefix", files("host.json", withHTTP(`{"routePrefix":""}`), "f/function.json", withTrigger(`"route":"Admin/{x}"`)),
			[]string{`f/function.json:1:74: "bindings[0].route": "Admin/{x}" is where`}},
		{"reserved by name", files("host.json", withHTTP(`{"routePrefix":""}`), "runtime/function.json", plain),
			[]string{`runtime/function.json:1:14: "bindings[0].route": "runtime" is where`}},
		{"reserved as text only", files("host.json", withHTTP(`{"routePrefix":""}`), "AdminUsers/function.json", plain), nil},
		{"reserved below a prefix", files("f/function.json", withTrigger(`"route":"admin/x"`)), nil},
		{"a name twice, once in the prefix", files("host.json", withHTTP(`{"routePrefix":"{id}"}`), "f/function.json", withTrigger(`"route":"{id}"`)),
			[]string{`f/function.json:1:74: "bindings[0].route": "{id}/{id}" at offset`}},
		{"folders that are no function", files("lib/x.js", "", "function.json", "{}", "f/function.json/x", ""), nil},
		{"bad name", files("bad name/function.json", plain), []string{`bad name/function.json: the folder's name "bad name" cannot`}},
		{"host", files("Host/function.json", plain), []string{`Host/function.json: the folder's name "Host" cannot`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := trigger.LoadApp(tt.app, nil)
			checkLines(t, mistakes(err), tt.want)
		})
	}
}

func TestLoadWarnings(t *testing.T) {
	tests := []struct {
		name string
		app  fstest.MapFS
		opts trigger.LoadOptions
		want []string
	}{
		{"no host.json", files(), trigger.LoadOptions{}, []string{`host.json: no such file`}},
		{"http of 1.x in a 2.0 file", files("host.json", `{"version":"2.0","http":{"routePrefix":"x"}}`), trigger.LoadOptions{}, []string{`host.json:1:18: "http": has no effect in a file of version 2.0: its place is extensions.http`}},
		{"file of 1.x", files("host.json", `{"http":{"routePrefix":"x"}}`), trigger.LoadOptions{}, []string{`host.json:1:1: "version": not there: read as a file of runtime 1.x`}},
		{"sections of others", files("host.json", `{"version":"2.0","logging":{"x":1},"extensions":{"queues":{}},"$schema":"x"}`), trigger.LoadOptions{},
			[]string{`host.json:1:18: "logging": has no effect here`, `host.json:1:50: "extensions.queues": has no effect here`}},
		{"days", files("host.json", `{"version":"2.0","functionTimeout":"5"}`), trigger.LoadOptions{}, []string{`host.json:1:36: "functionTimeout": a number alone is days: "5" is 5.00:00:00`}},
		{"disabled in the file", files("host.json", hostV2, "f/function.json", `{"disabled":true,"bindings":[{"type":"httpTrigger","name":"req"}]}`), trigger.LoadOptions{},
			[]string{`f/function.json:1:2: "disabled": has no effect since runtime 2.x: use the setting AzureWebJobs.f.Disabled`, `f/function.json:1:30: "bindings[0].direction": not there: taken as "in"`}},
		{"retry, TR-15", files("host.json", hostV2, "f/function.json", `{"retry":{"strategy":"fixedDelay","maxRetryCount":3},"bindings":[{"type":"httpTrigger","direction":"in","name":"req"}]}`), trigger.LoadOptions{},
			[]string{`f/function.json:1:2: "retry": has no effect on an HTTP function: its caller waits`}},
		{"unknown, allowed", files("host.json", withHTTP(`{"colour":1}`), "f/function.json", withTrigger(`"colour":1`)), trigger.LoadOptions{AllowUnknown: true},
			[]string{`host.json:1:40: "extensions.http.colour": not a known setting`, `f/function.json:1:66: "bindings[0].colour": not a known property`}},
		{"setting of no function", files("host.json", hostV2, "Orders/function.json", plain), trigger.LoadOptions{Env: map[string]string{"AzureWebJobs.Order.Disabled": "1"}},
			[]string{`"AzureWebJobs.Order.Disabled": there is no function "Order" (the nearest is "Orders")`}},
		{"list with a name of no function", files("host.json", `{"version":"2.0","functions":["orders","x"]}`, "Orders/function.json", plain), trigger.LoadOptions{},
			[]string{`host.json: "functions[1]": there is no function "x"`}},
		{"another trigger", files("host.json", hostV2, "f/function.json", `{"bindings":[{"type":"timerTrigger","direction":"in","name":"t","schedule":"0 * * * * *"}]}`), trigger.LoadOptions{},
			[]string{`f/function.json:1:14: "bindings": the trigger "timerTrigger" is none of HTTP`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := trigger.LoadApp(tt.app, &tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			checkLines(t, mistakes(errors.Join(a.Warnings...)), tt.want)
		})
	}
}

func TestLoadConfig(t *testing.T) {
	app := files("host.json", withHTTP(`{"routePrefix":"/v1/","maxOutstandingRequests":20,"maxConcurrentRequests":10,
		"hsts":{"isEnabled":true,"maxAge":"10","excludedHosts":["a.test"]},"customHeaders":{"X-B":"2","X-A":"1"}}`),
		"Orders/function.json", withTrigger(`"route":"/orders/{id}/","methods":["get","Post"],"authLevel":"Anonymous"`),
		"b/function.json", plain)
	a, err := trigger.LoadApp(app, &trigger.LoadOptions{Env: map[string]string{
		"azurefunctionsjobhost__EXTENSIONS__http__maxConcurrentRequests":  "7",
		"AzureFunctionsJobHost__extensions__http__hsts__excludedHosts__1": "b.test",
		"azurewebjobs.B.disabled":                     "TRUE",
		"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT":           "10",
		"FUNCTIONS_ENABLE_CORS_CONFIGURATION":         "1",
		"CORS_ALLOWED_ORIGINS":                        `["https://a.test"]`,
		"WEBSITE_SKU":                                 "Dynamic",
		"AzureFunctionsJobHost__functionTimeout":      "00:02:00",
		"AzureFunctionsJobHost:healthMonitor:enabled": "false",
	}})
	if err != nil {
		t.Fatal(err)
	}
	h := a.Host
	if h.HTTP.RoutePrefix != "v1" || h.HTTP.MaxOutstandingRequests != 20 || h.HTTP.MaxConcurrentRequests != 7 || h.HTTP.DynamicThrottlesEnabled {
		t.Errorf("HTTP = %+v", h.HTTP)
	}
	if s := h.HTTP.HSTS; !s.Enabled || s.MaxAge != 240*time.Hour || !slices.Equal(s.ExcludedHosts, []string{"localhost", "127.0.0.1", "[::1]", "a.test", "b.test"}) {
		t.Errorf("HSTS = %+v", s)
	}
	if !slices.Equal(h.HTTP.CustomHeaders, []trigger.Header{{Name: "X-B", Value: "2"}, {Name: "X-A", Value: "1"}}) {
		t.Errorf("CustomHeaders = %v", h.HTTP.CustomHeaders)
	}
	if h.MaxBody != 10 || h.CORS == nil || h.FunctionTimeout != 2*time.Minute || h.HealthMonitor.Enabled || h.Consumption {
		t.Errorf("Host = %+v", h)
	}
	if len(a.Functions) != 2 || a.Functions[0].Name != "b" || !a.Functions[0].Disabled || a.Functions[0].Level != keys.Function || a.Functions[0].Methods != nil {
		t.Fatalf("Functions = %+v", a.Functions)
	}
	f := a.Functions[1]
	if f.Route != "orders/{id}" || !slices.Equal(f.Methods, []string{"GET", "POST"}) || f.Level != keys.Anonymous || f.Disabled || !f.HTTP {
		t.Errorf("function = %+v", f)
	}
	if got := f.Template("v1"); got != "v1/orders/{id}" {
		t.Errorf("Template = %q", got)
	}
}

func TestConsumption(t *testing.T) {
	a, err := trigger.LoadApp(files("host.json", hostV2), &trigger.LoadOptions{Consumption: true})
	h := a.Host
	if err != nil || h.HTTP.MaxConcurrentRequests != 100 || h.HTTP.MaxOutstandingRequests != 200 || !h.HTTP.DynamicThrottlesEnabled || h.FunctionTimeout != 5*time.Minute {
		t.Errorf("%v: %+v", err, h)
	}
	for _, span := range []string{"00:10:01", "-1", "5"} {
		_, err = trigger.LoadApp(files("host.json", `{"version":"2.0","functionTimeout":"`+span+`"}`), &trigger.LoadOptions{Consumption: true})
		if err == nil {
			t.Errorf("functionTimeout %s is accepted on the Consumption plan", span)
		}
	}
}

// TestLoadV1 reads apps of runtime 1.x in both profiles.
func TestLoadV1(t *testing.T) {
	app := files("host.json", `{"http":{"routePrefix":"x","maxOutstandingRequests":20}}`,
		"a/function.json", `{"disabled":"A_OFF","bindings":[{"type":"httpTrigger","direction":"in","name":"req","webHookType":"GitHub","route":"runtime/x"}]}`,
		"b/function.json", `{"excluded":true,"bindings":[]}`,
		"c/function.json", `{"disabled":true,"bindings":[{"type":"httpTrigger","direction":"in","name":"req"}]}`)
	for _, compat := range []bool{false, true} {
		a, err := trigger.LoadApp(app, &trigger.LoadOptions{V1: true, Compat: compat, Env: map[string]string{"A_OFF": "1"}})
		if err != nil || len(a.Failed) > 0 {
			t.Fatalf("Compat %v: %v, failed %v", compat, err, a.Failed)
		}
		if a.Host.HTTP.RoutePrefix != "x" || a.Host.HTTP.MaxOutstandingRequests != 20 || a.Host.FunctionTimeout != 0 {
			t.Errorf("Compat %v: host %+v", compat, a.Host)
		}
		if len(a.Functions) != 2 || !strings.EqualFold(a.Functions[0].WebHookType, "github") || !a.Functions[0].Disabled || !a.Functions[1].Disabled {
			t.Errorf("Compat %v: functions %+v", compat, a.Functions)
		}
	}
	_, err := trigger.LoadApp(files("f/function.json", withTrigger(`"webHookType":"gitub"`)), &trigger.LoadOptions{V1: true})
	checkLines(t, mistakes(err), []string{`f/function.json:1:80: "bindings[0].webHookType": "gitub" is no kind of webhook: want genericJson, github or slack (the nearest is "github")`})
}

// TestWebHookType: Default heeds the property whatever the version of host.json,
// the reference only in runtime 1.x.
func TestWebHookType(t *testing.T) {
	app := files("host.json", hostV2, "f/function.json", withTrigger(`"webHookType":"GitHub"`))
	for compat, want := range map[bool]string{false: "github", true: ""} {
		a, err := trigger.LoadApp(app, &trigger.LoadOptions{Compat: compat})
		if err != nil || len(a.Functions) != 1 {
			t.Fatalf("Compat %v: %v", compat, err)
		}
		if got := a.Functions[0].WebHookType; got != want {
			t.Errorf("Compat %v: WebHookType %q, want %q", compat, got, want)
		}
	}
}

func TestLoadNoFolder(t *testing.T) {
	for _, compat := range []bool{false, true} {
		a, err := trigger.LoadApp(os.DirFS(filepath.Join(t.TempDir(), "none")), &trigger.LoadOptions{Compat: compat})
		if a != nil || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Compat %v: %v, %v, want an error", compat, a, err)
		}
	}
}

func TestTimeSpan(t *testing.T) {
	day := 24 * time.Hour
	tests := []struct {
		in   string
		want time.Duration
		ok   bool
	}{
		{"00:05:00", 5 * time.Minute, true}, {"1.02:03:04", day + 2*time.Hour + 3*time.Minute + 4*time.Second, true},
		{"10", 10 * day, true}, {" 01:30 ", 90 * time.Minute, true}, {"-1", -day, true}, {"-00:00:01", -time.Second, true},
		{"1:02:03:04", day + 2*time.Hour + 3*time.Minute + 4*time.Second, true}, {"00:00:00.5", 500 * time.Millisecond, true},
		{"00:00:00.1234567", 123456700, true}, {"10675199", 1<<63 - 1, true},
		{"", 0, false}, {"x", 0, false}, {"1.5", 0, false}, {"00:60:00", 0, false}, {"00:00:60", 0, false}, {"25:00", 0, false}, {"00:00:00.12345678", 0, false},
		{"1.2:3:4:5", 0, false}, {":", 0, false}, {"::", 0, false}, {"1.", 0, false}, {".1:00", 0, false}, {"10675200", 0, false}, {"--1", 0, false}, {"00:00.5", 0, false},
	}
	for _, tt := range tests {
		got, err := trigger.ParseTimeSpan(tt.in)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("parseTimeSpan(%q) = %v, %v, want %v, ok %v", tt.in, got, err, tt.want, tt.ok)
		}
	}
}
