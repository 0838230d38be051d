package webhook

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Standard verifies messages of senders that follow the Standard Webhooks
// specification: webhook-id, webhook-timestamp and webhook-signature, which
// lists "v1," and base64 of HMAC-SHA256, or "v1a," and base64 of Ed25519, over
// id, ".", timestamp, "." and body. Any element may match; versions that are
// unknown, or for which there is no key, are passed over. The event is the
// member type of a JSON object. It must not be copied after first use.
type Standard struct {
	// Secrets serves shared secrets, base64 after an optional "whsec_", and
	// public keys, base64 after "whpk_": required.
	Secrets Source
	// Tolerance is the window for webhook-timestamp.
	Tolerance Tolerance
	// Svix takes the headers svix-id, svix-timestamp and svix-signature if all
	// three are there, else those of the specification if all three are there.
	Svix bool

	ring ring
}

// triple names the three headers of a message; sets are never mixed.
type triple struct{ id, timestamp, signature string }

var (
	standardHeaders = triple{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}
	svixHeaders     = triple{"Svix-Id", "Svix-Timestamp", "Svix-Signature"}
)

// count returns how many of the three are there and not blank.
func (t triple) count(h http.Header) int {
	n := 0
	for _, name := range [...]string{t.id, t.timestamp, t.signature} {
		if trim(strings.Join(h[name], "")) != "" {
			n++
		}
	}
	return n
}

func (s *Standard) headers(h http.Header) triple {
	if !s.Svix {
		return standardHeaders
	}
	branded := svixHeaders.count(h)
	if branded == 3 || branded > 0 && standardHeaders.count(h) < 3 {
		return svixHeaders
	}
	return standardHeaders
}

func (s *Standard) sender() string {
	if s.Svix {
		return "svix"
	}
	return "standard-webhooks"
}

var standardScheme = &scheme{hash: sha256.New, decode: standardSecret, public: standardPublic}

// standardSecret decodes base64 after an optional "whsec_".
func standardSecret(value string) ([]byte, error) {
	encoded := strings.TrimPrefix(value, "whsec_")
	if strings.ContainsAny(encoded, "\r\n") {
		return nil, InvalidSecret // which encoding/base64 would pass over
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) == 0 {
		return nil, InvalidSecret
	}
	return key, nil
}

// standardPublic decodes a public key, if value is one.
func standardPublic(value string) ([]byte, bool, error) {
	encoded, is := strings.CutPrefix(value, "whpk_")
	if !is {
		return nil, false, nil
	}
	key := make([]byte, ed25519.PublicKeySize)
	if !decodeBase64(key, strictBase64, encoded) {
		return nil, false, InvalidSecret
	}
	key, err := publicKey(key)
	return key, err == nil, err
}

// Check reports a configuration that would refuse every delivery.
func (s *Standard) Check() error {
	return checked(s.sender(), s.Tolerance.check(), standardScheme.check(s.Secrets))
}

// Verify implements Verifier.
func (s *Standard) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	k, err := s.ring.open(ctx, m, "POST", s.Secrets, standardScheme)
	if err == nil {
		err = s.headers(m.Header).verify(k, s.Tolerance, m, &d)
	}
	err = verdict(&d, m, s.sender(), err)
	return d, err
}

// verify checks the three headers and the body behind them.
func (t triple) verify(k *keys, tolerance Tolerance, m *Message, d *Delivery) error {
	id, err := single(m.Header, t.id, MissingID)
	if err != nil {
		return err
	}
	at, err := single(m.Header, t.timestamp, MissingTimestamp)
	if err != nil {
		return err
	}
	list, err := single(m.Header, t.signature, MissingSignature)
	if err != nil {
		return err
	}
	public, err := k.standardParts(list)
	if err != nil {
		return blame(err.(Reason), t.signature)
	}
	if err := d.date(tolerance, at, m.Time); err != nil {
		return err
	}
	d.ID, d.IDSigned = id, true
	if !public {
		return k.verifyList(m, d, standardList(list), id, ".", at, ".")
	}
	return k.verifyPublic(m, d, list, id, at)
}

// kinds tells which kinds of keys there are.
func (k *keys) kinds() (shared, public bool) {
	for _, key := range k.used {
		shared = shared || !key.public
		public = public || key.public
	}
	return shared, public
}

// maxPublic bounds the Ed25519 signatures of one message that are looked at:
// each costs as much as hashing many kilobytes.
const maxPublic = 8

// standardParts checks that the list has a signature that can be compared, and
// tells whether one of them is by a public key.
func (k *keys) standardParts(list string) (public bool, err error) {
	hasShared, hasPublic := k.kinds()
	usable, broken := false, false
	for element := range strings.FieldsSeq(list) {
		version, encoded, found := strings.Cut(element, ",")
		var digest [sha256.Size]byte
		var signature [ed25519.SignatureSize]byte
		switch {
		case !found:
			broken = true
		case version == "v1" && hasShared:
			ok := decodeBase64(digest[:], strictBase64, encoded)
			usable, broken = usable || ok, broken || !ok
		case version == "v1a" && hasPublic:
			ok := decodeBase64(signature[:], strictBase64, encoded)
			usable, broken, public = usable || ok, broken || !ok, public || ok
		}
	}
	switch {
	case usable:
		return public, nil
	case broken:
		return false, MalformedSignature
	}
	return false, UnsupportedAlgorithm
}

// standardList yields the digests of the elements of version v1.
func standardList(list string) iter.Seq[[sha256.Size]byte] {
	return func(yield func([sha256.Size]byte) bool) {
		for element := range strings.FieldsSeq(list) {
			encoded, is := strings.CutPrefix(element, "v1,")
			var digest [sha256.Size]byte
			if is && decodeBase64(digest[:], strictBase64, encoded) && !yield(digest) {
				return
			}
		}
	}
}

// verifyPublic compares a list that has Ed25519 signatures.
func (k *keys) verifyPublic(m *Message, d *Delivery, list, id, at string) error {
	message, body, err := m.whole(id, ".", at, ".")
	if err != nil {
		return err
	}
	s := k.open()
	defer s.close()
	for _, mac := range s.macs {
		mac.Write(message)
	}
	s.sum()
	good := s.matchList(d, standardList(list))
	tried := 0
	for element := range strings.FieldsSeq(list) {
		encoded, is := strings.CutPrefix(element, "v1a,")
		var signature [ed25519.SignatureSize]byte
		if !is || good || tried == maxPublic || !decodeBase64(signature[:], strictBase64, encoded) {
			continue
		}
		tried++
		if i, ok := k.publicMatch(message, signature[:]); ok {
			d.matched(&k.used[i], signature[:])
			good = true
		}
	}
	if !good {
		return SignatureMismatch
	}
	return m.settle(d, body)
}

// Interpret implements Interpreter.
func (s *Standard) Interpret(m *Message, d *Delivery) error {
	d.RetryFor = 48 * time.Hour
	kind, charset := mediaType(m.Header)
	suffixed := strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
	if kind != typeJSON && !suffixed || !utf8Charset(charset) {
		return blame(UnsupportedMediaType, "Content-Type")
	}
	if err := d.document(); err != nil {
		return err
	}
	o, _ := asObject(d.Payload)
	d.Event, _ = o.text("type")
	return nil
}

// Sign implements Signer, with the first shared secret. The id is the one that
// the header has already: a message without is refused with MissingID.
func (s *Standard) Sign(ctx context.Context, m *Message) error {
	key, err := signingKey(ctx, s.sender(), s.Secrets, standardSecret)
	if err != nil {
		return err
	}
	headers := standardHeaders
	if s.Svix {
		headers = svixHeaders
	}
	return named(s.sender(), headers.sign(m, key))
}

func (t triple) sign(m *Message, key []byte) error {
	id, err := single(m.Header, t.id, MissingID)
	if err != nil {
		return err
	}
	at := strconv.FormatInt(m.Time.Unix(), 10)
	mac := digest(sha256.New, key, m.Body, id, ".", at, ".")
	m.Header.Set(t.timestamp, at)
	m.Header.Set(t.signature, "v1,"+base64.StdEncoding.EncodeToString(mac))
	return nil
}

// SignPublic signs a message of the specification with an Ed25519 private key,
// as version v1a; the receiver holds "whpk_" and base64 of the public key.
func SignPublic(m *Message, private ed25519.PrivateKey) error {
	id, err := single(m.Header, standardHeaders.id, MissingID)
	if err != nil {
		return named("standard-webhooks", err)
	}
	at := strconv.FormatInt(m.Time.Unix(), 10)
	message := append([]byte(id+"."+at+"."), m.Body...)
	m.Header.Set(standardHeaders.timestamp, at)
	m.Header.Set(standardHeaders.signature, "v1a,"+base64.StdEncoding.EncodeToString(ed25519.Sign(private, message)))
	return nil
}
