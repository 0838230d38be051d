package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/httptrigger/httptrigger/internal/refuse"
)

// A Guard asks at the door of one function: it decides whether a request may
// call it. The zero Guard refuses everybody, for without a Resolver no key is
// recognised.
//
// Fields are set before first use and left alone then; the methods may be called
// concurrently. A Guard is not copied after first use.
type Guard struct {
	Resolver *Resolver

	// Function is the function's name, whose own keys count beside the host's.
	// It is "" on routes that belong to no function: a function's key is then
	// not even recognised.
	Function string

	// Level is what the function asks for. Zero is Function.
	Level Level

	// KeyName, if not "", asks for the key of this name too, ignoring case. The
	// master key needs no name. See ExtensionKey.
	KeyName string

	// Disabled answers callers that are let in with 404, unless they have the
	// master key or a token of the site's.
	Disabled bool

	// Challenge answers as the source's admin and webhook routes do: 401 with
	// a WWW-Authenticate header if no key was recognised, and 403 if one was
	// that is not enough. A function answers 401 for both.
	Challenge bool

	// Tokens, if not nil, are taken in place of a key that is not enough. A
	// key that is goes first, whatever token comes with it.
	Tokens *Tokens

	// Internal, if not nil, reports whether a request is known to come from the
	// platform itself, which then needs no key: the embedder must know that
	// strangers cannot make it say so.
	Internal func(*http.Request) bool

	// Isolate asks for the platform's mark too, the header
	// X-Ms-Platform-Internal: true, which its front end takes away from
	// everybody else's requests (FUNCTIONS_ADMIN_ISOLATION_ENABLED there).
	Isolate bool

	// Identified reports whether the embedder knows the caller by other means
	// than a key, such as a sign-in that a front end vouches for. It grants
	// nothing; with Challenge the refusal is 403 then. Nil is never.
	Identified func(*http.Request) bool

	// Identify makes a Guard of an anonymous function look up the key that is
	// presented, so that the handler can know the caller. Everybody is let in
	// all the same. With Compat it is always on.
	Identify bool

	// Compat leaves the code parameter in the request, and answers 500 where
	// the store cannot be read, also on an anonymous function to a request
	// that presents a key.
	Compat bool

	// InsecureSkipKeys lets every request in without looking at its key, as the
	// source does in local development. The Grant is zero.
	InsecureSkipKeys bool

	// Logger is told why requests are refused; nil is silent.
	Logger *slog.Logger

	// Deny answers requests that Wrap refuses, with the error of Check. Nil is
	// the function Deny.
	Deny func(http.ResponseWriter, *http.Request, error)

	// What strangers are refused with, made once: whoever floods a guard with
	// wrong keys costs it no memory.
	noKey, unknownKey atomic.Pointer[DeniedError]

	own atomic.Pointer[entry] // the Resolver's of Function, once it was looked up
}

// A Reason says why a request was denied. Callers are not told.
type Reason string

// The reasons.
const (
	ReasonNoKey       Reason = "no key was presented"
	ReasonUnknownKey  Reason = "the key is not known here"
	ReasonWrongLevel  Reason = "the key does not grant the level"
	ReasonWrongName   Reason = "the key is not the one asked for"
	ReasonDisabled    Reason = "the function is disabled"
	ReasonNotIsolated Reason = "the platform's mark is missing"
	ReasonStoreFailed Reason = "the keys could not be read"
)

// A DeniedError is a request that a Guard refused. Requests may share one: it is
// not to be changed.
type DeniedError struct {
	Function string
	Level    Level // what was asked for
	Grant    Grant // by what the caller was recognised, if at all
	Reason   Reason
	Err      error // the store's, with ReasonStoreFailed

	// Challenge is the value of the WWW-Authenticate header, or "".
	Challenge string

	status int
	retry  time.Duration
}

func (e *DeniedError) Error() string {
	text := fmt.Sprintf("keys: %q: denied, level %s: %s", e.Function, e.Level, e.Reason)
	switch {
	case e.Grant.Kind.isToken():
		text += fmt.Sprintf(" (%s)", e.Grant.Kind)
	case e.Grant.Kind != NoKey:
		text += fmt.Sprintf(" (%s key %q of %s)", e.Grant.Kind, e.Grant.Name, e.Grant.Scope)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the store's error, if that was the reason.
func (e *DeniedError) Unwrap() error { return e.Err }

// StatusCode returns the status of the refusal: 401; 403 where the Guard
// challenges; 404 for a disabled function; 503 if the keys could not be read,
// or 500 if they will not be readable before somebody repairs them.
func (e *DeniedError) StatusCode() int { return e.status }

// RetryAfter returns after how long to come back: a second with status 503, else 0.
func (e *DeniedError) RetryAfter() time.Duration { return e.retry }

// Deny answers a request that was refused with the error of Check: its status,
// its challenge and an empty body.
func Deny(w http.ResponseWriter, err error) {
	var denied *DeniedError
	if errors.As(err, &denied) && denied.Challenge != "" {
		w.Header().Set("WWW-Authenticate", denied.Challenge)
	}
	refuse.Error(w, err)
}

// ExtensionKey returns the name of the system key that opens the webhook of an
// extension (source: DefaultScriptWebHookProvider.cs).
func ExtensionKey(extension string) string { return strings.ToLower(extension) + "_extension" }

// Check decides about a request. The Grant says by which key its caller was
// recognised, also when the error, a *DeniedError, refuses it.
func (g *Guard) Check(r *http.Request) (grant Grant, err error) {
	if g.InsecureSkipKeys || g.Level == Anonymous && !g.Identify && !g.Compat || g.Internal != nil && g.Internal(r) {
		return g.admit(Grant{})
	}
	presented, ok := FromRequest(r)
	if g.Resolver.recognises(presented) {
		err = g.Resolver.resolve(r.Context(), g.entry(), presented, &grant)
	}
	if err == nil && grant.Allows(g.Level) && g.KeyName == "" && !g.Disabled && !g.Isolate {
		return grant, nil
	}
	return g.judge(r, grant, ok && presented != "", err)
}

// entry returns the Resolver's entry of the function, which is looked up once.
func (g *Guard) entry() *entry {
	own := g.own.Load()
	if own == nil && g.Function != "" {
		own = g.Resolver.entry(g.Function)
		g.own.Store(own)
	}
	return own
}

// judge decides where the level does not say all.
func (g *Guard) judge(r *http.Request, grant Grant, presented bool, err error) (Grant, error) {
	switch {
	case err != nil && g.Level == Anonymous && !g.Compat:
		return g.admit(Grant{})
	case err != nil:
		return Grant{}, g.storeFailed(err)
	}
	why := g.lacks(grant)
	if why != "" && g.Tokens != nil {
		if token := g.Tokens.Grant(r); g.opens(token) {
			grant, why = token, ""
		}
	}
	switch {
	case why == ReasonWrongLevel:
		return grant, g.refuse(r, grant, presented)
	case why == "" && g.Isolate && !isMarked(r):
		why = ReasonNotIsolated
	}
	if why != "" {
		return grant, g.denied(grant, why, g.status(r, grant))
	}
	if g.Disabled && presented && grant.Kind != MasterKey && g.Tokens != nil { // whoever presents a key is looked at in full
		if token := g.Tokens.Grant(r); token.Kind == SiteToken {
			grant = token
		}
	}
	return g.admit(grant)
}

// lacks says why the grant of a key is not enough, "" if it is.
func (g *Guard) lacks(grant Grant) Reason {
	switch {
	case !grant.Allows(g.Level):
		return ReasonWrongLevel
	case g.KeyName != "" && grant.Kind != MasterKey && !strings.EqualFold(grant.Name, g.KeyName):
		return ReasonWrongName
	}
	return ""
}

// opens reports whether a token is enough: on routes that belong to no function
// any is, but a restricted one for admin endpoints only.
func (g *Guard) opens(token Grant) bool {
	switch token.Kind {
	case SiteToken:
		return true
	case PlatformToken:
		return g.Function == ""
	case RestrictedToken:
		return g.Function == "" && g.Level == Admin
	}
	return false
}

// isMarked reports whether a request has the platform's mark.
func isMarked(r *http.Request) bool {
	lines := r.Header["X-Ms-Platform-Internal"]
	return len(lines) > 0 && strings.EqualFold(lines[0], "true")
}

// admit lets a caller in, unless the function is disabled.
func (g *Guard) admit(grant Grant) (Grant, error) {
	if g.Disabled && grant.Kind != MasterKey && grant.Kind != SiteToken {
		return grant, g.denied(grant, ReasonDisabled, http.StatusNotFound)
	}
	return grant, nil
}

func (g *Guard) refuse(r *http.Request, grant Grant, presented bool) error {
	status := g.status(r, grant)
	reason, shared := ReasonWrongLevel, (*atomic.Pointer[DeniedError])(nil)
	switch {
	case !presented:
		reason, shared = ReasonNoKey, &g.noKey
	case grant.Kind == NoKey:
		reason, shared = ReasonUnknownKey, &g.unknownKey
	}
	if shared == nil || status != http.StatusUnauthorized {
		return g.denied(grant, reason, status)
	}
	e := shared.Load()
	if e == nil {
		e = g.denied(grant, reason, status)
		shared.Store(e)
	}
	return e
}

func (g *Guard) status(r *http.Request, grant Grant) int {
	if g.Challenge && (grant.Kind != NoKey || g.Identified != nil && g.Identified(r)) {
		return http.StatusForbidden
	}
	return http.StatusUnauthorized
}

func (g *Guard) denied(grant Grant, reason Reason, status int) *DeniedError {
	e := &DeniedError{Function: g.Function, Level: g.Level, Grant: grant, Reason: reason, status: status}
	if g.Challenge && status == http.StatusUnauthorized {
		e.Challenge = "Bearer"
	}
	return e
}

// storeFailed refuses while the keys cannot be read: 503 if that may pass by
// itself, else 500.
func (g *Guard) storeFailed(err error) error {
	e := &DeniedError{Function: g.Function, Level: g.Level, Reason: ReasonStoreFailed, Err: err, status: http.StatusInternalServerError}
	var corrupt *CorruptError
	if !g.Compat && !errors.As(err, &corrupt) && !errors.Is(err, ErrScope) {
		e.status, e.retry = http.StatusServiceUnavailable, retryInterval
	}
	return e
}

// Wrap returns a handler that lets the requests through to next that Check
// admits. The handler learns by which key with FromContext. Unless the function
// is anonymous, or Compat is set, the request it sees has no code parameter, and
// none of the tokens that the Guard takes.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		grant, err := g.Check(r)
		if err != nil {
			g.deny(w, r, err)
			return
		}
		if grant.Kind != NoKey {
			r = r.WithContext(context.WithValue(r.Context(), grantKey{}, grant))
		}
		if g.Level != Anonymous && !g.Compat {
			r = StripCode(r)
			if g.Tokens != nil {
				r = withoutTokens(r, grant)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// withoutTokens returns a copy of a request without tokens.
func withoutTokens(r *http.Request, grant Grant) *http.Request {
	copied := new(http.Request)
	*copied = *r
	copied.Header = r.Header.Clone()
	RemoveTokens(copied.Header, grant)
	return copied
}

func (g *Guard) deny(w http.ResponseWriter, r *http.Request, err error) {
	if g.Logger != nil {
		var denied *DeniedError
		level := slog.LevelInfo
		if errors.As(err, &denied) && denied.Reason == ReasonStoreFailed {
			level = slog.LevelError
		}
		g.Logger.LogAttrs(r.Context(), level, "request denied", slog.Any("error", err))
	}
	if g.Deny != nil {
		if g.Level != Anonymous && !g.Compat {
			r = StripCode(r)
		}
		g.Deny(w, r, err)
		return
	}
	Deny(w, err)
}

type grantKey struct{}

// FromContext returns by which key the request of the context was let in, and
// false if by none. Guard.Wrap sets it; a host that calls Check by itself hands
// the Grant on in its own way.
func FromContext(ctx context.Context) (Grant, bool) {
	grant, ok := ctx.Value(grantKey{}).(Grant)
	return grant, ok
}
