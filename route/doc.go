// Package route compiles ASP.NET route templates and matches paths against them.
package route
