// Command authtest is a small service whose point is in service_test.go: the
// tests of its authorization rules.
//
//	go run ./examples/authtest [-addr localhost:7071]
//	go test ./examples/authtest
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "authtest: %v\n", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, with keys that are made at the start.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("authtest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:7071", "listen on this `address`; port 0 takes a free one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	manager := &keys.Manager{Store: &keys.Memory{}}
	host, err := manager.Ensure(ctx, keys.HostScope())
	if err != nil {
		return err
	}
	stock, err := manager.EnsureKey(ctx, keys.FunctionScope("stock"), keys.FunctionKey, "reader")
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: listen elsewhere with -addr", err)
	}
	reader, master, url := stock.Value.Reveal(), host.Master.Value.Reveal(), "http://"+l.Addr().String()+"/stock"
	for _, line := range [][2]string{
		{"200: the reader reads", fmt.Sprintf("curl -i -H 'x-functions-key: %s' %s", reader, url)},
		{"401: and does not write", fmt.Sprintf("curl -i -H 'x-functions-key: %s' -d 1 %s", reader, url)},
		{"200: the master key clears", fmt.Sprintf("curl -i -X DELETE -H 'x-functions-key: %s' %s", master, url)},
	} {
		fmt.Fprintf(stdout, "# %s\n%s\n\n", line[0], line[1])
	}
	if _, err := fmt.Fprintln(stdout, "Ctrl-C ends it."); err != nil {
		return err
	}
	srv := &http.Server{Handler: newService(manager.Store).handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	return trigger.Serve(ctx, srv, l, 10*time.Second)
}
