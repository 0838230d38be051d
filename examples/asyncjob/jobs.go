package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// The states of a job.
const (
	waiting   = "waiting" // or running: a job that a stop interrupts runs again
	done      = "done"
	cancelled = "cancelled"
)

// A job is what its file has.
type job struct {
	ID      uuid.UUID     `json:"id"`
	Created time.Time     `json:"created"`
	Text    string        `json:"text"`
	Takes   time.Duration `json:"takes"`
	State   string        `json:"state"`
	Result  string        `json:"result,omitempty"`
}

// jobs keeps a file for each job in a folder. A job that was accepted is on disk
// before its caller hears of it.
type jobs struct {
	dir string

	mu    sync.Mutex
	all   map[uuid.UUID]*entry
	queue []*entry      // that wait, the oldest first
	more  chan struct{} // has room for one: the queue has grown
}

type entry struct {
	job
	ended  chan struct{} // closed when State is no longer waiting
	cancel context.CancelFunc
}

// open reads the jobs in a folder; those that were waiting wait again.
func open(dir string) (*jobs, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	s := &jobs{dir: dir, all: map[uuid.UUID]*entry{}, more: make(chan struct{}, 1)}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		e := &entry{ended: make(chan struct{})}
		if err := json.Unmarshal(text, &e.job); err != nil {
			return nil, fmt.Errorf("%s is no job: %w: repair it or remove it", file, err)
		}
		s.all[e.ID] = e
		if e.State == waiting {
			s.queue = append(s.queue, e)
		} else {
			close(e.ended)
		}
	}
	slices.SortFunc(s.queue, func(a, b *entry) int { return a.Created.Compare(b.Created) })
	return s, nil
}

// save writes a job's file as a whole or not at all.
func (s *jobs) save(j job) error {
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	file := filepath.Join(s.dir, j.ID.String()+".json")
	f, err := os.CreateTemp(s.dir, "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// add accepts a job.
func (s *jobs) add(text string, takes time.Duration) (job, error) {
	e := &entry{ended: make(chan struct{})}
	e.job = job{ID: uuid.New(), Created: time.Now(), Text: text, Takes: takes, State: waiting}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.save(e.job); err != nil {
		return job{}, err
	}
	s.all[e.ID] = e
	s.queue = append(s.queue, e)
	select {
	case s.more <- struct{}{}:
	default:
	}
	return e.job, nil
}

// get returns a job, once it has ended or ctx has.
func (s *jobs) get(ctx context.Context, id uuid.UUID) (job, bool) {
	s.mu.Lock()
	e, ok := s.all[id]
	s.mu.Unlock()
	if !ok {
		return job{}, false
	}
	select {
	case <-e.ended:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return e.job, true
}

// end gives a waiting job its last state. Of two who try, the first decides.
func (s *jobs) end(id uuid.UUID, state, result string) (job, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.all[id]
	if !ok || e.State != waiting {
		return job{}, ok, nil
	}
	ended := e.job
	ended.State, ended.Result = state, result
	if err := s.save(ended); err != nil {
		return job{}, true, err
	}
	e.job = ended
	close(e.ended)
	if e.cancel != nil {
		e.cancel()
	}
	return e.job, true, nil
}

// next takes the oldest job that waits, and a context that ends with it. It
// reports false if none waits.
func (s *jobs) next(ctx context.Context) (job, context.Context, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 {
		e := s.queue[0]
		s.queue = s.queue[1:]
		if e.State == waiting {
			ctx, e.cancel = context.WithCancel(ctx)
			return e.job, ctx, true
		}
	}
	return job{}, nil, false
}

// work runs one job after the other until ctx ends. A job that is interrupted
// then is still waiting on disk.
func (s *jobs) work(ctx context.Context, report func(error)) {
	for ctx.Err() == nil {
		j, running, ok := s.next(ctx)
		if !ok {
			select {
			case <-s.more:
			case <-ctx.Done():
			}
			continue
		}
		result, err := compute(running, j.Text, j.Takes)
		if err == nil {
			_, _, err = s.end(j.ID, done, result)
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			report(err)
		}
	}
}

// compute is the work: it takes its time.
func compute(ctx context.Context, text string, takes time.Duration) (string, error) {
	select {
	case <-time.After(takes):
		return strings.ToUpper(text), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
