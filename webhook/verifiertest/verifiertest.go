// Package verifiertest checks that a webhook.Verifier keeps its promises.
//
//	func TestVerifier(t *testing.T) {
//		v := &acme.Verifier{Secrets: webhook.Static("s3cret")}
//		verifiertest.Run(t, verifiertest.Config{Verifier: v, Sign: v.Sign, Secrets: []string{"s3cret"}})
//	}
//
// Each rule is a subtest, and a failure names the rule. It needs no network and
// no clock.
package verifiertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/webhook"
)

// Config says what to check.
type Config struct {
	// Verifier is what is checked: required.
	Verifier webhook.Verifier
	// Sign makes a message genuine: required. It changes m.Header or m.Target,
	// and nothing else.
	Sign func(ctx context.Context, m *webhook.Message) error
	// Message makes what Sign is put to, with this body: a POST unless it says
	// otherwise. Nil is a POST of JSON at a fixed time, with the headers
	// Webhook-Id and Svix-Id.
	Message func(body []byte) *webhook.Message
	// Unsecured is the verifier without any secret; nil leaves that rule out.
	Unsecured webhook.Verifier
	// Signed names headers that are signed but not set by Sign.
	Signed []string
	// Secrets must not show in any error.
	Secrets []string
	// Tolerance is the window of the signed timestamp, both ways and inclusive;
	// zero says that none is signed.
	Tolerance time.Duration
	// Token says that the sender shows a secret and does not sign the body.
	Token bool
}

// now is when the messages of the default Config.Message are received.
var now = time.Unix(1705449600, 0)

const sample = `{"id":"evt_1","type":"ping.sent","text":"ř ☃ \u0000 \"}"}`

// Run checks c.Verifier against every rule.
func Run(t *testing.T, c Config) {
	t.Helper()
	if c.Message == nil {
		c.Message = message
	}
	for _, rule := range c.rules() {
		t.Run(rule.name, func(t *testing.T) { rule.check(t) })
	}
}

// reporter is what the rules need of a *testing.T.
type reporter interface {
	Helper()
	Context() context.Context
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

type rule struct {
	name  string
	check func(reporter)
}

func (c *Config) rules() []rule {
	return []rule{
		{"a genuine message passes, and its bytes come back", c.genuine},
		{"a body that is not in memory is the same", c.streamed},
		{"any changed byte of the body is refused", c.tamperedBody},
		{"any changed byte of what Sign set is refused", c.tamperedHeader},
		{"what Sign set must be there", c.missing},
		{"what Sign set must be there once", c.repeated},
		{"odd header values are refused, not crashed on", c.oddHeaders},
		{"another method is refused", c.methods},
		{"the window has two sides, inclusive", c.window},
		{"a body over the limit is refused, unread if its length is declared", c.limit},
		{"the body of an unsigned message is not read", c.unread},
		{"a body that cannot be read is refused", c.broken},
		{"no secret is never no check", c.unsecured},
		{"messages can be verified at the same time", c.concurrent},
		{"another spelling of a signature is the same delivery", c.replay},
	}
}

func message(body []byte) *webhook.Message {
	return &webhook.Message{
		Method: "POST", Scheme: "https", Host: "hooks.example.net", Target: "/in?x=a%20b", Time: now,
		Header: http.Header{"Content-Type": {"application/json"}, "Webhook-Id": {"msg_1"}, "Svix-Id": {"msg_1"}},
		Body:   body, MaxBody: 1 << 20,
	}
}

// signed makes a genuine message.
func (c *Config) signed(t reporter, body string) *webhook.Message {
	t.Helper()
	m := c.Message([]byte(body))
	if err := c.Sign(t.Context(), m); err != nil {
		t.Fatalf("Sign: %v", err)
	}
	return m
}

// set returns the headers that Sign sets or changes, and those that it signs.
func (c *Config) set(t reporter) []string {
	t.Helper()
	before, after := c.Message([]byte(sample)), c.signed(t, sample)
	names := slices.Clone(c.Signed)
	for name, values := range after.Header {
		if !slices.Equal(values, before.Header[name]) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (c *Config) verify(t reporter, m *webhook.Message) (webhook.Delivery, error) {
	t.Helper()
	return c.Verifier.Verify(t.Context(), m)
}

// refused checks that m is refused in the way that errors must be.
func (c *Config) refused(t reporter, m *webhook.Message, what string) error {
	t.Helper()
	d, err := c.verify(t, m)
	if err == nil {
		t.Errorf("%s: accepted", what)
		return nil
	}
	if d.Body != nil || d.ID != "" || d.Event != "" {
		t.Errorf("%s: a delivery comes with the error: %+v", what, d)
	}
	c.wellFormed(t, err, m, what)
	return err
}

// wellFormed checks that an error has a reason and a status, and tells nothing.
func (c *Config) wellFormed(t reporter, err error, m *webhook.Message, what string) {
	t.Helper()
	var reason webhook.Reason
	if !errors.As(err, &reason) || reason == webhook.OK {
		t.Errorf("%s: the error has no reason: %v", what, err)
	}
	if status := statusOf(err); status < 400 || status > 599 {
		t.Errorf("%s: the error has status %d: %v", what, status, err)
	}
	for _, secret := range c.Secrets {
		if secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error has a secret in it", what)
		}
	}
	for _, name := range c.set(t) {
		if value := m.Header.Get(name); len(value) > 15 && strings.Contains(err.Error(), value) {
			t.Errorf("%s: the error has the value of %s in it", what, name)
		}
	}
}

func statusOf(err error) int {
	var status interface{ StatusCode() int }
	if errors.As(err, &status) {
		return status.StatusCode()
	}
	return http.StatusUnauthorized // what a Receiver makes of a bare Reason
}

var bodies = []string{
	"x", sample, "\xff\xfe\x00\r\n", "\xef\xbb\xbf{}", strings.Repeat(sample, 3000),
}

func (c *Config) genuine(t reporter) {
	for _, body := range append(bodies, "") {
		m := c.signed(t, body)
		header := m.Header.Clone()
		d, err := c.verify(t, m)
		if err != nil {
			t.Errorf("%.20q: %v", body, err)
			continue
		}
		if string(d.Body) != body {
			t.Errorf("%.20q: the delivery has %.20q", body, d.Body)
		}
		if d.Sender == "" {
			t.Errorf("%.20q: the delivery does not say who sent it", body)
		}
		if string(m.Body) != body || !maps.EqualFunc(m.Header, header, slices.Equal) {
			t.Errorf("%.20q: the message was changed", body)
		}
	}
}

func (c *Config) streamed(t reporter) {
	for _, body := range bodies {
		for _, declared := range []int64{int64(len(body)), -1} {
			for _, size := range []int{1, 7, 4096, 1 << 20} {
				m := c.signed(t, body)
				m.Stream, m.Length, m.Body = &pieces{[]byte(body), size}, declared, nil
				d, err := c.verify(t, m)
				if err != nil || string(d.Body) != body {
					t.Errorf("%.20q in pieces of %d, declared %d: %.20q, %v", body, size, declared, d.Body, err)
				}
			}
		}
		m := c.signed(t, body)
		var sink bytes.Buffer
		m.Stream, m.Length, m.Sink, m.Body = &pieces{[]byte(body), 100}, -1, &sink, nil
		if d, err := c.verify(t, m); err != nil || sink.String() != body || d.Body != nil {
			t.Errorf("%.20q into a sink: %.20q, %v", body, sink.String(), err)
		}
	}
}

// pieces is a reader that gives so many bytes at a time.
type pieces struct {
	rest []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.size)], p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (c *Config) tamperedBody(t reporter) {
	if c.Token {
		return // there is nothing to find it out by
	}
	for at := range len(sample) {
		for _, bit := range []byte{0x01, 0x20, 0x80} {
			m := c.signed(t, sample)
			m.Body[at] ^= bit
			c.refused(t, m, "byte "+sample[at:at+1]+" changed")
		}
	}
	for _, change := range []struct{ name, body string }{
		{"a byte less", sample[:len(sample)-1]}, {"a byte more", sample + " "}, {"a line end more", sample + "\r\n"},
		{"a byte in front", " " + sample}, {"nothing left", ""}, {"twice", sample + sample}, {"a zero byte", sample + "\x00"},
	} {
		m := c.signed(t, sample)
		m.Body = []byte(change.body)
		c.refused(t, m, change.name)
	}
}

func (c *Config) tamperedHeader(t reporter) {
	for _, name := range c.set(t) {
		value := c.signed(t, sample).Header.Get(name)
		for at := range len(value) {
			changed := []byte(value)
			changed[at] ^= 0x01
			for _, value := range []string{string(changed), value[:at] + value[at+1:], value[:at] + "\x00" + value[at:]} {
				m := c.signed(t, sample)
				m.Header.Set(name, value)
				c.refused(t, m, name+" changed")
			}
			c.respelled(t, name, value, at)
		}
	}
	if m := c.signed(t, sample); m.Target != c.Message([]byte(sample)).Target {
		m.Target += "x"
		c.refused(t, m, "the URL changed")
	}
}

// respelled changes a byte in a way that may be another case of the same letter.
// Of a signature that can be the same one, of a token it never is.
func (c *Config) respelled(t reporter, name, value string, at int) {
	t.Helper()
	genuine, err := c.verify(t, c.signed(t, sample))
	if err != nil {
		t.Fatal(err)
	}
	for _, bit := range []byte{0x20, 0x80} {
		changed := []byte(value)
		changed[at] ^= bit
		m := c.signed(t, sample)
		m.Header.Set(name, string(changed))
		if c.Token && at > strings.LastIndexByte(value, ' ') {
			c.refused(t, m, name+" changed")
			continue
		}
		d, err := c.verify(t, m)
		if err == nil && !bytes.Equal(d.Signature.Bytes(), genuine.Signature.Bytes()) {
			t.Errorf("%s changed: accepted as another delivery", name)
		}
	}
}

func (c *Config) missing(t reporter) {
	for _, name := range c.set(t) {
		for _, value := range [][]string{nil, {""}, {" \t"}} {
			m := c.signed(t, sample)
			m.Header[name] = value
			c.refused(t, m, name+" missing")
		}
	}
	bare := c.Message([]byte(sample))
	c.refused(t, bare, "unsigned")
	bare.Header = nil
	c.refused(t, bare, "no headers at all")
}

func (c *Config) repeated(t reporter) {
	for _, name := range c.set(t) {
		for _, second := range []string{c.signed(t, sample).Header.Get(name), "", "x"} {
			m := c.signed(t, sample)
			m.Header.Add(name, second)
			c.refused(t, m, name+" twice")
		}
	}
}

func (c *Config) oddHeaders(t reporter) {
	odd := []string{
		"=", ",", "==", ",,,", "v1=", "v1,", "sha256=", "sha256", "t=,v1=", "v0=\xff", "\x00", "\xff\xfe", "-1", "1e9",
		"9999999999999999999999", strings.Repeat("a", 1<<20), strings.Repeat("v1,", 1<<16), strings.Repeat("v1=a,", 1<<16),
		strings.Repeat("=", 1<<16), strings.Repeat(" ", 1<<16) + "x",
	}
	for _, name := range c.set(t) {
		for _, value := range odd {
			m := c.signed(t, sample)
			m.Header.Set(name, value)
			c.refused(t, m, name+" odd")
		}
	}
}

func (c *Config) methods(t reporter) {
	for _, method := range []string{"PUT", "DELETE", "PATCH", "post", "POST ", ""} {
		m := c.signed(t, sample)
		m.Method = method
		if err := c.refused(t, m, "method "+method); err != nil && statusOf(err) != http.StatusMethodNotAllowed {
			t.Errorf("method %q: %v", method, err)
		}
	}
}

func (c *Config) window(t reporter) {
	if c.Tolerance == 0 {
		return
	}
	for _, shift := range []time.Duration{-c.Tolerance, 0, c.Tolerance} {
		m := c.signed(t, sample)
		m.Time = m.Time.Add(shift)
		if d, err := c.verify(t, m); err != nil || d.SignedAt.IsZero() {
			t.Errorf("received %v after it was signed: %v, signed at %v", shift, err, d.SignedAt)
		}
	}
	for _, shift := range []time.Duration{-c.Tolerance - time.Second, c.Tolerance + time.Second, -24 * time.Hour, 24 * time.Hour} {
		m := c.signed(t, sample)
		m.Time = m.Time.Add(shift)
		c.refused(t, m, "received "+shift.String()+" after it was signed")
	}
	m := c.signed(t, sample)
	m.Time = time.Time{}
	c.refused(t, m, "received at the zero time")
}

// untouched is a body that must not be read.
type untouched struct{ t reporter }

func (u untouched) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func (c *Config) limit(t reporter) {
	m := c.signed(t, sample)
	m.MaxBody = int64(len(sample))
	if _, err := c.verify(t, m); err != nil {
		t.Errorf("exactly the limit: %v", err)
	}
	tooLarge := func(m *webhook.Message, what string) {
		t.Helper()
		m.MaxBody = int64(len(sample)) - 1
		if err := c.refused(t, m, what); err != nil && !errors.Is(err, webhook.BodyTooLarge) {
			t.Errorf("%s: %v", what, err)
		}
	}
	tooLarge(c.signed(t, sample), "one byte over the limit")
	m = c.signed(t, sample)
	m.Stream, m.Length = untouched{t}, int64(len(sample))
	tooLarge(m, "one byte over the limit, declared")
	m = c.signed(t, sample)
	m.Stream, m.Length = strings.NewReader(sample), -1
	tooLarge(m, "one byte over the limit, not declared")
	endless := &counting{}
	m = c.signed(t, sample)
	m.Stream, m.Length = endless, -1
	tooLarge(m, "without end")
	if endless.n > 1<<20 {
		t.Errorf("of a body without end %d bytes were read", endless.n)
	}
	m = c.Message([]byte(sample))
	m.Stream, m.Length = untouched{t}, int64(len(sample))
	tooLarge(m, "unsigned and over the limit")
}

// counting is a body without end.
type counting struct{ n int }

func (r *counting) Read(b []byte) (int, error) {
	r.n += len(b)
	return len(b), nil
}

func (c *Config) unread(t reporter) {
	m := c.Message([]byte(sample))
	m.Stream, m.Length = untouched{t}, int64(len(sample))
	c.refused(t, m, "unsigned")
}

func (c *Config) broken(t reporter) {
	m := c.signed(t, sample)
	m.Stream, m.Length = io.MultiReader(strings.NewReader(sample[:9]), failing{}), int64(len(sample))
	c.refused(t, m, "the connection breaks")
	m = c.signed(t, sample)
	m.Stream, m.Length = io.MultiReader(strings.NewReader(sample), strings.NewReader("more")), int64(len(sample))
	if !c.Token {
		c.refused(t, m, "longer than declared")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func (c *Config) unsecured(t reporter) {
	if c.Unsecured == nil {
		return
	}
	for _, m := range []*webhook.Message{c.signed(t, sample), c.Message([]byte(sample))} {
		_, err := c.Unsecured.Verify(t.Context(), m)
		if err == nil {
			t.Error("accepted without a secret")
			continue
		}
		if !errors.Is(err, webhook.MissingSecret) || statusOf(err) != http.StatusInternalServerError {
			t.Errorf("without a secret: %v", err)
		}
	}
	if checker, ok := c.Unsecured.(webhook.Checker); !ok || checker.Check() == nil {
		t.Error("Check does not find out that there is no secret")
	}
}

func (c *Config) concurrent(t reporter) {
	messages := make([]*webhook.Message, 32)
	for i := range messages {
		messages[i] = c.signed(t, strings.Repeat(sample, i+1))
	}
	var wg sync.WaitGroup
	for _, m := range messages {
		wg.Go(func() {
			for range 10 {
				in := *m
				in.Stream, in.Length = &pieces{m.Body, 50}, -1
				if d, err := c.verify(t, &in); err != nil || !bytes.Equal(d.Body, m.Body) {
					t.Errorf("beside others: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

func (c *Config) replay(t reporter) {
	m := c.signed(t, sample)
	first, err := c.verify(t, m)
	if err != nil {
		t.Fatal(err)
	}
	if c.Token {
		return // the id, if there is one, is not in what is verified
	}
	if first.Signature.Bytes() == nil && !(first.ID != "" && first.IDSigned) {
		t.Error("the delivery has neither a signature nor a signed id to remember it by")
	}
	for _, name := range c.set(t) {
		again := c.signed(t, sample)
		again.Header.Set(name, strings.ToUpper(again.Header.Get(name)))
		d, err := c.verify(t, again)
		if err == nil && !bytes.Equal(d.Signature.Bytes(), first.Signature.Bytes()) {
			t.Errorf("%s in upper case passes, and is remembered as another delivery", name)
		}
	}
}
