// Command container is a function app for a container image without anything
// else in it.
//
//	app [-addr :80] [-home DIR] [-grace 25s]  serves the app in DIR/site/wwwroot
//	app health [-addr :80]                    asks whether it serves: exit status 0 or 1
//	app try [-addr :80] [-home DIR]           prints curl lines, with keys
//
// The keys are in DIR/data/Functions/secrets, a volume that instances share. DIR
// is $HOME unless told otherwise. What encrypts their values is in the file .key
// there, or in $KEY_FILE, which can be on a volume of its own.
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
	"github.com/httptrigger/httptrigger/keys/filekeys"
)

// last is for answers that are on their way when the requests inside have ended.
const last = 3 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "container: %v\n", err)
		os.Exit(1)
	}
}

// run does what the first argument says; without a word it serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	command := ""
	if len(args) > 0 && (args[0] == "health" || args[0] == "try") {
		command, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet("container "+command, flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", ":80", "listen on this `address`; port 0 takes a free one")
	home := flags.String("home", os.Getenv("HOME"), "the `folder` with site/wwwroot and data")
	grace := flags.Duration("grace", 25*time.Second, "how long requests may go on after SIGTERM: an orchestrator must wait longer before it kills")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no command: there are health and try", flags.Arg(0))
	}
	if command == "health" {
		return health(ctx, base(*addr))
	}
	store, err := open(*home, os.Getenv("KEY_FILE"))
	if err != nil {
		return err
	}
	ring, err := makeKeys(ctx, store)
	if err != nil {
		return err
	}
	if command == "try" {
		return guide(stdout, base(*addr), ring)
	}

	logger := slog.New(slog.NewTextHandler(stderr, nil))
	s, err := newServer(filepath.Join(*home, "site", "wwwroot"), store, logger)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: listen elsewhere with -addr", err)
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go s.resolver.Watch(watching) // keys that the other instances change
	fmt.Fprintf(stdout, "Serves %s on %s\n", s.root, base(l.Addr().String()))
	fmt.Fprintln(stdout, "Ctrl-C ends it.")
	srv := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	return s.serve(ctx, srv, l, *grace)
}

// base is the URL of the program that listens on addr, as seen from its side. An
// image without /etc/hosts cannot look up localhost.
func base(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// health asks the program that runs in the same container.
func health(ctx context.Context, base string) error {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", base+"/health", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s/health: %s", base, resp.Status)
	}
	return nil
}

// open opens the keys on the volume. With keyFile "" what encrypts them is there
// too, so that no instance starts without it.
func open(home, keyFile string) (*filekeys.Store, error) {
	dir := filepath.Join(home, "data", "Functions", "secrets")
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		var store *filekeys.Store
		if store, err = filekeys.New(filekeys.Config{Dir: dir, KeyFile: keyFile}); err == nil {
			return store, nil
		}
	}
	return nil, fmt.Errorf("no place for keys: mount a volume at %s that user %d may write to: %w",
		filepath.Join(home, "data"), os.Getuid(), err)
}

// A ring has the keys that a guide shows.
type ring struct{ host, hook string }

// makeKeys makes the keys that are not there yet. Instances that start at once
// agree on the same ones.
func makeKeys(ctx context.Context, store keys.Store) (ring, error) {
	manager := &keys.Manager{Store: store}
	if _, err := manager.Ensure(ctx, keys.HostScope()); err != nil {
		return ring{}, err
	}
	host, err := manager.EnsureKey(ctx, keys.HostScope(), keys.FunctionKey, "default")
	if err != nil {
		return ring{}, err
	}
	hook, err := manager.EnsureKey(ctx, keys.FunctionScope(hookName), keys.FunctionKey, "default")
	if err != nil {
		return ring{}, err
	}
	return ring{host.Value.Reveal(), hook.Value.Reveal()}, nil
}

// guide prints what to try.
func guide(w io.Writer, base string, r ring) error {
	push := `{"push_data":{"tag":"latest","pushed_at":1700000000},"repository":{"repo_name":"ada/app"}}`
	for _, line := range [][2]string{
		{"200: alive", fmt.Sprintf(`curl -i %s/health`, base)},
		{"200: ready for more", fmt.Sprintf(`curl -i %s/ready`, base)},
		{"200: the function", fmt.Sprintf(`curl -i -H 'x-functions-key: %s' '%s/api/HttpExample?name=Ada'`, r.host, base)},
		{"401: no key", fmt.Sprintf(`curl -i '%s/api/HttpExample?name=Ada'`, base)},
		{"200: how much there is to do, as a scaler asks", fmt.Sprintf(`curl -i -H 'x-functions-key: %s' %s/load`, r.host, base)},
		{"200: Docker Hub says that there is a new image, and the app is read again", fmt.Sprintf(`curl -i -H 'Content-Type: application/json' -d '%s' '%s/api/hooks/dockerhub?code=%s'`, push, base, r.hook)},
		{"401: somebody else says so", fmt.Sprintf(`curl -i -H 'Content-Type: application/json' -d '%s' '%s/api/hooks/dockerhub?code=guess'`, push, base)},
	} {
		fmt.Fprintf(w, "# %s\n%s\n\n", line[0], line[1])
	}
	_, err := fmt.Fprintln(w, "Ctrl-C ends it.")
	return err
}
