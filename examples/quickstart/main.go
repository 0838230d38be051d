// Command quickstart serves the function app in the folder app with functions
// written in Go, and prints what to try.
//
//	go run ./examples/quickstart [-addr localhost:7071] [-home DIR] [-app DIR]
//
// Its keys are made at the first start and kept in -home, a folder under the
// user's configuration directory unless told otherwise. Ctrl-C stops accepting,
// lets running requests end, and exits.
package main

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/filekeys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
)

//go:embed app
var embedded embed.FS

// grace is how long requests may go on after Ctrl-C.
const grace = 10 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "quickstart: %v\n", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:7071", "listen on this `address`; port 0 takes a free one")
	home := flags.String("home", "", "keep the keys in this `folder` (default: under the user's configuration directory)")
	dir := flags.String("app", "", "serve the app in this `folder` (default: the one that is built in)")
	if err := flags.Parse(args); err != nil {
		return err
	}

	app, err := trigger.LoadApp(appFS(*dir), nil)
	if err != nil {
		return fmt.Errorf("the app in %q cannot be served:\n%w", cmp.Or(*dir, "app"), err)
	}
	if *home == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return fmt.Errorf("%w: say where to keep the keys with -home", err)
		}
		*home = filepath.Join(config, "httptrigger-quickstart")
	}
	store, err := filekeys.Open(*home)
	if err != nil {
		return err
	}
	key, secret, err := makeKeys(ctx, store, app)
	if err != nil {
		return fmt.Errorf("no keys in %s: %w", *home, err)
	}

	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	slow, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 2})
	if err != nil {
		return err
	}
	host, err := trigger.NewHost(trigger.Config{
		App:      app,
		Handlers: functions,
		Gates:    map[string]*throttle.Gate{"Slow": slow},
		Keys:     &keys.Resolver{Store: store, Logger: logger},
		Logger:   logger,
	})
	if err != nil {
		return err
	}

	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: listen elsewhere with -addr", err)
	}
	base := "http://" + *addr
	if _, port, _ := net.SplitHostPort(*addr); port == "0" {
		base = "http://" + l.Addr().String()
	}
	if err := guide(stdout, base, *home, app, host, key, secret); err != nil {
		return err
	}
	srv := &http.Server{
		Handler:           host,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	return trigger.Serve(ctx, srv, l, grace)
}

// appFS is the folder that the user named, or the one that is built in.
func appFS(dir string) fs.FS {
	if dir != "" {
		return os.DirFS(dir)
	}
	sub, err := fs.Sub(embedded, "app")
	if err != nil {
		panic(err) // the name is a constant and valid
	}
	return sub
}

// makeKeys makes the keys that are not there yet. It returns the key of
// HttpExample and the one of GitHubHook, which signs deliveries.
func makeKeys(ctx context.Context, store keys.Store, app *trigger.App) (key, secret keys.Secret, err error) {
	manager := &keys.Manager{Store: store}
	if _, err := manager.Ensure(ctx, keys.HostScope()); err != nil {
		return key, secret, err
	}
	for _, f := range app.Functions {
		set, err := manager.Ensure(ctx, keys.FunctionScope(f.Name))
		if err != nil {
			return key, secret, err
		}
		if len(set.Function) == 0 {
			continue
		}
		switch f.Name {
		case "HttpExample":
			key = set.Function[0].Value
		case "GitHubHook":
			secret = set.Function[0].Value
		}
	}
	return key, secret, nil
}
