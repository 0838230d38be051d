package httproute

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/httptrigger/httptrigger/route"
)

// A Route is one entry of a [Mux]. It has a Handler or a Serve function.
type Route struct {
	// Name tells the route from the others, case ignored.
	Name string

	// Methods, Template and Order are those of [route.Route].
	Methods  []string
	Template *route.Template
	Order    int

	// Handler serves the requests of the route.
	Handler http.Handler

	// Serve serves them with the values of the path at hand.
	Serve func(w http.ResponseWriter, r *http.Request, v route.Values)
}

// Config is what [New] makes a [Mux] of.
type Config struct {
	// Routes are what the Mux chooses among; their order does not matter.
	Routes []Route

	// Compat matches as the Functions host does; see [route.TableOptions].
	Compat bool

	// PathValues makes the values known to r.PathValue.
	PathValues bool

	// NotFound answers requests that fit no route; nil answers 404 with an
	// empty body.
	NotFound http.Handler
}

// A Mux is an http.Handler that finds the route of a request. It is immutable.
// The zero Mux has no routes.
type Mux struct {
	table      route.Table[endpoint]
	pathValues bool
	notFound   http.Handler
}

// An endpoint is what a route leads to.
type endpoint struct {
	pattern string
	handler http.Handler
	serve   func(http.ResponseWriter, *http.Request, route.Values)
}

// New makes a Mux. The error joins all that is wrong with the routes; see
// [route.NewTable].
func New(config Config) (*Mux, error) {
	var errs []error
	routes := make([]route.Route[endpoint], len(config.Routes))
	for i, r := range config.Routes {
		if (r.Handler == nil) == (r.Serve == nil) {
			errs = append(errs, &route.RouteError{Name: r.Name, Err: fmt.Errorf("%w", errHandlers)})
		}
		routes[i] = route.Route[endpoint]{
			Name: r.Name, Methods: r.Methods, Template: r.Template, Order: r.Order,
			Value: endpoint{pattern: pattern(r.Template), handler: r.Handler, serve: r.Serve},
		}
	}
	table, err := route.NewTable(routes, &route.TableOptions{Compat: config.Compat})
	if err = errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return &Mux{table: *table, pathValues: config.PathValues, notFound: config.NotFound}, nil
}

var errHandlers = errors.New("want either a Handler or a Serve function")

// pattern is what r.Pattern is set to.
func pattern(t *route.Template) string {
	if t == nil {
		return ""
	}
	text := t.String()
	return "/" + strings.TrimPrefix(strings.TrimPrefix(text, "~"), "/")
}

// Routes returns the routes, the preferred ones first.
func (m *Mux) Routes() []Route {
	listed := m.table.Routes()
	routes := make([]Route, len(listed))
	for i, r := range listed {
		routes[i] = Route{
			Name: r.Name, Methods: slices.Clone(r.Methods), Template: r.Template, Order: r.Order,
			Handler: r.Value.handler, Serve: r.Value.serve,
		}
	}
	return routes
}

// ServeHTTP calls the handler of the route that fits the request best.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, values, ascii, why := m.table.Find(r.Method, r.URL.Path)
	if (r.URL.RawPath != "" || !ascii) && lossy(r) {
		found, values, _, why = m.table.Find(r.Method, Path(r))
	}
	if found == nil {
		m.refuse(w, r, why)
		return
	}
	e := &found.Value
	r.Pattern = e.pattern
	if m.pathValues {
		setPathValues(r, values)
	}
	if e.serve != nil {
		e.serve(w, r, values)
		return
	}
	e.handler.ServeHTTP(w, r)
}

func setPathValues(r *http.Request, v route.Values) {
	for name, value := range v.All() {
		r.SetPathValue(name, value)
	}
}

func (m *Mux) refuse(w http.ResponseWriter, r *http.Request, why route.Refusal) {
	err, allow := why.Err(), why.Allow()
	status := http.StatusNotFound
	switch {
	case err != nil:
		status = http.StatusInternalServerError
	case allow != "":
		w.Header()["Allow"] = []string{allow}
		status = http.StatusMethodNotAllowed
	case m.notFound != nil:
		m.notFound.ServeHTTP(w, r)
		return
	}
	w.WriteHeader(status)
}

// Path returns the path of a request as templates match it: decoded once, with
// encoded slashes left as "%2F", and so with a sequence that is no UTF-8.
func Path(r *http.Request) string {
	if lossy(r) {
		return route.DecodePath(r.URL.EscapedPath())
	}
	return r.URL.Path
}

// lossy reports whether r.URL.Path may have lost what templates tell apart: there
// an encoded slash is a slash, and a sequence that is no UTF-8 is bytes that are
// none.
func lossy(r *http.Request) bool {
	return r.URL.RawPath != "" || !utf8.ValidString(r.URL.Path)
}

// Value returns the value that the template in r.Pattern takes from the path, or
// "" if there is none; see [route.Cut].
func Value(r *http.Request, name string) string {
	if r.URL.RawPath == "" {
		if value, _, ascii := route.Cut(r.Pattern, r.URL.Path, name); ascii || utf8.ValidString(value) {
			return value
		}
	}
	value, _, _ := route.Cut(r.Pattern, Path(r), name)
	return value
}

// Lookup is like [Value] and reports whether there is a value: an optional
// parameter that the path left out has none.
func Lookup(r *http.Request, name string) (value string, ok bool) {
	if r.URL.RawPath == "" {
		if value, ok, ascii := route.Cut(r.Pattern, r.URL.Path, name); ascii || utf8.ValidString(value) {
			return value, ok
		}
	}
	value, ok, _ = route.Cut(r.Pattern, Path(r), name)
	return value, ok
}
