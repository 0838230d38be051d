package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A program is the quickstart, running.
type program struct {
	curls map[string]string // what is expected and the line, in order of names
	order []string
	key   string
	base  string

	stop context.CancelFunc
	done chan error
	log  *syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// start runs the quickstart on a free port until the test ends, and reads what
// it prints.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	p := &program{curls: map[string]string{}, stop: cancel, done: make(chan error, 1), log: &syncBuffer{}}
	go func() {
		err := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), in, p.log)
		in.CloseWithError(err)
		p.done <- err
	}()
	t.Cleanup(func() { cancel(); out.Close() })
	lines, title := bufio.NewScanner(out), ""
	for lines.Scan() {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, "The key of HttpExample is "); ok {
			p.key = rest
		}
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			title = rest
		}
		if strings.HasPrefix(line, "curl ") {
			p.curls[title] = line
			p.order = append(p.order, title)
		}
		if strings.HasPrefix(title, "200 without") && line == "" {
			break
		}
		if i := strings.Index(line, "http://"); i >= 0 && p.base == "" {
			p.base, _, _ = strings.Cut(line[i:], "/api/")
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, out)
	return p
}

// end stops the program as Ctrl-C does.
func (p *program) end(t *testing.T) {
	t.Helper()
	p.stop()
	if err := <-p.done; err != nil {
		t.Fatalf("the program ended with %v", err)
	}
}

// curl runs a line as a shell would.
func curl(t *testing.T, line string) string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("HTTPTRIGGER_CI") != "" {
			t.Fatal("curl is not installed")
		}
		t.Skip("curl is not installed")
	}
	cmd := exec.Command("sh", "-c", line)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", line, err, stderr.String())
	}
	return string(out)
}

func TestCurlLines(t *testing.T) {
	p := start(t, "-home", t.TempDir())
	seen := ""
	for _, title := range p.order {
		out := curl(t, p.curls[title])
		status := title[:3]
		seen += status + " "
		if status == "429" {
			if strings.Count(out, "200\n") != 2 || strings.Count(out, "429\n") != 4 {
				t.Errorf("%s: statuses are %q, want two of 200 and four of 429", title, out)
			}
			continue
		}
		if !strings.HasPrefix(out, "HTTP/1.1 "+status) {
			t.Errorf("%s\n%s\nanswered\n%s", title, p.curls[title], out)
		}
		_, body, _ := strings.Cut(out, "\r\n\r\n")
		if ran := strings.HasPrefix(title, "200:"); ran != (body != "") {
			t.Errorf("%s: body %q", title, body)
		}
	}
	if want := "200 200 200 401 405 404 413 414 429 200 200 "; seen != want {
		t.Errorf("the lines promise %s, want %s", seen, want)
	}
	p.end(t)
	if log := p.log.String(); strings.Contains(log, p.key) {
		t.Errorf("the key is in the log:\n%s", log)
	}
}

func TestSecondStartKeepsKeys(t *testing.T) {
	home := t.TempDir()
	first := start(t, "-home", home)
	first.end(t)
	second := start(t, "-home", home)
	second.end(t)
	if first.key == "" || first.key != second.key {
		t.Errorf("the keys of two starts differ or are missing")
	}
}

// TestDrain stops the program while a request runs: it is answered all the same.
func TestDrain(t *testing.T) {
	p := start(t, "-home", t.TempDir())
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	// The server asks for the body when the function reads it: then it runs.
	io.WriteString(conn, "POST /api/HttpExample HTTP/1.1\r\nHost: x\r\nX-Functions-Key: "+p.key+
		"\r\nExpect: 100-continue\r\nContent-Length: 15\r\n\r\n")
	br := bufio.NewReader(conn)
	if line, err := br.ReadString('\n'); !strings.Contains(line, "100") {
		t.Fatalf("got %q, %v, want 100 Continue", line, err)
	}
	br.ReadString('\n')
	p.stop()
	io.WriteString(conn, `{"name":"late"}`)
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 || string(body) != "Hello late\n" {
		t.Errorf("the running request was answered %d %q", resp.StatusCode, body)
	}
	if err := <-p.done; err != nil {
		t.Errorf("the program ended with %v", err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://")); err == nil {
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

	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"bad files", []string{"-home", t.TempDir(), "-app", bad},
			[]string{"host.json:3:27", `the nearest is "routePrefix"`, "Health/function.json:1:"}},
		{"no app", []string{"-home", t.TempDir(), "-app", filepath.Join(bad, "none")}, []string{"none"}},
		{"home is a file", []string{"-home", file}, []string{file}},
		{"address", []string{"-home", t.TempDir(), "-addr", "127.0.0.1:none"}, []string{"none"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := run(t.Context(), tt.args, io.Discard, io.Discard)
			if err == nil {
				t.Fatal("it started")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error is %v, want %q in it", err, want)
				}
			}
		})
	}
}

// TestCorruptKeyFile damages a key file between two starts and while it serves:
// the file is named and left as it is.
func TestCorruptKeyFile(t *testing.T) {
	home := t.TempDir()
	p := start(t, "-home", home)
	p.end(t)
	path := filepath.Join(home, "host.json")
	if err := os.WriteFile(path, []byte(`{"masterKey":`), 0o600); err != nil {
		t.Fatal(err)
	}
	err := run(t.Context(), []string{"-home", home, "-addr", "127.0.0.1:0"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v, want the name of the file in it", err)
	}
	if text, _ := os.ReadFile(path); string(text) != `{"masterKey":` {
		t.Errorf("the file was changed to %q", text)
	}
}

func TestCorruptKeyFileWhileServing(t *testing.T) {
	home := t.TempDir()
	p := start(t, "-home", home)
	path := filepath.Join(home, "host.json")
	if err := os.WriteFile(path, []byte("no keys"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/api/HttpExample?name=x": 500, "/api/health": 200} {
		req, _ := http.NewRequest("GET", p.base+path, nil)
		if want == 500 {
			req.Header.Set("X-Functions-Key", p.key)
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
	if !strings.Contains(p.log.String(), path) {
		t.Errorf("the log does not name the file:\n%s", p.log)
	}
}
