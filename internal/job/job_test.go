package job_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/job"
)

var (
	ctx   = context.Background()
	start = clock.UTC(2026, 3, 1, 12, 0, 0)
)

func enqueue(t testing.TB, d *db.DB, q *job.Queue, n job.New) {
	t.Helper()
	if err := d.Write(ctx, func(tx *db.Tx) error { return q.Enqueue(tx, n) }); err != nil {
		t.Fatal(err)
	}
}

func drain(t testing.TB, q *job.Queue, want int) {
	t.Helper()
	n, err := q.Drain(ctx)
	if err != nil || n != want {
		t.Fatalf("%d runs (%v), want %d", n, err, want)
	}
}

func rows(t testing.TB, d *db.DB) (n int) {
	t.Helper()
	err := d.Read(ctx, func(tx *db.Tx) error { return tx.QueryRow(`select count(*) from job`).Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAJobExistsWithItsCause(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.NewQueue(d, clock.NewFake(start))
		var got string
		q.Handle("a", func(_ context.Context, j job.Job) error { got += string(j.Args); return nil })
		boom := errors.New("boom")
		err := d.Write(ctx, func(tx *db.Tx) error {
			if err := q.Enqueue(tx, job.New{Kind: "a", Args: 1}); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		drain(t, q, 0)
		enqueue(t, d, q, job.New{Kind: "a", Args: []int{2}})
		drain(t, q, 1)
		drain(t, q, 0)
		if got != "[2]" || rows(t, d) != 0 {
			t.Errorf("ran %s, %d rows left", got, rows(t, d))
		}
	})
}

func TestAJobWaitsForItsTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.NewFake(start)
		q := job.NewQueue(d, c)
		q.Handle("a", func(context.Context, job.Job) error { return nil })
		enqueue(t, d, q, job.New{Kind: "a", RunAt: start.Add(time.Hour)})
		drain(t, q, 0)
		c.Advance(time.Hour)
		drain(t, q, 1)
	})
}

func TestFailuresAreRetriedThenGivenUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.NewFake(start)
		q := job.NewQueue(d, c)
		attempts := 0
		q.Handle("a", func(_ context.Context, j job.Job) error {
			if attempts++; j.Attempt != attempts {
				t.Errorf("attempt %d was told it is %d", attempts, j.Attempt)
			}
			if attempts == 2 {
				panic("jane@example.org")
			}
			return errs.New(errs.Unavailable, "relay_down", "no relay for jane@example.org")
		})
		enqueue(t, d, q, job.New{Kind: "a"})
		for range job.MaxAttempts + 3 {
			if _, err := q.Drain(ctx); err != nil && errs.CodeOf(err) != "relay_down" && errs.CodeOf(err) != job.Panicked {
				t.Fatal(err)
			}
			before := attempts
			if _, err := q.Drain(ctx); err != nil || attempts != before {
				t.Fatalf("retried without a pause: %v", err)
			}
			c.Advance(time.Hour)
		}
		if attempts != job.MaxAttempts {
			t.Errorf("%d attempts, want %d", attempts, job.MaxAttempts)
		}
		dead, err := q.Dead(ctx, 10)
		if err != nil || len(dead) != 1 || dead[0].Code != "relay_down" || dead[0].Attempt != job.MaxAttempts {
			t.Fatalf("%+v, %v", dead, err)
		}
		if err := d.Write(ctx, func(tx *db.Tx) error { return q.Revive(tx, dead[0].ID) }); err != nil {
			t.Fatal(err)
		}
		attempts = 0
		if _, err := q.Drain(ctx); errs.CodeOf(err) != "relay_down" {
			t.Errorf("revived: %v", err)
		}
	})
}

// What a handler says about a failure may quote data; the row keeps a code.
func TestDeadJobsHoldNoText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.NewFake(start)
		q := job.NewQueue(d, c)
		q.Handle("a", func(context.Context, job.Job) error { return fmt.Errorf("mailbox jane@example.org is full") })
		enqueue(t, d, q, job.New{Kind: "a"})
		for range job.MaxAttempts {
			_, _ = q.Drain(ctx)
			c.Advance(2 * time.Hour)
		}
		var code, args string
		err := d.Read(ctx, func(tx *db.Tx) error {
			return tx.QueryRow(`select error_code, args from job where dead_at > 0`).Scan(&code, &args)
		})
		if err != nil || code != "internal" || args != "null" {
			t.Errorf("%q, %q, %v", code, args, err)
		}
		c.Advance(job.KeepDead + time.Hour)
		drain(t, q, 0)
		if rows(t, d) != 0 {
			t.Error("an old dead job is still kept")
		}
	})
}

func TestAUniqueJobStandsForAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.NewQueue(d, clock.NewFake(start))
		runs := 0
		q.Handle("a", func(context.Context, job.Job) error {
			if runs++; runs == 1 {
				enqueue(t, d, q, job.New{Kind: "a", Unique: "x"})
				enqueue(t, d, q, job.New{Kind: "a", Unique: "x"})
			}
			return nil
		})
		for range 5 {
			enqueue(t, d, q, job.New{Kind: "a", Unique: "x", RunAt: start.Add(time.Hour)})
		}
		if rows(t, d) != 1 {
			t.Fatalf("%d rows", rows(t, d))
		}
		enqueue(t, d, q, job.New{Kind: "a", Unique: "x"}) // the earlier time counts
		drain(t, q, 2)                                    // once more, since it was asked for while it ran
		if runs != 2 || rows(t, d) != 0 {
			t.Errorf("%d runs, %d rows left", runs, rows(t, d))
		}
	})
}

func TestPeriodicWorkRunsOnceInATimeOnAllServers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.NewFake(start)
		var runs atomic.Int64
		var servers []*job.Queue
		for range 3 {
			q := job.NewQueue(d, c)
			q.Handle("sweep", func(context.Context, job.Job) error { runs.Add(1); return nil })
			q.Every("sweep", time.Hour)
			servers = append(servers, q)
		}
		for hour := range 5 {
			var wg sync.WaitGroup
			for _, q := range servers {
				wg.Go(func() {
					if _, err := q.Drain(ctx); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if got := runs.Load(); got != int64(hour+1) {
				t.Fatalf("%d runs after %d hours", got, hour+1)
			}
			c.Advance(time.Hour)
		}
		c.Advance(24 * time.Hour) // nothing was up for a day: one run makes up for it
		drain(t, servers[0], 1)
	})
}

func TestSeveralServersRunAJobOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.NewFake(start)
		var ran sync.Map
		var total atomic.Int64
		var wg sync.WaitGroup
		q := job.NewQueue(d, c)
		for i := range 60 {
			enqueue(t, d, q, job.New{Kind: "a", Args: i})
		}
		for range 4 {
			q := job.NewQueue(d, c)
			q.Handle("a", func(_ context.Context, j job.Job) error {
				if _, twice := ran.LoadOrStore(string(j.Args), true); twice {
					t.Errorf("job %s ran twice", j.Args)
				}
				total.Add(1)
				return nil
			})
			wg.Go(func() {
				if _, err := q.Drain(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if total.Load() != 60 || rows(t, d) != 0 {
			t.Errorf("%d runs, %d rows left", total.Load(), rows(t, d))
		}
	})
}

// A server that dies with a job leaves its lease behind; when it has run out,
// another takes the job, and what the dead one might still report is ignored.
func TestAnotherServerTakesOverADeadOnesJob(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.NewFake(start)
		slow, other := job.NewQueue(d, c), job.NewQueue(d, c)
		began, goOn, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		slow.Handle("a", func(context.Context, job.Job) error {
			close(began)
			<-goOn
			return errors.New("too late")
		})
		var attempt int
		other.Handle("a", func(_ context.Context, j job.Job) error { attempt = j.Attempt; return nil })
		enqueue(t, d, slow, job.New{Kind: "a"})
		go func() { _, _ = slow.Drain(ctx); close(done) }()
		<-began
		drain(t, other, 0)
		c.Advance(3 * time.Minute)
		drain(t, other, 1)
		close(goOn)
		<-done
		if attempt != 2 || rows(t, d) != 0 {
			t.Errorf("attempt %d, %d rows left", attempt, rows(t, d))
		}
	})
}

func TestRunWakesOnCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.NewQueue(d, clock.System{})
		ran := make(chan struct{}, 3)
		q.Handle("a", func(context.Context, job.Job) error { ran <- struct{}{}; return nil })
		run, stop := context.WithCancel(ctx)
		ended := make(chan error)
		go func() { ended <- q.Run(run) }()
		for range 3 {
			enqueue(t, d, q, job.New{Kind: "a"})
			select {
			case <-ran:
			case <-time.After(20 * time.Second):
				t.Fatal("the job did not run")
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestAJobNobodyHandlesWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.NewQueue(d, clock.NewFake(start))
		for range 30 {
			enqueue(t, d, q, job.New{Kind: "unknown"})
		}
		drain(t, q, 0)
		q.Handle("a", func(context.Context, job.Job) error { return nil })
		enqueue(t, d, q, job.New{Kind: "a"})
		drain(t, q, 1)
	})
}
