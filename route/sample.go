package route

import (
	"math"
	"strconv"
	"strings"
)

// commonPath returns a path of n segments that both templates accept, or "" if
// none is found. They have the same texts in the same places.
func commonPath(a, b *Template, n int) string {
	if !a.mayBe(n) || !b.mayBe(n) {
		return ""
	}
	var path strings.Builder
	for i := range n {
		value, ok := commonValue(a, b, i)
		if !ok {
			return ""
		}
		path.WriteString("/" + value)
	}
	if n == 0 {
		path.WriteByte('/')
	}
	for _, t := range []*Template{a, b} {
		if _, ok, _ := t.match(path.String(), false); !ok {
			return ""
		}
	}
	return path.String()
}

// commonValue returns a text that segment i of both templates accepts.
func commonValue(a, b *Template, i int) (string, bool) {
	for _, value := range append(samples(a, i), samples(b, i)...) {
		if a.acceptsSegment(i, value) && b.acceptsSegment(i, value) {
			return value, true
		}
	}
	return "", false
}

// acceptsSegment reports whether a segment of a path that is value would do for
// segment i.
func (t *Template) acceptsSegment(i int, value string) bool {
	seg := &t.segments[i]
	path := "/" + value
	var c captures
	if value == "" || !t.matchSegment(seg, path, 1, len(path), &c) {
		return false
	}
	for j := range seg.parts {
		p := int(seg.parts[j].param)
		if p < 0 || c.span(p).start == 0 {
			continue
		}
		if ok, _ := t.judge(p, path[c.span(p).start:c.span(p).end]); !ok {
			return false
		}
	}
	return true
}

// usual are values of which each constraint accepts at least one.
var usual = []string{
	"x", "abc", "1", "-1", " -1", "42", "true", "1.5", "a.txt", "x-y", "x.y", "2009-06-15",
	"00000000-0000-0000-0000-000000000000", "00000000000000000000000000000001", "x-y-z", "x.y.z",
}

// samples returns texts that segment i may accept.
func samples(t *Template, i int) []string {
	seg := &t.segments[i]
	if text, ok := seg.literal(); ok {
		return []string{text}
	}
	if p := seg.param(); p >= 0 {
		return paramSamples(&t.params[p])
	}
	var all []string
	for _, filler := range usual {
		var b strings.Builder
		for j := range seg.parts {
			b.WriteString(seg.parts[j].literal)
			if p := seg.parts[j].param; p >= 0 {
				b.WriteString(fill(&t.params[p], filler))
			}
		}
		all = append(all, b.String())
	}
	return append(all, usual...)
}

// fill returns filler, or a value that the parameter accepts.
func fill(p *param, filler string) string {
	one := Template{params: []param{*p}}
	if ok, _ := one.judge(0, filler); ok {
		return filler
	}
	for _, value := range paramSamples(p) {
		if ok, _ := one.judge(0, value); ok {
			return value
		}
	}
	return filler
}

// paramSamples returns texts around the bounds of a parameter's constraints.
func paramSamples(p *param) []string {
	all := usual
	var lengths, numbers []int64
	for i := range p.constraints {
		c := &p.constraints[i]
		switch c.kind {
		case kindMinLength, kindMaxLength, kindLength:
			lengths = append(lengths, c.lo, c.hi)
		case kindMin, kindMax, kindRange:
			numbers = append(numbers, c.lo, c.hi)
		}
	}
	for _, n := range numbers {
		if n != math.MinInt64 && n != math.MaxInt64 {
			all = append(all, strconv.FormatInt(n, 10))
		}
	}
	short := all
	for _, n := range lengths {
		if n < 1 || n > 256 {
			continue
		}
		all = append(all, strings.Repeat("a", int(n)), strings.Repeat("1", int(n)))
		for _, text := range short {
			if pad := int(n) - len(text); pad > 0 && text[0] != '-' {
				all = append(all, strings.Repeat("0", pad)+text, text+strings.Repeat("x", pad))
			}
		}
	}
	return all
}
