package throttle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/httptrigger/httptrigger/throttle"
)

// gauge is a probe that tests set.
type gauge struct {
	mu       sync.Mutex
	readings []throttle.Reading
	err      error
	panics   bool
	reads    int
	hold     chan struct{} // if not nil, Read waits for it
}

func (g *gauge) Read() ([]throttle.Reading, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reads++
	if g.hold != nil {
		<-g.hold
	}
	if g.panics {
		panic("broken")
	}
	return slices.Clone(g.readings), g.err
}

// set gives resources their values, of a limit of 100.
func (g *gauge) set(value float64, names ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.readings = nil
	for _, name := range names {
		g.readings = append(g.readings, throttle.Reading{Name: name, Value: value, Limit: 100})
	}
}

func newDynamic(t *testing.T, c throttle.DynamicConfig) *throttle.DynamicThrottle {
	t.Helper()
	d, err := throttle.NewDynamicThrottle(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// statuses sends n requests.
func statuses(h http.Handler, n int) string {
	var all []string
	for range n {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		all = append(all, fmt.Sprint(w.Code))
	}
	return strings.Join(all, " ")
}

var ok = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})

// TH-42 and TH-34: what HttpThrottleMiddlewareTests.cs asserts.
func TestDynamicCompat(t *testing.T) {
	clock := newClock()
	g := &gauge{}
	var log bytes.Buffer
	rejected := 0
	h := newDynamic(t, throttle.DynamicConfig{
		Probes: []throttle.Probe{g}, Interval: time.Second, Compat: true, Now: clock.Now,
		Rejected: func(*throttle.RejectedError) { rejected++ }, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	}).Wrap(ok)
	var got []string
	got = append(got, statuses(h, 3))
	clock.advance(1100 * time.Millisecond)
	g.set(90, "Threads", "Processes")
	got = append(got, statuses(h, 3))
	clock.advance(1100 * time.Millisecond)
	g.set(0, "Threads", "Processes")
	got = append(got, statuses(h, 3))
	if want := "[200 200 200 429 429 429 200 200 200]"; fmt.Sprint(got) != want {
		t.Errorf("statuses %v, want %s", got, want)
	}
	if g.reads != 3 || rejected != 3 {
		t.Errorf("%d checks and %d refusals, want 3 and 3", g.reads, rejected)
	}
	line := "Thresholds for the following counters have been exceeded: [Threads, Processes]"
	if got := strings.Count(log.String(), line); got != 1 {
		t.Errorf("%d warnings, want 1: %s", got, log.String())
	}
}

// TH-35: overload is noticed by the first request after more than 15 seconds.
func TestDynamicCompatInterval(t *testing.T) {
	clock := newClock()
	g := &gauge{}
	h := newDynamic(t, throttle.DynamicConfig{Probes: []throttle.Probe{g}, Compat: true, Now: clock.Now}).Wrap(ok)
	got := statuses(h, 1)
	g.set(90, "Connections")
	clock.advance(15 * time.Second)
	got += " " + statuses(h, 1)
	clock.advance(time.Millisecond)
	got += " " + statuses(h, 1)
	g.set(0, "Connections")
	clock.advance(15 * time.Second)
	got += " " + statuses(h, 1)
	clock.advance(time.Hour)
	got += " " + statuses(h, 1)
	if want := "200 200 429 429 200"; got != want {
		t.Errorf("statuses %s, want %s", got, want)
	}
}

func TestDynamicRefusal(t *testing.T) {
	g := &gauge{}
	g.set(90, "a", "b")
	tests := []struct {
		name   string
		c      throttle.DynamicConfig
		status int
		header string
	}{
		{"default", throttle.DynamicConfig{}, 429, "map[Retry-After:[1]]"},
		{"interval", throttle.DynamicConfig{Interval: 2500 * time.Millisecond}, 429, "map[Retry-After:[3]]"},
		{"503", throttle.DynamicConfig{Status: 503}, 503, "map[Retry-After:[1]]"},
		{"compat", throttle.DynamicConfig{Compat: true}, 429, "map[X-Function-Scaleout:[1]]"},
		{"exempt", throttle.DynamicConfig{Exempt: throttle.AdminPath}, 200, "map[]"},
		{"higher threshold", throttle.DynamicConfig{Threshold: 0.95}, 200, "map[]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.Probes = []throttle.Probe{g}
			w := httptest.NewRecorder()
			newDynamic(t, tt.c).Wrap(ok).ServeHTTP(w, httptest.NewRequest("GET", "/admin", nil))
			if w.Code != tt.status || fmt.Sprint(w.Header()) != tt.header || w.Body.Len() > 0 {
				t.Errorf("%d %v %q, want %d %s", w.Code, w.Header(), w.Body, tt.status, tt.header)
			}
		})
	}
	err := newDynamic(t, throttle.DynamicConfig{Probes: []throttle.Probe{g}}).Check()
	var rejected *throttle.RejectedError
	if !errors.As(err, &rejected) || rejected.Reason != throttle.ReasonLoad || fmt.Sprint(rejected.Exceeded) != "[a b]" {
		t.Errorf("Check() = %v", err)
	}
}

// Samples run beside the requests, one at a time however many ask, and what a hung
// probe said long ago does not count.
func TestDynamicOffThePath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gauge{}
		g.set(90, "x")
		d := newDynamic(t, throttle.DynamicConfig{Probes: []throttle.Probe{g}})
		h := d.Wrap(ok)
		if got := statuses(h, 2); got != "429 429" || !d.Saturated() {
			t.Errorf("at first: %s, saturated %v", got, d.Saturated())
		}
		g.set(10, "x")
		hold := make(chan struct{})
		g.hold = hold
		time.Sleep(1100 * time.Millisecond)
		if got := statuses(h, 50); got != strings.Repeat("429 ", 49)+"429" {
			t.Errorf("while the next sample runs: %s, want the last one to hold", got)
		}
		time.Sleep(time.Second)
		if got := statuses(h, 2); got != "200 200" || d.Saturated() {
			t.Errorf("two intervals later: %s, saturated %v; want it to count no more", got, d.Saturated())
		}
		close(hold)
		synctest.Wait()
		if got := statuses(h, 2); got != "200 200" {
			t.Errorf("after: %s", got)
		}
		if g.reads != 2 {
			t.Errorf("%d samples, want 2", g.reads)
		}
		if got := d.Readings(); len(got) != 1 || got[0].Value != 10 {
			t.Errorf("Readings() = %v", got)
		}
	})
}

func TestDynamicHysteresis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gauge{}
		h := newDynamic(t, throttle.DynamicConfig{Probes: []throttle.Probe{g}}).Wrap(ok)
		for _, step := range []struct {
			value float64
			want  string
		}{{50, "200"}, {80, "200"}, {81, "429"}, {75, "429"}, {71, "429"}, {70, "200"}, {75, "200"}, {80, "200"}, {99, "429"}, {0, "200"}} {
			g.set(step.value, "x")
			time.Sleep(1100 * time.Millisecond)
			statuses(h, 1)
			synctest.Wait()
			if got := statuses(h, 1); got != step.want {
				t.Errorf("at %v: %s, want %s", step.value, got, step.want)
			}
		}
	})
}

// A probe that fails says nothing, and is named in the log; the others count.
func TestDynamicBrokenProbe(t *testing.T) {
	var log bytes.Buffer
	fine := &gauge{}
	fine.set(90, "fine")
	d := newDynamic(t, throttle.DynamicConfig{
		Probes: []throttle.Probe{&gauge{err: errors.New("no such file")}, &gauge{panics: true}, fine},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err := d.Check(); err == nil {
		t.Error("Check() = nil, want the third probe to count")
	}
	for _, want := range []string{"no such file", "panic: broken", "overloaded"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log %q, want %q in it", log.String(), want)
		}
	}
}

func TestDynamicRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gauge{}
		g.set(90, "x")
		d := newDynamic(t, throttle.DynamicConfig{Probes: []throttle.Probe{g}})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			d.Run(ctx)
			close(done)
		}()
		time.Sleep(3500 * time.Millisecond)
		synctest.Wait()
		if !d.Saturated() || g.reads != 4 {
			t.Errorf("saturated %v after %d samples, want true after 4", d.Saturated(), g.reads)
		}
		stop()
		<-done
	})
}

func TestDynamicConfigErrors(t *testing.T) {
	g := &gauge{}
	tests := []struct {
		c    throttle.DynamicConfig
		want []string
	}{
		{throttle.DynamicConfig{Probes: []throttle.Probe{g}}, nil},
		{throttle.DynamicConfig{Probes: []throttle.Probe{g}, Threshold: 1, Recover: 1}, nil},
		{throttle.DynamicConfig{}, []string{"Probes"}},
		{throttle.DynamicConfig{Probes: []throttle.Probe{nil}, Threshold: 1.5, Interval: -1, Status: 404}, []string{"Probes", "Threshold", "Interval", "Status"}},
		{throttle.DynamicConfig{Probes: []throttle.Probe{g}, Threshold: math.NaN()}, []string{"Threshold"}},
		{throttle.DynamicConfig{Probes: []throttle.Probe{g}, Threshold: 0.5, Recover: 0.6}, []string{"Recover"}},
		{throttle.DynamicConfig{Probes: []throttle.Probe{g}, Recover: 0.5, Status: 503, Compat: true}, []string{"Recover", "Status"}},
	}
	for _, tt := range tests {
		_, err := throttle.NewDynamicThrottle(tt.c)
		if (err == nil) != (len(tt.want) == 0) {
			t.Errorf("NewDynamicThrottle(%+v) error = %v, want %q", tt.c, err, tt.want)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("NewDynamicThrottle(%+v) error = %v, want %q in it", tt.c, err, want)
			}
		}
	}
}

func TestDynamicAllocs(t *testing.T) {
	g := &gauge{}
	g.set(90, "x")
	d := newDynamic(t, throttle.DynamicConfig{Probes: []throttle.Probe{g}, Interval: time.Minute})
	h := d.Wrap(ok)
	w := &nullWriter{header: http.Header{}}
	r := httptest.NewRequest("GET", "/", nil)
	h.ServeHTTP(w, r)
	if n := testing.AllocsPerRun(1000, func() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}); n != 0 || w.status != 429 {
		t.Errorf("%v allocations and status %d", n, w.status)
	}
}
