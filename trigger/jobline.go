package trigger

import (
	"container/list"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// A line has the jobs of this process that have not ended: those that run and, in the
// order in which they came, those that wait.
type line struct {
	base    context.Context // ends when a drain gives up
	giveUp  context.CancelFunc
	maximum int

	mu      sync.Mutex
	all     map[uuid.UUID]*jobRun
	waiting list.List
	running int
	idle    chan struct{} // closed when a closed line is empty; nil while it is open
	empty   bool          // idle is closed
}

// A jobRun is a job in a line.
type jobRun struct {
	job    Job
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{} // closed when the job has its last state, or will not get one here
	over   bool          // ended is closed
	place  *list.Element // among those that wait, nil if it does not
}

func (l *line) init(maximum int) {
	l.base, l.giveUp = context.WithCancel(context.Background())
	l.maximum, l.all = maximum, map[uuid.UUID]*jobRun{}
}

// enter takes a job in that is about to be saved, nil if the line is closed.
func (l *line) enter(job Job) *jobRun {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle != nil {
		return nil
	}
	run := &jobRun{job: job, ended: make(chan struct{})}
	if job.Due.IsZero() {
		run.ctx, run.cancel = context.WithCancel(l.base)
	} else {
		run.ctx, run.cancel = context.WithDeadline(l.base, job.Due)
	}
	l.all[job.ID] = run
	return run
}

// push reports whether a job that has been saved may run at once. Else it waits.
func (l *line) push(run *jobRun) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if run.over { // cancelled by somebody who found it in the Store
		l.remove(run)
		return false
	}
	if l.running < l.maximum {
		l.running++
		return true
	}
	run.place = l.waiting.PushBack(run)
	return false
}

// drop takes a job out from among those that wait, and reports whether it was there.
func (l *line) drop(run *jobRun) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if run.place == nil {
		return false
	}
	l.waiting.Remove(run.place)
	run.place = nil
	return true
}

// next returns the job to run in the place of one that ended, nil if none waits.
func (l *line) next() *jobRun {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.waiting.Front()
	if first == nil {
		l.running--
		return nil
	}
	run := first.Value.(*jobRun)
	l.waiting.Remove(first)
	run.place = nil
	return run
}

// leave takes a job out.
func (l *line) leave(run *jobRun) {
	l.mu.Lock()
	defer l.mu.Unlock()
	run.cancel()
	l.remove(run)
}

// cancel ends a job's context, and takes it out unless it runs: then it leaves by
// itself. Who waits for its end need not wait for that.
func (l *line) cancel(run *jobRun) {
	l.mu.Lock()
	defer l.mu.Unlock()
	run.cancel()
	if run.place != nil {
		l.remove(run)
	}
	run.end()
}

// remove is leave with the lock held.
func (l *line) remove(run *jobRun) {
	run.end()
	if run.place != nil {
		l.waiting.Remove(run.place)
		run.place = nil
	}
	delete(l.all, run.job.ID)
	l.checkIdle()
}

func (run *jobRun) end() {
	if !run.over {
		run.over = true
		close(run.ended)
	}
}

func (l *line) here(id uuid.UUID) *jobRun {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[id]
}

func (l *line) counts() (running, waiting int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running, l.waiting.Len()
}

// close lets nobody in any more, and returns what is closed when the line is empty.
func (l *line) close() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle == nil {
		l.idle = make(chan struct{})
		l.checkIdle()
	}
	return l.idle
}

func (l *line) checkIdle() {
	if l.idle != nil && len(l.all) == 0 && !l.empty {
		l.empty = true
		close(l.idle)
	}
}

// start runs a job that was saved, now or in its turn. One whose time is up while it
// waits ends there.
func (j *Jobs) start(run *jobRun) {
	if j.line.push(run) {
		go j.work(run)
		return
	}
	context.AfterFunc(run.ctx, func() {
		if j.line.drop(run) {
			defer j.line.leave(run)
			j.settle(run, nil, run.ctx.Err())
		}
	})
}

// work runs a job and then, one after the other, those that wait.
func (j *Jobs) work(run *jobRun) {
	ended := false
	defer func() {
		if !ended { // the goroutine, by Work
			go j.work(j.line.next())
		}
	}()
	for ; run != nil; run = j.line.next() {
		j.run(run)
	}
	ended = true
}

var errGoexit = errors.New("trigger: Jobs: Work ended its goroutine")

func (j *Jobs) run(run *jobRun) {
	defer j.line.leave(run)
	result, err := json.RawMessage(nil), errGoexit
	defer func() { j.settle(run, result, err) }()
	result, err = j.do(run)
}

// settle saves how a job ended, unless it was cancelled meanwhile.
func (j *Jobs) settle(run *jobRun, result json.RawMessage, failure error) {
	if failure != nil && j.line.base.Err() != nil {
		return // it stays pending, for Recover
	}
	job := run.job
	job.end(JobDone, result, j.c.Now())
	if failure != nil {
		job.State, job.Result = JobFailed, nil
	}
	err := j.c.Store.Save(context.WithoutCancel(run.ctx), job)
	if errors.Is(err, ErrJobEnded) {
		return
	}
	if failure != nil {
		j.log("Job failed", job, failure)
	}
	if err != nil {
		j.log("Job cannot be saved", job, err)
	}
}

// do calls Work.
func (j *Jobs) do(run *jobRun) (result json.RawMessage, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &jobPanic{p, debug.Stack()}
		}
	}()
	if err := run.ctx.Err(); err != nil {
		return nil, err
	}
	v, err := j.c.Work(run.ctx, run.job)
	if err != nil {
		return nil, err
	}
	text, err := encodeJSON(v)
	if err != nil {
		return nil, err
	}
	if len(text) > j.c.MaxResult {
		return nil, fmt.Errorf("trigger: Jobs: result: %d bytes, more than %d", len(text), j.c.MaxResult)
	}
	return json.RawMessage(text), nil
}

// A jobPanic is what Work panicked with.
type jobPanic struct {
	value any
	stack []byte
}

func (p *jobPanic) Error() string { return fmt.Sprintf("panic: %v", p.value) }

func (j *Jobs) log(message string, job Job, err error) {
	attrs := []slog.Attr{slog.String("job", shortID(job.ID)), slog.String("error", Redact(err.Error()))}
	var p *jobPanic
	if errors.As(err, &p) {
		attrs = append(attrs, slog.String("stack", string(p.stack)))
	}
	j.c.Logger.LogAttrs(context.Background(), slog.LevelError, message, attrs...)
}

// shortID is enough of an ID to find a job by, and not enough to ask for it.
func shortID(id uuid.UUID) string { return id.String()[:8] }

// sortByAge sorts the oldest first.
func sortByAge(jobs []Job) {
	slices.SortStableFunc(jobs, func(a, b Job) int { return a.Created.Compare(b.Created) })
}
