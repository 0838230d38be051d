package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"time"
)

// Zoom verifies deliveries of Zoom: HMAC-SHA256 by the secret token over "v0:",
// the timestamp, ":" and the body, in hex after "v0=", in x-zm-signature. The
// event is the member event. The endpoint.url_validation handshake is answered,
// once verified. It must not be copied after first use.
type Zoom struct {
	// Secrets serves the secret tokens of the app: required. The verification
	// token is not one.
	Secrets Source
	// Tolerance is the window for x-zm-request-timestamp.
	Tolerance Tolerance

	ring ring
}

var zoomHeaders = versioned{"zoom", "X-Zm-Signature", "X-Zm-Request-Timestamp"}

// Check reports a configuration that would refuse every delivery.
func (z *Zoom) Check() error {
	return checked("zoom", z.Tolerance.check(), hmacSHA256.check(z.Secrets))
}

// Verify implements Verifier.
func (z *Zoom) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	err = zoomHeaders.verify(ctx, &z.ring, z.Secrets, z.Tolerance, m, &d)
	err = verdict(&d, m, "zoom", err)
	return d, err
}

// Interpret implements Interpreter.
func (z *Zoom) Interpret(m *Message, d *Delivery) error {
	d.RetryFor = 2 * time.Hour
	if err := d.readJSON(m.Header); err != nil {
		return err
	}
	o, _ := asObject(d.Payload)
	if d.Event, _ = o.text("event"); d.Event == "" {
		return MissingEvent
	}
	if d.Event != "endpoint.url_validation" {
		return nil
	}
	plain, ok := o.object("payload").text("plainToken")
	if !ok {
		return MalformedBody
	}
	if d.key == nil { // a delivery that Verify did not make
		return MissingSecret
	}
	answer := map[string]string{"plainToken": plain, "encryptedToken": digestHex(sha256.New, d.key.value, []byte(plain))}
	d.Reply = jsonReply(answer)
	return nil
}

// jsonReply answers a handshake with a document of plain values.
func jsonReply(document any) *Reply {
	body, err := json.Marshal(document)
	if err != nil {
		panic("webhook: " + err.Error()) // strings and numbers always encode
	}
	return &Reply{Reason: HandshakeOK, Body: body, Header: http.Header{"Content-Type": {"application/json"}}}
}

// Sign implements Signer.
func (z *Zoom) Sign(ctx context.Context, m *Message) error {
	return zoomHeaders.sign(ctx, z.Secrets, m)
}
