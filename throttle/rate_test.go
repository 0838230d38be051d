package throttle_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/httptrigger/httptrigger/throttle"
)

// clock is a Now that tests move.
type clock struct{ at time.Time }

func (c *clock) Now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }
func newClock() *clock                   { return &clock{time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)} }
func byPath(r *http.Request) throttle.RateKey {
	return throttle.RateKey{Scope: "path", Name: r.URL.Path}
}
func newRate(t testing.TB, c throttle.RateConfig) *throttle.Rate {
	t.Helper()
	r, err := throttle.NewRate(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Against golang.org/x/time/rate: the same keys, the same random moments, the same
// decisions; over many generations of keys, idle spells and bursts.
func TestRateAgainstModel(t *testing.T) {
	decisions, refused := 0, 0
	for seed := range 30 {
		rnd := rand.New(rand.NewPCG(uint64(seed), 7))
		clock := newClock()
		limit, burst := 1+rnd.IntN(200), 1+rnd.IntN(50)
		period := time.Duration(1+rnd.IntN(90)) * time.Second
		r := newRate(t, throttle.RateConfig{Limit: limit, Period: period, Burst: burst, Key: byPath, Now: clock.Now})
		interval := period / time.Duration(limit)
		keys := 1 + rnd.IntN(20)
		models := map[throttle.RateKey]*rate.Limiter{}
		for step := range 8000 {
			key := throttle.RateKey{Name: fmt.Sprint(rnd.IntN(keys))}
			model := models[key]
			if model == nil {
				model = rate.NewLimiter(rate.Every(interval), burst)
				models[key] = model
			}
			switch rnd.IntN(1000) {
			case 0:
				clock.advance(time.Duration(rnd.Int64N(int64(5 * time.Minute))))
			case 1, 2, 3:
				clock.advance(time.Duration(rnd.Int64N(int64(interval) * int64(burst))))
			default:
				clock.advance(time.Duration(rnd.Int64N(int64(interval)/int64(keys) + 1)))
			}
			d := r.Take(key)
			want := model.AllowN(clock.at, 1)
			decisions++
			if !want {
				refused++
			}
			if d.Allowed != want {
				t.Fatalf("seed %d step %d: allowed %v, x/time/rate %v (%d per %v, burst %d, %v tokens)",
					seed, step, d.Allowed, want, limit, period, burst, model.TokensAt(clock.at))
			}
			if tokens := model.TokensAt(clock.at); float64(d.Remaining) > tokens+1e-5 || float64(d.Remaining) < tokens-1-1e-5 {
				t.Fatalf("seed %d step %d: %d remaining, x/time/rate has %v", seed, step, d.Remaining, tokens)
			}
			if !d.Allowed {
				if model.AllowN(clock.at.Add(d.Retry-time.Microsecond), 0) && model.TokensAt(clock.at.Add(d.Retry-time.Microsecond)) >= 1 {
					t.Fatalf("seed %d step %d: Retry %v is too long", seed, step, d.Retry)
				}
				if model.TokensAt(clock.at.Add(d.Retry+time.Microsecond)) < 1 {
					t.Fatalf("seed %d step %d: Retry %v is too short", seed, step, d.Retry)
				}
			}
		}
	}
	t.Logf("%d decisions, %d refusals", decisions, refused)
}

func TestRateTake(t *testing.T) {
	for _, shared := range []bool{false, true} {
		clock := newClock()
		c := throttle.RateConfig{Limit: 2, Period: 4 * time.Second, Burst: 3, Now: clock.Now}
		if !shared {
			c.Key = byPath
		}
		r := newRate(t, c)
		steps := []struct {
			advance time.Duration
			want    throttle.Decision
		}{
			{0, throttle.Decision{Allowed: true, Remaining: 2, Full: 2 * time.Second}},
			{0, throttle.Decision{Allowed: true, Remaining: 1, Full: 4 * time.Second}},
			{0, throttle.Decision{Allowed: true, Remaining: 0, Full: 6 * time.Second}},
			{0, throttle.Decision{Retry: 2 * time.Second, Full: 6 * time.Second}},
			{time.Second, throttle.Decision{Retry: time.Second, Full: 5 * time.Second}},
			{time.Second, throttle.Decision{Allowed: true, Full: 6 * time.Second}},
			{time.Hour, throttle.Decision{Allowed: true, Remaining: 2, Full: 2 * time.Second}},
		}
		for i, step := range steps {
			clock.advance(step.advance)
			if got := r.Take(throttle.RateKey{Name: "k"}); got != step.want {
				t.Errorf("shared %v, step %d: %+v, want %+v", shared, i, got, step.want)
			}
		}
		other := r.Take(throttle.RateKey{Name: "other"})
		if want := map[bool]int{false: 2, true: 1}[shared]; other.Remaining != want {
			t.Errorf("shared %v: another key has %d left, want %d", shared, other.Remaining, want)
		}
	}
}

// A clock that is set back or ahead neither locks a key out for longer than its burst
// takes to fill, nor lets more through than its limits.
func TestRateClockJumps(t *testing.T) {
	clock := newClock()
	r := newRate(t, throttle.RateConfig{Limit: 1, Burst: 5, Key: byPath, Now: clock.Now})
	key := throttle.RateKey{Name: "k"}
	for range 5 {
		if !r.Take(key).Allowed {
			t.Fatal("the burst is not allowed")
		}
	}
	clock.advance(-1000 * time.Hour)
	if d := r.Take(key); d.Allowed || d.Retry != time.Second {
		t.Errorf("after a jump back: %+v, want a second to wait", d)
	}
	clock.advance(time.Second)
	if d := r.Take(key); !d.Allowed {
		t.Errorf("a second later: %+v", d)
	}
	clock.advance(200 * 365 * 24 * time.Hour)
	if d := r.Take(key); !d.Allowed || d.Remaining != 4 {
		t.Errorf("after two centuries: %+v", d)
	}
	clock.at = time.Time{}
	if d := r.Take(key); d.Retry > 5*time.Second || d.Retry < 0 {
		t.Errorf("at the zero time: %+v", d)
	}
}

// A clock that reads anything at all makes nobody wait longer than a burst takes.
func TestRateWildClock(t *testing.T) {
	clock := newClock()
	r := newRate(t, throttle.RateConfig{Limit: 2, Period: time.Second, Burst: 3, Key: byPath, Now: clock.Now})
	start := clock.at
	for _, at := range []time.Time{
		start, {}, start, time.Unix(1<<40, 0), start.AddDate(100, 0, 0), time.Unix(-1<<40, 0), start.AddDate(-140, 0, 0), time.Unix(0, 0), start,
	} {
		clock.at = at
		allowed := 0
		for range 10 {
			d := r.Take(throttle.RateKey{Name: "a"})
			if d.Allowed {
				allowed++
			}
			if full := 1500 * time.Millisecond; d.Retry < 0 || d.Retry > full || d.Full < 0 || d.Full > full || d.Remaining < 0 || d.Remaining > 2 || d.Allowed != (d.Retry == 0) {
				t.Fatalf("at %v: %+v", at, d)
			}
		}
		if allowed > 3 {
			t.Errorf("at %v: %d at once, want 3 at most", at, allowed)
		}
		clock.advance(2 * time.Second)
		if d := r.Take(throttle.RateKey{Name: "a"}); !d.Allowed && at.Sub(start).Abs() < 146*365*24*time.Hour {
			t.Errorf("two seconds after %v: %+v", at, d)
		}
	}
}

func TestRateConfigErrors(t *testing.T) {
	tests := []struct {
		c    throttle.RateConfig
		want []string
	}{
		{throttle.RateConfig{Limit: 1}, nil},
		{throttle.RateConfig{Limit: 1_000_000}, nil},
		{throttle.RateConfig{}, []string{`Limit "0": must be positive`}},
		{throttle.RateConfig{Limit: -1, Period: -1, Burst: -1, MaxKeys: -1, Status: 200, Policy: `a"b`},
			[]string{"Limit", "Period", "Burst", "MaxKeys", "Status", "Policy"}},
		{throttle.RateConfig{Limit: 1_000_001}, []string{"at most one per 1µs"}},
		{throttle.RateConfig{Limit: 1, Period: time.Hour, Burst: 10000}, []string{"Burst", "to fill"}},
		{throttle.RateConfig{Limit: 1 << 62, Burst: 1 << 62}, []string{"Limit"}},
		{throttle.RateConfig{Limit: 1, Policy: "grün"}, []string{"Policy"}},
	}
	for _, tt := range tests {
		_, err := throttle.NewRate(tt.c)
		if (err == nil) != (len(tt.want) == 0) {
			t.Errorf("NewRate(%+v) error = %v, want %q", tt.c, err, tt.want)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("NewRate(%+v) error = %v, want %q in it", tt.c, err, want)
			}
		}
	}
}

func TestRateWrap(t *testing.T) {
	clock := newClock()
	var rejected []string
	var log bytes.Buffer
	r := newRate(t, throttle.RateConfig{
		Limit: 6, Period: time.Minute, Burst: 2, Key: byPath, Now: clock.Now, Policy: "per path", Exempt: throttle.AdminPath,
		Rejected: func(k throttle.RateKey, e *throttle.RejectedError) { rejected = append(rejected, k.Name+" "+e.Error()) },
		Logger:   slog.New(slog.NewTextHandler(&log, nil)),
	})
	h := r.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }))
	tests := []struct {
		advance               time.Duration
		path                  string
		status                int
		retry, policy, limits string
	}{
		{0, "/a", 204, "", `"per path";q=2;w=20`, `"per path";r=1;t=10`},
		{0, "/a", 204, "", `"per path";q=2;w=20`, `"per path";r=0;t=20`},
		{0, "/a", 429, "10", `"per path";q=2;w=20`, `"per path";r=0;t=20`},
		{0, "/b", 204, "", `"per path";q=2;w=20`, `"per path";r=1;t=10`},
		{1500 * time.Millisecond, "/a", 429, "9", `"per path";q=2;w=20`, `"per path";r=0;t=19`},
		{0, "/admin/x", 204, "", "", ""},
	}
	for i, tt := range tests {
		clock.advance(tt.advance)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", tt.path, nil))
		got := []any{w.Code, w.Header().Get("Retry-After"), w.Header().Get("RateLimit-Policy"), w.Header().Get("RateLimit"), w.Body.String()}
		want := []any{tt.status, tt.retry, tt.policy, tt.limits, ""}
		if fmt.Sprint(got...) != fmt.Sprint(want...) {
			t.Errorf("step %d: %q, want %q", i, got, want)
		}
	}
	if want := []string{`/a throttle: "rate": more than 2 at once`, `/a throttle: "rate": more than 2 at once`}; fmt.Sprint(rejected) != fmt.Sprint(want) {
		t.Errorf("rejected %q, want %q", rejected, want)
	}
	if got := strings.Count(log.String(), "reason=rate scope=path name=/a"); got != 2 {
		t.Errorf("%d log lines, want 2: %s", got, log.String())
	}
}

func TestRateAllow(t *testing.T) {
	clock := newClock()
	r := newRate(t, throttle.RateConfig{Limit: 1, Period: time.Hour, Status: 503, Now: clock.Now})
	if err := r.Allow(throttle.RateKey{}); err != nil {
		t.Errorf("Allow() = %v", err)
	}
	err := r.Allow(throttle.RateKey{})
	var rejected *throttle.RejectedError
	if !errors.As(err, &rejected) || rejected.StatusCode() != 503 || rejected.RetryAfter() != time.Hour || rejected.Limit != 1 {
		t.Errorf("Allow() = %#v", err)
	}
}

// Keys at once from many goroutines: exactly the burst of each is allowed while the
// clock stands.
func TestRateConcurrent(t *testing.T) {
	clock := newClock()
	r := newRate(t, throttle.RateConfig{Limit: 50, Key: byPath, Now: clock.Now})
	var allowed atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 2000 {
				if r.Take(throttle.RateKey{Name: fmt.Sprint(i % 10)}).Allowed {
					allowed.Add(1)
				}
			}
		})
	}
	group.Wait()
	if allowed.Load() != 10*50 {
		t.Errorf("%d allowed, want 500", allowed.Load())
	}
}

// Memory: 40 bytes a key at most, and given back once the keys are idle.
func TestRateMemory(t *testing.T) {
	const keys = 100_000
	clock := newClock()
	before := heap()
	r := newRate(t, throttle.RateConfig{Limit: 10, Key: byPath, Now: clock.Now})
	take := func(prefix string, n int) {
		for i := range n {
			r.Take(throttle.RateKey{Scope: prefix, Name: fmt.Sprint(i)})
		}
	}
	take("a", keys)
	perKey := float64(heap()-before) / keys
	if perKey > 40 {
		t.Errorf("%.1f bytes a key, want 40 at most", perKey)
	}
	for range 2 {
		clock.advance(time.Minute)
		take("b", 2000) // keys of every shard
	}
	left := float64(heap()-before) / keys
	if left > 4 {
		t.Errorf("%.1f bytes a key after they were idle, want next to nothing", left)
	}
	t.Logf("%.1f bytes a key, %.1f when idle", perKey, left)
	runtime.KeepAlive(r)
}

// A flood of keys is held to MaxKeys in each of two generations.
func TestRateMaxKeys(t *testing.T) {
	clock := newClock()
	before := heap()
	r := newRate(t, throttle.RateConfig{Limit: 10, Key: byPath, Now: clock.Now, MaxKeys: 10_000})
	for i := range 500_000 {
		r.Take(throttle.RateKey{Name: fmt.Sprint(i)})
	}
	if used := heap() - before; used > 2*10_000*40+64<<10 {
		t.Errorf("%d bytes for 10,000 keys at most, want 80 a key", used)
	}
	runtime.KeepAlive(r)
}

// Up to MaxKeys keys are remembered for as long as it takes to fill their burst,
// however they are spread, and no longer.
func TestRateRemembers(t *testing.T) {
	for _, keys := range []int{1, 2, 10, 1000, 5000, 50_000} {
		clock := newClock()
		r := newRate(t, throttle.RateConfig{Limit: 1, Period: time.Hour, Key: byPath, Now: clock.Now, MaxKeys: keys})
		take := func(from, to int) (allowed int) {
			for i := from; i < to; i++ {
				if r.Take(throttle.RateKey{Name: fmt.Sprint(i)}).Allowed {
					allowed++
				}
			}
			return allowed
		}
		half := keys / 2
		first := take(0, half)
		clock.advance(30 * time.Minute)
		second := take(half, keys)
		clock.advance(30*time.Minute - 1)
		if refused := keys - take(0, keys); first+second != keys || refused != keys {
			t.Errorf("%d keys: %d were allowed, then %d refused", keys, first+second, refused)
		}
		clock.advance(1)
		if again, none := take(0, half), take(half, keys); again != half || none != 0 {
			t.Errorf("%d keys: after an hour %d are allowed again, and %d too soon", keys, again, none)
		}
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestRateAllocs(t *testing.T) {
	keyed := newRate(t, throttle.RateConfig{Limit: 1_000_000, Key: byPath})
	shared := newRate(t, throttle.RateConfig{Limit: 1_000_000})
	strict := newRate(t, throttle.RateConfig{Limit: 1, Period: time.Hour, Key: byPath})
	key := throttle.RateKey{Scope: "orders", Name: "default"}
	w := &nullWriter{header: http.Header{}}
	req := httptest.NewRequest("GET", "/", nil)
	wrapped := strict.Wrap(http.NotFoundHandler())
	strict.Take(byPath(req))
	for name, f := range map[string]func(){
		"keyed": func() { keyed.Take(key) }, "shared": func() { shared.Take(key) }, "refused": func() { strict.Take(key) },
		"address": func() { (&throttle.ClientAddress{}).Of(req) },
	} {
		f()
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
	// An hour is more than the two minutes for which headers are preset.
	if n := testing.AllocsPerRun(1000, func() { wrapped.ServeHTTP(w, req) }); n > 4 || w.status != 429 {
		t.Errorf("refusal: %v allocations, status %d", n, w.status)
	}
}
