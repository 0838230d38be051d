package webhook

import (
	"context"
	"crypto/sha256"
)

// Bitbucket verifies deliveries of Bitbucket Cloud and Data Center:
// HMAC-SHA256 over the body, in hex after "sha256=", in X-Hub-Signature. (It is
// the header in which GitHub sends SHA-1.) X-Event-Key names the event, and
// X-Request-UUID, else X-Request-Id, the id; neither is signed. X-Hook-UUID
// proves nothing. It must not be copied after first use.
type Bitbucket struct {
	// Secrets serves the secrets of the hook: required.
	Secrets Source

	ring ring
}

const (
	bitbucketSignature = "X-Hub-Signature"
	bitbucketEvent     = "X-Event-Key"
)

// Check reports a configuration that would refuse every delivery.
func (b *Bitbucket) Check() error { return named("bitbucket", hmacSHA256.check(b.Secrets)) }

// Verify implements Verifier.
func (b *Bitbucket) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	err = b.verify(ctx, m, &d)
	err = verdict(&d, m, "bitbucket", err)
	return d, err
}

func (b *Bitbucket) verify(ctx context.Context, m *Message, d *Delivery) error {
	k, err := b.ring.open(ctx, m, "POST", b.Secrets, hmacSHA256)
	if err != nil {
		return err
	}
	value, err := single(m.Header, bitbucketSignature, MissingSignature)
	if err != nil {
		return err
	}
	if err := prefixedHex(d.signature(k.size), value, "sha256", bitbucketSignature); err != nil {
		return err
	}
	return k.verify(m, d)
}

// Interpret implements Interpreter.
func (b *Bitbucket) Interpret(m *Message, d *Delivery) error {
	if d.ID = first(m.Header, "X-Request-Uuid"); d.ID == "" {
		d.ID = first(m.Header, "X-Request-Id")
	}
	if err := d.readJSON(m.Header); err != nil {
		return err
	}
	if d.Event = first(m.Header, bitbucketEvent); d.Event == "" {
		return blame(MissingEvent, bitbucketEvent)
	}
	if d.Event == "diagnostics:ping" {
		d.Reply = &Reply{Reason: PingAck}
	}
	return nil
}

// Sign implements Signer.
func (b *Bitbucket) Sign(ctx context.Context, m *Message) error {
	key, err := signingKey(ctx, "bitbucket", b.Secrets, text)
	if err != nil {
		return err
	}
	m.Header.Set(bitbucketSignature, "sha256="+digestHex(sha256.New, key, m.Body))
	return nil
}
