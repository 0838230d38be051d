//go:build !linux

package bench

import "time"

var epoch = time.Now()

// now is the time of the clock on the wall.
func now() time.Duration { return time.Since(epoch) }
