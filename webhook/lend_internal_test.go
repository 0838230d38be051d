package webhook

import (
	"slices"
	"testing"
)

// sizes returns the sizes of what lies on a shelf, and what they come to.
func (s *shelf) sizes() (sizes []int, sum int64) {
	for _, b := range s.free {
		sizes = append(sizes, cap(b))
		sum += int64(cap(b))
	}
	slices.Sort(sizes)
	return sizes, sum
}

func piece(size int) []byte { return make([]byte, size)[:0:size] }

func TestShelfPut(t *testing.T) {
	s := &shelf{limit: 100}
	for _, step := range []struct {
		put  int
		want []int
	}{
		{40, []int{40}},
		{0, []int{40}},
		{101, []int{40}},    // larger than all there may be
		{60, []int{40, 60}}, // exactly the limit
		{30, []int{40, 60}}, // not at the cost of larger pieces
		{50, []int{40, 60}}, // not even together with smaller ones
		{70, []int{70}},
		{20, []int{20, 70}},
		{10, []int{10, 20, 70}},
		{25, []int{25, 70}}, // at the cost of as many smaller ones as it takes
		{100, []int{100}},
	} {
		s.put(piece(step.put))
		if got, sum := s.sizes(); !slices.Equal(got, step.want) || sum != s.held {
			t.Fatalf("after %d: %v, held %d, want %v", step.put, got, s.held, step.want)
		}
	}
	many := &shelf{limit: 1 << 20}
	for i := range 3 * maxShelf {
		many.put(piece(1 + i%maxShelf))
	}
	if got, sum := many.sizes(); len(got) > maxShelf || sum != many.held {
		t.Errorf("%d pieces of %d bytes, held %d", len(got), sum, many.held)
	}
}

func TestShelfTake(t *testing.T) {
	for _, test := range []struct {
		size int64
		want int
	}{{-1, 90}, {0, 10}, {10, 10}, {11, 40}, {90, 90}, {91, 90}} {
		s := &shelf{limit: 1000}
		for _, size := range []int{40, 90, 10} {
			s.put(piece(size))
		}
		if got := s.take(test.size); cap(got) != test.want || len(got) != 0 {
			t.Errorf("take(%d) has %d of %d bytes, want %d", test.size, len(got), cap(got), test.want)
		}
		if got, sum := s.sizes(); len(got) != 2 || sum != s.held {
			t.Errorf("%v are left, held %d", got, s.held)
		}
	}
	if got := new(shelf).take(1); got != nil {
		t.Errorf("an empty shelf has %d bytes", cap(got))
	}
}
