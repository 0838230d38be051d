package route

import (
	"slices"
	"strings"
)

// A method is a bit of a word, so that a route or a place in the tree has its
// methods in one. The nine known ones have the same bits in every table.
const (
	methodGet = 1 << iota
	methodHead
	methodPost
	methodPut
	methodPatch
	methodDelete
	methodConnect
	methodOptions
	methodTrace
	methodOwn // the first of a table's own
)

const (
	methodAny  = 1 << 63 // a route without methods
	methodStar = 1 << 62 // "*": what no other route that accepts the path lists
)

var knownMethods = [...]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"}

// maxOwnMethods is how many methods a table may have beside the known ones.
const maxOwnMethods = 62 - len(knownMethods)

// knownMethod returns the bit of a known method in upper case, or 0.
func knownMethod(name string) uint64 {
	switch name {
	case "GET":
		return methodGet
	case "HEAD":
		return methodHead
	case "POST":
		return methodPost
	case "PUT":
		return methodPut
	case "PATCH":
		return methodPatch
	case "DELETE":
		return methodDelete
	case "CONNECT":
		return methodConnect
	case "OPTIONS":
		return methodOptions
	case "TRACE":
		return methodTrace
	}
	return 0
}

// A methodSet has the methods that the routes of a table list.
type methodSet struct {
	compat bool
	own    []string // as the first route spells them
	listed uint64   // by any route
}

// bit returns the bit of a method, or 0 if no route lists it.
func (s *methodSet) bit(name string) uint64 {
	if b := knownMethod(name); b != 0 {
		return b
	}
	for i, known := range knownMethods {
		if len(name) == len(known) && equalFold(name, known) {
			return 1 << i
		}
	}
	for i, own := range s.own {
		if equalFold(name, own) {
			return methodOwn << i
		}
	}
	return 0
}

// add returns the bits of the methods a route lists. It reports whether there
// was room for them.
func (s *methodSet) add(names []string) (bits uint64, ok bool) {
	if names == nil || len(names) == 0 && !s.compat {
		return methodAny, true
	}
	for _, name := range names {
		b := s.bit(name)
		switch {
		case name == "*" && !s.compat:
			b = methodStar
		case b == 0 && len(s.own) == maxOwnMethods:
			return 0, false
		case b == 0:
			b = methodOwn << len(s.own)
			s.own = append(s.own, name)
		}
		bits |= b
	}
	s.listed |= bits
	return bits, true
}

// names returns the methods of bits for an Allow header: sorted, the known ones
// in upper case, HEAD beside GET.
func (s *methodSet) names(bits uint64) []string {
	if bits&methodGet != 0 {
		bits |= methodHead
	}
	var names []string
	for i, known := range knownMethods {
		if bits&(1<<i) != 0 {
			names = append(names, known)
		}
	}
	for i, own := range s.own {
		if bits&(methodOwn<<i) != 0 {
			names = append(names, own)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return strings.Compare(strings.ToUpper(a), strings.ToUpper(b))
	})
	return names
}
