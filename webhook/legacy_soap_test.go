package webhook_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/webhook"
)

// outboundMessage is what Salesforce sends.
func outboundMessage(organization, action string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>` + organization + `</OrganizationId>
   <ActionId>` + action + `</ActionId>
   <Notification><Id>04l000000001</Id><sObject xmlns:sf="urn:x"><sf:Id>001</sf:Id></sObject></Notification>
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`
}

// The receiver of Salesforce's messages (AspNetWebHooks,
// SalesforceSoapWebHookReceiver.cs).
func TestFunctionsSalesforce(t *testing.T) {
	const id15, id18 = "00D000000000062", "00D000000000062EAA"
	good := outboundMessage(id18, "04k1")
	other := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for _, test := range []struct {
		name, method, url, key, kind, body string
		status                             int
		reason                             webhook.Reason
	}{
		{"long id, short key", "POST", "https", id15, "text/xml; charset=utf-8", good, 200, webhook.OK},
		{"long id, long key", "POST", "https", id18, "application/xml", good, 200, webhook.OK},
		{"short id, long key", "POST", "https", id18, "text/xml", outboundMessage(id15, "04k1"), 200, webhook.OK},
		{"other letters to check it by", "POST", "https", id18, "text/xml", outboundMessage(id15+"XYZ", "04k1"), 200, webhook.OK},
		{"byte order mark", "POST", "https", id15, "text/xml", "\xef\xbb\xbf" + good, 200, webhook.OK},
		{"another method", "GET", "https", id15, "text/xml", "", 405, webhook.MethodNotAllowed},
		{"http", "POST", "http", id15, "text/xml", good, 400, webhook.InsecureTransport},
		{"JSON", "POST", "https", id15, "application/json", good, 415, webhook.UnsupportedMediaType},
		{"no type", "POST", "https", id15, "", good, 415, webhook.UnsupportedMediaType},
		{"+xml", "POST", "https", id15, "application/soap+xml", good, 400, webhook.UnsupportedMediaType},
		{"UTF-16", "POST", "https", id15, "text/xml; charset=utf-16", good, 415, webhook.UnsupportedMediaType},
		{"key too short", "POST", "https", id15[1:], "text/xml", good, 500, webhook.KeyLength},
		{"key too long", "POST", "https", id18 + "X", "text/xml", good, 500, webhook.KeyLength},
		{"XML before the key", "POST", "https", id15[1:], "text/xml", "<", 400, webhook.MalformedBody},
		{"another organization", "POST", "https", id15, "text/xml", outboundMessage("00D000000000063", "04k1"), 400, webhook.TokenMismatch},
		{"in another case", "POST", "https", id15, "text/xml", outboundMessage(strings.ToLower(id15), "04k1"), 400, webhook.TokenMismatch},
		{"no organization", "POST", "https", id15, "text/xml", outboundMessage("", "04k1"), 400, webhook.TokenMismatch},
		{"blanks around it", "POST", "https", id15, "text/xml", outboundMessage(" "+id15, "04k1"), 400, webhook.TokenMismatch},
		{"no action", "POST", "https", id15, "text/xml", outboundMessage(id15, ""), 400, webhook.MissingEvent},
		{"another namespace", "POST", "https", id15, "text/xml", other("2005/09/outbound", "2005/09/inbound"), 400, webhook.TokenMismatch},
		{"in the second of two", "POST", "https", id15, "text/xml",
			other("<OrganizationId>", "<OrganizationId>x</OrganizationId><OrganizationId>"), 400, webhook.TokenMismatch},
		{"elsewhere", "POST", "https", id15, "text/xml", other("OrganizationId>"+id18+"</OrganizationId",
			"X><OrganizationId>"+id18+"</OrganizationId></X"), 400, webhook.TokenMismatch},
		{"empty", "POST", "https", id15, "text/xml", "", 400, webhook.MalformedBody},
		{"cut off", "POST", "https", id15, "text/xml", good[:len(good)-3], 400, webhook.MalformedBody},
		{"more after it", "POST", "https", id15, "text/xml", good + "<x/>", 400, webhook.MalformedBody},
		{"text after it", "POST", "https", id15, "text/xml", good + "x", 400, webhook.MalformedBody},
		{"document type", "POST", "https", id15, "text/xml", other("<soapenv:Env", `<!DOCTYPE x [<!ENTITY a "b">]><soapenv:Env`), 400, webhook.MalformedBody},
		{"entity", "POST", "https", id15, "text/xml", other("04k1", "&a;"), 400, webhook.MalformedBody},
		{"deep", "POST", "https", id15, "text/xml", strings.Repeat("<a>", 257) + strings.Repeat("</a>", 257), 400, webhook.MalformedBody},
		{"crossed", "POST", "https", id15, "text/xml", "<a><b></a></b>", 400, webhook.MalformedBody},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got webhook.Outcome
			rc, err := webhook.NewFunctions(webhook.FunctionsConfig{
				Type: "SFSOAP", Keys: webhook.Secrets{webhook.NewSecret("default", test.key)},
				Receiver: webhook.Config{
					Compat: true, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
					Observe: func(_ context.Context, o webhook.Outcome) { got = o },
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(test.method, test.url+"://func.example.net/api/hook", strings.NewReader(test.body))
			r.Header.Set("Content-Type", test.kind)
			w := httptest.NewRecorder()
			rc.ServeHTTP(w, r)
			if w.Code != test.status || got.Reason != test.reason || test.status == 200 && got.Event != "04k1" {
				t.Errorf("status %d, %+v, want %d, %s", w.Code, got, test.status, test.reason)
			}
			if acknowledged := strings.Contains(w.Body.String(), "<Ack>true</Ack>"); acknowledged != (test.status == 200) {
				t.Errorf("body %q", w.Body)
			}
		})
	}
}

// The acknowledgement is in the place of every answer but XML and failure.
func TestSalesforceAcknowledgement(t *testing.T) {
	const ack = "<Ack>true</Ack>"
	for _, test := range []struct {
		name   string
		handle http.HandlerFunc
		status int
		kind   string
		body   string
	}{
		{"nothing", func(http.ResponseWriter, *http.Request) {}, 200, "application/xml; charset=utf-8", ack},
		{"202", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) }, 200, "application/xml; charset=utf-8", ack},
		{"text", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2")
			io.WriteString(w, "o")
			io.WriteString(w, "k")
		}, 200, "application/xml; charset=utf-8", ack},
		{"XML", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			w.WriteHeader(201)
			io.WriteString(w, "<own/>")
		}, 201, "text/xml", "<own/>"},
		{"failure", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 500) }, 500, "text/plain; charset=utf-8", "no"},
	} {
		rc, err := webhook.NewFunctions(webhook.FunctionsConfig{
			Type: "sfsoap", Keys: webhook.Secrets{webhook.NewSecret("default", "00D000000000062")},
			Receiver: webhook.Config{Compat: true, Handler: test.handle},
		})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "https://func.example.net/", strings.NewReader(outboundMessage("00D000000000062", "x")))
		r.Header.Set("Content-Type", "text/xml")
		w := httptest.NewRecorder()
		rc.ServeHTTP(w, r)
		if w.Code != test.status || w.Header().Get("Content-Type") != test.kind || !strings.Contains(w.Body.String(), test.body) ||
			test.body == ack && w.Header().Get("Content-Length") != "" && w.Result().ContentLength != int64(w.Body.Len()) {
			t.Errorf("%s: status %d, %v, %q", test.name, w.Code, w.Header(), w.Body)
		}
	}
}

func TestSalesforceOnlyInCompat(t *testing.T) {
	_, err := webhook.NewFunctions(webhook.FunctionsConfig{
		Type: "sfsoap", Keys: webhook.Static("00D000000000062"), Receiver: webhook.Config{Handler: http.NotFoundHandler()},
	})
	if !errors.Is(err, webhook.UnsupportedAlgorithm) {
		t.Error(err)
	}
}
