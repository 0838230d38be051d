// Package early is how throttle.ReleaseEarly finds the places of a request that
// something else than a Gate's Wrap took.
package early

// Key is the key of the innermost Holder in the context of a request.
type Key struct{}

// A Holder holds places in gates for one request.
type Holder interface {
	// ReleaseEarly gives back the places it still holds, then those of the Holder
	// further out, and reports whether there was one. It may be called by several
	// goroutines, also after the request has ended.
	ReleaseEarly() bool
}
