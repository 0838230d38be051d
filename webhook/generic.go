package webhook

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"strconv"
	"strings"
)

// HMAC verifies senders that have no verifier of their own here, and sign by
// HMAC. The body is opaque: no media type is asked for and nothing is parsed. It
// must not be copied after first use.
type HMAC struct {
	// Sender names the sender in deliveries, logs and the replay memory; empty is
	// "hmac".
	Sender string
	// Secrets serves the secrets: required.
	Secrets Source
	// HexSecrets says that secrets are written in hex. The default is text.
	HexSecrets bool
	// Header has the signature: required.
	Header string
	// Prefix comes before the signature and must match exactly.
	Prefix string
	// Hash is the hash function; the zero value is SHA-256.
	Hash Hash
	// Encoding is how the signature is written; the zero value is hex.
	Encoding Encoding
	// TimestampHeader has a timestamp in seconds, which must lie in the window;
	// empty is none. It protects from replay only if Signed mentions it.
	TimestampHeader string
	// Tolerance is the window.
	Tolerance Tolerance
	// Signed says what is signed: literal text with {body} once and {timestamp}
	// any number of times. Empty is "{body}".
	Signed string
	// EventHeader and IDHeader name headers with the event and the delivery's id,
	// which are not signed; empty is none.
	EventHeader, IDHeader string

	ring ring
}

// Hash names a hash function.
type Hash int

// The hash functions. SHA-1 still serves for HMAC, but nobody should choose it
// today.
const (
	SHA256 Hash = iota
	SHA512
	InsecureSHA1
)

// Encoding names a way to write a signature.
type Encoding int

// The encodings.
const (
	Hex       Encoding = iota // either case
	Base64                    // standard alphabet, padded
	Base64URL                 // URL alphabet, not padded
)

func (h Hash) new() func() hash.Hash {
	switch h {
	case SHA256:
		return sha256.New
	case SHA512:
		return sha512.New
	case InsecureSHA1:
		return sha1.New
	}
	return nil
}

func (e Encoding) decode(dst []byte, value string) bool {
	switch e {
	case Hex:
		return decodeHex(dst, value)
	case Base64:
		return decodeBase64(dst, strictBase64, value)
	case Base64URL:
		return decodeBase64(dst, strictBase64URL, value)
	}
	return false
}

func (e Encoding) encode(sum []byte) string {
	switch e {
	case Base64:
		return base64.StdEncoding.EncodeToString(sum)
	case Base64URL:
		return base64.RawURLEncoding.EncodeToString(sum)
	}
	return hex.EncodeToString(sum)
}

func (h *HMAC) sender() string {
	if h.Sender == "" {
		return "hmac"
	}
	return h.Sender
}

func (h *HMAC) scheme() scheme {
	if h.HexSecrets {
		return scheme{hash: h.Hash.new(), decode: hexSecret}
	}
	return scheme{hash: h.Hash.new(), decode: text}
}

func hexSecret(value string) ([]byte, error) {
	key, err := hex.DecodeString(value)
	if err != nil {
		return nil, InvalidSecret
	}
	return key, nil
}

// Check reports every mistake of the configuration.
func (h *HMAC) Check() error {
	sch := h.scheme()
	return errors.Join(h.checkParts(), checked(h.sender(), h.Tolerance.check(), sch.check(h.Secrets)))
}

func (h *HMAC) checkParts() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, &SignatureError{Sender: h.sender(), Reason: Misconfigured, Err: fmt.Errorf(format, args...)})
	}
	if h.Header == "" {
		bad("Header: missing")
	}
	if h.Hash.new() == nil {
		bad("Hash: %d: no such hash", h.Hash)
	}
	if h.Encoding < Hex || h.Encoding > Base64URL {
		bad("Encoding: %d: no such encoding", h.Encoding)
	}
	if n := strings.Count(h.template(), "{body}"); n != 1 {
		bad("Signed: %q: has {body} %d times, not once", h.Signed, n)
	}
	if h.TimestampHeader == "" && strings.Contains(h.Signed, "{timestamp}") {
		bad("Signed: %q: has {timestamp}, but there is no TimestampHeader", h.Signed)
	}
	return errors.Join(errs...)
}

func (h *HMAC) template() string {
	if h.Signed == "" {
		return "{body}"
	}
	return h.Signed
}

// Verify implements Verifier.
func (h *HMAC) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	if err = h.checkParts(); err == nil {
		err = h.verify(ctx, m, &d)
	}
	err = verdict(&d, m, h.sender(), err)
	return d, err
}

func (h *HMAC) verify(ctx context.Context, m *Message, d *Delivery) error {
	sch := h.scheme()
	k, err := h.ring.open(ctx, m, "POST", h.Secrets, &sch)
	if err != nil {
		return err
	}
	header := http.CanonicalHeaderKey(h.Header)
	value, err := single(m.Header, header, MissingSignature)
	if err != nil {
		return err
	}
	var buf [sha512.Size]byte
	signature := buf[:k.size]
	value, found := strings.CutPrefix(value, h.Prefix)
	if !found || !h.Encoding.decode(signature, value) {
		return blame(MalformedSignature, header)
	}
	at := ""
	if h.TimestampHeader != "" {
		if at, err = single(m.Header, http.CanonicalHeaderKey(h.TimestampHeader), MissingTimestamp); err != nil {
			return err
		}
		if err := d.date(h.Tolerance, at, m.Time); err != nil {
			return err
		}
	}
	before, after, _ := strings.Cut(h.template(), "{body}")
	return k.verifyAround(m, d, signature, fill(before, at), fill(after, at))
}

func fill(template, timestamp string) string {
	return strings.ReplaceAll(template, "{timestamp}", timestamp)
}

// verifyAround is verify for senders that sign something after the body.
func (k *keys) verifyAround(m *Message, d *Delivery, signature []byte, before, after string) error {
	s := k.open()
	defer s.close()
	s.add(before)
	body, err := m.read(&s.chunk, s.writers)
	if err != nil {
		return err
	}
	s.add(after)
	s.sum()
	i, ok := s.match(signature)
	if !ok {
		return SignatureMismatch
	}
	d.Body = body
	d.matched(&k.used[i], signature)
	return nil
}

// Interpret implements Interpreter.
func (h *HMAC) Interpret(m *Message, d *Delivery) error {
	if h.EventHeader != "" {
		d.Event = m.Header.Get(h.EventHeader)
	}
	if h.IDHeader != "" {
		d.ID = m.Header.Get(h.IDHeader)
	}
	return nil
}

// Sign implements Signer.
func (h *HMAC) Sign(ctx context.Context, m *Message) error {
	if err := h.checkParts(); err != nil {
		return err
	}
	key, err := signingKey(ctx, h.sender(), h.Secrets, h.scheme().decode)
	if err != nil {
		return err
	}
	at := strconv.FormatInt(m.Time.Unix(), 10)
	if h.TimestampHeader != "" {
		m.Header.Set(h.TimestampHeader, at)
	}
	before, after, _ := strings.Cut(h.template(), "{body}")
	sum := digest(h.Hash.new(), key, []byte(fill(after, at)), fill(before, at), string(m.Body))
	m.Header.Set(h.Header, h.Prefix+h.Encoding.encode(sum))
	return nil
}
