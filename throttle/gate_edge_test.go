package throttle_test

import (
	"context"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/httptrigger/httptrigger/throttle"
)

// A hook that panics costs no place.
func TestGateHookPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := false
		g := newGate(t, throttle.GateConfig{MaxConcurrent: 1, Hooks: throttle.GateHooks{Admitted: func(time.Duration) {
			if panics {
				panic("on purpose")
			}
		}}})
		acquire := func() (ticket throttle.Ticket, panicked any) {
			defer func() { panicked = recover() }()
			ticket, _ = g.Acquire(t.Context())
			return ticket.Move(), nil
		}
		first, _ := acquire()
		done := make(chan any)
		for range 2 {
			go func() {
				_, panicked := acquire()
				done <- panicked
			}()
		}
		synctest.Wait()
		panics = true
		first.Release() // to one that waits, which hands it on
		if a, b := <-done, <-done; a == nil || b == nil {
			t.Errorf("they panicked with %v and %v", a, b)
		}
		if _, panicked := acquire(); panicked == nil {
			t.Error("without waiting: no panic")
		}
		panics = false
		if s := g.Stats(); s.Running != 0 || s.Waiting != 0 {
			t.Errorf("Stats() = %+v", s)
		}
		last, _ := acquire()
		last.Release()
	})
}

// A handler that takes over the connection holds its place until it returns, or until
// it gives it back.
func TestGateHijack(t *testing.T) {
	for _, early := range []bool{false, true} {
		g := newGate(t, throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 1, EarlyRelease: true})
		inside := make(chan int, 1)
		s := httptest.NewServer(g.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, buf, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			if early {
				throttle.ReleaseEarly(r.Context())
			}
			inside <- g.Stats().Running
			line, _ := buf.ReadString('\n')
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+line)
		})))
		defer s.Close()
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if n := <-inside; (n == 0) != early {
			t.Errorf("early %v: %d run", early, n)
		}
		ticket, err := g.Acquire(t.Context())
		if (err == nil) != early {
			t.Errorf("early %v: Acquire() = %v beside it", early, err)
		}
		io.WriteString(conn, "hello\n")
		if text, err := io.ReadAll(conn); err != nil || !strings.HasSuffix(string(text), "hello\n") {
			t.Errorf("early %v: the answer is %q, %v", early, text, err)
		}
		if early {
			ticket.Release()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := g.Drain(ctx); err != nil {
			t.Errorf("early %v: a place was kept: %v", early, err)
		}
	}
}

// What Retry-After is made of, at its extremes.
func TestGateEstimate(t *testing.T) {
	const most = 1<<24 - 1
	for _, tt := range []struct {
		service          time.Duration
		running, waiting uint64
		low, high, want  time.Duration
	}{
		{0, 0, 0, 0, 0, time.Second},
		{0, 1, most, 0, 0, time.Second},
		{1, 1, 0, 0, 0, time.Second},
		{time.Second, 1, 0, 0, 0, time.Second},
		{time.Second + 1, 1, 0, 0, 0, 2 * time.Second},
		{time.Second, 3, 6, 0, 0, 3 * time.Second},
		{time.Second, 0, 9, 0, 0, 10 * time.Second}, // all have just left
		{time.Second, 1, most, 0, 0, time.Minute},
		{math.MaxInt64, 1, most, 0, 0, time.Minute},
		{math.MaxInt64, most, 0, 0, 0, time.Minute},
		{math.MaxInt64, 1, most, time.Hour, math.MaxInt64, 9223372036 * time.Second},
		{time.Second, 1, 0, 1500 * time.Millisecond, 2900 * time.Millisecond, 2 * time.Second},
		{time.Hour, 1, 0, 1500 * time.Millisecond, 2900 * time.Millisecond, 2 * time.Second},
		{time.Hour, 1, 0, 0, -1, 0},
	} {
		g := newGate(t, throttle.GateConfig{MaxConcurrent: 1, MinRetryAfter: tt.low, MaxRetryAfter: tt.high})
		if got := g.Estimate(tt.service, tt.running, tt.waiting); got != tt.want {
			t.Errorf("%v each, %d run, %d wait, within %v and %v: %v, want %v", tt.service, tt.running, tt.waiting, tt.low, tt.high, got, tt.want)
		}
	}
}

func TestMove(t *testing.T) {
	gate := newGate(t, throttle.GateConfig{MaxConcurrent: 1})
	ticket, err := gate.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	moved := ticket.Move()
	if ticket.Held() || !moved.Held() {
		t.Errorf("the ticket holds a place: %v, the one moved to: %v", ticket.Held(), moved.Held())
	}
	ticket.Release() // nothing
	if s := gate.Stats(); s.Running != 1 {
		t.Errorf("after the release of the empty ticket %d run", s.Running)
	}
	moved.Release()
	if s := gate.Stats(); s.Running != 0 || moved.Held() || s.MeanService <= 0 {
		t.Errorf("after the release: %+v", s)
	}
}

// Over real connections: a client that leaves while its request waits frees its place
// in the line, on HTTP/1.1 as long as there is no body to read, on HTTP/2 always.
func TestGateClientLeaves(t *testing.T) {
	for _, tt := range []struct {
		http2 bool
		body  string
	}{{false, ""}, {true, ""}, {true, "unread"}} {
		left := make(chan time.Duration)
		g := newGate(t, throttle.GateConfig{MaxConcurrent: 1, MaxOutstanding: 2, Hooks: throttle.GateHooks{
			Cancelled: func(waited time.Duration) { left <- waited },
		}})
		ticket, err := g.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		entered := make(chan struct{}, 1)
		gated := g.Wrap(http.NotFoundHandler())
		s := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			entered <- struct{}{}
			gated.ServeHTTP(w, r)
		}), tt.http2)
		ctx, cancel := context.WithCancel(t.Context())
		answered := make(chan error, 1)
		go func() {
			r, err := http.NewRequestWithContext(ctx, "POST", s.URL, strings.NewReader(tt.body))
			if err == nil {
				_, err = s.Client().Do(r)
			}
			answered <- err
		}()
		<-entered
		for g.Stats().Waiting == 0 {
			runtime.Gosched()
		}
		if !g.Saturated() {
			t.Errorf("%+v: not saturated with one running and one waiting", tt)
		}
		cancel()
		if err := <-answered; err == nil {
			t.Errorf("%+v: an answer", tt)
		}
		<-left
		if s := g.Stats(); s.Running != 1 || s.Waiting != 0 || s.Cancelled != 1 {
			t.Errorf("%+v: Stats() = %+v", tt, s)
		}
		ticket.Release()
		if err := g.Drain(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
