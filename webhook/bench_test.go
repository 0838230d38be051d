package webhook_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
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

// BenchmarkReceive puts a body through a Receiver, which has it in memory for a
// handler to keep, or lends it.
func BenchmarkReceive(b *testing.B) {
	for name, lend := range map[string]int64{"given": 0, "lent": 32 << 20} {
		for _, size := range sizes {
			b.Run(name+"/"+size.name, func(b *testing.B) {
				v := &webhook.HMAC{Secrets: webhook.Static(secret), Header: "X-Sig"}
				m := signed(b, v, size.bytes)
				rc := newReceiver(b, webhook.Config{
					Verifier: v, MaxBody: 25 << 20, Lend: lend, ReplayFor: 1,
					Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
				})
				first := httptest.NewRequest("POST", "https://hooks.example.net/in", http.NoBody)
				first.Header = m.Header
				source := bytes.NewReader(m.Body)
				w := discard{http.Header{}}
				b.SetBytes(int64(size.bytes))
				b.ReportAllocs()
				for b.Loop() {
					r := *first
					_, _ = source.Seek(0, io.SeekStart)
					r.Body, r.ContentLength = io.NopCloser(source), int64(size.bytes)
					rc.ServeHTTP(w, &r)
				}
			})
		}
	}
}

// BenchmarkVerifyRead verifies a body that is read into memory to keep.
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

// discard is a ResponseWriter that keeps nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// refusals are a bare 401 and what a receiver does with an unsigned request.
func refusals(t testing.TB) map[string]http.Handler {
	return map[string]http.Handler{
		"bare": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Length"] = []string{"0"}
			w.WriteHeader(http.StatusUnauthorized)
		}),
		"receiver": newReceiver(t, webhook.Config{Verifier: github(), Handler: http.NotFoundHandler()}),
	}
}

// BenchmarkRefuse is the handler alone, without a server.
func BenchmarkRefuse(b *testing.B) {
	for name, h := range refusals(b) {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("POST", "https://hooks.example.net/in", strings.NewReader("{}"))
			r.Header.Set("Content-Type", "application/json")
			w := discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

// BenchmarkRefuseServed is the same over a connection.
func BenchmarkRefuseServed(b *testing.B) {
	for name, h := range refusals(b) {
		b.Run(name, func(b *testing.B) {
			srv := httptest.NewServer(h)
			defer srv.Close()
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			const request = "POST /in HTTP/1.1\r\nHost: h.example\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
			b.ReportAllocs()
			for b.Loop() {
				if _, err := io.WriteString(conn, request); err != nil {
					b.Fatal(err)
				}
				resp, err := http.ReadResponse(in, nil)
				if err != nil || resp.StatusCode != http.StatusUnauthorized {
					b.Fatal(resp, err)
				}
				resp.Body.Close()
			}
		})
	}
}
