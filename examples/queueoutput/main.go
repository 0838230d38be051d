// Command queueoutput serves a function that writes what it is given to an Azure
// Storage queue, as the tutorial's output binding does.
//
//	go run ./examples/queueoutput [-addr localhost:7071] [-settings FILE]
//
// The connection string is AzureWebJobsStorage in local.settings.json.
package main

import (
	"cmp"
	"context"
	"embed"
	"encoding/base64"
	"encoding/json"
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
	"syscall"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2/queueerror"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

//go:embed app
var embedded embed.FS

// queueName is the queue of the tutorial.
const queueName = "outqueue"

// Azurite's queue service on its usual port; its key is public.
const azurite = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;" +
	"AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;" +
	"QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "queueoutput: %v\n", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("queueoutput", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:7071", "listen on this `address`; port 0 takes a free one")
	settings := flags.String("settings", "", "read the settings from this `file` (default: the one that is built in)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	files, err := fs.Sub(embedded, "app")
	if err != nil {
		return err
	}
	app, err := trigger.LoadApp(files, nil)
	if err != nil {
		return err
	}
	connection, err := storage(files, *settings)
	if err != nil {
		return err
	}
	queue, err := open(ctx, connection)
	if err != nil {
		return err
	}
	manager := &keys.Manager{Store: &keys.Memory{}}
	set, err := manager.Ensure(ctx, keys.FunctionScope("HttpExample"))
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	host, err := trigger.NewHost(trigger.Config{
		App:      app,
		Handlers: map[string]http.Handler{"HttpExample": trigger.JSON(sender(queue))},
		Keys:     &keys.Resolver{Store: manager.Store, Logger: logger},
		Logger:   logger,
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: listen elsewhere with -addr", err)
	}
	if err := guide(stdout, "http://"+l.Addr().String(), set.Function[0].Value.Reveal()); err != nil {
		return err
	}
	return trigger.Serve(ctx, &http.Server{Handler: host, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}, l, 10*time.Second)
}

// storage reads the connection string from a local.settings.json.
func storage(files fs.FS, name string) (string, error) {
	read := func() ([]byte, error) { return fs.ReadFile(files, "local.settings.json") }
	if name != "" {
		read = func() ([]byte, error) { return os.ReadFile(name) }
	}
	text, err := read()
	if err != nil {
		return "", err
	}
	name = cmp.Or(name, "local.settings.json")
	var file struct {
		IsEncrypted bool
		Values      map[string]string
	}
	switch err := json.Unmarshal(text, &file); {
	case err != nil:
		return "", fmt.Errorf("%s: %w", name, err)
	case file.IsEncrypted:
		return "", fmt.Errorf("%s is encrypted: run func settings decrypt", name)
	case file.Values["AzureWebJobsStorage"] == "":
		return "", fmt.Errorf("%s: Values has no AzureWebJobsStorage: set it to a connection string, or to UseDevelopmentStorage=true for Azurite", name)
	}
	return file.Values["AzureWebJobsStorage"], nil
}

// open connects to the queue, and makes it if it is not there.
func open(ctx context.Context, connection string) (*azqueue.QueueClient, error) {
	if connection == "UseDevelopmentStorage=true" {
		connection = azurite
	}
	opts := &azqueue.ClientOptions{ClientOptions: policy.ClientOptions{Retry: policy.RetryOptions{MaxRetries: 1, TryTimeout: 30 * time.Second}}}
	queue, err := azqueue.NewQueueClientFromConnectionString(connection, queueName, opts)
	if err != nil {
		return nil, fmt.Errorf("AzureWebJobsStorage is no connection string with a queue service: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_, err = queue.Create(ctx, nil)
	var resp *azcore.ResponseError
	switch {
	case err == nil, queueerror.HasCode(err, queueerror.QueueAlreadyExists):
		return queue, nil
	case !errors.As(err, &resp):
		return nil, fmt.Errorf("the queue service cannot be reached: start Azurite (npm install azurite && npx azurite), or set AzureWebJobsStorage: %w", err)
	}
	return nil, fmt.Errorf("the queue %q cannot be made: %w", queueName, err)
}

// An order is what the function takes, from the query or from a JSON body.
type order struct {
	Name string `json:"name"`
}

// sender makes the function: it answers once the queue has the message.
func sender(queue *azqueue.QueueClient) func(context.Context, order) (any, error) {
	return func(ctx context.Context, o order) (any, error) {
		if o.Name == "" {
			return &trigger.Response{Status: http.StatusBadRequest, Body: "Please pass a name on the query string or in the request body\n"}, nil
		}
		// Functions that are triggered by a queue expect base64.
		message := base64.StdEncoding.EncodeToString([]byte("Name passed to the function: " + o.Name))
		if _, err := queue.EnqueueMessage(ctx, message, nil); err != nil {
			return nil, fmt.Errorf("queue %q: %w", queueName, err)
		}
		return fmt.Sprintf("Hello %s\n", o.Name), nil
	}
}

// guide prints what to try.
func guide(w io.Writer, base, key string) error {
	url := base + "/api/HttpExample"
	for _, line := range [][2]string{
		{"200: a message from the query", fmt.Sprintf(`curl -i -H 'x-functions-key: %s' '%s?name=Ada'`, key, url)},
		{"200: a message from a JSON body", fmt.Sprintf(`curl -i -H 'x-functions-key: %s' -H 'Content-Type: application/json' -d '{"name":"Grace"}' %s`, key, url)},
		{"400: no name, no message", fmt.Sprintf(`curl -i -H 'x-functions-key: %s' %s`, key, url)},
		{"401: no key, no message", fmt.Sprintf(`curl -i '%s?name=Eve'`, url)},
	} {
		fmt.Fprintf(w, "# %s\n%s\n\n", line[0], line[1])
	}
	_, err := fmt.Fprintln(w, "Ctrl-C ends it.")
	return err
}
