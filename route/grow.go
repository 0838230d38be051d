package route

import (
	"fmt"
	"strings"
)

// A sprout is a node while the tree grows.
type sprout struct {
	texts  map[string]*sprout // by folded text
	order  []string           // of the texts, the best route's first
	param  *sprout
	strict []*strictSprout
	rests  []*restSprout
	ends   []end
	lowest int32
	worst  int32
}

type strictSprout struct {
	key string
	strict
	next *sprout
}

type restSprout struct {
	key string
	rest
	ends []end
}

func newSprout() *sprout { return &sprout{lowest: noRoute} }

func (s *sprout) reach(rank int32) {
	s.lowest = min(s.lowest, rank)
	s.worst = max(s.worst, rank)
}

// grow adds the routes that may match, best rank first, so that whatever is
// reached first from a node leads to its best route.
func (s *sprout) add(t *Template, methods uint64, rank int32, compat bool) {
	s.reach(rank)
	for i := range t.segments {
		seg := &t.segments[i]
		e := end{template: t, methods: methods, rank: rank, params: int32(len(t.params))}
		if p := seg.param(); p >= 0 && t.params[p].catchAll != "" {
			s.addRest(t, p, e)
		}
		if ok, err := t.mayEndAt(i); ok {
			e.broken = err != nil
			if compat && t.skipsMethod(i) {
				e.methods = methodAny
			}
			s.ends = append(s.ends, e)
		}
		if p := seg.param(); p >= 0 && t.params[p].catchAll != "" {
			return
		}
		s = s.follow(t, seg)
		s.reach(rank)
	}
	s.ends = append(s.ends, end{template: t, methods: methods, rank: rank, params: int32(len(t.params))})
}

// follow returns the sprout behind a segment.
func (s *sprout) follow(t *Template, seg *segment) *sprout {
	if text, ok := seg.literal(); ok {
		key := foldKey(text)
		next := s.texts[key]
		if next == nil {
			if s.texts == nil {
				s.texts = make(map[string]*sprout)
			}
			next = newSprout()
			s.texts[key] = next
			s.order = append(s.order, text)
		}
		return next
	}
	if p := seg.param(); p >= 0 && len(t.params[p].constraints) == 0 {
		if s.param == nil {
			s.param = newSprout()
		}
		return s.param
	}
	key := t.segmentKey(seg)
	for _, c := range s.strict {
		if c.key == key {
			return c.next
		}
	}
	c := &strictSprout{key: key, strict: strict{template: t, segment: seg}, next: newSprout()}
	s.strict = append(s.strict, c)
	return c.next
}

func (s *sprout) addRest(t *Template, param int, e end) {
	key := t.constraintKey(param)
	for _, r := range s.rests {
		if r.key == key {
			r.ends = append(r.ends, e)
			return
		}
	}
	r := &restSprout{key: key, rest: rest{template: t, param: param}, ends: []end{e}}
	s.rests = append(s.rests, r)
}

// segmentKey returns a text that is equal for segments that accept the same,
// whatever the names of their parameters.
func (t *Template) segmentKey(seg *segment) string {
	var b strings.Builder
	for i := range seg.parts {
		p := &seg.parts[i]
		if p.param < 0 {
			b.WriteString("\x00" + p.literal)
			continue
		}
		b.WriteString("\x01")
		if t.params[p.param].optional && seg.complex() {
			b.WriteByte('?')
		}
		b.WriteString(t.constraintKey(int(p.param)))
	}
	return b.String()
}

func (t *Template) constraintKey(param int) string {
	var b strings.Builder
	for i := range t.params[param].constraints {
		b.WriteString("\x02" + t.params[param].constraints[i].key())
	}
	return b.String()
}

// key returns a text that is equal for constraints that do the same.
func (c *Constraint) key() string {
	switch c.kind {
	case kindCustom, kindRegex:
		return fmt.Sprintf("%d %p %s", c.kind, c.origin, c.text)
	case kindMin, kindMax, kindRange, kindMinLength, kindMaxLength, kindLength:
		return fmt.Sprintf("%d %d %d", c.kind, c.lo, c.hi)
	}
	return string('A' + rune(c.kind))
}

// undecidedFrom returns why it cannot be decided whether a path may end before
// the value of parameter k.
func (t *Template) undecidedFrom(k int) *UndecidedError {
	for ; k < len(t.params); k++ {
		if _, err := t.judgeMissing(k); err != nil {
			return err
		}
	}
	return nil
}

// mayEndAt reports whether a path may end before segment i, judging what the
// values left out would be.
func (t *Template) mayEndAt(i int) (bool, *UndecidedError) {
	for j := i; j < len(t.segments); j++ {
		if !t.mayEnd(&t.segments[j]) {
			return false, nil
		}
	}
	for j := i; j < len(t.segments); j++ {
		if ok, err := t.judgeMissing(t.segments[j].param()); !ok || err != nil {
			return err != nil, err
		}
	}
	return true, nil
}

// skipsMethod reports whether the source does not look at the method of a
// request that ends before segment i. It checks the method as a constraint of a
// value called httpMethod, and constraints of an optional parameter that has no
// value are not checked (RouteConstraintBuilder.cs).
func (t *Template) skipsMethod(i int) bool {
	for ; i < len(t.segments); i++ {
		p := &t.params[t.segments[i].param()]
		if p.optional && equalFold(p.name, "httpMethod") {
			return true
		}
	}
	return false
}

// A forest turns sprouts into nodes, which stand side by side in memory.
type forest struct {
	nodes []node
}

// count returns how many nodes there will be behind s.
func (s *sprout) count() int {
	n := 0
	texts := 0
	for _, text := range s.order {
		c := s.texts[foldKey(text)]
		if isASCII(text) && texts < maxTexts {
			texts++
			for c.joins() {
				c = c.texts[foldKey(c.order[0])]
			}
		}
		n += 1 + c.count()
	}
	if s.param != nil {
		n += 1 + s.param.count()
	}
	for _, c := range s.strict {
		n += 1 + c.next.count()
	}
	return n
}

// eachEnds calls f with the routes of each place where some end.
func (s *sprout) eachEnds(f func([]end)) {
	f(s.ends)
	for _, r := range s.rests {
		f(r.ends)
	}
	for _, c := range s.texts {
		c.eachEnds(f)
	}
	if s.param != nil {
		s.param.eachEnds(f)
	}
	for _, c := range s.strict {
		c.next.eachEnds(f)
	}
}

func (f *forest) make() *node { return &f.row(1)[0] }

// row makes n nodes side by side.
func (f *forest) row(n int) []node {
	f.nodes = f.nodes[:len(f.nodes)+n]
	return f.nodes[len(f.nodes)-n:]
}

// fill completes n as the node of s.
func (f *forest) fill(n *node, s *sprout) {
	n.lowest = s.lowest
	n.ends.set(s.ends)
	others := int32(noRoute)
	if s.param != nil {
		others = min(others, s.param.lowest)
	}
	if len(s.strict)+len(s.rests) > 0 {
		n.more = &more{}
	}
	for _, c := range s.strict {
		others = min(others, c.next.lowest)
	}
	for _, r := range s.rests {
		others = min(others, r.ends[0].rank)
		r.rest.ends.set(r.ends)
		n.more.rests = append(n.more.rests, r.rest)
	}
	n.sorted = f.fillTexts(n, s) < others
	if n.more != nil {
		n.more.sorted = s.sorted()
	}
	n.alone = n.more == nil && s.param == nil
	if s.param != nil {
		n.param = f.make()
		f.fill(n.param, s.param)
	}
	for _, c := range s.strict {
		c.strict.next = f.make()
		f.fill(c.strict.next, c.next)
		n.more.strict = append(n.more.strict, c.strict)
	}
}

// sorted reports whether the ways on from s, texts aside, stand in the order of
// all that is behind them.
func (s *sprout) sorted() bool {
	reached := int32(-1)
	after := func(lowest, worst int32) bool {
		ok := reached < lowest
		reached = worst
		return ok
	}
	ok := true
	for _, c := range s.strict {
		ok = after(c.next.lowest, c.next.worst) && ok
	}
	if s.param != nil {
		ok = after(s.param.lowest, s.param.worst) && ok
	}
	for _, r := range s.rests {
		ok = after(r.ends[0].rank, r.ends[len(r.ends)-1].rank) && ok
	}
	return ok
}

// fillTexts completes the texts that may follow n and returns the worst rank
// behind them.
func (f *forest) fillTexts(n *node, s *sprout) (worst int32) {
	var texts []string
	var behind []*sprout
	for _, text := range s.order {
		c := s.texts[foldKey(text)]
		worst = max(worst, c.worst)
		if !isASCII(text) || len(texts) == maxTexts {
			f.fillWide(n, text, c)
			continue
		}
		for c.joins() {
			next := c.order[0]
			text += "/" + next
			c = c.texts[foldKey(next)]
		}
		texts, behind = append(texts, text), append(behind, c)
	}
	nodes := f.row(len(texts))
	for i := range nodes {
		nodes[i].setText(texts[i])
		f.fill(&nodes[i], behind[i])
	}
	switch len(nodes) {
	case 0:
	case 1:
		n.text = &nodes[0]
	default:
		n.jump = newJump(texts, nodes)
	}
	return worst
}

// joins reports whether all that may follow s is one text.
func (s *sprout) joins() bool {
	return len(s.texts) == 1 && isASCII(s.order[0]) &&
		s.param == nil && s.strict == nil && s.rests == nil && s.ends == nil
}

func (f *forest) fillWide(n *node, text string, s *sprout) {
	if n.more == nil {
		n.more = &more{}
	}
	if n.more.wide == nil {
		n.more.wide = make(map[uint64][]*wide)
	}
	c := &wide{text: text, next: f.make()}
	f.fill(c.next, s)
	h := foldHash(text)
	n.more.wide[h] = append(n.more.wide[h], c)
}

// setText makes n the node behind text.
func (n *node) setText(text string) {
	n.size = int32(len(text))
	n.chunk = newChunk(text)
	if len(text) >= 8 {
		n.second = newChunk(text[8:])
	}
	if len(text) >= 16 {
		n.tail = text[16:]
	}
}
