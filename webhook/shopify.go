package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// Shopify verifies deliveries of Shopify: HMAC-SHA256 by the app's client secret
// over the body, in base64, in X-Shopify-Hmac-SHA256. X-Shopify-Topic names the
// event and X-Shopify-Webhook-Id the id. No header is signed: a captured
// delivery can be sent again for another shop or topic, so compare the shop with
// the body where it matters. Keep the former client secret for an hour after a
// change. It must not be copied after first use.
type Shopify struct {
	// Secrets serves the client secrets of the app: required.
	Secrets Source

	ring ring
}

const (
	shopifySignature = "X-Shopify-Hmac-Sha256"
	shopifyTopic     = "X-Shopify-Topic"
)

// Check reports a configuration that would refuse every delivery.
func (s *Shopify) Check() error { return named("shopify", hmacSHA256.check(s.Secrets)) }

// Verify implements Verifier.
func (s *Shopify) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	err = s.verify(ctx, m, &d)
	err = verdict(&d, m, "shopify", err)
	return d, err
}

func (s *Shopify) verify(ctx context.Context, m *Message, d *Delivery) error {
	k, err := s.ring.open(ctx, m, "POST", s.Secrets, hmacSHA256)
	if err != nil {
		return err
	}
	value, err := single(m.Header, shopifySignature, MissingSignature)
	if err != nil {
		return err
	}
	if !decodeBase64(d.signature(k.size), strictBase64, value) {
		return blame(MalformedSignature, shopifySignature)
	}
	return k.verify(m, d)
}

// Interpret implements Interpreter.
func (s *Shopify) Interpret(m *Message, d *Delivery) error {
	d.ID = first(m.Header, "X-Shopify-Webhook-Id")
	d.RetryFor = 4 * time.Hour
	if err := d.readJSON(m.Header); err != nil {
		return err
	}
	if d.Event = first(m.Header, shopifyTopic); d.Event == "" {
		return blame(MissingEvent, shopifyTopic)
	}
	return nil
}

// Sign implements Signer.
func (s *Shopify) Sign(ctx context.Context, m *Message) error {
	key, err := signingKey(ctx, "shopify", s.Secrets, text)
	if err != nil {
		return err
	}
	m.Header.Set(shopifySignature, base64.StdEncoding.EncodeToString(digest(sha256.New, key, m.Body)))
	return nil
}
