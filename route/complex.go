package route

import "unicode/utf8"

// matchComplex matches a segment of several parts against path[start:end].
//
// It goes from the right. Each text takes its rightmost place that leaves a
// character for the parameter to its right, and there is no second attempt at
// another place, so "b{z}" does not match "b0b0". When the last parameter is
// optional and the segment does not match as a whole, it is tried without the
// separator and that parameter, unless it ends in the separator
// (Patterns/RoutePatternMatcher.cs).
func (t *Template) matchComplex(s *segment, path string, start, end int, c *captures) bool {
	last := len(s.parts) - 1
	if t.matchParts(s, last, path, start, end, c) {
		return true
	}
	if !s.parts[last-1].separator || path[end-1] == '.' {
		return false
	}
	return t.matchParts(s, last-2, path, start, end, c)
}

// matchParts matches the parts from the first through from. It leaves no value
// behind when it fails.
func (t *Template) matchParts(s *segment, from int, path string, start, end int, c *captures) bool {
	ok := t.matchLeftward(s, from, path, start, end, c)
	if !ok {
		for i := range s.parts {
			if prm := int(s.parts[i].param); prm >= 0 {
				c.clear(prm)
			}
		}
	}
	return ok
}

func (t *Template) matchLeftward(s *segment, from int, path string, start, end int, c *captures) bool {
	if from < 0 {
		return false
	}
	need := -1       // the parameter whose left edge is looked for
	needEnd := end   // its right edge
	unmatched := end // what is right of here is matched
	for i := from; i >= 0; i-- {
		p := &s.parts[i]
		if p.param >= 0 {
			need, needEnd = int(p.param), unmatched
			continue
		}
		limit := unmatched
		if need >= 0 {
			_, n := utf8.DecodeLastRuneInString(path[start:limit])
			limit -= n
		}
		if limit <= start {
			return false
		}
		at, n := foldLastIndex(path[start:limit], p.literal)
		if at < 0 || i == len(s.parts)-1 && start+at+n != end {
			return false
		}
		unmatched = start + at
		if need >= 0 {
			c.set(need, unmatched+n, needEnd)
			need = -1
		}
	}
	if need < 0 {
		return unmatched == start
	}
	if needEnd == start {
		return false
	}
	c.set(need, start, needEnd)
	return true
}
