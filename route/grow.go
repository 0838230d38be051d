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
		e := end{template: t, methods: methods, rank: rank}
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
	s.ends = append(s.ends, end{template: t, methods: methods, rank: rank})
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

// count returns how many nodes there will be behind s.
func (s *sprout) count() int {
	n := 0
	texts := 0
	for _, text := range s.order {
		c := s.texts[foldKey(text)]
		if isASCII(text) && texts < maxTexts {
			texts++
			size := len(text)
			for c.joins() {
				size += 1 + len(c.order[0])
				c = c.texts[foldKey(c.order[0])]
			}
			n += size / 16
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

// newNodes makes n nodes side by side and returns the first.
func (t *tree) newNodes(n int) int32 {
	first := len(t.nodes)
	t.nodes = append(t.nodes, make([]node, n)...)
	t.sites = append(t.sites, make([]site, n)...)
	for i := first; i < len(t.nodes); i++ {
		t.nodes[i].text = nowhere
	}
	return int32(first)
}

// fill completes the node called id as the one of s.
func (t *tree) fill(id int32, s *sprout) {
	t.sites[id] = t.newSite(s.ends)
	t.sites[id].lowest = s.lowest
	others := int32(noRoute)
	if s.param != nil {
		others = min(others, s.param.lowest)
	}
	for _, c := range s.strict {
		others = min(others, c.next.lowest)
	}
	for _, r := range s.rests {
		others = min(others, r.ends[0].rank)
	}
	var m more
	var marks marks
	if t.fillTexts(id, s, &m) > others {
		marks |= unsorted
	}
	if s.param != nil {
		param := t.newNodes(1)
		t.nodes[id].param = param
		t.fill(param, s.param)
	}
	for _, c := range s.strict {
		c.strict.next = t.newNodes(1)
		t.fill(c.strict.next, c.next)
		m.strict = append(m.strict, c.strict)
	}
	for _, r := range s.rests {
		r.rest.site = t.newSite(r.ends)
		m.rests = append(m.rests, r.rest)
	}
	if m.wide != nil || m.strict != nil || m.rests != nil {
		m.sorted = s.sorted()
		t.sites[id].more = int32(len(t.more))
		t.more = append(t.more, &m)
		marks |= further
	}
	if marks&further != 0 || s.param != nil {
		marks |= beside
	}
	t.nodes[id].marks |= marks
}

// newSite makes the site where routes end.
func (t *tree) newSite(routes []end) (p site) {
	p.ends = int32(len(t.ends))
	for i, r := range routes {
		r.last = i+1 == len(routes)
		t.ends = append(t.ends, r)
		p.methods |= r.methods
	}
	if p.methods == 0 || t.methods.compat {
		return p
	}
	if p.why = t.refusals[p.methods]; p.why == nil {
		p.why = t.methods.refusal(p.methods)
		t.refusals[p.methods] = p.why
	}
	return p
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

// fillTexts completes the texts that may follow a node and returns the worst rank
// behind them. Those that are not ASCII it puts in m.
func (t *tree) fillTexts(id int32, s *sprout, m *more) (worst int32) {
	var texts []string
	var behind []*sprout
	for _, text := range s.order {
		c := s.texts[foldKey(text)]
		worst = max(worst, c.worst)
		if !isASCII(text) || len(texts) == maxTexts {
			t.fillWide(m, text, c)
			continue
		}
		for c.joins() {
			next := c.order[0]
			text += "/" + next
			c = c.texts[foldKey(next)]
		}
		texts, behind = append(texts, text), append(behind, c)
	}
	row := t.newNodes(len(texts))
	t.choose(id, texts, row)
	for i := range texts {
		t.fill(t.setText(row+int32(i), texts[i], behind[i].lowest), behind[i])
	}
	return worst
}

// joins reports whether all that may follow s is one text.
func (s *sprout) joins() bool {
	return len(s.texts) == 1 && isASCII(s.order[0]) &&
		s.param == nil && s.strict == nil && s.rests == nil && s.ends == nil
}

func (t *tree) fillWide(m *more, text string, s *sprout) {
	if m.wide == nil {
		m.wide = make(map[uint64][]*wide)
	}
	c := &wide{text: text, next: t.newNodes(1)}
	t.fill(c.next, s)
	h := foldHash(text)
	m.wide[h] = append(m.wide[h], c)
}

// setText makes the node called id the one that is entered by a text, and returns
// the node behind it: another one if the text is too long for one.
func (t *tree) setText(id int32, text string, lowest int32) (behind int32) {
	for len(text) > 15 {
		next, size := t.newNodes(1), min(16, len(text)-1) // something has to stand before the slash
		t.nodes[id] = node{
			first: chunkOf(text, size), second: chunkOf(text[8:], size-8), advance: int32(size),
			text: next, marks: partial,
		}
		t.sites[id].lowest = lowest
		id, text = next, text[size:]
	}
	n := &t.nodes[id]
	n.first, n.advance = newChunk(text), int32(len(text)+1)
	if len(text) >= 8 {
		n.second = newChunk(text[8:])
	}
	return id
}
