package webhook

import (
	"cmp"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net"
	"slices"
	"strings"
)

// Twilio verifies requests of Twilio: HMAC-SHA1 by the account's auth token over
// the URL that was called, in base64, in X-Twilio-Signature. For a form the
// fields follow the URL, by name; for JSON the URL carries the body's SHA-256 as
// bodySHA256. The URL must be the public one exactly, so behind a proxy
// Config.Origin or PublicURL has to tell. Delivery.Form has the fields. No time
// is signed: two requests that are alike, as of a caller who presses the same
// key twice, are one delivery to the replay memory, unless it is told to
// remember ids (RememberID), which Twilio does not sign. It must not be copied
// after first use.
type Twilio struct {
	// AuthTokens serves the auth tokens: required. Twilio signs with the primary
	// one only.
	AuthTokens Source
	// PublicURL is the URL that Twilio calls, where the receiver cannot tell. If
	// it has no query, the request's is appended. A fragment, which overrides how
	// Twilio connects, is not sent and does not count.
	PublicURL string

	ring ring
}

const twilioSignature = "X-Twilio-Signature"

// Check reports a configuration that would refuse every delivery.
func (t *Twilio) Check() error { return named("twilio", hmacSHA1.check(t.AuthTokens)) }

// Verify implements Verifier.
func (t *Twilio) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	err = t.verify(ctx, m, &d)
	err = verdict(&d, m, "twilio", err)
	return d, err
}

func (t *Twilio) verify(ctx context.Context, m *Message, d *Delivery) error {
	if m.Method != "POST" && m.Method != "GET" {
		return &SignatureError{Reason: MethodNotAllowed, Allow: "GET, POST"}
	}
	k, err := t.ring.open(ctx, m, m.Method, t.AuthTokens, hmacSHA1)
	if err != nil {
		return err
	}
	value, err := single(m.Header, twilioSignature, MissingSignature)
	if err != nil {
		return err
	}
	var signature [sha1.Size]byte
	if !decodeBase64(signature[:], strictBase64, value) {
		return blame(MalformedSignature, twilioSignature)
	}
	body, err := m.wholeBody()
	if err != nil {
		return err
	}
	signed, err := t.signed(m, body)
	if err != nil {
		return err
	}
	if !k.verifyURLs(d, signature[:], t.urls(m), signed) {
		return SignatureMismatch
	}
	if kind, _ := mediaType(m.Header); m.Method == "POST" && kind == typeJSON && !bodyHash(t.url(m), body) {
		return BodyHashMismatch
	}
	return m.settle(d, body)
}

// wholeBody reads the body into memory even if there is a Sink.
func (m *Message) wholeBody() ([]byte, error) {
	in := *m
	in.Sink = nil
	return in.ReadBody()
}

// signed returns what is signed after the URL.
func (t *Twilio) signed(m *Message, body []byte) (string, error) {
	if m.Method == "GET" {
		return "", nil
	}
	switch kind, _ := mediaType(m.Header); kind {
	case typeJSON:
		return "", nil
	case typeForm:
		return twilioFields(string(body))
	}
	return "", blame(UnsupportedMediaType, "Content-Type")
}

// maxTwilioFields bounds the fields of a form that are sorted for a sender who
// has not proved anything yet. Twilio sends some dozens.
const maxTwilioFields = 4096

// twilioFields writes the fields in order of name, each distinct value after
// its name.
func twilioFields(body string) (string, error) {
	type pair struct{ name, value string }
	var pairs []pair
	for name, value := range orderedForm(body) {
		if len(pairs) == maxTwilioFields {
			return "", MalformedBody
		}
		pairs = append(pairs, pair{name, value})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	var text strings.Builder
	for _, p := range slices.Compact(pairs) {
		text.WriteString(p.name)
		text.WriteString(p.value)
	}
	return text.String(), nil
}

// url is the URL that Twilio is taken to have called.
func (t *Twilio) url(m *Message) string {
	if t.PublicURL == "" {
		return m.URL()
	}
	public, _, _ := strings.Cut(t.PublicURL, "#")
	query := m.Query()
	if strings.Contains(public, "?") {
		hash := queryValues(query, "bodySHA256", false)
		if len(hash) != 1 || strings.Contains(public, "bodySHA256=") {
			return public
		}
		return public + "&bodySHA256=" + hash[0]
	}
	if query == "" {
		return public
	}
	return public + "?" + query
}

// urls are the spellings to try: some of Twilio's products write the standard
// port, and some leave out another.
func (t *Twilio) urls(m *Message) []string {
	called := t.url(m)
	scheme, rest, _ := strings.Cut(called, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, path := rest[:end], rest[end:]
	other := host + ":443"
	if scheme == "http" {
		other = host + ":80"
	}
	if bare, port, err := net.SplitHostPort(host); err == nil && port != "" {
		if other = bare; strings.Contains(bare, ":") {
			other = "[" + bare + "]"
		}
	}
	return []string{called, scheme + "://" + other + path}
}

// verifyURLs compares with the digests of every URL.
func (k *keys) verifyURLs(d *Delivery, signature []byte, urls []string, rest string) bool {
	good := false
	for _, u := range urls {
		s := k.open()
		s.add(u)
		s.add(rest)
		s.sum()
		if i, ok := s.match(signature); ok && !good {
			d.matched(&k.used[i], signature)
			good = true
		}
		s.close()
	}
	return good
}

// bodyHash tells whether the URL carries the hash of the body.
func bodyHash(called string, body []byte) bool {
	_, query, _ := strings.Cut(called, "?")
	carried := queryValues(query, "bodySHA256", false)
	sum := sha256.Sum256(body)
	return len(carried) == 1 && carried[0] == hex.EncodeToString(sum[:])
}

// Interpret implements Interpreter.
func (t *Twilio) Interpret(m *Message, d *Delivery) error {
	d.ID = first(m.Header, "I-Twilio-Idempotency-Token")
	if m.Method == "GET" {
		return nil
	}
	if kind, _ := mediaType(m.Header); kind != typeForm {
		return d.readJSON(m.Header)
	}
	if len(d.Body) == 0 {
		return EmptyBody
	}
	d.Form = parseForm(string(d.Body))
	return nil
}

// Sign implements Signer. For a JSON body it sets bodySHA256 in the query.
func (t *Twilio) Sign(ctx context.Context, m *Message) error {
	key, err := signingKey(ctx, "twilio", t.AuthTokens, text)
	if err != nil {
		return err
	}
	rest, err := t.signed(m, m.Body)
	if err != nil {
		return named("twilio", err)
	}
	if kind, _ := mediaType(m.Header); m.Method != "GET" && kind == typeJSON {
		path, query, _ := strings.Cut(m.Target, "?")
		sum := sha256.Sum256(m.Body)
		query = strings.TrimPrefix(dropParameter(query, "bodySHA256")+"&bodySHA256="+hex.EncodeToString(sum[:]), "&")
		m.Target = path + "?" + query
	}
	mac := digest(sha1.New, key, nil, t.url(m), rest)
	m.Header.Set(twilioSignature, base64.StdEncoding.EncodeToString(mac))
	return nil
}
