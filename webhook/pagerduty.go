package webhook

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"
)

// PagerDuty verifies deliveries of PagerDuty's version 3 webhooks: HMAC-SHA256
// over the body, in hex after "v1=", in X-PagerDuty-Signature, which may list
// several. The event is event.event_type, the id event.id. No time is signed.
// It must not be copied after first use.
type PagerDuty struct {
	// Secrets serves the secrets of the subscription: required.
	Secrets Source
	// PassPing gives the event "pagey.ping" to the handler.
	PassPing bool

	ring ring
}

const pagerdutySignature = "X-Pagerduty-Signature"

// Check reports a configuration that would refuse every delivery.
func (p *PagerDuty) Check() error { return named("pagerduty", hmacSHA256.check(p.Secrets)) }

// Verify implements Verifier.
func (p *PagerDuty) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	err = p.verify(ctx, m, &d)
	err = verdict(&d, m, "pagerduty", err)
	return d, err
}

func (p *PagerDuty) verify(ctx context.Context, m *Message, d *Delivery) error {
	k, err := p.ring.open(ctx, m, "POST", p.Secrets, hmacSHA256)
	if err != nil {
		return err
	}
	value, err := single(m.Header, pagerdutySignature, MissingSignature)
	if err != nil {
		return err
	}
	if err := pagerdutyParts(value); err != nil {
		return blame(err.(Reason), pagerdutySignature)
	}
	return k.verifyList(m, d, hexList(value, "v1"))
}

// pagerdutyParts checks that there is a signature to compare with.
func pagerdutyParts(value string) error {
	broken := false
	for part := range strings.SplitSeq(value, ",") {
		name, content, found := strings.Cut(trim(part), "=")
		var digest [sha256.Size]byte
		switch {
		case !found:
			broken = true
		case name != "v1":
		case decodeHex(digest[:], content):
			return nil
		default:
			broken = true
		}
	}
	if broken {
		return MalformedSignature
	}
	return UnsupportedAlgorithm
}

// Interpret implements Interpreter.
func (p *PagerDuty) Interpret(m *Message, d *Delivery) error {
	d.RetryFor = 48 * time.Hour
	if err := d.readJSON(m.Header); err != nil {
		return err
	}
	o, _ := asObject(d.Payload)
	event := o.object("event")
	if d.Event, _ = event.text("event_type"); d.Event == "" {
		return MissingEvent
	}
	d.ID, d.IDSigned = event.text("id")
	if d.Event == "pagey.ping" && !p.PassPing {
		d.Reply = &Reply{Reason: PingAck}
	}
	return nil
}

// Sign implements Signer.
func (p *PagerDuty) Sign(ctx context.Context, m *Message) error {
	key, err := signingKey(ctx, "pagerduty", p.Secrets, text)
	if err != nil {
		return err
	}
	m.Header.Set(pagerdutySignature, "v1="+digestHex(sha256.New, key, m.Body))
	return nil
}
