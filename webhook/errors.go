package webhook

import (
	"errors"
	"net/http"
	"time"
)

// A Reason says in one word why a request was answered the way it was. The
// texts are stable: logs, metrics and the conformance vectors use them. A
// Reason is an error, so that errors.Is(err, webhook.SignatureMismatch) asks
// for it.
type Reason string

// What became of a genuine request.
const (
	OK          Reason = "ok"           // the handler ran
	PingAck     Reason = "ping_ack"     // a test message: acknowledged, handler not run
	HandshakeOK Reason = "handshake_ok" // an endpoint verification: answered, handler not run
	Duplicate   Reason = "duplicate"    // handled before: acknowledged, handler not run
)

// Why a request was refused before or by its authentication.
const (
	MethodNotAllowed     Reason = "method_not_allowed"
	MissingSecret        Reason = "missing_secret"        // no usable secret is configured
	InvalidSecret        Reason = "invalid_secret"        // a configured secret cannot be decoded
	SecretsUnavailable   Reason = "secrets_unavailable"   // the source of secrets failed
	BodyTooLarge         Reason = "body_too_large"        // more than MaxBody bytes, declared or sent
	BodyUnreadable       Reason = "body_unreadable"       // the connection broke while the body was read
	MissingSignature     Reason = "missing_signature"     // absent or blank
	MissingTimestamp     Reason = "missing_timestamp"     // absent or blank
	MissingID            Reason = "missing_id"            // absent or blank
	MissingToken         Reason = "missing_token"         // absent or blank
	MissingCode          Reason = "missing_code"          // absent or empty
	DuplicateHeader      Reason = "duplicate_header"      // a header that authenticates occurs twice
	MalformedSignature   Reason = "malformed_signature"   // cannot be parsed or decoded
	UnsupportedAlgorithm Reason = "unsupported_algorithm" // names an algorithm or version not accepted
	MalformedTimestamp   Reason = "malformed_timestamp"   // not 1 to 15 digits
	TimestampTooOld      Reason = "timestamp_too_old"     // before the window
	TimestampTooNew      Reason = "timestamp_too_new"     // after the window
	SignatureMismatch    Reason = "signature_mismatch"    // well formed but wrong
	TokenMismatch        Reason = "token_mismatch"        // wrong token
	CodeMismatch         Reason = "code_mismatch"         // wrong access code, or given twice
	BodyHashMismatch     Reason = "body_hash_mismatch"    // the hash in the signed URL is absent or wrong
)

// Why a genuine request was refused.
const (
	UnsupportedMediaType Reason = "unsupported_media_type"
	MalformedBody        Reason = "malformed_body"
	EmptyBody            Reason = "empty_body"
	MissingPayloadField  Reason = "missing_payload_field" // a form without its payload field
	MissingEvent         Reason = "missing_event"
	CallbackNotAllowed   Reason = "callback_not_allowed"
	MissingOrigin        Reason = "missing_origin"
	OriginNotAllowed     Reason = "origin_not_allowed"
	TopicNotAllowed      Reason = "topic_not_allowed"
	DeliveryPending      Reason = "delivery_pending"    // the same delivery is being handled right now
	ReplayUnavailable    Reason = "replay_unavailable"  // the replay memory failed or is full
	Overloaded           Reason = "overloaded"          // the pool takes no more work
	HandlerFailed        Reason = "handler_failed"      // the handler returned an error
	VerificationFailed   Reason = "verification_failed" // a foreign verifier gave an error of its own
	Misconfigured        Reason = "receiver_not_made"   // a Receiver that NewReceiver did not make
)

// Reasons that only the receivers of Functions 1.x give.
const (
	AdminBypass       Reason = "admin_bypass"       // the master key was shown: receiver skipped
	AuthDisabled      Reason = "auth_disabled"      // authorization is switched off: receiver skipped
	RouteNotFound     Reason = "route_not_found"    // method not among those of the function
	FunctionDisabled  Reason = "function_disabled"  // disabled, and no master key
	UnknownReceiver   Reason = "unknown_receiver"   // the type names no receiver
	UnknownKey        Reason = "unknown_key"        // no key of that name
	KeyLength         Reason = "key_length"         // key shorter or longer than the receiver takes
	InsecureTransport Reason = "insecure_transport" // not https
	MissingAction     Reason = "missing_action"     // no trigger word, command, text or type
	MissingChallenge  Reason = "missing_challenge"  // a handshake without its challenge
	UnknownAppKey     Reason = "unknown_app_key"    // application key header not configured
)

// Error returns the text of the reason.
func (r Reason) Error() string { return string(r) }

// StatusCode returns the status that usually goes with the reason: 401 for every
// failure to authenticate, whatever it was.
func (r Reason) StatusCode() int {
	switch r {
	case OK, PingAck, HandshakeOK, Duplicate, AdminBypass, AuthDisabled:
		return http.StatusOK
	case MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case MissingSecret, InvalidSecret, UnknownReceiver, UnknownKey, KeyLength, HandlerFailed, Misconfigured:
		return http.StatusInternalServerError
	case BodyTooLarge:
		return http.StatusRequestEntityTooLarge
	case UnsupportedMediaType:
		return http.StatusUnsupportedMediaType
	case MalformedBody, EmptyBody, MissingPayloadField, MissingEvent, CallbackNotAllowed, MissingOrigin,
		BodyUnreadable, InsecureTransport, MissingAction, MissingChallenge:
		return http.StatusBadRequest
	case OriginNotAllowed, TopicNotAllowed:
		return http.StatusForbidden
	case RouteNotFound, FunctionDisabled:
		return http.StatusNotFound
	case SecretsUnavailable, DeliveryPending, ReplayUnavailable, Overloaded:
		return http.StatusServiceUnavailable
	}
	return http.StatusUnauthorized
}

// A SignatureError refuses a request. It holds nothing secret: no signature, no
// secret and no piece of the body.
type SignatureError struct {
	Sender string        // name of the verifier, such as "github"
	Reason Reason        // why
	Header string        // the header that is to blame, if it is one
	Status int           // the status to answer; 0 is the usual one of the reason
	Allow  string        // for MethodNotAllowed: the methods taken, as the Allow header lists them
	Retry  time.Duration // when to come again, 0 if there is no telling
	Err    error         // what the error rests on, if anything: for the log only
}

// Error gives the sender, the reason, the header if one is to blame, and the
// cause.
func (e *SignatureError) Error() string {
	text := "webhook: \"" + e.Sender + "\": " + string(e.Reason)
	if e.Header != "" {
		text += ": header " + e.Header
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// StatusCode returns the status to answer with.
func (e *SignatureError) StatusCode() int {
	if e.Status != 0 {
		return e.Status
	}
	return e.Reason.StatusCode()
}

// RetryAfter returns how long the sender should wait before it tries again; 0
// is unknown.
func (e *SignatureError) RetryAfter() time.Duration { return e.Retry }

// Unwrap returns the reason and the cause, for errors.Is and errors.As.
func (e *SignatureError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Err}
}

// ReasonOf returns the reason in err's tree, OK if err is nil, and
// VerificationFailed if err has none.
func ReasonOf(err error) Reason {
	if err == nil {
		return OK
	}
	var reason Reason
	if errors.As(err, &reason) {
		return reason
	}
	return VerificationFailed
}

// blame says which header a reason is about.
func blame(reason Reason, header string) error {
	return &SignatureError{Reason: reason, Header: header}
}

// checked is the error of a sender whose configuration has these mistakes, nil
// ones aside.
func checked(sender string, mistakes ...error) error {
	for i, err := range mistakes {
		mistakes[i] = named(sender, err)
	}
	return errors.Join(mistakes...)
}

// named makes err the error of a sender: what the steps of verification return
// is a bare Reason, or a SignatureError that does not know its sender yet.
func named(sender string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*SignatureError); ok {
		if e.Sender == "" {
			e.Sender = sender
		}
		return e
	}
	if reason, ok := err.(Reason); ok {
		return &SignatureError{Sender: sender, Reason: reason}
	}
	return &SignatureError{Sender: sender, Reason: ReasonOf(err), Err: err}
}
