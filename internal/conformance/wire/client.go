// Package wire sends the requests of vectors over real connections, byte by
// byte as they are recorded, and reads what comes back without liberties.
package wire

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"time"
)

// A Request is what goes over the wire. Host and Connection are added, and a
// length or a chunked coding if there is a body.
type Request struct {
	Method  string
	Target  string
	Host    string
	Headers [][2]string
	Body    []byte // nil is no body
	Chunked bool
	Secure  bool
}

// A Response is what came back.
type Response struct {
	Status    int
	Header    http.Header
	Body      []byte
	Truncated bool  // the connection ended before the announced end
	Length    int64 // as announced, -1 if not
}

// A Call is a request under way.
type Call struct {
	// Addr is the client's address, which the server sees as RemoteAddr. No other
	// call to the same server has it.
	Addr string

	server *Server
	conn   net.Conn
	bodied bool
	done   chan struct{}
	result *Response
	err    error
}

// Start sends a request and reads the answer in the background.
func (s *Server) Start(r *Request) (*Call, error) {
	addr := s.plain.Addr().String()
	if r.Secure {
		addr = s.secure.Addr().String()
	}
	conn, err := s.dial(addr)
	if err != nil {
		return nil, err
	}
	c := &Call{Addr: conn.LocalAddr().String(), server: s, conn: conn, bodied: r.Chunked || len(r.Body) > 0, done: make(chan struct{})}
	if r.Secure {
		c.conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	}
	if err := c.conn.SetDeadline(time.Now().Add(Patience)); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.done)
		defer s.at(c.Addr, func(p *place) { p.open = false })
		defer c.conn.Close()
		go func() { _, _ = c.conn.Write(r.bytes()) }() // a refusal may come first
		c.result, c.err = read(c.conn, r.Method)
	}()
	return c, nil
}

// dial connects from an address that was not used before: the system gives away
// those of connections that are closed.
func (s *Server) dial(addr string) (net.Conn, error) {
	for {
		conn, err := net.Dial("tcp", addr)
		if err != nil || s.send(conn.LocalAddr().String()) {
			return conn, err
		}
		defer conn.Close() // until there is another
	}
}

// Do sends a request and waits for the answer, and for the handler to return.
func (s *Server) Do(r *Request) (*Response, string, error) {
	c, err := s.Start(r)
	if err != nil {
		return nil, "", err
	}
	<-c.done
	Await(Patience, func() bool { return !c.Inside() })
	return c.result, c.Addr, c.err
}

// Done is closed when the answer is there, or will never be.
func (c *Call) Done() <-chan struct{} { return c.done }

// Result returns the answer; Done must be closed.
func (c *Call) Result() (*Response, error) { return c.result, c.err }

// Answered reports whether Done is closed.
func (c *Call) Answered() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// Inside reports whether the handler is at the request.
func (c *Call) Inside() bool { return c.server.look(c.Addr).inside }

// Held reports whether the handler waits for a word of the client's.
func (c *Call) Held() bool { return c.server.look(c.Addr).held }

// Abort closes the connection and waits until the handler can see it. The server
// looks for the end of a connection only once the body is read, so that of a
// request with a body, which the handler may leave unread, is not waited for.
func (c *Call) Abort() {
	c.conn.Close()
	<-c.done
	if !c.bodied {
		Await(Patience, func() bool { p := c.server.look(c.Addr); return p.gone || !p.inside })
	}
}

// bytes returns the request as it goes over the wire.
func (r *Request) bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.Target, r.Host)
	for _, h := range r.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	switch {
	case r.Body == nil:
	case r.Chunked:
		b.WriteString("Transfer-Encoding: chunked\r\n")
	default:
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.Body))
	}
	b.WriteString("Connection: close\r\n\r\n")
	if r.Chunked {
		if len(r.Body) > 0 {
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(r.Body), r.Body)
		}
		b.WriteString("0\r\n\r\n")
	} else {
		b.Write(r.Body)
	}
	return b.Bytes()
}

// read reads one response. Informational ones, which have no fields, are passed
// over.
func read(conn net.Conn, method string) (*Response, error) {
	br := bufio.NewReader(conn)
	for {
		r, err := readHead(br)
		if err != nil {
			return nil, err
		}
		if r.Status/100 == 1 && len(r.Header) == 0 {
			continue
		}
		err = r.readBody(br, method)
		return r, err
	}
}

// readHead reads a status line and the fields. A status may be any number: not
// every server keeps to three digits.
func readHead(br *bufio.Reader) (*Response, error) {
	tp := textproto.NewReader(br)
	line, err := tp.ReadLine()
	if err != nil {
		return nil, fmt.Errorf("no answer: %w", err)
	}
	version, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	if err != nil || !strings.HasPrefix(version, "HTTP/1.") {
		return nil, fmt.Errorf("the answer is no HTTP: %.200q", line)
	}
	fields, err := tp.ReadMIMEHeader()
	if err != nil {
		return nil, fmt.Errorf("the answer is no HTTP: %w", err)
	}
	r := &Response{Status: status, Header: http.Header(fields), Length: -1}
	if text := r.Header.Get("Content-Length"); text != "" {
		if r.Length, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, fmt.Errorf("the answer is no HTTP: %w", err)
		}
	}
	return r, nil
}

// readBody reads the body by the rules of RFC 9112, section 6.3. One that ends
// before its end, or whose coding is broken, is what came of it.
func (r *Response) readBody(br *bufio.Reader, method string) error {
	var body io.Reader = br
	switch {
	case method == http.MethodHead || r.Status == http.StatusNoContent || r.Status == http.StatusNotModified:
		return nil
	case strings.EqualFold(r.Header.Get("Transfer-Encoding"), "chunked"):
		body = httputil.NewChunkedReader(br)
	case r.Length >= 0:
		body = io.LimitReader(br, r.Length)
	}
	var err error
	r.Body, err = io.ReadAll(body)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	r.Truncated = err != nil || r.Length > int64(len(r.Body))
	return nil
}
