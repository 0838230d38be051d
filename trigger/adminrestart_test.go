package trigger_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// TR-214a: a restart is the embedder's, begins behind the answer, and is for the
// master key only.
func TestAdminRestart(t *testing.T) {
	store := &keys.Memory{}
	set := keys.Set{Master: keys.Key{Name: keys.MasterName, Value: keys.NewSecret("master-key-of-tests")}}
	if err := store.Save(t.Context(), keys.HostScope(), set); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	restart := func(ctx context.Context) error { done <- ctx.Err(); return errors.New("tried") }
	for _, tt := range []struct {
		compat  bool
		restart func(context.Context) error
		key     string
		status  int
	}{
		{false, restart, "", 401}, {false, restart, "master-key-of-tests", 200}, {false, nil, "master-key-of-tests", 501},
		{true, restart, "master-key-of-tests", 200}, {true, nil, "master-key-of-tests", 200}, {true, nil, "", 401},
	} {
		host, err := trigger.NewHost(trigger.Config{Compat: tt.compat, Restart: tt.restart, Keys: &keys.Resolver{Store: store, Compat: tt.compat}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		r := httptest.NewRequest("POST", "/admin/host/restart", nil).WithContext(ctx)
		if tt.key != "" {
			r.Header.Set("x-functions-key", tt.key)
		}
		rec := httptest.NewRecorder()
		host.ServeHTTP(rec, r)
		cancel()
		if rec.Code != tt.status {
			t.Errorf("compat %v, key %q: %d, want %d", tt.compat, tt.key, rec.Code, tt.status)
		}
		if tt.status != http.StatusOK {
			continue
		}
		var options struct{ ScriptPath *string }
		if err := json.Unmarshal(rec.Body.Bytes(), &options); err != nil || options.ScriptPath == nil {
			t.Errorf("%s (%v)", rec.Body, err)
		}
		if tt.restart != nil {
			if err := <-done; err != nil {
				t.Errorf("the restart's context ended with the request: %v", err)
			}
		}
	}
}
