package keys

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/httptrigger/httptrigger/internal/refuse"
)

// DefaultMaxAPIBody bounds the bodies of the management API, in bytes.
const DefaultMaxAPIBody = 64 << 10

// An APIConfig says how the management API works.
type APIConfig struct {
	// Manager makes the changes. It is required, and so is its Store.
	Manager *Manager

	// Guard decides who may use the API. Nil asks for the master key, which
	// Manager.Resolver must then know.
	Guard *Guard

	// Authorize, if not nil, is asked about requests that the Guard refuses
	// because their key is not enough, and lets them in by a rule of its own.
	// The actor is noted in the events of what they change.
	Authorize func(*http.Request) (actor string, ok bool)

	// FunctionExists reports whether there is a function of the name, ignoring
	// case. It is required: there are keys of functions that exist only.
	FunctionExists func(name string) bool

	// BaseURL returns scheme and host of a request as its sender knows them,
	// for links. Nil takes them from the request; behind a proxy that ends TLS
	// that is the wrong scheme.
	BaseURL func(*http.Request) string

	// MaxBody bounds the body of a request, inclusive; a longer one is answered
	// with 413. Zero is DefaultMaxAPIBody.
	MaxBody int64

	// Compat reads bodies as leniently as the source does, XML too, finds a key
	// to be read by its exact name only, makes the first keys of a function when
	// they are listed, leaves Location unescaped, and answers 500 where the
	// default has 409 and 503. The Manager has a Compat of its own.
	Compat bool

	// Logger is told of refusals and failures; nil is silent. The Manager tells
	// of changes.
	Logger *slog.Logger
}

// An API answers the source's key management routes:
//
//	GET                /admin/host/{keys|functionkeys|systemkeys}
//	GET/POST/PUT/DELETE /admin/host/{keys|functionkeys|systemkeys}/NAME
//	GET                /admin/functions/FUNCTION/keys
//	GET/POST/PUT/DELETE /admin/functions/FUNCTION/keys/NAME
//
// Everything else is 404. POST makes a new value, PUT takes one from the body,
// {"value": "..."}. NAME _master is the master key in the host's lists; it can be
// renewed and set, read under systemkeys, and not deleted.
//
// Mount it at /admin/host/ and /admin/functions/, or at /admin/.
type API struct {
	c     APIConfig
	guard *Guard
}

// NewAPI returns the management API, or everything that is wrong with c.
func NewAPI(c APIConfig) (*API, error) {
	var errs []error
	if c.Manager == nil || c.Manager.Store == nil {
		errs = append(errs, errors.New("keys: APIConfig.Manager: it needs a Manager with a Store"))
	}
	if c.FunctionExists == nil {
		errs = append(errs, errors.New("keys: APIConfig.FunctionExists: it is required"))
	}
	guard := c.Guard
	if guard == nil && c.Manager != nil {
		if c.Manager.Resolver == nil && c.Authorize == nil {
			errs = append(errs, errors.New("keys: APIConfig.Guard: nobody could use the API: it needs a Guard, or a Manager with a Resolver, or Authorize"))
		}
		guard = &Guard{Resolver: c.Manager.Resolver, Level: Admin, Challenge: true, Compat: c.Compat}
	}
	if guard != nil && guard.Level != Admin {
		errs = append(errs, fmt.Errorf("keys: APIConfig.Guard.Level: %q: the API reads and writes keys, it asks for admin", guard.Level))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &API{c, guard}, nil
}

// A target is what a path of the API names.
type target struct {
	scope    Scope
	function string // as in the path; "" for the host
	kind     Kind
	name     string // "" for the list
	system   bool   // under systemkeys
}

// master reports whether the target is the master key.
func (t *target) master() bool { return t.scope.IsHost() && IsMasterName(t.name) }

// parseTarget reads a path. Texts of routes are compared ignoring case; an
// escaped slash is part of a name and stays escaped.
func parseTarget(escaped string) (target, bool) {
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(escaped, "/"), "/"), "/")
	for i, p := range parts {
		p = strings.NewReplacer("%2f", "%252f", "%2F", "%252F").Replace(p)
		text, err := url.PathUnescape(p)
		if err != nil || text == "" {
			return target{}, false
		}
		parts[i] = text
	}
	var t target
	switch {
	case len(parts) < 3 || !strings.EqualFold(parts[0], "admin"):
		return target{}, false
	case strings.EqualFold(parts[1], "host"):
		parts = parts[2:]
		switch strings.ToLower(parts[0]) {
		case "keys", "functionkeys":
			t.kind = FunctionKey
		case "systemkeys":
			t.kind, t.system = SystemKey, true
		default:
			return target{}, false
		}
	case strings.EqualFold(parts[1], "functions") && len(parts) > 3 && strings.EqualFold(parts[3], "keys"):
		t.function, t.kind = parts[2], FunctionKey
		t.scope = FunctionScope(t.function)
		parts = parts[3:]
	default:
		return target{}, false
	}
	if len(parts) > 2 {
		return target{}, false
	}
	if len(parts) == 2 {
		t.name = parts[1]
	}
	if t.master() {
		t.kind = MasterKey
	}
	return t, true
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t, ok := parseTarget(r.URL.EscapedPath())
	var serve func(http.ResponseWriter, *http.Request, *target) error
	method := strings.ToUpper(r.Method) // as routes compare it
	switch {
	case !ok:
	case t.name == "" && method == http.MethodGet:
		serve = a.list
	case t.name == "":
	case method == http.MethodGet:
		serve = a.get
	case method == http.MethodPost:
		serve = a.renew
	case method == http.MethodPut:
		serve = a.put
	case method == http.MethodDelete:
		serve = a.remove
	}
	if serve == nil {
		a.fail(w, r, statusError{status: http.StatusNotFound, why: "no such endpoint"})
		return
	}
	actor, err := a.authorize(r)
	if err == nil && a.c.Compat && fromBridge(r) {
		err = statusError{status: http.StatusUnauthorized, why: "read over the management bridge", text: bridgeText}
	}
	if err == nil {
		err = serve(w, r.WithContext(WithActor(r.Context(), actor)), &t)
	}
	if err != nil {
		a.fail(w, r, err)
	}
}

// authorize returns who the caller is, or why he may not use the API.
func (a *API) authorize(r *http.Request) (actor string, err error) {
	grant, err := a.guard.Check(r)
	switch {
	case err == nil && grant.Kind.isToken():
		return grant.Kind.String(), nil
	case err == nil:
		return grant.Kind.String() + " key", nil
	}
	if a.c.Authorize != nil {
		if actor, ok := a.c.Authorize(r); ok {
			return actor, nil
		}
	}
	return "", err
}

// bridgeText is the body of the refusal to callers of the bridge.
const bridgeText = "Keys are not available through this endpoint. Use the key operations of the management API."

// fromBridge reports whether a request reads keys through the management plane's
// extensions bridge, whose callers need no right to list keys (source:
// Filters/ArmExtensionResourceFilter.cs).
func fromBridge(r *http.Request) bool {
	return strings.EqualFold(r.Method, http.MethodGet) &&
		r.Header.Get("X-Ms-Via-Extensions-Route") != "" && r.Header.Get("X-Ms-Arm-Request-Tracking-Id") != "" &&
		!strings.EqualFold(r.Header.Get("X-Ms-Client-Authorization-Source"), "Legacy")
}

// load returns the keys of a target. A function must exist.
func (a *API) load(ctx context.Context, t *target) (Set, error) {
	if err := a.exists(t); err != nil {
		return Set{}, err
	}
	if a.c.Compat {
		set, err := a.c.Manager.Ensure(ctx, t.scope)
		if err == nil {
			err = corruptIfDoubled(t.scope, &set)
		}
		return set, err
	}
	set, err := a.c.Manager.Store.Load(ctx, t.scope)
	if errors.Is(err, ErrNotFound) {
		return Set{}, nil
	}
	return set, err
}

func (a *API) exists(t *target) error {
	if !t.scope.IsHost() && (t.scope.Validate() != nil || !a.c.FunctionExists(t.function)) {
		return statusError{status: http.StatusNotFound, why: "no such function"}
	}
	return nil
}

func (a *API) list(w http.ResponseWriter, r *http.Request, t *target) error {
	set, err := a.load(r.Context(), t)
	if err != nil {
		return err
	}
	keys := make([]apiKey, 0, len(set.Function))
	for _, k := range *set.list(t.kind) {
		keys = append(keys, newAPIKey(k.Name, k))
	}
	a.answer(w, http.StatusOK, struct {
		Keys  []apiKey  `json:"keys"`
		Links []apiLink `json:"links"`
	}{keys, a.links(r)})
	return nil
}

func (a *API) get(w http.ResponseWriter, r *http.Request, t *target) error {
	set, err := a.load(r.Context(), t)
	if err != nil {
		return err
	}
	key, ok := set.Get(t.kind, t.name, a.c.Compat)
	if t.master() && (!t.system || a.c.Compat && t.name != "_master") {
		ok = false
	}
	if !ok {
		return statusError{status: http.StatusNotFound, why: "no such key"}
	}
	a.answerKey(w, r, http.StatusOK, t, key)
	return nil
}

func (a *API) renew(w http.ResponseWriter, r *http.Request, t *target) error {
	if err := a.exists(t); err != nil {
		return err
	}
	key, created, err := a.c.Manager.Renew(r.Context(), t.scope, t.kind, t.name)
	if err != nil {
		return err
	}
	a.answerChange(w, r, created || t.master(), t, key)
	return nil
}

func (a *API) put(w http.ResponseWriter, r *http.Request, t *target) error {
	value, err := a.readValue(w, r)
	if err != nil {
		return err
	}
	if err := a.exists(t); err != nil {
		return err
	}
	created, err := a.c.Manager.Put(r.Context(), t.scope, t.kind, t.name, value)
	if err != nil {
		return err
	}
	a.answerChange(w, r, created && !t.master(), t, Key{Value: value})
	return nil
}

func (a *API) remove(w http.ResponseWriter, r *http.Request, t *target) error {
	if IsMasterName(t.name) {
		return statusError{status: http.StatusBadRequest, why: "the master key cannot be deleted", text: "Cannot delete System Key."}
	}
	if err := a.exists(t); err != nil {
		return err
	}
	if err := a.c.Manager.Remove(r.Context(), t.scope, t.kind, t.name); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

type apiLink struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

// An apiKey is a key in an answer, its value in clear. Value is left out of one
// of which only a hash is kept.
type apiKey struct {
	Name  string    `json:"name"`
	Value *string   `json:"value,omitempty"`
	Links []apiLink `json:"links,omitempty"`
}

func newAPIKey(name string, k Key) apiKey {
	out := apiKey{Name: name}
	if k.Hash.IsZero() {
		value := k.Value.Reveal()
		out.Value = &value
	}
	return out
}

func (a *API) base(r *http.Request) string {
	if a.c.BaseURL != nil {
		return a.c.BaseURL(r)
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// links has the address of the request, without its query and not escaped, as
// the source writes it.
func (a *API) links(r *http.Request) []apiLink {
	return []apiLink{{"self", a.base(r) + r.URL.Path}}
}

func (a *API) answerChange(w http.ResponseWriter, r *http.Request, created bool, t *target, key Key) {
	status := http.StatusOK
	if created {
		status = http.StatusCreated
		path := r.URL.EscapedPath()
		if a.c.Compat {
			path = r.URL.Path // as in the links
		}
		w.Header().Set("Location", a.base(r)+path)
	}
	a.answerKey(w, r, status, t, key)
}

// answerKey answers with a key. Its name has the casing of the request.
func (a *API) answerKey(w http.ResponseWriter, r *http.Request, status int, t *target, key Key) {
	out := newAPIKey(t.name, key)
	out.Links = a.links(r)
	a.answer(w, status, out)
}

func (a *API) answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		refuse.Error(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	if !a.c.Compat {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	w.Write(text)
}

// A statusError is a refusal of the API itself, with the text it answers.
type statusError struct {
	status int
	why    string
	text   string // "" is an empty body
}

func (e statusError) Error() string   { return "keys: api: " + e.why }
func (e statusError) StatusCode() int { return e.status }

// fail answers a request with an error.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	err = a.status(err)
	if a.c.Logger != nil {
		level := slog.LevelInfo
		if refuse.Status(err) >= http.StatusInternalServerError {
			level = slog.LevelError
		}
		a.c.Logger.LogAttrs(r.Context(), level, "keys: api refused", slog.String("method", r.Method), slog.Any("error", err))
	}
	var own statusError
	if !errors.As(err, &own) || own.text == "" {
		Deny(w, err)
		return
	}
	h := w.Header()
	text := []byte(own.text)
	h.Set("Content-Type", "text/plain; charset=utf-8")
	switch {
	case accepts(r, "application/json"):
		h.Set("Content-Type", "application/json; charset=utf-8")
		text, _ = json.Marshal(own.text)
	case a.c.Compat && accepts(r, "application/xml"):
		h.Set("Content-Type", "application/xml; charset=utf-8")
		text = xmlString(own.text)
	}
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(own.status)
	w.Write(text)
}

// status gives an error of a change its status.
func (a *API) status(err error) error {
	var own statusError
	var denied *DeniedError
	var corrupt *CorruptError
	switch {
	case errors.As(err, &own) || errors.As(err, &denied):
		return err
	case errors.Is(err, ErrNoKey):
		return statusError{status: http.StatusNotFound, why: err.Error()}
	case errors.Is(err, ErrValue) && a.c.Manager.Strict:
		return statusError{status: http.StatusBadRequest, why: err.Error()}
	case errors.Is(err, ErrValue):
		return statusError{status: http.StatusBadRequest, why: err.Error(), text: invalidValue}
	case errors.Is(err, ErrName):
		return statusError{status: http.StatusBadRequest, why: err.Error(), text: "Invalid key name"}
	case a.c.Compat || errors.As(err, &corrupt):
		return &DeniedError{Level: Admin, Reason: ReasonStoreFailed, Err: err, status: http.StatusInternalServerError}
	case errors.Is(err, ErrChanged):
		return statusError{status: http.StatusConflict, why: err.Error()}
	}
	return &DeniedError{Level: Admin, Reason: ReasonStoreFailed, Err: err, status: http.StatusServiceUnavailable, retry: retryInterval}
}

// accepts reports whether a request accepts a type and no text.
func accepts(r *http.Request, mediaType string) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	return strings.Contains(accept, mediaType) && !strings.Contains(accept, "*/*") && !strings.Contains(accept, "text/")
}

// xmlString is a text in the form of the source's XML serializer.
func xmlString(text string) []byte {
	var b bytes.Buffer
	b.WriteString(`<string xmlns="http://schemas.microsoft.com/2003/10/Serialization/">`)
	_ = xml.EscapeText(&b, []byte(text)) // a Buffer takes everything
	b.WriteString("</string>")
	return b.Bytes()
}
