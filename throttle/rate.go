package throttle

import (
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/httptrigger/httptrigger/internal/refuse"
)

// RateKey says whose rate a request uses up: typically the function and the name of
// the access key it presented (never the key's value), or its client's address. Its
// parts are kept apart, so that no name can be made to look like another pair.
type RateKey struct{ Scope, Name string }

// RateConfig has the events that a Rate allows and what it does beyond them.
type RateConfig struct {
	// Limit is the number of events per Period that a key may have in the long run.
	// It must be positive, and at most 1,000 per millisecond. Period must be
	// positive; zero is a second.
	Limit  int
	Period time.Duration

	// Burst is the number of events that a key that was idle may have at once; the
	// bound itself is allowed. Zero stands for Limit. It must not be negative, nor
	// take more than 365 days to fill.
	Burst int

	// Key picks the key of a request in Wrap. All requests for which it returns the
	// same RateKey, the empty one too, share a rate. Nil is one rate for all, and it
	// is an x/time/rate limiter then.
	Key func(*http.Request) RateKey

	// MaxKeys is the number of keys that are surely remembered. Beyond it those that
	// were seen longest ago are forgotten, which gives them a full burst. Zero stands
	// for 1,000,000. A key takes up to 40 bytes, and one that came back after a while
	// up to 80, so the default is bounded by 80 MB, whatever keys strangers invent.
	MaxKeys int

	// Policy, if not empty, is the name under which all responses of Wrap carry the
	// fields RateLimit-Policy and RateLimit of draft-ietf-httpapi-ratelimit-headers,
	// revision 10. It is printable ASCII without quotes and backslashes. Some
	// allocations per request are its price.
	Policy string

	// Status is the status of a refusal, 429 (as is zero) or 503.
	Status int

	// Exempt, if not nil, picks requests that pass Wrap without being counted.
	Exempt func(*http.Request) bool

	// Rejected, if not nil, is told of each refusal. It must be safe for concurrent
	// use.
	Rejected func(RateKey, *RejectedError)

	// Logger receives a line for each refusal by Wrap, at level Info. Nil is silent.
	Logger *slog.Logger

	// Now, if not nil, is the clock. The default is the monotonic one, which nobody
	// can set.
	Now func() time.Time
}

const (
	defaultMaxKeys = 1_000_000
	maxShards      = 256
	leastShard     = 2048             // keys in a shard, if there are several
	maxFrequency   = time.Microsecond // least time between events of a key
	minLifetime    = time.Minute      // least time between generations
)

// validate returns every mistake in c.
func (c *RateConfig) validate() error {
	var errs []error
	bad := func(field string, value any, why string) {
		errs = append(errs, fmt.Errorf("throttle: %s %q: %s", field, fmt.Sprint(value), why))
	}
	if c.Limit <= 0 {
		bad("Limit", c.Limit, "must be positive")
	}
	if c.Period < 0 {
		bad("Period", c.Period, "must not be negative")
	}
	if c.Burst < 0 {
		bad("Burst", c.Burst, "must not be negative")
	}
	if c.MaxKeys < 0 {
		bad("MaxKeys", c.MaxKeys, "must not be negative")
	}
	if c.Limit > 0 && c.Period >= 0 {
		if c.interval() < maxFrequency {
			bad("Limit", c.Limit, fmt.Sprintf("must be at most one per %v", maxFrequency))
		} else if c.Burst >= 0 && int64(c.burst()) > int64(maxFill/c.interval()) {
			bad("Burst", c.burst(), fmt.Sprintf("must not take more than %v to fill", maxFill))
		}
	}
	if c.Status != 0 && c.Status != http.StatusTooManyRequests && c.Status != http.StatusServiceUnavailable {
		bad("Status", c.Status, "must be 429 or 503")
	}
	for _, b := range []byte(c.Policy) {
		if b < ' ' || b > '~' || b == '"' || b == '\\' {
			bad("Policy", c.Policy, "must be printable ASCII without quotes and backslashes")
			break
		}
	}
	return errors.Join(errs...)
}

// maxFill bounds the time in which a burst fills up again, so that no sum of times
// overflows.
const maxFill = 365 * 24 * time.Hour

// interval is the time between two events in the long run, to the nanosecond.
func (c *RateConfig) interval() time.Duration {
	period := c.Period
	if period == 0 {
		period = time.Second
	}
	return period / time.Duration(c.Limit)
}

func (c *RateConfig) burst() int {
	if c.Burst == 0 {
		return c.Limit
	}
	return c.Burst
}

// A Rate bounds how often each key may have an event: Limit per Period in the long
// run, Burst at once. It decides as a golang.org/x/time/rate.Limiter per key would,
// but remembers one number per key: the time at which its burst will be full again
// (the generic cell rate algorithm). A Rate may be used by several goroutines at
// once.
//
// Keys live in two generations. A generation ends after a minute, or the time in
// which a burst fills up if that is longer; the older one is dropped as a whole. By
// then its keys have been idle for so long that a new key is treated the same, so
// nothing is lost, nothing has to be swept, and no goroutine is needed. Keys are
// told apart by 64 bits of a hash under a random seed, and lie in up to 256 parts with a
// lock each. A part grows by half when it is full, which holds up its keys for some ten
// microseconds for each thousand of them.
type Rate struct {
	config   RateConfig
	interval int64 // ns per event
	fill     int64 // ns in which a whole burst fills up
	lifetime int64 // ns between generations
	maxShard int   // keys of a generation in a shard
	mask     uint64
	epoch    time.Time
	shared   *rate.Limiter // with no Key
	status   int
	policy   []string // the field RateLimit-Policy
	refusals [61]atomic.Pointer[RejectedError]

	nameSeed, scopeSeed maphash.Seed
	shards              []shard // a power of two
}

// NewRate returns a rate with the limits of c, or all of c's mistakes.
func NewRate(c RateConfig) (*Rate, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if c.MaxKeys == 0 {
		c.MaxKeys = defaultMaxKeys
	}
	r := &Rate{config: c, interval: int64(c.interval()), epoch: time.Now(), nameSeed: maphash.MakeSeed(), scopeSeed: maphash.MakeSeed()}
	if c.Now != nil {
		r.epoch = c.Now()
	}
	r.fill = r.interval * int64(c.burst())
	if r.status = c.Status; r.status == 0 {
		r.status = ReasonRate.status()
	}
	r.lifetime = max(r.fill, int64(minLifetime))
	shards := 1
	for shards < maxShards && c.MaxKeys/(2*shards) >= leastShard {
		shards *= 2
	}
	r.shards, r.mask = make([]shard, shards), uint64(shards-1)
	if r.maxShard = c.MaxKeys / shards; shards > 1 {
		// Chance does not fill them evenly: an eighth is more than five standard
		// deviations.
		r.maxShard += r.maxShard / 8
	}
	if c.Key == nil {
		r.shared = rate.NewLimiter(rate.Every(time.Duration(r.interval)), c.burst())
	}
	if c.Policy != "" {
		window := time.Duration(r.fill)
		r.policy = []string{fmt.Sprintf("%q;q=%d;w=%s", c.Policy, c.burst(), refuse.Seconds(window))}
	}
	return r, nil
}

// Decision is what a Rate decided about one event.
type Decision struct {
	Allowed bool
	// Remaining is the number of events that would be allowed right after this one.
	Remaining int
	// Retry is the time after which an event will be allowed; zero if this one was.
	Retry time.Duration
	// Full is the time after which a whole burst will be allowed.
	Full time.Duration
}

// Take decides about an event of key at the present time, and counts it if it is
// allowed. An event that is not allowed costs the key nothing. Without a Key in the
// configuration all keys share one rate.
func (r *Rate) Take(key RateKey) Decision {
	if r.shared != nil {
		return r.takeShared()
	}
	if r.interval == 0 {
		return Decision{} // of the zero Rate
	}
	allowed, full := r.take(key)
	d := Decision{Allowed: allowed, Full: time.Duration(full), Remaining: int((r.fill - full) / r.interval)}
	if !allowed {
		d.Retry = r.retry(full)
	}
	return d
}

// take returns with its decision the time after which the burst of the key is full.
func (r *Rate) take(key RateKey) (allowed bool, untilFull int64) {
	if len(r.shards) == 0 { // the zero Rate admits nobody
		return false, 0
	}
	now := r.now()
	hash := r.hash(key)
	s := &r.shards[hash&r.mask]
	s.mu.Lock()
	e := s.slot(r, hash, now)
	// A time beyond any that could have been noted by this clock means that the
	// clock was set back: then the burst counts as used up now.
	full := min(max(e.full, now), now+r.fill)
	if allowed = full+r.interval-now <= r.fill; allowed {
		full += r.interval
	}
	e.full = full
	s.mu.Unlock()
	return allowed, full - now
}

// hash tells keys apart: each part under a seed of its own, so that what is moved from
// one to the other changes the sum. It is never 0.
func (r *Rate) hash(key RateKey) uint64 {
	h := maphash.String(r.nameSeed, key.Name)
	if key.Scope != "" {
		h += maphash.String(r.scopeSeed, key.Scope)
	}
	return max(h, 1)
}

// retry returns when the next event is allowed to a key that has none left.
func (r *Rate) retry(untilFull int64) time.Duration {
	return time.Duration(untilFull + r.interval - r.fill)
}

func (r *Rate) takeShared() Decision {
	at := r.epoch.Add(time.Duration(r.now()))
	d := Decision{Allowed: r.shared.AllowN(at, 1)}
	tokens := r.shared.TokensAt(at)
	d.Remaining = max(int(tokens), 0)
	d.Full = max(time.Duration((float64(r.shared.Burst())-tokens)*float64(r.interval)), 0)
	if !d.Allowed {
		d.Retry = max(time.Duration((1-tokens)*float64(r.interval)), 1)
	}
	return d
}

// now returns the time since the epoch, in ns. It is never so far away that sums with
// it overflow: the clock of a configuration stands still after 146 years.
func (r *Rate) now() int64 {
	if r.config.Now != nil {
		const far = 1<<62 - 1
		return min(max(int64(r.config.Now().Sub(r.epoch)), -far), far)
	}
	return int64(time.Since(r.epoch))
}

// Allow is Take as an error: a *RejectedError with ReasonRate if the event is not
// allowed. Its RetryAfter is in whole seconds, rounded up.
func (r *Rate) Allow(key RateKey) error {
	if allowed, retry := r.decide(key); !allowed {
		return r.reject(key, retry)
	}
	return nil
}

// decide is Take without what only the fields of RateLimit need.
func (r *Rate) decide(key RateKey) (allowed bool, retry time.Duration) {
	if r.shared != nil {
		d := r.takeShared()
		return d.Allowed, d.Retry
	}
	allowed, full := r.take(key)
	if !allowed {
		retry = r.retry(full)
	}
	return allowed, retry
}

// reject returns the error for a refusal. Those that ask for a minute at most are
// made once.
func (r *Rate) reject(key RateKey, retry time.Duration) *RejectedError {
	seconds := int64((retry + time.Second - 1) / time.Second)
	var e *RejectedError
	if seconds < int64(len(r.refusals)) {
		e = r.refusals[seconds].Load()
	}
	if e == nil {
		e = &RejectedError{
			Reason: ReasonRate, Limit: int64(r.config.burst()), Status: r.status,
			Retry: time.Duration(seconds) * time.Second, preset: refuse.RetryAfter(time.Duration(seconds) * time.Second),
		}
		if seconds < int64(len(r.refusals)) {
			r.refusals[seconds].Store(e)
		}
	}
	if r.config.Rejected != nil {
		r.config.Rejected(key, e)
	}
	return e
}

// Wrap returns a handler that serves with next what the rate allows and refuses the
// rest: 429 (or Status) with Retry-After and an empty body. It belongs behind the key
// check if its Key is what a request authenticated with. The ResponseWriter reaches
// next untouched.
func (r *Rate) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.config.Exempt != nil && r.config.Exempt(req) {
			next.ServeHTTP(w, req)
			return
		}
		var key RateKey
		if r.config.Key != nil {
			key = r.config.Key(req)
		}
		var allowed bool
		var retry time.Duration
		if r.policy == nil {
			allowed, retry = r.decide(key)
		} else {
			d := r.Take(key)
			allowed, retry = d.Allowed, d.Retry
			h := w.Header()
			h["Ratelimit-Policy"] = r.policy
			h["Ratelimit"] = []string{fmt.Sprintf("%q;r=%d;t=%d", r.config.Policy, d.Remaining, (d.Full+time.Second-1)/time.Second)}
		}
		if allowed {
			next.ServeHTTP(w, req)
			return
		}
		err := r.reject(key, retry)
		if l := r.config.Logger; l != nil && l.Enabled(req.Context(), slog.LevelInfo) {
			l.InfoContext(req.Context(), "request rejected", "reason", string(ReasonRate),
				"scope", key.Scope, "name", key.Name, "retryAfter", retry)
		}
		writeRefusal(w, err, false)
	})
}
