package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/throttle"
	"github.com/httptrigger/httptrigger/trigger"
	"github.com/httptrigger/httptrigger/trigger/jobtest"
)

func TestJobMemory(t *testing.T) {
	jobtest.Run(t, func(_ *testing.T, reopened bool) trigger.JobStore {
		if reopened {
			return nil
		}
		return &trigger.JobMemory{}
	})
}

func TestJobMemoryBounds(t *testing.T) {
	now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	m := &trigger.JobMemory{MaxJobs: 3, Keep: time.Minute, Now: func() time.Time { return now }}
	job := func(n byte, state trigger.JobState) trigger.Job { return trigger.Job{ID: uuid.UUID{n}, State: state} }
	steps := []struct {
		after time.Duration
		save  trigger.Job
		ok    bool
		kept  string // first bytes of the IDs
	}{
		{0, job(1, trigger.JobPending), true, "1"},
		{0, job(2, trigger.JobPending), true, "12"},
		{0, job(3, trigger.JobPending), true, "123"},
		{time.Hour, job(4, trigger.JobPending), false, "123"},
		{0, job(2, trigger.JobDone), true, "123"},
		{0, job(1, trigger.JobFailed), true, "123"},
		{0, job(4, trigger.JobPending), true, "134"}, // 2 ended first
		{time.Minute - 1, job(3, trigger.JobPending), true, "134"},
		{1, job(3, trigger.JobPending), true, "34"},
		{0, job(3, trigger.JobLost), true, "34"},
		{-time.Hour, job(4, trigger.JobDone), true, "34"}, // the clock is set back
		{2 * time.Hour, job(5, trigger.JobPending), true, "5"},
	}
	for i, s := range steps {
		now = now.Add(s.after)
		err := m.Save(t.Context(), s.save)
		var full *trigger.UnavailableError
		if s.ok != (err == nil) || err != nil && !errors.As(err, &full) {
			t.Errorf("step %d: Save = %v, want success %v", i, err, s.ok)
		}
		kept := ""
		for n := range byte(10) {
			if _, err := m.Load(t.Context(), uuid.UUID{n}); err == nil {
				kept += fmt.Sprint(n)
			}
		}
		if kept != s.kept {
			t.Errorf("step %d: %q are kept, want %q", i, kept, s.kept)
		}
	}
}

// site is a host with jobs.
type jobSite struct {
	t    *testing.T
	jobs *trigger.Jobs
	host *trigger.Host
	gate *throttle.Gate
}

func newJobSite(t *testing.T, c trigger.JobsConfig) *jobSite {
	t.Helper()
	c.StatusURL = "/api/jobs/"
	jobs, err := trigger.NewJobs(c)
	if err != nil {
		t.Fatal(err)
	}
	s := &jobSite{t: t, jobs: jobs, gate: mustGate(t, throttle.GateConfig{MaxConcurrent: 1})}
	s.host = mustHost(t, trigger.Config{Gate: s.gate, Functions: []trigger.Function{
		{Name: "accept", Methods: []string{"POST"}, Level: keys.Anonymous, Handler: trigger.JSON(
			func(ctx context.Context, in struct{ Text string }) (any, error) { return jobs.Accept(ctx, in) })},
		{Name: "jobs", Route: "jobs/{id}", Level: keys.Anonymous, Handler: jobs.Handler()},
	}})
	return s
}

// accept starts a job and returns the path of its status.
func (s *jobSite) accept(text string) string {
	s.t.Helper()
	r := httptest.NewRequest("POST", "/api/accept", strings.NewReader(`{"Text":"`+text+`"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	w := record(s.host, r)
	h := w.Header()
	if w.Code != 202 || !strings.HasPrefix(h.Get("Location"), "/api/jobs/") || h.Get("Retry-After") != "1" || w.Body.Len() > 0 {
		s.t.Fatalf("accept: %d %v %q", w.Code, h, w.Body)
	}
	return h.Get("Location")
}

// ask returns status and body for a request such as "GET /path".
func (s *jobSite) ask(request string) string {
	s.t.Helper()
	method, target, _ := strings.Cut(request, " ")
	w := record(s.host, httptest.NewRequest(method, target, nil))
	if h := w.Header(); w.Code == 202 && (h.Get("Location") == "" || h.Get("Retry-After") == "") {
		s.t.Errorf("%s: 202 with %v", request, h)
	}
	return strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Body))
}

func (s *jobSite) want(request, answer string) {
	s.t.Helper()
	if got := s.ask(request); got != answer {
		s.t.Errorf("%s: %s, want %s", request, got, answer)
	}
}

// slow is work that takes a minute.
func slow(ctx context.Context, job trigger.Job) (any, error) {
	var in struct{ Text string }
	if err := json.Unmarshal(job.Input, &in); err != nil {
		return nil, err
	}
	select {
	case <-time.After(time.Minute):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch in.Text {
	case "fails":
		return nil, errors.New("https://app.test/?code=secret")
	case "panics":
		panic("on purpose")
	case "exits":
		runtime.Goexit()
	case "long":
		return strings.Repeat("x", 99), nil
	case "odd":
		return func() {}, nil
	}
	return in.Text + "<" + job.TraceParent[:2], nil
}

// TestJobs runs jobs that end in every way, one after the other.
func TestJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := newJobSite(t, trigger.JobsConfig{Work: slow, MaxResult: 100, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		texts := []string{"a", "fails", "panics", "exits", "long", "odd", "b"}
		var paths []string
		for _, text := range texts {
			paths = append(paths, s.accept(text))
			synctest.Wait()
		}
		if running, waiting := s.jobs.Outstanding(); running != 1 || waiting != 6 {
			t.Errorf("%d run and %d wait", running, waiting)
		}
		for i := range texts {
			s.want("GET "+paths[i], "202")
			time.Sleep(time.Minute)
			synctest.Wait()
			want := `200 {"state":"failed"}`
			if len(texts[i]) == 1 {
				want = `200 {"state":"done","result":"` + texts[i] + `<00"}`
			}
			s.want("GET "+paths[i], want)
			s.want("HEAD "+paths[i], "200")
			s.want("DELETE "+paths[i], "409 it has ended already")
		}
		if err := s.jobs.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		for _, path := range []string{uuid.NewString(), "x", paths[0][len("/api/jobs/"):] + "0"} {
			s.want("GET /api/jobs/"+path, "404")
			s.want("DELETE /api/jobs/"+path, "404")
		}
		s.want("PUT "+paths[0], "405")
		if text := log.String(); strings.Count(text, "Job failed") != 5 || !strings.Contains(text, "jobline.go") ||
			strings.Contains(text, "=secret") || strings.Contains(text, paths[1][len("/api/jobs/"):]) {
			t.Errorf("the log is\n%s", text)
		}
		time.Sleep(time.Hour)
		s.want("GET "+paths[0], "404") // forgotten
	})
}

func TestJobsCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := make(chan string, 10)
		s := newJobSite(t, trigger.JobsConfig{Work: func(ctx context.Context, job trigger.Job) (any, error) {
			v, err := slow(ctx, job)
			stopped <- string(job.Input)
			return v, err
		}})
		runs, waits, last := s.accept("runs"), s.accept("waits"), s.accept("last")
		synctest.Wait()
		s.want("DELETE "+waits, `200 {"state":"cancelled"}`)
		s.want("DELETE "+waits, "409 it has ended already")
		s.want("DELETE "+runs, `200 {"state":"cancelled"}`)
		synctest.Wait()
		if running, waiting := s.jobs.Outstanding(); running != 1 || waiting != 0 {
			t.Errorf("%d run and %d wait", running, waiting)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for path, want := range map[string]string{runs: `200 {"state":"cancelled"}`, waits: `200 {"state":"cancelled"}`, last: `200 {"state":"done","result":"last<00"}`} {
			s.want("GET "+path, want)
		}
		if a, b := <-stopped, <-stopped; a != `{"Text":"runs"}` || b != `{"Text":"last"}` || len(stopped) > 0 {
			t.Errorf("work was done for %s, %s and %d more", a, b, len(stopped))
		}
	})
}

func TestJobsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newJobSite(t, trigger.JobsConfig{Work: slow, MaxWait: 50 * time.Second})
		path := s.accept("a")
		began := time.Now()
		for _, step := range []struct {
			wait, answer string
			after        time.Duration
		}{
			{"x", "400 wait is no duration such as 10s", 0},
			{"-1s", "400 wait is no duration such as 10s", 0},
			{"0s", "202", 0},
			{"5s", "202", 5 * time.Second},
			{"1h", "202", 55 * time.Second},
			{"1h", `200 {"state":"done","result":"a<00"}`, time.Minute},
			{"1h", `200 {"state":"done","result":"a<00"}`, time.Minute},
		} {
			s.want("GET "+path+"?wait="+step.wait, step.answer)
			if d := time.Since(began); d != step.after {
				t.Errorf("wait=%s ended after %v, want %v", step.wait, d, step.after)
			}
		}
		// Who waits holds no place, hears of a cancellation at once, and may leave.
		path = s.accept("b")
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() { s.want("GET "+path+"?wait=40s", `200 {"state":"cancelled"}`) })
		}
		synctest.Wait()
		if n := s.gate.Stats().Running; n != 0 {
			t.Errorf("%d hold places", n)
		}
		s.want("DELETE "+path, `200 {"state":"cancelled"}`)
		group.Wait()
		if d := time.Since(began); d != time.Minute {
			t.Errorf("they waited until %v", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		record(s.host, httptest.NewRequestWithContext(ctx, "GET", s.accept("c")+"?wait=40s", nil))
		if d := time.Since(began); d != 61*time.Second {
			t.Errorf("one whose client left waited until %v", d)
		}
		if err := s.jobs.Drain(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestJobsTimeout holds that time is up for a job that runs and for one that waits.
func TestJobsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newJobSite(t, trigger.JobsConfig{Timeout: 50 * time.Second, Work: func(ctx context.Context, job trigger.Job) (any, error) {
			time.Sleep(time.Minute) // deaf
			return 1, ctx.Err()
		}})
		runs, waits := s.accept("runs"), s.accept("waits")
		time.Sleep(50*time.Second + 1)
		synctest.Wait()
		s.want("GET "+runs, "202")
		s.want("GET "+waits, `200 {"state":"failed"}`)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		s.want("GET "+runs, `200 {"state":"failed"}`)
		if running, waiting := s.jobs.Outstanding(); running != 0 || waiting != 0 {
			t.Errorf("%d run and %d wait", running, waiting)
		}
	})
}

// TestJobsRestart stops the jobs of one process and goes on with those of another
// that has the same store.
func TestJobsRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			owner  string
			reruns int
			want   [3]string // for the job that was interrupted, the one behind it, and after another restart
		}{
			{"", 0, [3]string{`200 {"state":"lost"}`, `200 {"state":"lost"}`, `200 {"state":"lost"}`}},
			{"", 1, [3]string{"202", "202", `200 {"state":"lost"}`}},
			{"", 2, [3]string{"202", "202", "202"}},
			{"other", 9, [3]string{"202", "202", "202"}}, // not its business
		} {
			store := &trigger.JobMemory{}
			first := newJobSite(t, trigger.JobsConfig{Work: slow, Store: store, Reruns: tt.reruns})
			done := first.accept("done")
			time.Sleep(time.Minute)
			interrupted, behind := first.accept("interrupted"), first.accept("behind")
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := first.jobs.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Drain = %v", err)
			}
			cancel()
			if err := first.jobs.Drain(t.Context()); err != nil {
				t.Errorf("Drain once more = %v", err)
			}
			w := record(first.host, httptest.NewRequest("POST", "/api/accept", nil))
			if w.Code != 503 {
				t.Errorf("a drained process answers %d", w.Code)
			}
			first.want("GET "+behind, `200 {"state":"lost"}`)

			site := first
			for i := range 2 {
				site = newJobSite(t, trigger.JobsConfig{Work: slow, Store: store, Owner: tt.owner, Reruns: tt.reruns})
				if err := errors.Join(site.jobs.Recover(t.Context()), site.jobs.Recover(t.Context())); err != nil {
					t.Error(err)
				}
				synctest.Wait()
				site.want("GET "+done, `200 {"state":"done","result":"done<00"}`)
				if i == 0 {
					site.want("GET "+interrupted, tt.want[0])
					site.want("GET "+behind, tt.want[1])
					ctx, cancel := context.WithCancel(t.Context())
					cancel()
					site.jobs.Drain(ctx)
					synctest.Wait()
				}
			}
			site.want("GET "+interrupted, tt.want[2])
			site.jobs.Drain(t.Context())
			synctest.Wait()
			if tt.reruns == 2 {
				site.want("GET "+interrupted, `200 {"state":"done","result":"interrupted<00"}`)
				site.want("GET "+behind, `200 {"state":"done","result":"behind<00"}`)
			}
		}
	})
}

// TestJobsOfOthers asks one process for the jobs of another, which dies.
func TestJobsOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &trigger.JobMemory{}
		a := newJobSite(t, trigger.JobsConfig{Work: slow, Store: store, Owner: "a"})
		b := newJobSite(t, trigger.JobsConfig{Work: slow, Store: store, Owner: "b"})
		first, second := a.accept("first"), a.accept("second")
		b.want("GET "+first, "202")
		b.want("DELETE "+first, `200 {"state":"cancelled"}`)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		b.want("GET "+first, `200 {"state":"cancelled"}`) // although it was done
		b.want("GET "+second, `200 {"state":"done","result":"second<00"}`)

		dead := trigger.Job{ID: uuid.New(), Owner: "dead", State: trigger.JobPending, Due: time.Now()}
		if err := store.Save(t.Context(), dead); err != nil {
			t.Fatal(err)
		}
		b.want("GET /api/jobs/"+dead.ID.String(), "202")
		time.Sleep(time.Minute + 1)
		b.want("GET /api/jobs/"+dead.ID.String(), `200 {"state":"lost"}`)
	})
}

// brokenStore fails as it is told.
type brokenStore struct {
	trigger.JobMemory
	fails atomic.Bool
}

func (b *brokenStore) Save(ctx context.Context, job trigger.Job) error {
	if b.fails.Load() {
		return errors.New("no disk")
	}
	return b.JobMemory.Save(ctx, job)
}

func TestJobsBrokenStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		store := &brokenStore{}
		s := newJobSite(t, trigger.JobsConfig{Work: slow, Store: store, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		path := s.accept("a")
		store.fails.Store(true)
		w := record(s.host, httptest.NewRequest("POST", "/api/accept", nil))
		if running, waiting := s.jobs.Outstanding(); w.Code != 500 || running != 1 || waiting != 0 {
			t.Errorf("status %d, %d run and %d wait", w.Code, running, waiting)
		}
		s.want("DELETE "+path, "500")
		time.Sleep(time.Minute)
		synctest.Wait()
		s.want("GET "+path, `200 {"state":"lost"}`)
		if !strings.Contains(log.String(), "Job cannot be saved") {
			t.Errorf("the log is %s", &log)
		}
	})
}

// TestJobsCrowd lets many accept, cancel and ask at once.
func TestJobsCrowd(t *testing.T) {
	s := newJobSite(t, trigger.JobsConfig{MaxRunning: 3, Work: func(context.Context, trigger.Job) (any, error) { return 1, nil }})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 50 {
				path := s.accept("a")
				if i%2 == 0 {
					s.ask("DELETE " + path)
				}
				if got := s.ask("GET " + path); !slices.Contains([]string{"202", `200 {"state":"done","result":1}`, `200 {"state":"cancelled"}`}, got) {
					t.Errorf("%s: %s", path, got)
				}
			}
		})
	}
	group.Wait()
	if err := s.jobs.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if running, waiting := s.jobs.Outstanding(); running != 0 || waiting != 0 {
		t.Errorf("%d run and %d wait", running, waiting)
	}
}

func TestJobsConfigErrors(t *testing.T) {
	_, err := trigger.NewJobs(trigger.JobsConfig{MaxRunning: -1, Reruns: -1, MaxResult: -1, Timeout: -1, RetryAfter: -1, MaxWait: -1})
	for _, want := range []string{"Work", "StatusURL", "MaxRunning", "Reruns", "MaxResult", "Timeout", "RetryAfter", "MaxWait"} {
		if err == nil || !strings.Contains(err.Error(), want+` "`) {
			t.Errorf("error %v lacks %s", err, want)
		}
	}
	if _, err := trigger.NewJobs(trigger.JobsConfig{Work: slow, StatusURL: "/a\n"}); err == nil {
		t.Error("a StatusURL of two lines is taken")
	}
	jobs, err := trigger.NewJobs(trigger.JobsConfig{Work: slow, StatusURL: "/"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jobs.Accept(t.Context(), func() {}); err == nil {
		t.Error("a function is accepted as input")
	}
	if err := jobs.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

// There is nothing to wait for where nothing is, however little time there is.
func TestJobsDrainEmpty(t *testing.T) {
	jobs, err := trigger.NewJobs(trigger.JobsConfig{Work: func(context.Context, trigger.Job) (any, error) { return nil, nil }, StatusURL: "/"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		if err := jobs.Drain(ctx); err != nil {
			t.Fatalf("Drain = %v, want nil", err)
		}
	}
}
