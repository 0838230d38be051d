package route

import (
	"cmp"
	"errors"
)

// ErrNoURL says that no route of a table makes a URL of the values.
var ErrNoURL = errors.New("route: no route makes a URL of these values")

// Expand makes a URL of the route called name, case ignored, like
// [Template.Expand]; the error is a [*RouteError] if there is no such route.
//
// With the name empty it asks all routes and takes the URL of the best that makes
// one: in a Compat table the first in the order of names, else the one with the
// lowest Order, then the one that is the most specific for making a URL (see
// [Template.OutboundPrecedence]), then the first in the order of [Table.Routes].
// The error is [ErrNoURL] if none does.
func (t *Table[T]) Expand(name string, values []Arg, opts *ExpandOptions) (string, error) {
	if name != "" {
		for i := range t.routes {
			if equalFold(t.routes[i].Name, name) {
				return t.routes[i].Template.Expand(values, opts)
			}
		}
		return "", &RouteError{Name: name, Err: errors.New("no such route")}
	}
	best, url := -1, ""
	for i := range t.routes {
		if best >= 0 && !t.expandsBefore(i, best) {
			continue
		}
		if made, err := t.routes[i].Template.Expand(values, opts); err == nil {
			best, url = i, made
		}
	}
	if best < 0 {
		return "", ErrNoURL
	}
	return url, nil
}

// expandsBefore reports whether route i goes before route j, which comes before
// it in the listing.
func (t *Table[T]) expandsBefore(i, j int) bool {
	a, b := &t.routes[i], &t.routes[j]
	return !t.tree.methods.compat && cmp.Or(
		cmp.Compare(a.Order, b.Order),
		b.Template.OutboundPrecedence().Compare(a.Template.OutboundPrecedence()),
	) < 0
}
