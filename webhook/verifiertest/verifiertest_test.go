package verifiertest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
	busy   atomic.Int32
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
	if err != nil && f.fault == "error with the signature" {
		err = fmt.Errorf("%w: %s", err, m.Header.Get(header))
	}
	if err != nil && f.fault == "error with status 200" {
		err = &webhook.SignatureError{Reason: webhook.ReasonOf(err), Status: 200}
	}
	if err == nil && f.fault == "nobody sent it" {
		d.Sender = ""
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
	if f.fault == "unsigned is good" && len(sig) == 0 {
		return webhook.Delivery{Sender: "faulty", Body: m.Body}, nil
	}
	if f.fault == "crashes" && len(sig) > 0 {
		_ = sig[0][10]
	}
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
	if f.fault == "bounds do not count" && (age == 300*time.Second || age == -300*time.Second) {
		return d, webhook.TimestampTooOld
	}
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
	if f.fault == "stops at the declared length" && m.Stream != nil && m.Length > 0 {
		m.Stream = io.LimitReader(m.Stream, m.Length)
	}
	if f.fault == "one at a time" {
		if f.busy.Add(1) > 1 {
			f.busy.Add(-1)
			return d, webhook.SignatureMismatch
		}
		defer f.busy.Add(-1)
		runtime.Gosched()
	}
	body, err := f.read(m)
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
	if f.fault == "nothing to remember" {
		d.Signature = webhook.Signature{}
	}
	if f.fault == "loses the body" {
		d.Body = nil
	}
	if f.fault == "changes the header" {
		m.Header.Set("X-Seen", "yes")
	}
	return d, nil
}

// read takes in the body.
func (f *faulty) read(m *webhook.Message) ([]byte, error) {
	switch {
	case f.fault == "sink gets nothing" && m.Sink != nil:
		return nil, nil
	case f.fault == "reads once" && m.Stream != nil:
		body := make([]byte, 1<<20)
		n, err := m.Stream.Read(body)
		return body[:n], err
	}
	return m.ReadBody()
}

// shower is a verifier of a sender that shows a token, with a fault.
type shower struct{ fault string }

func (s *shower) Sign(_ context.Context, m *webhook.Message) error {
	m.Header.Set(header, "Bearer "+theSecret)
	return nil
}

func (s *shower) Verify(_ context.Context, m *webhook.Message) (d webhook.Delivery, err error) {
	if m.Method != "POST" {
		return d, webhook.MethodNotAllowed
	}
	if err := m.CheckLength(); err != nil {
		return d, err
	}
	values := m.Header.Values(header)
	if len(values) > 1 && s.fault != "last of several" {
		return d, webhook.DuplicateHeader
	}
	if len(values) == 0 {
		return d, webhook.MissingToken
	}
	token := strings.TrimPrefix(values[len(values)-1], "Bearer ")
	good := token == theSecret
	switch s.fault {
	case "any case":
		good = strings.EqualFold(token, theSecret)
	case "begins like it":
		good = strings.HasPrefix(token, theSecret[:5])
	case "any token":
		good = token != ""
	case "seven bits":
		clear := []byte(token)
		for i := range clear {
			clear[i] &= 0x7f
		}
		good = string(clear) == theSecret
	}
	if !good {
		return d, webhook.TokenMismatch
	}
	body, err := m.ReadBody()
	return webhook.Delivery{Sender: "shower", Body: body}, err
}

// record is a reporter that only counts.
type record struct {
	ctx    context.Context
	mu     sync.Mutex
	errors []string
}

type fatal struct{}

func (r *record) Helper()                      {}
func (r *record) Context() context.Context     { return r.ctx }
func (r *record) Fatal(args ...any)            { r.Error(args...); panic(fatal{}) }
func (r *record) Fatalf(f string, args ...any) { r.Errorf(f, args...); panic(fatal{}) }
func (r *record) Errorf(f string, args ...any) { r.Error(fmt.Sprintf(f, args...)) }

func (r *record) Error(args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, fmt.Sprint(args...))
}

// found puts a verifier to every rule, and returns what each found.
func found(ctx context.Context, c Config) map[string][]string {
	found := map[string][]string{}
	for _, rule := range c.rules() {
		r := &record{ctx: ctx}
		func() {
			defer func() {
				if v := recover(); v != nil && v != any(fatal{}) {
					r.Errorf("panic: %v", v) // which ends a test too
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

// faults are what can be wrong with a verifier, each with the rule that is there
// for it.
var faults = map[string]string{
	"time is not signed":           "any changed byte of what Sign set",
	"signs the first half":         "any changed byte of the body",
	"trims the body":               "any changed byte of the body",
	"any method":                   "another method",
	"no secret is no check":        "no secret",
	"does not check itself":        "no secret",
	"reads first":                  "the body of an unsigned message",
	"no limit":                     "a body over the limit",
	"first of several":             "what Sign set must be there once",
	"unsigned is good":             "what Sign set must be there",
	"crashes":                      "odd header values",
	"no window":                    "the window",
	"one-sided window":             "the window",
	"bounds do not count":          "the window",
	"prefix is enough":             "any changed byte of what Sign set",
	"remembers the text":           "another spelling",
	"nothing to remember":          "another spelling",
	"loses the body":               "a genuine message passes",
	"changes the header":           "a genuine message passes",
	"nobody sent it":               "a genuine message passes",
	"reads once":                   "a body that is not in memory",
	"sink gets nothing":            "a body that is not in memory",
	"stops at the declared length": "a body that cannot be read",
	"one at a time":                "messages can be verified at the same time",
	"error without reason":         "any changed byte of the body",
	"error with secret":            "any changed byte of the body",
	"error with the signature":     "any changed byte of the body",
	"error with status 200":        "any changed byte of the body",
	"delivery with the error":      "any changed byte of the body",
}

// Every fault is found by the rule that is there for it, every rule finds a
// fault, and a verifier without fault passes.
func TestFaultsAreFound(t *testing.T) {
	put := func(fault string) map[string][]string {
		v := &faulty{fault: fault, secret: theSecret}
		return found(t.Context(), Config{
			Verifier: v, Sign: v.Sign, Message: message, Unsecured: &faulty{fault: fault},
			Secrets: []string{theSecret}, Tolerance: 300 * time.Second,
		})
	}
	if found := put(""); len(found) > 0 {
		t.Errorf("a good verifier is found fault with: %v", found)
	}
	useful := map[string]bool{}
	for fault, rule := range faults {
		hit := false
		found := put(fault)
		for name := range found {
			if strings.HasPrefix(name, rule) {
				hit, useful[name] = true, true
			}
		}
		if !hit {
			t.Errorf("%q is not found by the rule %q, but by %v", fault, rule, found)
		}
	}
	for _, rule := range (&Config{}).rules() {
		if !useful[rule.name] {
			t.Errorf("no fault shows that the rule %q can fail", rule.name)
		}
	}
}

// The same for senders that show a token.
func TestFaultsOfTokensAreFound(t *testing.T) {
	for fault, rule := range map[string]string{
		"last of several": "what Sign set must be there once",
		"any token":       "any changed byte of what Sign set",
		"begins like it":  "any changed byte of what Sign set",
		"any case":        "any changed byte of what Sign set",
		"seven bits":      "any changed byte of what Sign set",
		"":                "",
	} {
		v := &shower{fault}
		found := found(t.Context(), Config{Verifier: v, Sign: v.Sign, Message: message, Secrets: []string{theSecret}, Token: true})
		hit := rule == "" && len(found) == 0
		for name := range found {
			hit = hit || rule != "" && strings.HasPrefix(name, rule)
		}
		if !hit {
			t.Errorf("%q: want the rule %q, got %v", fault, rule, found)
		}
	}
}
