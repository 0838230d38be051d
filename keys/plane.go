package keys

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Plane returns a handler that answers as the platform's management plane does
// about the keys of an app, for clients that were written against it:
//
//	POST       /host/default/listkeys                 {"masterKey", "functionKeys": {name: value}, "systemKeys": {…}}
//	PUT/DELETE /host/default/{functionKeys|systemKeys|masterKey}/NAME
//	POST       /host/default/sync, /syncfunctiontriggers   read the keys again
//	POST       /functions/FUNCTION/listkeys           {name: value}
//	POST       /functions/FUNCTION/listsecrets        {"key", "trigger_url"}
//	PUT/DELETE /functions/FUNCTION/keys/NAME
//
// Texts of routes are compared ignoring case. A PUT takes {"name", "value"}, flat
// or in a member properties, and makes a value if there is none in it. Who may
// use the API may use this. It stands below the path of the app: mount it with
// http.StripPrefix (source: azure-rest-api-specs, Microsoft.Web, WebApps.json).
//
// triggerURL returns the address under which a function is called, for
// listsecrets; nil leaves trigger_url out.
func (a *API) Plane(triggerURL func(r *http.Request, function string) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve := a.planeRoute(r, triggerURL)
		if serve == nil {
			a.fail(w, r, statusError{status: http.StatusNotFound, why: "no such endpoint"})
			return
		}
		actor, err := a.authorize(r)
		if err == nil {
			err = serve(w, r.WithContext(WithActor(r.Context(), actor)))
		}
		if err != nil {
			a.fail(w, r, err)
		}
	})
}

type planeFunc func(http.ResponseWriter, *http.Request) error

// planeRoute returns what answers a request, nil if nothing does.
func (a *API) planeRoute(r *http.Request, triggerURL func(*http.Request, string) string) planeFunc {
	parts := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for i, p := range parts {
		text, err := url.PathUnescape(p)
		if err != nil || text == "" {
			return nil
		}
		parts[i] = text
	}
	at := func(i int, text string) bool { return i < len(parts) && strings.EqualFold(parts[i], text) }
	post := r.Method == http.MethodPost
	switch {
	case post && len(parts) == 1 && at(0, "syncfunctiontriggers"),
		post && len(parts) == 3 && at(0, "host") && at(1, "default") && at(2, "sync"):
		return a.planeSync
	case post && len(parts) == 3 && at(0, "host") && at(1, "default") && at(2, "listkeys"):
		return a.planeHostKeys
	case post && len(parts) == 3 && at(0, "functions") && at(2, "listkeys"):
		return func(w http.ResponseWriter, r *http.Request) error { return a.planeFunctionKeys(w, r, parts[1]) }
	case post && len(parts) == 3 && at(0, "functions") && at(2, "listsecrets"):
		return func(w http.ResponseWriter, r *http.Request) error { return a.planeSecrets(w, r, parts[1], triggerURL) }
	case len(parts) == 4 && (r.Method == http.MethodPut || r.Method == http.MethodDelete):
		t, ok := planeTarget(parts)
		if !ok {
			return nil
		}
		if r.Method == http.MethodDelete {
			return func(w http.ResponseWriter, r *http.Request) error { return a.remove(w, r, &t) }
		}
		return func(w http.ResponseWriter, r *http.Request) error { return a.planePut(w, r, &t) }
	}
	return nil
}

// planeTarget reads host/default/KIND/NAME and functions/FUNCTION/keys/NAME.
func planeTarget(parts []string) (target, bool) {
	t := target{name: parts[3]}
	switch {
	case strings.EqualFold(parts[0], "host") && strings.EqualFold(parts[1], "default"):
		switch strings.ToLower(parts[2]) {
		case "functionkeys":
			t.kind = FunctionKey
		case "systemkeys":
			t.kind, t.system = SystemKey, true
		case "masterkey":
			t.kind, t.name = MasterKey, "_master"
		default:
			return target{}, false
		}
		if t.master() {
			t.kind = MasterKey
		}
	case strings.EqualFold(parts[0], "functions") && strings.EqualFold(parts[2], "keys"):
		t.function, t.kind, t.scope = parts[1], FunctionKey, FunctionScope(parts[1])
	default:
		return target{}, false
	}
	return t, true
}

// named are the values of keys by name. One of which only a hash is kept has
// none to show, and is null.
func named(list []Key) map[string]*string {
	out := make(map[string]*string, len(list))
	for _, k := range list {
		out[k.Name] = newAPIKey(k.Name, k).Value
	}
	return out
}

func (a *API) planeSync(w http.ResponseWriter, r *http.Request) error {
	if a.c.Manager.Resolver != nil {
		if err := a.c.Manager.Resolver.Reload(r.Context()); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) planeHostKeys(w http.ResponseWriter, r *http.Request) error {
	set, err := a.load(r.Context(), &target{})
	if err != nil {
		return err
	}
	a.answer(w, http.StatusOK, struct {
		Master   *string            `json:"masterKey"`
		Function map[string]*string `json:"functionKeys"`
		System   map[string]*string `json:"systemKeys"`
	}{newAPIKey("", set.Master).Value, named(set.Function), named(set.System)})
	return nil
}

func (a *API) planeFunctionKeys(w http.ResponseWriter, r *http.Request, function string) error {
	set, err := a.load(r.Context(), &target{function: function, scope: FunctionScope(function)})
	if err != nil {
		return err
	}
	a.answer(w, http.StatusOK, named(set.Function))
	return nil
}

// planeSecrets shows the key called default, or else the first.
func (a *API) planeSecrets(w http.ResponseWriter, r *http.Request, function string, triggerURL func(*http.Request, string) string) error {
	set, err := a.load(r.Context(), &target{function: function, scope: FunctionScope(function)})
	if err != nil {
		return err
	}
	key, ok := set.Get(FunctionKey, "default", false)
	if !ok && len(set.Function) > 0 {
		key, ok = set.Function[0], true
	}
	if !ok {
		return statusError{status: http.StatusNotFound, why: "the function has no key"}
	}
	answer := struct {
		Key *string `json:"key"`
		URL string  `json:"trigger_url,omitempty"`
	}{Key: newAPIKey(key.Name, key).Value}
	if triggerURL != nil && answer.Key != nil {
		answer.URL = triggerURL(r, function) + "?code=" + url.QueryEscape(*answer.Key)
	}
	a.answer(w, http.StatusOK, answer)
	return nil
}

// planePut sets a key, or renews it if the body has no value.
func (a *API) planePut(w http.ResponseWriter, r *http.Request, t *target) error {
	body, err := a.readBody(w, r)
	if err != nil {
		return err
	}
	var in struct {
		Value      *string
		Properties struct{ Value *string }
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &in); err != nil {
			return badBody("not an object with a text for its value")
		}
	}
	if in.Value == nil {
		in.Value = in.Properties.Value
	}
	if err := a.exists(t); err != nil {
		return err
	}
	var key Key
	var created bool
	if in.Value != nil {
		key.Value = NewSecret(*in.Value)
		created, err = a.c.Manager.Put(r.Context(), t.scope, t.kind, t.name, key.Value)
	} else {
		key, created, err = a.c.Manager.Renew(r.Context(), t.scope, t.kind, t.name)
	}
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	a.answer(w, status, newAPIKey(t.name, key))
	return nil
}

// readBody reads a body within the limit.
func (a *API) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := a.c.MaxBody
	if limit <= 0 {
		limit = DefaultMaxAPIBody
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, statusError{status: http.StatusRequestEntityTooLarge, why: "the body is too large"}
	case err != nil && a.c.Compat:
		return nil, statusError{status: http.StatusInternalServerError, why: "the body cannot be read"}
	case err != nil:
		return nil, statusError{status: http.StatusBadRequest, why: "the body ends early"}
	}
	return body, nil
}
