package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"time"
)

// A Signer makes the messages that a Verifier accepts: its mirror, for tests
// and for those who send. The verifiers of this package are Signers.
type Signer interface {
	// Sign adds to m what proves it genuine, by the first secret that is not
	// empty: headers, in place of any of that name, and for some senders a part
	// of the query. It looks at m.Body, and where the sender signs them at m.Time
	// and the URL. It sets no headers that prove nothing, such as the event's.
	Sign(ctx context.Context, m *Message) error
}

// SignRequest signs an outgoing request as of a time. The body is read and put
// back. The URL that is signed is r's own.
func SignRequest(s Signer, r *http.Request, at time.Time) error {
	var content []byte
	if r.Body != nil && r.Body != http.NoBody {
		var err error
		if content, err = io.ReadAll(r.Body); err != nil {
			return err
		}
		_ = r.Body.Close()
		r.Body = body{bytes.NewReader(content)}
		r.ContentLength = int64(len(content))
		r.GetBody = func() (io.ReadCloser, error) { return body{bytes.NewReader(content)}, nil }
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	target := r.URL.RequestURI()
	m := &Message{
		Method: r.Method, Scheme: r.URL.Scheme, Host: host, Target: target,
		Header: r.Header, Time: at, Body: content,
	}
	if err := s.Sign(r.Context(), m); err != nil {
		return err
	}
	if m.Target != target {
		r.URL.RawQuery = m.Query()
	}
	return nil
}

// signingKey returns the first key that is of use for signing.
func signingKey(ctx context.Context, sender string, src Source, decode func(string) ([]byte, error)) ([]byte, error) {
	list, err := serve(ctx, src)
	if err != nil {
		return nil, named(sender, err)
	}
	for _, s := range list {
		if !s.IsZero() {
			value, err := decode(s.Reveal())
			return value, named(sender, err)
		}
	}
	return nil, named(sender, MissingSecret)
}

// digest returns the HMAC of the parts, one after the other.
func digest(newHash func() hash.Hash, key, body []byte, prefix ...string) []byte {
	mac := hmac.New(newHash, key)
	for _, p := range prefix {
		_, _ = io.WriteString(mac, p)
	}
	mac.Write(body)
	return mac.Sum(nil)
}

func digestHex(newHash func() hash.Hash, key, body []byte, prefix ...string) string {
	return hex.EncodeToString(digest(newHash, key, body, prefix...))
}
