package job

import (
	"context"
	"maps"
	"slices"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
)

// enqueuePeriodic asks for the periodic jobs that are due, and forgets the dead
// ones that are old. Each kind is a row that one process moves on.
func (q *Queue) enqueuePeriodic(ctx context.Context) error {
	q.mu.Lock()
	every := maps.Clone(q.every)
	q.mu.Unlock()
	now := q.clock.Now()
	for _, kind := range slices.Sorted(maps.Keys(every)) {
		if err := q.tick(ctx, kind, every[kind], now); err != nil {
			return err
		}
	}
	return q.dropDead(ctx, now)
}

func (q *Queue) tick(ctx context.Context, kind string, every time.Duration, now clock.Instant) error {
	next, err := q.nextAt(ctx, kind)
	if err != nil || next > now {
		return err
	}
	return q.db.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`insert into job_period (kind, next_at) values ($1, $2)
			on conflict (kind) do update set next_at = excluded.next_at where job_period.next_at <= $3`, kind, now.Add(every), now)
		if err != nil || n == 0 {
			return err
		}
		return q.Enqueue(tx, New{Kind: kind, Unique: "periodic"})
	})
}

// nextAt reads without writing, so that waiting costs nothing. It is 0 for a kind
// that has never run.
// Next gives when a periodic job is due next, 0 when it never ran.
func (q *Queue) Next(ctx context.Context, kind string) (clock.Instant, error) {
	return q.nextAt(ctx, kind)
}

func (q *Queue) nextAt(ctx context.Context, kind string) (clock.Instant, error) {
	var next clock.Instant
	err := q.db.Read(ctx, func(tx *db.Tx) error {
		err := tx.QueryRow(`select next_at from job_period where kind = $1`, kind).Scan(&next)
		if errs.Is(err, errs.NotFound) {
			return nil
		}
		return err
	})
	return next, err
}

func (q *Queue) dropDead(ctx context.Context, now clock.Instant) error {
	var n int64
	old := now.Add(-KeepDead)
	err := q.db.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`select count(*) from job where dead_at > 0 and dead_at < $1`, old).Scan(&n)
	})
	if err != nil || n == 0 {
		return err
	}
	return q.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`delete from job where dead_at > 0 and dead_at < $1`, old)
		return err
	})
}

// Now lets a periodic job run at once, beside its time.
func (q *Queue) Now(tx *db.Tx, kind string) error {
	return q.Enqueue(tx, New{Kind: kind, Unique: "periodic"})
}
