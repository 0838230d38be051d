package routevec

import (
	"encoding/json"
	"fmt"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
)

type foldItem struct {
	Table string   `json:"table"`
	Class []string `json:"class"`
}

// fold checks that the chars of a class are equal to each other, and that the
// first is not equal to the chars beside it that are not in the class.
func (run Runner) fold(r *vec.Report, group string, raw json.RawMessage) error {
	var item foldItem
	if err := strict(raw, &item); err != nil {
		return err
	}
	equal, err := run.equality(item.Table, item.Class[0])
	if err != nil {
		return err
	}
	id := fmt.Sprintf("%s %q", item.Table, item.Class)
	in := map[string]bool{}
	for _, c := range item.Class {
		in[c] = true
	}
	for _, c := range item.Class {
		check(r, group, id, "equal to "+c, equal(c), true)
		code := []rune(c)[0]
		for _, other := range []rune{code - 1, code + 1} {
			if s := string(other); !in[s] && other != '/' && other != '\uFFFD' {
				check(r, group, id, fmt.Sprintf("equal to %q", s), equal(s), false)
			}
		}
	}
	return nil
}

// equality returns how the library compares with char, by the rules of a table.
func (run Runner) equality(table, char string) (func(string) bool, error) {
	switch table {
	case "ordinal":
		t, err := run.compiler(true).Compile(char)
		if err != nil {
			return nil, err
		}
		return func(s string) bool {
			_, ok := t.Match("/" + s)
			return ok
		}, nil
	case "regex":
		c, err := run.compiler(true).Constraint("regex(^" + char + "$)")
		if err != nil {
			return nil, err
		}
		return func(s string) bool {
			ok, err := c.Check(s)
			return ok && err == nil
		}, nil
	}
	return nil, fmt.Errorf("unknown table %q", table)
}
