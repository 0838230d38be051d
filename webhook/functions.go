package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// FunctionsConfig says how to receive for a function whose HTTP trigger has a
// webHookType, as Functions 1.x has it.
type FunctionsConfig struct {
	// Type is the webHookType, in any case: genericJson, github, slack,
	// azurealert, bitbucket, dropbox, dynamicscrm, kudu, mailchimp, pusher,
	// sfsoap, stripe, trello or wordpress.
	Type string
	// Keys serves the keys of the function by name, and after them the function
	// keys of the host: of equal names the first counts. Required.
	Keys Source
	// Receiver has the rest: the handler, limits, clock, log. Its Verifier is
	// made from Type and Keys. Its Compat chooses the profile:
	//
	//   - Default: the senders of today. GitHub is verified by SHA-256, Slack by
	//     its signing secret, Bitbucket and Stripe by their signatures, and any
	//     of the keys will do. The other types prove themselves as they did in
	//     1.x, but are refused with 401, and a repeat is not run. Types that only
	//     know SHA-1 take InsecureSHA1. There is no sfsoap: what it takes for a
	//     secret, the id of an organization, is none.
	//   - Compat: what 1.x does. The caller names the key by x-functions-clientid
	//     or clientid, GitHub is verified by SHA-1, failures are 400.
	Receiver Config
	// InsecureSHA1 lets the Default profile accept trello, and from github SHA-1
	// where there is no SHA-256.
	InsecureSHA1 bool

	// What follows belongs to Compat alone. A trigger host decides these things
	// itself and leaves them empty.

	// Methods lists the methods of the function, in any case; others are 404. Nil
	// is any method.
	Methods []string
	// Disabled answers 404, but not to the master key.
	Disabled bool
	// Master serves the host's master key. Who shows it gets past the receiver
	// and reaches the function with any request. Nil is no master key.
	Master Source
	// InsecureNoAuth lets everybody past the receiver.
	InsecureNoAuth bool
	// InsecureHTTP lets keys be shown over plain http.
	InsecureHTTP bool
}

// Functions is an http.Handler that receives for a function as Functions 1.x
// does. It is made by NewFunctions and may be used concurrently.
type Functions struct {
	c  FunctionsConfig
	rc *Receiver // nil if the type is unknown
}

// legacyMaxBody is the largest body that the front end of Functions 1.x lets
// through.
const legacyMaxBody = 100 << 20

// NewFunctions checks the whole configuration and reports every mistake. In the
// Default profile an unknown type is one; in Compat it is answered with 500,
// request by request.
func NewFunctions(c FunctionsConfig) (*Functions, error) {
	kind := strings.ToLower(c.Type)
	errs := c.check(kind)
	verifier, err := c.verifier(kind)
	if err != nil {
		errs = append(errs, err)
	}
	receiver := c.Receiver
	receiver.Verifier = verifier
	if receiver.Compat && receiver.MaxBody == 0 {
		receiver.MaxBody = legacyMaxBody
	}
	if c.Receiver.Verifier != nil {
		errs = append(errs, errors.New("webhook: FunctionsConfig.Receiver.Verifier: is made from Type and Keys"))
	}
	f := &Functions{c: c}
	if verifier != nil {
		f.rc, err = NewReceiver(receiver)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return f, nil
}

func (c *FunctionsConfig) check(kind string) []error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("webhook: FunctionsConfig."+format, args...))
	}
	if kind == "" {
		bad("Type: missing: the function is no webhook")
	}
	if c.Keys == nil {
		bad("Keys: missing")
	}
	if c.Receiver.Compat && c.Receiver.Handler == nil {
		bad("Receiver.Handler: missing")
	}
	if !c.Receiver.Compat && (c.Methods != nil || c.Disabled || c.Master != nil || c.InsecureNoAuth || c.InsecureHTTP) {
		bad("Methods, Disabled, Master, InsecureNoAuth, InsecureHTTP: only with Compat")
	}
	return errs
}

// verifier returns the verifier for a type; in Compat nil if there is none.
func (c *FunctionsConfig) verifier(kind string) (Verifier, error) {
	row, known := legacyKinds[kind]
	switch {
	case !known && c.Receiver.Compat:
		return nil, nil
	case !known:
		return nil, fmt.Errorf("webhook: FunctionsConfig.Type: %q: %w", c.Type, UnknownReceiver)
	case c.Receiver.Compat:
		return &legacy{sender: kind, keys: c.Keys, insecureHTTP: c.InsecureHTTP, legacyKind: row}, nil
	}
	switch kind {
	case "genericjson":
		return &GenericJSON{Secrets: c.Keys}, nil
	case "github":
		return &GitHub{Secrets: c.Keys, InsecureSHA1: c.InsecureSHA1}, nil
	case "slack":
		return &Slack{Secrets: c.Keys}, nil
	case "bitbucket":
		return &Bitbucket{Secrets: c.Keys}, nil
	case "stripe":
		return &Stripe{Secrets: c.Keys}, nil
	case "sfsoap":
		return nil, fmt.Errorf("webhook: FunctionsConfig.Type: %q: an organization's id proves nothing: %w", c.Type, UnsupportedAlgorithm)
	case "trello":
		if !c.InsecureSHA1 {
			return nil, fmt.Errorf("webhook: FunctionsConfig.Type: %q: signs by SHA-1: %w", c.Type, UnsupportedAlgorithm)
		}
	}
	return &legacy{sender: kind, keys: c.Keys, legacyKind: row, modern: true}, nil
}

// ServeHTTP receives a delivery. The order is the host's: the route, a disabled
// function, who may pass by, the receiver.
func (f *Functions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.c.Methods != nil && !slices.ContainsFunc(f.c.Methods, func(m string) bool { return strings.EqualFold(m, r.Method) }) {
		f.refuse(w, r, RouteNotFound)
		return
	}
	pass := f.pass(r)
	switch {
	case f.c.Disabled && pass == "":
		f.refuse(w, r, FunctionDisabled)
	case pass != "":
		if observe := f.c.Receiver.Observe; observe != nil {
			observe(r.Context(), Outcome{Sender: strings.ToLower(f.c.Type), Reason: pass})
		}
		f.c.Receiver.Handler.ServeHTTP(w, r)
	case f.rc == nil:
		f.refuse(w, r, UnknownReceiver)
	default:
		f.rc.ServeHTTP(w, r)
	}
}

// pass says why a request gets past the receiver, if it does. A key in the
// header hides one in the query, even if it is wrong.
func (f *Functions) pass(r *http.Request) Reason {
	if f.c.InsecureNoAuth {
		return AuthDisabled
	}
	shown := ""
	if values := r.Header[functionsKey]; len(values) > 0 {
		shown = values[0]
	} else {
		shown = joined(queryValues(r.URL.RawQuery, "code", true))
	}
	if shown == "" || f.c.Master == nil {
		return ""
	}
	list, err := serve(context.WithoutCancel(r.Context()), f.c.Master)
	if err != nil {
		return ""
	}
	for _, s := range list {
		if !s.IsZero() && same(s.Reveal(), shown) {
			return AdminBypass
		}
	}
	return ""
}

func (f *Functions) refuse(w http.ResponseWriter, r *http.Request, reason Reason) {
	rc := f.rc
	if rc == nil {
		rc = &Receiver{c: f.c.Receiver}
	}
	rc.refuse(w, r, &SignatureError{Sender: strings.ToLower(f.c.Type), Reason: reason})
}
