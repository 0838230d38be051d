package throttle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Defaults of a DynamicThrottle.
const (
	DefaultThreshold = 0.8
	defaultInterval  = time.Second
	compatInterval   = 15 * time.Second // HttpThrottleMiddleware.cs
	hysteresis       = 0.1
)

// DynamicConfig has the probes of a DynamicThrottle and what it makes of them.
type DynamicConfig struct {
	// Probes are read one after the other, in this order. There must be one.
	Probes []Probe

	// Threshold is the part of its limit that a reading may have, above 0 and at most
	// 1; the bound itself is allowed. Zero stands for 0.8.
	Threshold float64

	// Recover is the part at or under which a reading that was over the threshold
	// counts as recovered, so that the throttle does not flutter. It must not be above
	// Threshold. Zero stands for 0.1 less than Threshold. Compat has no such gap.
	Recover float64

	// Interval is the least time between two samples. It must not be negative; zero
	// stands for a second, and with Compat for 15 seconds.
	Interval time.Duration

	// Status is the status of a refusal, 429 (as is zero) or 503.
	Status int

	// Compat does what the source does: the request that finds the last sample older
	// than Interval takes the next one itself, what it says holds until then however
	// long that is, and a refusal has X-FUNCTION-SCALEOUT: 1 and no Retry-After.
	Compat bool

	// Exempt, if not nil, picks requests that pass Wrap in any case. See AdminPath.
	Exempt func(*http.Request) bool

	// Rejected, if not nil, is told of each refusal. It must be safe for concurrent
	// use.
	Rejected func(*RejectedError)

	// Logger receives a warning when a sample finds something over its threshold
	// (with Compat for every such sample, in the source's words), one when all has
	// recovered, and an error for a probe that fails. Nil is silent.
	Logger *slog.Logger

	// Now, if not nil, is the clock. The default is the monotonic one.
	Now func() time.Time
}

func (c *DynamicConfig) validate() error {
	var errs []error
	bad := func(field string, value any, why string) {
		errs = append(errs, fmt.Errorf("throttle: %s %q: %s", field, fmt.Sprint(value), why))
	}
	if len(c.Probes) == 0 {
		bad("Probes", "", "there must be one")
	}
	if slices.Contains(c.Probes, nil) {
		bad("Probes", "nil", "must not be nil")
	}
	if !(c.Threshold >= 0 && c.Threshold <= 1) { // not a number fails too
		bad("Threshold", c.Threshold, "must be above 0 and at most 1")
	} else if !(c.Recover >= 0 && c.Recover <= c.threshold()) {
		bad("Recover", c.Recover, "must not be negative or above Threshold")
	}
	if c.Interval < 0 {
		bad("Interval", c.Interval, "must not be negative")
	}
	if c.Status != 0 && c.Status != http.StatusTooManyRequests && c.Status != http.StatusServiceUnavailable {
		bad("Status", c.Status, "must be 429 or 503")
	}
	if c.Compat && c.Recover != 0 {
		bad("Recover", c.Recover, "Compat has no gap between exceeded and recovered")
	}
	if c.Compat && c.Status == http.StatusServiceUnavailable {
		bad("Status", c.Status, "Compat answers 429")
	}
	return errors.Join(errs...)
}

func (c *DynamicConfig) threshold() float64 {
	if c.Threshold == 0 {
		return DefaultThreshold
	}
	return c.Threshold
}

// A DynamicThrottle rejects every request while a probe reports a resource over its
// threshold. It may be used by several goroutines at once, and shared by several
// handlers: the probes are read at most once per Interval for all of them, only while
// requests come, and by one goroutine at a time.
//
// The first request samples the probes itself. Later samples run beside the requests,
// which go by the last one, so a slow probe delays nobody. What a sample says holds
// for two intervals; if none newer has come by then, because no request asked for one
// or because a probe hangs, requests are admitted. A probe that fails or panics
// reports nothing.
type DynamicThrottle struct {
	config   DynamicConfig
	low      float32 // where an exceeded reading recovers
	interval int64
	epoch    time.Time
	sampling atomic.Bool
	last     atomic.Pointer[sample]
}

// sample is what the probes said at one time.
type sample struct {
	at       int64 // ns since the epoch
	readings []Reading
	refusal  *RejectedError // nil if nothing is exceeded
}

// NewDynamicThrottle returns a throttle by the probes of c, or all of c's mistakes. It
// reads none of them yet.
func NewDynamicThrottle(c DynamicConfig) (*DynamicThrottle, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	c.Threshold = c.threshold()
	if c.Interval == 0 {
		c.Interval = defaultInterval
		if c.Compat {
			c.Interval = compatInterval
		}
	}
	low := c.Recover
	switch {
	case c.Compat:
		low = c.Threshold
	case low == 0:
		low = max(c.Threshold-hysteresis, 0)
	}
	d := &DynamicThrottle{config: c, low: float32(low), interval: int64(c.Interval), epoch: time.Now()}
	if c.Now != nil {
		d.epoch = c.Now()
	}
	return d, nil
}

// Check returns a *RejectedError with ReasonLoad, which names what is over its
// threshold, or nil.
func (d *DynamicThrottle) Check() error {
	if e := d.check(); e != nil {
		return e
	}
	return nil
}

func (d *DynamicThrottle) check() *RejectedError {
	now := d.now()
	last := d.last.Load()
	if last == nil || now-last.at > d.interval || now < last.at {
		if d.sampling.CompareAndSwap(false, true) {
			if last == nil || d.config.Compat {
				last = d.sample(now)
			} else {
				go d.sample(now)
			}
		}
	}
	if last == nil || last.refusal == nil || !d.config.Compat && now-last.at-d.interval > d.interval {
		return nil
	}
	if d.config.Rejected != nil {
		d.config.Rejected(last.refusal)
	}
	return last.refusal
}

// Saturated reports whether the last sample found something over its threshold. It
// takes no sample.
func (d *DynamicThrottle) Saturated() bool {
	last := d.last.Load()
	return last != nil && last.refusal != nil && (d.config.Compat || d.now()-last.at-d.interval <= d.interval)
}

// Readings returns what the probes said in the last sample, nil if there was none.
func (d *DynamicThrottle) Readings() []Reading {
	if last := d.last.Load(); last != nil {
		return slices.Clone(last.readings)
	}
	return nil
}

func (d *DynamicThrottle) now() int64 {
	if d.config.Now != nil {
		return int64(d.config.Now().Sub(d.epoch))
	}
	return int64(time.Since(d.epoch))
}

// sample reads all probes and keeps what they say. The caller has set sampling.
func (d *DynamicThrottle) sample(now int64) *sample {
	defer d.sampling.Store(false)
	old := d.last.Load()
	s := &sample{at: now}
	for _, p := range d.config.Probes {
		s.readings = append(s.readings, d.read(p)...)
	}
	var exceeded []string
	for _, r := range s.readings {
		bound := float32(d.config.Threshold)
		if old != nil && old.refusal != nil && slices.Contains(old.refusal.Exceeded, r.Name) {
			bound = d.low
		}
		if r.over(bound) {
			exceeded = append(exceeded, r.Name)
		}
	}
	if exceeded != nil {
		s.refusal = &RejectedError{Reason: ReasonLoad, Status: d.config.Status, Exceeded: exceeded}
		if !d.config.Compat {
			s.refusal.Retry = roundUp(d.config.Interval)
		}
	}
	d.log(old, s)
	if !d.config.Compat {
		s.at = d.now()
	}
	d.last.Store(s)
	return s
}

// read reads a probe; one that fails has nothing to say.
func (d *DynamicThrottle) read(p Probe) (readings []Reading) {
	defer func() {
		if v := recover(); v != nil {
			d.logError(fmt.Errorf("panic: %v", v))
			readings = nil
		}
	}()
	readings, err := p.Read()
	if err != nil {
		d.logError(err)
		return nil
	}
	return readings
}

func (d *DynamicThrottle) logError(err error) {
	if d.config.Logger != nil {
		d.config.Logger.Error("a probe of the dynamic throttle failed", "error", err)
	}
}

func (d *DynamicThrottle) log(old, s *sample) {
	l := d.config.Logger
	if l == nil {
		return
	}
	was := old != nil && old.refusal != nil
	switch {
	case s.refusal != nil && d.config.Compat:
		l.Warn("Thresholds for the following counters have been exceeded: [" + strings.Join(s.refusal.Exceeded, ", ") + "]")
	case s.refusal != nil && !(was && slices.Equal(old.refusal.Exceeded, s.refusal.Exceeded)):
		l.Warn("overloaded: requests are rejected", "exceeded", s.refusal.Exceeded)
	case s.refusal == nil && was:
		l.Warn("recovered: requests are admitted")
	}
}

// Wrap returns a handler that serves with next unless Check returns an error, and
// refuses then: 429 (or Status) with an empty body, and Retry-After. The
// ResponseWriter reaches next untouched.
func (d *DynamicThrottle) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.config.Exempt == nil || !d.config.Exempt(r) {
			if e := d.check(); e != nil {
				writeRefusal(w, e, d.config.Compat)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Run samples the probes every Interval until ctx ends, so that Readings and Saturated
// are fresh without requests too. It is not needed for Check.
func (d *DynamicThrottle) Run(ctx context.Context) {
	if d.config.Interval <= 0 { // the zero DynamicThrottle has nothing to look at
		<-ctx.Done()
		return
	}
	ticker := time.NewTicker(d.config.Interval)
	defer ticker.Stop()
	for {
		if d.sampling.CompareAndSwap(false, true) {
			d.sample(d.now())
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
