package webhook

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
)

// GenericJSON verifies callers that show a key itself: in the query parameter
// code, else in the header x-functions-key. The body is any JSON; the query
// parameter action names the event, "change" if there is none. A key that is
// shown does not protect the body and does not age: use it over https only. It
// must not be copied after first use.
type GenericJSON struct {
	// Secrets serves the keys: required.
	Secrets Source

	ring ring
}

// shownToken is the scheme of senders that show their secret.
var shownToken = &scheme{decode: text}

const functionsKey = "X-Functions-Key"

// Check reports a configuration that would refuse every delivery.
func (g *GenericJSON) Check() error { return named("genericjson", shownToken.check(g.Secrets)) }

// Verify implements Verifier.
func (g *GenericJSON) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	err = g.verify(ctx, m, &d)
	err = verdict(&d, m, "genericjson", err)
	return d, err
}

func (g *GenericJSON) verify(ctx context.Context, m *Message, d *Delivery) error {
	k, err := g.ring.open(ctx, m, "POST", g.Secrets, shownToken)
	if err != nil {
		return err
	}
	return k.accessCode(m, d, true)
}

// Sign implements Signer: it shows the key in the header.
func (g *GenericJSON) Sign(ctx context.Context, m *Message) error {
	key, err := signingKey(ctx, "genericjson", g.Secrets, text)
	if err != nil {
		return err
	}
	m.Header.Set(functionsKey, string(key))
	return nil
}

// accessCode compares the code that a request shows with the keys, and then
// reads the body. The query comes before the header; fold says that the case of
// the parameter's name does not count.
func (k *keys) accessCode(m *Message, d *Delivery, fold bool) error {
	shown := queryValues(m.Query(), "code", fold)
	if len(shown) > 0 {
		d.code = "code"
	}
	switch {
	case len(shown) > 1:
		return CodeMismatch
	case len(shown) == 0 || shown[0] == "":
		value, err := single(m.Header, functionsKey, MissingCode)
		if err != nil {
			return err
		}
		shown = []string{value}
	}
	return k.token(m, d, shown[0], CodeMismatch)
}

// shown returns the place of the first key that token is. Digests are compared,
// so that not even the length tells anything.
func (k *keys) shown(token string) (int, bool) {
	digest := sha256.Sum256([]byte(token))
	found := -1
	for i := len(k.used) - 1; i >= 0; i-- {
		if subtle.ConstantTimeCompare(k.used[i].digest[:], digest[:]) == 1 {
			found = i
		}
	}
	return found, found >= 0
}

// token compares a token with the keys and then reads the body: a stranger's
// is not read at all.
func (k *keys) token(m *Message, d *Delivery, token string, mismatch Reason) error {
	i, ok := k.shown(token)
	if !ok {
		return mismatch
	}
	body, err := m.ReadBody()
	if err != nil {
		return err
	}
	d.Body = body
	d.Secret, d.key = k.used[i].secret, &k.used[i]
	return nil
}

// Interpret implements Interpreter.
func (g *GenericJSON) Interpret(m *Message, d *Delivery) error {
	if err := d.readJSON(m.Header); err != nil {
		return err
	}
	d.Event = "change"
	if actions := queryValues(m.Query(), "action", true); len(actions) > 0 && actions[0] != "" {
		d.Event = actions[0]
	}
	return nil
}
