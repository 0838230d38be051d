package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/passthrough"
	"github.com/httptrigger/httptrigger/webhook"
)

const secret = "It's a Secret to Everybody"

func github() *webhook.GitHub { return &webhook.GitHub{Secrets: webhook.Static(secret)} }

// push makes a delivery of GitHub, signed by s.
func push(t testing.TB, s webhook.Signer, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequest("POST", "https://hooks.example.net/in", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", "push")
	r.Header.Set("X-GitHub-Delivery", "7f24011f")
	if err := webhook.SignRequest(s, r, time.Now()); err != nil {
		t.Fatal(err)
	}
	return r
}

func newReceiver(t testing.TB, c webhook.Config) *webhook.Receiver {
	t.Helper()
	rc, err := webhook.NewReceiver(c)
	if err != nil {
		t.Fatal(err)
	}
	return rc
}

func post(h http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestHandlerSeesRequestAndDelivery(t *testing.T) {
	const body = `{"zen":"ř"}`
	ran := 0
	rc := newReceiver(t, webhook.Config{Verifier: github(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ran++
		got, err := io.ReadAll(r.Body)
		if err != nil || string(got) != body || r.ContentLength != int64(len(body)) {
			t.Errorf("the handler read %q, %v, length %d", got, err, r.ContentLength)
		}
		d, ok := webhook.FromContext(r.Context())
		if !ok || d.Event != "push" || d.ID != "7f24011f" || d.IDSigned || string(d.Body) != body || d.Sender != "github" {
			t.Errorf("FromContext = %+v, %v", d, ok)
		}
		w.WriteHeader(http.StatusAccepted)
	})})
	r := push(t, github(), body)
	if code := post(rc, r); code != http.StatusAccepted || ran != 1 {
		t.Fatalf("status %d, ran %d times", code, ran)
	}
}

func TestOneRunPerDelivery(t *testing.T) {
	upper := func(r *http.Request) {
		name, digits, _ := strings.Cut(r.Header.Get("X-Hub-Signature-256"), "=")
		r.Header.Set("X-Hub-Signature-256", name+"="+strings.ToUpper(digits))
	}
	otherID := func(r *http.Request) { r.Header.Set("X-GitHub-Delivery", "another") }
	for _, test := range []struct {
		name   string
		mode   webhook.ReplayMode
		change func(*http.Request)
		want   int
	}{
		{"the same again", webhook.RememberSignature, func(*http.Request) {}, 1},
		{"in other digits", webhook.RememberSignature, upper, 1},
		{"under another id", webhook.RememberSignature, otherID, 1},
		{"the same again, by id", webhook.RememberID, func(*http.Request) {}, 1},
		{"under another id, by id", webhook.RememberID, otherID, 2},
		{"nothing remembered", webhook.InsecureRememberNothing, func(*http.Request) {}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			ran := 0
			rc := newReceiver(t, webhook.Config{
				Verifier: github(), ReplayMode: test.mode,
				Handle: func(context.Context, webhook.Delivery) error { ran++; return nil },
			})
			first, second := push(t, github(), "{}"), push(t, github(), "{}")
			test.change(second)
			if a, b := post(rc, first), post(rc, second); a != 200 || b != 200 || ran != test.want {
				t.Errorf("status %d and %d, ran %d times, want %d", a, b, ran, test.want)
			}
		})
	}
}

// A delivery whose handler failed is forgotten, however it failed.
func TestFailureIsForgotten(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	crash := func(http.ResponseWriter, *http.Request) { panic("crash") }
	abort := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	asks := func(_ http.ResponseWriter, r *http.Request) { webhook.Retry(r.Context()) }
	for _, test := range []struct {
		name string
		fail http.HandlerFunc
		want int // runs of the handler on two deliveries
	}{
		{"500", status(500), 2},
		{"503", status(503), 2},
		{"429", status(429), 2},
		{"panic", crash, 2},
		{"abort", abort, 2},
		{"Retry", asks, 2},
		{"200", status(200), 1},
		{"404", status(404), 2},
		{"400", status(400), 2},
		{"410", status(410), 2},
		{"302", status(302), 2},
		{"304", status(304), 2},
		{"299", status(299), 1},
		{"204", status(204), 1},
		{"101", status(101), 1},
		{"nothing written", func(http.ResponseWriter, *http.Request) {}, 1},
		{"100, then 500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(500) }, 2},
		{"body, then 500", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x"); w.WriteHeader(500) }, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			ran := 0
			rc := newReceiver(t, webhook.Config{Verifier: github(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ran++
				test.fail(w, r)
			})})
			for range 2 {
				func() {
					defer func() { _ = recover() }()
					post(rc, push(t, github(), "{}"))
				}()
			}
			if ran != test.want {
				t.Errorf("ran %d times, want %d", ran, test.want)
			}
		})
	}
	t.Run("error", func(t *testing.T) {
		ran := 0
		rc := newReceiver(t, webhook.Config{Verifier: github(), Handle: func(context.Context, webhook.Delivery) error {
			ran++
			return errors.New("no")
		}})
		if a, b := post(rc, push(t, github(), "{}")), post(rc, push(t, github(), "{}")); a != 500 || b != 500 || ran != 2 {
			t.Errorf("status %d and %d, ran %d times", a, b, ran)
		}
	})
}

// While a delivery is being handled its repeat is asked to come later.
func TestPendingDelivery(t *testing.T) {
	var rc *webhook.Receiver
	repeat := httptest.NewRecorder()
	rc = newReceiver(t, webhook.Config{Verifier: github(), Handle: func(context.Context, webhook.Delivery) error {
		rc.ServeHTTP(repeat, push(t, github(), "{}"))
		return nil
	}})
	if code := post(rc, push(t, github(), "{}")); code != 200 {
		t.Fatalf("status %d", code)
	}
	if repeat.Code != 503 || repeat.Header().Get("Retry-After") != "1" {
		t.Errorf("the repeat got %d, Retry-After %q", repeat.Code, repeat.Header().Get("Retry-After"))
	}
}

// A forged delivery does not keep the genuine one of the same id out.
func TestForgedDeliveryTakesNoPlace(t *testing.T) {
	for _, mode := range []webhook.ReplayMode{webhook.RememberSignature, webhook.RememberID} {
		ran := 0
		rc := newReceiver(t, webhook.Config{Verifier: github(), ReplayMode: mode, Handle: func(context.Context, webhook.Delivery) error {
			ran++
			return nil
		}})
		forged := push(t, &webhook.GitHub{Secrets: webhook.Static("guess")}, "{}")
		if code := post(rc, forged); code != 401 {
			t.Fatalf("forged: status %d", code)
		}
		if code := post(rc, push(t, github(), "{}")); code != 200 || ran != 1 {
			t.Errorf("genuine: status %d, ran %d times", code, ran)
		}
	}
}

func TestNewReceiverReportsEveryMistake(t *testing.T) {
	handle := func(context.Context, webhook.Delivery) error { return nil }
	_, err := webhook.NewReceiver(webhook.Config{
		Verifier: &webhook.GitHub{Secrets: webhook.Static("", "")}, MaxBody: -1, ReplayMode: 7, ReplayFor: -1,
		Handler: http.NotFoundHandler(), Handle: handle,
	})
	if !errors.Is(err, webhook.MissingSecret) {
		t.Errorf("%v is not %v", err, webhook.MissingSecret)
	}
	for _, want := range []string{"missing_secret", "MaxBody", "ReplayMode", "ReplayFor", "only one"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	if _, err := webhook.NewReceiver(webhook.Config{}); err == nil {
		t.Error("a receiver without a verifier")
	}
	if _, err := webhook.NewReceiver(webhook.Config{Verifier: &webhook.GitHub{}}); err == nil {
		t.Error("a receiver without secrets")
	}
	var zero webhook.Receiver
	if code := post(&zero, push(t, github(), "{}")); code != 500 {
		t.Errorf("the zero receiver answers %d", code)
	}
}

// A refusal says nothing but its status; the log says why, without secrets.
func TestRefusalIsSilent(t *testing.T) {
	var log bytes.Buffer
	rc := newReceiver(t, webhook.Config{
		Verifier: github(), Handler: http.NotFoundHandler(),
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	r := push(t, github(), "{}")
	r.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("ab", 32))
	w := httptest.NewRecorder()
	rc.ServeHTTP(w, r)
	if w.Code != 401 || w.Body.Len() != 0 {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
	if got := log.String(); !strings.Contains(got, "reason=signature_mismatch") || strings.Contains(got, "abab") || strings.Contains(got, secret) {
		t.Errorf("log: %s", got)
	}
}

func TestWrongMethodListsTheRightOne(t *testing.T) {
	rc := newReceiver(t, webhook.Config{Verifier: github(), Handler: http.NotFoundHandler()})
	w := httptest.NewRecorder()
	rc.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 405 || w.Header().Get("Allow") != "POST" {
		t.Errorf("status %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestPassThrough(t *testing.T) {
	for name, lend := range map[string]int64{"given": 0, "lent": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			passthrough.Run(t, passthrough.Middleware{
				Wrap: func(h http.Handler) http.Handler { // each with a memory of its own
					return newReceiver(t, webhook.Config{Verifier: github(), Lend: lend}).Wrap(h)
				},
				BodyHeader: func(body []byte) http.Header {
					h := http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {"push"}}
					m := &webhook.Message{Header: h, Body: body}
					if err := github().Sign(t.Context(), m); err != nil {
						t.Error(err)
					}
					return h
				},
			})
		})
	}
}

func TestPanicOfObserveGivesThePlaceBack(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	handle := func(context.Context, webhook.Delivery) error { return nil }
	for name, c := range map[string]webhook.Config{"Handler": {Handler: handler}, "Handle": {Handle: handle}, "Wrap": {}} {
		broken := true
		c.Verifier = github()
		c.Observe = func(context.Context, webhook.Outcome) {
			if broken {
				panic("observer")
			}
		}
		rc := newReceiver(t, c)
		h := http.Handler(rc)
		if name == "Wrap" {
			h = rc.Wrap(handler)
		}
		send := func() (status int, failed any) {
			defer func() { failed = recover() }()
			return post(h, push(t, github(), `{}`)), nil
		}
		if _, failed := send(); failed != "observer" {
			t.Errorf("%s: the panic ended as %v", name, failed)
		}
		broken = false
		if status, _ := send(); status >= 300 {
			t.Errorf("%s: after a panic of Observe the delivery is answered %d", name, status)
		}
	}
}
