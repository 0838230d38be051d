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

func (c *connection) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.left)], c.buffer[c.at:])
	c.at, c.left = (c.at+n)%len(c.buffer), c.left-n
	return n, nil
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
