package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/moment"
	"candor/internal/observe"
)

// Run works until the context ends, then lets running handlers see the end of
// their context and waits for them. What they had not finished runs again.
func (q *Queue) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { q.work(ctx) })
	}
	wg.Go(func() { q.keepPeriods(ctx) })
	wg.Wait()
	return nil
}

// work runs due jobs one after the other, and sleeps when there are none.
func (q *Queue) work(ctx context.Context) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for ctx.Err() == nil {
		did, _, err := q.next(ctx)
		if err != nil && ctx.Err() == nil {
			q.log.Error("job: cannot take a job", "code", errs.CodeOf(err))
		}
		if did {
			continue
		}
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-poll.C:
		}
	}
}

func (q *Queue) keepPeriods(ctx context.Context) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for ctx.Err() == nil {
		if err := q.enqueuePeriodic(ctx); err != nil && ctx.Err() == nil {
			q.log.Error("job: cannot enqueue periodic work", "code", errs.CodeOf(err))
		}
		select {
		case <-ctx.Done():
		case <-poll.C:
		}
	}
}

// Drain runs all that is due now, and what that makes due, on the caller's
// goroutine. It gives the number of runs and the failures of handlers; failed
// jobs are due again later. For tests and for orderly ends.
func (q *Queue) Drain(ctx context.Context) (int, error) {
	if err := q.enqueuePeriodic(ctx); err != nil {
		return 0, err
	}
	var failures []error
	for n := 0; ; n++ {
		did, failure, err := q.next(ctx)
		if err != nil {
			return n, err
		}
		if failure != nil {
			failures = append(failures, failure)
		}
		if !did {
			return n, errors.Join(failures...)
		}
	}
}

// next takes the job that has been due longest and runs it.
func (q *Queue) next(ctx context.Context) (did bool, failure, err error) {
	j, ok, err := q.take(ctx)
	if err != nil || !ok {
		return false, nil, err
	}
	failure = q.runHeld(ctx, j)
	moment.Reached(moment.Worked)
	return true, failure, q.finish(context.WithoutCancel(ctx), j, failure)
}

// take leases a due job by a conditional update: of two processes that see the
// same job, one changes the row and the other changes none.
func (q *Queue) take(ctx context.Context) (Job, bool, error) {
	due, err := q.due(ctx)
	if err != nil {
		return Job{}, false, err
	}
	for _, j := range due {
		now := q.clock.Now()
		var n int64
		err := q.db.Write(ctx, func(tx *db.Tx) (err error) {
			n, err = tx.Exec(`update job set holder = $1, lease_until = $2, attempt = attempt + 1
				where job_id = $3 and attempt = $4 and dead_at = 0 and run_at <= $5 and lease_until <= $5`,
				q.holder, now.Add(leaseTime), j.ID, j.Attempt, now)
			return err
		})
		if err != nil {
			return Job{}, false, err
		}
		if n == 1 {
			j.Attempt++
			return j, true, nil
		}
	}
	return Job{}, false, nil
}

// due lists a few due jobs of the kinds that this process handles.
func (q *Queue) due(ctx context.Context) ([]Job, error) {
	kinds := q.kinds()
	if len(kinds) == 0 {
		return nil, nil
	}
	args, marks := []any{q.clock.Now()}, make([]string, len(kinds))
	for i, k := range kinds {
		args = append(args, k)
		marks[i] = fmt.Sprintf("$%d", i+2)
	}
	var out []Job
	err := q.db.Read(ctx, func(tx *db.Tx) (err error) {
		rows, err := tx.Query(`select job_id, kind, args, attempt from job
			where dead_at = 0 and run_at <= $1 and lease_until <= $1 and kind in (`+strings.Join(marks, ", ")+`)
			order by run_at, job_id limit 20`, args...)
		out, err = db.Collect(rows, err, scanJob)
		return err
	})
	return out, err
}

func scanJob(scan db.Scan) (Job, error) {
	var j Job
	var args string
	err := scan(&j.ID, &j.Kind, &args, &j.Attempt)
	j.Args = json.RawMessage(args)
	return j, err
}

// runHeld runs the handler and meanwhile extends the lease. When the lease is
// lost the handler's context ends.
func (q *Queue) runHeld(ctx context.Context, j Job) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go q.hold(ctx, cancel, j)
	ctx, span := observe.Begin(ctx, "job "+j.Kind)
	err := protect(ctx, q.handler(j.Kind), j)
	span.End(err)
	return err
}

func (q *Queue) hold(ctx context.Context, cancel func(), j Job) {
	beat := time.NewTicker(leaseTime / 4)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		var n int64
		err := q.db.Write(ctx, func(tx *db.Tx) (err error) {
			n, err = tx.Exec(`update job set lease_until = $1 where job_id = $2 and holder = $3 and attempt = $4`,
				q.clock.Now().Add(leaseTime), j.ID, q.holder, j.Attempt)
			return err
		})
		if err == nil && n == 0 {
			cancel()
			return
		}
	}
}

// protect turns a panic into a failed attempt. What the panic says is not kept:
// it may quote data.
func protect(ctx context.Context, fn Handler, j Job) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errs.Wrap(fmt.Errorf("panic: %T", r), errs.Internal, Panicked, "the work failed")
		}
	}()
	return fn(ctx, j)
}

// finish records how an attempt went. It changes nothing when the lease was
// lost: another process has the job then.
func (q *Queue) finish(ctx context.Context, j Job, failure error) error {
	if failure != nil {
		return q.fail(ctx, j, failure)
	}
	observe.Jobs.Add(1, "done")
	return q.db.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`delete from job where job_id = $1 and holder = $2 and attempt = $3 and again = 0`, j.ID, q.holder, j.Attempt)
		if err != nil || n == 1 {
			return err
		}
		_, err = tx.Exec(`update job set again = 0, holder = '', lease_until = 0, attempt = 0, run_at = $4
			where job_id = $1 and holder = $2 and attempt = $3`, j.ID, q.holder, j.Attempt, q.clock.Now())
		tx.After(q.nudge)
		return err
	})
}

func (q *Queue) fail(ctx context.Context, j Job, failure error) error {
	code := errs.CodeOf(failure)
	if code == "" {
		code = "internal"
	}
	now := q.clock.Now()
	var dead clock.Instant
	ended := "failed"
	if j.Attempt >= MaxAttempts {
		dead, ended = now, "given_up"
	}
	observe.Jobs.Add(1, ended)
	q.log.Warn("job: attempt failed", "kind", j.Kind, "job", j.ID.String(), "attempt", j.Attempt,
		"code", code, "type", fmt.Sprintf("%T", failure), "given_up", dead != 0)
	return q.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`update job set holder = '', lease_until = 0, again = 0, run_at = $4, dead_at = $5, error_code = $6
			where job_id = $1 and holder = $2 and attempt = $3`,
			j.ID, q.holder, j.Attempt, now.Add(backoff(j.Attempt)), dead, code)
		return err
	})
}

// backoff doubles from 5 s to an hour.
func backoff(attempt int) time.Duration {
	return min(longest, firstWait<<min(attempt-1, 20))
}

// Dead lists the jobs that were given up, newest first.
func (q *Queue) Dead(ctx context.Context, limit int) ([]Dead, error) {
	var out []Dead
	err := q.db.Read(ctx, func(tx *db.Tx) (err error) {
		rows, err := tx.Query(`select job_id, kind, error_code, attempt, dead_at from job
			where dead_at > 0 order by dead_at desc, job_id desc limit $1`, limit)
		out, err = db.Collect(rows, err, func(scan db.Scan) (d Dead, err error) {
			return d, scan(&d.ID, &d.Kind, &d.Code, &d.Attempt, &d.At)
		})
		return err
	})
	return out, err
}

// Revive has a job that was given up tried again. It returns NOT_FOUND when there
// is no such dead job.
func (q *Queue) Revive(tx *db.Tx, job id.Job) error {
	n, err := tx.Exec(`update job set dead_at = 0, attempt = 0, run_at = $2 where job_id = $1 and dead_at > 0`, job, q.clock.Now())
	if err == nil && n == 0 {
		return errs.New(errs.NotFound, "no_such_job", "there is no such job that was given up")
	}
	tx.After(q.nudge)
	return err
}

// Backlog is how much work waits.
type Backlog struct {
	Due    int64         // whose time has come and that nobody works on, counted to MostCounted
	Oldest clock.Instant // since when the oldest of them is due; 0 without one
	Dead   int64         // given up, counted to MostCounted
}

// MostCounted bounds what is counted for an operator.
const MostCounted = 100_000

// Backlog looks how much waits.
func (q *Queue) Backlog(tx *db.Tx) (b Backlog, err error) {
	now := q.clock.Now()
	err = tx.QueryRow(`select count(*), coalesce(min(run_at), 0) from
		(select run_at from job where dead_at = 0 and run_at <= $1 and lease_until <= $1 order by run_at, job_id limit $2) d`, now, MostCounted).Scan(&b.Due, &b.Oldest)
	if err != nil {
		return b, err
	}
	err = tx.QueryRow(`select count(*) from (select job_id from job where dead_at > 0 limit $1) d`, MostCounted).Scan(&b.Dead)
	return b, err
}
