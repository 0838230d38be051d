package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
)

// A Job is work that goes on after its request was answered, as a JobStore keeps it.
type Job struct {
	// ID is random, 122 bits of it: whoever has it may ask for the job.
	ID uuid.UUID `json:"id"`

	// Owner is JobsConfig.Owner of the process that accepted it.
	Owner string `json:"owner,omitempty"`

	State JobState `json:"state"`

	// Input is what the job was accepted with, in JSON, and Result what it came to. A
	// job that has ended has no Input any more.
	Input  json.RawMessage `json:"input,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`

	// Created is when it was accepted, Ended when it ended, and Due when its time is
	// up; zero is not yet, or never.
	Created time.Time `json:"created,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Due     time.Time `json:"due,omitzero"`

	// Reruns is how often it was begun again by Recover.
	Reruns int `json:"reruns,omitempty"`

	// TraceParent is the trace context of the request, "" if it had none.
	TraceParent string `json:"traceparent,omitempty"`
}

// JobState is what became of a job.
type JobState string

// The states of a job. All but JobPending are final.
const (
	JobPending   JobState = "pending"   // waits or runs
	JobDone      JobState = "done"      // has a result
	JobFailed    JobState = "failed"    // returned an error or panicked, or its time was up
	JobCancelled JobState = "cancelled" // by a DELETE
	JobLost      JobState = "lost"      // its process has stopped
)

// end gives a job its last state.
func (j *Job) end(state JobState, result json.RawMessage, now time.Time) {
	j.State, j.Result, j.Ended, j.Input = state, result, now, nil
}

// What a JobStore returns, perhaps wrapped.
var (
	ErrNoJob    = errors.New("trigger: no such job")
	ErrJobEnded = errors.New("trigger: the job has ended")
)

// A JobStore keeps jobs. Its methods may be called concurrently.
//
//   - Save keeps a job as it is then, in place of the one with its ID if there is one;
//     but if that has ended already it returns ErrJobEnded and changes nothing. Of two
//     who end a job at once, one gets that error. A job is as safe as it is going to be
//     when Save returns: its caller hears of it then.
//   - A Save that failed changed nothing. An error for want of room should have
//     StatusCode() int, as an *UnavailableError has.
//   - Load returns the job of an ID, or ErrNoJob. A job that has ended may be forgotten
//     after some time, one that has not may not.
//   - Pending returns the jobs that have not ended.
//   - The slices of a Job are not modified by anybody.
type JobStore interface {
	Save(ctx context.Context, job Job) error
	Load(ctx context.Context, id uuid.UUID) (Job, error)
	Pending(ctx context.Context) ([]Job, error)
}

// JobsConfig says what Jobs do and how.
type JobsConfig struct {
	// Work does a job, whose Input it understands; required. Its result is kept as
	// JSON. An error and a panic make the job JobFailed: they go to the log, and not to
	// the caller. ctx ends when the job is cancelled, when its time is up, and when
	// Drain gave up.
	Work func(ctx context.Context, job Job) (any, error)

	// StatusURL is where callers ask for a job, with the job's ID appended; required.
	// The Handler of the Jobs is to be served there: "/api/jobs/" for a function with
	// the route "jobs/{id:guid}".
	StatusURL string

	// Store keeps the jobs; nil is a new JobMemory.
	Store JobStore

	// Owner tells the processes apart that share a Store. It must be the same after a
	// restart, and of no two at once; "" will do if there is but one.
	Owner string

	// MaxRunning bounds the jobs at work; the others wait in the order in which they
	// were accepted. Zero stands for 1.
	MaxRunning int

	// Timeout bounds the time of a job, waiting included; 0 is no bound.
	Timeout time.Duration

	// Reruns is how often Recover may begin a job again that a stop of the process
	// interrupted; 0 is never, and such a job is lost. Work must bear being done twice
	// otherwise.
	Reruns int

	// RetryAfter is when callers shall ask again; zero stands for 1 second.
	RetryAfter time.Duration

	// MaxWait bounds how long a caller may wait for a job to end, by ?wait=10s; 0 is
	// not at all. While it waits it holds no places in gates.
	MaxWait time.Duration

	// MaxResult bounds a result, in bytes of JSON; the bound itself is allowed. One
	// that is longer is a failure. Zero stands for 1 MiB.
	MaxResult int

	// Logger is told of jobs that failed or could not be saved; nil is silent.
	Logger *slog.Logger

	// Now tells the time; nil is time.Now.
	Now func() time.Time
}

const defaultMaxResult = 1 << 20

func (c *JobsConfig) validate() error {
	var errs []error
	bad := func(field string, value any, why string) {
		errs = append(errs, fmt.Errorf("trigger: Jobs: %s %q: %s", field, fmt.Sprint(value), why))
	}
	if c.Work == nil {
		bad("Work", "nil", "there must be some")
	}
	if c.StatusURL == "" {
		bad("StatusURL", "", "callers must know where to ask")
	} else if !validFieldValue(c.StatusURL) {
		bad("StatusURL", c.StatusURL, "is no value of a field")
	}
	for _, n := range []struct {
		field string
		value int64
	}{
		{"MaxRunning", int64(c.MaxRunning)}, {"Reruns", int64(c.Reruns)}, {"MaxResult", int64(c.MaxResult)},
		{"Timeout", int64(c.Timeout)}, {"RetryAfter", int64(c.RetryAfter)}, {"MaxWait", int64(c.MaxWait)},
	} {
		if n.value < 0 {
			bad(n.field, n.value, "must not be negative")
		}
	}
	return errors.Join(errs...)
}

// Jobs accept work that takes longer than a request should: the caller gets 202 with
// the address of the job's status, and fetches the result there.
//
//	jobs, err := trigger.NewJobs(trigger.JobsConfig{Work: render, StatusURL: "/api/jobs/"})
//	…
//	accept := func(ctx context.Context, in Order) (any, error) { return jobs.Accept(ctx, in) }
//	functions := []trigger.Function{
//		{Name: "orders", Methods: []string{"POST"}, Handler: trigger.JSON(accept)},
//		{Name: "jobs", Route: "jobs/{id:guid}", Methods: []string{"GET", "DELETE"}, Handler: jobs.Handler()},
//	}
//
// Jobs run in goroutines of their own, up to MaxRunning, in the order in which they
// were accepted. With a Store that outlives the process call Recover before serving.
// Before the process ends call Drain.
type Jobs struct {
	c    JobsConfig
	line line
}

// NewJobs returns Jobs by c, or all of c's mistakes. It starts no goroutine.
func NewJobs(c JobsConfig) (*Jobs, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if c.Store == nil {
		c.Store = &JobMemory{Now: c.Now}
	}
	if c.MaxRunning == 0 {
		c.MaxRunning = 1
	}
	if c.RetryAfter == 0 {
		c.RetryAfter = time.Second
	}
	if c.MaxResult == 0 {
		c.MaxResult = defaultMaxResult
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	j := &Jobs{c: c}
	j.line.init(c.MaxRunning)
	return j, nil
}

// Accept takes in a job with an input, which is kept as JSON, and returns the answer
// for its caller: 202 with Location and Retry-After. The job is in the Store then. An
// error is the Store's, or an *UnavailableError if the Jobs are being drained.
func (j *Jobs) Accept(ctx context.Context, input any) (*Response, error) {
	text, err := encodeJSON(input)
	if err != nil {
		return nil, err
	}
	job := Job{ID: uuid.New(), Owner: j.c.Owner, State: JobPending, Input: json.RawMessage(text), Created: j.c.Now()}
	if j.c.Timeout > 0 {
		job.Due = job.Created.Add(j.c.Timeout)
	}
	if inv, ok := FromContext(ctx); ok {
		job.TraceParent = inv.TraceParent
	}
	if err := j.take(ctx, job); err != nil {
		return nil, err
	}
	return j.accepted(job.ID), nil
}

func (j *Jobs) accepted(id uuid.UUID) *Response {
	p := Accepted(j.c.StatusURL+id.String(), j.c.RetryAfter)
	p.Header.Set("Cache-Control", "no-store")
	return p
}

// take saves a job and puts it in line.
func (j *Jobs) take(ctx context.Context, job Job) error {
	run := j.line.enter(job)
	if run == nil {
		return &UnavailableError{Reason: "no more jobs are accepted"}
	}
	if err := j.c.Store.Save(ctx, job); err != nil {
		j.line.leave(run)
		return err
	}
	j.start(run)
	return nil
}

// Recover takes care of the jobs that this process had accepted before it was stopped,
// the oldest first: they run again as far as Reruns allows, and are lost else. Call it
// before the Handler is served, which calls those jobs lost until then. It does not
// wait for jobs to end; its errors are the Store's.
func (j *Jobs) Recover(ctx context.Context) error {
	jobs, err := j.c.Store.Pending(ctx)
	if err != nil {
		return err
	}
	sortByAge(jobs)
	var errs []error
	for _, job := range jobs {
		if job.Owner != j.c.Owner || j.line.here(job.ID) != nil {
			continue
		}
		if job.Reruns >= j.c.Reruns {
			job.end(JobLost, nil, j.c.Now())
			err = j.c.Store.Save(ctx, job)
		} else {
			job.Reruns++
			if job.Due = (time.Time{}); j.c.Timeout > 0 {
				job.Due = j.c.Now().Add(j.c.Timeout)
			}
			err = j.take(ctx, job)
		}
		if err != nil && !errors.Is(err, ErrJobEnded) {
			errs = append(errs, fmt.Errorf("trigger: Jobs: %v: %w", job.ID, err))
		}
	}
	return errors.Join(errs...)
}

// Drain accepts no more jobs and waits for those that are here, the waiting ones too,
// to end. If ctx ends first it returns its error: the contexts of running jobs end
// then, waiting ones do not begin, and what does not end by itself stays pending in the
// Store, for Recover. Drain may be called again, to wait for the rest.
func (j *Jobs) Drain(ctx context.Context) error {
	idle := j.line.close()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		select {
		case <-idle: // both at once
			return nil
		default:
		}
		j.line.giveUp()
		return ctx.Err()
	}
}

// Outstanding returns the number of jobs here that run and that wait.
func (j *Jobs) Outstanding() (running, waiting int) { return j.line.counts() }
