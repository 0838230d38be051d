package webhook

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"strings"
)

// verdict ends a verification: a named error and nothing else, or the delivery.
func verdict(d *Delivery, m *Message, sender string, err error) error {
	if err != nil {
		*d = Delivery{}
		return named(sender, err)
	}
	d.Sender, d.Header = sender, m.Header
	return nil
}

// open is the start of every verification: the method, the secrets, the
// declared length.
func (r *ring) open(ctx context.Context, m *Message, method string, src Source, sch *scheme) (*keys, error) {
	if m.Method != method {
		return nil, &SignatureError{Reason: MethodNotAllowed, Allow: method}
	}
	k, err := r.load(ctx, src, sch)
	if err != nil {
		return nil, err
	}
	return k, m.CheckLength()
}

// matched notes which key it was.
func (d *Delivery) matched(k *key, signature []byte) {
	d.Secret = k.secret
	d.key = k
	d.Signature.n = uint8(copy(d.Signature.bytes[:], signature))
}

// signature is the place for a signature of so many bytes; if it is not right,
// verdict clears it.
func (d *Delivery) signature(size int) []byte {
	d.Signature.n = uint8(size)
	return d.Signature.bytes[:size]
}

// verify hashes prefix and body under every key and compares with d.Signature.
func (k *keys) verify(m *Message, d *Delivery, prefix ...string) error {
	s := k.open() // not given back if the body's reader panics
	if err := s.read(m, d, prefix); err != nil {
		s.close()
		return err
	}
	i, ok := s.match(d.Signature.bytes[:d.Signature.n])
	s.close()
	if !ok {
		return SignatureMismatch
	}
	d.Secret, d.key = k.used[i].secret, &k.used[i]
	return nil
}

// verifyList does the same for several signatures, any of which may match. The
// first key that does is reported.
func (k *keys) verifyList(m *Message, d *Delivery, signatures iter.Seq[[sha256.Size]byte], prefix ...string) error {
	s := k.open()
	defer s.close()
	if err := s.read(m, d, prefix); err != nil {
		return err
	}
	if !s.matchList(d, signatures) {
		return SignatureMismatch
	}
	return nil
}

// read takes in prefix and body.
func (s *session) read(m *Message, d *Delivery, prefix []string) error {
	for _, p := range prefix {
		s.add(p)
	}
	if m.Stream == nil && int64(len(m.Body)) <= m.limit() {
		for _, mac := range s.macs { // what read does, by the shortest way
			mac.Write(m.Body)
		}
		d.Body = m.Body
	} else {
		var err error
		if d.Body, err = m.read(&s.chunk, s.writers); err != nil {
			return err
		}
	}
	s.sum()
	return nil
}

func (s *session) matchList(d *Delivery, signatures iter.Seq[[sha256.Size]byte]) bool {
	best := -1
	for signature := range signatures {
		if i, ok := s.match(signature[:]); ok && (best < 0 || i < best) {
			best = i
			d.matched(&s.keys.used[i], signature[:])
		}
	}
	return best >= 0
}

// hexList yields the well-formed digests of a list "name=hex,name=hex" that
// have this name.
func hexList(value, name string) iter.Seq[[sha256.Size]byte] {
	return func(yield func([sha256.Size]byte) bool) {
		for part := range strings.SplitSeq(value, ",") {
			got, content, _ := strings.Cut(trim(part), "=")
			var digest [sha256.Size]byte
			if got == name && decodeHex(digest[:], content) && !yield(digest) {
				return
			}
		}
	}
}

// publicMatch returns the place of the first public key that signature over
// message is by.
func (k *keys) publicMatch(message, signature []byte) (int, bool) {
	for i, key := range k.used {
		if key.public && ed25519.Verify(key.value, message, signature) {
			return i, true
		}
	}
	return -1, false
}

// publicKey decodes an Ed25519 public key. One of small order is no key: it
// takes signatures that nobody has made.
func publicKey(decoded []byte) ([]byte, error) {
	var y [ed25519.PublicKeySize]byte
	copy(y[:], decoded)
	y[len(y)-1] &= 0x7f // the sign
	for _, weak := range smallOrder {
		if hex.EncodeToString(y[:]) == weak {
			return nil, InvalidSecret
		}
	}
	return decoded, nil
}

// smallOrder has every way to write the points whose order divides eight, in
// hex without the sign.
var smallOrder = [...]string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

// whole returns prefix and body in one piece, which Ed25519 needs; the body is
// read into memory even if there is a Sink.
func (m *Message) whole(prefix ...string) (message, body []byte, err error) {
	in := *m
	in.Sink = nil
	if body, err = in.ReadBody(); err != nil {
		return nil, nil, err
	}
	size := len(body)
	for _, p := range prefix {
		size += len(p)
	}
	message = make([]byte, 0, size)
	for _, p := range prefix {
		message = append(message, p...)
	}
	return append(message, body...), body, nil
}

// settle hands a body that was read whole to where it belongs.
func (m *Message) settle(d *Delivery, body []byte) error {
	if m.Sink == nil || m.Stream == nil {
		d.Body = body
		return nil
	}
	if _, err := m.Sink.Write(body); err != nil {
		return sinkError(err)
	}
	return nil
}
