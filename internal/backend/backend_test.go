package backend_test

import (
	"net"
	"net/http"
	"testing"

	"github.com/httptrigger/httptrigger/internal/backend"
)

func TestAzurite(t *testing.T) {
	a := backend.StartAzurite(t)
	for _, url := range []string{a.Blob, a.Queue, a.Table} {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if server := resp.Header.Get("Server"); len(server) < 7 || server[:7] != "Azurite" {
			t.Errorf("%s is served by %q", url, server)
		}
	}
}

// What is free is free for one: it can be listened on, and is not given twice.
func TestFree(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		addr := backend.Free(t)
		if seen[addr] {
			t.Fatalf("%s is given twice", addr)
		}
		seen[addr] = true
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
}
