package trigger

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

// JobMemory keeps jobs in the memory of the process, and loses them with it. It holds at
// most MaxJobs inputs, bounded by what the host lets in, or results, bounded by
// JobsConfig.MaxResult. The zero JobMemory has the defaults and is ready. Its fields
// must not be modified once it is in use.
type JobMemory struct {
	// MaxJobs bounds the jobs kept; zero or less stands for 1,000. If all of them are
	// pending another one is refused with an *UnavailableError; else the one that ended
	// first is forgotten before its time.
	MaxJobs int

	// Keep is how long a job that has ended is kept; zero or less stands for an hour.
	Keep time.Duration

	// Now tells the time; nil is time.Now.
	Now func() time.Time

	mu    sync.Mutex
	jobs  map[uuid.UUID]*keptJob
	ended list.List // of *keptJob, in the order in which they ended
}

// A keptJob is a job in memory.
type keptJob struct {
	Job
	until time.Time // when it is forgotten, if it has ended
}

const (
	defaultMaxJobs = 1000
	defaultKeep    = time.Hour
)

// Save implements JobStore.
func (m *JobMemory) Save(ctx context.Context, job Job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.expire()
	kept := m.jobs[job.ID]
	switch {
	case kept != nil && kept.State != JobPending:
		return ErrJobEnded
	case kept == nil:
		if !m.room() {
			return &UnavailableError{Reason: "too many jobs"}
		}
		if m.jobs == nil {
			m.jobs = map[uuid.UUID]*keptJob{}
		}
		kept = &keptJob{}
		m.jobs[job.ID] = kept
	}
	kept.Job = job
	if job.State != JobPending {
		keep := m.Keep
		if keep <= 0 {
			keep = defaultKeep
		}
		kept.until = now.Add(keep)
		m.ended.PushBack(kept)
	}
	return nil
}

// room reports whether one more job can be kept, and makes it if need be.
func (m *JobMemory) room() bool {
	limit := m.MaxJobs
	if limit <= 0 {
		limit = defaultMaxJobs
	}
	if len(m.jobs) >= limit && m.ended.Len() > 0 {
		m.forget(m.ended.Front())
	}
	return len(m.jobs) < limit
}

// expire forgets what has ended long ago, and returns the time.
func (m *JobMemory) expire() time.Time {
	now := time.Now()
	if m.Now != nil {
		now = m.Now()
	}
	for first := m.ended.Front(); first != nil && !now.Before(first.Value.(*keptJob).until); first = m.ended.Front() {
		m.forget(first)
	}
	return now
}

func (m *JobMemory) forget(e *list.Element) {
	delete(m.jobs, m.ended.Remove(e).(*keptJob).ID)
}

// Load implements JobStore.
func (m *JobMemory) Load(ctx context.Context, id uuid.UUID) (Job, error) {
	if err := ctx.Err(); err != nil {
		return Job{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	if kept := m.jobs[id]; kept != nil {
		return kept.Job, nil
	}
	return Job{}, ErrNoJob
}

// Pending implements JobStore.
func (m *JobMemory) Pending(ctx context.Context) ([]Job, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var jobs []Job
	for _, kept := range m.jobs {
		if kept.State == JobPending {
			jobs = append(jobs, kept.Job)
		}
	}
	return jobs, nil
}
