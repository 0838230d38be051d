package trigger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/webhook"
)

// isHook reports whether a function receives webhooks.
func (e *endpoint) isHook() bool {
	return e.WebHook != nil || e.config != nil && e.config.WebHookType != ""
}

// receive puts a webhook receiver in front of a function: by its verifier, or by
// the webHookType that its file names, whose secrets are the function's own keys.
func (s *site) receive(e *endpoint, errs *mistakes) {
	c := webhook.Config{
		Verifier: e.WebHook, Replay: s.Replay, Scope: e.Name, Origin: s.Origin,
		Logger: s.Logger, Now: s.Now, Compat: s.Compat, Handler: e.Handler,
	}
	var err error
	if e.WebHook != nil {
		e.handler, err = webhook.NewReceiver(c)
	} else {
		e.handler, err = s.receiveByType(e, c)
	}
	if err != nil {
		errs.addf("function %q: %w", e.Name, err)
		return
	}
	e.guard.Level = keys.Anonymous
	e.strip = false
}

// receiveByType receives for a function with a webHookType. Without a key there
// is no receiver in Default; in Compat each request is told so.
func (s *site) receiveByType(e *endpoint, c webhook.Config) (http.Handler, error) {
	kind := e.config.WebHookType
	if s.Keys == nil || s.Keys.Store == nil {
		return nil, fmt.Errorf("webHookType %q: its secrets are the function's keys, and Config.Keys is missing", kind)
	}
	secrets := &keySecrets{store: s.Keys.Store, scopes: []keys.Scope{keys.FunctionScope(e.Name)}, of: functionKeys, now: s.now}
	f := webhook.FunctionsConfig{Type: kind, Keys: secrets, Receiver: c}
	if s.Compat {
		secrets.scopes = append(secrets.scopes, keys.HostScope())
		f.Master = &keySecrets{store: s.Keys.Store, scopes: []keys.Scope{keys.HostScope()}, of: masterKey, now: s.now}
		f.InsecureNoAuth = s.InsecureSkipKeys
	} else if list, err := secrets.Secrets(context.Background()); err != nil {
		return nil, fmt.Errorf("webHookType %q: %w", kind, err)
	} else if len(list) == 0 {
		return nil, fmt.Errorf("webHookType %q: the function has no key to be the secret", kind)
	}
	return webhook.NewFunctions(f)
}

func functionKeys(set *keys.Set) []keys.Key { return set.Function }
func masterKey(set *keys.Set) []keys.Key    { return []keys.Key{set.Master} }

// keySecrets are keys as secrets of a webhook. They are read again after some
// time, as a Resolver does.
type keySecrets struct {
	store  keys.Store
	scopes []keys.Scope // in the order in which their keys count
	of     func(*keys.Set) []keys.Key
	now    func() time.Time

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
	list, err := k.load(ctx, now)
	if err != nil {
		if !k.read.IsZero() && age >= 0 && age < keys.DefaultMaxAge {
			return k.list, nil
		}
		return nil, err
	}
	k.list, k.read = list, now
	return k.list, nil
}

func (k *keySecrets) load(ctx context.Context, now time.Time) ([]webhook.Secret, error) {
	var list []webhook.Secret
	for _, scope := range k.scopes {
		set, err := k.store.Load(ctx, scope)
		if err != nil && !errors.Is(err, keys.ErrNotFound) {
			return nil, err
		}
		for _, key := range k.of(&set) {
			if key.Valid(now) && !key.Value.IsZero() {
				list = append(list, webhook.NewSecret(key.Name, key.Value.Reveal()))
			}
		}
	}
	return list, nil
}
