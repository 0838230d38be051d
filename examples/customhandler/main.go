// Command customhandler serves a function app whose functions are written in
// another language: the program that its host.json names. The app in the folder
// app is one in JavaScript and needs node.
//
//	go run ./examples/customhandler [-addr localhost:7071] [-app examples/customhandler/app]
//
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
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
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
	if err := flags.Parse(args); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	app, err := trigger.LoadApp(os.DirFS(*dir), nil)
	if err != nil {
		return err
	}
	if app.Host.CustomHandler == nil {
		return fmt.Errorf("%s: host.json names no customHandler", *dir)
	}
	root, err := filepath.Abs(*dir)
	if err != nil {
		return err
	}
	program, err := trigger.NewProcess(trigger.ProcessConfig{Handler: app.Host.CustomHandler, Dir: root, Env: os.Environ(), Logger: logger})
	if err != nil {
		return err
	}
	worker := &trigger.Worker{URL: program.URL(), Ready: program.Ready, Logger: logger}
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
		return err
	}
	base := "http://" + l.Addr().String()
	fmt.Fprintf(stdout, "curl %s/api/hello/world\n", base)
	fmt.Fprintf(stdout, "curl -X POST -H 'x-functions-key: %s' %s/api/orders/7\n", key.Reveal(), base)

	ctx, stop := context.WithCancelCause(ctx)
	ended := make(chan error, 1)
	go func() {
		err := program.Run(ctx)
		stop(err)
		ended <- err
	}()
	served := trigger.Serve(ctx, &http.Server{Handler: host, ReadHeaderTimeout: 10 * time.Second}, l, 10*time.Second)
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
