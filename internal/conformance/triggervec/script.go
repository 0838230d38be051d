package triggervec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
	"github.com/httptrigger/httptrigger/trigger"
)

// A waiting is a call that a step ends.
type waiting struct {
	end  chan struct{} // closed when it is told
	told bool
	how  string // "", "throw" or "panic"
}

const nameHeader = "X-Vector-Name"

// wait is a function that runs until a step ends it.
func (s *stage) wait(_ context.Context, r *trigger.Request, _ *sight) (any, error) {
	name := r.Header.Get(nameHeader)
	s.mu.Lock()
	w := s.gates[name]
	s.order = append(s.order, name)
	s.running++
	s.peak = max(s.peak, s.running)
	if w != nil && !w.told {
		s.server.Hold(r.RemoteAddr)
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running--
	}()
	if w == nil {
		return nil, errors.New("nobody will end this call")
	}
	switch <-w.end; w.how {
	case "throw":
		return nil, errors.New("as the step says")
	case "panic":
		panic("as the step says")
	}
	return "ok", nil
}

// A play goes through the steps of a vector.
type play struct {
	*stage
	calls    map[string]*wire.Call
	names    []string
	statuses []int // of requests sent one after another
}

func (p *play) arrive(name string) error {
	p.mu.Lock()
	p.gates[name] = &waiting{end: make(chan struct{})}
	p.mu.Unlock()
	f := p.vector.Functions[0].Name
	call, err := p.server.Start(&wire.Request{Method: "GET", Target: "/api/" + f, Host: "functions.example", Headers: [][2]string{{nameHeader, name}}})
	if err != nil {
		return err
	}
	p.calls[name] = call
	p.names = append(p.names, name)
	return p.rest() // the order of the steps is that of the queue
}

// rest waits until nothing moves: each call has its answer, runs until a step ends
// it, or waits in line.
func (p *play) rest() error {
	waiting := func() int {
		if g := p.host.Gate(); g != nil {
			return g.Stats().Waiting
		}
		return 0
	}
	if !wire.Await(wire.Patience, func() bool { return p.server.Settled(waiting) }) {
		return errors.New("the calls come to no rest")
	}
	return nil
}

// tell ends a call, if none did before.
func (p *play) tell(name, how string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.gates[name]; !w.told {
		w.told, w.how = true, how
		p.server.Resume(p.calls[name].Addr)
		close(w.end)
	}
}

func (p *play) end(name, how string) error {
	if p.calls[name] == nil {
		return fmt.Errorf("step ends %q, which did not arrive", name)
	}
	p.tell(name, how)
	return p.ended(name)
}

// ended waits for the answer of a call, and until the next one runs.
func (p *play) ended(name string) error {
	select {
	case <-p.calls[name].Done():
	case <-time.After(wire.Patience):
		return fmt.Errorf("%s was not answered", name)
	}
	return p.rest()
}

// cancel ends a call from the client's side. In Default one that waits leaves the
// line at once.
func (p *play) cancel(name string) error {
	call := p.calls[name]
	if call == nil {
		return fmt.Errorf("step cancels %q, which did not arrive", name)
	}
	call.Abort()
	if !p.compat && !wire.Await(wire.Patience, func() bool { return call.Held() || !call.Inside() }) {
		return fmt.Errorf("%s waits on without a client", name)
	}
	return p.rest()
}

// take does what a step says; what is missing for it is told apart from errors.
func (p *play) take(s *step) (missing string, err error) {
	switch {
	case s.Arrive != "":
		return "", p.arrive(s.Arrive)
	case s.ArriveCount > 0:
		for range s.ArriveCount {
			if err := p.arrive(fmt.Sprint("r", len(p.names))); err != nil {
				return "", err
			}
		}
	case s.Finish != "":
		return "", p.end(s.Finish, "")
	case s.Throw != "":
		return "", p.end(s.Throw, "throw")
	case s.Panic != "":
		return "", p.end(s.Panic, "panic")
	case s.Cancel != "":
		return "", p.cancel(s.Cancel)
	case s.ExpectDone != "":
		if call := p.calls[s.ExpectDone]; call == nil || !call.Answered() {
			return "", fmt.Errorf("%s has no answer yet", s.ExpectDone)
		}
	case s.FinishAll:
		return "", p.endAll()
	case s.SendCount > 0:
		for range s.SendCount {
			got, _, err := p.server.Do(&wire.Request{Method: "GET", Target: "/api/" + p.vector.Functions[0].Name, Host: "functions.example"})
			if err != nil {
				return "", err
			}
			p.statuses = append(p.statuses, got.Status)
		}
	case s.AdvanceMs > 0:
		p.mu.Lock()
		p.now = p.now.Add(time.Duration(s.AdvanceMs) * time.Millisecond)
		p.mu.Unlock()
	case s.Exceed != nil:
		p.mu.Lock()
		p.exceeding = *s.Exceed
		p.mu.Unlock()
	default:
		return "a step of another kind", nil
	}
	return "", nil
}

// endAll ends every call that runs or will, and waits for the answers.
func (p *play) endAll() error {
	for _, name := range p.names {
		p.tell(name, "")
	}
	for _, name := range p.names {
		if err := p.ended(name); err != nil {
			return err
		}
	}
	return nil
}

// outcome compares the results of all steps.
func (p *play) outcome(x *expectation) []string {
	var diffs []string
	add := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	accepted, refused := 0, 0
	statuses := map[string]int{}
	for _, name := range p.names {
		got, err := p.calls[name].Result()
		if err != nil {
			continue // it was cancelled
		}
		statuses[name] = got.Status
		if got.Status == 429 {
			refused++
		} else {
			accepted++
		}
	}
	if x.Accepted != nil && accepted != *x.Accepted {
		add("accepted: got %d, want %d", accepted, *x.Accepted)
	}
	if x.Refused != nil && refused != *x.Refused {
		add("refused: got %d, want %d", refused, *x.Refused)
	}
	if x.MaxExecuting != nil && p.peak != *x.MaxExecuting {
		add("running at once: got %d, want %d", p.peak, *x.MaxExecuting)
	}
	if x.StartOrder != nil && !reflect.DeepEqual(p.order, x.StartOrder) {
		add("order: got %v, want %v", p.order, x.StartOrder)
	}
	if x.Checks != nil && p.checks != *x.Checks {
		add("checks: got %d, want %d", p.checks, *x.Checks)
	}
	if x.WarningLine != "" && !strings.Contains(p.log.text.String(), x.WarningLine) {
		add("log: %q is not in it", x.WarningLine)
	}
	for _, name := range x.NeverRan {
		if contains(p.order, name) {
			add("%s ran", name)
		}
	}
	if x.Statuses != nil {
		var list []int
		byName := map[string]int{}
		switch {
		case json.Unmarshal(x.Statuses, &list) == nil:
			if !reflect.DeepEqual(p.statuses, list) {
				add("statuses: got %v, want %v", p.statuses, list)
			}
		case json.Unmarshal(x.Statuses, &byName) == nil:
			for name, want := range byName {
				if statuses[name] != want {
					add("%s: got %d, want %d", name, statuses[name], want)
				}
			}
		}
	}
	return diffs
}
