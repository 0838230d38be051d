package webhook

import (
	"context"
	"time"
)

// GitLab verifies deliveries of GitLab, by the secret token that it shows in
// X-Gitlab-Token, by the signing token with which newer versions sign as
// Standard Webhooks do, or by both. A token that is shown does not protect the
// body and does not age: use it over https only. X-Gitlab-Event names the event;
// the id is webhook-id, which only a signing token signs, else Idempotency-Key.
// It must not be copied after first use.
type GitLab struct {
	// Secrets serves the secret tokens.
	Secrets Source
	// SigningSecrets serves the signing tokens, base64 after an optional
	// "whsec_". If there are any, every delivery must be signed; if there are
	// secret tokens too, it must show one of them as well. One of the two lists
	// is required.
	SigningSecrets Source
	// Tolerance is the window for webhook-timestamp.
	Tolerance Tolerance

	tokens, signing ring
}

const (
	gitlabToken = "X-Gitlab-Token"
	gitlabEvent = "X-Gitlab-Event"
)

var signingScheme = &scheme{hash: standardScheme.hash, decode: standardSecret}

// Check reports a configuration that would refuse every delivery.
func (g *GitLab) Check() error {
	tokens, signing := shownToken.check(g.Secrets), signingScheme.check(g.SigningSecrets)
	switch {
	case signing == nil:
		tokens = nil // the one list or the other will do
	case ReasonOf(signing) != MissingSecret:
		tokens = signing
	}
	return checked("gitlab", g.Tolerance.check(), tokens)
}

// Verify implements Verifier.
func (g *GitLab) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	err = g.verify(ctx, m, &d)
	err = verdict(&d, m, "gitlab", err)
	return d, err
}

func (g *GitLab) verify(ctx context.Context, m *Message, d *Delivery) error {
	if m.Method != "POST" {
		return &SignatureError{Reason: MethodNotAllowed, Allow: "POST"}
	}
	tokens, err := optional(g.tokens.load(ctx, g.Secrets, shownToken))
	if err != nil {
		return err
	}
	signing, err := optional(g.signing.load(ctx, g.SigningSecrets, signingScheme))
	if err != nil {
		return err
	}
	if tokens == nil && signing == nil {
		return MissingSecret
	}
	if err := m.CheckLength(); err != nil {
		return err
	}
	if signing == nil {
		token, err := single(m.Header, gitlabToken, MissingToken)
		if err != nil {
			return err
		}
		return tokens.token(m, d, token, TokenMismatch)
	}
	if err := standardHeaders.verify(signing, g.Tolerance, m, d); err != nil || tokens == nil {
		return err
	}
	token, err := single(m.Header, gitlabToken, MissingToken)
	if err != nil {
		return err
	}
	if _, ok := tokens.shown(token); !ok {
		return TokenMismatch
	}
	return nil
}

// optional makes a list without secrets no list instead of an error.
func optional(k *keys, err error) (*keys, error) {
	if err != nil && ReasonOf(err) == MissingSecret {
		return nil, nil
	}
	return k, err
}

// Interpret implements Interpreter.
func (g *GitLab) Interpret(m *Message, d *Delivery) error {
	d.RetryFor = 24 * time.Hour
	if !d.IDSigned {
		if d.ID = first(m.Header, standardHeaders.id); d.ID == "" {
			d.ID = first(m.Header, "Idempotency-Key")
		}
	}
	if err := d.readJSON(m.Header); err != nil {
		return err
	}
	if d.Event = first(m.Header, gitlabEvent); d.Event == "" {
		return blame(MissingEvent, gitlabEvent)
	}
	return nil
}

// Sign implements Signer: it shows the token and signs, as far as there are
// secrets for it. To sign, the header must have a webhook-id.
func (g *GitLab) Sign(ctx context.Context, m *Message) error {
	token, tokenErr := signingKey(ctx, "gitlab", g.Secrets, text)
	if tokenErr == nil {
		m.Header.Set(gitlabToken, string(token))
	}
	key, err := signingKey(ctx, "gitlab", g.SigningSecrets, standardSecret)
	switch {
	case err == nil:
		return named("gitlab", standardHeaders.sign(m, key))
	case tokenErr == nil && ReasonOf(err) == MissingSecret:
		return nil
	}
	return err
}
