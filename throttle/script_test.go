package throttle_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/httptrigger/httptrigger/throttle"
)

// script plays requests against a gate, in a synctest bubble: each step is carried
// out and then everything settles. Steps are a verb and names: arrive, finish,
// panic, abort (http.ErrAbortHandler), goexit, cancel, early (ReleaseEarly).
type script struct {
	t       *testing.T
	handler http.Handler

	mu       sync.Mutex
	inside   int
	most     int
	started  []string
	requests map[string]*scripted
}

type scripted struct {
	cancel context.CancelFunc
	order  chan string // what the handler shall do
	done   bool
	status int
	header http.Header
}

func newScript(t *testing.T, gates ...*throttle.Gate) *script {
	s := &script{t: t, requests: map[string]*scripted{}}
	s.handler = http.HandlerFunc(s.serve)
	for _, g := range slices.Backward(gates) {
		s.handler = g.Wrap(s.handler)
	}
	return s
}

func (s *script) serve(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[1:]
	s.mu.Lock()
	s.inside++
	s.most = max(s.most, s.inside)
	s.started = append(s.started, name)
	req := s.requests[name]
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.inside--
		s.mu.Unlock()
	}()
	for order := range req.order {
		switch order {
		case "panic":
			panic("boom")
		case "abort":
			panic(http.ErrAbortHandler)
		case "goexit":
			runtime.Goexit()
		case "early":
			if !throttle.ReleaseEarly(r.Context()) {
				s.t.Errorf("ReleaseEarly of %q = false", name)
			}
		case "finish":
			return
		}
	}
}

func (s *script) arrive(name string) {
	ctx, cancel := context.WithCancel(context.Background())
	req := &scripted{cancel: cancel, order: make(chan string)}
	s.mu.Lock()
	s.requests[name] = req
	s.mu.Unlock()
	r := httptest.NewRequestWithContext(ctx, "GET", "/"+name, nil)
	w := httptest.NewRecorder()
	go func() {
		status := 0
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			req.done, req.status, req.header = true, status, w.Header()
		}()
		defer func() {
			if v := recover(); v != nil {
				status = 500 // what the server's recovery around the gate answers
				if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					status = -1 // the connection is cut
				}
			}
		}()
		s.handler.ServeHTTP(w, r)
		status = w.Code
	}()
}

// play carries out steps, separated by commas.
func (s *script) play(steps string) {
	s.t.Helper()
	for step := range strings.SplitSeq(steps, ",") {
		words := strings.Fields(step)
		for _, name := range words[1:] {
			switch verb := words[0]; verb {
			case "arrive":
				s.arrive(name)
			case "cancel":
				s.requests[name].cancel()
			default:
				s.requests[name].order <- verb
			}
			synctest.Wait()
		}
	}
}

// status returns what a request was answered, or how it stands.
func (s *script) status(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch req := s.requests[name]; {
	case req.done:
		return fmt.Sprint(req.status)
	case slices.Contains(s.started, name):
		return "running"
	}
	return "waiting"
}

func (s *script) statuses() string {
	var all []string
	s.mu.Lock()
	names := make([]string, 0, len(s.requests))
	for name := range s.requests {
		names = append(names, name)
	}
	s.mu.Unlock()
	slices.Sort(names)
	for _, name := range names {
		all = append(all, name+" "+s.status(name))
	}
	return strings.Join(all, ", ")
}

// finishAll lets every request run to its end.
func (s *script) finishAll() {
	for {
		synctest.Wait()
		idle := true
		s.mu.Lock()
		var orders []chan string
		for name, req := range s.requests {
			if !req.done {
				idle = false
				if slices.Contains(s.started, name) {
					orders = append(orders, req.order)
				}
			}
		}
		s.mu.Unlock()
		if idle {
			return
		}
		for _, c := range orders {
			c <- "finish"
		}
	}
}

func newGate(t *testing.T, c throttle.GateConfig) *throttle.Gate {
	t.Helper()
	g, err := throttle.NewGate(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}
