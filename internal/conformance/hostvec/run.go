package hostvec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
)

// Run replays every app of a file.
func Run(r *vec.Report, f *vec.File) error {
	var all file
	if err := json.Unmarshal(f.Data, &all); err != nil {
		return err
	}
	for _, text := range all.Apps {
		replay(r, text)
	}
	return nil
}

func replay(r *vec.Report, text json.RawMessage) {
	var head struct {
		ID, Topic        string
		Exchanges, Steps []json.RawMessage
	}
	_ = json.Unmarshal(text, &head)
	group := "host/" + head.Topic
	all := 2 + len(head.Exchanges) + len(head.Steps)
	var a app
	if err := decode(text, &a); err != nil {
		for range all {
			r.NotBuilt(group, head.ID, "vector: "+err.Error())
		}
		return
	}
	s, err := set(&a)
	if err != nil {
		for range all {
			r.Fail(group, a.ID, "the app cannot be set up: %v", err)
		}
		return
	}
	defer s.close()
	defer s.stages.releaseAll()
	s.start(r, group)
	s.failures(r, group)
	for i := range a.Exchanges {
		s.exchange(r, group, i, &a.Exchanges[i])
	}
	p := &play{stage: s}
	for i := range a.Steps {
		p.step(r, group, i, &a.Steps[i])
	}
}

// start compares how the app as a whole came up.
func (s *stage) start(r *vec.Report, group string) {
	id := s.app.ID + " start"
	got := "running"
	switch {
	case s.loaded.Err != nil:
		got = "error"
	case s.loaded.Offline != nil:
		got = "offline"
	}
	switch {
	case got != s.app.Start:
		r.Fail(group, id, "got %s (%v), want %s", got, s.loaded.Err, s.app.Start)
	case s.app.HostError != nil && s.loaded.Err != nil && !sameError(s.loaded.Err.Error(), s.names.expand(*s.app.HostError)):
		r.Fail(group, id, "error: got %q, want %q", s.loaded.Err, *s.app.HostError)
	default:
		r.Pass(group)
	}
}

// sameError compares the texts of a host that gave up. They were recorded in two
// forms: with the name of the part that failed in front and the causes behind,
// as the admin API shows it, or with the type of the error and no causes, as the
// log does.
func sameError(got, want string) bool {
	_, got, _ = strings.Cut(got, ": ")
	_, want, _ = strings.Cut(want, ": ")
	return got == want || strings.HasPrefix(got, want)
}

// failures compares the functions that did not load.
func (s *stage) failures(r *vec.Report, group string) {
	id := s.app.ID + " functionErrors"
	got := map[string]string{}
	for _, f := range s.loaded.Failed {
		got[f.Name] = f.Err.Error()
	}
	var diffs []string
	names := slices.Sorted(maps.Keys(s.app.FunctionErrors))
	for _, name := range names {
		if got[name] != s.app.FunctionErrors[name] {
			diffs = append(diffs, fmt.Sprintf("%s: got %q, want %q", name, got[name], s.app.FunctionErrors[name]))
		}
	}
	for name, text := range got {
		if _, ok := s.app.FunctionErrors[name]; !ok {
			diffs = append(diffs, fmt.Sprintf("%s failed: %s", name, text))
		}
	}
	if len(diffs) > 0 {
		r.Fail(group, id, "%s", join(diffs))
		return
	}
	r.Pass(group)
}

// exchange sends one request and compares the answer and what a function saw.
func (s *stage) exchange(r *vec.Report, group string, i int, e *exchange) {
	id := fmt.Sprintf("%s[%d] %s %.80s", s.app.ID, i, e.Request.Method, e.Request.Target)
	req, err := e.Request.wire(s.names)
	if err != nil {
		r.NotBuilt(group, id, "request: "+err.Error())
		return
	}
	got, addr, err := s.server.Do(req)
	visit := s.stages.visit(addr)
	for _, sight := range visit.sights {
		if missing := s.missing[sight.function]; missing != "" {
			report(r, group, id, missing)
			return
		}
	}
	if err != nil {
		r.Fail(group, id, "%v", err)
		return
	}
	if d := e.capture(got, s.names); d != "" {
		r.Fail(group, id, "%s", d)
		return
	}
	if key := s.difference(e); key != "" {
		if len(e.Response.check(got, s.names)) > 0 {
			r.Differs(group, id, key)
			return
		}
	}
	diffs := append(e.Response.check(got, s.names), e.Seen.check(req, visit.sights, s.names)...)
	if len(diffs) > 0 {
		r.Fail(group, id, "%s", join(diffs))
		return
	}
	r.Pass(group)
}

// report counts what is missing: a known difference if it is listed.
func report(r *vec.Report, group, id, missing string) {
	if _, known := vec.Known[missing]; known {
		r.Differs(group, id, missing)
		return
	}
	r.NotBuilt(group, id, missing)
}

// step does one step and compares what becomes of the requests.
func (p *play) step(r *vec.Report, group string, i int, s *step) {
	id := fmt.Sprintf("%s step %d", p.app.ID, i)
	if err := p.take(s); err != nil {
		r.Fail(group, id, "%v", err)
		return
	}
	if diffs := p.outcome(s); len(diffs) > 0 {
		r.Fail(group, id, "%s", join(diffs))
		return
	}
	r.Pass(group)
}
