package backend

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// StartStaticWebApps starts the emulator of Azure Static Web Apps on a site of
// one page, with an API at the address api, as in "http://127.0.0.1:7071", and
// stops it when the test ends. It returns the address of the emulator.
func StartStaticWebApps(t testing.TB, api string) string {
	t.Helper()
	script := nodeScript(t, "swa", "swa")
	folder := t.TempDir()
	site := filepath.Join(folder, "site")
	if err := os.Mkdir(site, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(site, "index.html"), []byte("<!doctype html><title>site</title>\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	addr := Free(t) // it takes no port 0
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command("node", script, "start", site, "--api-devserver-url", api, "--host", "127.0.0.1", "--port", port)
	cmd.Dir = folder // its configuration and .env would be read from here
	cmd.Env = append(os.Environ(), "HOME="+folder)
	Start(t, cmd, addr)
	address := "http://" + addr
	resp, err := http.Get(address + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the emulator answers %s for its page", resp.Status)
	}
	return address
}
