package exampletest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A Held is a request that runs: its function waits for the body.
type Held struct {
	conn net.Conn
	in   *bufio.Reader
	body string
}

// Hold posts a body to base+path and returns once the function reads it: the
// server asks for a body only then.
func Hold(t *testing.T, base, path, contentType, key, body string) *Held {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(startWithin))
	h := &Held{conn, bufio.NewReader(conn), body}
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nX-Functions-Key: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		path, key, contentType, len(body))
	if line, err := h.in.ReadString('\n'); !strings.Contains(line, "100") {
		t.Fatalf("got %q, %v, want 100 Continue", line, err)
	}
	if _, err := h.in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return h
}

// Finish sends the body and returns the status and the body of the answer.
func (h *Held) Finish(t *testing.T) (int, string) {
	t.Helper()
	io.WriteString(h.conn, h.body)
	resp, err := http.ReadResponse(h.in, nil)
	if err != nil {
		t.Fatalf("the request that ran was not answered: %v", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
