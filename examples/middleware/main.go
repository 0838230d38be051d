// Command middleware puts this module's packages, one each, in front of handlers
// in net/http's ServeMux, in chi and in echo.
//
//	go run ./examples/middleware [-router mux|chi|echo] [-addr localhost:7071]
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/route/httproute"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/webhook"
	"github.com/labstack/echo/v4"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "middleware: %v\n", err)
		os.Exit(1)
	}
}

// routers mount the same parts, each in its own way.
var routers = map[string]func(*parts) http.Handler{
	"mux": func(p *parts) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("POST /orders", p.size.Wrap(p.guard.Wrap(p.gate.Wrap(http.HandlerFunc(order)))))
		mux.Handle("/hooks/github", p.hook)
		mux.Handle("/products/", p.products)
		mux.Handle("/api/", p.host)
		mux.Handle("/shop/", http.StripPrefix("/shop", p.host))
		return mux
	},
	"chi": func(p *parts) http.Handler {
		r := chi.NewRouter()
		r.With(p.size.Wrap, p.guard.Wrap, p.gate.Wrap).Post("/orders", order)
		r.Handle("/hooks/github", p.hook)
		r.Handle("/products/*", p.products)
		r.Handle("/api/*", p.host)
		r.Handle("/shop/*", http.StripPrefix("/shop", p.host))
		return r
	},
	"echo": func(p *parts) http.Handler {
		e := echo.New()
		e.POST("/orders", inEcho(p.size.Wrap(p.guard.Wrap(p.gate.Wrap(http.HandlerFunc(order))))))
		e.Any("/hooks/github", inEcho(p.hook))
		e.Any("/products/*", inEcho(p.products))
		e.Any("/api/*", inEcho(p.host))
		e.Any("/shop/*", inEcho(http.StripPrefix("/shop", p.host)))
		return e
	},
}

// inEcho is echo.WrapHandler but for the writer: it hands on the server's own,
// with all that it can do, where echo's hides io.ReaderFrom.
func inEcho(h http.Handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		h.ServeHTTP(c.Response().Writer, c.Request())
		return nil
	}
}

// parts has one of each package.
type parts struct {
	guard    *keys.Guard
	gate     *throttle.Gate
	size     *throttle.RequestLimit
	hook     *webhook.Receiver
	products *httproute.Mux
	host     *trigger.Host
}

// newParts makes them with a key for orders and a secret for deliveries.
func newParts(ctx context.Context, key, secret string, logger *slog.Logger) (*parts, error) {
	store := &keys.Memory{}
	set := keys.Set{Function: []keys.Key{{Name: "shop", Value: keys.NewSecret(key)}}}
	err := store.Save(ctx, keys.FunctionScope("orders"), set)
	gate, gateErr := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 100, MaxOutstanding: 200})
	hook, hookErr := webhook.NewReceiver(webhook.Config{
		Verifier: &webhook.GitHub{Secrets: webhook.Static(secret)}, Handler: http.HandlerFunc(delivery), Logger: logger,
	})
	products, routeErr := httproute.New(httproute.Config{Routes: []httproute.Route{
		{Name: "one", Methods: []string{"GET"}, Template: route.MustCompile("products/{category:alpha}/{id:int}"), Serve: product},
	}})
	host, hostErr := trigger.NewHost(trigger.Config{NoAdmin: true, Logger: logger, Functions: []trigger.Function{
		{Name: "stock", Route: "stock/{item:alpha}", Methods: []string{"GET"}, Level: keys.Anonymous, Handler: http.HandlerFunc(stock)},
	}})
	return &parts{
		guard:    &keys.Guard{Resolver: &keys.Resolver{Store: store, Logger: logger}, Function: "orders", Level: keys.Function},
		gate:     gate,
		size:     &throttle.RequestLimit{MaxBody: 1 << 10},
		hook:     hook,
		products: products,
		host:     host,
	}, errors.Join(err, gateErr, hookErr, routeErr, hostErr)
}

func order(w http.ResponseWriter, r *http.Request) {
	grant, _ := keys.FromContext(r.Context())
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return // over the limit: RequestLimit answers 413
	}
	fmt.Fprintf(w, "an order of %d bytes, by key %q\n", n, grant.Name)
}

func delivery(w http.ResponseWriter, r *http.Request) {
	d, _ := webhook.FromContext(r.Context())
	fmt.Fprintf(w, "%s, %d bytes\n", d.Event, len(d.Body))
}

func product(w http.ResponseWriter, _ *http.Request, v route.Values) {
	fmt.Fprintf(w, "product %s of %s\n", v.Get("id"), v.Get("category"))
}

func stock(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s are in stock, says %s\n", r.PathValue("item"), r.Pattern)
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("middleware", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:7071", "listen on this `address`; port 0 takes a free one")
	router := flags.String("router", "mux", "mount into `mux, chi or echo`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	mount, ok := routers[*router]
	if !ok {
		return fmt.Errorf("no router %q: there are mux, chi and echo", *router)
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	key, secret := keys.Generate(keys.FunctionKey).Reveal(), rand.Text()
	p, err := newParts(ctx, key, secret, logger)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: listen elsewhere with -addr", err)
	}
	if err := guide(ctx, stdout, "http://"+l.Addr().String(), key, secret); err != nil {
		return err
	}
	return trigger.Serve(ctx, &http.Server{Handler: mount(p), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}, l, 10*time.Second)
}

// guide prints what to try.
func guide(ctx context.Context, w io.Writer, base, key, secret string) error {
	const body = `{"ref":"refs/heads/main"}`
	m := &webhook.Message{Method: "POST", Target: "/", Header: http.Header{}, Body: []byte(body), Time: time.Now()}
	if err := (&webhook.GitHub{Secrets: webhook.Static(secret)}).Sign(ctx, m); err != nil {
		return err
	}
	for _, line := range [][2]string{
		{"200: keys.Guard, throttle.Gate and RequestLimit let it through", fmt.Sprintf(`curl -i -H 'x-functions-key: %s' -d one %s/orders`, key, base)},
		{"401: no key", fmt.Sprintf(`curl -i -d one %s/orders`, base)},
		{"413: a body over 1,024 bytes", fmt.Sprintf(`curl -i -H 'x-functions-key: %s' -H 'Content-Length: 1025' -d x %s/orders`, key, base)},
		{"200: webhook.Receiver", fmt.Sprintf(`curl -i -H 'Content-Type: application/json' -H 'X-GitHub-Event: push' -H 'X-Hub-Signature-256: %s' -d '%s' %s/hooks/github`, m.Header.Get("X-Hub-Signature-256"), body, base)},
		{"401: a body that was not signed", fmt.Sprintf(`curl -i -H 'Content-Type: application/json' -H 'X-GitHub-Event: push' -H 'X-Hub-Signature-256: %s' -d '{}' %s/hooks/github`, m.Header.Get("X-Hub-Signature-256"), base)},
		{"200: httproute.Mux", fmt.Sprintf(`curl -i %s/products/books/42`, base)},
		{"404: the constraint refuses the id", fmt.Sprintf(`curl -i %s/products/books/x`, base)},
		{"405: a method that the route does not take", fmt.Sprintf(`curl -i -X DELETE %s/products/books/42`, base)},
		{"200: trigger.Host behind a catch-all", fmt.Sprintf(`curl -i %s/api/stock/books`, base)},
		{"200: and below a prefix", fmt.Sprintf(`curl -i %s/shop/api/stock/books`, base)},
		{"404: its own routes decide", fmt.Sprintf(`curl -i %s/api/stock/42`, base)},
	} {
		fmt.Fprintf(w, "# %s\n%s\n\n", line[0], line[1])
	}
	_, err := fmt.Fprintln(w, "Ctrl-C ends it.")
	return err
}
