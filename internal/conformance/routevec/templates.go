package routevec

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/route"
)

type templateItem struct {
	ID       string         `json:"id"`
	Group    string         `json:"group"`
	Template string         `json:"template"`
	Error    *ruleError     `json:"error"`
	Resolve  *ruleError     `json:"resolve"`
	Segments [][]partItem   `json:"segments"`
	Inbound  string         `json:"inbound"`
	Outbound string         `json:"outbound"`
	Paths    []templatePath `json:"paths"`
}

type partItem struct {
	Literal     string   `json:"literal,omitempty"`
	Separator   string   `json:"separator,omitempty"`
	Name        string   `json:"name,omitempty"`
	Constraints []string `json:"constraints,omitempty"`
	Default     *string  `json:"default,omitempty"`
	Optional    bool     `json:"optional,omitempty"`
	CatchAll    string   `json:"catchall,omitempty"`
}

type templatePath struct {
	Path     string          `json:"path"`
	Decoded  *string         `json:"decoded"`
	Classic  json.RawMessage `json:"classic"`
	Endpoint json.RawMessage `json:"endpoint"`
}

func (run Runner) template(r *vec.Report, group string, raw json.RawMessage) error {
	var item templateItem
	if err := strict(raw, &item); err != nil {
		return err
	}
	compat, compatErr := run.compiler(true).Compile(item.Template)
	std, stdErr := run.compiler(false).Compile(item.Template)
	if want := firstError(item.Error, item.Resolve); want != nil {
		for _, err := range []error{compatErr, stdErr} {
			if err == nil {
				r.Fail(group, item.ID, "%q compiles, want %s", item.Template, show(want))
				continue
			}
			check(r, group, item.ID, "error", describe(err), want)
		}
		return nil
	}
	if beyondEngine(compatErr) || beyondEngine(stdErr) {
		r.Differs(group, item.ID, regexpBeyondRE2)
		return nil
	}
	if compatErr != nil {
		r.Fail(group, item.ID, "%q: %v", item.Template, compatErr)
		return nil
	}
	check(r, group, item.ID, "segments", parts(compat), item.Segments)
	check(r, group, item.ID, "inbound", compat.Precedence(), item.Inbound)
	check(r, group, item.ID, "outbound", compat.OutboundPrecedence(), item.Outbound)
	broken := false
	for _, p := range item.Paths {
		path := decoded(p.Path, p.Decoded)
		check(r, group, item.ID, "decoded "+p.Path, route.DecodePath(rawPath(p.Path)), path)
		checkMatch(r, group, item.ID, "Compat "+p.Path, compat, path, p.Classic)
		broken = broken || outcomeError(p.Classic) != ""
	}
	if stdErr != nil {
		checkBroken(r, group, item, stdErr, broken)
		return nil
	}
	for _, p := range item.Paths {
		want := p.Endpoint
		if want == nil {
			want = p.Classic
		}
		checkMatch(r, group, item.ID, "Default "+p.Path, std, decoded(p.Path, p.Decoded), want)
	}
	return nil
}

func firstError(errs ...*ruleError) *ruleError {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

// checkBroken judges an error at registration where the reference finds none:
// right if it is the broken expression that the reference finds later.
func checkBroken(r *vec.Report, group string, item templateItem, err error, broken bool) {
	got := describe(err).Rule
	if got == "RT-58" && (broken || neverReached(item)) {
		r.Pass(group)
		return
	}
	r.Fail(group, item.ID, "Default: %q: %v", item.Template, err)
}

// neverReached reports whether no recorded path gets as far as a constraint.
func neverReached(item templateItem) bool {
	for _, p := range item.Paths {
		if string(p.Classic) != "null" {
			return false
		}
	}
	return true
}

func rawPath(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return path
}

func decoded(target string, decoded *string) string {
	if decoded != nil {
		return *decoded
	}
	return rawPath(target)
}

// parts tells the segments of a template the way the vectors do.
func parts(t *route.Template) [][]partItem {
	all := [][]partItem{}
	for _, segment := range t.Segments() {
		var list []partItem
		for _, p := range segment {
			item := partItem{Literal: p.Literal}
			switch {
			case p.Separator:
				item = partItem{Separator: p.Literal}
			case p.Param != nil:
				item = partItem{Name: p.Param.Name, Optional: p.Param.Optional, CatchAll: p.Param.CatchAll}
				for _, c := range p.Param.Constraints {
					item.Constraints = append(item.Constraints, c.String())
				}
				if p.Param.HasDefault {
					item.Default = &p.Param.Default
				}
			}
			list = append(list, item)
		}
		all = append(all, list)
	}
	return all
}

// checkMatch compares what a template makes of a path.
func checkMatch(r *vec.Report, group, id, what string, t *route.Template, path string, want json.RawMessage) {
	v, ok, err := t.Check(path)
	if rule := outcomeError(want); rule != "" {
		if err == nil {
			r.Fail(group, id, "%s: got %v, want error %s", what, ok, rule)
			return
		}
		r.Pass(group)
		return
	}
	if err != nil {
		r.Fail(group, id, "%s: %v, want %s", what, err, want)
		return
	}
	var got map[string]*string
	if ok {
		got = values(v)
	}
	var wanted map[string]*string
	if err := json.Unmarshal(want, &wanted); err != nil {
		r.NotBuilt(group, id, fmt.Sprintf("%s: outcome %s", what, want))
		return
	}
	check(r, group, id, what, got, wanted)
}

// values tells what a match captured the way the vectors do.
func values(v route.Values) map[string]*string {
	all := map[string]*string{}
	for i := range v.Len() {
		name, value, ok := v.At(i)
		switch {
		case ok:
			all[name] = &value
		case v.Null(name):
			all[name] = nil
		}
	}
	return all
}
