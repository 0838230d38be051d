package route

// lookup finds the best route and completes its values. It returns its rank, or
// noRoute. Then allow has the methods of the routes that accept the path with
// another method. An error stands for a route that could not decide.
func (t *tree) lookup(method, path string, v *Values, allow *uint64, err **UndecidedError) int32 {
	if path != "" && path[0] != '/' {
		return noRoute
	}
	s := search{relaxed: t.relaxed, best: noRoute}
	v.path = path
	bit := t.methods.bit(method)
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
	if s.best == noRoute {
		if !t.methods.compat {
			*allow = s.allow
		}
		*v = Values{}
		return noRoute
	}
	if s.err != nil {
		*err = s.err
		*v = Values{}
		return s.best
	}
	v.template = t.templates[s.best]
	if s.again {
		*v = Values{template: v.template, path: path}
		v.template.split(path, !t.relaxed, v)
		return s.best
	}
	for i := s.filled; i < len(v.template.params); i++ {
		v.clear(i)
	}
	return s.best
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
	t.templates = make([]*Template, len(entries))
	for rank, e := range entries {
		t.templates[rank] = e.template
		root.add(e.template, e.methods, int32(rank), t.methods.compat)
	}
	f := forest{nodes: make([]node, 0, root.count())}
	f.fill(&t.root, root)
}
