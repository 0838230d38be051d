package routevec

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/route/invariant"
)

type constraintItem struct {
	ID         string               `json:"id"`
	Constraint string               `json:"constraint"`
	Error      *ruleError           `json:"error"`
	Checks     [][2]json.RawMessage `json:"checks"`
	Missing    json.RawMessage      `json:"missing"`
	Null       json.RawMessage      `json:"null"`
}

func (run Runner) constraint(r *vec.Report, group string, raw json.RawMessage) error {
	var item constraintItem
	if err := strict(raw, &item); err != nil {
		return err
	}
	c, err := run.compiler(true).Constraint(item.Constraint)
	if item.Error != nil {
		if err == nil {
			r.Fail(group, item.ID, "%q is accepted, want %s", item.Constraint, show(item.Error))
			return nil
		}
		check(r, group, item.ID, item.Constraint, describe(err), item.Error)
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
	for _, pair := range item.Checks {
		var value string
		if err := json.Unmarshal(pair[0], &value); err != nil {
			return err
		}
		ok, err := c.Check(value)
		check(r, group, item.ID, fmt.Sprintf("%s on %q", item.Constraint, value), verdict(ok, err), pair[1])
	}
	for _, want := range []json.RawMessage{item.Missing, item.Null} {
		if want != nil {
			check(r, group, item.ID, item.Constraint+" without a value", c.AcceptsMissing(), want)
		}
	}
	return nil
}

func verdict(ok bool, err error) any {
	if err != nil {
		return describe(err).Rule
	}
	return ok
}

type bindingItem struct {
	ID     string              `json:"id"`
	Type   string              `json:"type"`
	Checks [][]json.RawMessage `json:"checks"`
	Now    string              `json:"now"`
}

func (run Runner) binding(r *vec.Report, group string, raw json.RawMessage) error {
	var item bindingItem
	if err := strict(raw, &item); err != nil {
		return err
	}
	now := time.Unix(0, 0).UTC()
	if item.Now != "" {
		var err error
		if now, err = time.Parse("2006-01-02T15:04:05.9999999Z07:00", item.Now); err != nil {
			if now, err = time.Parse("2006-01-02T15:04:05.9999999", item.Now); err != nil {
				return err
			}
		}
	}
	for _, c := range item.Checks {
		if len(c) < 2 || len(c) > 3 {
			return fmt.Errorf("a check of %d members", len(c))
		}
		var text string
		var want *string
		if err := json.Unmarshal(c[0], &text); err != nil {
			return err
		}
		if err := json.Unmarshal(c[1], &want); err != nil {
			return err
		}
		third := ""
		if len(c) == 3 {
			if err := json.Unmarshal(c[2], &third); err != nil {
				return err
			}
		}
		got, err := convert(item.Type, text, now)
		what := fmt.Sprintf("%s of %q", item.Type, text)
		switch {
		case err != nil && want == nil:
			check(r, group, item.ID, what, fault(err), third)
		case err != nil:
			r.Fail(group, item.ID, "%s: %v, want %q", what, err, *want)
		default:
			check(r, group, item.ID, what, got, want)
		}
	}
	return nil
}

func fault(err error) string {
	switch err {
	case invariant.ErrFormat:
		return "format"
	case invariant.ErrRange:
		return "overflow"
	}
	return err.Error()
}

// convert reads text as a value of the type and prints that the way the vectors
// do.
func convert(typ, text string, now time.Time) (string, error) {
	switch typ {
	case "int8", "int16", "int32", "int64":
		bits, _ := strconv.Atoi(typ[3:])
		n, err := invariant.Int(text, bits)
		return strconv.FormatInt(n, 10), err
	case "uint8", "uint16", "uint32", "uint64":
		bits, _ := strconv.Atoi(typ[4:])
		n, err := invariant.Uint(text, bits)
		return strconv.FormatUint(n, 10), err
	case "float32", "float64":
		bits, _ := strconv.Atoi(typ[5:])
		f, err := invariant.Float(text, bits)
		return strconv.FormatFloat(f, 'e', -1, bits), err
	case "bool":
		b, err := invariant.Bool(text)
		return strconv.FormatBool(b), err
	case "decimal":
		d, err := invariant.ParseDecimal(text)
		return d.String(), err
	case "guid":
		g, err := invariant.ParseGUID(text)
		return g.String(), err
	case "char":
		c, err := invariant.Char(text)
		return string(c), err
	case "string":
		return text, nil
	case "datetime":
		t, zoned, err := invariant.ParseDateTime(text, now)
		layout := "2006-01-02T15:04:05.0000000"
		if zoned {
			layout += "-07:00"
		}
		return t.Format(layout), err
	}
	return "", fmt.Errorf("unknown type %q", typ)
}
