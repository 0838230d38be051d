package route

import (
	"slices"
	"strings"
)

// A Refusal says why no route was found. The zero Refusal is that of a path that
// fits no route.
type Refusal struct{ why *refusal }

// Methods returns the methods that the path would take, if that is why no route
// was found: the methods of exactly those routes that accept the path, their
// constraints included. They are sorted, HEAD stands beside GET, and the nine of
// HTTP are in upper case; others are spelled as the first route that lists them
// spells them. It is nil if the path fits no route, if one was found, and in a
// Compat table.
func (r Refusal) Methods() []string {
	if r.why == nil {
		return nil
	}
	return slices.Clone(r.why.allow)
}

// Allow returns the methods of [Refusal.Methods] as the value of an Allow header.
func (r Refusal) Allow() string {
	if r.why == nil {
		return ""
	}
	return r.why.header
}

// Err is not nil if the route that comes first could not decide whether it
// accepts the path: a [*UndecidedError].
func (r Refusal) Err() error {
	if r.why == nil || r.why.err == nil {
		return nil
	}
	return r.why.err
}

// A refusal says why a path that fits a route leads nowhere. It is made with the
// table wherever that is possible.
type refusal struct {
	allow  []string
	header string // allow, joined
	err    *UndecidedError
}

// lookup finds the best route, and where the values of its first parameters
// begin; see [Values]. Values are ASCII if no byte of seen is more than that. It
// returns nil, and perhaps why, if there is no route.
func (t *tree) lookup(method, path string) (found *end, starts, seen uint64, why *refusal) {
	bit := knownMethod(method)
	if bit == 0 {
		bit = t.methods.bit(method)
	}
	methods := bit | methodAny
	if t.special {
		methods = t.wanted(bit, path)
	} else if bit == methodHead && !t.methods.compat {
		methods = methodGet | methodAny
	}
	found, starts, seen, allow, sure := t.dive(methods, path)
	switch {
	case !sure:
		return t.search(methods, path)
	case found != nil:
		return found, starts, seen, nil
	case !t.plain:
		seen = highs
	}
	return nil, 0, seen, t.why(nil, allow)
}

// search is lookup where a dive does not do.
func (t *tree) search(methods uint64, path string) (found *end, starts, seen uint64, why *refusal) {
	if path != "" && path[0] != '/' {
		return nil, 0, highs, nil
	}
	var c captures
	s := search{relaxed: t.relaxed, best: noRoute, methods: methods}
	s.walk(&c, path, &t.root, 1, 0)
	if s.found == nil || s.err != nil {
		return nil, 0, highs, t.why(s.err, s.allow)
	}
	if s.again {
		c = captures{}
		s.found.template.split(path, !t.relaxed, &c)
	} else {
		for i := int(s.filled); i < len(s.found.template.params); i++ {
			c.clear(i)
		}
	}
	return s.found, c.pack(path), highs, nil
}

// why returns the reason for a lookup that found nothing, nil if no route fits
// the path.
func (t *tree) why(err *UndecidedError, allow uint64) *refusal {
	switch {
	case err != nil:
		return &refusal{err: err}
	case allow == 0 || t.methods.compat:
		return nil
	}
	if made := t.refusals[allow]; made != nil {
		return made
	}
	return t.methods.refusal(allow)
}

// refusal returns the answer to other methods than the ones of bits.
func (s *methodSet) refusal(bits uint64) *refusal {
	names := s.names(bits)
	return &refusal{allow: names, header: strings.Join(names, ", ")}
}

// wanted returns the methods a route may have for a request whose own is bit, in
// a table that lists HEAD or "*". It depends on what the routes that accept the
// path list.
func (t *tree) wanted(bit uint64, path string) uint64 {
	if t.lists(bit, path) {
		return bit | methodAny
	}
	if bit == methodHead && t.lists(methodGet, path) {
		return methodGet | methodAny
	}
	return methodStar | methodAny
}

// lists reports whether a route that accepts the path lists one of the methods.
func (t *tree) lists(methods uint64, path string) bool {
	if methods&t.methods.listed == 0 {
		return false
	}
	var v captures
	s := search{methods: methods, relaxed: t.relaxed, best: noRoute}
	return s.walk(&v, path, &t.root, 1, 0)
}

// grow builds the tree of the entries, the best of which comes first.
func (t *tree) grow(entries []entry) {
	root := newSprout()
	t.plain = true
	for rank, e := range entries {
		root.add(e.template, e.methods, int32(rank), t.methods.compat)
		t.plain = t.plain && e.template.plain()
	}
	t.special = !t.methods.compat && t.methods.listed&(methodHead|methodStar) != 0
	f := forest{nodes: make([]node, 0, root.count())}
	f.fill(&t.root, root)
	t.refusals = make(map[uint64]*refusal)
	root.eachEnds(func(routes []end) {
		var all ends
		all.set(routes)
		if t.refusals[all.methods] == nil {
			t.refusals[all.methods] = t.methods.refusal(all.methods)
		}
	})
}

// plain reports whether the template accepts a path whatever bytes stand for the
// characters beyond ASCII in it, as they are or encoded.
func (t *Template) plain() bool {
	for i := range t.params {
		if len(t.params[i].constraints) > 0 {
			return false
		}
	}
	for i := range t.segments {
		if text, ok := t.segments[i].literal(); t.segments[i].complex() || ok && strings.IndexByte(text, '%') >= 0 {
			return false
		}
	}
	return true
}
