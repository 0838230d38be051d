package route

import (
	"fmt"
	"strings"
)

// reNode is a piece of an expression.
type reNode struct {
	op       reOp
	set      unitSet // of opSet
	text     string  // of opText; the start of opGroup; the group of opReference and opCondition
	subs     []*reNode
	min, max int  // of opRepeat; max -1 is no bound
	lazy     bool // of opRepeat
	folded   bool // of opReference: case is ignored
}

type reOp uint8

const (
	opEmpty     reOp = iota
	opSet            // one code unit
	opText           // an assertion, in the engine's syntax
	opEnd            // '$': the end, or before a final line feed
	opConcat         // one after the other
	opAlternate      // one of several
	opRepeat         // a quantifier
	opGroup          // a group that begins with text, for instance "(?="
	opReference      // what a group has taken
	opCondition      // "(?(...)yes|no)": the branches, and an expression if it is no group
	opBoundary       // \b or, with text, \B
)

// nullable reports whether the piece can match the empty text anywhere.
func (n *reNode) nullable() bool {
	switch n.op {
	case opEmpty:
		return true
	case opConcat:
		for _, sub := range n.subs {
			if !sub.nullable() {
				return false
			}
		}
		return true
	case opAlternate:
		for _, sub := range n.subs {
			if sub.nullable() {
				return true
			}
		}
	case opRepeat:
		return n.min == 0 || n.subs[0].nullable()
	case opGroup:
		return n.captures() && n.subs[0].nullable()
	}
	return false
}

// captures reports whether a group is one that takes text, not an assertion.
func (n *reNode) captures() bool {
	return n.text == "(" || strings.HasPrefix(n.text, "(?<") && n.text != "(?<=" && n.text != "(?<!"
}

// write prints the piece for RE2. The engine has no assertion for
// "before a final line feed", so '$' takes the line feed; that comes to the same
// as long as nothing has to match behind it, which last tells. It returns false
// where that is not so.
func (n *reNode) write(b *strings.Builder, last bool) bool {
	switch n.op {
	case opSet:
		n.set.write(b)
	case opText:
		b.WriteString(n.text)
	case opEnd:
		b.WriteString(`(?:\n?\z)`)
		return last
	case opConcat:
		for i, sub := range n.subs {
			rest := reNode{op: opConcat, subs: n.subs[i+1:]}
			if sub.op == opEnd && i+1 < len(n.subs) && n.subs[i+1].impliesEnd() {
				continue
			}
			if !sub.write(b, last && rest.nullable()) {
				return false
			}
		}
	case opAlternate:
		b.WriteString("(?:")
		for i, sub := range n.subs {
			if i > 0 {
				b.WriteByte('|')
			}
			if !sub.write(b, last) {
				return false
			}
		}
		b.WriteByte(')')
	case opGroup:
		b.WriteString("(?:")
		defer b.WriteByte(')')
		return n.subs[0].write(b, last)
	case opRepeat:
		b.WriteString("(?:")
		if !n.subs[0].write(b, last && n.max >= 0 && n.max <= 1) {
			return false
		}
		b.WriteByte(')')
		switch {
		case n.max >= 0:
			fmt.Fprintf(b, "{%d,%d}", n.min, n.max)
		default:
			fmt.Fprintf(b, "{%d,}", n.min)
		}
	}
	return true
}

// impliesEnd reports whether a '$' before the piece says nothing new.
func (n *reNode) impliesEnd() bool {
	return n.op == opEnd || n.op == opText && n.text == `\z`
}

// writePerl prints the piece for a backtracking engine.
func (n *reNode) writePerl(b *strings.Builder) {
	switch n.op {
	case opSet:
		n.set.writePerl(b)
	case opText:
		b.WriteString(n.text)
	case opEnd:
		b.WriteString(`(?=\n?\z)`)
	case opConcat:
		for _, sub := range n.subs {
			sub.writePerl(b)
		}
	case opAlternate:
		b.WriteString("(?:")
		n.writeBranches(b)
		b.WriteByte(')')
	case opGroup:
		b.WriteString(n.text)
		n.subs[0].writePerl(b)
		b.WriteByte(')')
	case opRepeat:
		n.writeRepeat(b)
	case opReference:
		if n.folded {
			b.WriteString("(?i:" + n.text + ")")
			return
		}
		b.WriteString("(?:" + n.text + ")")
	case opCondition:
		b.WriteString("(?(")
		if n.text != "" {
			b.WriteString(n.text)
		} else {
			b.WriteString("?=")
			n.subs[1].writePerl(b)
		}
		b.WriteByte(')')
		n.subs[0].writeBranches(b)
		b.WriteByte(')')
	case opBoundary:
		n.writeBoundary(b)
	}
}

// writeBranches prints the branches of an alternation, or the piece if it is
// none, without a group around them.
func (n *reNode) writeBranches(b *strings.Builder) {
	if n.op != opAlternate {
		n.writePerl(b)
		return
	}
	for i, sub := range n.subs {
		if i > 0 {
			b.WriteByte('|')
		}
		sub.writePerl(b)
	}
}

func (n *reNode) writeRepeat(b *strings.Builder) {
	b.WriteString("(?:")
	n.subs[0].writePerl(b)
	b.WriteByte(')')
	if n.max >= 0 {
		fmt.Fprintf(b, "{%d,%d}", n.min, n.max)
	} else {
		fmt.Fprintf(b, "{%d,}", n.min)
	}
	if n.lazy {
		b.WriteByte('?')
	}
}

// writeBoundary prints \b and \B, for which the joiners U+200C and U+200D are
// parts of words too.
func (n *reNode) writeBoundary(b *strings.Builder) {
	var word strings.Builder
	append(wordSet(), unitRange{0x200C, 0x200D}).writePerl(&word)
	w := word.String()
	if n.text == "" {
		fmt.Fprintf(b, "(?:(?<=%s)(?!%s)|(?<!%s)(?=%s))", w, w, w, w)
		return
	}
	fmt.Fprintf(b, "(?:(?<=%s)(?=%s)|(?<!%s)(?!%s))", w, w, w, w)
}
