package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/httptrigger/httptrigger/trigger"
)

// program says which one runs the functions: the one of host.json, or this one
// once more.
func program(c *trigger.CustomHandlerConfig, in string) (*trigger.CustomHandlerConfig, error) {
	switch in {
	case "host.json":
		if _, err := exec.LookPath(c.ExecutablePath); err != nil {
			return nil, fmt.Errorf("%w: install it, or run the functions of the example with -in go", err)
		}
		return c, nil
	case "go":
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		other := *c
		other.ExecutablePath, other.Arguments = self, []string{"worker"}
		return &other, nil
	}
	return nil, fmt.Errorf("-in %q: there are host.json and go", in)
}

// portSetting is where a host tells a custom handler its port.
const portSetting = "FUNCTIONS_CUSTOMHANDLER_PORT"

// work is app/server.js in Go: plain net/http, which any host of custom handlers
// can run.
func work(ctx context.Context, _ []string, _, _ io.Writer) error {
	mux := http.NewServeMux()
	greet := func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		if text, err := io.ReadAll(r.Body); err == nil && name == "" {
			name = string(text)
		}
		fmt.Fprintf(w, "Hello from Go, %s\n", name)
	}
	mux.HandleFunc("/api/hello", greet)
	mux.HandleFunc("/api/hello/{name}", greet)
	mux.HandleFunc("POST /Orders", order)
	port := os.Getenv(portSetting)
	if port == "" {
		return fmt.Errorf("%s is not set: a host runs this", portSetting)
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	return trigger.Serve(ctx, &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}, l, 3*time.Second)
}

// order gets a description of its request and describes its answer.
func order(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Data struct {
			Req struct{ Params struct{ ID json.Number } } `json:"req"`
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	id := in.Data.Req.Params.ID
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // who does not read it has gone
		"Outputs": map[string]any{"res": map[string]any{
			"statusCode": 201, "headers": map[string]string{"Location": "/api/orders/" + id.String()}, "body": map[string]any{"order": id},
		}},
		"Logs": []string{"order " + id.String() + " taken"},
	})
}
