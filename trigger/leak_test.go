package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/webhook"
)

const identitySecret = "front-secret-of-the-test-0123456789"

// planted are the texts that may be nowhere.
var planted = []string{masterKey, hostKey, fnKey, sysKey, hookKey, identitySecret, "stranger-key-0123456789"}

func noSecret(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range planted {
		if strings.Contains(text, secret) {
			t.Errorf("%s holds %q: %.300q", where, secret, text)
		}
	}
}

// TestNoKeyLeaves presents every kind of key in every way on every kind of path,
// and looks for it in logs, answers, errors and hooks, and in Default in what
// functions get.
func TestNoKeyLeaves(t *testing.T) {
	for _, compat := range []bool{false, true} {
		t.Run(fmt.Sprintf("compat %v", compat), func(t *testing.T) { noKeyLeaves(t, compat) })
	}
}

func noKeyLeaves(t *testing.T, compat bool) {
	var logs, lines bytes.Buffer
	dump := func(where string, r *http.Request) {
		if !compat || where == "Start" || where == "Refused" {
			noSecret(t, where, fmt.Sprintf("%v %v %v", r.URL, r.RequestURI, r.Header["X-Functions-Key"]))
		}
	}
	keyed := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		inv, _ := trigger.FromContext(r.Context())
		noSecret(t, "invocation", fmt.Sprintf("%v %+v %#v", inv.Grant, inv.Grant, inv.Grant))
		dump("function", r)
	})
	resolver := newResolver(t, compat)
	resolver.Logger = slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h := mustHost(t, trigger.Config{
		Compat: compat, Keys: resolver, AccessLog: &trigger.W3CLog{W: &lines},
		Logger:     slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Extensions: map[string]http.Handler{"demo": seeing(dump)},
		Identity:   &trigger.Identity{SecretHeader: "X-Front", Secret: identitySecret},
		Functions: []trigger.Function{
			{Name: "products", Handler: keyed},
			{Name: "panics", Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if compat { // what a function says of a key that it was given is its own
					panic("panicked")
				}
				panic(errors.New("GET " + r.RequestURI))
			})},
			{Name: "locked", Level: keys.Admin, Handler: keyed},
			{Name: "off", Disabled: true, Handler: keyed},
			{Name: "open", Level: keys.Anonymous, Handler: okHandler},
			{Name: "hook", WebHook: &webhook.GitHub{Secrets: webhook.Static(hookKey)}, Handler: keyed},
		},
		Hooks: trigger.Hooks{
			Start: func(ctx context.Context, inv *trigger.Invocation, r *http.Request) context.Context {
				if inv.Function != "open" {
					dump("Start", r)
				}
				return ctx
			},
			Refused: func(_ context.Context, _ string, r *http.Request, err error) {
				dump("Refused", r)
				noSecret(t, "error", fmt.Sprintf("%v %+v %#v", err, err, err))
			},
			Done: func(_ context.Context, _ *trigger.Invocation, out trigger.Outcome) {
				noSecret(t, "outcome", fmt.Sprint(out.Err))
			},
		},
	})
	paths := []string{"/api/products", "/api/panics", "/api/locked", "/api/off", "/api/open", "/api/hook", "/api/none", "/", "/api/a#b",
		"/admin/host/status", "/admin/host/ping", "/admin/functions/none", "/admin/host/none", "/runtime/webhooks/demo/x", "/runtime/webhooks/none"}
	for _, path := range paths {
		for _, key := range planted {
			for _, query := range []string{"", "code=", "CoDe=", "x=1&%63ode=", "x#&code=", "code=a&code=", "c%6Fde=", ";&code="} {
				for _, method := range []string{"GET", "HEAD", "POST", "DELETE", "OPTIONS"} {
					target := path
					if query != "" {
						target += "?" + query + key
					}
					r := httptest.NewRequest(method, target, nil)
					if query == "" {
						r.Header.Set(keys.Header, key)
					}
					r.Header.Set("Referer", "http://h/a?"+query+key)
					if query == "" {
						r.Header.Del("Referer")
					}
					r.Header.Set("X-Front", identitySecret)
					w := record(h, r)
					noSecret(t, method+" "+target, fmt.Sprintf("%v %s", w.Header(), w.Body))
				}
			}
		}
	}
	if logs.Len() == 0 || lines.Len() == 0 {
		t.Error("nothing was logged")
	}
	noSecret(t, "log", logs.String())
	noSecret(t, "access log", lines.String())
}

func seeing(dump func(string, *http.Request)) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { dump("extension", r) })
}

// TestNoValueShowsItsSecret prints whatever can hold a secret in every way.
func TestNoValueShowsItsSecret(t *testing.T) {
	resolver := newResolver(t, false)
	set, err := resolver.Store.Load(context.Background(), keys.HostScope())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resolver.Resolve(context.Background(), "products", fnKey); err != nil {
		t.Fatal(err)
	}
	sender := &webhook.GitHub{Secrets: webhook.Static(hookKey)}
	receiving := webhook.Config{Verifier: sender}
	receiver, err := webhook.NewReceiver(receiving)
	if err != nil {
		t.Fatal(err)
	}
	identity := trigger.Identity{SecretHeader: "X-Front", Secret: identitySecret}
	config := trigger.Config{Keys: resolver, Identity: &identity, Env: map[string]string{"AzureWebJobsStorage": masterKey},
		Functions: []trigger.Function{{Name: "f", Handler: okHandler, WebHook: sender}}}
	values := []any{
		set, &set, set.Master, set.System, set.Master.Value, resolver, &keys.Guard{Resolver: resolver},
		&keys.Manager{Store: resolver.Store, Resolver: resolver}, resolver.Store,
		receiving, &receiving, receiver, sender, webhook.Static(hookKey),
		identity, &identity, config, &config, config.Functions, mustHost(t, config),
		trigger.App{Host: trigger.HostConfig{}}, trigger.ProcessConfig{Env: []string{"KEY=" + masterKey}},
	}
	for _, v := range values {
		where := fmt.Sprintf("%T", v)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			noSecret(t, where+" as "+verb, fmt.Sprintf(verb, v))
		}
		if text, err := json.Marshal(v); err == nil {
			noSecret(t, where+" as JSON", string(text))
		}
		var b bytes.Buffer
		slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v)
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v)
		noSecret(t, where+" in a log", b.String())
	}
}
