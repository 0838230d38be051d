package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/httptrigger/httptrigger/trigger"
)

// jobs is a trigger.JobStore with a file for each job in a folder, which one process
// uses at a time. A job that was accepted is on disk before its caller hears of it.
type jobs struct {
	dir string
	mu  sync.Mutex // one Save at a time
}

// open returns the jobs in a folder, all of which it can read.
func open(dir string) (*jobs, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &jobs{dir: dir}
	if _, err := s.Pending(context.Background()); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *jobs) file(id uuid.UUID) string { return filepath.Join(s.dir, id.String()+".json") }

// read reads a job's file.
func read(file string) (trigger.Job, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return trigger.Job{}, trigger.ErrNoJob
	}
	var job trigger.Job
	if err == nil {
		if err = json.Unmarshal(text, &job); err == nil && job.State == "" {
			err = errors.New("no state")
		}
		if err != nil {
			err = fmt.Errorf("%s is no job: %w: repair it or remove it", file, err)
		}
	}
	return job, err
}

// Load implements trigger.JobStore.
func (s *jobs) Load(_ context.Context, id uuid.UUID) (trigger.Job, error) { return read(s.file(id)) }

// Save implements trigger.JobStore. It writes the file as a whole or not at all.
func (s *jobs) Save(_ context.Context, job trigger.Job) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	file := s.file(job.ID)
	switch old, err := read(file); {
	case err == nil && old.State != trigger.JobPending:
		return trigger.ErrJobEnded
	case err != nil && !errors.Is(err, trigger.ErrNoJob):
		return err
	}
	text, err := json.Marshal(job)
	if err != nil {
		return err
	}
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

// Pending implements trigger.JobStore.
func (s *jobs) Pending(context.Context) ([]trigger.Job, error) {
	files, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var pending []trigger.Job
	for _, file := range files {
		job, err := read(file)
		if err != nil {
			return nil, err
		}
		if job.State == trigger.JobPending {
			pending = append(pending, job)
		}
	}
	return pending, nil
}

// An order is what callers ask for.
type order struct {
	Text    string  `json:"text"`
	Seconds float64 `json:"seconds"`
}

// work takes its time.
func work(ctx context.Context, job trigger.Job) (any, error) {
	var in order
	if err := json.Unmarshal(job.Input, &in); err != nil {
		return nil, err
	}
	select {
	case <-time.After(time.Duration(in.Seconds * float64(time.Second))):
		return strings.ToUpper(in.Text), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
