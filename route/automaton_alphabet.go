package route

import (
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// An alphabet is how the instructions of a program tell code units apart.
type alphabet struct {
	sets    []unitSet // what the instructions take, each set once
	setOf   []int     // for each instruction its set, -1 if it takes nothing
	from    []rune    // where runs of units begin that no set tells apart; the first is 0
	class   []uint8   // of the runs
	count   int       // of classes
	members []classSet
	newline uint8 // the class of a line feed, if the program asks for lines
}

// classSet is a set of classes.
type classSet [maxClasses / 64]uint64

func (s *classSet) add(class uint8)      { s[class/64] |= 1 << (class % 64) }
func (s *classSet) has(class uint8) bool { return s[class/64]>>(class%64)&1 != 0 }

// maxClasses leaves a number for the end of the text, which is a column too.
const maxClasses = 256

// maxSets bounds the work of telling sets apart. A program with more of them
// hardly has fewer than maxClasses classes.
const maxSets = 512

// newAlphabet returns the alphabet of a program. If lines, a line feed is of a
// class of its own. It returns nil if there would be too many sets or classes.
func newAlphabet(prog *syntax.Prog, lines bool) *alphabet {
	a := &alphabet{}
	if !a.collect(prog) {
		return nil
	}
	sets := a.sets
	if lines {
		sets = append(slices.Clip(sets), unitSet{{'\n', '\n'}})
	}
	a.cut(sets)
	for _, set := range sets {
		if !a.split(set) {
			return nil
		}
	}
	a.members = make([]classSet, len(a.sets))
	for i, set := range a.sets {
		for run := range a.runs(set) {
			a.members[i].add(a.class[run])
		}
	}
	a.newline = maxClasses - 1
	if lines {
		a.newline = a.of('\n')
	}
	return a
}

// collect finds the sets of the instructions. It returns false if there are too
// many.
func (a *alphabet) collect(prog *syntax.Prog) bool {
	// The copies of a piece that is repeated share their runes.
	type source struct {
		runes *rune
		count int
		flags uint32
	}
	known := map[source]int{}
	a.setOf = make([]int, len(prog.Inst))
	for i := range prog.Inst {
		inst := &prog.Inst[i]
		from := source{count: len(inst.Rune), flags: inst.Arg}
		if from.count > 0 {
			from.runes = &inst.Rune[0]
			if n, ok := known[from]; ok {
				a.setOf[i] = n
				continue
			}
		}
		a.setOf[i] = -1
		if set, ok := taken(inst); ok {
			a.setOf[i] = a.setIndex(set)
			known[from] = a.setOf[i]
		}
		if len(a.sets) > maxSets {
			return false
		}
	}
	return true
}

// setIndex returns the number of the set.
func (a *alphabet) setIndex(set unitSet) int {
	for i := len(a.sets) - 1; i >= 0; i-- {
		if slices.Equal(a.sets[i], set) {
			return i
		}
	}
	a.sets = append(a.sets, set)
	return len(a.sets) - 1
}

// taken returns the code units that an instruction takes, sorted.
func taken(inst *syntax.Inst) (unitSet, bool) {
	switch inst.Op {
	case syntax.InstRuneAny:
		return unitSet(nil).not(), true
	case syntax.InstRuneAnyNotNL:
		return unitSet{{'\n', '\n'}}.not(), true
	case syntax.InstRune, syntax.InstRune1:
	default:
		return nil, false
	}
	var set unitSet
	if len(inst.Rune) == 1 {
		first := inst.Rune[0]
		set.addRunes(first, first)
		if syntax.Flags(inst.Arg)&syntax.FoldCase != 0 {
			for r := unicode.SimpleFold(first); r != first; r = unicode.SimpleFold(r) {
				set.addRunes(r, r)
			}
		}
	}
	for i := 0; i+1 < len(inst.Rune); i += 2 {
		set.addRunes(inst.Rune[i], inst.Rune[i+1])
	}
	return set.sorted(), true
}

// addRunes adds the code units that the runes from lo to hi stand for.
func (s *unitSet) addRunes(lo, hi rune) {
	for _, part := range [...]struct{ lo, hi, shift rune }{
		{0, 0xD7FF, 0}, {0xE000, 0xFFFF, 0}, {unitRune(0xD800), unitRune(0xDFFF), unitRune(0xD800) - 0xD800},
	} {
		if from, to := max(lo, part.lo), min(hi, part.hi); from <= to {
			s.add(from-part.shift, to-part.shift)
		}
	}
}

// cut makes runs of the units, all of class 0.
func (a *alphabet) cut(sets []unitSet) {
	a.from = []rune{0, utf8.RuneSelf}
	for _, set := range sets {
		for _, r := range set {
			a.from = append(a.from, r.lo)
			if r.hi < 0xFFFF {
				a.from = append(a.from, r.hi+1)
			}
		}
	}
	slices.Sort(a.from)
	a.from = slices.Compact(a.from)
	a.class = make([]uint8, len(a.from))
	a.count = 1
}

// runs yields the runs that are in the set.
func (a *alphabet) runs(set unitSet) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for _, r := range set {
			run, _ := slices.BinarySearch(a.from, r.lo)
			for ; run < len(a.from) && a.from[run] <= r.hi; run++ {
				if !yield(run) {
					return
				}
			}
		}
	}
}

// split gives the units of the set other classes than all others. It returns
// false if there are too many.
func (a *alphabet) split(set unitSet) bool {
	var all, in [maxClasses]int // runs of each class
	for _, class := range a.class {
		all[class]++
	}
	for run := range a.runs(set) {
		in[a.class[run]]++
	}
	var moved [maxClasses]uint8 // where the units of the set go
	for class := range a.count {
		moved[class] = uint8(class)
		if in[class] == 0 || in[class] == all[class] {
			continue
		}
		if a.count == maxClasses-1 {
			return false
		}
		moved[class] = uint8(a.count)
		a.count++
	}
	for run := range a.runs(set) {
		a.class[run] = moved[a.class[run]]
	}
	return true
}

// of returns the class of a code unit.
func (a *alphabet) of(u rune) uint8 {
	run, exact := slices.BinarySearch(a.from, u)
	if !exact {
		run--
	}
	return a.class[run]
}

// others returns the classes of the units that are not ASCII.
func (a *alphabet) others() unitClasses {
	var c unitClasses
	run, _ := slices.BinarySearch(a.from, utf8.RuneSelf)
	c.classes = append(c.classes, a.class[run])
	for run++; run < len(a.from); run++ {
		if a.class[run] != c.classes[len(c.classes)-1] {
			c.from = append(c.from, uint16(a.from[run]))
			c.classes = append(c.classes, a.class[run])
		}
	}
	if len(c.classes) <= maxRuns {
		return c
	}
	return c.paged()
}

// paged returns the same classes in pages. Pages that are alike are one.
func (c unitClasses) paged() unitClasses {
	all := make([]uint8, 1<<16)
	for run, class := range c.classes {
		lo, hi := 0, len(all)
		if run > 0 {
			lo = int(c.from[run-1])
		}
		if run < len(c.from) {
			hi = int(c.from[run])
		}
		for i := range all[lo:hi] {
			all[lo+i] = class
		}
	}
	type page [1 << pageBits]uint8
	made := unitClasses{pages: make([]uint16, len(all)>>pageBits)}
	numbers := map[page]uint16{}
	for p := range made.pages {
		this := page(all[p<<pageBits:])
		n, ok := numbers[this]
		if !ok {
			n = uint16(len(numbers))
			numbers[this] = n
			made.classes = append(made.classes, this[:]...)
		}
		made.pages[p] = n
	}
	made.classes = slices.Clip(made.classes)
	return made
}
