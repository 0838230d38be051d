package route

import "strings"

// A refusal says why a path that fits a route leads nowhere. It is made with the
// table wherever that is possible.
type refusal struct {
	allow  []string
	header string // allow, joined
	err    *UndecidedError
}

// lookup finds the best route and completes its values. It returns its rank, or
// noRoute and perhaps why.
func (t *tree) lookup(method, path string, v *Values) (rank int32, why *refusal) {
	if path != "" && path[0] != '/' {
		return noRoute, nil
	}
	s := search{relaxed: t.relaxed, best: noRoute}
	bit := knownMethod(method)
	if bit == 0 {
		bit = t.methods.bit(method)
	}
	switch {
	case t.methods.compat:
		s.methods = bit | methodAny
	case t.methods.listed&(methodHead|methodStar) != 0:
		s.methods = t.wanted(bit, path)
	case bit == methodHead:
		s.methods = methodGet | methodAny
	default:
		s.methods = bit | methodAny
	}
	s.walk(v, path, &t.root, 1, 0)
	if s.best == noRoute || s.err != nil {
		*v = Values{}
		return noRoute, t.why(&s)
	}
	v.template, v.path = s.found.template, path
	if s.again {
		*v = Values{template: v.template, path: path}
		v.template.split(path, !t.relaxed, v)
		return s.best, nil
	}
	for i := s.filled; i < s.found.params; i++ {
		v.clear(int(i))
	}
	return s.best, nil
}

// why returns the reason for a search that found nothing, nil if no route fits
// the path.
func (t *tree) why(s *search) *refusal {
	switch {
	case s.err != nil:
		return &refusal{err: s.err}
	case s.allow == 0 || t.methods.compat:
		return nil
	}
	if made := t.refusals[s.allow]; made != nil {
		return made
	}
	return t.methods.refusal(s.allow)
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
	var v Values
	s := search{methods: methods, relaxed: t.relaxed, best: noRoute}
	return s.walk(&v, path, &t.root, 1, 0)
}

// grow builds the tree of the entries, the best of which comes first.
func (t *tree) grow(entries []entry) {
	root := newSprout()
	for rank, e := range entries {
		root.add(e.template, e.methods, int32(rank), t.methods.compat)
	}
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
