package routevec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/route"
)

type urlItem struct {
	ID       string     `json:"id"`
	Group    string     `json:"group"`
	Template string     `json:"template"`
	Defaults args       `json:"defaults"`
	Error    *ruleError `json:"error"`
	LinkErr  *ruleError `json:"link_error"`
	Options  struct {
		Lowercase      bool `json:"lowercase"`
		LowercaseQuery bool `json:"lowercase_query"`
		TrailingSlash  bool `json:"trailing_slash"`
	} `json:"options"`
	Cases []urlCase `json:"cases"`
}

type urlCase struct {
	Values  args            `json:"values"`
	Ambient args            `json:"ambient"`
	URL     *string         `json:"url"`
	Link    json.RawMessage `json:"link"`
}

// args decodes an object and keeps the order of its members.
type args []route.Arg

func (a *args) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("no object: %s", data)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return err
		}
		if n, ok := value.(json.Number); ok {
			if value, err = number(n); err != nil {
				return err
			}
		}
		*a = append(*a, route.Arg{Name: name.(string), Value: value})
	}
	return nil
}

// number makes what the vectors mean: a 32-bit integer or a double.
func number(n json.Number) (any, error) {
	if strings.ContainsAny(n.String(), ".eE") {
		return n.Float64()
	}
	i, err := n.Int64()
	return int32(i), err
}

func (run Runner) url(r *vec.Report, group string, raw json.RawMessage) error {
	var item urlItem
	if err := strict(raw, &item); err != nil {
		return err
	}
	t, err := run.compiler(true).Compile(item.Template)
	if err == nil && len(item.Defaults) > 0 {
		t, err = t.WithDefaults(item.Defaults...)
	}
	if item.Error != nil {
		if err == nil {
			r.Fail(group, item.ID, "%q compiles, want %s", item.Template, show(item.Error))
			return nil
		}
		check(r, group, item.ID, item.Template, describe(err), item.Error)
		return nil
	}
	if beyondEngine(err) {
		r.Differs(group, item.ID, regexpBeyondRE2)
		return nil
	}
	if err != nil {
		r.Fail(group, item.ID, "%v", err)
		return nil
	}
	for _, c := range item.Cases {
		opts := route.ExpandOptions{
			Ambient: c.Ambient, Lowercase: item.Options.Lowercase,
			LowercaseQuery: item.Options.LowercaseQuery, TrailingSlash: item.Options.TrailingSlash,
		}
		what := fmt.Sprintf("%q of %s, ambient %s", item.Template, show(c.Values), show(c.Ambient))
		checkURL(r, group, item.ID, "url of "+what, t, c.Values, opts, c.URL)
		opts.Endpoint = true
		if item.LinkErr != nil {
			_, err := t.Expand(c.Values, &opts)
			check(r, group, item.ID, "link of "+what, describe(err), item.LinkErr)
			continue
		}
		link := c.URL
		if c.Link != nil {
			link = nil
			if err := json.Unmarshal(c.Link, &link); err != nil {
				return err
			}
		}
		checkURL(r, group, item.ID, "link of "+what, t, c.Values, opts, link)
	}
	return nil
}

func checkURL(r *vec.Report, group, id, what string, t *route.Template, values args, opts route.ExpandOptions, want *string) {
	got, err := t.Expand(values, &opts)
	var none *route.ExpandError
	switch {
	case err == nil:
		check(r, group, id, what, got, want)
	case errors.As(err, &none) && want == nil && none.Reason != route.BadValue:
		r.Pass(group)
	default:
		r.Fail(group, id, "%s: %v, want %s", what, err, show(want))
	}
}
