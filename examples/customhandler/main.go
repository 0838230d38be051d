// Command customhandler serves a function app whose functions are written in
// another language: the program that its host.json names. The app in the folder
// app is one in JavaScript and needs node.
//
//	go run ./examples/customhandler [-addr localhost:7071] [-app examples/customhandler/app] [-in go]
//
// With -in go the functions run in this program, started once more as a worker.
// The program is started, watched and started again when it ends; its output
// goes to standard error. Ctrl-C ends both.
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

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	start := run
	if len(os.Args) == 2 && os.Args[1] == "worker" {
		start = work
	}
	if err := start(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "customhandler: %v\n", err)
		os.Exit(1)
	}
}

// run serves until ctx ends or the program has crashed too often.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("customhandler", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:7071", "listen on this `address`; port 0 takes a free one")
	dir := flags.String("app", "examples/customhandler/app", "serve the app in this `folder`")
	in := flags.String("in", "host.json", "run the functions in the program of `host.json, or in go`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	app, err := trigger.LoadApp(os.DirFS(*dir), nil)
	if err != nil {
		return fmt.Errorf("the app in %q cannot be served:\n%w", *dir, err)
	}
	if app.Host.CustomHandler == nil {
		return fmt.Errorf("%s: host.json names no customHandler", *dir)
	}
	handler, err := program(app.Host.CustomHandler, *in)
	if err != nil {
		return err
	}
	root, err := filepath.Abs(*dir)
	if err != nil {
		return err
	}
	process, err := trigger.NewProcess(trigger.ProcessConfig{Handler: handler, Dir: root, Env: os.Environ(), Logger: logger})
	if err != nil {
		return err
	}
	worker := &trigger.Worker{URL: process.URL(), Ready: process.Ready, Logger: logger}
	handlers, err := worker.Handlers(app)
	if err != nil {
		return err
	}
	store, key, err := newKeys(ctx)
	if err != nil {
		return err
	}
	host, err := trigger.NewHost(trigger.Config{App: app, Handlers: handlers, Keys: &keys.Resolver{Store: store}, Logger: logger})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: listen elsewhere with -addr", err)
	}
	base := "http://" + l.Addr().String()
	if err := guide(stdout, base, key.Reveal()); err != nil {
		return errors.Join(err, l.Close())
	}

	ctx, stop := context.WithCancelCause(ctx)
	ended := make(chan error, 1)
	go func() {
		err := process.Run(ctx)
		stop(err)
		ended <- err
	}()
	served := trigger.Serve(ctx, &http.Server{Handler: host, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}, l, 10*time.Second)
	stop(nil)
	return errors.Join(served, <-ended)
}

// newKeys makes keys that last as long as the process.
func newKeys(ctx context.Context) (keys.Store, keys.Secret, error) {
	store := &keys.Memory{}
	set, err := (&keys.Manager{Store: store}).Ensure(ctx, keys.HostScope())
	if err != nil {
		return nil, keys.Secret{}, err
	}
	return store, set.Function[0].Value, nil
}

// guide prints what to try.
func guide(w io.Writer, base, key string) error {
	_, err := fmt.Fprintf(w, `# 200: a function that is sent the live request
curl -i %[1]s/api/hello/world

# 201: one that is sent a description of it, in JSON
curl -i -X POST -H 'x-functions-key: %[2]s' %[1]s/api/orders/7

# 401: without a key the program hears of nothing
curl -i -X POST %[1]s/api/orders/7

# 404: nor of a path that the route refuses
curl -i -X POST %[1]s/api/orders/many

Ctrl-C ends it.
`, base, key)
	return err
}
