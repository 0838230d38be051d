package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/webhook"
)

var functionKeys = webhook.Secrets{
	webhook.NewSecret("default", "zoj9pmreiaijcubgp8gde8fttioksgm0jdv165cu"),
	webhook.NewSecret("partner", "Tpr48hsSr9Sz6csVOmU39uw05CqoXQqUUC5ZpB4l"),
	webhook.NewSecret("pusher", "app1_secret1; app2_secret_2"),
}

func hexSum(body string, key string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// The receivers that the vectors do not reach.
func TestFunctionsTypes(t *testing.T) {
	code := "?code=" + functionKeys[0].Reveal()
	form := "application/x-www-form-urlencoded"
	trello := func(body, url string) string {
		mac := hmac.New(sha1.New, []byte(functionKeys[0].Reveal()))
		mac.Write([]byte(body + url))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	stripe := func(body string) string {
		m := &webhook.Message{Time: time.Now(), Header: http.Header{}, Body: []byte(body)}
		if err := (&webhook.Stripe{Secrets: webhook.Static(functionKeys[0].Reveal())}).Sign(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		return m.Header.Get("Stripe-Signature")
	}
	for _, test := range []struct {
		name, kind, method, query, contentType, body string
		header                                       [2]string
		status                                       int
		event                                        string
	}{
		{"azurealert", "azurealert", "POST", code, "application/json", `{"context":{"name":"cpu"}}`, [2]string{}, 200, "cpu"},
		{"azurealert without a name", "azurealert", "POST", code, "application/json", `{"context":{}}`, [2]string{}, 400, ""},
		{"kudu", "Kudu", "POST", code, "application/json", `{"status":"success"}`, [2]string{}, 200, "success"},
		{"kudu, array", "kudu", "POST", code, "application/json", `[]`, [2]string{}, 400, ""},
		{"dynamicscrm", "dynamicscrm", "POST", code, "application/json", `{"MessageName":"Create"}`, [2]string{}, 200, "Create"},
		{"wordpress", "wordpress", "POST", code, form, "hook=publish_post&ID=1", [2]string{}, 200, "publish_post"},
		{"wordpress, JSON", "wordpress", "POST", code, "application/json", "{}", [2]string{}, 415, ""},
		{"bitbucket without a hook", "bitbucket", "POST", code, "application/json", `{}`, [2]string{"X-Event-Key", "repo:push"}, 400, ""},
		{"trello", "trello", "POST", "", "application/json", `{"a":1}`, [2]string{"X-Trello-Webhook", trello(`{"a":1}`, "https://func.example.net/api/hook")}, 200, "change"},
		{"trello, another URL", "trello", "POST", "", "application/json", `{"a":1}`, [2]string{"X-Trello-Webhook", trello(`{"a":1}`, "https://other")}, 400, ""},
		{"trello, HEAD", "trello", "HEAD", "", "", "", [2]string{}, 200, ""},
		{"stripe", "stripe", "POST", "", "application/json", `{"type":"invoice.paid","id":"evt_1"}`, [2]string{"Stripe-Signature", stripe(`{"type":"invoice.paid","id":"evt_1"}`)}, 200, "invoice.paid"},
		{"stripe, unsigned", "stripe", "POST", "", "application/json", `{"type":"invoice.paid","id":"evt_1"}`, [2]string{}, 400, ""},
		{"mailchimp, PUT", "mailchimp", "PUT", code, form, "type=x", [2]string{}, 405, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			event := ""
			rc, err := webhook.NewFunctions(webhook.FunctionsConfig{Type: test.kind, Keys: functionKeys, Receiver: webhook.Config{
				Compat: true,
				Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					d, _ := webhook.FromContext(r.Context())
					event = d.Event
				}),
			}})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(test.method, "https://func.example.net/api/hook"+test.query, strings.NewReader(test.body))
			r.RequestURI = "/api/hook" + test.query
			r.Header.Set("Content-Type", test.contentType)
			if test.header[0] != "" {
				r.Header.Set(test.header[0], test.header[1])
			}
			w := httptest.NewRecorder()
			rc.ServeHTTP(w, r)
			if w.Code != test.status || event != test.event || w.Body.Len() > 0 {
				t.Errorf("status %d, event %q, body %q, want %d, %q", w.Code, event, w.Body, test.status, test.event)
			}
		})
	}
}

// Pusher's key is a list of applications and their secrets.
func TestFunctionsPusher(t *testing.T) {
	const body = `{"events":[{"name":"member_added"},{"name":"member_removed"}]}`
	for _, test := range []struct {
		app, secret string
		want        webhook.Reason
	}{
		{"app1", "secret1", webhook.OK},
		{"app2", "secret_2", webhook.OK},
		{"app2", "secret1", webhook.SignatureMismatch},
		{"app3", "", webhook.UnknownAppKey},
		{"", "secret1", webhook.UnknownAppKey},
	} {
		var got webhook.Outcome
		rc, err := webhook.NewFunctions(webhook.FunctionsConfig{Type: "pusher", Keys: functionKeys, Receiver: webhook.Config{
			Compat: true, Handler: http.NotFoundHandler(),
			Observe: func(_ context.Context, o webhook.Outcome) { got = o },
		}})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "https://func.example.net/api/hook?clientid=pusher", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Pusher-Key", test.app)
		r.Header.Set("X-Pusher-Signature", hexSum(body, test.secret))
		post(rc, r)
		if got.Reason != test.want || test.want == webhook.OK && got.Event != "member_added,member_removed" {
			t.Errorf("%s: %+v, want %v", test.app, got, test.want)
		}
	}
}

// The Default profile verifies what is sent today, and says 401.
func TestFunctionsDefault(t *testing.T) {
	ran := 0
	receiver := func(kind string) http.Handler {
		rc, err := webhook.NewFunctions(webhook.FunctionsConfig{Type: kind, Keys: functionKeys, Receiver: webhook.Config{
			Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran++ }),
		}})
		if err != nil {
			t.Fatal(err)
		}
		return rc
	}
	github := receiver("GitHub")
	by := func(key int) *http.Request {
		return push(t, &webhook.GitHub{Secrets: functionKeys[key : key+1]}, "{}")
	}
	if a, b := post(github, by(1)), post(github, by(1)); a != 200 || b != 200 || ran != 1 {
		t.Errorf("any key, and its repeat: %d, %d, ran %d times", a, b, ran)
	}
	sha1Only := by(0)
	sha1Only.Header.Del("X-Hub-Signature-256")
	sha1Only.Header.Set("X-Hub-Signature", "sha1="+strings.Repeat("ab", 20))
	if code := post(github, sha1Only); code != 401 {
		t.Errorf("SHA-1: %d", code)
	}
	for kind, want := range map[string]int{"genericJson": 401, "slack": 401, "bitbucket": 401, "stripe": 401, "kudu": 401, "dropbox": 401, "mailchimp": 401} {
		r := httptest.NewRequest("POST", "https://func.example.net/api/hook?code=wrong", strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		if code := post(receiver(kind), r); code != want {
			t.Errorf("%s, not authentic: %d, want %d", kind, code, want)
		}
	}
}

func TestNewFunctionsReportsMistakes(t *testing.T) {
	handler := http.NotFoundHandler()
	for _, test := range []struct {
		name string
		c    webhook.FunctionsConfig
		want string
	}{
		{"no type", webhook.FunctionsConfig{Keys: functionKeys, Receiver: webhook.Config{Compat: true, Handler: handler}}, "Type: missing"},
		{"unknown type", webhook.FunctionsConfig{Type: "gitea", Keys: functionKeys, Receiver: webhook.Config{Handler: handler}}, "unknown_receiver"},
		{"no keys", webhook.FunctionsConfig{Type: "github", Receiver: webhook.Config{Handler: handler}}, "Keys: missing"},
		{"empty keys", webhook.FunctionsConfig{Type: "github", Keys: webhook.Secrets{{Name: "default"}}, Receiver: webhook.Config{Handler: handler}}, "missing_secret"},
		{"bypass in Default", webhook.FunctionsConfig{Type: "github", Keys: functionKeys, InsecureNoAuth: true, Receiver: webhook.Config{Handler: handler}}, "only with Compat"},
		{"SHA-1 in Default", webhook.FunctionsConfig{Type: "trello", Keys: functionKeys, Receiver: webhook.Config{Handler: handler}}, "SHA-1"},
		{"verifier given", webhook.FunctionsConfig{Type: "github", Keys: functionKeys, Receiver: webhook.Config{Handler: handler, Verifier: &webhook.GitHub{}}}, "Verifier"},
	} {
		rc, err := webhook.NewFunctions(test.c)
		if err == nil || rc != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, %v, want %q", test.name, rc, err, test.want)
		}
	}
	if _, err := webhook.NewFunctions(webhook.FunctionsConfig{
		Type: "gitea", Keys: functionKeys, Receiver: webhook.Config{Handler: handler},
	}); !errors.Is(err, webhook.UnknownReceiver) {
		t.Error(err)
	}
}

// A body that says that it is too long is refused unread, whoever sends it, and the
// limit is that of the front end of 1.x (WH-7).
func TestFunctionsBodyLimit(t *testing.T) {
	const limit = 104857600
	for _, kind := range []string{"genericJson", "github", "slack", "dropbox", "kudu", "trello", "pusher", "stripe", "sfsoap"} {
		f, err := webhook.NewFunctions(webhook.FunctionsConfig{Type: kind, Keys: functionKeys, Receiver: webhook.Config{
			Compat: true, Handler: http.NotFoundHandler(),
		}})
		if err != nil {
			t.Fatal(err)
		}
		for length, tooLarge := range map[int64]bool{limit: false, limit + 1: true} {
			r := httptest.NewRequest("POST", "https://func.example.net/api/hook", unread{t})
			r.ContentLength = length
			if code := post(f, r); (code == http.StatusRequestEntityTooLarge) != tooLarge {
				t.Errorf("%s: %d bytes: status %d", kind, length, code)
			}
		}
	}
}

// unread is a body that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}
