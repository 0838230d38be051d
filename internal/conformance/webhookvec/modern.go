package webhookvec

import (
	"fmt"
	"reflect"
	"time"

	"github.com/httptrigger/httptrigger/webhook"
)

// modern maps a provider and its options to a verifier whose secrets come from
// such a source. An option that the provider does not take is an error: nothing is passed over.
func modern(v *vector, source func(...string) webhook.Source) (webhook.Verifier, error) {
	o, secrets := v.Options, source(v.Secrets...)
	common := options{VerifyOnly: o.VerifyOnly, MaxBody: o.MaxBody, ReplayMode: o.ReplayMode}
	only := func(allowed options) error {
		if !reflect.DeepEqual(o, allowed) {
			return fmt.Errorf("options %+v for %q", o, v.Provider)
		}
		return nil
	}
	tolerance := webhook.Tolerance(0)
	if o.ToleranceS != nil {
		tolerance = webhook.Tolerance(time.Duration(*o.ToleranceS) * time.Second)
		if *o.ToleranceS == 0 {
			tolerance = webhook.InsecureAnyTime
		}
	}
	timed := common
	timed.ToleranceS = o.ToleranceS
	switch v.Provider {
	case "github":
		common.AllowSHA1 = o.AllowSHA1
		return &webhook.GitHub{Secrets: secrets, InsecureSHA1: o.AllowSHA1}, only(common)
	case "slack":
		return &webhook.Slack{Secrets: secrets, Tolerance: tolerance}, only(timed)
	case "stripe":
		return &webhook.Stripe{Secrets: secrets, Tolerance: tolerance}, only(timed)
	case "standard-webhooks":
		return &webhook.Standard{Secrets: secrets, Tolerance: tolerance}, only(timed)
	case "svix":
		return &webhook.Standard{Secrets: secrets, Tolerance: tolerance, Svix: true}, only(timed)
	case "zoom":
		return &webhook.Zoom{Secrets: secrets, Tolerance: tolerance}, only(timed)
	case "shopify":
		return &webhook.Shopify{Secrets: secrets}, only(common)
	case "bitbucket":
		return &webhook.Bitbucket{Secrets: secrets}, only(common)
	case "pagerduty":
		return &webhook.PagerDuty{Secrets: secrets}, only(common)
	case "gitlab":
		timed.SigningSecrets = o.SigningSecrets
		return &webhook.GitLab{
			Secrets: secrets, SigningSecrets: source(o.SigningSecrets...), Tolerance: tolerance,
		}, only(timed)
	case "discord":
		timed.Kind = o.Kind
		if o.Kind != "" && o.Kind != "interactions" && o.Kind != "webhook-events" {
			return nil, fmt.Errorf("kind %q", o.Kind)
		}
		return &webhook.Discord{
			PublicKeys: secrets, WebhookEvents: o.Kind == "webhook-events", Tolerance: tolerance,
		}, only(timed)
	case "twilio":
		common.PublicURL = o.PublicURL
		return &webhook.Twilio{AuthTokens: secrets, PublicURL: o.PublicURL}, only(common)
	case "dockerhub":
		common.CheckCallback, common.CallbackHosts = o.CheckCallback, o.CallbackHosts
		return &webhook.DockerHub{Secrets: secrets, CheckCallback: o.CheckCallback, CallbackHosts: o.CallbackHosts}, only(common)
	case "eventgrid":
		common.AllowedTopics = o.AllowedTopics
		grid := &webhook.EventGrid{Secrets: secrets}
		if o.AllowedTopics != nil {
			grid.AllowedTopics = append([]string{}, *o.AllowedTopics...)
		}
		return grid, only(common)
	case "cloudevents":
		common.AllowedOrigins, common.AllowedRate, common.RequireOrigin = o.AllowedOrigins, o.AllowedRate, o.RequireOrigin
		events := &webhook.CloudEvents{Tokens: secrets, AllowedOrigins: o.AllowedOrigins, RequireOrigin: o.RequireOrigin}
		if o.AllowedRate != nil {
			events.AllowedRate = *o.AllowedRate
		}
		return events, only(common)
	case "hmac":
		return generic(v, secrets, tolerance)
	}
	return nil, fmt.Errorf("provider %q", v.Provider)
}

// generic maps the options of the generic builder.
func generic(v *vector, secrets webhook.Source, tolerance webhook.Tolerance) (webhook.Verifier, error) {
	o := v.Options
	h := &webhook.HMAC{
		Secrets: secrets, Header: o.Header, Prefix: o.Prefix, TimestampHeader: o.TimestampHeader,
		Tolerance: tolerance, Signed: o.Signed, HexSecrets: o.SecretEncoding == "hex",
	}
	known := true
	pick := func(ok bool) { known = known && ok }
	var ok bool
	h.Hash, ok = map[string]webhook.Hash{
		"": webhook.SHA256, "sha256": webhook.SHA256, "sha512": webhook.SHA512, "sha1": webhook.InsecureSHA1,
	}[o.Hash]
	pick(ok)
	h.Encoding, ok = map[string]webhook.Encoding{
		"": webhook.Hex, "hex": webhook.Hex, "base64": webhook.Base64, "base64url": webhook.Base64URL,
	}[o.Encoding]
	pick(ok)
	pick(o.SecretEncoding == "" || o.SecretEncoding == "text" || o.SecretEncoding == "hex")
	allowed := options{
		VerifyOnly: o.VerifyOnly, MaxBody: o.MaxBody, ReplayMode: o.ReplayMode, ToleranceS: o.ToleranceS,
		Header: o.Header, Prefix: o.Prefix, Hash: o.Hash, Encoding: o.Encoding, SecretEncoding: o.SecretEncoding,
		TimestampHeader: o.TimestampHeader, Signed: o.Signed,
	}
	if !known || !reflect.DeepEqual(o, allowed) {
		return nil, fmt.Errorf("options %+v for %q", o, v.Provider)
	}
	return h, nil
}
