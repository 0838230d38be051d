// Package exampletest runs the programs of the folder examples as their readers
// do: it starts one, reads what it prints, and gives every curl line among it
// to a shell. It runs the commands of a README as they stand, and checks that a
// built program that cannot start says so.
//
// A program prints each line under a comment that begins with the status it
// will get, and ends its guide with End:
//
//	# 200: the key in a header
//	curl -i -H 'x-functions-key: …' http://127.0.0.1:41235/api/orders
//
// A line without -i prints statuses, of which the promised one is among.
package exampletest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/backend"
)

// End is the last line of a guide.
const End = "Ctrl-C ends it."

// Run is how a program runs: until its context ends, with the arguments that
// follow its name.
type Run func(ctx context.Context, args []string, stdout, stderr io.Writer) error

// A Program is an example that runs.
type Program struct {
	// Text is what it printed, End excluded.
	Text string
	// Lines are the curl lines in it.
	Lines []Line

	stop context.CancelFunc
	done chan struct{} // closed when it has ended, with err
	err  error
	log  log
}

// A Line is a curl line and the comment above it.
type Line struct{ Title, Command string }

// startWithin bounds how long a program may take to be built and to print its
// guide, and a command to its end. It is only waited for when something is wrong.
const startWithin = 8 * time.Minute

// Start starts a program, and stops it when the test ends if it still runs.
func Start(t *testing.T, run Run, args ...string) *Program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	p := &Program{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.err = run(ctx, args, in, &p.log)
		in.CloseWithError(p.err)
	}()
	t.Cleanup(func() {
		cancel()
		out.Close()
		<-p.done
	})
	late := time.AfterFunc(startWithin, func() { out.CloseWithError(context.DeadlineExceeded) })
	defer late.Stop()
	if err := p.read(out); err != nil {
		t.Fatalf("the program ended before %q: %v\n%s%s", End, err, p.Text, p.log.String())
	}
	go io.Copy(io.Discard, out)
	return p
}

// read reads what the program prints up to End, or tells why there is none.
func (p *Program) read(r io.Reader) error {
	lines, title := bufio.NewScanner(r), ""
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if line == End {
			return nil
		}
		p.Text += line + "\n"
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			title = rest
		}
		if strings.HasPrefix(line, "curl ") {
			p.Lines = append(p.Lines, Line{title, line})
		}
	}
	return cmp.Or(lines.Err(), io.ErrUnexpectedEOF)
}

// Interrupt does what Ctrl-C does, and does not wait for the end.
func (p *Program) Interrupt() { p.stop() }

// Wait returns what the program ended with, once it has.
func (p *Program) Wait() error {
	<-p.done
	return p.err
}

// Stop ends the program as Ctrl-C does and returns once it has.
func (p *Program) Stop(t *testing.T) {
	t.Helper()
	p.stop()
	if err := p.Wait(); err != nil {
		t.Errorf("the program ended with %v\n%s", err, p.Log())
	}
}

// Log returns what the program has written to its log.
func (p *Program) Log() string { return p.log.String() }

// Base returns the first address in what the program printed:
// "http://127.0.0.1:41235".
func (p *Program) Base(t *testing.T) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.Text, "http://")
	if !ok {
		t.Fatalf("no address in\n%s", p.Text)
	}
	host := rest[:strings.IndexAny(rest+"/", "/ '\"\n")]
	return "http://" + host
}

// Key returns the first key in what the program printed.
func (p *Program) Key(t *testing.T) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.Text, "x-functions-key: ")
	if !ok {
		t.Fatalf("no key in\n%s", p.Text)
	}
	key, _, _ := strings.Cut(rest, "'")
	return key
}

// Try runs all curl lines in order and compares the statuses with those that
// are promised. It returns the bodies, or the statuses of a line that prints them.
func (p *Program) Try(t *testing.T) []string {
	t.Helper()
	if len(p.Lines) == 0 {
		t.Fatalf("no curl line in\n%s", p.Text)
	}
	var bodies []string
	for _, line := range p.Lines {
		if len(line.Title) < 3 {
			t.Fatalf("nothing is promised for %s", line.Command)
		}
		want := line.Title[:3]
		if !strings.HasPrefix(line.Command, "curl -i") {
			statuses := Shell(t, line.Command)
			if !slices.Contains(strings.Fields(statuses), want) {
				t.Errorf("%s\n%s\nanswered %q", line.Title, line.Command, statuses)
			}
			bodies = append(bodies, statuses)
			continue
		}
		resp, body := line.Run(t)
		if got := resp.Status[:3]; got != want {
			t.Errorf("%s\n%s\nanswered %s\n%s", line.Title, line.Command, resp.Status, body)
		}
		bodies = append(bodies, body)
	}
	return bodies
}

// TryFor is Try, and compares the bodies too.
func (p *Program) TryFor(t *testing.T, want ...string) {
	t.Helper()
	got := p.Try(t)
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(got), len(want), p.Text)
	}
	for i, line := range p.Lines {
		if got[i] != want[i] {
			t.Errorf("%s\n%s\nanswered %q, want %q", line.Title, line.Command, got[i], want[i])
		}
	}
}

// Run gives the line to a shell and returns what curl printed, which must have
// the header in it (curl -i).
func (l Line) Run(t *testing.T) (*http.Response, string) {
	t.Helper()
	out := Shell(t, l.Command)
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(out)), nil)
	if err != nil {
		t.Fatalf("%s\nprinted no answer: %v\n%s", l.Command, err, out)
	}
	// What curl prints is no longer chunked, whatever the header says.
	_, body, _ := strings.Cut(out, "\r\n\r\n")
	return resp, body
}

// Shell runs a line as a shell would and returns what it printed.
func Shell(t *testing.T, line string) string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		backend.Missing(t, "curl is not installed")
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

// Ask sends one request, follows no redirect, and returns the answer's status,
// header and body.
func Ask(t *testing.T, method, url string, header http.Header, body string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
