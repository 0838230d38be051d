// Command webhooks receives the deliveries of GitHub, Stripe, Slack and senders
// of Standard Webhooks, and prints a signed curl line for each.
//
//	go run ./examples/webhooks [-addr localhost:7071]
//
// Its secrets are made anew at each start: a real program reads the ones that
// the senders were given.
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
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

	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/webhook"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "webhooks: %v\n", err)
		os.Exit(1)
	}
}

// A sender is one kind of webhook, and a delivery of it to try.
type sender struct {
	path     string
	verifier interface {
		webhook.Verifier
		webhook.Signer
	}
	contentType string
	header      http.Header // what the sender adds beside the signature
	body        string
}

// secrets are what the senders sign with, each as its settings page shows it.
type secrets struct{ github, stripe, slack, standard string }

// newSecrets makes them: a real program reads them from where it keeps secrets.
func newSecrets() secrets {
	return secrets{rand.Text(), rand.Text(), rand.Text(), "whsec_" + base64.StdEncoding.EncodeToString([]byte(rand.Text()))}
}

// senders are those that the program hears.
func senders(s secrets) []sender {
	return []sender{
		{"/hooks/github", &webhook.GitHub{Secrets: webhook.Static(s.github)}, "application/json",
			http.Header{"X-Github-Event": {"push"}, "X-Github-Delivery": {rand.Text()}}, `{"ref":"refs/heads/main"}`},
		{"/hooks/stripe", &webhook.Stripe{Secrets: webhook.Static(s.stripe)}, "application/json",
			nil, `{"id":"evt_1","object":"event","type":"charge.succeeded"}`},
		{"/hooks/slack", &webhook.Slack{Secrets: webhook.Static(s.slack)}, "application/x-www-form-urlencoded",
			nil, `command=%2Fdeploy&text=main&user_name=ada`},
		{"/hooks/standard", &webhook.Standard{Secrets: webhook.Static(s.standard)}, "application/json",
			http.Header{"Webhook-Id": {"msg_" + rand.Text()}}, `{"type":"invoice.paid","data":{"total":12}}`},
	}
}

// run receives with secrets of its own until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	return receive(ctx, args, stdout, stderr, senders(newSecrets()))
}

// receive serves until ctx ends.
func receive(ctx context.Context, args []string, stdout, stderr io.Writer, all []sender) error {
	flags := flag.NewFlagSet("webhooks", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:7071", "listen on this `address`; port 0 takes a free one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	mux := http.NewServeMux()
	for _, s := range all {
		receiver, err := webhook.NewReceiver(webhook.Config{Verifier: s.verifier, Handler: http.HandlerFunc(received), Logger: logger})
		if err != nil {
			return err
		}
		mux.Handle(s.path, receiver)
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: listen elsewhere with -addr", err)
	}
	if err := guide(ctx, stdout, "http://"+l.Addr().String(), all); err != nil {
		return err
	}
	return trigger.Serve(ctx, &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}, l, 10*time.Second)
}

// received runs once for each delivery that is genuine, fresh and new.
func received(w http.ResponseWriter, r *http.Request) {
	d, _ := webhook.FromContext(r.Context())
	fmt.Fprintf(w, "%s: %s, %d bytes\n", d.Sender, d.Event, len(d.Body))
}
