package keys_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// readRequest reads a request as a server does. Header lines end in line feeds.
func readRequest(t testing.TB, line, headers, body string) *http.Request {
	t.Helper()
	text := line + " HTTP/1.1\nHost: app.test\n"
	if headers != "" {
		text += headers + "\n"
	}
	text += fmt.Sprintf("Content-Length: %d\n\n%s", len(body), body)
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return r
}
