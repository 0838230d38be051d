// Package bench measures the library beside the routers and limiters it is
// compared with, all in one process.
//
// The machine that measures is rarely alone, so times mean little and ratios
// mean more: [Compare] goes over all contestants in turn, again and again, takes
// the ratio within each pass, and then the median over the passes.
//
//	go run ./cmd/goals          // the goals and whether they are met
//	go run ./cmd/goals -quick   // the same in under 50 seconds
//	go test -bench . ./...      // single numbers, for a profile
//
// The routes in testdata are those of the GitHub, Google+ and Parse interfaces,
// a set of static pages, one with constraints, and two like Azure's resource
// manager.
package bench
