package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/internal/exampletest"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/trigger/jobtest"
)

func TestCurlLines(t *testing.T) {
	p := exampletest.Start(t, run, "-addr", "127.0.0.1:0", "-home", t.TempDir())
	bodies := p.Try(t)
	if want := `{"state":"done","result":"HELLO"}`; bodies[1] != want {
		t.Errorf("the result is %s, want %s", bodies[1], want)
	}
	if want := `{"state":"cancelled"}`; bodies[3] != want {
		t.Errorf("the cancelled job is %s, want %s", bodies[3], want)
	}
	p.Stop(t)
}

var inJSON = http.Header{"Content-Type": {"application/json"}}

// accept starts a job and returns the path of its status, which is the same at
// every start.
func accept(t *testing.T, base, body string) string {
	t.Helper()
	status, header, _ := exampletest.Ask(t, "POST", base+"/api/jobs", inJSON, body)
	location, ok := strings.CutPrefix(header.Get("Location"), base)
	if status != 202 || !ok || header.Get("Retry-After") != "2" {
		t.Fatalf("status %d, header %v", status, header)
	}
	return location
}

// TestRestart stops the program between one job that is done, one that runs and
// one that waits behind it.
func TestRestart(t *testing.T) {
	home := t.TempDir()
	p := exampletest.Start(t, run, "-addr", "127.0.0.1:0", "-home", home)
	first := accept(t, p.Base(t), `{"text":"first"}`)
	if status, _, body := exampletest.Ask(t, "GET", p.Base(t)+first+"?wait=10s", inJSON, ""); status != 200 || !strings.Contains(body, "FIRST") {
		t.Fatalf("the first job: %d %s", status, body)
	}
	long := accept(t, p.Base(t), `{"text":"long","seconds":3600}`)
	behind := accept(t, p.Base(t), `{"text":"behind"}`)
	p.Stop(t)

	p = exampletest.Start(t, run, "-addr", "127.0.0.1:0", "-home", home)
	for _, step := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", first, 200, `{"state":"done","result":"FIRST"}`},
		{"DELETE", first, 409, "it has ended already\n"},
		{"GET", long, 202, ""},
		{"GET", behind, 202, ""},
		{"DELETE", long, 200, `{"state":"cancelled"}`},
		{"GET", behind + "?wait=10s", 200, `{"state":"done","result":"BEHIND"}`},
		{"GET", long, 200, `{"state":"cancelled"}`},
		{"GET", long + "?wait=x", 400, "wait is no duration such as 10s\n"},
	} {
		if status, _, body := exampletest.Ask(t, step.method, p.Base(t)+step.path, inJSON, ""); status != step.status || body != step.body {
			t.Errorf("%s %s: %d %q, want %d %q", step.method, step.path, status, body, step.status, step.body)
		}
	}
	p.Stop(t)
}

func TestReadme(t *testing.T) { exampletest.Readme(t) }

func TestBadStarts(t *testing.T) {
	app := exampletest.Build(t, ".")
	taken := exampletest.Taken(t)
	home := t.TempDir()
	bad := filepath.Join(home, "bad.json")
	if err := os.WriteFile(bad, []byte(`{"id":`), 0o600); err != nil {
		t.Fatal(err)
	}
	exampletest.Refuses(t, app, []string{"-home", home}, bad, "repair it")
	exampletest.Refuses(t, app, []string{"-home", bad}, bad)
	exampletest.Refuses(t, app, []string{"-home", t.TempDir(), "-addr", taken}, taken, "-addr")
}

// TestStore holds what a trigger.JobStore owes, over a restart, and that the files in
// its folder are jobs and nothing else.
func TestStore(t *testing.T) {
	home := t.TempDir()
	jobtest.Run(t, func(t *testing.T, _ bool) trigger.JobStore {
		s, err := open(home)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
	files, err := os.ReadDir(home)
	if err != nil || len(files) != 3 {
		t.Errorf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if _, err := read(filepath.Join(home, f.Name())); err != nil {
			t.Error(err)
		}
	}
}
