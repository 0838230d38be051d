package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/backend"
	"github.com/httptrigger/httptrigger/internal/exampletest"
)

// TestMain is the worker when a test runs this program once more as one.
func TestMain(m *testing.M) {
	if len(os.Args) != 2 || os.Args[1] != "worker" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := work(ctx, nil, nil, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestCurlLines(t *testing.T) {
	for in, name := range map[string]string{"host.json": "node", "go": "Go"} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath("node"); name == "node" && err != nil {
				backend.Missing(t, "node is not installed")
			}
			p := exampletest.Start(t, run, "-addr", "127.0.0.1:0", "-app", "app", "-in", in)
			p.TryFor(t, "Hello from "+name+", world\n", `{"order":7}`, "", "")
			p.Stop(t)
		})
	}
}

// TestCrash kills the worker: the host goes on, says so, and has the worker back.
func TestCrash(t *testing.T) {
	p := exampletest.Start(t, run, "-addr", "127.0.0.1:0", "-app", "app", "-in", "go")
	status, _, body := exampletest.Ask(t, "GET", p.Base(t)+"/api/hello/one", nil, "")
	if status != 200 || body != "Hello from Go, one\n" {
		t.Fatalf("status %d %q\n%s", status, body, p.Log())
	}
	found := regexp.MustCompile(`"Custom handler started" pid=(\d+)`).FindStringSubmatch(p.Log())
	if found == nil {
		t.Fatalf("the log does not tell the worker's process:\n%s", p.Log())
	}
	pid, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	worker, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Kill(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Minute); strings.Count(p.Log(), "Custom handler started") < 2; {
		if status, _, body = exampletest.Ask(t, "GET", p.Base(t)+"/api/hello/two", nil, ""); status != 200 && (status < 500 || body != "") {
			t.Errorf("status %d %q while the worker is away", status, body)
		}
		if time.Now().After(deadline) {
			t.Fatalf("the worker did not come back:\n%s", p.Log())
		}
	}
	if status, _, body = exampletest.Ask(t, "GET", p.Base(t)+"/api/hello/three", nil, ""); status != 200 || body != "Hello from Go, three\n" {
		t.Errorf("status %d %q once it is back", status, body)
	}
	p.Stop(t)
}

// TestWorker asks the worker what a host asks: live requests, and descriptions.
func TestWorker(t *testing.T) {
	app, addr := exampletest.Build(t, "."), backend.Free(t)
	exampletest.Refuses(t, app, []string{"worker"}, portSetting, "a host runs this")
	_, port, _ := strings.Cut(addr, ":")
	t.Setenv(portSetting, port)
	backend.Start(t, exec.Command(app, "worker"), addr)
	if status, _, body := exampletest.Ask(t, "POST", "http://"+addr+"/api/hello", nil, "Ada"); status != 200 || body != "Hello from Go, Ada\n" {
		t.Errorf("the live request is answered %d %q", status, body)
	}
	description := `{"Data":{"req":{"Url":"http://localhost/api/orders/7","Method":"POST","Query":{},"Headers":{"Host":["localhost"]},"Params":{"id":"7"}}},` +
		`"Metadata":{"id":"7","sys":{"MethodName":"Orders","UtcNow":"2026-01-02T03:04:05Z"}}}`
	want := `{"Logs":["order 7 taken"],"Outputs":{"res":{"body":{"order":7},"headers":{"Location":"/api/orders/7"},"statusCode":201}}}` + "\n"
	if status, _, body := exampletest.Ask(t, "POST", "http://"+addr+"/Orders", nil, description); status != 200 || body != want {
		t.Errorf("the description is answered %d %s, want %s", status, body, want)
	}
	if status, _, _ := exampletest.Ask(t, "POST", "http://"+addr+"/Orders", nil, "{"); status != 400 {
		t.Errorf("half a description is answered %d", status)
	}
}

func TestReadme(t *testing.T) { exampletest.Readme(t) }

func TestBadStarts(t *testing.T) {
	app := exampletest.Build(t, ".")
	taken := exampletest.Taken(t)
	exampletest.Refuses(t, app, []string{"-app", "app", "-in", "perl"}, `"perl"`, "host.json and go")
	exampletest.Refuses(t, app, []string{"-app", "none"}, "none")
	exampletest.Refuses(t, app, []string{"-app", "app", "-in", "go", "-addr", taken}, taken, "-addr")
	t.Setenv("PATH", t.TempDir())
	exampletest.Refuses(t, app, []string{"-app", "app"}, "node", "-in go")
}
