// Package jobtest checks what a trigger.JobStore owes.
package jobtest

import (
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/trigger"
)

// Run checks stores; open returns an empty one. If open returns the same jobs again
// when it is called a second time, with reopened true, the store is durable, and that
// is checked too; else it returns nil then.
func Run(t *testing.T, open func(t *testing.T, reopened bool) trigger.JobStore) {
	t.Helper()
	s := open(t, false)
	created := time.Date(2024, 2, 29, 12, 0, 0, 1, time.UTC)
	job := trigger.Job{
		ID: uuid.New(), Owner: "a", State: trigger.JobPending, Input: json.RawMessage(`{"n":1}`),
		Created: created, Due: created.Add(time.Hour), Reruns: 1, TraceParent: "00-1-2-01",
	}
	check := func(step string, s trigger.JobStore, want trigger.Job) {
		t.Helper()
		got, err := s.Load(t.Context(), want.ID)
		if err != nil || text(got) != text(want) {
			t.Errorf("%s: Load = %s, %v\nwant %s", step, text(got), err, text(want))
		}
	}
	if _, err := s.Load(t.Context(), job.ID); !errors.Is(err, trigger.ErrNoJob) {
		t.Errorf("Load before Save: %v, want ErrNoJob", err)
	}
	save(t, s, job)
	check("saved", s, job)
	job.Reruns = 2
	save(t, s, job)
	check("saved again", s, job)
	other := job
	other.ID = uuid.New()
	save(t, s, other)
	pending(t, s, job.ID, other.ID)

	done := job
	done.State, done.Result, done.Input, done.Ended = trigger.JobDone, json.RawMessage(`["<&>"]`), nil, time.Now().UTC()
	save(t, s, done)
	for _, state := range []trigger.JobState{trigger.JobPending, trigger.JobDone, trigger.JobCancelled} {
		late := done
		late.State, late.Result = state, nil
		if err := s.Save(t.Context(), late); !errors.Is(err, trigger.ErrJobEnded) {
			t.Errorf("Save as %s after the end: %v, want ErrJobEnded", state, err)
		}
	}
	check("ended", s, done)
	pending(t, s, other.ID)
	race(t, s, other)
	pending(t, s)

	if s = open(t, true); s != nil {
		check("reopened", s, done)
		pending(t, s)
		save(t, s, trigger.Job{ID: uuid.New(), State: trigger.JobPending})
	}
}

// race ends a job from many sides at once: one of them does it.
func race(t *testing.T, s trigger.JobStore, job trigger.Job) {
	t.Helper()
	var won atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			end := job
			end.State, end.Ended = trigger.JobCancelled, time.Now()
			switch err := s.Save(t.Context(), end); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, trigger.ErrJobEnded):
				t.Errorf("Save of the same end: %v", err)
			}
		})
	}
	group.Wait()
	if n := won.Load(); n != 1 {
		t.Errorf("%d of 8 ended the job, want 1", n)
	}
}

func save(t *testing.T, s trigger.JobStore, job trigger.Job) {
	t.Helper()
	if err := s.Save(t.Context(), job); err != nil {
		t.Fatalf("Save: %v", err)
	}
}

func pending(t *testing.T, s trigger.JobStore, want ...uuid.UUID) {
	t.Helper()
	jobs, err := s.Pending(t.Context())
	got := map[uuid.UUID]bool{}
	for _, j := range jobs {
		got[j.ID] = true
	}
	for _, id := range want {
		if !got[id] {
			t.Errorf("Pending lacks %v", id)
		}
	}
	if err != nil || len(jobs) != len(want) {
		t.Errorf("Pending = %d jobs, %v, want %d", len(jobs), err, len(want))
	}
}

func text(j trigger.Job) string {
	b, err := json.Marshal(j)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
