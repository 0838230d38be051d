package webhook

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// DefaultMaxBody is the largest body, in bytes, that is read where neither the
// receiver nor its verifier says otherwise.
const DefaultMaxBody = 1 << 20

// A Message is a request as a Verifier sees it: everything that a sender may
// sign, and no server around it. Whoever has bytes and headers from a queue
// fills one in and calls Verify.
type Message struct {
	Method string      // "POST"; compared exactly
	Scheme string      // "https" or "http", as the sender called it
	Host   string      // with the port, if one was written
	Target string      // path and query as received, undecoded: "/in?x=a%20b"
	Header http.Header // names in canonical form, as Header.Set makes them
	Peer   string      // address of the other end, as http.Request.RemoteAddr has it
	Time   time.Time   // when the message was received; never the zero time

	// Body is the body, if it is in memory already. It is not copied.
	Body []byte
	// Stream is read if it is not nil, and Body ignored.
	Stream io.Reader
	// Length is the declared length of Stream in bytes, -1 if there is none.
	Length int64
	// MaxBody is the largest body allowed, in bytes and inclusive. Zero or less
	// is DefaultMaxBody.
	MaxBody int64
	// Sink, if not nil, takes the bytes of Stream as they are hashed, and
	// Delivery.Body stays nil: a body of any size is verified in constant
	// memory. (Ed25519 needs a message in one piece, and Twilio its fields: these
	// have the body in memory all the same.) What the sink has got must not be
	// used before Verify returns without an error.
	Sink io.Writer

	loan *loan // lends the memory for the body, if not nil
}

// Format writes method and path, whatever the verb: in the header and the query
// there may be a token.
func (m Message) Format(f fmt.State, _ rune) {
	path, _, _ := strings.Cut(m.Target, "?")
	fmt.Fprintf(f, "%s %s", m.Method, path)
}

// URL returns the absolute URL that the sender called, as far as the receiver
// can tell.
func (m *Message) URL() string { return m.Scheme + "://" + m.Host + m.Target }

// Query returns the query as received, without the question mark.
func (m *Message) Query() string {
	_, query, _ := strings.Cut(m.Target, "?")
	return query
}

func (m *Message) limit() int64 {
	if m.MaxBody <= 0 {
		return DefaultMaxBody
	}
	return m.MaxBody
}

// CheckLength refuses a message whose declared length is over the limit: what
// a verifier does before it looks at headers, and long before it reads.
func (m *Message) CheckLength() error {
	length := m.Length
	if m.Stream == nil {
		length = int64(len(m.Body))
	}
	if length > m.limit() {
		return BodyTooLarge
	}
	return nil
}

const (
	chunk     = 16 << 10 // bytes hashed at a time, so that they are still in the cache
	firstRead = 64 << 10 // bytes set aside on the word of a Content-Length alone
	trust     = 32       // how many times what has arrived is set aside on its word
)

// ReadBody returns the body and writes it to each of w on the way, under the
// limit. The bytes belong to the caller. With a Sink they go there instead, and
// what is returned is nil.
func (m *Message) ReadBody(w ...io.Writer) ([]byte, error) { return m.read(nil, w) }

// read is ReadBody with a buffer for what goes to a sink, which is made if need
// be and kept for the next time.
func (m *Message) read(buf *[]byte, w []io.Writer) ([]byte, error) {
	if m.Stream == nil {
		if int64(len(m.Body)) > m.limit() {
			return nil, BodyTooLarge
		}
		return m.Body, writeAll(w, m.Body)
	}
	if m.Sink != nil {
		if buf == nil {
			buf = new([]byte)
		}
		if *buf == nil {
			*buf = make([]byte, chunk)
		}
		return nil, m.pipe(*buf, w)
	}
	return m.gather(w)
}

func writeAll(w []io.Writer, p []byte) error {
	for _, one := range w {
		if _, err := one.Write(p); err != nil {
			return err
		}
	}
	return nil
}

// gather reads the stream into one buffer, which grows with what arrives: a
// declared length is believed as far as its sender has shown to be serious.
func (m *Message) gather(w []io.Writer) ([]byte, error) {
	limit := m.limit()
	lent := m.loan.borrow()
	buf := lent.room(m.Length)
	for {
		if len(buf) == cap(buf) {
			if int64(len(buf)) == m.Length {
				if done, err := m.atEnd(); done || err != nil {
					return buf, err
				}
			}
			buf = grow(buf, m.Length, limit)
			lent.replace(buf)
		}
		n, err := m.Stream.Read(buf[len(buf):min(cap(buf), len(buf)+chunk)])
		piece := buf[len(buf) : len(buf)+n]
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return nil, BodyTooLarge
		}
		if werr := writeAll(w, piece); werr != nil {
			return nil, werr
		}
		if err == io.EOF {
			return slices.Clip(buf), nil
		}
		if err != nil {
			return nil, readError(err)
		}
	}
}

// grow makes buf larger: to a declared length, or double where there is none,
// but not past the one byte that tells that a body is over the limit.
func grow(buf []byte, length, limit int64) []byte {
	size := max(2*cap(buf), 512)
	if length > int64(cap(buf)) {
		size = int(min(int64(cap(buf))*trust, length))
	}
	if int64(size) > limit {
		size = int(limit) + 1
	}
	bigger := make([]byte, len(buf), size)
	copy(bigger, buf)
	return bigger
}

// atEnd tells whether the stream ends where it said it would.
func (m *Message) atEnd() (bool, error) {
	var one [1]byte
	for {
		n, err := m.Stream.Read(one[:])
		switch {
		case n > 0:
			return false, &SignatureError{Reason: BodyUnreadable, Err: errors.New("longer than declared")}
		case err == io.EOF:
			return true, nil
		case err != nil:
			return false, readError(err)
		}
	}
}

// pipe passes the stream through in pieces of constant size.
func (m *Message) pipe(buf []byte, w []io.Writer) error {
	limit := m.limit()
	var total int64
	for {
		n, err := m.Stream.Read(buf)
		if total += int64(n); total > limit {
			return BodyTooLarge
		}
		if werr := writeAll(w, buf[:n]); werr != nil {
			return werr
		}
		if _, werr := m.Sink.Write(buf[:n]); werr != nil {
			return sinkError(werr)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return readError(err)
		}
	}
}

// sinkError is no fault of the sender's.
func sinkError(err error) error {
	return &SignatureError{Reason: BodyUnreadable, Status: http.StatusInternalServerError, Err: err}
}

// readError names what kept a body from being read. A limit that stands further
// out counts as ours.
func readError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &SignatureError{Reason: BodyTooLarge, Err: err}
	}
	return &SignatureError{Reason: BodyUnreadable, Err: err}
}
