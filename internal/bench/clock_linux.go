package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// now is the processor time of the thread, so that what else runs on the machine
// counts less. The caller is bound to its thread.
func now() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
