package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/webhook"
)

// functions are the functions of the app, by the names of their folders.
var functions = map[string]http.Handler{
	"HttpExample": http.HandlerFunc(hello),
	"products":    http.HandlerFunc(products),
	"Health":      http.HandlerFunc(health),
	"Report":      trigger.Func(report),
	"Slow":        http.HandlerFunc(slow),
	"GitHubHook":  http.HandlerFunc(delivery),
}

// hello greets the name in the query or in a JSON body.
func hello(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Name string `json:"name"`
	}
	name := r.URL.Query().Get("name")
	if name == "" && json.NewDecoder(r.Body).Decode(&body) == nil {
		name = body.Name
	}
	if name == "" {
		http.Error(w, "Please pass a name on the query string or in the request body", http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "Hello %s\n", name)
}

// products shows what the route captured; the id may be left out.
func products(w http.ResponseWriter, r *http.Request) {
	inv, _ := trigger.FromContext(r.Context())
	if id := r.PathValue("id"); id != "" {
		fmt.Fprintf(w, "product %s of %s, asked for with key %q\n", id, r.PathValue("category"), inv.Grant.Name)
		return
	}
	fmt.Fprintf(w, "all of %s\n", r.PathValue("category"))
}

func health(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "healthy")
}

// report returns its answer instead of writing it: JSON, here.
func report(ctx context.Context, r *trigger.Request) (any, error) {
	inv := r.Invocation()
	return map[string]any{"askedBy": inv.Grant.Name, "invocation": inv.ID}, nil
}

// slow works for a while, so that there is something to wait for: longer than six
// requests need to arrive, also where the machine is busy.
func slow(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(2 * time.Second):
		fmt.Fprintln(w, "done")
	case <-r.Context().Done():
	}
}

// delivery runs for deliveries whose signature was verified, once for each.
func delivery(w http.ResponseWriter, r *http.Request) {
	d, _ := webhook.FromContext(r.Context())
	fmt.Fprintf(w, "%s, delivery %s, %d bytes\n", d.Event, d.ID, len(d.Body))
}
