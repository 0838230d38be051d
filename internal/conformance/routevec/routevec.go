// Package routevec puts route vectors to the route package.
package routevec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/route"
)

// A Runner runs vectors with an engine for regular expressions of one's choice.
// The zero Runner has the engine that route has by default.
type Runner struct {
	// Regexp goes to route.Compiler.
	Regexp func(expr string) (route.Matcher, error)

	recorded time.Time // the day of the file, which dates may depend on
}

// Run puts every vector of f to the library, with the default engine.
func Run(r *vec.Report, f *vec.File) error { return Runner{}.Run(r, f) }

// Run puts every vector of f to the library.
func (run Runner) Run(r *vec.Report, f *vec.File) error {
	var file struct {
		Format   string            `json:"format"`
		Section  string            `json:"section"`
		Recorded string            `json:"recorded"`
		Items    []json.RawMessage `json:"items"`
	}
	if err := strict(f.Data, &file); err != nil {
		return err
	}
	if file.Format != "route-vectors/1" {
		return fmt.Errorf("unknown format %q", file.Format)
	}
	run.recorded = recordedOn(file.Recorded)
	sections := map[string]func(*vec.Report, string, json.RawMessage) error{
		"templates":   run.template,
		"constraints": run.constraint,
		"binding":     run.binding,
		"fold":        run.fold,
		"tables":      run.table,
		"urls":        run.url,
		"decode":      run.decode,
	}
	group := "route/" + file.Section
	section, ok := sections[file.Section]
	for _, item := range file.Items {
		var head struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(item, &head); err != nil {
			return err
		}
		if !ok {
			r.NotBuilt(group, head.ID, "no runner for this section")
			continue
		}
		if err := section(r, group, item); err != nil {
			r.NotBuilt(group, head.ID, err.Error())
		}
	}
	return nil
}

// strict decodes data and refuses members that v has no place for.
func strict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// compiler returns the compiler of a profile.
func (run Runner) compiler(compat bool) *route.Compiler {
	c := &route.Compiler{Regexp: run.Regexp, Compat: compat}
	if !run.recorded.IsZero() {
		c.Now = func() time.Time { return run.recorded }
	}
	return c
}

// recordedOn reads the day out of "<framework>, <date>"; zero if there is none.
func recordedOn(text string) time.Time {
	_, day, _ := strings.Cut(text, ", ")
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}
	}
	return t
}

// check reports one comparison.
func check(r *vec.Report, group, id, what string, got, want any) {
	g, w := show(got), show(want)
	if g == w {
		r.Pass(group)
		return
	}
	r.Fail(group, id, "%s: got %s, want %s", what, g, w)
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
