// Package trigger serves a function app: routes, keys, limits and functions composed.
package trigger
