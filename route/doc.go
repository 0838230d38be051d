// Package route compiles ASP.NET route templates, matches paths against them and
// makes URLs from them.
//
//	t, err := route.Compile("products/{category:alpha}/{id:int?}")
//	if err != nil {
//		return err // *route.SyntaxError or *route.ConstraintError: where, what, and what would be valid
//	}
//	v, ok := t.Match("/products/books/42") // ok, and v.Get("id") is "42"
//	id, err := v.Int("id")                 // 42; route.ErrAbsent if the path had none
//	u, err := t.Expand([]route.Arg{{Name: "category", Value: "toys"}}, nil) // "/products/toys"
//
// Many templates make a [Table], which finds the one for a method and a path:
//
//	table, err := route.NewTable([]route.Route[*Job]{
//		{Name: "one", Methods: []string{"GET"}, Template: t, Value: showProduct},
//	}, nil)
//	m := table.Lookup("GET", "/products/books/42") // m.Value is showProduct
//
// The package knows nothing of HTTP and depends on the standard library only;
// package httproute beside it serves requests. What is called the source, here and
// with each name below, is the routing of ASP.NET Core as the Functions host uses
// it: see Sources.
//
// # Templates
//
//	template  = [ "~/" | "/" ] [ segment *( "/" segment ) [ "/" ] ]
//	segment   = 1*( literal | parameter )
//	literal   = 1*( any char but "/" "{" "}" "?" | "{{" | "}}" )
//	parameter = "{" [ "*" | "**" ] name *( ":" constraint ) [ "=" default ] [ "?" ] "}"
//
// A literal matches with case ignored. A parameter takes one segment, or its
// part of one: "{name}.{ext?}". It may be optional ("{id?}"), have a default
// ("{page=1}") or take the rest of the path ("{*rest}"); optional parameters and
// defaults let a path end before them. Braces are doubled to stand for
// themselves, also in a regular expression: "{code:regex(^\\d{{4}}$)}". There are
// at most 28 segments, and names differ in more than case.
//
// # Paths
//
// A path begins with a slash and is decoded as [DecodePath] does it: once, and
// with "%2F" left alone, so that an encoded slash never ends a segment. One
// trailing slash is ignored; a catch-all keeps it. An empty segment matches
// nothing but the inside of a catch-all.
//
// In a segment of several parts each text takes its rightmost place that leaves
// a character for the parameter behind it, and there is no second attempt:
// "{a}.{b}" splits "x.y.z" into "x.y" and "z".
//
// # Constraints
//
//	int long bool guid datetime decimal double float   as .NET reads them; see package invariant
//	min(n) max(n) range(a,b)                           an integer of 64 bits, bounds inclusive
//	length(n) length(a,b) minlength(n) maxlength(n)    in UTF-16 code units, bounds inclusive
//	alpha                                              ASCII letters, and one line feed behind them
//	regex(expression)                                  a match anywhere, case ignored; see CompileRE2
//	required                                           not empty
//	file nonfile                                       whether it ends like the name of a file
//
// Several may be chained; all have to accept. Constraints choose among routes,
// they do not change a value: it is the text of the path. What the path leaves
// out is not judged if the parameter is optional, is its default if it has one,
// and is refused by every constraint but nonfile if it is a catch-all. More
// constraints, and another engine for regular expressions, go into a [Compiler].
//
// # Order of matching
//
// Of the templates in a table that accept a path with a method, the most specific
// wins: segment by segment a literal goes before a complex segment or a
// constrained parameter, that before a plain parameter, that before a catch-all.
// Then a route that lists methods goes before one that takes any. The order of
// registration plays no part: two routes between which this does not decide are
// refused, with a path that shows the conflict, unless their constraints exclude
// each other or their Order differs. A path that fits routes of other methods
// only is told from one that fits none, with the methods it would take.
//
// # Differences
//
// By default the package parts from the Functions host in these points; the
// Compat options of [Compiler] and [TableOptions] follow the host instead.
//
//   - The most specific route wins. The host takes the first in the order of
//     names that accepts path and method.
//   - A method that does not fit is told apart from a path that does not fit, and
//     HEAD is answered by GET. In the host both are no match.
//   - An empty segment may begin a catch-all: "a/{*x}" accepts "/a//b" with the
//     value "/b", as endpoint routing does. In the host it does not match.
//   - A broken regular expression is an error when the template is compiled. The
//     host finds it when a request needs it, and fails that one.
//   - An empty list of methods is any method. In the host it is none.
//
// In both profiles:
//
//   - The default engine for regular expressions cannot say look-around,
//     backreferences and some other things; these are errors when the template is
//     compiled. The module route/backtrack has an engine for them.
//   - An unknown constraint, a bad argument and two equal names are errors when a
//     template or table is made. In endpoint routing the first request fails.
//   - A template that is not valid UTF-8 is an error; .NET has no such text.
//   - Which letters are equal is that of Unicode 15, with what the source has from
//     version 16, whatever release of Go compiles the package. The classes of
//     regular expressions (\d, \w, \p{L}) are those of the release.
//   - Slips of endpoint routing that no one should copy are not here: a method
//     listed twice makes no route ambiguous, and a literal that holds the Kelvin
//     sign is never reached by "k".
//
// # Sources
//
// dotnet/aspnetcore, src/Http/Routing/src, release 10: Patterns/RoutePatternParser.cs
// and RouteParameterParser.cs (grammar), Patterns/RoutePatternMatcher.cs (classic
// matching), Matching/ (endpoint matching), Constraints/, ParameterPolicyActivator.cs,
// Template/RoutePrecedence.cs, Template/TemplateBinder.cs and UriBuildingContext.cs
// (URLs); aspnet/Routing 2.2, RouteCollection.cs, which the Functions host uses;
// src/Shared/UrlDecoder and PathNormalizer (paths). dotnet/runtime:
// Globalization/OrdinalCasing.cs and System.Text.RegularExpressions. The files in
// testdata are answers recorded from ASP.NET Core 10.0.12.
package route
