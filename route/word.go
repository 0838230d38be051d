package route

import (
	"encoding/binary"
	"math/bits"
)

// Eight bytes of a path are read at once and worked on as one word, the first
// byte lowest. Bytes past the end of the path read as slashes: to matching, the
// end of the path and a slash both end a segment.

const (
	lows   = 0x0101010101010101
	highs  = 0x8080808080808080
	cases  = 0x2020202020202020 // the bit that tells upper from lower case
	solidi = 0x2F2F2F2F2F2F2F2F // eight slashes
)

// load returns the eight bytes of s from i on.
func load(s string, i int) uint64 {
	if i+8 <= len(s) {
		return binary.LittleEndian.Uint64([]byte(s[i : i+8]))
	}
	return loadTail(s, i)
}

// loadTail is load near the end of s. It stays out of line so that load does not.
//
//go:noinline
func loadTail(s string, i int) uint64 {
	n := len(s) - i
	if n <= 0 {
		return solidi
	}
	if len(s) >= 8 {
		w := binary.LittleEndian.Uint64([]byte(s[len(s)-8:]))
		return w>>(8*(8-n)) | solidi<<(8*n)
	}
	w := uint64(solidi) << (8 * n)
	for j := range n {
		w |= uint64(s[i+j]) << (8 * j)
	}
	return w
}

// slashIn returns a word that is zero if w holds no slash, and whose lowest set
// bit is in the byte of the first slash otherwise.
func slashIn(w uint64) uint64 {
	x := w ^ solidi
	return (x - lows) & ^x & highs
}

// segmentEnd returns where the segment of path that begins at pos ends; w is
// what load returns for pos.
func segmentEnd(path string, pos int, w uint64) int {
	for {
		if m := slashIn(w); m != 0 {
			return pos + bits.TrailingZeros64(m)>>3
		}
		pos += 8
		w = load(path, pos)
	}
}

// firstBytes returns a word whose first n bytes are set, for n up to 8.
func firstBytes(n int) uint64 {
	if n >= 8 {
		return ^uint64(0)
	}
	return 1<<(8*n) - 1
}

// letterCases returns the case bits of the letters among the first eight bytes
// of s.
func letterCases(s string) uint64 {
	var w uint64
	for i := range min(len(s), 8) {
		if isLetter(s[i]) {
			w |= 0x20 << (8 * i)
		}
	}
	return w
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// equalLetters reports whether a and b are equal but for the case of ASCII
// letters. Both have the same length.
func equalLetters(a, b string) bool {
	for i := range len(a) {
		if c, d := a[i], b[i]; c != d && (c|0x20 != d|0x20 || !isLetter(c)) {
			return false
		}
	}
	return true
}
