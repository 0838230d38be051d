package webhook

import (
	"io"
	"net/http"
	"sync"
)

// A shelf keeps the memory of bodies that were lent, for the next ones: fresh
// memory for a large body costs about as much as half of its signature, to be
// cleared and to be fetched into the cache.
type shelf struct {
	limit int64 // bytes kept, inclusive

	mu   sync.Mutex
	free [][]byte // of length 0
	held int64    // their capacities
}

// maxShelf bounds the pieces on a shelf, so that looking through them is short.
const maxShelf = 64

// take returns the smallest piece that holds size bytes, else the largest there
// is, else nil. Less than 0 is an unknown size.
func (s *shelf) take(size int64) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	best := -1
	for i, b := range s.free {
		if best < 0 || better(int64(cap(b)), int64(cap(s.free[best])), size) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return s.remove(best)
}

// better tells whether a piece of a bytes serves better for size bytes than one
// of b.
func better(a, b, size int64) bool {
	if size < 0 || min(a, b) < size {
		return a > b
	}
	return a < b
}

func (s *shelf) remove(at int) []byte {
	b := s.free[at]
	last := len(s.free) - 1
	s.free[at], s.free[last] = s.free[last], nil
	s.free = s.free[:last]
	s.held -= int64(cap(b))
	return b
}

// put keeps b, at the cost of smaller pieces if there is no room.
func (s *shelf) put(b []byte) {
	size := int64(cap(b))
	if size == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	room, smaller := s.limit-s.held, 0
	for _, other := range s.free {
		if cap(other) < cap(b) {
			room += int64(cap(other))
			smaller++
		}
	}
	if size > room || len(s.free) == maxShelf && smaller == 0 {
		return
	}
	for s.held+size > s.limit || len(s.free) == maxShelf {
		s.remove(s.smallest())
	}
	s.free = append(s.free, b[:0])
	s.held += size
}

func (s *shelf) smallest() int {
	least := 0
	for i := range s.free {
		if cap(s.free[i]) < cap(s.free[least]) {
			least = i
		}
	}
	return least
}

// A loan is the memory of one delivery's body while its handler runs, and the
// body of the request that the handler gets.
type loan struct {
	shelf *shelf
	piece []byte // what the body is read into
	taken bool

	mu   sync.Mutex
	body []byte // what is left to read
	over bool
}

// borrow returns l to the first who asks; the next ones get no loan, and so
// memory of their own.
func (l *loan) borrow() *loan {
	if l == nil || l.taken {
		return nil
	}
	l.taken = true
	return l
}

// room returns memory to begin a body of so many bytes with: from the shelf, or
// new. It has room for no more than that, so that what is longer than declared
// is found out.
func (l *loan) room(length int64) []byte {
	first := min(max(length, 0), firstRead)
	if l != nil {
		if piece := l.shelf.take(length); int64(cap(piece)) >= max(first, 1) {
			l.piece = piece
			if length > 0 && length < int64(cap(piece)) {
				return piece[:0:length]
			}
			return piece
		}
	}
	if first == 0 {
		return nil
	}
	buf := make([]byte, 0, first)
	l.replace(buf)
	return buf
}

// replace notes that the body lies elsewhere now.
func (l *loan) replace(buf []byte) {
	if l != nil {
		l.piece = buf
	}
}

// Read reads the body. Whoever still does so when the handler has returned, as
// a proxy's transport may, gets an error and no byte of another delivery.
func (l *loan) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.over:
		return 0, http.ErrBodyReadAfterClose
	case len(p) == 0:
		return 0, nil
	case len(l.body) == 0:
		return 0, io.EOF
	}
	n := copy(p, l.body)
	l.body = l.body[n:]
	return n, nil
}

// Close does nothing: the loan ends with the handler.
func (l *loan) Close() error { return nil }

// end gives the memory back. A nil loan has none.
func (l *loan) end() {
	if l == nil {
		return
	}
	l.mu.Lock()
	l.over, l.body = true, nil
	l.mu.Unlock()
	l.shelf.put(l.piece)
	l.piece = nil
}
