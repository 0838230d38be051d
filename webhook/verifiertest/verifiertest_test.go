package verifiertest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/webhook"
)

const (
	header    = "X-Sig"
	stamp     = "X-Time"
	theSecret = "s3cret-enough"
)

// faulty is a verifier that can be told to do one thing wrong.
type faulty struct {
	fault  string
	secret string
}

func (f *faulty) Sign(_ context.Context, m *webhook.Message) error {
	at := strconv.FormatInt(m.Time.Unix(), 10)
	m.Header.Set(stamp, at)
	m.Header.Set(header, f.sum(at, m.Body))
	return nil
}

func (f *faulty) sum(at string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(theSecret))
	if f.fault != "time is not signed" {
		io.WriteString(mac, at+".")
	}
	if f.fault == "signs the first half" {
		body = body[:len(body)/2]
	}
	if f.fault == "trims the body" {
		body = []byte(strings.TrimSpace(string(body)))
	}
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func (f *faulty) Check() error {
	if f.secret == "" && f.fault != "does not check itself" {
		return webhook.MissingSecret
	}
	return nil
}

func (f *faulty) Verify(_ context.Context, m *webhook.Message) (webhook.Delivery, error) {
	d, err := f.verify(m)
	if err != nil && f.fault == "error without reason" {
		err = errors.New("no")
	}
	if err != nil && f.fault == "error with secret" {
		err = fmt.Errorf("%w: not by %s", err, theSecret)
	}
	if err != nil && f.fault == "delivery with the error" {
		d.Body = m.Body
	}
	return d, err
}

func (f *faulty) verify(m *webhook.Message) (d webhook.Delivery, err error) {
	if m.Method != "POST" && f.fault != "any method" {
		return d, webhook.MethodNotAllowed
	}
	if f.secret == "" && f.fault != "no secret is no check" {
		return d, webhook.MissingSecret
	}
	if err := m.CheckLength(); err != nil && f.fault != "reads first" && f.fault != "no limit" {
		return d, err
	}
	if f.fault == "reads first" {
		if _, err := m.ReadBody(); err != nil {
			return d, err
		}
	}
	sig, at := m.Header.Values(header), m.Header.Values(stamp)
	if len(sig) == 0 || len(at) == 0 || sig[0] == "" || at[0] == "" {
		return d, webhook.MissingSignature
	}
	if len(sig)+len(at) > 2 && f.fault != "first of several" {
		return d, webhook.DuplicateHeader
	}
	seconds, err := strconv.ParseInt(at[0], 10, 64)
	if err != nil {
		return d, webhook.MalformedTimestamp
	}
	age := m.Time.Sub(time.Unix(seconds, 0))
	if age > 300*time.Second && f.fault != "no window" {
		return d, webhook.TimestampTooOld
	}
	if age < -300*time.Second && f.fault != "no window" && f.fault != "one-sided window" {
		return d, webhook.TimestampTooNew
	}
	if f.fault == "no limit" {
		m.MaxBody = 1 << 40
		if m.Stream != nil {
			m.Stream = io.LimitReader(m.Stream, 1<<21)
		}
	}
	body, err := m.ReadBody()
	if err != nil {
		return d, err
	}
	want := f.sum(at[0], body)
	if m.Sink != nil {
		want = sig[0] // a verifier of bytes could not tell; that is not at stake here
	}
	if f.fault == "prefix is enough" {
		want = want[:min(len(want), len(sig[0]))]
	}
	if !strings.EqualFold(want, sig[0]) && f.secret != "" {
		return d, webhook.SignatureMismatch
	}
	sum := []byte(strings.ToLower(sig[0]))
	if f.fault == "remembers the text" {
		sum = []byte(sig[0])
	}
	d = webhook.Delivery{Sender: "faulty", Body: body, SignedAt: time.Unix(seconds, 0), Signature: webhook.SignatureOf(sum)}
	if f.fault == "loses the body" {
		d.Body = nil
	}
	if f.fault == "changes the header" {
		m.Header.Set("X-Seen", "yes")
	}
	return d, nil
}

// record is a reporter that only counts.
type record struct {
	ctx    context.Context
	errors []string
}

type fatal struct{}

func (r *record) Helper()                      {}
func (r *record) Context() context.Context     { return r.ctx }
func (r *record) Error(args ...any)            { r.errors = append(r.errors, fmt.Sprint(args...)) }
func (r *record) Errorf(f string, args ...any) { r.errors = append(r.errors, fmt.Sprintf(f, args...)) }
func (r *record) Fatal(args ...any)            { r.Error(args...); panic(fatal{}) }
func (r *record) Fatalf(f string, args ...any) { r.Errorf(f, args...); panic(fatal{}) }

func broken(ctx context.Context, fault string) map[string][]string {
	v := &faulty{fault: fault, secret: theSecret}
	c := Config{
		Verifier: v, Sign: v.Sign, Message: message, Unsecured: &faulty{fault: fault},
		Secrets: []string{theSecret}, Tolerance: 300 * time.Second,
	}
	found := map[string][]string{}
	for _, rule := range c.rules() {
		if strings.Contains(rule.name, "same time") {
			continue // the recorder is not made for that
		}
		r := &record{ctx: ctx}
		func() {
			defer func() {
				if v := recover(); v != nil && v != any(fatal{}) {
					panic(v)
				}
			}()
			rule.check(r)
		}()
		if len(r.errors) > 0 {
			found[rule.name] = r.errors
		}
	}
	return found
}

// Every fault is found by the rule that is there for it, and a verifier without
// fault passes.
func TestFaultsAreFound(t *testing.T) {
	for fault, rule := range map[string]string{
		"time is not signed":      "any changed byte of what Sign set",
		"signs the first half":    "any changed byte of the body",
		"trims the body":          "any changed byte of the body",
		"any method":              "another method",
		"no secret is no check":   "no secret",
		"does not check itself":   "no secret",
		"reads first":             "the body of an unsigned message",
		"no limit":                "a body over the limit",
		"first of several":        "what Sign set must be there once",
		"no window":               "the window",
		"one-sided window":        "the window",
		"prefix is enough":        "any changed byte of what Sign set",
		"remembers the text":      "another spelling",
		"loses the body":          "a genuine message passes",
		"changes the header":      "a genuine message passes",
		"error without reason":    "any changed byte of the body",
		"error with secret":       "any changed byte of the body",
		"delivery with the error": "any changed byte of the body",
		"":                        "",
	} {
		found := broken(t.Context(), fault)
		if rule == "" {
			if len(found) > 0 {
				t.Errorf("%q is found fault with: %v", fault, found)
			}
			continue
		}
		hit := false
		for name := range found {
			hit = hit || strings.HasPrefix(name, rule)
		}
		if !hit {
			t.Errorf("%q is not found by the rule %q, but by %v", fault, rule, found)
		}
	}
}
