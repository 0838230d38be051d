package routevec

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/route"
)

type decodeItem struct {
	ID        string          `json:"id"`
	Group     string          `json:"group"`
	Method    string          `json:"method"`
	Host      string          `json:"host"`
	Target    string          `json:"target"`
	Status    int             `json:"status"`
	Path      *string         `json:"path"`
	Query     string          `json:"query"`
	Component json.RawMessage `json:"component"`
}

func (run Runner) decode(r *vec.Report, group string, raw json.RawMessage) error {
	item := decodeItem{Method: "GET", Host: "localhost"}
	if err := strict(raw, &item); err != nil {
		return err
	}
	path, query, err := route.ParseTarget(item.Method, item.Host, item.Target)
	status := 200
	var refused *route.TargetError
	if errors.As(err, &refused) {
		status = refused.StatusCode()
	}
	check(r, group, item.ID, "status of "+item.Target, status, item.Status)
	if item.Status == 200 {
		want := ""
		if item.Path != nil {
			want = *item.Path
		}
		check(r, group, item.ID, "path of "+item.Target, path, want)
		check(r, group, item.ID, "query of "+item.Target, query, item.Query)
	}
	if !strings.HasPrefix(item.Target, "/") {
		return nil
	}
	got := route.DecodePath(rawPath(item.Target))
	if outcomeError(item.Component) != "" {
		// The library leaves a null character encoded, for its caller to refuse.
		check(r, group, item.ID, "null characters", strings.Contains(got, "%00"), true)
		return nil
	}
	want := item.Path
	if item.Component != nil {
		if err := json.Unmarshal(item.Component, &want); err != nil {
			return err
		}
	}
	if want != nil {
		check(r, group, item.ID, "component of "+item.Target, got, *want)
	}
	return nil
}
