package trigger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/webhook"
)

// fileWebHook makes a receiver of a function whose file names a webHookType. Its
// secrets are the function's own keys: without one there is no receiver.
func (s *site) fileWebHook(e *endpoint, errs *mistakes) {
	kind := e.config.WebHookType
	if kind == "" {
		return
	}
	if s.Keys == nil || s.Keys.Store == nil {
		errs.addf("function %q: webHookType %q: its secrets are the function's keys, and Config.Keys is missing", e.Name, kind)
		return
	}
	secrets := &keySecrets{store: s.Keys.Store, function: e.Name, now: s.now}
	switch list, err := secrets.Secrets(context.Background()); {
	case err != nil:
		errs.addf("function %q: webHookType %q: %w", e.Name, kind, err)
		return
	case len(list) == 0 && !s.Compat:
		errs.addf("function %q: webHookType %q: the function has no key to be the secret", e.Name, kind)
		return
	}
	switch strings.ToLower(kind) {
	case "github":
		e.WebHook = &webhook.GitHub{Secrets: secrets}
	case "genericjson":
		e.WebHook = &webhook.GenericJSON{Secrets: secrets}
	default:
		if s.Compat {
			e.Handler, e.Level = noReceiver(kind), keys.Anonymous
			return
		}
		errs.addf("function %q: webHookType %q: want genericJson or github; others take a Function with a WebHook", e.Name, kind)
	}
}

// noReceiver answers for a webHookType that runtime 1.x has no receiver for
// (WebHookReceiverManager.cs).
func noReceiver(kind string) http.Handler {
	return Func(func(context.Context, *Request) (any, error) {
		return &Response{
			Status: http.StatusInternalServerError,
			Body:   fmt.Sprintf("Invalid WebHook configuration. Unable to find a receiver for WebHook type '%s'", kind),
		}, nil
	})
}

// receive puts a webhook receiver in front of a function.
func (s *site) receive(e *endpoint, errs *mistakes) {
	receiver, err := webhook.NewReceiver(webhook.Config{
		Verifier: e.WebHook, Replay: s.Replay, Scope: e.Name, Origin: s.Origin,
		Logger: s.Logger, Now: s.Now, Compat: s.Compat,
	})
	if err != nil {
		errs.addf("function %q: %w", e.Name, err)
		return
	}
	e.handler = receiver.Wrap(e.Handler)
	e.guard.Level = keys.Anonymous
	e.strip = false
}

// keySecrets are the keys of a function as secrets of a webhook. They are read
// again after some time, as a Resolver does.
type keySecrets struct {
	store    keys.Store
	function string
	now      func() time.Time

	mu   sync.Mutex
	read time.Time
	list []webhook.Secret
}

// Secrets implements webhook.Source. Where the store fails, what was read before
// goes on for as long as a Resolver would remember it.
func (k *keySecrets) Secrets(ctx context.Context) ([]webhook.Secret, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	age := now.Sub(k.read)
	if !k.read.IsZero() && age >= 0 && age < keys.DefaultRefresh {
		return k.list, nil
	}
	set, err := k.store.Load(ctx, keys.FunctionScope(k.function))
	if err != nil && !errors.Is(err, keys.ErrNotFound) {
		if !k.read.IsZero() && age < keys.DefaultMaxAge {
			return k.list, nil
		}
		return nil, err
	}
	k.list, k.read = nil, now
	for _, key := range set.Function {
		if key.Valid(now) && !key.Value.IsZero() {
			k.list = append(k.list, webhook.Secret{Name: key.Name, Value: key.Value.Reveal()})
		}
	}
	return k.list, nil
}
