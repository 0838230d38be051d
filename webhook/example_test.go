package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/webhook"
)

func ExampleNewReceiver() {
	github := &webhook.GitHub{Secrets: webhook.Static("from the hook's settings page")}
	hook, err := webhook.NewReceiver(webhook.Config{
		Verifier: github,
		Handle: func(_ context.Context, d webhook.Delivery) error {
			fmt.Printf("%s %s: %s\n", d.Sender, d.Event, d.Body)
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	for range 2 { // the second time it is a duplicate, and does not run
		r := httptest.NewRequest("POST", "https://example.com/hooks/github", strings.NewReader(`{"ref":"main"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-GitHub-Event", "push")
		if err := webhook.SignRequest(github, r, time.Now()); err != nil {
			fmt.Println(err)
		}
		w := httptest.NewRecorder()
		hook.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// github push: {"ref":"main"}
	// 200
	// 200
}

// A plain handler behind a receiver reads the body again, and finds what the
// receiver learned in the context.
func ExampleFromContext() {
	github := &webhook.GitHub{Secrets: webhook.Secrets{
		webhook.NewSecret("2026-11", "the new one"),
		webhook.NewSecret("2025-11", "the old one"),
	}}
	hook, err := webhook.NewReceiver(webhook.Config{
		Verifier: github,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			d, _ := webhook.FromContext(r.Context())
			fmt.Println(d.Event, "signed with", d.Secret.Name)
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	r := httptest.NewRequest("POST", "https://example.com/hooks/github", strings.NewReader(`{}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", "push")
	sender := &webhook.GitHub{Secrets: webhook.Static("the old one")}
	if err := webhook.SignRequest(sender, r, time.Now()); err != nil {
		fmt.Println(err)
	}
	hook.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// push signed with 2025-11
}
