package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/exampletest"
	"github.com/httptrigger/httptrigger/keys"
)

// An old app is where the functions run that are not ported.
type old struct {
	*httptest.Server
	more chan struct{} // each lets one more event out

	mu   sync.Mutex
	seen []string
}

func startOld(t *testing.T) *old {
	t.Helper()
	return startOldAt(t, "127.0.0.1:0")
}

func startOldAt(t *testing.T, addr string) *old {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	o := &old{more: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/report", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "report of %s, from the old app\n", r.FormValue("year"))
	})
	mux.HandleFunc("/api/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		for i := range 3 {
			fmt.Fprintf(w, "event %d\n", i)
			http.NewResponseController(w).Flush()
			select {
			case <-o.more:
			case <-r.Context().Done():
				return
			}
		}
	})
	o.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.seen = append(o.seen, r.URL.String()+" "+r.Header.Get(keys.Header))
		o.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	o.Listener.Close()
	o.Listener = l
	o.Start()
	t.Cleanup(o.Close)
	return o
}

func TestCurlLines(t *testing.T) {
	o := startOld(t)
	close(o.more)
	t.Setenv("UPSTREAM_KEY", "the-old-key")
	p := exampletest.Start(t, run, "-addr", "127.0.0.1:0", "-upstream", o.URL)
	p.TryFor(t, "order 42, from Go\n", "report of 2026, from the old app\n", "event 0\nevent 1\nevent 2\n", "", "")
	for _, line := range []string{
		"Orders runs in Go", "Report is forwarded", "Events is forwarded",
		"Cleanup is not served: timerTrigger", "host.json:9:", "telemetrie",
	} {
		if !strings.Contains(p.Text, line) {
			t.Errorf("%q is not in\n%s", line, p.Text)
		}
	}
	p.Stop(t)
	o.mu.Lock()
	defer o.mu.Unlock()
	if got, want := strings.Join(o.seen, ", "), "/api/report?year=2026 the-old-key, /api/events the-old-key"; got != want {
		t.Errorf("the old app saw %s, want %s", got, want)
	}
}

// TestStreaming reads each event before the next one is sent.
func TestStreaming(t *testing.T) {
	o := startOld(t)
	p := exampletest.Start(t, run, "-addr", "127.0.0.1:0", "-upstream", o.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", p.Base(t)+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for i := range 3 {
		line, err := lines.ReadString('\n')
		if want := fmt.Sprintf("event %d\n", i); line != want {
			t.Fatalf("got %q, %v, want %q", line, err, want)
		}
		o.more <- struct{}{}
	}
	p.Stop(t)
}

func TestReadme(t *testing.T) {
	exampletest.Readme(t, exampletest.StandIn{Begins: "func start", Run: func(t *testing.T, command string) {
		close(startOldAt(t, "127.0.0.1:"+strings.Fields(command)[3]).more)
	}})
}

func TestBadStarts(t *testing.T) {
	app := exampletest.Build(t, ".")
	o := startOld(t)
	exampletest.Refuses(t, app, nil, "-upstream")
	exampletest.Refuses(t, app, []string{"-upstream", "http://127.0.0.1:1"}, "127.0.0.1:1", "func start --port 1")
	taken := exampletest.Taken(t)
	exampletest.Refuses(t, app, []string{"-upstream", o.URL, "-addr", taken}, taken, "-addr")
	bad := t.TempDir()
	if err := os.WriteFile(filepath.Join(bad, "host.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	exampletest.Refuses(t, app, []string{"-upstream", o.URL, "-app", bad}, bad, "host.json:1:")
}
