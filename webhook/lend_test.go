package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/httptrigger/httptrigger/webhook"
)

// lendingTo is a receiver that lends bodies to handler.
func lendingTo(t testing.TB, c webhook.Config) *webhook.Receiver {
	c.Verifier, c.Lend = github(), 1<<20
	return newReceiver(t, c)
}

// pushSize is a delivery with a body of n bytes, and the body.
func pushSize(t testing.TB, letter string, n int, declared bool) (*http.Request, string) {
	body := `"` + strings.Repeat(letter, n-2) + `"`
	r := push(t, github(), body)
	if !declared {
		r.ContentLength = -1
	}
	return r, body
}

// While a handler runs the bytes are its own, whatever was lent before, and a
// body larger or smaller than the memory that there is comes whole.
func TestLentBodies(t *testing.T) {
	for _, declared := range []bool{true, false} {
		want := ""
		check := func(got []byte) {
			if string(got) != want || cap(got) != len(got) {
				t.Errorf("%d bytes of %d: %.9q, want %d bytes: %.9q", len(got), cap(got), got, len(want), want)
			}
		}
		handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			read, err := io.ReadAll(r.Body)
			d, _ := webhook.FromContext(r.Context())
			if err != nil || r.ContentLength != int64(len(want)) {
				t.Errorf("%v, length %d", err, r.ContentLength)
			}
			if string(read) != want {
				t.Errorf("read %d bytes: %.9q", len(read), read)
			}
			check(d.Body)
		})
		rc := lendingTo(t, webhook.Config{})
		for i, size := range []int{3, 100, 64 << 10, 10, 70 << 10, 2, 900 << 10, 1 << 20, 64<<10 + 1, 5} {
			var r *http.Request
			r, want = pushSize(t, string(rune('a'+i)), size, declared)
			if code := post(rc.Wrap(handler), r); code != 200 {
				t.Errorf("%d bytes: status %d", size, code)
			}
		}
	}
}

// A body that is longer or shorter than declared is found out on lent memory
// too, which may be larger than either.
func TestLentBodyOfWrongLength(t *testing.T) {
	rc := lendingTo(t, webhook.Config{Handler: http.NotFoundHandler(), Status: func(webhook.Reason) int { return 418 }})
	first, _ := pushSize(t, "x", 1000, true)
	post(rc, first) // leaves memory behind
	for _, declared := range []int64{99, 98, 1} {
		r, _ := pushSize(t, "y", 100, true)
		r.ContentLength = declared
		if code := post(rc, r); code != 418 {
			t.Errorf("100 bytes, %d declared: status %d", declared, code)
		}
	}
}

// After the handler has returned nothing that it kept shows another delivery.
func TestLentBodyIsTakenBack(t *testing.T) {
	var body io.Reader
	var kept *webhook.Delivery
	var escaped []byte
	rc := lendingTo(t, webhook.Config{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body = r.Body
		kept, _ = webhook.FromContext(r.Context())
		escaped = kept.Body
	})})
	r, _ := pushSize(t, "x", 1000, true)
	post(rc, r)
	if n, err := body.Read(make([]byte, 10)); n != 0 || !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("%d bytes and %v", n, err)
	}
	if kept.Body != nil || kept.Payload != nil || kept.Event != "push" {
		t.Errorf("kept: %.20q, %.20q, event %q", kept.Body, kept.Payload, kept.Event)
	}
	again, want := pushSize(t, "y", 1000, true)
	post(rc, again)
	if string(escaped) != want {
		t.Errorf("the memory was not used again: %.9q", escaped) // or this test shows nothing
	}
}

// Check gives a body to keep even where bodies are lent.
func TestCheckGivesTheBody(t *testing.T) {
	rc := lendingTo(t, webhook.Config{Handler: http.NotFoundHandler()})
	r, want := pushSize(t, "x", 1000, true)
	d, err := rc.Check(r)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := pushSize(t, "y", 1000, true)
	post(rc, other)
	if string(d.Body) != want {
		t.Errorf("the body is %.9q", d.Body)
	}
}

// A handler in the pool has its body until it ends, however many come after it.
func TestLentToPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var mu sync.Mutex
		seen := map[string]int{}
		rc := lendingTo(t, webhook.Config{Pool: &webhook.Pool{Workers: 2}, Handle: func(_ context.Context, d webhook.Delivery) error {
			<-release
			mu.Lock()
			defer mu.Unlock()
			seen[string(d.Body)]++
			if len(seen)%3 == 0 {
				return errors.New("no")
			}
			return nil
		}})
		for i := range 40 {
			if code := post(rc, push(t, github(), fmt.Sprintf(`"%0*d"`, 50+i, i))); code != 200 {
				t.Errorf("status %d", code)
			}
		}
		close(release)
		synctest.Wait()
		if len(seen) != 40 {
			t.Errorf("%d bodies of 40", len(seen))
		}
	})
}

// Deliveries beside each other never share memory.
func TestLentConcurrently(t *testing.T) {
	rc := lendingTo(t, webhook.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d, _ := webhook.FromContext(r.Context())
		w.Write(d.Body)
	})})
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 50 {
				r, want := pushSize(t, string(rune('a'+worker)), 10+i*97, i%2 == 0)
				w := httptest.NewRecorder()
				rc.ServeHTTP(w, r)
				if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), []byte(want)) {
					t.Errorf("status %d, %.9q, want %.9q", w.Code, w.Body, want)
				}
			}
		})
	}
	wg.Wait()
}
