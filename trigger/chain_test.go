package trigger_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/httptrigger/httptrigger/trigger"
)

// A tape is a connection that holds the same request many times over and throws
// the answers away.
type tape struct {
	request []byte
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

// Accept hands out the connection once.
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

// BenchmarkChain is a whole request in memory, from reading to writing: the
// server alone, and with a host of everything around the same handler.
func BenchmarkChain(b *testing.B) {
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for _, bm := range []struct {
		name string
		h    http.Handler
	}{
		{"server", nothing}, {"bare", benchHost(b, true)}, {"host", benchHost(b, false)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			t := &tape{left: b.N, request: []byte("GET /api/literal HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\nX-Functions-Key: " + hostKey + "\r\n\r\n")}
			t.done.Add(1)
			l := make(once, 1)
			l <- t
			close(l)
			srv := &http.Server{Handler: bm.h}
			b.ResetTimer()
			go srv.Serve(l)
			t.done.Wait()
		})
	}
}

// BenchmarkLoad1000 loads an app of a thousand functions and makes a host of it.
func BenchmarkLoad1000(b *testing.B) {
	fsys := fstest.MapFS{"host.json": {Data: []byte(host2)}}
	handlers := map[string]http.Handler{}
	for i := range 1000 {
		name := fmt.Sprintf("Function%d", i)
		fsys[name+"/function.json"] = functionJSON(fmt.Sprintf(`,"route":"area%d/{category:alpha}/f%d/{id:int?}"`, i%20, i))
		handlers[name] = okHandler
	}
	resolver := newResolver(b, false)
	b.ReportAllocs()
	for b.Loop() {
		app, err := trigger.LoadApp(fsys, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := trigger.NewHost(trigger.Config{App: app, Handlers: handlers, Keys: resolver}); err != nil {
			b.Fatal(err)
		}
	}
}
