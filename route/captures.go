package route

// captures say where in a path the values of parameters stand, while it is being
// matched.
type captures struct {
	inline [inlineCaptures]span
	more   []span // of further parameters
}

const inlineCaptures = 8

// A span is a place in a path. The zero span is no value: no value begins at the
// first byte of a path, which is a slash.
type span struct{ start, end int32 }

// span returns where the value of parameter i stands.
func (c *captures) span(i int) span {
	if i < inlineCaptures {
		return c.inline[i]
	}
	if i -= inlineCaptures; i < len(c.more) {
		return c.more[i]
	}
	return span{}
}

// set notes that the value of parameter i is path[start:end].
func (c *captures) set(i, start, end int) {
	c.put(i, span{start: int32(start), end: int32(end)})
}

// clear takes the value of parameter i back.
func (c *captures) clear(i int) { c.put(i, span{}) }

func (c *captures) put(i int, s span) {
	if i < inlineCaptures {
		c.inline[i] = s
		return
	}
	for i -= inlineCaptures; i >= len(c.more); {
		c.more = append(c.more, span{})
	}
	c.more[i] = s
}

// values returns the values of a template that has matched path.
func (c *captures) values(t *Template, path string) Values {
	return Values{template: t, path: path, starts: c.pack(path)}
}

// pack returns where the first values begin, in the form of [Values].
func (c *captures) pack(path string) (starts uint64) {
	for i, s := range c.inline[:packedValues] {
		start := uint64(uint16(s.start))
		if s.start > 0 && segmentEnd(path, int(s.start), load(path, int(s.start))) != int(s.end) {
			start = elsewhere
		}
		starts |= start << (48 - 16*i)
	}
	return starts
}
