//go:build !race

// With the race detector a sync.Pool drops values at random.

package webhook_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/webhook"
)

// A body that is at hand is verified without allocating, whatever its size, and
// one that goes to a sink in constant memory.
func TestVerifyAllocatesNothing(t *testing.T) {
	for _, size := range []int{0, 1 << 10, 4 << 20} {
		v := github()
		m := signed(t, v, size)
		check := func() {
			if _, err := v.Verify(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		check() // makes the keyed state
		if n := testing.AllocsPerRun(20, check); n >= 1 {
			t.Errorf("%d bytes in memory: %v allocations", size, n)
		}
		source := bytes.NewReader(m.Body)
		m.Stream, m.Length, m.Body, m.Sink = source, int64(size), nil, io.Discard
		stream := func() {
			_, _ = source.Seek(0, io.SeekStart)
			check()
		}
		if n := testing.AllocsPerRun(20, stream); n >= 2 {
			t.Errorf("%d bytes to a sink: %v allocations", size, n)
		}
	}
}

// Refusing a stranger costs one error.
func TestRefusalAllocates(t *testing.T) {
	rc := newReceiver(t, webhook.Config{Verifier: github(), Handler: http.NotFoundHandler()})
	r := httptest.NewRequest("POST", "https://hooks.example.net/in", strings.NewReader("{}"))
	w := discard{http.Header{}}
	if n := testing.AllocsPerRun(200, func() { rc.ServeHTTP(w, r) }); n > 2 {
		t.Errorf("%v allocations", n)
	}
}
