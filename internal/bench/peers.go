package bench

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/aerogo/aero"
	"github.com/go-chi/chi/v5"
	"github.com/go-openapi/runtime/middleware/denco"
	"github.com/julienschmidt/httprouter"
	"github.com/uptrace/bunrouter"

	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/route/httproute"
)

// A Use is what a handler does with the values of its path.
type Use int

// What handlers do.
const (
	Ignore Use = iota // nothing
	Read              // read each by its name
	Check             // check them by hand against the constraints of the route and read them
)

// Sink takes what handlers read, so that it has to be read.
var Sink int

// user returns a function that does with values what use says; get reads one.
func user(r Route, use Use) func(get func(name string) string) {
	names := r.Params()
	checks := make([]func(string) bool, len(names))
	for i, name := range names {
		checks[i] = checkByHand(r.Constraint(name))
	}
	return func(get func(string) string) {
		if use == Ignore {
			return
		}
		for i, name := range names {
			value := get(name)
			if use == Check && !checks[i](value) {
				panic(fmt.Sprintf("%s: %q does not meet its constraint", r.Template, value))
			}
			Sink += len(value)
		}
	}
}

// checkByHand is what one writes in a handler where the router has no
// constraints.
func checkByHand(constraint string) func(string) bool {
	switch constraint {
	case "int":
		return func(s string) bool {
			_, err := strconv.ParseInt(s, 10, 32)
			return err == nil
		}
	case "alpha":
		return func(s string) bool {
			for i := range len(s) {
				if c := s[i] | 0x20; c < 'a' || c > 'z' {
					return false
				}
			}
			return s != ""
		}
	case "guid":
		return func(s string) bool {
			if len(s) != 36 {
				return false
			}
			for i := range len(s) {
				c := s[i]
				if i == 8 || i == 13 || i == 18 || i == 23 {
					if c != '-' {
						return false
					}
				} else if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
					return false
				}
			}
			return true
		}
	}
	return func(string) bool { return true }
}

// A Peer builds a router with routes whose handlers use the values.
type Peer struct {
	Name  string
	Build func(routes []Route, use Use) http.Handler
}

// Ours are the two ways to use the library: Native has a Serve function that is
// handed the values, Plain an http.Handler that asks for them.
var (
	Native = Peer{"native", func(routes []Route, use Use) http.Handler { return ours(routes, use, true) }}
	Plain  = Peer{"plain", func(routes []Route, use Use) http.Handler { return ours(routes, use, false) }}
)

func ours(routes []Route, use Use, native bool) http.Handler {
	config := httproute.Config{Routes: make([]httproute.Route, len(routes))}
	for i, r := range routes {
		e := httproute.Route{
			Name: r.Method + " " + r.Template, Methods: []string{r.Method}, Template: route.MustCompile(r.Template),
		}
		names := r.Params()
		switch {
		case native && use == Ignore:
			e.Serve = func(http.ResponseWriter, *http.Request, route.Values) {}
		case native:
			e.Serve = func(_ http.ResponseWriter, _ *http.Request, v route.Values) {
				for _, name := range names {
					Sink += len(v.Get(name))
				}
			}
		default:
			e.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if use == Ignore {
					return
				}
				for _, name := range names {
					Sink += len(httproute.Value(r, name))
				}
			})
		}
		config.Routes[i] = e
	}
	mux, err := httproute.New(config)
	if err != nil {
		panic(err)
	}
	return mux
}

// Httprouter is github.com/julienschmidt/httprouter.
var Httprouter = Peer{"httprouter", func(routes []Route, use Use) http.Handler {
	r := httprouter.New()
	r.NotFound = http.HandlerFunc(notFound)
	r.RedirectTrailingSlash = false
	r.RedirectFixedPath = false
	for _, x := range routes {
		do := user(x, use)
		names := x.Params()
		switch use {
		case Ignore:
			r.Handle(x.Method, x.Colon(), func(http.ResponseWriter, *http.Request, httprouter.Params) {})
		case Read:
			r.Handle(x.Method, x.Colon(), func(_ http.ResponseWriter, _ *http.Request, p httprouter.Params) {
				for _, name := range names {
					Sink += len(p.ByName(name))
				}
			})
		default:
			r.Handle(x.Method, x.Colon(), func(_ http.ResponseWriter, _ *http.Request, p httprouter.Params) { do(p.ByName) })
		}
	}
	return r
}}

func notFound(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }

// Aero is github.com/aerogo/aero.
var Aero = Peer{"aero", func(routes []Route, use Use) http.Handler {
	app := aero.New()
	for _, x := range routes {
		names := x.Params()
		app.Router().Add(x.Method, x.Colon(), func(c aero.Context) error {
			if use == Ignore {
				return nil
			}
			for _, name := range names {
				Sink += len(c.Get(name))
			}
			return nil
		})
	}
	return app
}}

// Denco is the copy of github.com/naoina/denco in go-openapi/runtime.
var Denco = Peer{"denco", func(routes []Route, use Use) http.Handler {
	denco.NotFound = func(w http.ResponseWriter, _ *http.Request, _ denco.Params) { w.WriteHeader(http.StatusNotFound) }
	mux := denco.NewMux()
	var handlers []denco.Handler
	for _, x := range routes {
		do := user(x, use)
		handlers = append(handlers, mux.Handler(x.Method, x.Colon(), func(_ http.ResponseWriter, _ *http.Request, p denco.Params) { do(p.Get) }))
	}
	h, err := mux.Build(handlers)
	if err != nil {
		panic(err)
	}
	return h
}}

// Bunrouter is github.com/uptrace/bunrouter.
var Bunrouter = Peer{"bunrouter", func(routes []Route, use Use) http.Handler {
	r := bunrouter.New(bunrouter.WithNotFoundHandler(func(w http.ResponseWriter, _ bunrouter.Request) error {
		w.WriteHeader(http.StatusNotFound)
		return nil
	}))
	for _, x := range routes {
		do := user(x, use)
		r.Handle(x.Method, x.Colon(), func(_ http.ResponseWriter, q bunrouter.Request) error {
			do(q.Param)
			return nil
		})
	}
	return r
}}

// Chi is github.com/go-chi/chi.
var Chi = Peer{"chi", func(routes []Route, use Use) http.Handler {
	r := chi.NewRouter()
	r.NotFound(notFound)
	for _, x := range routes {
		do := user(x, use)
		r.MethodFunc(x.Method, x.Braces(), func(_ http.ResponseWriter, q *http.Request) {
			do(func(name string) string { return chi.URLParam(q, name) })
		})
	}
	return r
}}

// ServeMux is that of net/http.
var ServeMux = Peer{"servemux", func(routes []Route, use Use) http.Handler {
	m := http.NewServeMux()
	for _, x := range routes {
		do := user(x, use)
		pattern := x.Braces()
		if strings.HasSuffix(pattern, "/") {
			pattern += "{$}"
		}
		m.HandleFunc(x.Method+" "+pattern, func(_ http.ResponseWriter, q *http.Request) { do(q.PathValue) })
	}
	return m
}}

// Bare has no router: what the measuring itself costs.
var Bare = Peer{"bare", func([]Route, Use) http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
}}

// Peers are all of them, ours first.
var Peers = []Peer{Native, Plain, Httprouter, Aero, Denco, Bunrouter, Chi, ServeMux, Bare}
