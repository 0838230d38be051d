package webhook_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/webhook"
)

// A public key of small order takes signatures that nobody made, so it is none.
func TestWeakPublicKeys(t *testing.T) {
	for _, weak := range []string{
		strings.Repeat("00", 32), strings.Repeat("00", 31) + "80", "01" + strings.Repeat("00", 31),
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", "ee" + strings.Repeat("ff", 31),
	} {
		raw, err := hex.DecodeString(weak)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []webhook.Checker{
			&webhook.Discord{PublicKeys: webhook.Static(weak)},
			&webhook.Standard{Secrets: webhook.Static("whpk_" + base64.StdEncoding.EncodeToString(raw))},
		} {
			if err := v.Check(); !errors.Is(err, webhook.InvalidSecret) {
				t.Errorf("%T takes %s: %v", v, weak, err)
			}
		}
	}
}

// A list of signatures does not make the receiver check public keys without end.
func TestManyPublicSignatures(t *testing.T) {
	v := &webhook.Standard{Secrets: webhook.Static("whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")}
	list := strings.Repeat(" v1a,"+strings.Repeat("A", 86)+"==", 10000)
	_, err := v.Verify(t.Context(), &webhook.Message{
		Method: "POST", Time: time.Unix(0, 0), Body: []byte("{}"),
		Header: http.Header{"Webhook-Id": {"1"}, "Webhook-Timestamp": {"0"}, "Webhook-Signature": {list}},
	})
	if !errors.Is(err, webhook.SignatureMismatch) {
		t.Error(err)
	}
}

// The secret that matched is told by place and name, and empty ones keep their
// place.
func TestWhichSecretMatched(t *testing.T) {
	list := webhook.Secrets{webhook.NewSecret("new", "new"), webhook.NewSecret("empty", ""), webhook.NewSecret("old", "old")}
	for _, want := range []webhook.Match{{Index: 0, Name: "new"}, {Index: 2, Name: "old"}} {
		m := &webhook.Message{Method: "POST", Header: http.Header{}, Body: []byte("{}")}
		if err := (&webhook.GitHub{Secrets: webhook.Static(list[want.Index].Reveal())}).Sign(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		d, err := (&webhook.GitHub{Secrets: list}).Verify(t.Context(), m)
		if err != nil || d.Secret != want {
			t.Errorf("%+v, %v, want %+v", d.Secret, err, want)
		}
	}
}

// A source may serve another list at any time.
func TestRotation(t *testing.T) {
	live := webhook.Static("old")
	v := &webhook.GitHub{Secrets: webhook.SourceFunc(func(context.Context) ([]webhook.Secret, error) {
		if live == nil {
			return nil, errors.New("vault sealed")
		}
		return live, nil
	})}
	m := &webhook.Message{Method: "POST", Header: http.Header{}, Body: []byte("{}")}
	if err := (&webhook.GitHub{Secrets: webhook.Static("old")}).Sign(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		live webhook.Secrets
		want webhook.Reason
	}{
		{webhook.Static("old"), webhook.OK},
		{webhook.Static("new", "old"), webhook.OK},
		{webhook.Static("new"), webhook.SignatureMismatch},
		{webhook.Static(""), webhook.MissingSecret},
		{webhook.Secrets{}, webhook.MissingSecret},
		{nil, webhook.SecretsUnavailable},
		{webhook.Static("old"), webhook.OK},
	} {
		live = step.live
		if _, err := v.Verify(t.Context(), m); webhook.ReasonOf(err) != step.want {
			t.Errorf("with %d secrets: %v, want %v", len(live), err, step.want)
		}
	}
}

// An access code in the query is not handed on.
func TestCodeIsTakenOut(t *testing.T) {
	for name, c := range map[string]struct {
		verifier webhook.Verifier
		target   string
		want     string
	}{
		"code":         {&webhook.GenericJSON{Secrets: webhook.Static("s3")}, "/in?a=%20b&CODE=s3&c", "/in?a=%20b&c"},
		"only code":    {&webhook.GenericJSON{Secrets: webhook.Static("s3")}, "/in?%63ode=s3", "/in"},
		"access_token": {&webhook.CloudEvents{Tokens: webhook.Static("s3")}, "/in?access_token=s3&x=1", "/in?x=1"},
	} {
		t.Run(name, func(t *testing.T) {
			ran := false
			rc := newReceiver(t, webhook.Config{Verifier: c.verifier, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				ran = true
				if r.RequestURI != c.want || r.URL.RequestURI() != c.want {
					t.Errorf("RequestURI %q, URL %q, want %q", r.RequestURI, r.URL, c.want)
				}
				if form := r.Form.Encode(); strings.Contains(form, "s3") {
					t.Errorf("Form %q", form)
				}
			})})
			r := httptest.NewRequest("POST", c.target, strings.NewReader(`{"specversion":"1.0","id":"1","source":"s","type":"t"}`))
			r.Header.Set("Content-Type", "application/json")
			if name == "access_token" {
				r.Header.Set("Content-Type", "application/cloudevents+json")
			}
			if err := r.ParseForm(); err != nil || !strings.Contains(r.Form.Encode(), "s3") {
				t.Fatal(err, r.Form)
			}
			if code := post(rc, r); !ran {
				t.Errorf("status %d", code)
			}
			if !strings.Contains(r.Form.Encode(), "s3") || !strings.Contains(r.URL.RawQuery, "s3") {
				t.Error("the request in front was changed")
			}
		})
	}
}

// Twilio signs the URL it called, which only the configuration knows behind a
// proxy.
func TestTwilioBehindProxy(t *testing.T) {
	sender := &webhook.Twilio{AuthTokens: webhook.Static("token")}
	for name, c := range map[string]webhook.Config{
		"Origin": {
			Verifier: sender,
			Origin:   func(*http.Request) (string, string) { return "https", "public.example" },
		},
		"PublicURL":                {Verifier: &webhook.Twilio{AuthTokens: webhook.Static("token"), PublicURL: "https://public.example/sms"}},
		"PublicURL with overrides": {Verifier: &webhook.Twilio{AuthTokens: webhook.Static("token"), PublicURL: "https://public.example/sms#rc=2&rp=all"}},
		"PublicURL with both":      {Verifier: &webhook.Twilio{AuthTokens: webhook.Static("token"), PublicURL: "https://public.example/sms?a=%20b#rc=2"}},
		"PublicURL with query":     {Verifier: &webhook.Twilio{AuthTokens: webhook.Static("token"), PublicURL: "https://public.example/sms?a=%20b"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []string{"application/json", "application/x-www-form-urlencoded"} {
				out := httptest.NewRequest("POST", "https://public.example/sms?a=%20b", strings.NewReader(`{"a":1}`))
				out.Header.Set("Content-Type", kind)
				if err := webhook.SignRequest(sender, out, time.Now()); err != nil {
					t.Fatal(err)
				}
				in := httptest.NewRequest("POST", "http://10.0.0.7:8080/sms?"+out.URL.RawQuery, out.Body)
				in.Header = out.Header
				c.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
				if code := post(newReceiver(t, c), in); code != 200 {
					t.Errorf("%s: status %d", kind, code)
				}
			}
		})
	}
}
