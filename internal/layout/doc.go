// Package layout holds the rules of which package may import which, as tests.
package layout
