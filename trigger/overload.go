package trigger

import (
	"fmt"
	"sync/atomic"

	"github.com/httptrigger/httptrigger/throttle"
)

// An overload is the throttle by load as the reference has it, with what it stumbles
// over: counters that are no JSON end every request with 500, and what it found last
// holds on after it was switched off, also across a restart, for as long as the queue
// has a limit (HttpThrottleMiddleware.cs, HostPerformanceManager.cs; TH-36, TH-40).
// It is of Compat alone.
type overload struct {
	state      *hostState
	throttle   *throttle.DynamicThrottle // nil if it is switched off
	unreadable atomic.Pointer[error]     // of the last time the counters were read
}

// counters is the probe of the platform's counters; it notes if they cannot be read.
func (o *overload) counters(get func() string) throttle.Probe {
	probe := throttle.Counters(get)
	return throttle.ProbeFunc(func() ([]throttle.Reading, error) {
		readings, err := probe.Read()
		if o.unreadable.Store(nil); err != nil {
			err = fmt.Errorf("trigger: %w", err)
			o.unreadable.Store(&err)
		}
		return readings, err
	})
}

// Check implements LoadCheck.
func (o *overload) Check() error {
	if o.throttle != nil {
		err := o.throttle.Check()
		if broken := o.unreadable.Load(); broken != nil {
			return *broken
		}
		o.state.rejecting.Store(&err)
	}
	if last := o.state.rejecting.Load(); last != nil {
		return *last
	}
	return nil
}
