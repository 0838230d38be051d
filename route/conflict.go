package route

import (
	"math/bits"
	"strings"
)

// maxConflicts bounds how many conflicts of one table are reported.
const maxConflicts = 1000

// conflicts finds the pairs of routes that nothing decides between: of one rank,
// with a method in common, and such that a path may fit both. The entries are in
// order of rank.
//
// Routes of one rank have the same kinds of segments in the same places, so those
// whose texts are equal are put together first, and only they are compared.
func conflicts(entries []entry) (errs []error) {
	for start := 0; start < len(entries); {
		stop := start + 1
		for stop < len(entries) && entries[start].compareRank(entries[stop]) == 0 {
			stop++
		}
		for _, group := range sameTexts(entries[start:stop]) {
			for i := range group {
				for j := range group[:i] {
					if c := group[j].conflict(group[i]); c != nil && len(errs) < maxConflicts {
						errs = append(errs, c)
					}
				}
			}
		}
		start = stop
	}
	return errs
}

// sameTexts groups the entries of one rank by the texts of their templates.
func sameTexts(rank []entry) (groups [][]entry) {
	if len(rank) == 1 {
		return nil
	}
	at := make(map[string]int, len(rank))
	for _, e := range rank {
		key := e.template.texts()
		i, ok := at[key]
		if !ok {
			i = len(groups)
			at[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], e)
	}
	return groups
}

// texts returns the texts of the template, with nothing in the place of other
// segments.
func (t *Template) texts() string {
	var b strings.Builder
	for i := range t.segments {
		text, _ := t.segments[i].literal()
		b.WriteString(foldKey(text) + "/")
	}
	return b.String()
}

// conflict returns a *ConflictError if a request may fit both entries, which are
// of one rank and have the same texts.
func (e entry) conflict(other entry) error {
	shared := e.methods & other.methods
	if shared == 0 {
		return nil
	}
	a, b := e.template, other.template
	for n := len(a.segments); n >= 0; n-- {
		if !a.mayBe(n) || !b.mayBe(n) || excluded(a, b, n) {
			continue
		}
		c := &ConflictError{
			A: e.name, TemplateA: a.text, B: other.name, TemplateB: b.text,
			Method: methodName(shared, e, other),
		}
		// A longer path may exist but be hard to find; try the shorter ones too.
		for ; n >= 0 && c.Path == ""; n-- {
			c.Path = commonPath(a, b, n)
		}
		return c
	}
	return nil
}

// methodName returns one of the methods that two entries share.
func methodName(shared uint64, a, b entry) string {
	switch {
	case shared == methodAny:
		return ""
	case shared&^uint64(methodStar) == 0:
		return "*"
	}
	i := bits.TrailingZeros64(shared)
	if i < len(knownMethods) {
		return knownMethods[i]
	}
	for _, m := range a.listed {
		for _, other := range b.listed {
			if m != "*" && knownMethod(asciiUpper(m)) == 0 && equalFold(m, other) {
				return m
			}
		}
	}
	return ""
}

// mayBe reports whether the template accepts paths of n segments, where those of
// a catch-all count as one.
func (t *Template) mayBe(n int) bool {
	if n == len(t.segments) {
		return true
	}
	ok, _ := t.mayEndAt(n)
	return ok
}

// excluded reports whether no path of n segments fits both templates, because
// what they ask of one of these segments is known to exclude each other.
func excluded(a, b *Template, n int) bool {
	for i := range n {
		if _, text := a.segments[i].literal(); !text && needsOf(a, i).excludes(needsOf(b, i)) {
			return true
		}
	}
	return false
}
