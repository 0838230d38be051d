package route

import "math/bits"

// dive is the first attempt of a lookup: at each node it takes the best way that
// the path fits and does not look back. Where the ways on from a node are
// sorted, as they are in a table without explicit orders, what it finds is the
// best route. It is not sure of having found nothing if it passed by a way that
// might have led somewhere, and of nothing at all at a node whose ways are not
// sorted; then a search has to tell.
//
// It returns the route, where its values begin (see [Values]), and all bytes that
// may be part of a value, one over the other. Without a route, allow has the
// methods at the place where the path ends.
func (t *tree) dive(methods uint64, path string) (found *end, starts, seen, allow uint64, sure bool) {
	if len(path) >= elsewhere || len(path) > 0 && path[0] != '/' {
		return nil, 0, 0, 0, false
	}
	n := &t.root
	passed := false // by ways that might have led somewhere
	k := 0
	for pos := 1; pos < len(path); {
		w := load(path, pos)
		slash := slashIn(w)
		c := n.text
		for j := n.jump; j != nil; {
			x := w
			if j.offset != 0 {
				x = load(path, pos+int(j.offset)) // where all bytes count
			}
			at := j.key(x, slash) * j.mul >> (j.shift & 63)
			if at >= uint64(len(j.slots)) {
				c = j.chooseAlike(w, path, pos)
				break
			}
			i := int(j.slots[at])
			if i < len(j.nodes) {
				c = &j.nodes[i]
				break
			}
			j = j.more.subs[i-len(j.nodes)]
		}
		if c != nil && w&c.keep|c.fold == c.word && (c.size < 8 ||
			load(path, pos+8)&c.second.keep|c.second.fold == c.second.word && (c.size < 16 || c.followsTail(path, pos))) {
			// The slash is known before the text is: the next step need not wait.
			if stop := bits.TrailingZeros64(slash) >> 3; int(c.size) == stop {
				pos += stop + 1
			} else {
				pos += int(c.size) + 1
			}
			if !n.alone {
				if !n.sorted {
					return nil, 0, 0, 0, false
				}
				passed = true
			}
			n = c
			continue
		}
		if n.alone {
			return nil, 0, 0, 0, !passed
		}
		stop := pos
		seen |= w
		for slash == 0 {
			stop += 8
			w = load(path, stop)
			seen |= w
			slash = slashIn(w)
		}
		stop += bits.TrailingZeros64(slash) >> 3
		if n.more != nil {
			var more bool
			if n, more = n.strictly(path, pos, stop); more {
				passed = true
			}
		} else if stop > pos {
			n = n.param
		} else {
			n = nil
		}
		if n == nil {
			return nil, 0, 0, 0, !passed
		}
		starts |= uint64(pos) << (16 * k) // nothing from the fifth on
		pos = stop + 1
		k++
	}
	if n.ends.methods&methods == 0 {
		return nil, 0, 0, n.ends.methods, !passed
	}
	for i := range n.ends.routes {
		r := &n.ends.routes[i]
		if r.methods&methods != 0 {
			return r, starts, seen, 0, !r.broken
		}
	}
	return nil, 0, 0, 0, false
}

// strictly returns the node behind the parameter that accepts a segment, and
// whether there are other ways that might have led somewhere. It leaves what is
// not a parameter to a search.
func (n *node) strictly(path string, pos, stop int) (next *node, more bool) {
	m := n.more
	if !m.sorted || m.wide != nil || stop == pos {
		return nil, true
	}
	for i := range m.strict {
		c := &m.strict[i]
		p := c.segment.param()
		if p < 0 {
			return nil, true
		}
		if ok, err := c.template.judge(p, path[pos:stop]); err != nil {
			return nil, true
		} else if ok {
			return c.next, i+1 < len(m.strict) || n.param != nil || len(m.rests) > 0
		}
	}
	return n.param, len(m.rests) > 0
}
