package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/webhook"
)

// functions are the functions that the image has. Which of them are served, and
// where, is what the files say.
var functions = map[string]http.Handler{
	"HttpExample": http.HandlerFunc(hello),
}

// hello takes a name from the query or from a form.
func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "Hello %s\n", r.FormValue("name"))
}

// hookName is the function that Docker Hub calls. Its key is the code in the
// address that is registered there.
const hookName = "DockerHub"

// A server serves the app in a folder, and reads it again when it is told to.
type server struct {
	root     string
	host     *trigger.Host
	gate     *throttle.Gate
	resolver *keys.Resolver
	hook     *webhook.DockerHub
	logger   *slog.Logger
}

func newServer(root string, store keys.Store, logger *slog.Logger) (*server, error) {
	gate, err := throttle.NewGate(throttle.GateConfig{})
	if err != nil {
		return nil, err
	}
	s := &server{
		root:     root,
		gate:     gate,
		resolver: &keys.Resolver{Store: store, Logger: logger},
		hook:     &webhook.DockerHub{Secrets: codes(store)},
		logger:   logger,
	}
	return s, s.read()
}

// read reads the app, and serves it from then on if it has no mistakes. Requests
// that are inside end by what was read before.
func (s *server) read() error {
	app, err := trigger.LoadApp(os.DirFS(s.root), nil)
	if err != nil {
		return fmt.Errorf("the app in %s cannot be served:\n%w", s.root, err)
	}
	config := trigger.Config{
		App:       app,
		Handlers:  map[string]http.Handler{},
		Functions: []trigger.Function{{Name: hookName, Route: "hooks/dockerhub", WebHook: s.hook, Handler: http.HandlerFunc(s.deployed)}},
		Gate:      s.gate,
		Keys:      s.resolver,
		Logger:    s.logger,
	}
	for _, f := range app.Functions {
		if h, ok := functions[f.Name]; ok {
			config.Handlers[f.Name] = h
		}
	}
	if s.host == nil {
		s.host, err = trigger.NewHost(config)
	} else {
		err = s.host.Reload(config)
	}
	if err != nil {
		return err
	}
	return s.gate.Reconfigure(throttle.GateConfig{
		MaxConcurrent:  app.Host.HTTP.MaxConcurrentRequests,
		MaxOutstanding: app.Host.HTTP.MaxOutstandingRequests,
	})
}

// deployed runs for a push that Docker Hub tells of.
func (s *server) deployed(w http.ResponseWriter, r *http.Request) {
	if err := s.read(); err != nil {
		s.logger.Error("not reloaded", "error", err)
		http.Error(w, "the app has mistakes, and the old one goes on", http.StatusInternalServerError)
		return
	}
	s.logger.Info("reloaded", "root", s.root)
	fmt.Fprintln(w, "reloaded")
}

// handler puts what an orchestrator asks beside the host, where no gate is.
func (s *server) handler() http.Handler {
	monitor := &throttle.Monitor{Gates: map[string]*throttle.Gate{"app": s.gate}}
	guard := &keys.Guard{Resolver: s.resolver, Function: "Load", Level: keys.Function}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.Handle("GET /ready", monitor.Ready())
	mux.Handle("GET /load", guard.Wrap(monitor.Metrics()))
	mux.Handle("/", s.host)
	return mux
}

// serve answers until ctx ends. From then on it is not ready and newcomers get
// 503, while the requests inside end within grace. The port closes last, so that
// whoever still comes is told.
func (s *server) serve(ctx context.Context, srv *http.Server, l net.Listener, grace time.Duration) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() {
		bound, cancel := context.WithTimeout(serving, grace)
		defer cancel()
		if err := s.gate.Drain(bound); err != nil {
			s.logger.Warn("requests are cut off", "running", s.gate.Stats().Running)
		}
		stop()
	})()
	return trigger.Serve(serving, srv, l, last)
}

// codes are the keys of the hook, newest first as the store has them.
func codes(store keys.Store) webhook.Source {
	return webhook.SourceFunc(func(ctx context.Context) ([]webhook.Secret, error) {
		set, err := store.Load(ctx, keys.FunctionScope(hookName))
		if err != nil {
			return nil, err
		}
		var list []webhook.Secret
		for _, k := range set.Function {
			list = append(list, webhook.NewSecret(k.Name, k.Value.Reveal()))
		}
		return list, nil
	})
}
