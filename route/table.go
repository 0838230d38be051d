package route

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Route is one entry of a [Table].
type Route[T any] struct {
	// Name tells the route from the others; names that are equal but for case
	// are an error. It orders the routes of a Compat table.
	Name string

	// Methods lists the methods the route takes, case ignored; nil and empty
	// stand for any. "*" stands for those that no other route which accepts the
	// path lists. In a Compat table an empty list that is not nil takes no
	// method, and "*" is a method like any other.
	Methods []string

	// Template says which paths the route accepts.
	Template *Template

	// Order comes before all else: of two routes that accept a request the one
	// with the lower number is chosen, however specific they are. A Compat table
	// ignores it.
	Order int

	// Value is what the route leads to.
	Value T
}

// TableOptions are the options of [NewTable]. Nil stands for the zero value.
type TableOptions struct {
	// Compat matches as the Functions host does: the routes are tried in order
	// of their names, ordinal and with case ignored, and the first that accepts
	// path and method is it, however unspecific. A method that does not fit is
	// no match, HEAD has to be listed like any other, and no two routes are in
	// conflict. An empty segment does not begin a catch-all, whatever the
	// templates were compiled with; in a table without Compat it does.
	Compat bool
}

// A Table finds among many routes the one for a method and a path. It is
// immutable and may be used by several goroutines at once; to change the routes,
// build another table and put it in the place of the old, for instance with an
// atomic.Pointer. The zero Table is empty.
//
// Of the routes that accept a request, [Table.Lookup] chooses the one with the
// lowest Order, then the most specific template (see [Precedence]), then one
// that lists methods over one that takes any. Neither names nor the order of
// registration matter: routes that would still be equal are refused by
// [NewTable].
//
// The cost of a lookup does not grow with the number of routes, and is linear in
// the bytes of the path: each beginning of a template that fits the path is looked
// at once, or twice where the first attempt cannot tell, and each looks at its own
// segment. Where texts and parameters stand side by side in many segments many
// beginnings may fit, but never more than there are in the table. A regular
// expression costs what its engine takes.
type Table[T any] struct {
	routes []Route[T] // best rank first
	tree   *tree
}

// NewTable makes a table of routes. The error joins all that is wrong with them:
//
//   - a [*RouteError] for a route without template, for a name that is taken, or
//     for more methods than a table can tell apart (53 beside the nine of HTTP),
//   - a [*ConflictError] for each two routes of one rank that share a method and
//     may accept the same path. Constraints that are known to exclude each other
//     settle that; regular expressions and constraints of one's own never do. At
//     most 1,000 conflicts are listed.
//
// The time is linear in the routes, but for those of one rank whose texts are the
// same: these are compared in pairs.
func NewTable[T any](routes []Route[T], opts *TableOptions) (*Table[T], error) {
	if opts == nil {
		opts = &TableOptions{}
	}
	t := &Table[T]{
		routes: slices.Clone(routes),
		tree:   &tree{relaxed: !opts.Compat, methods: methodSet{compat: opts.Compat}},
	}
	entries, errs := t.entries()
	if opts.Compat {
		slices.SortStableFunc(entries, func(a, b entry) int { return compareFold(a.name, b.name) })
	} else {
		slices.SortStableFunc(entries, entry.compare)
		errs = append(errs, conflicts(entries)...)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	ranked := make([]Route[T], len(entries))
	for rank, e := range entries {
		ranked[rank] = t.routes[e.index]
		ranked[rank].Methods = slices.Clone(ranked[rank].Methods)
	}
	t.routes = ranked
	t.tree.grow(entries)
	return t, nil
}

// An entry is what the tree needs to know of a route.
type entry struct {
	index      int // in the order of registration
	name       string
	template   *Template
	methods    uint64
	listed     []string // the methods as spelled
	order      int
	precedence Precedence
}

// entries checks the routes one by one.
func (t *Table[T]) entries() (entries []entry, errs []error) {
	names := make(map[string]string, len(t.routes))
	for i := range t.routes {
		r := &t.routes[i]
		fail := func(reason string, args ...any) {
			errs = append(errs, &RouteError{Name: r.Name, Err: fmt.Errorf(reason, args...)})
		}
		key := foldKey(r.Name)
		if first, taken := names[key]; taken {
			fail("%w by %q", ErrNameTaken, first)
		} else {
			names[key] = r.Name
		}
		if r.Template == nil {
			fail("no template")
			continue
		}
		methods, ok := t.tree.methods.add(r.Methods)
		if !ok {
			fail("%w: one of %q is one too many", ErrTooManyMethods, r.Methods)
			continue
		}
		entries = append(entries, entry{
			index: i, name: r.Name, template: r.Template, methods: methods, listed: r.Methods,
			order: r.Order, precedence: r.Template.Precedence(),
		})
	}
	return entries, errs
}

// restricted reports whether the route lists methods.
func (e entry) restricted() bool { return e.methods != methodAny }

// compareRank compares all that makes one route better than another.
func (e entry) compareRank(other entry) int {
	restricted := 0
	if e.restricted() != other.restricted() {
		restricted = 1
		if e.restricted() {
			restricted = -1
		}
	}
	return cmp.Or(
		cmp.Compare(e.order, other.order),
		e.precedence.Compare(other.precedence),
		restricted,
	)
}

// compare makes the order of the listing total.
func (e entry) compare(other entry) int {
	return cmp.Or(
		e.compareRank(other),
		strings.Compare(e.template.text, other.template.text),
		compareFold(e.name, other.name),
	)
}

// Len returns the number of routes.
func (t *Table[T]) Len() int { return len(t.routes) }

// Routes returns the routes, the ones that are preferred first: in a Compat
// table in the order of their names, else by Order, specificity and whether they
// list methods.
func (t *Table[T]) Routes() []Route[T] { return slices.Clone(t.routes) }

// A Match is the answer of [Table.Lookup]. It is a value of its own: it holds no
// memory that is used again, and copies are as good as the original.
type Match[T any] struct {
	Value T // of the route

	route  *Route[T]
	why    *refusal
	ascii  bool
	values Values
}

// Lookup finds the route for a request. The path is one that [DecodePath] made:
// it begins with a slash, or is empty.
//
// A HEAD request goes where a GET would, unless a route that accepts the path
// lists HEAD; a Compat table takes HEAD as a method like any other.
//
// Lookup does not allocate for templates of up to eight parameters and paths of
// less than 64 KiB.
func (t *Table[T]) Lookup(method, path string) (m Match[T]) {
	if t.tree == nil {
		return m
	}
	found, starts, seen, why := t.tree.lookup(method, path)
	m.ascii = seen&highs == 0
	if found == nil {
		m.why = why
		return m
	}
	m.values.template = found.template
	m.values.path = path
	m.values.starts = starts
	m.route = &t.routes[found.rank]
	m.Value = m.route.Value
	return m
}

// Find is [Table.Lookup] for callers who count nanoseconds: what it returns travels
// in registers, for which a [Match] is too large. The route is nil if none was
// found, and then the refusal says why; ascii is what [Match.ASCII] returns.
func (t *Table[T]) Find(method, path string) (r *Route[T], v Values, ascii bool, why Refusal) {
	if t.tree == nil {
		return nil, v, false, why
	}
	found, starts, seen, refused := t.tree.lookup(method, path)
	if found == nil {
		return nil, v, seen&highs == 0, Refusal{refused}
	}
	return &t.routes[found.rank], Values{found.template, path, starts}, seen&highs == 0, why
}

// Found reports whether there is a route for the request.
func (m *Match[T]) Found() bool { return m.route != nil }

// Route returns the route that was found, or nil. It belongs to the table and
// must not be changed.
func (m *Match[T]) Route() *Route[T] { return m.route }

// Values returns what the route's template took from the path.
func (m *Match[T]) Values() Values { return m.values }

// ASCII reports whether the lookup happened to see that characters beyond ASCII
// play no part in its answer: the values have none, or no route of the table cares.
// It costs nothing, and false tells nothing: it is for callers who have to look
// closer otherwise.
func (m *Match[T]) ASCII() bool { return m.ascii }

// Methods returns the methods that the path would take; see [Refusal.Methods].
func (m *Match[T]) Methods() []string { return Refusal{m.why}.Methods() }

// Allow returns the methods of [Match.Methods] as the value of an Allow header.
func (m *Match[T]) Allow() string { return Refusal{m.why}.Allow() }

// Err is not nil if the route that comes first could not decide whether it
// accepts the path: a [*UndecidedError]. Then no route is found.
func (m *Match[T]) Err() error { return Refusal{m.why}.Err() }
