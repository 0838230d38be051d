package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// A Verifier tells whether a message is genuine and fresh. It looks at method,
// headers, time and signature, and does not look into the body: whether a
// genuine body makes sense is for an Interpreter.
//
// What an implementation owes, and verifiertest checks:
//
//   - It refuses in this order: a method it does not take, no usable secret, a
//     declared length over the limit (Message.CheckLength), headers that are
//     missing or repeated, their syntax, the time; only then it reads the body
//     (Message.ReadBody) and compares.
//   - No secret is never no check.
//   - It compares in constant time, under every live secret.
//   - Its errors are a *SignatureError, or wrap a Reason; they hold no secret.
//   - It does not keep the message, and may be called concurrently.
type Verifier interface {
	Verify(ctx context.Context, m *Message) (Delivery, error)
}

// An Interpreter is a Verifier that can say what a genuine message means. It
// checks the media type and the shape of the body, and fills in Event, ID,
// Payload, Form and Reply. Its errors are like those of Verify.
type Interpreter interface {
	Interpret(m *Message, d *Delivery) error
}

// A Checker is a Verifier that can tell before the first request whether it is
// configured right. NewReceiver asks.
type Checker interface {
	Check() error
}

// Match tells which secret a message was signed with: its position in the list
// as served, from 0, and its name. The value is not in it.
type Match struct {
	Index int
	Name  string
}

// A Delivery is a message that was found genuine, and what it says.
type Delivery struct {
	Sender string // name of the verifier: "github"
	Event  string // what happened, in the sender's words; may be empty
	ID     string // the sender's id of the delivery; may be empty

	// IDSigned tells whether the signature covers ID. If it does not, whoever
	// replays a captured request can change it.
	IDSigned bool

	Secret   Match     // which secret matched
	SignedAt time.Time // the signed timestamp; zero if the sender signs none

	// Header is the header of the request. It is shared with it, and unless the
	// sender signs one of them, anybody on the way could have changed them. It
	// may hold a token, and so it is left out where a delivery is printed, logged
	// or encoded in JSON.
	Header http.Header `json:"-"`
	// Body has the bytes as received; these were signed. They belong to the
	// receiver of the delivery.
	Body []byte
	// Payload is the JSON document in the body: without a byte order mark, and
	// taken from its form field where the sender wraps it. Nil if there is none.
	Payload []byte
	// Form has the fields of a form body, else nil.
	Form url.Values

	// Reply is the answer to a handshake or a test message, for which no handler
	// runs; nil for everything else.
	Reply *Reply

	// Success is the status to answer when the handler ran and wrote nothing;
	// 0 is 200.
	Success int

	// RetryFor is how long the sender repeats a delivery; 0 is unknown. Unless
	// Config.ReplayFor says otherwise the replay memory keeps it at least as long.
	RetryFor time.Duration

	// Signature has the bytes of the signature that matched, decoded, so that
	// another spelling of it is the same. It is empty for senders that only show
	// a token. The replay memory keeps a digest of it.
	Signature Signature

	fresh      time.Duration // from its receipt on, as long as its timestamp passes
	key        *key          // the key that matched, for handshakes that need it
	source     string        // what the id is unique in, where that is more than the sender
	code       string        // the query parameter that held an access code, if one did
	digestBody bool          // whether the body tells deliveries apart that have no id
	soap       bool          // whether the sender waits for an acknowledgement in SOAP
}

// Format writes who sent what, and how large it is, whatever the verb: in the
// header there may be a token, and the body is nobody's business.
func (d Delivery) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

// String returns who sent what, and how large it is.
func (d Delivery) String() string {
	return fmt.Sprintf("delivery of %q: event %q, id %q, %d bytes", d.Sender, d.Event, d.ID, len(d.Body))
}

// LogValue returns the same as attributes.
func (d Delivery) LogValue() slog.Value {
	return slog.GroupValue(slog.String("sender", d.Sender), slog.String("event", d.Event), slog.String("id", d.ID),
		slog.String("secret", d.Secret.Name), slog.Int("bytes", len(d.Body)))
}

// Reply answers a request in place of a handler.
type Reply struct {
	Reason Reason // HandshakeOK or PingAck
	Status int    // 0 is 200
	Header http.Header
	Body   []byte
}

// Signature is the signature of a delivery, at most 64 bytes.
type Signature struct {
	n     uint8
	bytes [64]byte
}

// SignatureOf copies the first 64 bytes of b.
func SignatureOf(b []byte) Signature {
	var s Signature
	s.n = uint8(copy(s.bytes[:], b))
	return s
}

// Bytes returns a copy of the signature, nil if there is none.
func (s Signature) Bytes() []byte {
	if s.n == 0 {
		return nil
	}
	return append([]byte(nil), s.bytes[:s.n]...)
}

// JSON decodes the payload into v, as encoding/json does. The payload of a
// delivery that came through a receiver is known to be valid.
func (d *Delivery) JSON(v any) error { return json.Unmarshal(d.Payload, v) }

// Verify tells whether a message that is at hand in bytes is genuine, without
// an HTTP server: a POST received now. It does not look into the body: Event, ID,
// Payload and the like are an [Interpreter]'s to fill in. Who wants them, or has
// another time, method or URL, fills in a [Message] and calls the verifier's methods.
// The error is a [*SignatureError] or wraps a [Reason].
func Verify(ctx context.Context, v Verifier, header http.Header, body []byte) (Delivery, error) {
	return v.Verify(ctx, &Message{
		Method: http.MethodPost, Scheme: "https", Header: header, Time: time.Now(),
		Body: body, MaxBody: max(int64(len(body)), 1),
	})
}
