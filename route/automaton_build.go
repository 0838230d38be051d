package route

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
)

// Bounds of an automaton. A program beyond them is left to the engine of the
// standard library, which needs no table: one for "(a|b)*a(a|b){12}c" would have
// thousands of rows. Compiling takes time linear in the program either way.
const (
	maxInsts  = 1 << 12 // instructions of a program
	maxCells  = 1 << 15 // of the table: 64 KiB
	minEffort = 1 << 13 // steps of making it,
	perInst   = 1 << 4  // and so many more for each instruction
)

// newAutomaton makes the automaton of a program by following all its threads at
// once. It returns nil if that goes beyond the bounds, or if the program asks for
// boundaries of words, which no expression of the source comes to.
func newAutomaton(prog *syntax.Prog) *automaton {
	lines, ok := asksForLines(prog)
	if !ok || len(prog.Inst) > maxInsts {
		return nil
	}
	letters := newAlphabet(prog, lines)
	if letters == nil {
		return nil
	}
	b := &builder{
		prog:     prog,
		alphabet: letters,
		effort:   minEffort + perInst*len(prog.Inst),
		seen:     make([]uint32, len(prog.Inst)),
		numbers:  map[string]uint16{},
		width:    letters.count + 1,
	}
	start, ok := b.build()
	if !ok {
		return nil
	}
	return b.finish(start)
}

// asksForLines reports whether the program has assertions about lines; ok is
// false if it has some about words.
func asksForLines(prog *syntax.Prog) (lines, ok bool) {
	for i := range prog.Inst {
		if inst := &prog.Inst[i]; inst.Op == syntax.InstEmptyWidth {
			op := syntax.EmptyOp(inst.Arg)
			if op&(syntax.EmptyWordBoundary|syntax.EmptyNoWordBoundary) != 0 {
				return false, false
			}
			lines = lines || op&(syntax.EmptyBeginLine|syntax.EmptyEndLine) != 0
		}
	}
	return lines, true
}

// A builder follows the threads of a program. A place is where they all are
// between two code units.
type builder struct {
	prog     *syntax.Prog
	alphabet *alphabet
	effort   int // steps left

	places  []place
	numbers map[string]uint16 // of places, by their keys
	cells   []uint16          // for each place and class the number of the place that is next
	width   int               // of a row of cells: the classes and the end of the text

	threads []uint32 // what follow has found
	seen    []uint32 // for each instruction the round in which follow has seen it
	round   uint32
	stack   []uint32
	seeds   []uint32
	key     []byte
}

// A place is a set of threads, each waiting for a code unit or for the end of a
// line or of the text.
type place struct {
	threads []uint32       // their instructions, ascending
	behind  syntax.EmptyOp // what is true of the text before; 0 if no thread asks
	asks    bool           // some thread waits for an end
}

// The two places that every automaton has.
const (
	placeDead   = 0 // no match ahead
	placeAccept = 1 // a match
)

const (
	atStart = syntax.EmptyBeginText | syntax.EmptyBeginLine
	atEnd   = syntax.EmptyEndText | syntax.EmptyEndLine
)

// build finds all places. It returns the number of the first.
func (b *builder) build() (start uint16, ok bool) {
	b.places = make([]place, 2, 16)
	for number := range uint16(2) {
		for range b.width {
			b.cells = append(b.cells, number)
		}
	}
	b.seeds = append(b.seeds, uint32(b.prog.Start))
	if start, ok = b.place(atStart); !ok {
		return 0, false
	}
	b.seeds = append(b.seeds[:0], uint32(b.prog.Start))
	idle, ok := b.place(0) // behind a unit that no thread takes
	for n := 2; n < len(b.places) && ok; n++ {
		p := b.places[n]
		taken := b.taken(p)
		for class := uint8(0); int(class) < b.width-1 && ok; class++ {
			next := idle
			if taken.has(class) || class == b.alphabet.newline {
				next, ok = b.step(p, class)
			}
			b.cells = append(b.cells, next)
		}
		b.cells = append(b.cells, b.end(p))
	}
	return start, ok
}

// taken returns the classes that some thread of the place takes.
func (b *builder) taken(p place) classSet {
	var all classSet
	for _, pc := range p.threads {
		if set := b.alphabet.setOf[pc]; set >= 0 {
			for i, word := range b.alphabet.members[set] {
				all[i] |= word
			}
		}
	}
	return all
}

// step returns the place behind a code unit of the class.
func (b *builder) step(p place, class uint8) (uint16, bool) {
	var behind, ahead syntax.EmptyOp
	if class == b.alphabet.newline {
		behind, ahead = syntax.EmptyBeginLine, syntax.EmptyEndLine
	}
	threads := p.threads
	if p.asks && ahead != 0 {
		b.seeds = append(b.seeds[:0], threads...)
		if b.follow(p.behind|ahead, 0) {
			return placeAccept, true
		}
		threads = b.threads
	}
	b.effort -= len(threads)
	b.seeds = b.seeds[:0]
	for _, pc := range threads {
		if set := b.alphabet.setOf[pc]; set >= 0 && b.alphabet.members[set].has(class) {
			b.seeds = append(b.seeds, b.prog.Inst[pc].Out)
		}
	}
	b.seeds = append(b.seeds, uint32(b.prog.Start)) // a match may begin anywhere
	return b.place(behind)
}

// end returns the place behind the end of the text.
func (b *builder) end(p place) uint16 {
	if p.asks {
		b.seeds = append(b.seeds[:0], p.threads...)
		if b.follow(p.behind|atEnd, 0) {
			return placeAccept
		}
	}
	return placeDead
}

// place returns the number of the place that the seeds lead to, a new one if
// there is none yet.
func (b *builder) place(behind syntax.EmptyOp) (uint16, bool) {
	if b.follow(behind, atEnd) {
		return placeAccept, true
	}
	slices.Sort(b.threads)
	p := place{}
	b.key = b.key[:0]
	for _, pc := range b.threads {
		p.asks = p.asks || b.alphabet.setOf[pc] < 0
		b.key = binary.LittleEndian.AppendUint16(b.key, uint16(pc))
	}
	if p.asks {
		p.behind = behind
		b.key = append(b.key, byte(behind))
	}
	if n, ok := b.numbers[string(b.key)]; ok {
		return n, b.effort > 0
	}
	n := len(b.places)
	if b.effort <= 0 || (n+1)*b.width > maxCells {
		return 0, false
	}
	p.threads = slices.Clone(b.threads)
	b.places = append(b.places, p)
	b.numbers[string(b.key)] = uint16(n)
	return uint16(n), true
}

// follow finds the threads that the seeds lead to without taking a code unit,
// where the assertions in known are true and those in open may still come true.
// It reports whether one of them is a match.
func (b *builder) follow(known, open syntax.EmptyOp) bool {
	b.round++
	b.threads = b.threads[:0]
	b.stack = append(b.stack[:0], b.seeds...)
	for len(b.stack) > 0 {
		pc := b.stack[len(b.stack)-1]
		b.stack = b.stack[:len(b.stack)-1]
		if b.seen[pc] == b.round {
			continue
		}
		b.seen[pc] = b.round
		b.effort--
		inst := &b.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstMatch:
			return true
		case syntax.InstAlt, syntax.InstAltMatch:
			b.stack = append(b.stack, inst.Arg, inst.Out)
		case syntax.InstCapture, syntax.InstNop:
			b.stack = append(b.stack, inst.Out)
		case syntax.InstEmptyWidth:
			switch missing := syntax.EmptyOp(inst.Arg) &^ known; {
			case missing == 0:
				b.stack = append(b.stack, inst.Out)
			case missing&^open == 0:
				b.threads = append(b.threads, pc)
			}
		case syntax.InstFail:
		default:
			b.threads = append(b.threads, pc)
		}
	}
	return false
}

// finish makes the table. Places with no match ahead become one.
func (b *builder) finish(start uint16) *automaton {
	rows := make([]uint16, len(b.places))
	rows[placeAccept] = uint16(b.width)
	next := b.width
	for n, live := range b.live() {
		if live && n != placeAccept {
			next += b.width
			rows[n] = uint16(next)
		}
	}
	a := &automaton{
		other:  b.alphabet.others(),
		next:   make([]uint16, next+b.width),
		start:  rows[start],
		accept: rows[placeAccept],
	}
	for n, row := range rows {
		if row == 0 && n != placeDead {
			continue
		}
		for class, to := range b.cells[n*b.width : (n+1)*b.width] {
			a.next[int(row)+class] = rows[to]
		}
	}
	for c := range a.ascii {
		a.ascii[c] = b.alphabet.of(rune(c))
	}
	return a
}

// live tells for each place whether a match is ahead.
func (b *builder) live() []bool {
	first := make([]int, len(b.places)+1) // for each place the first of its sources
	for _, to := range b.cells {
		first[to+1]++
	}
	for n := range b.places {
		first[n+1] += first[n]
	}
	sources, filled := make([]uint16, len(b.cells)), slices.Clone(first)
	for cell, to := range b.cells {
		sources[filled[to]] = uint16(cell / b.width)
		filled[to]++
	}
	live := make([]bool, len(b.places))
	live[placeAccept] = true
	for todo := []uint16{placeAccept}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, source := range sources[first[n]:first[n+1]] {
			if !live[source] {
				live[source] = true
				todo = append(todo, source)
			}
		}
	}
	return live
}
