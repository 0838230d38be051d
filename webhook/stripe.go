package webhook

import (
	"context"
	"crypto/sha256"
	"strconv"
	"strings"
	"time"
)

// Stripe verifies events of Stripe: HMAC-SHA256 by the endpoint's secret over
// the timestamp, "." and the body, in hex, as v1 in Stripe-Signature. The secret
// is used as it is written, "whsec_" included. Several v1 occur while Stripe
// rolls a secret, and any may match; v0 is passed over. The body is a JSON
// object; its type is the event, its id the id. It must not be copied after
// first use.
type Stripe struct {
	// Secrets serves the secrets of the endpoint: required.
	Secrets Source
	// Tolerance is the window for the timestamp. Queues that verify late say
	// when they received a message in Message.Time.
	Tolerance Tolerance

	ring ring
}

const stripeSignature = "Stripe-Signature"

// Check reports a configuration that would refuse every delivery.
func (s *Stripe) Check() error {
	return checked("stripe", s.Tolerance.check(), hmacSHA256.check(s.Secrets))
}

// Verify implements Verifier.
func (s *Stripe) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	err = s.verify(ctx, m, &d)
	err = verdict(&d, m, "stripe", err)
	return d, err
}

func (s *Stripe) verify(ctx context.Context, m *Message, d *Delivery) error {
	k, err := s.ring.open(ctx, m, "POST", s.Secrets, hmacSHA256)
	if err != nil {
		return err
	}
	value, err := single(m.Header, stripeSignature, MissingSignature)
	if err != nil {
		return err
	}
	at, err := stripeParts(value)
	if err != nil {
		return blame(err.(Reason), stripeSignature)
	}
	if err := d.date(s.Tolerance, at, m.Time); err != nil {
		return err
	}
	return k.verifyList(m, d, hexList(value, "v1"), at, ".")
}

// stripeParts checks the syntax of the header and returns its timestamp.
func stripeParts(value string) (at string, err error) {
	var stamps, usable, broken int
	for part := range strings.SplitSeq(value, ",") {
		name, content, found := strings.Cut(trim(part), "=")
		if !found {
			return "", MalformedSignature
		}
		switch name {
		case "t":
			at = content
			stamps++
		case "v1":
			var digest [sha256.Size]byte
			if decodeHex(digest[:], content) {
				usable++
			} else {
				broken++
			}
		}
	}
	switch {
	case stamps > 1:
		return "", MalformedSignature
	case stamps == 0:
		return "", MissingTimestamp
	case usable > 0:
		return at, nil
	case broken > 0:
		return "", MalformedSignature
	}
	return "", UnsupportedAlgorithm
}

// Interpret implements Interpreter.
func (s *Stripe) Interpret(m *Message, d *Delivery) error {
	d.RetryFor = 72 * time.Hour
	if err := d.readJSON(m.Header); err != nil {
		return err
	}
	o, ok := asObject(d.Payload)
	if !ok {
		return MalformedBody
	}
	d.Event, _ = o.text("type")
	d.ID, d.IDSigned = o.text("id")
	return nil
}

// Sign implements Signer.
func (s *Stripe) Sign(ctx context.Context, m *Message) error {
	key, err := signingKey(ctx, "stripe", s.Secrets, text)
	if err != nil {
		return err
	}
	at := strconv.FormatInt(m.Time.Unix(), 10)
	m.Header.Set(stripeSignature, "t="+at+",v1="+digestHex(sha256.New, key, m.Body, at, "."))
	return nil
}
