// Package backend starts the real programs that tests run against: Azurite for
// Azure Storage, and the emulator of Azure Static Web Apps. They come from npm
// packages pinned in the folders npm and swa beside this file, where
//
//	npm ci --ignore-scripts
//
// installs them. A test whose program is missing is skipped, and fails where
// HTTPTRIGGER_CI is set.
package backend

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// startWithin bounds how long a program may take to listen.
const startWithin = 60 * time.Second

// Azurite is a running Azurite, which keeps everything in memory.
type Azurite struct {
	// Blob, Queue and Table are the addresses of the services, as in
	// "http://127.0.0.1:10000/devstoreaccount1".
	Blob, Queue, Table string

	// ConnectionString has them and the account's name and key.
	ConnectionString string
}

// The account that every Azurite has; neither is a secret
// (learn.microsoft.com: Use the Azurite emulator, well-known account and key).
const (
	AzuriteAccount = "devstoreaccount1"
	AzuriteKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// StartAzurite starts an Azurite of the test's own on free ports and stops it
// when the test ends.
func StartAzurite(t testing.TB) *Azurite {
	t.Helper()
	script := Node(t, "azurite")
	ports := freePorts(t, 3)
	cmd := exec.Command("node", script, "--inMemoryPersistence", "--silent", "--disableTelemetry", "--loose",
		"--blobHost", "127.0.0.1", "--queueHost", "127.0.0.1", "--tableHost", "127.0.0.1",
		"--blobPort", ports[0], "--queuePort", ports[1], "--tablePort", ports[2])
	Start(t, cmd, "127.0.0.1:"+ports[0], "127.0.0.1:"+ports[1], "127.0.0.1:"+ports[2])
	a := &Azurite{}
	for i, service := range []*string{&a.Blob, &a.Queue, &a.Table} {
		*service = "http://127.0.0.1:" + ports[i] + "/" + AzuriteAccount
	}
	a.ConnectionString = fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=%s;QueueEndpoint=%s;TableEndpoint=%s;",
		AzuriteAccount, AzuriteKey, a.Blob, a.Queue, a.Table)
	return a
}

// RunAzurite runs a command that begins with npx azurite, as somebody types it: on
// the usual ports, until the test ends. What npx would fetch is the package of the
// folder npm.
func RunAzurite(t *testing.T, command string) {
	t.Helper()
	args := strings.Fields(strings.TrimSuffix(command, "&"))
	Start(t, exec.Command("node", append([]string{Node(t, "azurite")}, args[2:]...)...),
		"127.0.0.1:10000", "127.0.0.1:10001", "127.0.0.1:10002")
}

// Node returns the script of a program among the npm packages of the folder npm,
// to be run with node.
func Node(t testing.TB, name string) string {
	t.Helper()
	return nodeScript(t, "npm", name)
}

// nodeScript is Node for any folder beside this file.
func nodeScript(t testing.TB, folder, name string) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(here), folder, "node_modules", ".bin", name)
	if _, err := os.Stat(script); err != nil {
		Missing(t, name+": run npm ci --ignore-scripts in internal/backend/"+folder)
	}
	if _, err := exec.LookPath("node"); err != nil {
		Missing(t, "node is not installed")
	}
	return script
}

// Missing ends a test that cannot run for want of a program: it is skipped, or
// fails where HTTPTRIGGER_CI is set.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("HTTPTRIGGER_CI") != "" {
		t.Fatalf("missing: %s", what)
	}
	t.Skipf("missing: %s", what)
}

// Start starts a program, waits until all its addresses accept connections, and
// stops it and what it started when the test ends. What it prints is shown if it does not start.
func Start(t testing.TB, cmd *exec.Cmd, addrs ...string) {
	t.Helper()
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out
	Lead(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		terminate(cmd)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			kill(cmd)
			<-ended
		}
	})
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	late := time.After(startWithin)
	for _, addr := range addrs {
		for {
			conn, err := net.DialTimeout("tcp", addr, time.Second)
			if err == nil {
				conn.Close()
				break
			}
			select {
			case err := <-ended:
				ended <- err
				t.Fatalf("%s ended while it started: %v\n%s", cmd.Path, err, out.String())
			case <-late:
				t.Fatalf("%s does not listen on %s\n%s", cmd.Path, addr, out.String())
			case <-poll.C:
			}
		}
	}
}

// freePorts returns ports of 127.0.0.1 that nobody listens on.
func freePorts(t testing.TB, n int) []string {
	t.Helper()
	ports := make([]string, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, ports[i], _ = net.SplitHostPort(l.Addr().String())
	}
	return ports
}

// output is what a program printed.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
