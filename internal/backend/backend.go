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
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// startWithin bounds how long a program may take to start. It is only waited for
// when something is wrong.
const startWithin = 5 * time.Minute

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

// StartAzurite starts an Azurite of the test's own and stops it when the test
// ends. It picks its ports itself and says them: one that was picked for it could
// be somebody else's by the time it listens.
func StartAzurite(t testing.TB) *Azurite {
	t.Helper()
	p := launch(t, exec.Command("node", Node(t, "azurite"), "--inMemoryPersistence", "--silent", "--disableTelemetry", "--loose",
		"--blobHost", "127.0.0.1", "--queueHost", "127.0.0.1", "--tableHost", "127.0.0.1",
		"--blobPort", "0", "--queuePort", "0", "--tablePort", "0"))
	address := func(service string) string {
		said := regexp.MustCompile(service + ` service is successfully listening at (http://\S+)\n`)
		var found []string
		p.until(t, "listen for "+service, func() bool {
			found = said.FindStringSubmatch(p.out.String())
			return found != nil
		})
		return found[1] + "/" + AzuriteAccount
	}
	a := &Azurite{Blob: address("Blob"), Queue: address("Queue"), Table: address("Table")}
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
	p := launch(t, cmd)
	for _, addr := range addrs {
		p.until(t, "listen on "+addr, func() bool {
			conn, err := net.DialTimeout("tcp", addr, time.Second)
			if err == nil {
				conn.Close()
			}
			return err == nil
		})
	}
}

// program is one that runs until the test ends.
type program struct {
	path  string
	out   output
	ended chan struct{} // closed when it has, with err
	err   error
}

func launch(t testing.TB, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{path: cmd.Path, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	Lead(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		p.err = cmd.Wait()
	}()
	t.Cleanup(func() {
		terminate(cmd)
		select {
		case <-p.ended:
		case <-time.After(10 * time.Second):
			Kill(cmd)
			<-p.ended
		}
	})
	return p
}

// until waits for what the program is to do.
func (p *program) until(t testing.TB, what string, done func() bool) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	late := time.After(startWithin)
	for !done() {
		select {
		case <-p.ended:
			t.Fatalf("%s ended (%v) and did not %s\n%s", p.path, p.err, what, p.out.String())
		case <-late:
			t.Fatalf("%s does not %s\n%s", p.path, what, p.out.String())
		case <-poll.C:
		}
	}
}

// Free returns an address of 127.0.0.1 that nobody listens on, and that nobody
// gets by chance before the test ends: it is below the ports that systems hand out
// (32768 on Linux, 49152 elsewhere), and other tests that ask for one see by its UDP
// twin that it is taken.
func Free(t testing.TB) string {
	t.Helper()
	const low, high = 20_000, 32_000
	for range 1000 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(low+rand.IntN(high-low)))
		twin, err := net.ListenPacket("udp", addr)
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			twin.Close()
			continue
		}
		l.Close()
		t.Cleanup(func() { twin.Close() })
		return addr
	}
	t.Fatalf("no port from %d to %d is free", low, high)
	return ""
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
