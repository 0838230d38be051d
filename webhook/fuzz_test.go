package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/httptrigger/httptrigger/webhook"
)

// everyVerifier has one of each, by the header that authenticates.
func everyVerifier() map[string][]webhook.Verifier {
	one, shared := webhook.Static(plainSecret), webhook.Static(sharedKey)
	return map[string][]webhook.Verifier{
		"X-Hub-Signature-256":   {&webhook.GitHub{Secrets: one}},
		"X-Hub-Signature":       {&webhook.GitHub{Secrets: one, InsecureSHA1: true}, &webhook.Bitbucket{Secrets: one}},
		"X-Slack-Signature":     {&webhook.Slack{Secrets: one}},
		"X-Zm-Signature":        {&webhook.Zoom{Secrets: one}},
		"Stripe-Signature":      {&webhook.Stripe{Secrets: one}},
		"X-Shopify-Hmac-Sha256": {&webhook.Shopify{Secrets: one}},
		"X-Pagerduty-Signature": {&webhook.PagerDuty{Secrets: one}},
		"X-Twilio-Signature":    {&webhook.Twilio{AuthTokens: one}, &webhook.Twilio{AuthTokens: one, PublicURL: "https://x.example?a=b"}},
		"Webhook-Signature": {
			&webhook.Standard{Secrets: shared}, &webhook.Standard{Secrets: shared, Svix: true},
			&webhook.Standard{Secrets: webhook.Static(sharedKey, "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")},
			&webhook.GitLab{SigningSecrets: shared, Secrets: one},
		},
		"X-Signature-Ed25519": {&webhook.Discord{PublicKeys: webhook.Static(strings.Repeat("ab", 32))}},
		"X-Gitlab-Token":      {&webhook.GitLab{Secrets: one}},
		"X-Functions-Key":     {&webhook.EventGrid{Secrets: one}, &webhook.DockerHub{Secrets: one}, &webhook.GenericJSON{Secrets: one}},
		"Authorization":       {&webhook.CloudEvents{Tokens: one, AllowedOrigins: []string{"a.example"}}},
		"X-Sig": {&webhook.HMAC{
			Secrets: one, Header: "X-Sig", Hash: webhook.SHA512, Encoding: webhook.Base64,
			TimestampHeader: "X-Ts", Signed: "{timestamp}{body}{timestamp}",
		}},
	}
}

var timeHeaders = []string{
	"X-Slack-Request-Timestamp", "X-Zm-Request-Timestamp", "X-Signature-Timestamp", "Webhook-Timestamp", "Svix-Timestamp", "X-Ts",
}

// No header, URL or body of a stranger crashes a verifier or passes one.
func FuzzVerify(f *testing.F) {
	f.Add("sha256="+strings.Repeat("0f", 32), "1705449600", "/in?code=x&a=%zz", []byte(`{"a":1}`), "application/json")
	f.Add("t=1705449600,v1="+strings.Repeat("0f", 32)+",v1=,v0=x", "1", "/", []byte("a=b&c=%"), "application/x-www-form-urlencoded")
	f.Add("v1,"+strings.Repeat("A", 43)+"= v1a,"+strings.Repeat("A", 86)+"==", "1705449600", "*", []byte{}, "application/cloudevents+json")
	f.Add("v1="+strings.Repeat("0f", 32)+", v2=x,", "-1", "?", []byte("\xff"), "")
	f.Add("Bearer x", "0000001705449600", "/?access_token=x", []byte("[]"), "text/json; charset=\"utf-16\"")
	verifiers := everyVerifier()
	f.Fuzz(func(t *testing.T, value, at, target string, body []byte, kind string) {
		for header, list := range verifiers {
			for _, v := range list {
				m := &webhook.Message{
					Method: "POST", Scheme: "https", Host: "h.example", Target: target, Body: body,
					Time: time.Unix(1705449600, 0), Header: http.Header{
						header: {value}, "Content-Type": {kind}, "Webhook-Id": {at}, "X-Gitlab-Token": {plainSecret},
					},
				}
				for _, name := range timeHeaders {
					m.Header.Set(name, at)
				}
				if header == "X-Gitlab-Token" {
					m.Header.Set(header, value)
				}
				_, err := v.Verify(t.Context(), m)
				var refused *webhook.SignatureError
				if !errors.As(err, &refused) || refused.Reason == "" || refused.StatusCode() < 400 {
					t.Fatalf("%T, %s %q: %v", v, header, value, err)
				}
				if strings.Contains(err.Error(), plainSecret) {
					t.Fatalf("%T prints the secret: %v", v, err)
				}
			}
		}
	})
}

// GitHub's verifier against the obvious one.
func FuzzGitHub(f *testing.F) {
	sum := func(body []byte) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		return hex.EncodeToString(mac.Sum(nil))
	}
	f.Add("sha256="+sum([]byte("{}")), []byte("{}"))
	f.Add("sha256="+strings.ToUpper(sum([]byte("x"))), []byte("x"))
	f.Add("SHA256="+sum(nil), []byte{})
	v := github()
	f.Fuzz(func(t *testing.T, value string, body []byte) {
		trimmed := strings.Trim(value, " \t")
		digits, prefixed := strings.CutPrefix(trimmed, "sha256=")
		want := prefixed && len(digits) == 64 && strings.ToLower(digits) == sum(body)
		_, err := webhook.Verify(t.Context(), v, http.Header{"X-Hub-Signature-256": {value}}, body)
		if (err == nil) != want {
			t.Fatalf("%q: %v, want accepted %v", value, err, want)
		}
	})
}

// Whatever a genuine sender sends is interpreted without a crash, and a payload
// is JSON in valid UTF-8.
func FuzzInterpret(f *testing.F) {
	f.Add("application/json", "push", []byte(`{"type":"url_verification","challenge":"x","event":{"type":"x"}}`))
	f.Add("application/json", "SubscriptionValidation", []byte(`[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"x"}}]`))
	f.Add("application/x-www-form-urlencoded", "ping", []byte("payload=%7B%7D&command=%2Fx&ssl_check=1"))
	f.Add("application/cloudevents-batch+json", "", []byte(`[{"specversion":"1.0","id":"1","source":"s","type":"t"}]`))
	f.Add("application/json", "", []byte(`{"event":"endpoint.url_validation","payload":{"plainToken":"x"}}`))
	f.Add("text/plain; charset=utf-8", "\xff", []byte("\xef\xbb\xbf1"))
	verifiers := everyVerifier()
	f.Fuzz(func(t *testing.T, kind, event string, body []byte) {
		for _, list := range verifiers {
			for _, v := range list {
				reader, ok := v.(webhook.Interpreter)
				if !ok {
					continue
				}
				h := http.Header{"Content-Type": {kind}}
				for _, name := range []string{"X-Github-Event", "X-Event-Key", "X-Gitlab-Event", "X-Shopify-Topic", "Aeg-Event-Type", "Ce-Type", "Ce-Id", "Ce-Source"} {
					h.Set(name, event)
				}
				h.Set("Ce-Specversion", "1.0")
				d := webhook.Delivery{Body: body, Header: h}
				err := reader.Interpret(&webhook.Message{Method: "POST", Target: "/?action=" + event, Header: h, Body: body}, &d)
				if err != nil {
					if webhook.ReasonOf(err) == webhook.VerificationFailed {
						t.Fatalf("%T: an error without a reason: %v", v, err)
					}
					continue
				}
				if d.Payload != nil && (!json.Valid(d.Payload) || !utf8.Valid(d.Payload)) {
					t.Fatalf("%T: payload %q", v, d.Payload)
				}
			}
		}
	})
}

// The receivers of Functions 1.x: no crash, and no function without the key.
func FuzzFunctions(f *testing.F) {
	f.Add("POST", "clientid=,default&code=x&CODE=y", "sha1=0f", "application/json", []byte("{"))
	f.Add("POST", "code=%zz&action=a+b", "s = h = a1", "application/x-www-form-urlencoded", []byte("token=x&Token=y&trigger_word=%c5%99"))
	f.Add("GET", "challenge=1&challenge=2", "", "text/json;charset=utf-16", []byte(""))
	f.Add("POST", "", "", "text/xml", []byte(`<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>1</OrganizationId></notifications></e:Body></e:Envelope>`))
	ran := false
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran = true })
	var receivers []http.Handler
	for _, kind := range []string{"genericJson", "github", "slack", "dropbox", "mailchimp", "wordpress", "azurealert", "kudu",
		"dynamicscrm", "bitbucket", "trello", "pusher", "stripe", "sfsoap", "nosuch"} {
		rc, err := webhook.NewFunctions(webhook.FunctionsConfig{
			Type: kind, Keys: webhook.Secrets{webhook.NewSecret("default", "zoj9pmreiaijcubgp8gde8fttioksgm0jdv165cu")},
			Master: webhook.Static("IH2K2NDC16lnNDs+FRMK4bfL012OaesCU1JQYx4jJrLeQpcnQtWeAg=="), InsecureHTTP: true,
			Receiver: webhook.Config{Handler: handler, Compat: true},
		})
		if err != nil {
			f.Fatal(err)
		}
		receivers = append(receivers, rc)
	}
	f.Fuzz(func(t *testing.T, method, query, signature, kind string, body []byte) {
		for _, rc := range receivers {
			r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
			r.Method, r.URL = method, &url.URL{Path: "/", RawQuery: query}
			r.RequestURI = "/?" + query
			for _, name := range []string{"X-Hub-Signature", "X-Dropbox-Signature", "X-Trello-Webhook", "X-Pusher-Signature", "Stripe-Signature", "X-Functions-Key"} {
				r.Header.Set(name, signature)
			}
			r.Header.Set("Content-Type", kind)
			w := httptest.NewRecorder()
			rc.ServeHTTP(w, r)
			if ran || w.Code >= 200 && w.Code < 300 && method == "POST" {
				t.Fatalf("status %d, ran %v", w.Code, ran)
			}
		}
	})
}
