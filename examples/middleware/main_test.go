package main

import (
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/httptrigger/httptrigger/internal/exampletest"
	"github.com/httptrigger/httptrigger/internal/passthrough"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/webhook"
	"github.com/labstack/echo/v4"
)

func TestCurlLines(t *testing.T) {
	const stock = "books are in stock, says /api/stock/{item:alpha}\n"
	for name := range routers {
		t.Run(name, func(t *testing.T) {
			p := exampletest.Start(t, run, "-router", name, "-addr", "127.0.0.1:0")
			p.TryFor(t, "an order of 3 bytes, by key \"shop\"\n", "", "", "push, 25 bytes\n", "",
				"product 42 of books\n", "", "", stock, stock, "")
			p.Stop(t)
		})
	}
}

func TestReadme(t *testing.T) { exampletest.Readme(t) }

func TestBadStarts(t *testing.T) {
	app := exampletest.Build(t, ".")
	taken := exampletest.Taken(t)
	exampletest.Refuses(t, app, []string{"-router", "gin"}, `"gin"`, "mux, chi and echo")
	exampletest.Refuses(t, app, []string{"-addr", taken}, taken, "-addr")
}

// TestPassThrough checks that what stands in front of a handler leaves its
// response alone, inside routers that others wrote.
func TestPassThrough(t *testing.T) {
	const key, secret = "a-key-of-the-test-0123456789", "a secret"
	p, err := newParts(t.Context(), key, secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	host := func(h http.Handler) http.Handler {
		host, err := trigger.NewHost(trigger.Config{Functions: []trigger.Function{{Name: "all", Level: keys.Anonymous, Handler: h}}})
		if err != nil {
			t.Fatal(err)
		}
		return host
	}
	sign := func(body []byte) http.Header {
		m := &webhook.Message{Method: "POST", Target: "/", Header: http.Header{}, Body: body}
		if err := (&webhook.GitHub{Secrets: webhook.Static(secret)}).Sign(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		m.Header.Set("Content-Type", "application/json")
		m.Header.Set("X-Github-Event", "push")
		return m.Header
	}
	// Every check sends the same body once more: a receiver for each.
	hook := func(h http.Handler) http.Handler {
		p, err := newParts(t.Context(), key, secret, nil)
		if err != nil {
			t.Fatal(err)
		}
		return p.hook.Wrap(h)
	}
	middleware := map[string]passthrough.Middleware{
		"keys.Guard":            {Wrap: p.guard.Wrap, Header: http.Header{keys.Header: {key}}},
		"throttle.Gate":         {Wrap: p.gate.Wrap},
		"throttle.RequestLimit": {Wrap: p.size.Wrap},
		"webhook.Receiver":      {Wrap: hook, BodyHeader: sign},
		"trigger.Host":          {Wrap: host, Path: "/api/all"},
	}
	inside := map[string]func(path string, h http.Handler) http.Handler{
		"chi": func(path string, h http.Handler) http.Handler {
			r := chi.NewRouter()
			r.Handle(path, h)
			return r
		},
		"echo": func(path string, h http.Handler) http.Handler {
			e := echo.New()
			e.Any(path, inEcho(h))
			return e
		},
	}
	for router, mount := range inside {
		for name, m := range middleware {
			path, wrap := m.Path, m.Wrap
			if path == "" {
				path = "/"
			}
			m.Wrap = func(h http.Handler) http.Handler { return mount(path, wrap(h)) }
			t.Run(name+" in "+router, func(t *testing.T) { passthrough.Run(t, m) })
		}
	}
}
