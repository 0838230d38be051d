package route

import (
	"math/bits"
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
//
// At each node it takes the best way that the path fits and does not look back.
// Where the ways on from a node are sorted, as they are in a table without explicit
// orders, what it finds is the best route. If it has found nothing but passed by a
// way that might have led somewhere, or comes to a node whose ways are not sorted, a
// search has to tell.
//
// There is one call in the loop, and it is rare, so that the rest stays in registers.
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
	if len(path) >= elsewhere || path != "" && path[0] != '/' {
		return t.search(methods, path)
	}
	var last uint64
	if len(path) >= 8 {
		last = eight(path[len(path)-8:]) ^ solidi
	} else {
		last = lastWord(path)
	}
	id := int32(0)
	for pos := uint(1); pos < uint(len(path)); {
		var w uint64
		if pos+8 <= uint(len(path)) {
			w = eight(path[pos:pos+8]) ^ solidi
		} else {
			w = last >> (8 * (pos + 8 - uint(len(path))) & 63)
		}
		slash := slashIn(w)
		n := &t.nodes[id]
		next := n.text
		if n.mul != 0 {
			key := w
			if n.offset != 0 {
				if at := pos + uint(n.offset); at+8 <= uint(len(path)) {
					key = eight(path[at:at+8]) ^ solidi // all of its bytes count
				} else {
					key = last >> (8 * (at + 8 - uint(len(path))))
				}
			}
			key = (key | cases) & (slash ^ (slash - 1) | uint64(n.wide))
			next = t.slots[uint64(n.slots)+key*n.mul>>(n.shift&63)]
		}
		c := &t.nodes[next]
		if w&c.first.mask != c.first.word {
			goto otherwise
		}
		if c.advance > 8 {
			x := uint64(0)
			if pos+16 <= uint(len(path)) {
				x = eight(path[pos+8:pos+16]) ^ solidi
			} else {
				x = last >> (8 * (pos + 16 - uint(len(path))))
			}
			if x&c.second.mask != c.second.word {
				goto otherwise
			}
		}
		seen |= uint64(n.marks)
		id = next
		// The slash is known before the text is: the next step need not wait.
		if size := through(slash); uint(c.advance) == size {
			pos += size
		} else {
			pos += uint(c.advance)
		}
		continue

	otherwise:
		unusual := (n.marks | c.marks) & (further | chooser)
		if n.param == 0 && unusual == 0 || uint8(w) == 0 && n.marks&further == 0 {
			return t.nothing(methods, path, seen, nil)
		}
		start := pos
		seen |= w & highs
		for slash == 0 {
			pos += 8
			if pos+8 <= uint(len(path)) {
				w = eight(path[pos:pos+8]) ^ solidi
			} else {
				w = last >> (8 * (pos + 8 - uint(len(path))))
			}
			seen |= w & highs
			slash = slashIn(w)
		}
		pos += through(slash)
		if unusual != 0 {
			s := t.step(id, next, path, start, pos-1)
			seen |= uint64(s.marks)
			if s.next == 0 {
				return t.nothing(methods, path, seen, nil)
			}
			id = s.next
			if s.advance != 0 {
				pos = start + s.advance
				continue
			}
		} else {
			id = n.param
		}
		if starts>>48 == 0 { // nothing from the fifth on
			starts = starts<<16 | uint64(start)
		}
	}
	p := &t.sites[id]
	if p.methods&methods == 0 {
		return t.nothing(methods, path, seen, p.why)
	}
	for i := p.ends; ; i++ {
		r := &t.ends[i]
		if r.methods&methods != 0 {
			if r.broken || seen&uint64(unsorted) != 0 {
				return t.search(methods, path)
			}
			return r, starts << (bits.LeadingZeros64(starts) & 48), seen, nil
		}
		if r.last {
			return t.search(methods, path)
		}
	}
}

// nothing is the end of a lookup that has come to nothing.
func (t *tree) nothing(methods uint64, path string, seen uint64, why *refusal) (*end, uint64, uint64, *refusal) {
	if seen&uint64(beside) != 0 {
		return t.search(methods, path)
	}
	return nil, 0, t.unseen, why
}

// A step is what leads from one node to the next.
type step struct {
	next    int32 // 0 if nothing does
	marks   marks // of what was passed by
	advance uint  // how many bytes of text that takes, 0 if it takes a value
}

// step is a step of lookup from the node called id where more is to be done than
// usual: to choose a text twice or to judge a value. What the text in path at pos
// might be is known from choice, and the segment ends at stop. It leaves what is
// neither text nor a parameter to a search, as if it had been passed by.
func (t *tree) step(id, choice int32, path string, pos, stop uint) (s step) {
	n := &t.nodes[id]
	if t.nodes[choice].marks&chooser != 0 {
		if c := t.chosen(choice, path, int(pos)); c != 0 {
			return step{next: c, marks: n.marks, advance: uint(t.nodes[c].advance)}
		}
	}
	if n.marks&further == 0 {
		if pos < stop {
			s.next = n.param
		}
		return s
	}
	m := t.more[t.sites[id].more]
	if !m.sorted || m.wide != nil || pos == stop {
		return step{marks: beside}
	}
	for i := range m.strict {
		c := &m.strict[i]
		p := c.segment.param()
		if p < 0 {
			return step{marks: beside}
		}
		ok, err := c.template.judge(p, path[pos:stop])
		if err != nil {
			return step{marks: beside}
		}
		if ok {
			s.next = c.next
			if i+1 < len(m.strict) || n.param != 0 || len(m.rests) > 0 {
				s.marks = beside
			}
			return s
		}
	}
	s.next = n.param
	if len(m.rests) > 0 {
		s.marks = beside
	}
	return s
}

// search is lookup where looking back cannot be helped.
func (t *tree) search(methods uint64, path string) (found *end, starts, seen uint64, why *refusal) {
	if path != "" && path[0] != '/' {
		return nil, 0, highs, nil
	}
	var c captures
	s := search{tree: t, best: noRoute, methods: methods}
	s.walk(&c, path, 0, 1, 0)
	switch {
	case s.err != nil:
		return nil, 0, highs, &refusal{err: s.err}
	case s.found == nil:
		return nil, 0, t.unseen, t.why(s.allow)
	case s.again:
		c = captures{}
		s.found.template.split(path, !t.relaxed, &c)
	default:
		for i := int(s.filled); i < len(s.found.template.params); i++ {
			c.clear(i)
		}
	}
	return s.found, c.pack(path), highs, nil
}

// why returns the reason for a search that found nothing but routes of other
// methods.
func (t *tree) why(allow uint64) *refusal {
	if allow == 0 || t.methods.compat {
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
	s := search{tree: t, methods: methods, best: noRoute}
	return s.walk(&v, path, 0, 1, 0)
}

// grow builds the tree of the entries, the best of which comes first.
func (t *tree) grow(entries []entry) {
	root := newSprout()
	plain := true
	for rank, e := range entries {
		root.add(e.template, e.methods, int32(rank), t.methods.compat)
		plain = plain && e.template.plain()
	}
	if !plain {
		t.unseen = highs
	}
	t.special = !t.methods.compat && t.methods.listed&(methodHead|methodStar) != 0
	t.refusals = make(map[uint64]*refusal)
	size := nowhere + 1 + root.count()
	t.nodes, t.sites = make([]node, 0, size), make([]site, 0, size)
	t.newNodes(nowhere + 1)
	t.nodes[nowhere].first = never
	t.fill(0, root)
	t.slots, t.ends = slices.Clone(t.slots), slices.Clone(t.ends)
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
