package bench

import (
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// OverServer returns a contestant that takes the same request from a connection
// in memory again and again, through net/http's server and a handler. It is a
// whole request, from reading to writing.
func OverServer(name string, h http.Handler, request string) Contestant {
	return Contestant{Name: name, Run: func(n int) {
		t := &tape{request: request, left: n}
		t.done.Add(1)
		l := make(once, 1)
		l <- t
		close(l)
		srv := &http.Server{Handler: h}
		go srv.Serve(l)
		t.done.Wait()
	}}
}

// A tape is a connection that holds a request many times over and throws the
// answers away.
type tape struct {
	request string
	left    int // requests that are still to be read
	at      int
	done    sync.WaitGroup
}

func (t *tape) Read(p []byte) (int, error) {
	if t.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, t.request[t.at:])
	if t.at += n; t.at == len(t.request) {
		t.at = 0
		t.left--
	}
	return n, nil
}

func (t *tape) Write(p []byte) (int, error)      { return len(p), nil }
func (t *tape) Close() error                     { t.done.Done(); return nil }
func (t *tape) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
func (t *tape) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
func (t *tape) SetDeadline(time.Time) error      { return nil }
func (t *tape) SetReadDeadline(time.Time) error  { return nil }
func (t *tape) SetWriteDeadline(time.Time) error { return nil }

// once is a listener that hands out its connection and is closed.
type once chan net.Conn

func (o once) Accept() (net.Conn, error) {
	c, ok := <-o
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (o once) Close() error   { return nil }
func (o once) Addr() net.Addr { return &net.TCPAddr{} }
