package route

import "math"

// A tree holds the templates of a table, segment by segment. The path is walked
// once, from the root, and each node says what may come next.
//
// Among text the walk guesses first and checks afterwards: eight bytes of the
// path choose the one literal that can follow, which is then compared whole.
// A segment is searched for its end only where a parameter takes it.
//
// A node stands for one place behind a template's beginning, so a walk comes to
// it at one position only and at most once: whatever the path, the work is
// bounded by the nodes whose beginnings fit it, each of which looks at the rest
// of one segment. There is no second attempt inside a segment either.
//
// What a lookup needs at every step is in nodes, the rest in sites; both are
// known by one number. Numbers take half the memory of pointers, and the garbage
// collector need not follow them.
type tree struct {
	nodes []node  // the root first
	sites []site  // of the nodes
	slots []int32 // the tables by which nodes choose the text that may follow
	ends  []end   // in places
	more  []*more // of the nodes that have them

	relaxed  bool   // an empty segment may begin a catch-all
	special  bool   // a route lists HEAD or "*", so that the methods wanted depend on the path
	unseen   uint64 // what is seen where nothing is found: 0 if that does not depend on bytes beyond ASCII
	methods  methodSet
	refusals map[uint64]*refusal // by the methods that would do, for each place where routes end
}

// A node is a place in the tree: what it is entered by, and how to go on. It
// fills a line of the processor's cache.
type node struct {
	// The text it is entered by, or sixteen bytes of it that do not end it; a node
	// behind anything else has none.
	first, second chunk
	advance       int32 // how many bytes that takes, with the slash behind

	// The text that may follow, if there is one only. If there are several, bytes of
	// the path, multiplied and shifted, are the place in a table of the candidates.
	// Bytes of no interest are multiplied away.
	text   int32 // the node behind it, or nowhere
	mul    uint64
	slots  int32  // where the table begins
	offset uint16 // of the bytes
	shift  uint8
	wide   int8 // the bytes that count behind a slash: 0 for none, -1 for all

	param int32 // the node behind a parameter without constraints, 0 if there is none
	marks marks
}

// marks are what there is to know of a node.
type marks uint8

const (
	beside   marks = 1 << iota // not only text may follow
	unsorted                   // behind the text may be worse than behind others
	further                    // there are further ways to go on
	partial                    // the text goes on
	chooser                    // no node, but another step of choosing a text
	alike                      // a chooser whose table is a list of its texts, which no bytes tell apart
)

// nowhere is the node that no text leads to.
const nowhere = 1

// A chunk is up to eight bytes of a text, and the slash behind it if that is
// among them.
type chunk struct {
	word, mask uint64 // w&mask == word if w is the same but for case
}

func newChunk(text string) chunk { return chunkOf(text, len(text)+1) }

// chunkOf returns the chunk of the first n bytes, up to eight.
func chunkOf(text string, n int) chunk {
	mask := firstBytes(n) &^ letterCases(text)
	return chunk{word: load(text, 0) & mask, mask: mask}
}

// never is a chunk that nothing is the same as.
var never = chunk{word: 1}

// A site is what a node is less often asked for.
type site struct {
	methods uint64   // of all routes that end here
	why     *refusal // of others
	ends    int32    // where its routes begin, best rank first
	more    int32    // its further ways to go on
	lowest  int32    // the best rank behind here, the lower the better
}

// more holds the ways on from a node that are less common.
type more struct {
	wide   map[uint64][]*wide // texts with other letters than ASCII, by foldHash
	strict []strict           // parameters with constraints, complex segments
	rests  []rest             // catch-alls
	sorted bool               // nothing behind one of these is better than what is behind an earlier one
}

// A wide is a text that is not ASCII.
type wide struct {
	text string
	next int32
}

// A strict way takes a segment that has to be judged. The template stands for
// all that begin alike.
type strict struct {
	template *Template
	segment  *segment
	next     int32
}

// A rest takes all that is left.
type rest struct {
	template *Template
	param    int
	site     site
}

// An end is a route at the place where it matches.
type end struct {
	methods  uint64
	template *Template
	rank     int32
	broken   bool // the constraints of a value left out cannot decide
	last     bool // of its site
}

const noRoute = math.MaxInt32

// choice returns the only node that may be behind a text that follows n, or a
// chooser; w is what load returns for path at pos.
func (t *tree) choice(n *node, w uint64, path string, pos int) int32 {
	if n.mul == 0 {
		return n.text
	}
	if n.offset != 0 {
		w = load(path, pos+int(n.offset)) // where all bytes count
	}
	return t.slots[uint64(n.slots)+n.key(w)*n.mul>>(n.shift&63)]
}

// chosen returns the node behind the text that stands in path at pos as a whole
// number of segments, or 0. It is id if that is one, or among those that the
// chooser id leads to.
func (t *tree) chosen(id int32, path string, pos int) int32 {
	for {
		n := &t.nodes[id]
		switch {
		case n.marks&alike != 0:
			for _, id := range t.slots[n.slots : n.slots+n.advance] {
				if t.follows(id, path, pos) {
					return id
				}
			}
			return 0
		case n.marks&chooser != 0:
			id = t.choice(n, load(path, pos), path, pos)
		case t.follows(id, path, pos):
			return id
		default:
			return 0
		}
	}
}

// follows reports whether the text of the node called id stands in path at pos as
// a whole number of segments.
func (t *tree) follows(id int32, path string, pos int) bool {
	for {
		n := &t.nodes[id]
		if load(path, pos)&n.first.mask != n.first.word || load(path, pos+8)&n.second.mask != n.second.word {
			return false
		}
		if n.marks&partial == 0 {
			return true
		}
		id = n.text
		pos += int(n.advance)
	}
}
