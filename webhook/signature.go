package webhook

import "context"

// verdict ends a verification: a named error and nothing else, or the delivery.
func verdict(d Delivery, m *Message, sender string, err error) (Delivery, error) {
	if err != nil {
		return Delivery{}, named(sender, err)
	}
	d.Sender, d.Header = sender, m.Header
	return d, nil
}

// matched notes which key it was.
func (d *Delivery) matched(k key, signature []byte) {
	d.Secret = k.secret
	d.key = k.value
	d.Signature = SignatureOf(signature)
}

// open is the start of every verification: the method, the secrets, the
// declared length.
func (r *ring) open(ctx context.Context, m *Message, method string, src Source, sch scheme) (*keys, error) {
	if m.Method != method {
		return nil, &SignatureError{Reason: MethodNotAllowed, Allow: method}
	}
	k, err := r.load(ctx, src, sch)
	if err != nil {
		return nil, err
	}
	return k, m.CheckLength()
}

// verify hashes prefix and body under every key and compares with signature.
func (k *keys) verify(m *Message, d *Delivery, signature []byte, prefix ...string) error {
	s := k.open()
	defer s.close()
	for _, p := range prefix {
		s.add(p)
	}
	body, err := m.ReadBody(s.writers...)
	if err != nil {
		return err
	}
	s.sum()
	i, ok := s.match(signature)
	if !ok {
		return SignatureMismatch
	}
	d.Body = body
	d.matched(k.used[i], signature)
	return nil
}
