// Command asyncjob accepts work that takes longer than a request: 202 with the
// address of its status, the result there, and cancellation.
//
//	go run ./examples/asyncjob [-addr localhost:7071] [-home DIR]
//
// Jobs are files in -home, a folder under the user's cache unless told otherwise;
// a stop of the program loses none.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// retry is when a caller may come back for a job that is not done, longest how long a
// request waits for one, and patience how long a stop of the program does.
const (
	retry    = 2 * time.Second
	longest  = 30 * time.Second
	patience = time.Second
	reruns   = 100 // a job that brings the program down each time ends it in the end
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "asyncjob: %v\n", err)
		os.Exit(1)
	}
}

// run serves and works until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("asyncjob", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:7071", "listen on this `address`; port 0 takes a free one")
	home := flags.String("home", "", "keep the jobs in this `folder` (default: under the user's cache)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *home == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("%w: say where to keep the jobs with -home", err)
		}
		*home = filepath.Join(cache, "httptrigger-asyncjob")
	}
	store, err := open(*home)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: listen elsewhere with -addr", err)
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	base := "http://" + l.Addr().String() + "/api/jobs"
	jobs, err := trigger.NewJobs(trigger.JobsConfig{
		Work: work, Store: store, StatusURL: base + "/", RetryAfter: retry, MaxWait: longest,
		Reruns: reruns, Logger: logger,
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	host, err := trigger.NewHost(trigger.Config{NoAdmin: true, Logger: logger, Functions: functions(jobs)})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if err := jobs.Recover(ctx); err != nil {
		return errors.Join(err, l.Close())
	}
	if err := guide(stdout, base); err != nil {
		return errors.Join(err, l.Close())
	}
	// BaseContext ends the requests that wait for jobs. The jobs get what is left of
	// the time; those that need more run again at the next start.
	srv := &http.Server{Handler: host, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, BaseContext: func(net.Listener) context.Context { return ctx }}
	served := trigger.Serve(ctx, srv, l, 10*time.Second)
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer stop()
	if err := jobs.Drain(grace); errors.Is(err, context.DeadlineExceeded) {
		logger.Info("jobs are left for the next start")
	}
	return served
}

// functions are what a caller needs. Whoever has a job's id, which nobody guesses, may
// ask for it; a real service asks for a key too.
func functions(jobs *trigger.Jobs) []trigger.Function {
	accept := func(ctx context.Context, in order) (any, error) {
		if in.Text == "" || !(in.Seconds >= 0 && in.Seconds <= 86_400) {
			return &trigger.Response{Status: http.StatusBadRequest, Body: "want a text, and 0 to 86400 seconds\n"}, nil
		}
		return jobs.Accept(ctx, in)
	}
	return []trigger.Function{
		{Name: "accept", Route: "jobs", Methods: []string{"POST"}, Level: keys.Anonymous, Handler: trigger.JSON(accept)},
		{Name: "job", Route: "jobs/{id:guid}", Methods: []string{"GET", "DELETE"}, Level: keys.Anonymous, Handler: jobs.Handler()},
	}
}

// guide prints what to try. $(…) is the address of a job that was just accepted.
func guide(w io.Writer, base string) error {
	start := func(seconds int) string {
		return fmt.Sprintf(`-H 'Content-Type: application/json' -d '{"text":"hello","seconds":%d}' %s`, seconds, base)
	}
	job := func(seconds int) string {
		return "$(curl -s -o /dev/null -w '%header{location}' " + start(seconds) + ")"
	}
	for _, line := range [][2]string{
		{"202: a job is accepted", "curl -i " + start(0)},
		{"200: its result, once it is there", "curl -i " + job(0) + "?wait=10s"},
		{"202: the status of one that takes a minute", "curl -i " + job(60)},
		{"200: a job of an hour is cancelled", "curl -i -X DELETE " + job(3600)},
		{"404: no such job", "curl -i " + base + "/" + uuid.NewString()},
		{"400: a job that makes no sense", "curl -i " + start(-1)},
	} {
		fmt.Fprintf(w, "# %s\n%s\n\n", line[0], line[1])
	}
	_, err := fmt.Fprintln(w, "Ctrl-C ends it.")
	return err
}
