package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/throttle"
)

// overdue is how long after its time was up a job of another process counts as lost.
const overdue = time.Minute

// Handler returns the function that answers for jobs, by the value "id" of its route:
//
//	GET      202 with Location and Retry-After while the job is pending, then 200 with
//	         {"state":"done","result":…}; the other last states have no result
//	DELETE   200 with {"state":"cancelled"}, or 409 if the job has ended already
//
// An unknown ID, or one that was forgotten, is 404. With ?wait=10s a GET waits for the
// end, up to MaxWait. A job that another process runs can be cancelled, so that its
// result will not count, but its context does not end.
func (j *Jobs) Handler() http.Handler {
	return Func(func(ctx context.Context, r *Request) (any, error) {
		id, err := uuid.Parse(r.PathValue("id"))
		if err != nil {
			return notFound, nil
		}
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			return j.status(ctx, r, id)
		case http.MethodDelete:
			return j.cancel(ctx, id)
		}
		return &Response{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {"DELETE, GET, HEAD"}}}, nil
	})
}

var notFound = &Response{Status: http.StatusNotFound}

func (j *Jobs) status(ctx context.Context, r *Request, id uuid.UUID) (any, error) {
	if text := r.URL.Query().Get("wait"); text != "" && j.c.MaxWait > 0 {
		wait, err := time.ParseDuration(text)
		if err != nil || wait < 0 {
			return &Response{Status: http.StatusBadRequest, Body: "wait is no duration such as 10s\n"}, nil
		}
		j.await(ctx, id, min(wait, j.c.MaxWait))
	}
	job, err := j.find(ctx, id)
	switch {
	case errors.Is(err, ErrNoJob):
		return notFound, nil
	case err != nil:
		return nil, err
	case job.State == JobPending:
		return j.accepted(id), nil
	}
	return ended(job), nil
}

// await waits for a job that is here to end.
func (j *Jobs) await(ctx context.Context, id uuid.UUID, limit time.Duration) {
	run := j.line.here(id)
	if run == nil || limit == 0 {
		return
	}
	throttle.ReleaseEarly(ctx)
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-run.ended:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// find returns a job as it is. One that should be here and is not is lost: this is
// looked up first, for a job leaves when it has been saved.
func (j *Jobs) find(ctx context.Context, id uuid.UUID) (Job, error) {
	run := j.line.here(id)
	job, err := j.c.Store.Load(ctx, id)
	if err != nil || job.State != JobPending || run != nil {
		return job, err
	}
	if job.Owner == j.c.Owner || !job.Due.IsZero() && j.c.Now().Sub(job.Due) > overdue {
		job.State = JobLost
	}
	return job, nil
}

// cancel ends a job. Of two who try, the first decides.
func (j *Jobs) cancel(ctx context.Context, id uuid.UUID) (any, error) {
	job, err := j.c.Store.Load(ctx, id)
	if err == nil && job.State != JobPending {
		err = ErrJobEnded
	}
	if err == nil {
		job.end(JobCancelled, nil, j.c.Now())
		err = j.c.Store.Save(ctx, job)
	}
	switch {
	case errors.Is(err, ErrNoJob):
		return notFound, nil
	case errors.Is(err, ErrJobEnded):
		return &Response{Status: http.StatusConflict, Body: "it has ended already\n"}, nil
	case err != nil:
		return nil, err
	}
	if run := j.line.here(id); run != nil {
		j.line.cancel(run)
	}
	return ended(job), nil
}

// ended is the answer for a job that has ended.
func ended(job Job) *Response {
	body := struct {
		State  JobState        `json:"state"`
		Result json.RawMessage `json:"result,omitempty"`
	}{job.State, job.Result}
	return &Response{Header: http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}}, Body: body}
}
