package webhook_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"testing"

	"github.com/httptrigger/httptrigger/webhook"
	"github.com/httptrigger/httptrigger/webhook/verifiertest"
)

const (
	sharedKey   = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	plainSecret = "It's a Secret to Everybody"
)

// TestConformance puts every verifier to the rules that it asks of others.
func TestConformance(t *testing.T) {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public := []byte(private.Public().(ed25519.PublicKey))
	one, none := webhook.Static("former secret", plainSecret), webhook.Static("", "")
	shared := webhook.Static(sharedKey)

	type signer interface {
		webhook.Verifier
		webhook.Signer
	}
	for _, test := range []struct {
		name     string
		with     func(webhook.Source) signer
		secrets  webhook.Secrets
		extra    []string // signed headers that Sign does not set
		windowed bool
		token    bool
	}{
		{name: "github", secrets: one, with: func(s webhook.Source) signer { return &webhook.GitHub{Secrets: s} }},
		{name: "github sha1", secrets: one, with: func(s webhook.Source) signer { return sha1Only{&webhook.GitHub{Secrets: s, InsecureSHA1: true}} }},
		{name: "bitbucket", secrets: one, with: func(s webhook.Source) signer { return &webhook.Bitbucket{Secrets: s} }},
		{name: "slack", secrets: one, windowed: true, with: func(s webhook.Source) signer { return &webhook.Slack{Secrets: s} }},
		{name: "zoom", secrets: one, windowed: true, with: func(s webhook.Source) signer { return &webhook.Zoom{Secrets: s} }},
		{name: "stripe", secrets: one, windowed: true, with: func(s webhook.Source) signer { return &webhook.Stripe{Secrets: s} }},
		{name: "shopify", secrets: one, with: func(s webhook.Source) signer { return &webhook.Shopify{Secrets: s} }},
		{name: "pagerduty", secrets: one, with: func(s webhook.Source) signer { return &webhook.PagerDuty{Secrets: s} }},
		{name: "twilio", secrets: one, with: func(s webhook.Source) signer { return &webhook.Twilio{AuthTokens: s} }},
		{name: "standard", secrets: shared, windowed: true, extra: []string{"Webhook-Id"},
			with: func(s webhook.Source) signer { return &webhook.Standard{Secrets: s} }},
		{name: "svix", secrets: shared, windowed: true, extra: []string{"Svix-Id"},
			with: func(s webhook.Source) signer { return &webhook.Standard{Secrets: s, Svix: true} }},
		{name: "standard public", secrets: webhook.Static("whpk_" + base64.StdEncoding.EncodeToString(public)),
			windowed: true, extra: []string{"Webhook-Id"},
			with: func(s webhook.Source) signer { return asymmetric{&webhook.Standard{Secrets: s}, private, false} }},
		{name: "discord", secrets: webhook.Static(hex.EncodeToString(public)), windowed: true,
			with: func(s webhook.Source) signer { return asymmetric{&webhook.Discord{PublicKeys: s}, private, true} }},
		{name: "gitlab signing", secrets: shared, windowed: true, extra: []string{"Webhook-Id"},
			with: func(s webhook.Source) signer { return &webhook.GitLab{SigningSecrets: s} }},
		{name: "gitlab token", secrets: one, token: true, with: func(s webhook.Source) signer { return &webhook.GitLab{Secrets: s} }},
		{name: "eventgrid", secrets: one, token: true, with: func(s webhook.Source) signer { return &webhook.EventGrid{Secrets: s} }},
		{name: "genericjson", secrets: one, token: true, with: func(s webhook.Source) signer { return &webhook.GenericJSON{Secrets: s} }},
		{name: "dockerhub", secrets: one, token: true, with: func(s webhook.Source) signer { return &webhook.DockerHub{Secrets: s} }},
		{name: "cloudevents", secrets: one, token: true, with: func(s webhook.Source) signer { return &webhook.CloudEvents{Tokens: s} }},
		{name: "hmac", secrets: one, windowed: true, with: func(s webhook.Source) signer {
			return &webhook.HMAC{
				Secrets: s, Header: "x-sig", Prefix: "sig ", Hash: webhook.SHA512, Encoding: webhook.Base64URL,
				TimestampHeader: "X-Ts", Signed: "{timestamp}:{body}:{timestamp}:end",
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := test.with(test.secrets)
			c := verifiertest.Config{
				Verifier: v, Sign: v.Sign, Unsecured: test.with(none), Signed: test.extra, Token: test.token,
			}
			for _, s := range test.secrets {
				c.Secrets = append(c.Secrets, s.Reveal())
			}
			if test.windowed {
				c.Tolerance = webhook.DefaultTolerance
			}
			verifiertest.Run(t, c)
		})
	}
}

// sha1Only is a GitHub of old, which sends one signature.
type sha1Only struct{ *webhook.GitHub }

func (s sha1Only) Sign(ctx context.Context, m *webhook.Message) error {
	err := s.GitHub.Sign(ctx, m)
	m.Header.Del("X-Hub-Signature-256")
	return err
}

// asymmetric signs with a private key for a verifier that has only the public
// one.
type asymmetric struct {
	webhook.Verifier
	key     ed25519.PrivateKey
	discord bool
}

func (a asymmetric) Check() error { return a.Verifier.(webhook.Checker).Check() }

func (a asymmetric) Sign(_ context.Context, m *webhook.Message) error {
	if a.discord {
		webhook.SignDiscord(m, a.key)
		return nil
	}
	return webhook.SignPublic(m, a.key)
}
