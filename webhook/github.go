package webhook

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"strings"
)

// GitHub verifies deliveries of GitHub: HMAC-SHA256 over the body, in hex after
// "sha256=", in X-Hub-Signature-256. JSON deliveries and form deliveries both
// pass; of the latter the signature covers the form, and Payload is its payload
// field. X-GitHub-Event names the event and X-GitHub-Delivery the id, which is
// not signed. It must not be copied after first use.
type GitHub struct {
	// Secrets serves the secrets of the hook: required.
	Secrets Source
	// InsecureSHA1 accepts HMAC-SHA1 in X-Hub-Signature of senders that send
	// nothing better. A SHA-256 signature, good or bad, is never passed over.
	InsecureSHA1 bool
	// PassPing gives the event "ping" to the handler instead of acknowledging it.
	PassPing bool

	sha256, sha1 ring
}

var (
	hmacSHA256 = &scheme{hash: sha256.New, decode: text}
	hmacSHA1   = &scheme{hash: sha1.New, decode: text}
)

const (
	githubSignature256 = "X-Hub-Signature-256"
	githubSignature    = "X-Hub-Signature"
	githubEvent        = "X-Github-Event"
	githubDelivery     = "X-Github-Delivery"
)

// Check reports a configuration that would refuse every delivery.
func (g *GitHub) Check() error { return named("github", hmacSHA256.check(g.Secrets)) }

// MaxBody is the largest body that GitHub sends, in bytes: 25 MiB.
func (g *GitHub) MaxBody() int64 { return 25 << 20 }

// Verify implements Verifier.
func (g *GitHub) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	err = g.verify(ctx, m, &d)
	err = verdict(&d, m, "github", err)
	return d, err
}

func (g *GitHub) verify(ctx context.Context, m *Message, d *Delivery) error {
	r, sch, header, prefix := &g.sha256, hmacSHA256, githubSignature256, "sha256"
	if g.InsecureSHA1 && len(m.Header[githubSignature256]) == 0 {
		r, sch, header, prefix = &g.sha1, hmacSHA1, githubSignature, "sha1"
	}
	k, err := r.open(ctx, m, "POST", g.Secrets, sch)
	if err != nil {
		return err
	}
	value, err := single(m.Header, header, MissingSignature)
	if err != nil {
		return err
	}
	if err := prefixedHex(d.signature(k.size), value, prefix, header); err != nil {
		return err
	}
	return k.verify(m, d)
}

// Sign implements Signer. With InsecureSHA1 it signs the old way too.
func (g *GitHub) Sign(ctx context.Context, m *Message) error {
	key, err := signingKey(ctx, "github", g.Secrets, text)
	if err != nil {
		return err
	}
	m.Header.Set(githubSignature256, "sha256="+digestHex(sha256.New, key, m.Body))
	if g.InsecureSHA1 {
		m.Header.Set(githubSignature, "sha1="+digestHex(sha1.New, key, m.Body))
	}
	return nil
}

// prefixedHex reads "name=hex": the name must be the one expected, and is
// judged before the digits.
func prefixedHex(dst []byte, value, name, header string) error {
	if rest := len(name) + 1; len(value) > rest && value[:rest-1] == name && value[rest-1] == '=' && decodeHex(dst, value[rest:]) {
		return nil
	}
	got, digits, found := strings.Cut(value, "=")
	switch {
	case !found:
		return blame(MalformedSignature, header)
	case got != name:
		return blame(UnsupportedAlgorithm, header)
	case !decodeHex(dst, digits):
		return blame(MalformedSignature, header)
	}
	return nil
}

// Interpret implements Interpreter.
func (g *GitHub) Interpret(m *Message, d *Delivery) error {
	d.ID = first(m.Header, githubDelivery)
	if kind, _ := mediaType(m.Header); kind == typeForm {
		if err := d.formPayload(); err != nil {
			return err
		}
	} else if err := d.readJSON(m.Header); err != nil {
		return err
	}
	if d.Event = first(m.Header, githubEvent); d.Event == "" {
		return blame(MissingEvent, githubEvent)
	}
	if d.Event == "ping" && !g.PassPing {
		d.Reply = &Reply{Reason: PingAck}
	}
	return nil
}

// formPayload takes the JSON document out of the field "payload".
func (d *Delivery) formPayload() error {
	if len(d.Body) == 0 {
		return EmptyBody
	}
	raw, found := formField(string(d.Body), "payload")
	if !found {
		return MissingPayloadField
	}
	payload := []byte(raw)
	if !validJSON(payload) {
		return MalformedBody
	}
	d.Form, d.Payload = parseForm(string(d.Body)), payload
	return nil
}
