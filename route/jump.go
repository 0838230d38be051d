package route

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// A jump chooses among the texts that may follow a node: eight bytes at an
// offset where they differ, hashed into a table of them. It finds the one text
// that can match, which has yet to be compared. Where several share a place in
// the table, another jump chooses among those.
type jump struct {
	keep, mul uint64
	wide      uint64   // the bytes that count behind a slash: none or all
	slots     []uint16 // indices of nodes or, from len(nodes) on, of more.subs
	nodes     []node   // behind the texts, side by side
	more      *moreJumps
	offset    uint16
	shift     uint8
}

// moreJumps is what few jumps have.
type moreJumps struct {
	subs  []*jump
	alike []int // all there is, if no eight bytes tell the texts apart
}

// maxTexts is how many texts a jump can tell apart.
const maxTexts = 1 << 15

// choose returns the only node that may be behind path at pos; w is what load
// returns there. Places of the table that no text has lead to the first text.
func (j *jump) choose(w uint64, path string, pos int) *node {
	for {
		if j.slots == nil {
			return j.chooseAlike(w, path, pos)
		}
		x := w
		if j.offset != 0 {
			x = load(path, pos+int(j.offset))
		}
		i := int(j.slots[j.key(x, slashIn(x))*j.mul>>(j.shift&63)])
		if i < len(j.nodes) {
			return &j.nodes[i]
		}
		j = j.more.subs[i-len(j.nodes)]
	}
}

// key returns what of eight bytes tells the texts apart; slash is what slashIn
// returns for them.
func (j *jump) key(w, slash uint64) uint64 {
	return (w | cases) & (slash ^ (slash - 1) | j.wide) & j.keep
}

func (j *jump) chooseAlike(w uint64, path string, pos int) *node {
	for _, i := range j.more.alike {
		if n := &j.nodes[i]; n.follows(w, path, pos) {
			return n
		}
	}
	return &j.nodes[0]
}

// newJump makes a jump among texts of ASCII, no two of which are equal but for
// case; nodes are the ones behind them. Each text is followed by a slash where it
// is shorter than the window, as it is in a path.
func newJump(texts []string, nodes []node) *jump {
	all := make([]int, len(texts))
	for i := range all {
		all[i] = i
	}
	j := jumpAmong(all, texts, nodes)
	if j.slots == nil { // a table of one slot leads to it
		return &jump{nodes: nodes, slots: []uint16{uint16(len(nodes))}, more: &moreJumps{subs: []*jump{j}}}
	}
	return j
}

// jumpAmong is newJump for those texts whose indices are in among.
func jumpAmong(among []int, texts []string, nodes []node) *jump {
	j := &jump{nodes: nodes}
	offset, keep, kinds := window(among, texts)
	j.offset, j.keep, j.wide = uint16(offset), keep, ^uint64(0)
	if n := beginnings(among, texts); n > kinds {
		j.offset, j.keep, j.wide, kinds = 0, ^uint64(0), 0, n
	}
	if kinds < 2 {
		return &jump{nodes: nodes, more: &moreJumps{alike: among}}
	}
	words := make([]uint64, len(among))
	for i, text := range among {
		w := load(texts[text], int(j.offset))
		words[i] = j.key(w, slashIn(w))
	}
	j.scatter(words)
	members := make(map[uint64][]int)
	for i, w := range words {
		at := w * j.mul >> j.shift
		members[at] = append(members[at], among[i])
	}
	for at := range j.slots {
		switch m := members[uint64(at)]; len(m) {
		case 0:
		case 1:
			j.slots[at] = uint16(m[0])
		default:
			if j.more == nil {
				j.more = &moreJumps{}
			}
			j.slots[at] = uint16(len(nodes) + len(j.more.subs))
			j.more.subs = append(j.more.subs, jumpAmong(m, texts, nodes))
		}
	}
	return j
}

// window returns the place that tells most of the texts apart, and how many
// kinds of them it tells. It ends with the slash behind the shortest text, so
// that all of its bytes are known for each.
func window(among []int, texts []string) (offset int, keep uint64, kinds int) {
	shortest := len(texts[among[0]])
	for _, i := range among {
		shortest = min(shortest, len(texts[i]))
	}
	seen := make(map[uint64]struct{}, len(among))
	for o := range min(shortest, 1<<15) + 1 {
		k := firstBytes(shortest + 1 - o)
		clear(seen)
		for _, i := range among {
			seen[(load(texts[i], o)|cases)&k] = struct{}{}
		}
		if len(seen) > kinds {
			kinds, offset, keep = len(seen), o, k
		}
		if kinds == len(among) || k != ^uint64(0) {
			break // windows further right see a part of this one
		}
	}
	return offset, keep, kinds
}

// beginnings returns how many kinds of the texts their first segments tell, of
// which eight bytes count with the slash behind. These are known however short
// another text is.
func beginnings(among []int, texts []string) int {
	first := jump{keep: ^uint64(0)}
	seen := make(map[uint64]struct{}, len(among))
	for _, i := range among {
		w := load(texts[i], 0)
		seen[first.key(w, slashIn(w))] = struct{}{}
	}
	return len(seen)
}

// scatter chooses a multiplier, and a size of the table, such that few words
// share a slot.
func (j *jump) scatter(words []uint64) {
	words = slices.Clone(words)
	slices.Sort(words)
	words = slices.Compact(words)
	source := rand.New(rand.NewPCG(uint64(len(words)), words[0]))
	least := bits.Len(uint(len(words)))
	fewest := len(words)
	for size := least; size < least+5 && fewest > 0; size++ {
		shift := uint8(64 - size)
		used := make([]uint32, 1<<size)
		for try := range uint32(4 + 2000/len(words)) {
			mul := source.Uint64() | 1
			shared := 0
			for _, w := range words {
				at := w * mul >> shift
				if used[at] == try+1 {
					shared++
				}
				used[at] = try + 1
			}
			if shared < fewest {
				fewest, j.mul, j.shift = shared, mul, shift
			}
			if shared == 0 {
				break
			}
		}
		if len(words) > 1000 && size > least {
			break // two places a text will do, and what shares one has a jump of its own
		}
	}
	j.slots = make([]uint16, 1<<(64-j.shift))
}
