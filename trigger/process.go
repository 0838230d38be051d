package trigger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// ProcessConfig says how to run the program of a custom handler.
type ProcessConfig struct {
	// Handler is the section of host.json: App.Host.CustomHandler.
	Handler *CustomHandlerConfig

	// Dir is the folder of the app on disk. Relative paths of the section are
	// below it, and the program starts there.
	Dir string

	// Env is the program's environment, "NAME=value", beside the variables that
	// tell it its port. Nothing else is passed on; os.Environ() passes on all.
	Env []string

	// StartTimeout bounds the time from the start until the program answers its
	// first request, with whatever status. Zero is 30 seconds.
	StartTimeout time.Duration

	// MaxCrashes is how many ends within CrashWindow are one too many: then Run
	// gives up. Zeros are 3 within 30 minutes (DefaultHttpWorkerService.cs).
	MaxCrashes  int
	CrashWindow time.Duration

	// Backoff is the time before the first restart; it doubles with each crash
	// in the window, up to a minute. Zero is a second.
	Backoff time.Duration

	// Grace is the time that the program gets to end by itself after an
	// interrupt, when Run ends. Zero is 5 seconds.
	Grace time.Duration

	// Logger is told of starts and ends, and of each line that the program
	// writes; nil is silent.
	Logger *slog.Logger
}

// A Process runs the program of a custom handler for a Worker:
//
//	p, err := trigger.NewProcess(trigger.ProcessConfig{Handler: app.Host.CustomHandler, Dir: dir, Env: os.Environ()})
//	worker := &trigger.Worker{URL: p.URL(), Ready: p.Ready}
//	go func() { stopped <- p.Run(ctx) }()
//
// It may be used concurrently; Run is called once.
type Process struct {
	c    ProcessConfig
	path string
	args []string
	dir  string
	port int
	id   string

	mu     sync.Mutex
	held   net.Listener  // keeps the port until the program takes it
	ready  chan struct{} // closed while the program answers, or Run has ended
	failed error         // why Run ended
}

// NewProcess checks the configuration and takes a free port of the loopback
// interface. It starts nothing.
func NewProcess(c ProcessConfig) (*Process, error) {
	var errs mistakes
	h := c.Handler
	if h == nil || h.ExecutablePath == "" {
		errs.addf("ProcessConfig.Handler: no program is named")
	}
	for name, d := range map[string]time.Duration{"StartTimeout": c.StartTimeout, "CrashWindow": c.CrashWindow, "Backoff": c.Backoff, "Grace": c.Grace} {
		if d < 0 {
			errs.addf("ProcessConfig.%s: %v: negative", name, d)
		}
	}
	if c.MaxCrashes < 0 {
		errs.addf("ProcessConfig.MaxCrashes: %d: negative", c.MaxCrashes)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	c.StartTimeout = orDuration(c.StartTimeout, 30*time.Second)
	c.CrashWindow = orDuration(c.CrashWindow, 30*time.Minute)
	c.Backoff = orDuration(c.Backoff, time.Second)
	c.Grace = orDuration(c.Grace, 5*time.Second)
	if c.MaxCrashes == 0 {
		c.MaxCrashes = 3
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Process{c: c, dir: c.Dir, id: newID().String(), ready: make(chan struct{})}
	if h.WorkingDirectory != "" {
		p.dir = below(c.Dir, h.WorkingDirectory)
	}
	p.path = h.ExecutablePath
	if own := below(c.Dir, h.ExecutablePath); isFile(own) {
		p.path = own
	}
	p.args = append(p.args, h.Arguments...)
	if h.WorkerPath != "" {
		p.args = append(p.args, h.WorkerPath)
	}
	p.args = append(p.args, h.WorkerArguments...)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("trigger: custom handler: %w", err)
	}
	p.held, p.port = l, l.Addr().(*net.TCPAddr).Port
	return p, nil
}

func orDuration(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

func below(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// URL is where the program will listen.
func (p *Process) URL() string { return "http://127.0.0.1:" + strconv.Itoa(p.port) }

// Ready waits until the program answers. It returns the context's error if that
// ends first, and why Run ended if it has.
func (p *Process) Ready(ctx context.Context) error {
	p.mu.Lock()
	ready := p.ready
	p.mu.Unlock()
	select {
	case <-ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// Run starts the program and starts it again when it ends, until ctx ends, when
// it stops the program and returns nil, or until the program has crashed too
// often, which is the error.
func (p *Process) Run(ctx context.Context) error {
	err := p.run(ctx)
	p.mu.Lock()
	p.failed = err
	if err == nil {
		p.failed = errors.New("trigger: custom handler: stopped")
	}
	p.mu.Unlock()
	p.setReady(true)
	return err
}

func (p *Process) run(ctx context.Context) error {
	var crashes []time.Time
	for {
		err := p.once(ctx)
		p.setReady(false)
		if ctx.Err() != nil {
			return nil
		}
		now := time.Now()
		crashes = append(crashes, now)
		for now.Sub(crashes[0]) > p.c.CrashWindow {
			crashes = crashes[1:]
		}
		p.c.Logger.LogAttrs(ctx, slog.LevelError, "Custom handler ended", slog.Any("error", err), slog.Int("crashes", len(crashes)))
		if len(crashes) >= p.c.MaxCrashes {
			return fmt.Errorf("trigger: custom handler: ended %d times within %v, the last time: %w", len(crashes), p.c.CrashWindow, err)
		}
		wait := min(p.c.Backoff<<(len(crashes)-1), time.Minute)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// setReady opens or closes the door for requests.
func (p *Process) setReady(ready bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.ready:
		if !ready {
			p.ready = make(chan struct{})
		}
	default:
		if ready {
			close(p.ready)
		}
	}
}

var errEnded = errors.New("the program ended")

// once runs the program one time.
func (p *Process) once(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := &lineLog{log: p.c.Logger}
	defer out.flush()
	cmd := exec.CommandContext(ctx, p.path, p.args...)
	cmd.Dir, cmd.Env = p.dir, p.environment()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = p.c.Grace
	p.mu.Lock()
	if p.held != nil {
		_ = p.held.Close() // the port is the program's now
		p.held = nil
	}
	p.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	p.c.Logger.LogAttrs(ctx, slog.LevelInfo, "Custom handler started", slog.Int("pid", cmd.Process.Pid), slog.String("url", p.URL()))
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if err := p.await(ctx); err == nil {
			p.setReady(true)
		} else if ctx.Err() == nil {
			stop(err)
		}
	}()
	err := cmd.Wait()
	cause := context.Cause(ctx)
	stop(nil)
	<-watched
	switch {
	case cause != nil:
		return cause
	case err == nil:
		return errEnded
	}
	return err
}

func (p *Process) environment() []string {
	port := strconv.Itoa(p.port)
	env := append([]string(nil), p.c.Env...)
	return append(env,
		"FUNCTIONS_CUSTOMHANDLER_PORT="+port, "FUNCTIONS_HTTPWORKER_PORT="+port,
		"FUNCTIONS_CUSTOMHANDLER_WORKER_ID="+p.id, "FUNCTIONS_APP_ROOT_PATH="+p.c.Dir)
}

// await asks until the program gives any answer.
func (p *Process) await(ctx context.Context) error {
	bound, cancel := context.WithTimeout(ctx, p.c.StartTimeout)
	defer cancel()
	err := awaitAnswer(bound, &http.Transport{DisableKeepAlives: true}, p.URL())
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("no answer within %v", p.c.StartTimeout)
	}
	return err
}

// lineLog logs what a program writes, line by line. A line is cut at 8 KiB.
type lineLog struct {
	log *slog.Logger
	mu  sync.Mutex
	buf []byte
}

const maxLine = 8 << 10

func (l *lineLog) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(text)
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			l.buf = append(l.buf, text[:min(len(text), maxLine-len(l.buf))]...)
			break
		}
		l.buf = append(l.buf, text[:min(end, maxLine-len(l.buf))]...)
		l.line()
		text = text[end+1:]
	}
	return n, nil
}

func (l *lineLog) line() {
	if text := bytes.TrimRight(l.buf, "\r"); len(text) > 0 {
		l.log.Info("Custom handler says", "line", Redact(string(text)))
	}
	l.buf = l.buf[:0]
}

func (l *lineLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line()
}
