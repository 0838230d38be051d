package webhook

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
)

// Discord verifies requests of Discord: Ed25519 over the timestamp and the body,
// in hex, in X-Signature-Ed25519. Nothing stands between the two, so a digit
// could move from one to the other: keep the window on. A PING is answered, once
// verified; Discord also probes with bad signatures and wants 401. It must not
// be copied after first use.
type Discord struct {
	// PublicKeys serves the public keys of the application, in hex: required.
	PublicKeys Source
	// WebhookEvents says that the endpoint is one for webhook events, where a
	// PING is type 0 and wants status 204. The default is one for interactions,
	// where a PING is type 1 and wants a document. The body does not tell.
	WebhookEvents bool
	// Tolerance is the window for X-Signature-Timestamp.
	Tolerance Tolerance

	ring ring
}

const (
	discordSignature = "X-Signature-Ed25519"
	discordTimestamp = "X-Signature-Timestamp"
)

var discordScheme = &scheme{public: discordPublic}

func discordPublic(value string) ([]byte, bool, error) {
	key := make([]byte, ed25519.PublicKeySize)
	if !decodeHex(key, value) {
		return nil, false, InvalidSecret
	}
	key, err := publicKey(key)
	return key, err == nil, err
}

// Check reports a configuration that would refuse every delivery.
func (s *Discord) Check() error {
	return checked("discord", s.Tolerance.check(), discordScheme.check(s.PublicKeys))
}

// Verify implements Verifier.
func (s *Discord) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	err = s.verify(ctx, m, &d)
	err = verdict(&d, m, "discord", err)
	return d, err
}

func (s *Discord) verify(ctx context.Context, m *Message, d *Delivery) error {
	k, err := s.ring.open(ctx, m, "POST", s.PublicKeys, discordScheme)
	if err != nil {
		return err
	}
	value, err := single(m.Header, discordSignature, MissingSignature)
	if err != nil {
		return err
	}
	at, err := single(m.Header, discordTimestamp, MissingTimestamp)
	if err != nil {
		return err
	}
	var signature [ed25519.SignatureSize]byte
	if !decodeHex(signature[:], value) {
		return blame(MalformedSignature, discordSignature)
	}
	if err := d.date(s.Tolerance, at, m.Time); err != nil {
		return err
	}
	message, body, err := m.whole(at)
	if err != nil {
		return err
	}
	i, ok := k.publicMatch(message, signature[:])
	if !ok {
		return SignatureMismatch
	}
	d.matched(&k.used[i], signature[:])
	return m.settle(d, body)
}

// Interpret implements Interpreter.
func (s *Discord) Interpret(m *Message, d *Delivery) error {
	if err := d.readJSON(m.Header); err != nil {
		return err
	}
	o, _ := asObject(d.Payload)
	var kind int64
	if o["type"] == nil || json.Unmarshal(o["type"], &kind) != nil || string(o["type"]) == "null" {
		return MalformedBody
	}
	switch {
	case s.WebhookEvents && kind == 0:
		d.Reply = &Reply{Reason: HandshakeOK, Status: http.StatusNoContent}
	case s.WebhookEvents:
		d.Event, _ = o.object("event").text("type")
	case kind == 1:
		d.Reply = jsonReply(map[string]int{"type": 1})
	default:
		d.ID, d.IDSigned = o.text("id")
	}
	return nil
}

// SignDiscord signs a message as Discord does: the mirror of Discord, which
// holds public keys only.
func SignDiscord(m *Message, private ed25519.PrivateKey) {
	at := strconv.FormatInt(m.Time.Unix(), 10)
	message := append([]byte(at), m.Body...)
	m.Header.Set(discordTimestamp, at)
	m.Header.Set(discordSignature, hex.EncodeToString(ed25519.Sign(private, message)))
}
