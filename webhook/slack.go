package webhook

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strconv"
	"time"
)

// Slack verifies requests of Slack: HMAC-SHA256 by the signing secret over
// "v0:", the timestamp, ":" and the body, in hex after "v0=", in
// X-Slack-Signature. The event is the command of a slash command, or event.type
// of the Events API, whose event_id is the id. The challenge of
// url_verification and the ssl_check probe are answered, once verified. It must
// not be copied after first use.
type Slack struct {
	// Secrets serves the signing secrets of the app: required. The verification
	// token is not one.
	Secrets Source
	// Tolerance is the window for X-Slack-Request-Timestamp.
	Tolerance Tolerance

	ring ring
}

// versioned says where a sender of the "v0:time:body" scheme puts things.
type versioned struct {
	sender, signature, timestamp string
}

var slackHeaders = versioned{"slack", "X-Slack-Signature", "X-Slack-Request-Timestamp"}

func (v versioned) verify(ctx context.Context, r *ring, src Source, tolerance Tolerance, m *Message, d *Delivery) error {
	k, err := r.open(ctx, m, "POST", src, hmacSHA256)
	if err != nil {
		return err
	}
	value, err := single(m.Header, v.signature, MissingSignature)
	if err != nil {
		return err
	}
	at, err := single(m.Header, v.timestamp, MissingTimestamp)
	if err != nil {
		return err
	}
	if err := prefixedHex(d.signature(k.size), value, "v0", v.signature); err != nil {
		return err
	}
	if err := d.date(tolerance, at, m.Time); err != nil {
		return err
	}
	return k.verify(m, d, "v0:", at, ":")
}

func (v versioned) sign(ctx context.Context, src Source, m *Message) error {
	key, err := signingKey(ctx, v.sender, src, text)
	if err != nil {
		return err
	}
	at := strconv.FormatInt(m.Time.Unix(), 10)
	m.Header.Set(v.timestamp, at)
	m.Header.Set(v.signature, "v0="+digestHex(sha256.New, key, m.Body, "v0:", at, ":"))
	return nil
}

// Check reports a configuration that would refuse every delivery.
func (s *Slack) Check() error {
	return checked("slack", s.Tolerance.check(), hmacSHA256.check(s.Secrets))
}

// Verify implements Verifier.
func (s *Slack) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	err = slackHeaders.verify(ctx, &s.ring, s.Secrets, s.Tolerance, m, &d)
	err = verdict(&d, m, "slack", err)
	return d, err
}

// Interpret implements Interpreter.
func (s *Slack) Interpret(m *Message, d *Delivery) error {
	d.RetryFor = 2 * time.Hour
	if kind, _ := mediaType(m.Header); kind == typeForm {
		return d.slackForm()
	}
	if err := d.readJSON(m.Header); err != nil {
		return err
	}
	o, _ := asObject(d.Payload)
	if kind, _ := o.text("type"); kind == "url_verification" {
		challenge, ok := o.text("challenge")
		if !ok {
			return MalformedBody
		}
		d.Reply = &Reply{
			Reason: HandshakeOK, Body: []byte(challenge),
			Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}},
		}
		return nil
	}
	d.Event, _ = o.object("event").text("type")
	d.ID, d.IDSigned = o.text("event_id")
	return nil
}

// slackForm reads slash commands and interactions. The latter have a JSON
// document in the field payload.
func (d *Delivery) slackForm() error {
	if len(d.Body) == 0 {
		return EmptyBody
	}
	d.Form = parseForm(string(d.Body))
	if d.Form.Get("ssl_check") == "1" {
		d.Reply = &Reply{Reason: HandshakeOK}
		return nil
	}
	d.Event = d.Form.Get("command")
	if raw, found := formField(string(d.Body), "payload"); found && validJSON([]byte(raw)) {
		d.Payload = []byte(raw)
	}
	return nil
}

// Sign implements Signer.
func (s *Slack) Sign(ctx context.Context, m *Message) error {
	return slackHeaders.sign(ctx, s.Secrets, m)
}
