package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/webhook"
)

// guide prints what is served and what to try.
func guide(w io.Writer, base, home string, app *trigger.App, host *trigger.Host, key, secret keys.Secret) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FUNCTION\tMETHODS\tURL\tLEVEL\tLIMITS")
	for _, f := range host.Functions() {
		methods, level, limits := "any", f.Level.String(), "the app's"
		if f.Methods != nil {
			methods = strings.Join(f.Methods, " ")
		}
		if f.WebHook {
			level = "signature"
		}
		if f.Gate != nil {
			limits = limitsOf(f.Gate.Stats().MaxConcurrent, f.Gate.Stats().MaxOutstanding)
		}
		fmt.Fprintf(t, "%s\t%s\t%s/%s\t%s\t%s\n", f.Name, methods, base, f.Route, level, limits)
	}
	t.Flush()
	http := app.Host.HTTP
	fmt.Fprintf(w, "\nThe app's limits: %s; bodies up to %d bytes, URLs up to %d.\n",
		limitsOf(http.MaxConcurrentRequests, http.MaxOutstandingRequests), app.Host.MaxBody, throttle.DefaultMaxTarget)
	fmt.Fprintf(w, "Keys are kept in %s.\nThe key of HttpExample is %s\n\n", home, key.Reveal())
	return try(w, base, app, key.Reveal(), secret)
}

func limitsOf(running, inside int) string {
	text := "any number running"
	if running > 0 {
		text = fmt.Sprintf("%d running", running)
	}
	if inside > 0 {
		text += fmt.Sprintf(", %d with those that wait", inside)
	}
	return text
}

// try prints the curl lines. Each works as printed, in any shell of POSIX's kind.
func try(w io.Writer, base string, app *trigger.App, key string, secret keys.Secret) error {
	const body = `{"ref":"refs/heads/main"}`
	m := &webhook.Message{Method: "POST", Target: "/", Header: map[string][]string{}, Body: []byte(body), Time: time.Now()}
	sender := &webhook.GitHub{Secrets: webhook.Static(secret.Reveal())}
	if err := sender.Sign(context.Background(), m); err != nil {
		return err
	}
	hook := fmt.Sprintf(`curl -i -H 'Content-Type: application/json' -H 'X-GitHub-Event: push' -H 'X-GitHub-Delivery: %s' -H 'X-Hub-Signature-256: %s' -d '%s' %s/api/hooks/github`,
		uuid.New(), m.Header.Get("X-Hub-Signature-256"), body, base)
	for _, line := range [][2]string{
		{"200: the key in a header", fmt.Sprintf(`curl -i -H 'x-functions-key: %s' '%s/api/HttpExample?name=Ada'`, key, base)},
		{"200: the key in the query", fmt.Sprintf(`curl -i '%s/api/HttpExample?name=Ada&code=%s'`, base, key)},
		{"200: the same from a JSON body", fmt.Sprintf(`curl -i -H 'x-functions-key: %s' -H 'Content-Type: application/json' -d '{"name":"Ada"}' %s/api/HttpExample`, key, base)},
		{"401: no key", fmt.Sprintf(`curl -i '%s/api/HttpExample?name=Ada'`, base)},
		{"405: a method that the function does not take", fmt.Sprintf(`curl -i -X DELETE %s/api/health`, base)},
		{"404: the constraint on {category} refuses a digit", fmt.Sprintf(`curl -i -H 'x-functions-key: %s' %s/api/products/b00ks/42`, key, base)},
		{"413: a body that says it is over the limit", fmt.Sprintf(`curl -i -H 'x-functions-key: %s' -H 'Content-Length: %d' -d x %s/api/HttpExample`, key, app.Host.MaxBody+1, base)},
		{"414: a URL over the limit", fmt.Sprintf(`curl -i "%s/api/health?$(printf %%0%dd 0)"`, base, throttle.DefaultMaxTarget)},
		{"429: six at once, where one runs, one waits and the others are refused", fmt.Sprintf(`curl -s -Z --parallel-immediate -o /dev/null -w '%%{http_code}\n' '%s/api/slow?n=[1-6]'`, base)},
		{"200: a signed delivery", hook},
		{"200 without running the function: the same delivery again", hook},
	} {
		if _, err := fmt.Fprintf(w, "# %s\n%s\n\n", line[0], line[1]); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, "Ctrl-C ends it.")
	return err
}
