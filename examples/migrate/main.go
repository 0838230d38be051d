// Command migrate serves an existing function app while it is being ported:
// functions written in Go run here, the others are forwarded to where the app
// runs today. Routes, keys and limits are checked here for all of them.
//
//	go run ./examples/migrate -upstream http://localhost:7072 [-app DIR] [-addr localhost:7071]
//
// If the app there asks for a key, the setting UPSTREAM_KEY has it.
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
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

//go:embed app
var embedded embed.FS

// ported are the functions that are written in Go by now, by name.
var ported = map[string]http.Handler{
	"Orders": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "order %s, from Go\n", r.PathValue("id"))
	}),
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "migrate: %v\n", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:7071", "listen on this `address`; port 0 takes a free one")
	dir := flags.String("app", "", "serve the app in this `folder` (default: the one that is built in)")
	upstream := flags.String("upstream", "", "forward functions that are not ported to this `URL`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	proxy, err := forward(*upstream, os.Getenv("UPSTREAM_KEY"), logger)
	if err != nil {
		return err
	}
	files, err := fs.Sub(embedded, "app")
	if err != nil {
		return err
	}
	if *dir != "" {
		files = os.DirFS(*dir)
	}
	app, err := trigger.LoadApp(files, &trigger.LoadOptions{AllowUnknown: true})
	if err != nil {
		return fmt.Errorf("the app in %q cannot be served:\n%w", cmp.Or(*dir, "app"), err)
	}
	report, handlers := sort(app, proxy)
	manager := &keys.Manager{Store: &keys.Memory{}}
	set, err := manager.Ensure(ctx, keys.HostScope())
	if err != nil {
		return err
	}
	host, err := trigger.NewHost(trigger.Config{
		App: app, Handlers: handlers, Keys: &keys.Resolver{Store: manager.Store, Logger: logger}, Logger: logger,
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: listen elsewhere with -addr", err)
	}
	base := "http://" + l.Addr().String()
	fmt.Fprintf(stdout, "%s\nThe host's key is %s\n\n", report, set.Function[0].Value.Reveal())
	if *dir == "" {
		guide(stdout, base, set.Function[0].Value.Reveal())
	}
	if _, err := fmt.Fprintln(stdout, "Ctrl-C ends it."); err != nil {
		return errors.Join(err, l.Close())
	}
	return trigger.Serve(ctx, &http.Server{Handler: host, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}, l, 10*time.Second)
}

// forward makes the proxy, once somebody listens at its other end.
func forward(upstream, key string, logger *slog.Logger) (http.Handler, error) {
	target, err := url.Parse(upstream)
	if err != nil || target.Host == "" {
		return nil, fmt.Errorf("-upstream %q: want where the app runs today, such as http://localhost:7072", upstream)
	}
	port := cmp.Or(target.Port(), map[string]string{"https": "443"}[target.Scheme], "80")
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(target.Hostname(), port), 5*time.Second)
	if err != nil {
		return nil, fmt.Errorf("-upstream %s cannot be reached: start the app there, for instance with func start --port %s: %w", upstream, port, err)
	}
	if err := conn.Close(); err != nil {
		return nil, err
	}
	return trigger.Relay(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
			if key != "" {
				r.Out.Header.Set(keys.Header, key)
			}
		},
		FlushInterval: -1, // what the app streams goes on as it comes
		ErrorLog:      slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}), nil
}

// sort says what becomes of each function, and finds the handlers of those that
// are served.
func sort(app *trigger.App, proxy http.Handler) (string, map[string]http.Handler) {
	var report strings.Builder
	handlers := map[string]http.Handler{}
	for _, f := range app.Functions {
		what := "runs in Go"
		switch h := ported[f.Name]; {
		case !f.HTTP:
			what = fmt.Sprintf("is not served: %s is no trigger of this library, so leave it where it is", f.Trigger.Type)
		case h != nil:
			handlers[f.Name] = h
		default:
			handlers[f.Name], what = proxy, "is forwarded"
		}
		fmt.Fprintf(&report, "%s %s\n", f.Name, what)
	}
	for _, warning := range app.Warnings {
		fmt.Fprintf(&report, "%v\n", warning)
	}
	return report.String(), handlers
}

// guide prints what to try with the app that is built in.
func guide(w io.Writer, base, key string) {
	for _, line := range [][2]string{
		{"200: a function that is ported", fmt.Sprintf("curl -i -H 'x-functions-key: %s' %s/api/orders/42", key, base)},
		{"200: one that is forwarded, its key checked here", fmt.Sprintf("curl -i -H 'x-functions-key: %s' %s/api/report?year=2026", key, base)},
		{"200: one that streams", fmt.Sprintf("curl -i -N %s/api/events", base)},
		{"401: without a key nothing is forwarded", fmt.Sprintf("curl -i %s/api/report", base)},
		{"404: nor a path that no function has", fmt.Sprintf("curl -i %s/api/other", base)},
	} {
		fmt.Fprintf(w, "# %s\n%s\n\n", line[0], line[1])
	}
}
