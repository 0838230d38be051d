package hostvec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/httptrigger/httptrigger/internal/conformance/wire"
)

// patient is how long a host where nothing moves may take to come to the state
// that a step expects: the end of a timeout of its own, say.
const patient = 10 * time.Second

// A run is a request of steps.
type run struct {
	name     string
	request  *wire.Request
	call     *wire.Call
	aborted  bool
	reported bool
}

// A play goes through the steps of an app.
type play struct {
	*stage
	runs  []*run
	early []string // released before they were started
}

func (p *play) find(name string) *run {
	i := slices.IndexFunc(p.runs, func(r *run) bool { return r.name == name })
	if i < 0 {
		return nil
	}
	return p.runs[i]
}

// take does what a step says.
func (p *play) take(s *step) error {
	starts, err := ordered(s.Start)
	if err != nil {
		return err
	}
	for _, m := range starts {
		var req request
		if err := decode(m.text, &req); err != nil {
			return err
		}
		w, err := req.wire(p.names)
		if err != nil {
			return err
		}
		call, err := p.server.Start(w)
		if err != nil {
			return err
		}
		p.runs = append(p.runs, &run{name: m.name, request: w, call: call})
		if slices.Contains(p.early, m.name) {
			p.stages.release(call.Addr)
		}
		if !p.rest() { // the order of the vector is that of the queue
			return fmt.Errorf("%s comes to no rest", m.name)
		}
	}
	for _, name := range s.Release {
		if r := p.find(name); r != nil {
			p.stages.release(r.call.Addr)
		} else {
			p.early = append(p.early, name)
		}
	}
	for _, name := range s.Abort {
		r := p.find(name)
		if r == nil {
			return fmt.Errorf("abort of %q, which was not started", name)
		}
		r.aborted = true
		r.call.Abort()
	}
	for name, text := range s.Write {
		if err := p.write(name, text); err != nil {
			return err
		}
	}
	time.Sleep(time.Duration(s.Sleep * float64(time.Second)))
	return nil
}

// write changes a file of the app and restarts it, as the reference does by
// itself.
func (p *play) write(name string, text json.RawMessage) error {
	if string(text) == "null" {
		delete(p.files, name)
	} else {
		b, err := fileText(text)
		if err != nil {
			return err
		}
		p.files[name] = &fstest.MapFile{Data: b}
	}
	p.load()
	for i := range p.loaded.Functions {
		if f := &p.loaded.Functions[i]; f.HTTP && p.handlers[f.Name] == nil {
			p.handlers[f.Name] = p.reached(f.Name) // a function that the vector adds and says nothing of
		}
	}
	err := p.host.Reload(p.config())
	p.gated()
	return err
}

// rest waits until nothing moves.
func (p *play) rest() bool { return wire.Await(wire.Patience, p.settled) }

// outcome compares what has become of the requests with what a step says, once
// nothing moves.
func (p *play) outcome(s *step) []string {
	if !p.rest() {
		return append(p.states(s), "the requests come to no rest")
	}
	var diffs []string
	wire.Await(patient, func() bool {
		if diffs = p.states(s); len(diffs) == 0 && !p.settled() {
			diffs = []string{"the requests came to no rest again"}
		}
		return len(diffs) == 0
	})
	if len(diffs) > 0 {
		return diffs
	}
	for name := range s.Then {
		if r := p.find(name); r != nil && p.answered(r) {
			r.reported = true
		}
	}
	return nil
}

func (p *play) answered(r *run) bool { return r.call.Answered() && !r.aborted }

// states compares once.
func (p *play) states(s *step) []string {
	var diffs []string
	for _, r := range p.runs {
		if _, told := s.Then[r.name]; !told && !r.reported && p.answered(r) {
			diffs = append(diffs, r.name+" has its answer, and the vector does not tell so")
		}
	}
	for name, want := range s.Then {
		r := p.find(name)
		if r == nil {
			diffs = append(diffs, name+" was not started")
			continue
		}
		if want[0] == '{' {
			if !p.answered(r) {
				diffs = append(diffs, fmt.Sprintf("%s: %s, want the answer %.200s", name, p.state(r), want))
				continue
			}
			diffs = append(diffs, p.answer(r, want)...)
			continue
		}
		var text string
		if err := json.Unmarshal(want, &text); err != nil {
			diffs = append(diffs, err.Error())
			continue
		}
		if got := p.state(r); got != text {
			diffs = append(diffs, fmt.Sprintf("%s: %s, want %s", name, got, text))
		}
	}
	slices.Sort(diffs)
	return diffs
}

func (p *play) answer(r *run, want json.RawMessage) []string {
	var w response
	if err := decode(want, &w); err != nil {
		return []string{err.Error()}
	}
	got, err := r.call.Result()
	if err != nil {
		return []string{fmt.Sprintf("%s: %v", r.name, err)}
	}
	if diffs := w.check(got, p.names); len(diffs) > 0 {
		return []string{r.name + ": " + join(diffs)}
	}
	return nil
}

// state tells where a request is, in the words of the vectors.
func (p *play) state(r *run) string {
	v := p.stages.visit(r.call.Addr)
	if !r.aborted {
		switch {
		case p.answered(r):
			got, err := r.call.Result()
			if err != nil {
				return err.Error()
			}
			return fmt.Sprintf("answered with %d", got.Status)
		case v.entered:
			return "running"
		}
		return "waiting"
	}
	var words []string
	switch {
	case !v.entered:
		words = append(words, "not entered", "client gone")
	case v.cancelled:
		words = append(words, "cancelled")
	case !v.left:
		words = append(words, "running", "client gone")
	}
	if v.left {
		words = append(words, "left")
	}
	return strings.Join(words, ", ")
}
