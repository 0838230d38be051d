package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestNode serves the app in JavaScript and asks what the program prints. It
// needs node; without one it has nothing to show.
func TestNode(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("HTTPTRIGGER_CI") != "" {
			t.Fatal(err)
		}
		t.Log("no node here")
		return
	}
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-app", "app"}, in, io.Discard)
		in.Close()
	}()
	lines := bufio.NewScanner(out)
	want := []struct {
		status int
		body   string
	}{{200, "Hello from node, world\n"}, {201, `{"order":7}`}}
	var printed []string // all of it, for it serves only then
	for range want {
		if !lines.Scan() {
			t.Fatalf("it ended: %v", <-ended)
		}
		printed = append(printed, lines.Text())
	}
	for i, w := range want {
		status, body := ask(t, printed[i])
		if status != w.status || body != w.body {
			t.Errorf("%s: %d %q, want %d %q", printed[i], status, body, w.status, w.body)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("run = %v", err)
	}
}

// ask does what a printed curl line does.
func ask(t *testing.T, line string) (int, string) {
	t.Helper()
	words := strings.Fields(line)
	method := http.MethodGet
	if strings.Contains(line, "-X POST") {
		method = http.MethodPost
	}
	r, err := http.NewRequest(method, words[len(words)-1], nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, rest, ok := strings.Cut(line, "x-functions-key: "); ok {
		key, _, _ := strings.Cut(rest, "'")
		r.Header.Set("x-functions-key", key)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
