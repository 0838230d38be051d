// Package webhook tells whether a delivery is genuine, fresh and new.
package webhook
