package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"strings"
)

// one returns the value of a header that must occur exactly once.
func one(h http.Header, name string, missing Reason) (string, error) {
	switch values := h[name]; len(values) {
	case 0:
		return "", bad(missing, name)
	case 1:
		return values[0], nil
	}
	return "", bad(DuplicateHeader, name)
}

// hashed reads the body and compares its digest, of what precedes it and what
// follows, with a signature of any length.
func (m *Message) hashed(d *Delivery, newHash func() hash.Hash, key string, signature []byte, after string) error {
	mac := hmac.New(newHash, []byte(key))
	body, err := m.ReadBody(mac)
	if err != nil {
		return err
	}
	mac.Write([]byte(after))
	if !hmac.Equal(mac.Sum(nil), signature) {
		return bad(SignatureMismatch, "")
	}
	d.Body, d.Signature = body, SignatureOf(signature)
	return nil
}

// github: HMAC-SHA1 after "sha1=", blanks around the pieces and further equals
// signs passed over, as the source does.
func (l *legacy) github(ctx context.Context, m *Message, d *Delivery) error {
	key, err := l.key(ctx, m, d)
	if err != nil {
		return err
	}
	value, err := one(m.Header, githubSignature, MissingSignature)
	if err != nil {
		return err
	}
	var pieces []string
	for piece := range strings.SplitSeq(value, "=") {
		if piece = strings.TrimSpace(piece); piece != "" {
			pieces = append(pieces, piece)
		}
	}
	if len(pieces) != 2 {
		return bad(MalformedSignature, githubSignature)
	}
	if !strings.EqualFold(pieces[0], "sha1") {
		return bad(UnsupportedAlgorithm, githubSignature)
	}
	signature, err := hex.DecodeString(pieces[1])
	if err != nil {
		return bad(MalformedSignature, githubSignature)
	}
	return m.hashed(d, sha1.New, key, signature, "")
}

// signed returns the key and the signature that is all of a header.
func (l *legacy) signed(ctx context.Context, m *Message, d *Delivery, header string, decode func(string) ([]byte, error)) (key string, signature []byte, err error) {
	if key, err = l.key(ctx, m, d); err != nil {
		return "", nil, err
	}
	value, err := one(m.Header, header, MissingSignature)
	if err != nil {
		return "", nil, err
	}
	if signature, err = decode(value); err != nil {
		return "", nil, bad(MalformedSignature, header)
	}
	return key, signature, nil
}

// dropbox: HMAC-SHA256 in bare hex.
func (l *legacy) dropbox(ctx context.Context, m *Message, d *Delivery) error {
	const header = "X-Dropbox-Signature"
	key, signature, err := l.signed(ctx, m, d, header, hex.DecodeString)
	if err != nil {
		return err
	}
	return m.hashed(d, sha256.New, key, signature, "")
}

// dropboxChallenge echoes the challenge, which proves that there is a key.
func (l *legacy) dropboxChallenge(ctx context.Context, m *Message, d *Delivery) error {
	if _, err := l.key(ctx, m, d); err != nil {
		return err
	}
	challenge := joined(queryValues(m.Query(), "challenge", true))
	if challenge == "" {
		return bad(MissingChallenge, "")
	}
	d.Reply = &Reply{Reason: HandshakeOK, Body: []byte(challenge), Header: http.Header{
		"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"},
	}}
	return nil
}

// trello: HMAC-SHA1 over the body and then the absolute URL, in base64.
func (l *legacy) trello(ctx context.Context, m *Message, d *Delivery) error {
	const header = "X-Trello-Webhook"
	key, signature, err := l.signed(ctx, m, d, header, base64.StdEncoding.DecodeString)
	if err != nil {
		return err
	}
	return m.hashed(d, sha1.New, key, signature, m.URL())
}

func (l *legacy) trelloProbe(ctx context.Context, m *Message, d *Delivery) error {
	_, err := l.key(ctx, m, d)
	d.Reply = &Reply{Reason: HandshakeOK}
	return err
}

// pusher: HMAC-SHA256 in hex by the secret of an application, picked from the
// key "app_secret; app2_secret2" by a header. The list is read anew for each
// request.
func (l *legacy) pusher(ctx context.Context, m *Message, d *Delivery) error {
	const appHeader, header = "X-Pusher-Key", "X-Pusher-Signature"
	list, signature, err := l.signed(ctx, m, d, header, hex.DecodeString)
	if err != nil {
		return err
	}
	app, err := one(m.Header, appHeader, UnknownAppKey)
	if err != nil {
		return err
	}
	for entry := range strings.SplitSeq(list, ";") {
		name, secret, found := strings.Cut(strings.TrimSpace(entry), "_")
		if found && secret != "" && name == app {
			return m.hashed(d, sha256.New, secret, signature, "")
		}
	}
	return bad(UnknownAppKey, appHeader)
}

// stripe verifies the signature, as release 1.2.2 of the receivers does, and
// the time. Release 1.2.0 asks Stripe for the event instead.
func (l *legacy) stripe(ctx context.Context, m *Message, d *Delivery) error {
	key, err := l.key(ctx, m, d)
	if err != nil {
		return err
	}
	match := d.Secret
	s, posted := Stripe{Secrets: Static(key)}, *m
	posted.Method = "POST"
	if err := s.verify(ctx, &posted, d); err != nil {
		return &SignatureError{Reason: ReasonOf(err), Header: stripeSignature, Status: legacyStatus(err)}
	}
	d.Secret = match
	return nil
}

// legacyStatus turns the 401 of today into the 400 of Functions 1.x.
func legacyStatus(err error) int {
	if reason := ReasonOf(err); reason.StatusCode() != http.StatusUnauthorized {
		return reason.StatusCode()
	}
	return http.StatusBadRequest
}

// slack: the key is the token field of the form.
func (l *legacy) slack(ctx context.Context, m *Message, d *Delivery) error {
	if err := l.secure(m); err != nil {
		return err
	}
	if kind, _ := mediaType(m.Header); kind != typeForm {
		return blame(UnsupportedMediaType, "Content-Type")
	}
	key, err := l.key(ctx, m, d)
	if err != nil {
		return err
	}
	if d.Body, err = m.ReadBody(); err != nil {
		return err
	}
	var tokens []string // a stranger's form is looked through, but not taken apart
	for name, value := range orderedForm(string(d.Body)) {
		if strings.EqualFold(name, "token") {
			tokens = append(tokens, value)
		}
	}
	if token := joined(tokens); token == "" || !same(token, key) {
		return bad(TokenMismatch, "")
	}
	return nil
}

// mailchimpProbe is the GET by which MailChimp looks whether the URL is there.
func (l *legacy) mailchimpProbe(ctx context.Context, m *Message, d *Delivery) error {
	d.Reply = &Reply{Reason: HandshakeOK}
	return l.code(ctx, m, d)
}
