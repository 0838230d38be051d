// Package httproute serves HTTP requests by route templates: an http.Handler
// over a [route.Table].
//
//	mux, err := httproute.New(httproute.Config{Routes: []httproute.Route{
//		{Name: "list", Methods: []string{"GET"}, Template: route.MustCompile("products"), Handler: list},
//		{Name: "one", Methods: []string{"GET"}, Template: route.MustCompile("products/{id:int}"), Serve: one},
//	}})
//
// # What a handler sees
//
// Before it calls a handler the mux sets r.Pattern to the template, with a slash
// in front: "/products/{id:int}". [Value] takes a value out of the path again by
// means of that pattern, which costs nothing where no value is read and allocates
// nothing where one is. It works as long as nobody between the mux and the
// handler changes r.URL.Path or r.Pattern; http.StripPrefix and nested muxes do.
//
// A Serve function gets the values with the call, as a [route.Values]. They are
// its own: a goroutine that outlives the request may keep them.
//
// With PathValues the values are also there by r.PathValue, at the price of two
// allocations a request. A value that is absent is "" there, like in net/http.
//
// # Answers of the mux itself
//
// A path that fits no route is answered with status 404, one that fits a route of
// another method with 405 and an Allow header, both with an empty body. A HEAD
// request goes to the route that takes GET, unless one lists HEAD; net/http drops
// the body. A constraint that cannot decide, such as a regular expression over
// its time limit, gives status 500. With Compat a method that does not fit is no
// match, as in the Functions host.
//
// # The path
//
// Matching follows [route.DecodePath]: the path is decoded once, but an encoded
// slash stays "%2F" and does not end a segment. Where r.URL.Path has lost that
// difference the mux decodes the path as it was sent.
package httproute
