//go:build !race

// With the race detector a sync.Pool drops values at random.

package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
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

// endless is a body of any size in little memory.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), e.left))
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= int64(n)
	return n, nil
}

func (e *endless) Close() error { return nil }

// allocated returns how many bytes f sets aside.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// signature of a body of so many x, as GitHub signs it.
func signatureOf(size int64) string {
	mac := hmac.New(sha256.New, []byte(secret))
	if _, err := io.Copy(mac, &endless{size}); err != nil {
		panic(err)
	}
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// On its way to a sink a body takes the same memory whatever its size, and so
// does one that is lent to a handler, once there is memory to lend.
func TestMemoryIsConstant(t *testing.T) {
	const large = 128 << 20
	v := github()
	for _, size := range []int64{1 << 20, large} {
		m := &webhook.Message{
			Method: "POST", Header: http.Header{"X-Hub-Signature-256": {signatureOf(size)}}, MaxBody: large,
			Stream: &endless{size}, Length: size, Sink: io.Discard,
		}
		if n := allocated(func() {
			if _, err := v.Verify(t.Context(), m); err != nil {
				t.Error(err)
			}
		}); n > 64<<10 {
			t.Errorf("a body of %d bytes to a sink takes %d bytes", size, n)
		}
	}
	opaque := &webhook.HMAC{Secrets: webhook.Static(secret), Header: "X-Hub-Signature-256", Prefix: "sha256="}
	rc := newReceiver(t, webhook.Config{
		Verifier: opaque, MaxBody: 25 << 20, Lend: 25 << 20, ReplayMode: webhook.InsecureRememberNothing,
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	})
	header := http.Header{"X-Hub-Signature-256": {signatureOf(25 << 20)}}
	receive := func() {
		r := httptest.NewRequest("POST", "/", &endless{25 << 20})
		r.Header, r.ContentLength = header, 25<<20
		if code := post(rc, r); code != 200 {
			t.Errorf("status %d", code)
		}
	}
	receive()
	if n := allocated(func() { receive(); receive() }); n > 64<<10 {
		t.Errorf("two bodies of 25 MiB that are lent take %d bytes", n)
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
