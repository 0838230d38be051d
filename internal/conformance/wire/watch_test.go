package wire_test

import (
	"net/http"
	"testing"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
)

// TestSettled follows requests: one that a step must end, one that waits behind it,
// and one whose client leaves.
func TestSettled(t *testing.T) {
	var server *wire.Server
	line, end := make(chan bool, 1), make(chan bool)
	server, err := wire.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		line <- true
		defer func() { <-line }()
		if r.URL.Path == "/hold" {
			server.Hold(r.RemoteAddr)
			<-end
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	start := func(path string) *wire.Call {
		t.Helper()
		call, err := server.Start(&wire.Request{Method: "GET", Target: path, Host: "h"})
		if err != nil {
			t.Fatal(err)
		}
		return call
	}
	rests := func(waiting int) {
		t.Helper()
		if !wire.Await(wire.Patience, func() bool { return server.Settled(func() int { return waiting }) }) {
			t.Fatalf("no rest with %d in line", waiting)
		}
	}
	seen := map[string]bool{}
	for range 3 {
		rests(0)
		held := start("/hold")
		rests(0)
		waits := start("/")
		left := start("/")
		rests(2)
		if server.Settled(func() int { return 1 }) {
			t.Error("settled, although one is neither held nor in line")
		}
		left.Abort()
		rests(2)
		if !held.Held() || held.Answered() || !waits.Inside() || waits.Held() || waits.Answered() || !left.Answered() {
			t.Errorf("held %v, inside %v", held.Held(), waits.Inside())
		}
		server.Resume(held.Addr)
		if server.Settled(func() int { return 2 }) {
			t.Error("settled, although one was told to go on")
		}
		end <- true
		rests(0)
		for _, call := range []*wire.Call{held, waits} {
			if got, err := call.Result(); !call.Answered() || call.Inside() || err != nil || got.Status != 200 {
				t.Errorf("%+v, %v", got, err)
			}
		}
		for _, call := range []*wire.Call{held, waits, left} {
			if seen[call.Addr] {
				t.Errorf("%s was used before", call.Addr)
			}
			seen[call.Addr] = true
		}
	}
}
