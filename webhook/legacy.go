package webhook

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"strings"
	"unicode/utf16"
)

// legacy is one receiver of Functions 1.x, as a Verifier: who may send, and in
// what form. The order of its checks differs from sender to sender, because it
// decides the status when several things are wrong.
type legacy struct {
	sender       string
	keys         Source
	insecureHTTP bool
	modern       bool // in the Default profile: 401, and the code goes no further
	legacyKind
}

// legacyKind is a row of the table of receivers.
type legacyKind struct {
	minKey int    // characters of the key, inclusive
	maxKey int    // the same, 0 is maxKey
	also   string // a method besides POST
	// post proves a POST genuine; other answers the other method.
	post  func(l *legacy, ctx context.Context, m *Message, d *Delivery) error
	other func(l *legacy, ctx context.Context, m *Message, d *Delivery) error
	// read says what a genuine POST means.
	read func(m *Message, d *Delivery) error
}

// maxKey is how long a key may be, in UTF-16 units and inclusive.
const maxKey = 128

// legacyKinds are the receivers by name, in lower case.
var legacyKinds = map[string]legacyKind{
	"genericjson": {minKey: 32, post: (*legacy).code, read: readGeneric},
	"github":      {minKey: 16, post: (*legacy).github, read: readLegacyGitHub},
	"slack":       {minKey: 16, post: (*legacy).slack, read: readLegacySlack},
	"dropbox":     {minKey: 15, post: (*legacy).dropbox, also: "GET", other: (*legacy).dropboxChallenge, read: readChange},
	"mailchimp":   {minKey: 32, post: (*legacy).code, also: "GET", other: (*legacy).mailchimpProbe, read: readFormEvent("type")},
	"wordpress":   {minKey: 32, post: (*legacy).code, read: readFormEvent("hook")},
	"azurealert":  {minKey: 32, post: (*legacy).code, read: readMember("context", "name")},
	"kudu":        {minKey: 32, post: (*legacy).code, read: readMember("status")},
	"dynamicscrm": {minKey: 32, post: (*legacy).code, read: readMember("MessageName")},
	"bitbucket":   {minKey: 32, post: (*legacy).code, read: readLegacyBitbucket},
	"trello":      {minKey: 32, post: (*legacy).trello, also: "HEAD", other: (*legacy).trelloProbe, read: readChange},
	"pusher":      {minKey: 8, post: (*legacy).pusher, read: readPusher},
	"stripe":      {minKey: 16, post: (*legacy).stripe, read: readLegacyStripe},
	"sfsoap":      {minKey: 15, maxKey: 18, post: (*legacy).sfsoap, read: readLegacySOAP},
}

// bad is a refusal of Functions 1.x, which answers nearly all of them with 400.
func bad(reason Reason, header string) error {
	return &SignatureError{Reason: reason, Header: header, Status: 400}
}

// Verify implements Verifier.
func (l *legacy) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	switch {
	case l.takes(m.Method, "POST"):
		if err = m.CheckLength(); err == nil {
			err = l.post(l, ctx, m, &d)
		}
	case l.other != nil && l.takes(m.Method, l.also):
		err = l.other(l, ctx, m, &d)
	default:
		err = l.otherMethod()
	}
	if l.modern {
		err = modernized(err)
		d.code = "code"
	}
	err = verdict(&d, m, l.sender, err)
	return d, err
}

// takes tells whether a method is the one wanted. Functions 1.x takes it in any
// case.
func (l *legacy) takes(method, want string) bool {
	return method == want || !l.modern && strings.EqualFold(method, want)
}

// otherMethod refuses a method. Functions 1.x does not say which ones it takes.
func (l *legacy) otherMethod() error {
	refusal := &SignatureError{Reason: MethodNotAllowed}
	if l.modern {
		refusal.Allow = "POST"
		if l.also != "" {
			refusal.Allow = l.also + ", POST"
		}
	}
	return refusal
}

// modernized turns the 400 of a failure to authenticate into the 401 of today.
func modernized(err error) error {
	if e, ok := err.(*SignatureError); ok && e.Reason.StatusCode() == http.StatusUnauthorized {
		e.Status = 0
	}
	return err
}

// Interpret implements Interpreter.
func (l *legacy) Interpret(m *Message, d *Delivery) error { return l.read(m, d) }

// secure insists on https, but for callers on the same machine.
func (l *legacy) secure(m *Message) error {
	if m.Scheme == "https" || l.insecureHTTP || loopback(m.Peer) {
		return nil
	}
	return bad(InsecureTransport, "")
}

// loopback tells whether a peer's address is the machine itself. The Host
// header says nothing about that.
func loopback(peer string) bool {
	addr, err := netip.ParseAddrPort(peer)
	return err == nil && addr.Addr().Unmap().IsLoopback()
}

// clientID is the name of the key that the caller means: the header, even if it
// is empty, else the query. Names are compared exactly.
func clientID(m *Message) string {
	name := "default"
	if values := m.Header["X-Functions-Clientid"]; len(values) > 0 {
		name = values[0]
	} else if values := queryValues(m.Query(), "clientid", true); len(values) > 0 {
		name = values[0]
	}
	if name = strings.TrimLeft(name, ","); name == "" {
		return "default"
	}
	return name
}

// key finds the key that the caller means and notes it in d.
func (l *legacy) key(ctx context.Context, m *Message, d *Delivery) (string, error) {
	list, err := serve(ctx, l.keys)
	if err != nil {
		return "", err
	}
	name := clientID(m)
	for i, s := range list {
		if s.Name != name {
			continue
		}
		text := s.Reveal()
		if n := len(utf16.Encode([]rune(text))); n < l.minKey || n > cmp.Or(l.maxKey, maxKey) {
			return "", KeyLength
		}
		d.Secret = Match{Index: i, Name: name}
		return text, nil
	}
	return "", UnknownKey
}

// same compares texts by their digests.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return hmac.Equal(x[:], y[:])
}

// code is the proof of all receivers whose callers show the key itself.
func (l *legacy) code(ctx context.Context, m *Message, d *Delivery) error {
	if err := l.secure(m); err != nil {
		return err
	}
	shown := joined(queryValues(m.Query(), "code", true))
	if shown == "" {
		shown = first(m.Header, functionsKey)
	}
	if shown == "" {
		return bad(MissingCode, "")
	}
	key, err := l.key(ctx, m, d)
	if err != nil {
		return err
	}
	if !same(shown, key) {
		return bad(CodeMismatch, "")
	}
	d.Body, err = m.ReadBody()
	return err
}

// joined is how Web API hands over a repeated parameter: no single value of it
// ever equals a key.
func joined(values []string) string { return strings.Join(values, ",") }

// Check reports a configuration that would refuse every delivery.
func (l *legacy) Check() error {
	list, fixed := l.keys.(Secrets)
	if l.keys != nil && !fixed {
		return nil
	}
	for _, s := range list {
		if !s.IsZero() {
			return nil
		}
	}
	return named(l.sender, MissingSecret)
}
