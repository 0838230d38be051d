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

// A delivery that somebody sends again on purpose has the signature it had. Whoever
// may ask for that makes the receiver forget the delivery first.
func ExampleReceiver_Forget() {
	github := &webhook.GitHub{Secrets: webhook.Static("from the hook's settings page")}
	var last webhook.Delivery
	runs := 0
	hook, err := webhook.NewReceiver(webhook.Config{
		Verifier: github,
		Handle: func(_ context.Context, d webhook.Delivery) error {
			last = d
			runs++
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	deliver := func() {
		r := httptest.NewRequest("POST", "https://example.com/hooks/github", strings.NewReader(`{"ref":"main"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-GitHub-Event", "push")
		if err := webhook.SignRequest(github, r, time.Now()); err != nil {
			fmt.Println(err)
		}
		w := httptest.NewRecorder()
		hook.ServeHTTP(w, r)
		fmt.Println(w.Code, "runs:", runs)
	}
	deliver()
	deliver()
	if err := hook.Forget(context.Background(), last); err != nil {
		fmt.Println(err)
	}
	deliver()
	// Output:
	// 200 runs: 1
	// 200 runs: 1
	// 200 runs: 2
}

// A message from a queue has no request around it: headers and bytes are enough to
// tell that it is genuine, and what it says is told by the verifier too.
func ExampleVerify() {
	ctx := context.Background()
	stripe := &webhook.Stripe{Secrets: webhook.Static("whsec_of_the_endpoint")}
	received := time.Date(2009, 6, 15, 13, 45, 0, 0, time.UTC)
	m := &webhook.Message{Method: "POST", Header: http.Header{}, Time: received, Body: []byte(`{"id":"evt_1","type":"invoice.paid"}`)}
	m.Header.Set("Content-Type", "application/json")
	if err := stripe.Sign(ctx, m); err != nil { // as Stripe does
		fmt.Println(err)
	}

	_, err := webhook.Verify(ctx, stripe, m.Header, m.Body) // takes it as received now
	fmt.Println(err)

	d, err := stripe.Verify(ctx, m) // as of the time it was received
	if err == nil {
		err = stripe.Interpret(m, &d)
	}
	fmt.Println(d.Event, d.ID, err)

	m.Body = []byte(`{"id":"evt_1","type":"invoice.void"}`)
	_, err = stripe.Verify(ctx, m)
	fmt.Println(err)
	// Output:
	// webhook: "stripe": timestamp_too_old
	// invoice.paid evt_1 <nil>
	// webhook: "stripe": signature_mismatch
}
