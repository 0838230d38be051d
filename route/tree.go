package route

import (
	"math"
	"math/bits"
	"slices"
)

// A tree holds the templates of a table, segment by segment. The path is walked
// once, from the root, and each node says what may come next.
//
// Among text the walk guesses first and checks afterwards: eight bytes of the
// path choose the one literal that can follow, which is then compared whole.
// A segment is searched for its end only where a parameter takes it.
//
// A node stands for one place behind a template's beginning, so a walk comes to
// it at one position only and at most once: whatever the path, the work is
// bounded by the nodes whose beginnings fit it, each of which looks at the rest
// of one segment. There is no second attempt inside a segment either.
type tree struct {
	root     node
	relaxed  bool // an empty segment may begin a catch-all
	special  bool // a route lists HEAD or "*", so that the methods wanted depend on the path
	plain    bool // what is not found does not depend on bytes beyond ASCII
	methods  methodSet
	refusals map[uint64]*refusal // by the methods that would do, for each place where routes end
}

// A node is a place in the tree. What it is entered by comes first: a node
// behind text has the text, any other has none.
type node struct {
	chunk        // of the text it is entered by
	size   int32 // of the text, in bytes
	sorted bool  // behind text is nothing worse than behind anything else
	alone  bool  // text is all that may follow

	text  *node // the text that may follow, if there is one only
	param *node // behind a parameter without constraints
	more  *more // further ways to go on
	jump  *jump // to the text that may follow, if there are several

	second chunk  // of a text of eight bytes or more
	tail   string // the text from its seventeenth byte on
	ends   ends   // the templates that may end here
	lowest int32  // the best rank behind here, the lower the better
}

// A chunk is up to eight bytes of a text, and the slash behind it if that is
// among them.
type chunk struct {
	word, keep, fold uint64 // (w&keep)|fold == word if w is the same but for case
}

func newChunk(text string) chunk {
	c := chunk{keep: firstBytes(len(text) + 1), fold: letterCases(text)}
	c.word = load(text, 0)&c.keep | c.fold
	return c
}

// more holds the ways on from a node that are less common.
type more struct {
	wide   map[uint64][]*wide // texts with other letters than ASCII, by foldHash
	strict []strict           // parameters with constraints, complex segments
	rests  []rest             // catch-alls
	sorted bool               // nothing behind one of these is better than what is behind an earlier one
}

// A wide is a text that is not ASCII.
type wide struct {
	text string
	next *node
}

// A strict way takes a segment that has to be judged. The template stands for
// all that begin alike.
type strict struct {
	template *Template
	segment  *segment
	next     *node
}

// A rest takes all that is left.
type rest struct {
	template *Template
	param    int
	ends     ends
}

// ends holds the routes that may end at one place, best rank first.
type ends struct {
	methods uint64 // of all of them
	routes  []end
}

// An end is a route at the place where it matches.
type end struct {
	methods  uint64
	template *Template
	rank     int32
	params   int32 // how many the template has
	broken   bool  // the constraints of a value left out cannot decide
}

func (e *ends) set(routes []end) {
	e.routes = slices.Clip(routes)
	for i := range routes {
		e.methods |= routes[i].methods
	}
}

// A search is one walk. It holds neither the path nor the values, so that the
// compiler sees that the values do not escape.
type search struct {
	methods uint64 // the wanted ones
	best    int32  // rank of the best route so far
	filled  int32  // how many parameters of that route the walk has set
	found   *end   // the route
	relaxed bool
	again   bool            // the values have been overwritten since
	err     *UndecidedError // of the best route
	pending *UndecidedError // on the way to the present node
	allow   uint64          // the methods of routes that accept the path with another one
}

const noRoute = math.MaxInt32

// walk goes on from position pos, where n is and k parameters have their
// values. It reports whether it found a better route than before.
func (s *search) walk(v *captures, path string, n *node, pos, k int) bool {
	found := false
	for pos < len(path) {
		w := load(path, pos)
		c := n.text
		if j := n.jump; j != nil {
			c = j.choose(w, path, pos)
		}
		if c != nil && w&c.keep|c.fold == c.word && (c.size < 8 || c.followsLong(path, pos)) {
			next := pos + int(c.size) + 1
			if n.alone {
				n, pos = c, next
				continue
			}
			if c.lowest < s.best && s.walk(v, path, c, next, k) {
				if n.sorted {
					return true
				}
				found, s.again = true, true
			}
		}
		if n.more != nil {
			return s.walkMore(v, path, n, w, pos, k) || found
		}
		p := n.param
		if p == nil || p.lowest >= s.best {
			return found
		}
		stop := pos
		for {
			if m := slashIn(w); m != 0 {
				stop += bits.TrailingZeros64(m) >> 3
				break
			}
			stop += 8
			w = load(path, stop)
		}
		if stop == pos {
			return found
		}
		v.set(k, pos, stop)
		n, pos, k = p, stop+1, k+1
	}
	return s.end(&n.ends, k) || found
}

// followsLong reports whether the text of n, of which the first eight bytes are
// known to be there, stands in path at pos and a segment ends behind it.
func (n *node) followsLong(path string, pos int) bool {
	if load(path, pos+8)&n.second.keep|n.second.fold != n.second.word {
		return false
	}
	return n.size < 16 || n.followsTail(path, pos)
}

// followsTail is followsLong for a text of which the first sixteen bytes are known
// to be there.
func (n *node) followsTail(path string, pos int) bool {
	stop := pos + int(n.size)
	if stop > len(path) || stop < len(path) && path[stop] != '/' {
		return false
	}
	rest := path[pos+16 : stop]
	return rest == n.tail || equalLetters(rest, n.tail)
}

// follows reports whether the text of n stands in path at pos as a whole number
// of segments; w is what load returns there.
func (n *node) follows(w uint64, path string, pos int) bool {
	return w&n.keep|n.fold == n.word && (n.size < 8 || n.followsLong(path, pos))
}

// end takes the best route that ends here and has a wanted method.
func (s *search) end(e *ends, k int) bool {
	if e.methods&s.methods == 0 {
		s.allow |= e.methods
		return false
	}
	for i := range e.routes {
		r := &e.routes[i]
		if r.methods&s.methods == 0 {
			continue
		}
		if r.rank >= s.best {
			return false
		}
		s.best, s.found, s.filled, s.again, s.err = r.rank, r, int32(k), false, s.pending
		if s.err == nil && r.broken {
			s.err = r.template.undecidedFrom(k)
		}
		return true
	}
	return false
}

// walkMore is walk for a node with other ways on than text and a parameter
// without constraints.
func (s *search) walkMore(v *captures, path string, n *node, w uint64, pos, k int) bool {
	found := false
	stop := segmentEnd(path, pos, w)
	if stop > pos {
		found = s.walkSegment(v, path, n, pos, stop, k)
	} else if !s.relaxed {
		return false
	}
	for i := range n.more.rests {
		r := &n.more.rests[i]
		if r.ends.routes[0].rank >= s.best {
			break
		}
		s.again = s.best != noRoute
		v.set(k, pos, len(path))
		undecided := s.pending != nil
		if s.judge(r.template, r.param, path[pos:]) && s.end(&r.ends, k+1) {
			found = true
		}
		s.settle(undecided)
	}
	return found
}

// walkSegment goes on over the segment that ends at stop, literals of ASCII
// aside.
func (s *search) walkSegment(v *captures, path string, n *node, pos, stop, k int) bool {
	found := false
	more := n.more
	if more.wide != nil {
		segment := path[pos:stop]
		for _, c := range more.wide[foldHash(segment)] {
			if c.next.lowest < s.best && equalFold(segment, c.text) && s.walk(v, path, c.next, stop+1, k) {
				found = true
			}
		}
	}
	for i := range more.strict {
		c := &more.strict[i]
		if c.next.lowest >= s.best {
			break
		}
		s.again = s.best != noRoute
		if s.walkStrict(v, path, c, pos, stop, k) {
			found = true
		}
	}
	if p := n.param; p != nil && p.lowest < s.best {
		s.again = s.best != noRoute
		v.set(k, pos, stop)
		if s.walk(v, path, p, stop+1, k+1) {
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
