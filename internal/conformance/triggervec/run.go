package triggervec

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/internal/conformance/wire"
	"github.com/httptrigger/httptrigger/trigger"
)

// Run puts every vector of a file to the library: what is expected of the
// reference in Compat, what is expected of the library in Default.
func Run(r *vec.Report, f *vec.File) error {
	var all file
	if err := json.Unmarshal(f.Data, &all); err != nil {
		return err
	}
	for _, text := range all.Vectors {
		one(r, all.Defaults.Keys, text)
	}
	return nil
}

func one(r *vec.Report, defaults keySet, text json.RawMessage) {
	var head struct{ ID, Group string }
	_ = json.Unmarshal(text, &head)
	group := "trigger/" + head.Group
	var v vector
	if err := decode(text, &v); err != nil {
		r.NotBuilt(group, head.ID, "vector: "+err.Error())
		return
	}
	if v.Confidence == "lib" { // a rule of the library's own
		check(r, group+" (default)", &v, defaults, v.Expect, false)
	} else {
		check(r, group, &v, defaults, v.Expect, true)
	}
	if v.LibExpect != nil {
		check(r, group+" (default)", &v, defaults, v.LibExpect, false)
	}
	for name, expect := range v.LibExpectWithOption {
		switch v.option = name; name {
		case methodNotAllowed:
			check(r, group+" ("+name+")", &v, defaults, expect, true)
		case lenientBinding:
			check(r, group+" ("+name+")", &v, defaults, expect, false)
		default:
			r.NotBuilt(group, v.ID, "option "+name)
		}
	}
}

// check runs a vector in one profile.
func check(r *vec.Report, group string, v *vector, defaults keySet, expect json.RawMessage, compat bool) {
	var x expectation
	if err := decode(expect, &x); err != nil {
		r.NotBuilt(group, v.ID, "expectation: "+err.Error())
		return
	}
	if missing := x.missing(v); missing != "" {
		r.NotBuilt(group, v.ID, missing)
		return
	}
	if key := difference(v, &x, compat); key != "" {
		r.Differs(group, v.ID, key)
		return
	}
	if x.Redacted != nil {
		redacted(r, group, v, &x, compat)
		return
	}
	if x.Limit != nil {
		adaptive(r, group, v, *x.Limit)
		return
	}
	s := set(v, defaults, compat)
	defer s.close()
	if s.missing != "" {
		r.NotBuilt(group, v.ID, s.missing)
		return
	}
	diffs := s.loaded(&x)
	if x.Exceeded != nil {
		got, err := s.exceeded()
		if err != nil || !slices.Equal(got, *x.Exceeded) {
			diffs = append(diffs, fmt.Sprintf("exceeded: got %v (%v), want %v", got, err, *x.Exceeded))
		}
	}
	diffs = append(diffs, s.rewritten(x.FileRewritten)...)
	if x.Ready != nil {
		if got, err := v.HandlerPing.ready(); err != nil || got != *x.Ready {
			diffs = append(diffs, fmt.Sprintf("ready: got %v (%v), want %v", got, err, *x.Ready))
		}
	}
	asks := v.Request != nil || len(v.Steps) > 0
	switch {
	case asks && s.server == nil && !x.ConfigError:
		diffs = append(diffs, fmt.Sprintf("no host: %v %v", s.loadErr, s.hostErr))
	case asks && s.server == nil:
	case len(v.Steps) > 0:
		p := &play{stage: s, calls: map[string]*wire.Call{}}
		for i := range v.Steps {
			missing, err := p.take(&v.Steps[i])
			if missing != "" {
				r.NotBuilt(group, v.ID, missing)
				return
			}
			if err != nil {
				diffs = append(diffs, err.Error())
				break
			}
		}
		if err := p.endAll(); err != nil {
			diffs = append(diffs, err.Error())
		} else {
			diffs = append(diffs, p.outcome(&x)...)
		}
	case v.Request != nil:
		diffs = append(diffs, s.ask(&x)...)
	}
	if len(diffs) > 0 {
		r.Fail(group, v.ID, "%s: %s", v.Title, strings.Join(diffs, "; "))
		return
	}
	r.Pass(group)
}

// ask sends the vector's request and compares all that comes of it.
func (s *stage) ask(x *expectation) []string {
	req, err := s.vector.Request.wire()
	if err != nil {
		return []string{err.Error()}
	}
	got, _, err := s.server.Do(req)
	if err != nil {
		return []string{err.Error()}
	}
	diffs := append(x.answer(got), s.saw(x)...)
	diffs = append(diffs, s.sent(x)...)
	diffs = append(diffs, s.kept(x.TableAfter)...)
	s.close()
	s.server = nil
	diffs = append(diffs, s.log.lines(x.Log)...)
	if x.LogContains != "" && !strings.Contains(s.log.text.String(), x.LogContains) {
		diffs = append(diffs, fmt.Sprintf("log: %q is not in it", x.LogContains))
	}
	return diffs
}

// redacted compares the redaction of a log text.
func redacted(r *vec.Report, group string, v *vector, x *expectation, compat bool) {
	if v.Input == nil {
		r.NotBuilt(group, v.ID, "redaction without an input")
		return
	}
	redact := trigger.Redact
	if compat {
		redact = trigger.RedactCompat
	}
	if got := redact(*v.Input); got != *x.Redacted {
		r.Fail(group, v.ID, "redaction of %q: got %q, want %q", *v.Input, got, *x.Redacted)
		return
	}
	r.Pass(group)
}

// missing names what the library, or this runner, does not have of what a vector
// expects.
func (x *expectation) missing(v *vector) string {
	for _, line := range x.Log {
		if messages[line.Event] == "" {
			return fmt.Sprintf("the log event %d", line.Event)
		}
	}
	for what, needed := range map[string]bool{
		"an algorithm without its limit":   (x.Limit != nil) != (v.Config.Algorithm != ""),
		"a program's answer without Ready": (x.Ready != nil) != (v.HandlerPing != nil),
	} {
		if needed {
			return what
		}
	}
	return ""
}

// difference names a known difference that a check meets.
func difference(v *vector, x *expectation, compat bool) string {
	if strings.HasPrefix(x.FunctionErrorContains, "Can't bind HttpTriggerAttribute to type") {
		return "trigger/net-parameters"
	}
	if compat && v.Request != nil && v.Request.Target != nil && *v.Request.Target == "/admin/host/synctriggers" && v.Config.Env["WEBSITE_INSTANCE_ID"] == "" &&
		x.Status != nil && *x.Status == http.StatusOK {
		return "trigger/sync-off-platform"
	}
	return ""
}
