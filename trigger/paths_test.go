package trigger_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// TestAdminPaths: where things are on App Service (TR-238) and elsewhere (TR-239),
// as the answer of a restart and the addresses of a function's files tell it.
func TestAdminPaths(t *testing.T) {
	tests := []struct {
		name                           string
		env                            map[string]string
		script, log, secrets, testData string
		root, data                     string // below admin/vfs
	}{
		{"App Service", map[string]string{"WEBSITE_INSTANCE_ID": "i", "HOME": "/home"},
			"/home/site/wwwroot", "/home/LogFiles/Application/Functions", "/home/data/Functions/secrets", "/home/data/Functions/sampledata",
			"/site/wwwroot", "/data/Functions/sampledata"},
		{"App Service, other settings", map[string]string{"WEBSITE_INSTANCE_ID": "i", "home": "/h/", "AzureWebJobsScriptRoot": "/r", "FUNCTIONS_LOG_PATH": "/l",
			"FUNCTIONS_SECRETS_PATH": "/s", "FUNCTIONS_TEST_DATA_PATH": "/t"},
			"/h/site/wwwroot", "/h/LogFiles/Application/Functions", "/h/data/Functions/secrets", "/h/data/Functions/sampledata",
			"/site/wwwroot", "/data/Functions/sampledata"},
		{"elsewhere", map[string]string{"HOME": "/root", "AzureWebJobsScriptRoot": "/home/site/wwwroot", "FUNCTIONS_LOG_PATH": "/l", "FUNCTIONS_SECRETS_PATH": "/s", "FUNCTIONS_TEST_DATA_PATH": "/t"},
			"/home/site/wwwroot", "/l", "/s", "/t", "/home/site/wwwroot", "/t"},
		{"no settings", nil, "/app", "/tmp/Functions", "Secrets", "/tmp/FunctionsData", "/app", "/tmp/FunctionsData"},
		{"temporary files", map[string]string{"TMPDIR": "/var/tmp/"}, "/app", "/var/tmp/Functions", "Secrets", "/var/tmp/FunctionsData", "/app", "/var/tmp/FunctionsData"},
	}
	files := fstest.MapFS{
		"host.json":       {Data: []byte(`{"version":"2.0"}`)},
		"f/function.json": {Data: []byte(`{"bindings":[{"type":"httpTrigger","direction":"in","name":"req"}]}`)}, "f/run.csx": {},
	}
	for _, tt := range tests {
		app, err := trigger.LoadApp(files, &trigger.LoadOptions{Compat: true, Env: tt.env})
		if err != nil {
			t.Fatal(err)
		}
		app.Root = "/app"
		store := &keys.Memory{}
		if err := store.Save(t.Context(), keys.HostScope(), keys.Set{Master: keys.Key{Name: keys.MasterName, Value: keys.NewSecret("master-key-of-tests")}}); err != nil {
			t.Fatal(err)
		}
		h := mustHost(t, trigger.Config{App: app, Handlers: map[string]http.Handler{"f": http.NotFoundHandler()}, Env: tt.env, Compat: true, Keys: &keys.Resolver{Store: store, Compat: true}})
		ask := func(method, target string, v any) {
			r := httptest.NewRequest(method, target, nil)
			r.Header.Set("x-functions-key", "master-key-of-tests")
			w := record(h, r)
			if err := json.Unmarshal(w.Body.Bytes(), v); err != nil || w.Code != 200 {
				t.Errorf("%s: %d %s (%v)", tt.name, w.Code, w.Body, err)
			}
		}
		var got struct{ ScriptPath, LogPath, SecretsPath, TestDataPath string }
		ask("POST", "/admin/host/restart", &got)
		if got.ScriptPath != tt.script || got.LogPath != tt.log || got.SecretsPath != tt.secrets || got.TestDataPath != tt.testData {
			t.Errorf("%s: %+v", tt.name, got)
		}
		var f map[string]any
		ask("GET", "/admin/functions/f", &f)
		const vfs = "http://example.com/admin/vfs"
		for name, want := range map[string]string{
			"script_root_path_href": tt.root + "/f/", "script_href": tt.root + "/f/run.csx", "config_href": tt.root + "/f/function.json",
			"test_data_href": tt.data + "/f.dat",
		} {
			if f[name] != vfs+want {
				t.Errorf("%s: %s is %v, want %s", tt.name, name, f[name], vfs+want)
			}
		}
	}
}
