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
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/httptrigger/httptrigger/throttle"
)

// The scripts follow the throttle rows of the rules (TH-7 to TH-21, TH-98, TH-100)
// and what HttpThrottleMiddlewareTests.cs asserts.
func TestGateScripts(t *testing.T) {
	tests := []struct {
		name     string
		c, o     int
		compat   bool
		steps    string
		statuses string
		order    string // of starts
		most     int    // inside at once; 0 is not checked
	}{
		{name: "unbounded (TH-3)", c: -1, o: -1, steps: "arrive a b c d e f", statuses: "a running, b running, c running, d running, e running, f running"},
		{name: "zero is no bound", steps: "arrive a b c", statuses: "a running, b running, c running"},
		{name: "starts in order of arrival (TH-9)", c: 1, steps: "arrive a b c d, finish a b c d", statuses: "a 200, b 200, c 200, d 200", order: "a b c d", most: 1},
		{name: "order of completion is free (TH-9)", c: 2, steps: "arrive a b c d, finish b a d c", statuses: "a 200, b 200, c 200, d 200", order: "a b c d", most: 2},
		{name: "refusal is immediate (TH-8)", c: 1, o: 2, steps: "arrive a b c", statuses: "a running, b waiting, c 429"},
		{name: "outstanding below concurrent (TH-15)", c: 10, o: 2, steps: "arrive a b c, finish a b", statuses: "a 200, b 200, c 429", most: 2},
		{name: "outstanding only (TH-16)", o: 3, steps: "arrive a b c d, finish a b c", statuses: "a 200, b 200, c 200, d 429", most: 3},
		{name: "concurrent only waits without end (TH-16)", c: 2, steps: "arrive a b c d e f, finish a b", statuses: "a 200, b 200, c running, d running, e waiting, f waiting"},
		{name: "refuse at once when one runs (TH-86)", c: 1, o: 1, steps: "arrive a b, finish a, arrive c", statuses: "a 200, b 429, c running"},
		{name: "a place is free again after each end (TH-11)", c: 1, o: 1, steps: "arrive a, finish a, arrive b, finish b, arrive c", statuses: "a 200, b 200, c running"},
		{name: "panic frees the place (TH-21)", c: 1, steps: "arrive a b, panic a, finish b", statuses: "a 500, b 200"},
		{name: "ErrAbortHandler passes and frees (TH-21)", c: 1, steps: "arrive a b, abort a, finish b", statuses: "a -1, b 200"},
		{name: "Goexit frees (TH-21)", c: 1, steps: "arrive a b, goexit a, finish b", statuses: "a 0, b 200"},
		{name: "cancelled while waiting leaves at once (TH-13)", c: 1, o: 2, steps: "arrive a b, cancel b, arrive c, finish a", statuses: "a 200, b 499, c running", order: "a c"},
		{name: "cancelled in the middle of the line", c: 1, steps: "arrive a b c d, cancel c, finish a b d", statuses: "a 200, b 200, c 499, d 200", order: "a b d"},
		{name: "cancelled at the end, then more", c: 1, steps: "arrive a b c, cancel c, arrive d, cancel b, arrive e, finish a d e", statuses: "a 200, b 499, c 499, d 200, e 200", order: "a d e"},
		{name: "cancelled while waiting keeps its place (Compat, TH-13)", compat: true, c: 1, o: 2, steps: "arrive a b, cancel b, arrive c, finish a", statuses: "a 200, b running, c 429", order: "a b"},
		{name: "cancelled while running holds its place (TH-14)", c: 1, o: 1, steps: "arrive a, cancel a, arrive b, finish a, arrive c, finish c", statuses: "a 200, b 429, c 200"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScript(t, newGate(t, throttle.GateConfig{MaxConcurrent: tt.c, MaxOutstanding: tt.o, Compat: tt.compat}))
				s.play(tt.steps)
				if got := s.statuses(); got != tt.statuses {
					t.Errorf("after %q: %q, want %q", tt.steps, got, tt.statuses)
				}
				if got := strings.Join(s.started, " "); tt.order != "" && got != tt.order {
					t.Errorf("started %q, want %q", got, tt.order)
				}
				if tt.most != 0 && s.most != tt.most {
					t.Errorf("%d ran at once, want %d", s.most, tt.most)
				}
				s.finishAll()
			})
		})
	}
}

// TH-20 and TH-19: many at once.
func TestGateCrowd(t *testing.T) {
	tests := []struct{ arrive, c, o, accepted, most int }{
		{20, 3, -1, 20, 3},
		{20, 1, -1, 20, 1},
		{25, 1, 10, 10, 1},
		{300, 100, 200, 200, 100},
	}
	for _, tt := range tests {
		for _, compat := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d through %d/%d", tt.arrive, tt.c, tt.o), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var log bytes.Buffer
					g := newGate(t, throttle.GateConfig{MaxConcurrent: tt.c, MaxOutstanding: tt.o, Compat: compat,
						Logger: slog.New(slog.NewTextHandler(&log, nil))})
					for round := range 2 {
						s := newScript(t, g)
						for i := range tt.arrive {
							s.arrive(fmt.Sprint("r", i))
						}
						s.finishAll()
						accepted := strings.Count(s.statuses(), " 200")
						if accepted != tt.accepted || s.most != tt.most {
							t.Errorf("round %d: %d accepted, %d at once; want %d, %d", round, accepted, s.most, tt.accepted, tt.most)
						}
						if refused := strings.Count(s.statuses(), " 429"); refused != tt.arrive-tt.accepted {
							t.Errorf("round %d: %d refused, want %d", round, refused, tt.arrive-tt.accepted)
						}
					}
					line := `msg="request rejected"`
					if compat {
						line = fmt.Sprintf("Http request queue limit of %d has been exceeded.", tt.o)
					}
					if got := strings.Count(log.String(), line); got != 2*(tt.arrive-tt.accepted) {
						t.Errorf("%d lines %q, want %d", got, line, 2*(tt.arrive-tt.accepted))
					}
				})
			})
		}
	}
}

func TestGateMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, throttle.GateConfig{MaxConcurrent: 1, MaxWait: time.Minute})
		s := newScript(t, g)
		s.play("arrive a b")
		time.Sleep(time.Minute - time.Nanosecond)
		synctest.Wait()
		if got := s.statuses(); got != "a running, b waiting" {
			t.Errorf("a moment before: %q", got)
		}
		s.play("arrive c")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if got := s.statuses(); got != "a running, b 429, c waiting" {
			t.Errorf("at MaxWait: %q", got)
		}
		s.play("finish a")
		if got := s.statuses(); got != "a 200, b 429, c running" {
			t.Errorf("after: %q", got)
		}
		if got := g.Stats(); got.RejectedWait != 1 || got.Running != 1 || got.Waiting != 0 {
			t.Errorf("Stats() = %+v", got)
		}
		s.finishAll()
	})
}

// TH-100: new limits apply to the same queue.
func TestGateReconfigure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 4})
		s := newScript(t, g)
		check := func(when, want string) {
			t.Helper()
			if got := s.statuses(); got != want {
				t.Errorf("%s: %q, want %q", when, got, want)
			}
		}
		set := func(c, o int) {
			t.Helper()
			if err := g.Reconfigure(throttle.GateConfig{MaxConcurrent: c, MaxOutstanding: o}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		s.play("arrive a b c d e")
		check("1/4", "a running, b waiting, c waiting, d waiting, e 429")
		set(3, 4)
		check("raised to 3/4", "a running, b running, c running, d waiting, e 429")
		set(1, 2)
		check("lowered to 1/2", "a running, b running, c running, d waiting, e 429")
		s.play("finish a, arrive f")
		check("a place of too many is not handed on", "a 200, b running, c running, d waiting, e 429, f 429")
		s.play("finish b")
		check("still one running", "a 200, b 200, c running, d waiting, e 429, f 429")
		s.play("finish c, arrive g h")
		check("within the limits again", "a 200, b 200, c 200, d running, e 429, f 429, g waiting, h 429")
		set(-1, -1)
		s.play("arrive i j")
		check("unbounded", "a 200, b 200, c 200, d running, e 429, f 429, g running, h 429, i running, j running")
		s.finishAll()
		if got := g.Stats(); got.Running != 0 || got.Waiting != 0 || got.RejectedQueue != 3 {
			t.Errorf("Stats() = %+v", got)
		}
	})
}

func TestGateConfigErrors(t *testing.T) {
	tests := []struct {
		name string
		c    throttle.GateConfig
		want []string // in the error; none: no error
	}{
		{"zero", throttle.GateConfig{}, nil},
		{"consumption", throttle.Consumption(), nil},
		{"outstanding below concurrent", throttle.GateConfig{MaxConcurrent: 10, MaxOutstanding: 2}, nil},
		{"wait", throttle.GateConfig{MaxConcurrent: 1, MaxWait: 1}, nil},
		{"negative wait", throttle.GateConfig{MaxConcurrent: 1, MaxWait: -1}, []string{`MaxWait "-1ns": must not be negative`}},
		{"wait for nothing", throttle.GateConfig{MaxWait: time.Second}, []string{"without MaxConcurrent"}},
		{"wait for nothing, both", throttle.GateConfig{MaxConcurrent: 5, MaxOutstanding: 5, MaxWait: time.Second}, []string{"MaxOutstanding is not above"}},
		{"overflow", throttle.GateConfig{MaxConcurrent: 1 << 24, MaxOutstanding: 1 << 40}, []string{"MaxConcurrent", "MaxOutstanding", "16777215"}},
		{"status", throttle.GateConfig{Status: 500}, []string{`Status "500"`}},
		{"retry", throttle.GateConfig{MinRetryAfter: 5 * time.Second, MaxRetryAfter: 2 * time.Second}, []string{"MinRetryAfter"}},
		{"retry below a second", throttle.GateConfig{MaxRetryAfter: time.Millisecond}, []string{"MaxRetryAfter"}},
		{"retry negative", throttle.GateConfig{MinRetryAfter: -1}, []string{"MinRetryAfter"}},
		{"compat", throttle.GateConfig{Compat: true, MaxConcurrent: 1, MaxWait: 1, Status: 503, MaxRetryAfter: time.Second}, []string{"MaxWait", "Status", "Retry-After"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := throttle.NewGate(tt.c)
			if (err == nil) != (len(tt.want) == 0) {
				t.Fatalf("NewGate() error = %v, want %q", err, tt.want)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("NewGate() error = %v, want %q in it", err, want)
				}
			}
		})
	}
}

func TestGateReconfigureError(t *testing.T) {
	g := newGate(t, throttle.GateConfig{MaxConcurrent: 7})
	if err := g.Reconfigure(throttle.GateConfig{MaxConcurrent: 1, Status: 200}); err == nil {
		t.Error("Reconfigure of a wrong configuration = nil")
	}
	if got := g.Stats().MaxConcurrent; got != 7 {
		t.Errorf("MaxConcurrent = %d after a refused Reconfigure, want 7", got)
	}
}

func TestGateRefusal(t *testing.T) {
	tests := []struct {
		name   string
		c      throttle.GateConfig
		status int
		header http.Header
	}{
		{"default", throttle.GateConfig{}, 429, http.Header{"Retry-After": {"1"}}},
		{"compat", throttle.GateConfig{Compat: true}, 429, http.Header{"X-Function-Scaleout": {"1"}}},
		{"503", throttle.GateConfig{Status: 503}, 503, http.Header{"Retry-After": {"1"}}},
		{"floor", throttle.GateConfig{MinRetryAfter: 2500 * time.Millisecond}, 429, http.Header{"Retry-After": {"3"}}},
		{"floor above the default cap", throttle.GateConfig{MinRetryAfter: time.Hour}, 429, http.Header{"Retry-After": {"3600"}}},
		{"the longest floor", throttle.GateConfig{MinRetryAfter: math.MaxInt64}, 429, http.Header{"Retry-After": {"9223372036"}}},
		{"no header", throttle.GateConfig{MaxRetryAfter: -1}, 429, http.Header{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.MaxOutstanding = 1
			g := newGate(t, tt.c)
			ticket, err := g.Acquire(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer ticket.Release()
			w := httptest.NewRecorder()
			g.Wrap(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			if got, want := fmt.Sprintf("%d %v %q", w.Code, w.Header(), w.Body), fmt.Sprintf("%d %v %q", tt.status, tt.header, ""); got != want {
				t.Errorf("refusal: %s, want %s", got, want)
			}
		})
	}
}

// Requests take 10 s each, one at a time.
func TestGateRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 3})
		refused := func() time.Duration {
			t.Helper()
			_, err := g.Acquire(context.Background())
			var rejected *throttle.RejectedError
			if !errors.As(err, &rejected) || rejected.Reason != throttle.ReasonQueue || rejected.Limit != 3 {
				t.Fatalf("Acquire() error = %v, want a full queue of 3", err)
			}
			return rejected.RetryAfter()
		}
		s := newScript(t, g)
		s.play("arrive a b c")
		if got := refused(); got != time.Second {
			t.Errorf("without history: %v, want the floor", got)
		}
		time.Sleep(10 * time.Second)
		s.play("finish a, arrive d")
		if got := refused(); got != 30*time.Second {
			t.Errorf("two wait, 10 s each: %v, want 30s", got)
		}
		time.Sleep(1000 * time.Hour)
		s.play("finish b, arrive e")
		if got := refused(); got != time.Minute {
			t.Errorf("after a very long one: %v, want the cap", got)
		}
		s.finishAll()
		if got := g.Stats(); got.MeanService <= 0 {
			t.Errorf("Stats() = %+v, want a mean service time", got)
		}
	})
}

func TestGateStatusOnDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, throttle.GateConfig{MaxConcurrent: 1})
		ticket, _ := g.Acquire(context.Background())
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		w := httptest.NewRecorder()
		g.Wrap(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil))
		if w.Code != 503 {
			t.Errorf("status %d after the deadline passed in line, want 503", w.Code)
		}
		ticket.Release()
		if got := g.Stats(); got.Cancelled != 1 || got.Running+got.Waiting != 0 {
			t.Errorf("Stats() = %+v", got)
		}
	})
}

func TestGateHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		g := newGate(t, throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 3, Hooks: throttle.GateHooks{
			Admitted:  func(wait time.Duration) { log = append(log, "admitted after "+wait.String()) },
			Rejected:  func(e *throttle.RejectedError) { log = append(log, "rejected "+string(e.Reason)) },
			Cancelled: func(wait time.Duration) { log = append(log, "cancelled after "+wait.String()) },
		}})
		s := newScript(t, g)
		s.play("arrive a b c d")
		time.Sleep(3 * time.Second)
		s.play("cancel b")
		time.Sleep(2 * time.Second)
		s.play("finish a c")
		want := "admitted after 0s, rejected queue, cancelled after 3s, admitted after 5s"
		if got := strings.Join(log, ", "); got != want {
			t.Errorf("hooks: %s, want %s", got, want)
		}
		if got := g.Stats(); got.MeanWait != 5*time.Second {
			t.Errorf("Stats() = %+v", got)
		}
	})
}

func TestGateExempt(t *testing.T) {
	g := newGate(t, throttle.GateConfig{MaxOutstanding: 1, Exempt: throttle.AdminPath})
	ticket, err := g.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer ticket.Release()
	for path, want := range map[string]int{ // TH-30
		"/admin/host/ping": 404, "/ADMIN/host/ping": 404, "/admin": 404, "/Admin/": 404,
		"/administrator": 429, "/api/admin": 429, "/": 429, "//admin": 429, "/runtime/webhooks/x": 429,
	} {
		w := httptest.NewRecorder()
		g.Wrap(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", path, w.Code, want)
		}
	}
}

func TestGateDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, throttle.GateConfig{MaxConcurrent: 1})
		s := newScript(t, g)
		s.play("arrive a b c")
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := g.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Drain of a busy gate = %v, want the deadline", err)
		}
		done := make(chan error, 1)
		go func() { done <- g.Drain(context.Background()) }()
		synctest.Wait()
		s.play("arrive d, cancel c, finish a")
		if got, want := s.statuses(), "a 200, b running, c 499, d 503"; got != want {
			t.Errorf("draining: %q, want %q", got, want)
		}
		if err := g.Reconfigure(throttle.GateConfig{MaxConcurrent: 5}); err != nil {
			t.Error(err)
		}
		if !g.Saturated() || !g.Stats().Draining {
			t.Error("a draining gate takes requests")
		}
		select {
		case err := <-done:
			t.Errorf("Drain = %v before the last request ended", err)
		default:
		}
		s.play("finish b")
		if err := <-done; err != nil {
			t.Errorf("Drain = %v", err)
		}
		if err := g.Drain(context.Background()); err != nil {
			t.Errorf("Drain again = %v", err)
		}
	})
}

func TestGateDrainEmpty(t *testing.T) {
	var g throttle.Gate
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := g.Drain(ctx); err != nil {
		t.Errorf("Drain of an empty gate = %v", err)
	}
	if _, err := g.Acquire(context.Background()); err == nil {
		t.Error("Acquire after Drain succeeded")
	}
}

func TestReleaseEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newGate(t, throttle.GateConfig{MaxConcurrent: 2, EarlyRelease: true})
		function := newGate(t, throttle.GateConfig{MaxConcurrent: 1, EarlyRelease: true})
		s := newScript(t, app, function)
		s.play("arrive a b c")
		if got, want := s.statuses(), "a running, b waiting, c waiting"; got != want {
			t.Errorf("before: %q, want %q", got, want)
		}
		s.play("early a")
		if got, want := s.statuses(), "a running, b running, c waiting"; got != want {
			t.Errorf("after: %q, want %q", got, want)
		}
		if got := app.Stats(); got.Running != 2 || got.Waiting != 0 {
			t.Errorf("app.Stats() = %+v, want b and c inside", got)
		}
		s.play("finish a b c")
		if got := app.Stats().Running + function.Stats().Running; got != 0 {
			t.Errorf("%d places are held at the end", got)
		}
	})
	if throttle.ReleaseEarly(context.Background()) {
		t.Error("ReleaseEarly outside of a gate = true")
	}
}

// Two gates: what waits at the inner one holds its place in the outer one, and all
// get through.
func TestGateStacked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newGate(t, throttle.GateConfig{MaxConcurrent: 3, MaxOutstanding: 5})
		function := newGate(t, throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 2})
		s := newScript(t, app, function)
		s.play("arrive a b c d e f")
		// a runs, b waits at the function's gate, c to f are refused there.
		if got, want := s.statuses(), "a running, b waiting, c 429, d 429, e 429, f 429"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		s.finishAll()
		for i := range 4 {
			s.arrive(fmt.Sprint("x", i))
		}
		s.finishAll()
		if got := app.Stats(); got.Running+got.Waiting != 0 {
			t.Errorf("app.Stats() = %+v at the end", got)
		}
		if got := function.Stats(); got.Running+got.Waiting != 0 {
			t.Errorf("function.Stats() = %+v at the end", got)
		}
	})
}

func TestTicket(t *testing.T) {
	var zero throttle.Ticket
	zero.Release()

	g := newGate(t, throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 1})
	ticket, err := g.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ticket.Release()
	ticket.Release()
	if got := g.Stats().Running; got != 0 {
		t.Errorf("%d running after two releases, want 0", got)
	}
	refused, err := g.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	none, err := g.Acquire(context.Background())
	if err == nil {
		t.Fatal("two inside")
	}
	none.Release()
	if got := g.Stats().Running; got != 1 {
		t.Errorf("%d running after the ticket of a refused request was released, want 1", got)
	}
	refused.Release()
}

func TestGateAllocs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	g := newGate(t, throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 2})
	if n := testing.AllocsPerRun(1000, func() {
		ticket, err := g.Acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		ticket.Release()
	}); n != 0 {
		t.Errorf("Acquire and Release: %v allocations, want 0", n)
	}

	w := &nullWriter{header: http.Header{}}
	r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
	pass := g.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	if n := testing.AllocsPerRun(1000, func() { pass.ServeHTTP(w, r) }); n != 0 {
		t.Errorf("Wrap: %v allocations, want 0", n)
	}

	for _, compat := range []bool{false, true} {
		g := newGate(t, throttle.GateConfig{MaxOutstanding: 1, Compat: compat})
		ticket, err := g.Acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		refuse := g.Wrap(pass)
		if n := testing.AllocsPerRun(1000, func() {
			clear(w.header)
			refuse.ServeHTTP(w, r)
		}); n != 0 || w.status != 429 {
			t.Errorf("refusal: %v allocations and status %d, want 0 and 429", n, w.status)
		}
		ticket.Release()
	}
}

// Handing over allocates nothing either, once the line has been as long before.
func TestGateHandOverAllocs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	g := newGate(t, throttle.GateConfig{MaxConcurrent: 1})
	stop, step := make(chan struct{}), make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-step:
				ticket, _ := g.Acquire(ctx)
				ticket.Release()
				step <- struct{}{}
			}
		}
	}()
	defer close(stop)
	n := testing.AllocsPerRun(1000, func() {
		ticket, _ := g.Acquire(ctx)
		step <- struct{}{}
		for g.Stats().Waiting == 0 {
			runtime.Gosched()
		}
		ticket.Release()
		<-step
	})
	if n != 0 {
		t.Errorf("handing over: %v allocations, want 0", n)
	}
}

// nullWriter is a ResponseWriter without a body to look at.
type nullWriter struct {
	header http.Header
	status int
}

func (w *nullWriter) Header() http.Header         { return w.header }
func (w *nullWriter) WriteHeader(status int)      { w.status = status }
func (w *nullWriter) Write(p []byte) (int, error) { return len(p), nil }
