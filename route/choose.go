package route

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// A node chooses among the texts that may follow it by eight bytes at an offset
// where they differ, hashed into a table of them. That finds the one text that can
// match, which has yet to be compared. Where several share a slot of the table, a
// chooser behind it chooses among those.

// maxTexts is how many texts may follow a node, those that are not ASCII aside.
const maxTexts = 1 << 15

// choose makes the node called id choose among texts of ASCII, no two of which are
// equal but for case; row is the first of the nodes behind them. Each text is
// followed by a slash where it is shorter than the window, as it is in a path.
func (t *tree) choose(id int32, texts []string, row int32) {
	switch len(texts) {
	case 0:
	case 1:
		t.nodes[id].text = row
	default:
		all := make([]int, len(texts))
		for i := range all {
			all[i] = i
		}
		t.chooseAmong(id, all, texts, row)
	}
}

// chooseAmong is choose for those texts whose indices are in among.
func (t *tree) chooseAmong(id int32, among []int, texts []string, row int32) {
	n := node{wide: -1}
	offset, size, kinds := window(among, texts)
	if all := beginnings(among, texts); all > kinds {
		n.wide, offset, size, kinds = 0, 0, 8, all
	}
	if kinds < 2 {
		c := t.newAlike(among, row)
		t.nodes[id].text = c
		return
	}
	n.offset = uint16(offset)
	words := make([]uint64, len(among))
	for i, text := range among {
		words[i] = n.key(load(texts[text], offset))
	}
	n.scatter(words, 8*(8-size))
	n.slots = t.newSlots(1 << (64 - n.shift))
	members := make(map[uint64][]int)
	for i, w := range words {
		at := w * n.mul >> n.shift
		members[at] = append(members[at], among[i])
	}
	for at := range uint64(1) << (64 - n.shift) {
		slot := n.slots + int32(at)
		switch m := members[at]; len(m) {
		case 0:
		case 1:
			t.slots[slot] = row + int32(m[0])
		default:
			c := t.newChooser()
			t.slots[slot] = c
			t.chooseAmong(c, m, texts, row)
		}
	}
	to := &t.nodes[id]
	to.mul, to.slots, to.offset, to.shift, to.wide = n.mul, n.slots, n.offset, n.shift, n.wide
}

// newSlots makes a table of n slots that lead nowhere.
func (t *tree) newSlots(n int) int32 {
	start := len(t.slots)
	for range n {
		t.slots = append(t.slots, nowhere)
	}
	return int32(start)
}

func (t *tree) newChooser() int32 {
	id := t.newNodes(1)
	t.nodes[id].first, t.nodes[id].marks = never, chooser
	return id
}

// newAlike makes a chooser of texts that no eight bytes tell apart.
func (t *tree) newAlike(among []int, row int32) int32 {
	id := t.newChooser()
	n := &t.nodes[id]
	n.marks |= alike
	n.advance = int32(len(among))
	n.slots = t.newSlots(len(among))
	for i, text := range among {
		t.slots[int(n.slots)+i] = row + int32(text)
	}
	return id
}

// key returns what of eight bytes tells the texts apart that may follow n.
func (n *node) key(w uint64) uint64 {
	slash := slashIn(w)
	return (w | cases) & (slash ^ (slash - 1) | uint64(n.wide))
}

// window returns the place that tells most of the texts apart, how many bytes
// it has, and how many kinds of texts it tells. It ends with the slash behind the
// shortest text, so that all of its bytes are known for each.
func window(among []int, texts []string) (offset, size, kinds int) {
	shortest := len(texts[among[0]])
	for _, i := range among {
		shortest = min(shortest, len(texts[i]))
	}
	seen := make(map[uint64]struct{}, len(among))
	for o := range min(shortest, 1<<15) + 1 {
		k := min(shortest+1-o, 8)
		clear(seen)
		for _, i := range among {
			seen[(load(texts[i], o)|cases)&firstBytes(k)] = struct{}{}
		}
		if len(seen) > kinds {
			kinds, offset, size = len(seen), o, k
		}
		if kinds == len(among) || k < 8 {
			break // windows further right see a part of this one
		}
	}
	return offset, size, kinds
}

// beginnings returns how many kinds of the texts their first segments tell, of
// which eight bytes count with the slash behind. These are known however short
// another text is.
func beginnings(among []int, texts []string) int {
	var n node
	seen := make(map[uint64]struct{}, len(among))
	for _, i := range among {
		seen[n.key(load(texts[i], 0))] = struct{}{}
	}
	return len(seen)
}

// scatter chooses a multiplier, and a size of the table, such that few words
// share a slot. The multiplier shifts the words to the left before all else, so
// that their highest bytes do not count.
func (n *node) scatter(words []uint64, left int) {
	words = slices.Clone(words)
	for i := range words {
		words[i] <<= left
	}
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
				fewest, n.mul, n.shift = shared, mul<<left, shift
			}
			if shared == 0 {
				break
			}
		}
		if len(words) > 1000 && size > least {
			break // two places a text will do, and what shares one has a chooser of its own
		}
	}
}
