// Command container is a function app as the only file of a container image.
//
//	container [-addr :80] [-home /home]    serves
//	container health [-addr :80]           asks a running one, for a probe
//
// Keys are kept in -home, which several instances may share: a volume there makes
// them outlive the container. SIGTERM stops accepting and lets running requests
// end.
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
	"github.com/httptrigger/httptrigger/trigger"
)

// grace is how long requests may go on after SIGTERM. The manifests give the
// container longer than that.
const grace = 20 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	start, args := run, os.Args[1:]
	if len(args) > 0 && args[0] == "health" {
		start, args = health, args[1:]
	}
	if err := start(ctx, args, os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "container: %v\n", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("container", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", ":80", "listen on this `address`; port 0 takes a free one")
	home := flags.String("home", "/home", "keep the keys under this `folder`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	store, err := filekeys.Open(filepath.Join(*home, "data", "Functions", "secrets"))
	if err != nil {
		return fmt.Errorf("%w: mount a volume at %s that user %d may write", err, *home, os.Getuid())
	}
	manager := &keys.Manager{Store: store}
	if _, err := manager.Ensure(ctx, keys.HostScope()); err != nil {
		return err
	}
	set, err := manager.Ensure(ctx, keys.FunctionScope("hello"))
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	host, err := trigger.NewHost(trigger.Config{
		Keys: &keys.Resolver{Store: store, Logger: logger}, Logger: logger,
		Functions: []trigger.Function{
			{Name: "health", Methods: []string{"GET"}, Level: keys.Anonymous, Handler: http.HandlerFunc(healthy)},
			{Name: "hello", Methods: []string{"GET"}, Handler: http.HandlerFunc(hello)},
		},
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	if err := guide(stdout, "http://"+local(l.Addr().String()), set.Function[0].Value.Reveal()); err != nil {
		return errors.Join(err, l.Close())
	}
	return trigger.Serve(ctx, &http.Server{Handler: host, ReadHeaderTimeout: 10 * time.Second}, l, grace)
}

func healthy(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "healthy") }

func hello(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "Hello %s\n", r.FormValue("name")) }

// health asks the instance in the same container.
func health(ctx context.Context, args []string, _, stderr io.Writer) error {
	flags := flag.NewFlagSet("container health", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", ":80", "ask at this `address`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+local(*addr)+"/api/health", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", req.URL, resp.Status)
	}
	return nil
}

// local is where to call a listener from the same machine.
func local(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return addr
}

// guide prints what to try.
func guide(w io.Writer, base, key string) error {
	for _, line := range [][2]string{
		{"200: what the probes ask", "curl -i " + base + "/api/health"},
		{"200: a function, with a key that is kept in the volume", fmt.Sprintf("curl -i -H 'x-functions-key: %s' '%s/api/hello?name=Ada'", key, base)},
		{"401: without one", fmt.Sprintf("curl -i '%s/api/hello?name=Ada'", base)},
	} {
		fmt.Fprintf(w, "# %s\n%s\n\n", line[0], line[1])
	}
	_, err := fmt.Fprintln(w, "Ctrl-C ends it.")
	return err
}
