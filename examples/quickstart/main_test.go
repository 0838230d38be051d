package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/internal/exampletest"
)

// start runs the quickstart on a free port until the test ends.
func start(t *testing.T, home string) *exampletest.Program {
	t.Helper()
	return exampletest.Start(t, run, "-addr", "127.0.0.1:0", "-home", home)
}

func TestCurlLines(t *testing.T) {
	p := start(t, t.TempDir())
	seen := ""
	for i, body := range p.Try(t) {
		title := p.Lines[i].Title
		seen += title[:3] + " "
		if title[:3] == "429" {
			if strings.Count(body, "200\n") != 2 || strings.Count(body, "429\n") != 4 {
				t.Errorf("%s: statuses are %q, want two of 200 and four of 429", title, body)
			}
		} else if ran := strings.HasPrefix(title, "200:"); ran != (body != "") {
			t.Errorf("%s: body %q", title, body)
		}
	}
	if want := "200 200 200 401 405 404 413 414 429 200 200 "; seen != want {
		t.Errorf("the lines promise %s, want %s", seen, want)
	}
	p.Stop(t)
	if strings.Contains(p.Log(), p.Key(t)) {
		t.Errorf("the key is in the log:\n%s", p.Log())
	}
}

func TestReadme(t *testing.T) { exampletest.Readme(t) }

func TestSecondStartKeepsKeys(t *testing.T) {
	home := t.TempDir()
	first := start(t, home)
	first.Stop(t)
	second := start(t, home)
	second.Stop(t)
	if first.Key(t) != second.Key(t) {
		t.Errorf("the keys of two starts differ")
	}
}

// TestDrain stops the program while a request runs: it is answered all the same.
func TestDrain(t *testing.T) {
	p := start(t, t.TempDir())
	held := exampletest.Hold(t, p.Base(t), "/api/HttpExample", "application/json", p.Key(t), `{"name":"late"}`)
	p.Interrupt()
	if status, body := held.Finish(t); status != 200 || body != "Hello late\n" {
		t.Errorf("the running request was answered %d %q", status, body)
	}
	p.Stop(t)
	if _, err := net.Dial("tcp", strings.TrimPrefix(p.Base(t), "http://")); err == nil {
		t.Error("the port is still open")
	}
}

func TestBadStarts(t *testing.T) {
	write := func(dir, name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	bad := t.TempDir()
	write(bad, "host.json", "{\n  \"version\": \"2.0\",\n  \"extensions\": {\"http\": {\"routePrefx\": \"v1\"}}\n}")
	write(bad, "Health/function.json", `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","methods":[]}]}`)
	file := filepath.Join(t.TempDir(), "file")
	write(filepath.Dir(file), "file", "")

	quickstart, taken := exampletest.Build(t, "."), exampletest.Taken(t)
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"bad files", []string{"-home", t.TempDir(), "-app", bad},
			[]string{"host.json:3:27", `the nearest is "routePrefix"`, "Health/function.json:1:"}},
		{"no app", []string{"-home", t.TempDir(), "-app", filepath.Join(bad, "none")}, []string{"none"}},
		{"home is a file", []string{"-home", file}, []string{file}},
		{"an address that is taken", []string{"-home", t.TempDir(), "-addr", taken}, []string{taken, "-addr"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { exampletest.Refuses(t, quickstart, tt.args, tt.want...) })
	}
}

// TestCorruptKeyFile damages a key file between two starts and while it serves:
// the file is named and left as it is.
func TestCorruptKeyFile(t *testing.T) {
	home := t.TempDir()
	start(t, home).Stop(t)
	path := filepath.Join(home, "host.json")
	if err := os.WriteFile(path, []byte(`{"masterKey":`), 0o600); err != nil {
		t.Fatal(err)
	}
	exampletest.Refuses(t, exampletest.Build(t, "."), []string{"-home", home, "-addr", "127.0.0.1:0"}, path)
	if text, _ := os.ReadFile(path); string(text) != `{"masterKey":` {
		t.Errorf("the file was changed to %q", text)
	}
}

func TestCorruptKeyFileWhileServing(t *testing.T) {
	home := t.TempDir()
	p := start(t, home)
	path := filepath.Join(home, "host.json")
	if err := os.WriteFile(path, []byte("no keys"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/api/HttpExample?name=x": 500, "/api/health": 200} {
		req, _ := http.NewRequest("GET", p.Base(t)+path, nil)
		if want == 500 {
			req.Header.Set("X-Functions-Key", p.Key(t))
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
		}
	}
	if !strings.Contains(p.Log(), path) {
		t.Errorf("the log does not name the file:\n%s", p.Log())
	}
}
