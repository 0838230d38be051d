package route

// Eight bytes of a path are read at once and worked on as one word, the first
// byte lowest, and each as what it differs by from a slash: a byte of zero is a
// slash. Bytes past the end of the path are zero as well: to matching, the end of
// the path and a slash both end a segment.

const (
	lows   = 0x0101010101010101
	highs  = 0x8080808080808080
	cases  = 0x2020202020202020 // the bit that tells upper from lower case
	solidi = 0x2F2F2F2F2F2F2F2F // eight slashes
)

// eight returns the first eight bytes of s as they are, in one instruction where
// s is sliced to have them.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// load returns the word of s from i on. What counts nanoseconds has its own copy,
// for the compiler does not think load small enough to be in line.
func load(s string, i int) uint64 {
	if i+8 <= len(s) {
		return eight(s[i:i+8]) ^ solidi
	}
	return lastWord(s) >> (8 * uint(i+8-len(s)))
}

// lastWord returns the word of the last eight bytes of s. If there are fewer, the
// lowest bytes say nothing.
func lastWord(s string) (w uint64) {
	if len(s) >= 8 {
		return eight(s[len(s)-8:]) ^ solidi
	}
	for i := range len(s) {
		w = w>>8 | uint64(s[i])<<56
	}
	return w ^ solidi
}

// slashIn returns a word that is zero if w holds no slash, and whose lowest set
// bit is in the byte of the first slash otherwise.
func slashIn(w uint64) uint64 {
	return (w - lows) &^ w & highs
}

// through returns how many bytes of a word there are through its first slash, if
// slash is what slashIn returns for it; 8 if there is none. It takes a third of what
// bits.TrailingZeros64 does where that is one of the slow instructions.
func through(slash uint64) uint { return uint((slash ^ (slash - 1)) & lows * lows >> 56) }

// segmentEnd returns where the segment of path that begins at pos ends; w is
// what load returns for pos.
func segmentEnd(path string, pos int, w uint64) int {
	for {
		if m := slashIn(w); m != 0 {
			return pos + int(through(m)) - 1
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
