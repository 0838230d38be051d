package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/bench"
	"github.com/httptrigger/httptrigger/webhook"
)

func webhookGoals() []goal {
	return []goal{
		// Nine tenths of the throughput are ten ninths of the time.
		{"webhook: verify 1 KiB", "of crypto/hmac", 1 / 0.9, verifying(1<<10, inMemory)},
		{"webhook: verify 25 MiB", "of crypto/hmac", 1 / 0.9, verifying(25<<20, inMemory)},
		{"webhook: verify 25 MiB to a sink", "of crypto/hmac", 1 / 0.9, verifying(25<<20, toSink)},
		// By hand there is no replay memory, which takes two more hashes.
		{"webhook: receive 1 KiB", "of by hand", 1.25, receiving(1<<10, 0, byHand)},
		{"webhook: receive 25 MiB, given", "of by hand", 1, receiving(25<<20, 0, byHand)},
		{"webhook: receive 25 MiB, lent", "of read + hmac", 1 / 0.9, receiving(25<<20, 25<<20, readAndHMAC)},
		{"webhook: refuse unsigned, on a connection", "of a bare 401", 1.5, refusingUnsigned},
	}
}

const webhookSecret = "It's a Secret to Everybody"

// delivered returns a delivery as GitHub signs it, in memory.
func delivered(size int) *webhook.Message {
	signer := &webhook.GitHub{Secrets: webhook.Static(webhookSecret)}
	m := &webhook.Message{
		Method: "POST", Scheme: "https", Host: "hooks.example.net", Target: "/in", Header: http.Header{},
		Time: time.Unix(1705449600, 0), Body: bytes.Repeat([]byte("x"), size), MaxBody: signer.MaxBody(),
	}
	if err := signer.Sign(context.Background(), m); err != nil {
		panic(err)
	}
	return m
}

// verifying measures one way to verify by what it cannot beat. Both have the
// same bytes before them, and what the verifier keeps for all deliveries is
// made before the measurement: what it sets aside per delivery would show as
// allocations.
func verifying(size int, ours func(*webhook.Message) bench.Contestant) func(bench.Effort) measured {
	return func(e bench.Effort) measured {
		m := delivered(size)
		return against(rawHMAC(m), ours(m))(e)
	}
}

// rawHMAC is crypto/hmac with its keyed state kept, and the signature decoded
// once for all.
func rawHMAC(m *webhook.Message) bench.Contestant {
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	want := must(hex.DecodeString(strings.TrimPrefix(m.Header.Get("X-Hub-Signature-256"), "sha256=")))
	sum := make([]byte, 0, sha256.Size)
	return bench.Contestant{Name: "crypto/hmac", Run: func(n int) {
		for range n {
			mac.Reset()
			mac.Write(m.Body)
			if sum = mac.Sum(sum[:0]); !hmac.Equal(sum, want) {
				panic("a good signature was refused")
			}
		}
	}}
}

// inMemory verifies a body that is at hand.
func inMemory(m *webhook.Message) bench.Contestant {
	v, ctx := &webhook.GitHub{Secrets: webhook.Static(webhookSecret)}, context.Background()
	return bench.Contestant{Name: "verify", Run: func(n int) {
		for range n {
			if _, err := v.Verify(ctx, m); err != nil {
				panic(err)
			}
		}
	}}
}

// toSink verifies a body that passes through, as from a connection: the bytes
// come out of a small buffer, not out of as much memory as there are bytes.
func toSink(m *webhook.Message) bench.Contestant {
	source := &connection{buffer: m.Body[:min(len(m.Body), 64<<10)]}
	stream := *m
	stream.Body, stream.Stream, stream.Length, stream.Sink = nil, source, int64(len(m.Body)), io.Discard
	c := inMemory(&stream)
	return bench.Contestant{Name: "sink", Run: func(n int) {
		for range n {
			source.left = len(m.Body)
			c.Run(1)
		}
	}}
}

// connection gives what is in its buffer again and again. All bytes of the
// bodies here are alike.
type connection struct {
	buffer []byte
	at     int
	left   int
}

func (c *connection) Close() error { return nil }

func (c *connection) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.left)], c.buffer[c.at:])
	c.at, c.left = (c.at+n)%len(c.buffer), c.left-n
	return n, nil
}

// receiving measures a whole Receiver, replay memory and handler included, by
// another way to do the same. Both read the body from a connection.
func receiving(size int, lend int64, peer func(*webhook.Message) http.Handler) func(bench.Effort) measured {
	return func(e bench.Effort) measured {
		m := delivered(size)
		m.Header.Set("Content-Type", "application/octet-stream")
		receiver := must(webhook.NewReceiver(webhook.Config{
			// The sender as an opaque one, because JSON takes as long to read as its
			// signature to check.
			Verifier: &webhook.HMAC{Secrets: webhook.Static(webhookSecret), Header: "X-Hub-Signature-256", Prefix: "sha256="},
			Handler:  http.HandlerFunc(takeBody), MaxBody: m.MaxBody, Lend: lend,
			ReplayFor: 1, // so that the next one is new again
		}))
		r := bench.Compare(e, delivering("peer", peer(m), m), delivering("receiver", receiver, m), rawHMAC(m))
		return measured{value: r[1].Ratio, detail: fmt.Sprintf("quartiles %.2f to %.2f; %.0f ns, peer %.0f ns, crypto/hmac in memory %.0f ns; %.0f allocations, peer %.0f",
			r[1].Low, r[1].High, r[1].NS, r[0].NS, r[2].NS, r[1].Allocs, r[0].Allocs)}
	}
}

// delivering puts a delivery to a handler, its body coming out of a small buffer.
func delivering(name string, h http.Handler, m *webhook.Message) bench.Contestant {
	source := &connection{buffer: m.Body[:min(len(m.Body), 64<<10)]}
	request := must(http.NewRequest("POST", "https://hooks.example.net/in", http.NoBody))
	request.Header = m.Header
	w := &bench.Discard{}
	r := new(http.Request)
	return bench.Contestant{Name: name, Run: func(n int) {
		for range n {
			*r = *request
			source.left = len(m.Body)
			r.Body, r.ContentLength, w.Status = source, int64(len(m.Body)), 0
			h.ServeHTTP(w, r)
			if w.Status != http.StatusNoContent {
				panic(w.Status)
			}
		}
	}}
}

// takeBody is the handler behind: it has the body at hand and does nothing.
func takeBody(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// byHand is what people write in place of a receiver: no window, no replay
// memory, no second secret.
func byHand(m *webhook.Message) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, m.MaxBody))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		digits, _ := strings.CutPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256=")
		want, err := hex.DecodeString(digits)
		mac := hmac.New(sha256.New, []byte(webhookSecret))
		mac.Write(body)
		if err != nil || !hmac.Equal(mac.Sum(nil), want) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		takeBody(w, r)
	})
}

// readAndHMAC is the least that can be done to have a body in memory and know
// that it is genuine: memory made once for all, keyed state kept.
func readAndHMAC(m *webhook.Message) http.Handler {
	memory := make([]byte, len(m.Body))
	check := rawHMAC(&webhook.Message{Header: m.Header, Body: memory})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		must(io.ReadFull(r.Body, memory))
		check.Run(1)
		takeBody(w, r)
	})
}

// refusingUnsigned measures what a request without a signature costs a server,
// its connection included.
func refusingUnsigned(e bench.Effort) measured {
	bare, closeBare := overConnection("bare 401", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Length"] = []string{"0"}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer closeBare()
	receiver, closeReceiver := overConnection("receiver", must(webhook.NewReceiver(webhook.Config{
		Verifier: &webhook.GitHub{Secrets: webhook.Static(webhookSecret)}, Handler: http.NotFoundHandler(),
	})))
	defer closeReceiver()
	r := bench.Compare(e, bare, receiver)
	return measured{value: r[1].Ratio, detail: fmt.Sprintf("quartiles %.2f to %.2f; %.0f ns, bare 401 %.0f ns, client included",
		r[1].Low, r[1].High, r[1].NS, r[0].NS)}
}

// overConnection asks a server again and again on one connection, with a client
// that costs next to nothing.
func overConnection(name string, h http.Handler) (bench.Contestant, func()) {
	srv := httptest.NewServer(h)
	conn := must(net.Dial("tcp", srv.Listener.Addr().String()))
	in := bufio.NewReader(conn)
	request := []byte("POST /in HTTP/1.1\r\nHost: h.example\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	c := bench.Contestant{Name: name, Run: func(n int) {
		for range n {
			must(conn.Write(request))
			if status := must(in.ReadSlice('\n')); !bytes.HasPrefix(status, []byte("HTTP/1.1 401 ")) {
				panic(string(status))
			}
			for len(must(in.ReadSlice('\n'))) > len("\r\n") {
				continue
			}
		}
	}}
	return c, func() { conn.Close(); srv.Close() }
}
