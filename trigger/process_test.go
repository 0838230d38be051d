package trigger_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/trigger"
)

// TestProgram is no test: it is the custom handler of the tests below, run as a
// process of its own.
func TestProgram(t *testing.T) {
	behaviour := os.Getenv("TRIGGER_TEST_PROGRAM")
	if behaviour == "" {
		return
	}
	if behaviour == "crash" {
		fmt.Println("about to crash, pwd=hush")
		os.Exit(3)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /Orders", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"Outputs":{"res":{"statusCode":201,"body":"%t","headers":{"X-Worker":"yes"}}},"Logs":["a line"]}`,
			strings.Contains(string(text), `"id":"7"`))
	})
	mux.HandleFunc("POST /Crash", func(http.ResponseWriter, *http.Request) { os.Exit(4) })
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"), mux); err != nil {
		os.Exit(5)
	}
}

func program(t *testing.T, behaviour string, log io.Writer) *trigger.Process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := trigger.NewProcess(trigger.ProcessConfig{
		Handler: &trigger.CustomHandlerConfig{ExecutablePath: self, Arguments: []string{"-test.run=^TestProgram$"}},
		Dir:     t.TempDir(), Env: []string{"TRIGGER_TEST_PROGRAM=" + behaviour},
		StartTimeout: 2 * time.Minute, Backoff: time.Millisecond, Grace: 5 * time.Second,
		Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lockedBuffer collects a log.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// TestProcessServes asks a program that crashes in between. Between the moments in
// which the host lets go of the program's port and the program takes it, another
// process of the machine may get it: then all is tried anew.
func TestProcessServes(t *testing.T) {
	const tries = 20
	for range tries {
		var log lockedBuffer
		p := program(t, "serve", &log)
		err := processServes(t, p, &log)
		if err != nil && (strings.Contains(log.String(), "exit status 5") || taken(p)) {
			continue
		}
		if err != nil {
			t.Errorf("%v\nthe log: %s", err, log.String())
		}
		return
	}
	t.Errorf("%d times another process had the port", tries)
}

// taken reports whether somebody listens where the program did.
func taken(p *trigger.Process) bool {
	l, err := net.Listen("tcp", strings.TrimPrefix(p.URL(), "http://"))
	if err == nil {
		l.Close()
	}
	return err != nil
}

func processServes(t *testing.T, p *trigger.Process, log *lockedBuffer) (err error) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	app := loadFiles(t, map[string]string{
		"host.json":            host2,
		"Orders/function.json": `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous","route":"orders/{id:int}"},{"type":"http","direction":"out","name":"res"}]}`,
		"Crash/function.json":  `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous"},{"type":"http","direction":"out","name":"res"}]}`,
	})
	handlers, err := (&trigger.Worker{URL: p.URL(), Ready: p.Ready}).Handlers(app)
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, mustHost(t, trigger.Config{App: app, Handlers: handlers}))
	bad := func(format string, args ...any) { err = errors.Join(err, fmt.Errorf(format, args...)) }
	ask := func() {
		resp, body := do(t, url, "GET", "/api/orders/7", nil, nil)
		if resp.StatusCode != 201 || body != "true" || resp.Header.Get("X-Worker") != "yes" {
			bad("%d %q %v", resp.StatusCode, body, resp.Header)
		}
	}
	ask()
	if resp, body := do(t, url, "GET", "/api/crash", nil, nil); resp.StatusCode != 502 || body != "" {
		bad("a crash: %d %q, want an empty 502", resp.StatusCode, body)
	}
	// Until its end is noticed, requests still go to the program that is gone.
	for patience := time.Now().Add(2 * time.Minute); time.Now().Before(patience); {
		if resp, _ := do(t, url, "GET", "/api/orders/7", nil, nil); resp.StatusCode != 502 {
			break
		}
	}
	ask()
	stop()
	if err := <-ended; err != nil {
		bad("Run = %v", err)
	}
	if p.Ready(context.Background()) == nil {
		bad("Ready = nil after Run")
	}
	if !strings.Contains(log.String(), "Custom handler started") {
		bad("the log lacks the start")
	}
	return err
}

func TestProcessGivesUp(t *testing.T) {
	var log lockedBuffer
	p := program(t, "crash", &log)
	err := p.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "3 times") {
		t.Errorf("Run = %v, want an error after three crashes", err)
	}
	if ready := p.Ready(context.Background()); ready == nil {
		t.Error("Ready = nil after Run gave up")
	}
	if text := log.String(); !strings.Contains(text, "about to crash") || strings.Contains(text, "hush") {
		t.Errorf("the log: %s", text)
	}
}

func TestProcessMistakes(t *testing.T) {
	for _, c := range []trigger.ProcessConfig{
		{}, {Handler: &trigger.CustomHandlerConfig{}},
		{Handler: &trigger.CustomHandlerConfig{ExecutablePath: "x"}, Grace: -1},
		{Handler: &trigger.CustomHandlerConfig{ExecutablePath: "x"}, MaxCrashes: -1},
	} {
		if _, err := trigger.NewProcess(c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	p, err := trigger.NewProcess(trigger.ProcessConfig{
		Handler: &trigger.CustomHandlerConfig{ExecutablePath: "no/such/program"}, Dir: t.TempDir(), Backoff: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(context.Background()); err == nil {
		t.Error("a program that is not there: no error")
	}
}
