package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/webhook"
)

var sizes = []struct {
	name  string
	bytes int
}{{"1KiB", 1 << 10}, {"64KiB", 64 << 10}, {"25MiB", 25 << 20}}

func signed(t testing.TB, s webhook.Signer, size int) *webhook.Message {
	t.Helper()
	m := &webhook.Message{
		Method: "POST", Scheme: "https", Host: "hooks.example.net", Target: "/in", Header: http.Header{},
		Time: time.Unix(1705449600, 0), Body: bytes.Repeat([]byte("x"), size), MaxBody: 25 << 20,
	}
	m.Header.Set("Webhook-Id", "msg_1")
	m.Header.Set("Svix-Id", "msg_1")
	if err := s.Sign(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return m
}

// BenchmarkHMAC is what verification cannot beat: crypto/hmac with its state
// kept, a header decoded, a comparison.
func BenchmarkHMAC(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			m := signed(b, github(), size.bytes)
			mac := hmac.New(sha256.New, []byte(secret))
			sum := make([]byte, 0, sha256.Size)
			want, err := hex.DecodeString(m.Header.Get("X-Hub-Signature-256")[len("sha256="):])
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			for b.Loop() {
				mac.Reset()
				mac.Write(m.Body)
				if sum = mac.Sum(sum[:0]); !hmac.Equal(sum, want) {
					b.Fatal("mismatch")
				}
			}
		})
	}
}

// BenchmarkVerify verifies a body that is in memory.
func BenchmarkVerify(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			v := github()
			m := signed(b, v, size.bytes)
			ctx := b.Context()
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(ctx, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerifyStream verifies a body that goes through to a sink.
func BenchmarkVerifyStream(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			v := github()
			m := signed(b, v, size.bytes)
			source := bytes.NewReader(m.Body)
			m.Stream, m.Length, m.Body, m.Sink = source, int64(size.bytes), nil, io.Discard
			ctx := b.Context()
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = source.Seek(0, io.SeekStart)
				if _, err := v.Verify(ctx, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerifyRead verifies a body that is read into memory, as a Receiver
// does.
func BenchmarkVerifyRead(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			v := github()
			m := signed(b, v, size.bytes)
			source := bytes.NewReader(m.Body)
			m.Stream, m.Length, m.Body = source, int64(size.bytes), nil
			ctx := b.Context()
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = source.Seek(0, io.SeekStart)
				if _, err := v.Verify(ctx, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
