package backend_test

import (
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
