// Package keys keeps the access keys of functions and decides who may call what.
package keys
