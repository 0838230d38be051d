package main

import (
	"fmt"
	"net/http"

	"github.com/httptrigger/httptrigger/keys"
)

// A service keeps stock. Its doors say who may do what; they decide without
// HTTP, so that the rules have tests of their own.
type service struct {
	doors map[string]*keys.Guard // by pattern
}

// rules say which key opens which door.
var rules = []struct {
	pattern  string
	function string
	level    keys.Level
	handler  http.HandlerFunc
}{
	{"GET /health", "health", keys.Anonymous, health},
	{"GET /stock", "stock", keys.Function, read},
	{"POST /stock", "restock", keys.Function, write},
	{"DELETE /stock", "clear", keys.Admin, write},
}

// newService makes the doors over the keys of a store.
func newService(store keys.Store) *service {
	resolver := &keys.Resolver{Store: store}
	s := &service{doors: map[string]*keys.Guard{}}
	for _, rule := range rules {
		s.doors[rule.pattern] = &keys.Guard{Resolver: resolver, Function: rule.function, Level: rule.level}
	}
	return s
}

// handler puts the doors in front of the functions.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	for _, rule := range rules {
		mux.Handle(rule.pattern, s.doors[rule.pattern].Wrap(rule.handler))
	}
	return mux
}

func health(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "healthy") }

func read(w http.ResponseWriter, r *http.Request) {
	grant, _ := keys.FromContext(r.Context())
	fmt.Fprintf(w, "42 in stock, read by %q\n", grant.Name)
}

func write(w http.ResponseWriter, r *http.Request) {
	grant, _ := keys.FromContext(r.Context())
	fmt.Fprintf(w, "%s by %q\n", r.Method, grant.Name)
}
