package route

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// A jump chooses among the texts that may follow a node: eight bytes at an
// offset where they differ, hashed into a table of them. It finds the one text
// that can match, which has yet to be compared. Where several share a place in
// the table, a jump of their own chooses on.
type jump struct {
	keep, mul uint64
	offset    int
	shift     uint8
	slots     []slot
	alike     []*node // texts that look the same to every window: "a^", "a~"
}

type slot struct {
	node *node
	jump *jump
}

func (j *jump) choose(w uint64, path string, pos int) *node {
	for {
		if j.alike != nil {
			return j.chooseAlike(w, path, pos)
		}
		v := w
		if j.offset != 0 {
			v = load(path, pos+j.offset)
		}
		s := &j.slots[j.hash(v)]
		if s.jump == nil {
			return s.node
		}
		j = s.jump
	}
}

func (j *jump) chooseAlike(w uint64, path string, pos int) *node {
	for _, n := range j.alike {
		if n.follows(w, path, pos) {
			return n
		}
	}
	return nil
}

func (j *jump) hash(w uint64) uint64 {
	return (w | cases) & j.keep * j.mul >> j.shift
}

// newJump makes a jump among texts of ASCII, no two of which are equal but for
// case. Each text is followed by a slash where it is shorter than the window,
// as it is in a path.
func newJump(texts []string, nodes []*node) *jump {
	j := &jump{}
	var kinds int
	if j.offset, j.keep, kinds = window(texts); kinds < 2 {
		return &jump{alike: nodes}
	}
	words := make([]uint64, len(texts))
	for i, t := range texts {
		words[i] = (load(t, j.offset) | cases) & j.keep
	}
	groups := j.scatter(words)
	for at, members := range groups {
		switch len(members) {
		case 0:
		case 1:
			j.slots[at].node = nodes[members[0]]
		default:
			var t []string
			var n []*node
			for _, i := range members {
				t, n = append(t, texts[i]), append(n, nodes[i])
			}
			j.slots[at].jump = newJump(t, n)
		}
	}
	return j
}

// window returns the place that tells most of the texts apart, and how many
// kinds of them it tells. It ends with the slash behind the shortest text, so
// that all of its bytes are known for each.
func window(texts []string) (offset int, keep uint64, kinds int) {
	shortest := len(texts[0])
	for _, t := range texts {
		shortest = min(shortest, len(t))
	}
	seen := make(map[uint64]struct{}, len(texts))
	for o := 0; o <= shortest; o++ {
		k := firstBytes(shortest + 1 - o)
		clear(seen)
		for _, t := range texts {
			seen[(load(t, o)|cases)&k] = struct{}{}
		}
		if len(seen) > kinds {
			kinds, offset, keep = len(seen), o, k
		}
		if kinds == len(texts) || k != ^uint64(0) {
			break // windows further right see a part of this one
		}
	}
	return offset, keep, kinds
}

// scatter chooses the multiplier that leaves the fewest words sharing a slot,
// and returns which words are in each.
func (j *jump) scatter(words []uint64) [][]int {
	size := bits.Len(uint(2*len(words) - 1))
	j.shift = uint8(64 - size)
	j.slots = make([]slot, 1<<size)
	source := rand.New(rand.NewPCG(uint64(len(words)), words[0]))
	tries := 4 + 4096/len(words)
	used := make([]uint32, len(j.slots))
	fewest := len(words)
	for try := range uint32(tries) {
		mul := source.Uint64() | 1
		shared := 0
		for _, w := range words {
			at := w * mul >> j.shift
			if used[at] == try+1 {
				shared++
			}
			used[at] = try + 1
		}
		if shared < fewest {
			fewest, j.mul = shared, mul
		}
		if shared == 0 {
			break
		}
	}
	groups := make([][]int, len(j.slots))
	for i, w := range words {
		at := w * j.mul >> j.shift
		groups[at] = append(groups[at], i)
	}
	return slices.Clip(groups)
}
