package route

// A search is one walk that looks at all that may be better than what it has
// found. It holds neither the path nor the values, so that the compiler sees that
// the values do not escape.
type search struct {
	tree    *tree
	methods uint64          // the wanted ones
	best    int32           // rank of the best route so far
	filled  int32           // how many parameters of that route the walk has set
	found   *end            // the route
	again   bool            // the values have been overwritten since
	err     *UndecidedError // of the best route
	pending *UndecidedError // on the way to the present node
	allow   uint64          // the methods of routes that accept the path with another one
}

// walk goes on from position pos, where the node called id is and k parameters
// have their values. It reports whether it found a better route than before.
func (s *search) walk(v *captures, path string, id int32, pos, k int) bool {
	found := false
	for pos < len(path) {
		n := &s.tree.nodes[id]
		w := load(path, pos)
		if c := s.tree.chosen(s.tree.choice(n, w, path, pos), path, pos); c != 0 {
			next := pos + int(s.tree.nodes[c].advance)
			if n.marks&beside == 0 {
				id, pos = c, next
				continue
			}
			if s.mayGain(c) && s.walk(v, path, c, next, k) {
				if n.marks&unsorted == 0 {
					return true
				}
				found, s.again = true, true
			}
		}
		if n.marks&further != 0 {
			return s.walkMore(v, path, id, w, pos, k) || found
		}
		if n.param == 0 || !s.mayGain(n.param) {
			return found
		}
		stop := segmentEnd(path, pos, w)
		if stop == pos {
			return found
		}
		v.set(k, pos, stop)
		id, pos, k = n.param, stop+1, k+1
	}
	return s.end(&s.tree.sites[id], k) || found
}

// mayGain reports whether a route behind a node is better than what was found.
func (s *search) mayGain(id int32) bool { return s.tree.sites[id].lowest < s.best }

// end takes the best route that ends here and has a wanted method.
func (s *search) end(p *site, k int) bool {
	if p.methods&s.methods == 0 {
		s.allow |= p.methods
		return false
	}
	for i := p.ends; ; i++ {
		r := &s.tree.ends[i]
		if r.methods&s.methods != 0 {
			if r.rank >= s.best {
				return false
			}
			s.best, s.found, s.filled, s.again, s.err = r.rank, r, int32(k), false, s.pending
			if s.err == nil && r.broken {
				s.err = r.template.undecidedFrom(k)
			}
			return true
		}
		if r.last {
			return false
		}
	}
}

// walkMore is walk for a node with other ways on than text and a parameter
// without constraints.
func (s *search) walkMore(v *captures, path string, id int32, w uint64, pos, k int) bool {
	found := false
	m := s.tree.more[s.tree.sites[id].more]
	stop := segmentEnd(path, pos, w)
	if stop > pos {
		found = s.walkSegment(v, path, m, s.tree.nodes[id].param, pos, stop, k)
	} else if !s.tree.relaxed {
		return false
	}
	for i := range m.rests {
		r := &m.rests[i]
		if s.tree.ends[r.site.ends].rank >= s.best {
			break
		}
		s.again = s.best != noRoute
		v.set(k, pos, len(path))
		undecided := s.pending != nil
		if s.judge(r.template, r.param, path[pos:]) && s.end(&r.site, k+1) {
			found = true
		}
		s.settle(undecided)
	}
	return found
}

// walkSegment goes on over the segment that ends at stop, literals of ASCII
// aside. Behind a parameter without constraints is param, if not 0.
func (s *search) walkSegment(v *captures, path string, m *more, param int32, pos, stop, k int) bool {
	found := false
	if m.wide != nil {
		segment := path[pos:stop]
		for _, c := range m.wide[foldHash(segment)] {
			if s.mayGain(c.next) && equalFold(segment, c.text) && s.walk(v, path, c.next, stop+1, k) {
				found = true
			}
		}
	}
	for i := range m.strict {
		c := &m.strict[i]
		if !s.mayGain(c.next) {
			break
		}
		s.again = s.best != noRoute
		if s.walkStrict(v, path, c, pos, stop, k) {
			found = true
		}
	}
	if param != 0 && s.mayGain(param) {
		s.again = s.best != noRoute
		v.set(k, pos, stop)
		if s.walk(v, path, param, stop+1, k+1) {
			found = true
		}
	}
	return found
}

// walkStrict goes on over a segment that has to be judged.
func (s *search) walkStrict(v *captures, path string, c *strict, pos, stop, k int) bool {
	undecided := s.pending != nil
	ok := true
	if p := c.segment.param(); p >= 0 {
		v.set(k, pos, stop)
		ok = s.judge(c.template, p, path[pos:stop])
		k++
	} else {
		k, ok = s.judgeParts(v, path, c, pos, stop, k)
	}
	found := ok && s.walk(v, path, c.next, stop+1, k)
	s.settle(undecided)
	return found
}

// settle forgets what could not be decided on a way that has been walked, unless
// that was so before it.
func (s *search) settle(before bool) {
	if !before {
		s.pending = nil
	}
}

// judgeParts matches a complex segment and judges the values of its parts.
func (s *search) judgeParts(v *captures, path string, c *strict, pos, stop, k int) (int, bool) {
	if !c.template.matchComplex(c.segment, path, pos, stop, v) {
		return k, false
	}
	for i := range c.segment.parts {
		p := int(c.segment.parts[i].param)
		if p < 0 {
			continue
		}
		k++
		if at := v.span(p); at.start > 0 && !s.judge(c.template, p, path[at.start:at.end]) {
			return k, false
		}
	}
	return k, true
}

// judge puts a value to the constraints of parameter p. One that cannot decide
// counts as accepting until it is known whether its route is the one.
func (s *search) judge(t *Template, p int, value string) bool {
	if s.pending != nil {
		return true
	}
	ok, err := t.judge(p, value)
	if err != nil {
		s.pending = err
		return true
	}
	return ok
}
