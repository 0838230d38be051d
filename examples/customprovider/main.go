// Command customprovider is the endpoint behind an Azure custom resource
// provider, with its resources in Azure Table Storage.
//
//	go run ./examples/customprovider [-addr localhost:7071] [-table resources]
//
// The setting AzureWebJobsStorage has the connection string; without one it is
// Azurite's on its usual ports.
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
	"syscall"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/trigger/customprovider"
)

// Azurite's table service on its usual port; its key is public.
const azurite = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;" +
	"AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;" +
	"TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "customprovider: %v\n", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("customprovider", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "localhost:7071", "listen on this `address`; port 0 takes a free one")
	name := flags.String("table", "resources", "keep the resources in this `table`, which is made if need be")
	if err := flags.Parse(args); err != nil {
		return err
	}
	store, err := open(ctx, os.Getenv("AzureWebJobsStorage"), *name)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	manager := &keys.Manager{Store: &keys.Memory{}}
	set, err := manager.Ensure(ctx, keys.FunctionScope("provider"))
	if err != nil {
		return err
	}
	if _, err := manager.Ensure(ctx, keys.HostScope()); err != nil {
		return err
	}
	host, err := trigger.NewHost(trigger.Config{
		Keys:   &keys.Resolver{Store: manager.Store, Logger: logger},
		Logger: logger,
		Functions: []trigger.Function{{
			Name:    "provider",
			Methods: []string{"GET", "PUT", "POST", "DELETE"},
			Handler: &customprovider.Handler{Store: store, Logger: logger},
		}},
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: listen elsewhere with -addr", err)
	}
	if err := guide(stdout, "http://"+l.Addr().String()+"/api/provider", set.Function[0].Value.Reveal()); err != nil {
		return err
	}
	return trigger.Serve(ctx, &http.Server{Handler: host, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}, l, 10*time.Second)
}

// open connects to the table, and makes it if it is not there.
func open(ctx context.Context, connection, name string) (*table, error) {
	if connection == "" || connection == "UseDevelopmentStorage=true" {
		connection = azurite
	}
	opts := &aztables.ClientOptions{ClientOptions: policy.ClientOptions{Retry: policy.RetryOptions{MaxRetries: 1, TryTimeout: 30 * time.Second}}}
	service, err := aztables.NewServiceClientFromConnectionString(connection, opts)
	if err != nil {
		return nil, fmt.Errorf("AzureWebJobsStorage is no connection string with a table service: %w", err)
	}
	client := service.NewClient(name)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_, err = client.CreateTable(ctx, nil)
	var resp *azcore.ResponseError
	switch {
	case err == nil, errors.As(err, &resp) && resp.ErrorCode == string(aztables.TableAlreadyExists):
		return &table{client}, nil
	case resp == nil:
		return nil, fmt.Errorf("the table service cannot be reached: start Azurite (npm install azurite && npx azurite), or set AzureWebJobsStorage: %w", err)
	}
	return nil, fmt.Errorf("the table %q cannot be made: %w", name, err)
}

// guide prints what to try.
func guide(w io.Writer, url, key string) error {
	const things = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CustomProviders/resourceProviders/p/things"
	ask := func(options, path string) string {
		if path != "" {
			path = " -H 'x-ms-customproviders-requestpath: " + path + "'"
		}
		return fmt.Sprintf("curl -i -H 'x-functions-key: %s'%s%s", key, path, options)
	}
	put := ` -X PUT -H 'Content-Type: application/json' -d '{"properties":{"x":1}}' `
	for _, line := range [][2]string{
		{"200: create one", ask(put+url, things+"/a")},
		{"200: and another", ask(put+url, things+"/b")},
		{"412: create one that is there already", ask(" -H 'If-None-Match: *'"+put+url, things+"/a")},
		{"412: replace one that somebody else has changed", ask(` -H 'If-Match: W/"old"'`+put+url, things+"/a")},
		{"200: read it", ask(" "+url, things+"/a")},
		{"404: read one that is not there", ask(" "+url, things+"/c")},
		{"200: list them", ask(" "+url, things)},
		{"200: the first page of one", ask(" '"+url+"?$top=1'", things)},
		{"200: run an action", ask(` -X POST -H 'Content-Type: application/json' -d '{"ping":1}' `+url, things[:len(things)-6]+"ping")},
		{"200: remove it", ask(" -X DELETE "+url, things+"/a")},
		{"204: remove it once more", ask(" -X DELETE "+url, things+"/a")},
		{"400: the header is missing", ask(" "+url, "")},
		{"401: the key is missing", "curl -i " + url},
	} {
		fmt.Fprintf(w, "# %s\n%s\n\n", line[0], line[1])
	}
	_, err := fmt.Fprintln(w, "Ctrl-C ends it.")
	return err
}
