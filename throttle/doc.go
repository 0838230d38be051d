// Package throttle bounds how much runs at once, how often and how large.
package throttle
