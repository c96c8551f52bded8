package collect

import (
	"context"
	"time"

	"candor/internal/admission"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/term"
)

// JobDaily deletes what may no longer be kept: values of fields whose last
// purpose is gone, and what has been in quarantine for long enough.
const JobDaily = "collect.daily"

// Grace is how long values outlive the last purpose of their field. They cannot
// be used meanwhile; a purpose that was taken out by mistake and put back finds
// them again. The law's outer limit here is 30 days (MIN-01).
const Grace = 7 * 24 * time.Hour

// Schedule has the daily work done by a queue.
func (c *Collector) Schedule(q *job.Queue) {
	q.Handle(JobDaily, func(ctx context.Context, _ job.Job) error { return c.daily(ctx) })
	q.Every(JobDaily, 24*time.Hour)
}

func (c *Collector) daily(ctx context.Context) error {
	now := c.clock.Now()
	err := c.db.Write(ctx, func(tx *db.Tx) error {
		_, err := expireQuarantine(tx, now)
		return err
	})
	if err != nil {
		return err
	}
	rules, err := c.admitted(ctx)
	if errs.CodeOf(err) == errs.NoNotice {
		return nil // without a charter nothing was ever collected
	}
	if err != nil {
		return err
	}
	due, err := c.idleFields(ctx, rules, now)
	if err != nil {
		return err
	}
	for _, f := range due {
		if err := c.purge(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// idleFields notes which fields lost their last purpose and gives those whose
// grace is over.
func (c *Collector) idleFields(ctx context.Context, rules *admission.Rules, now clock.Instant) (due []term.Field, err error) {
	err = c.db.Write(ctx, func(tx *db.Tx) error {
		due = nil
		stored, err := c.gate.StoredFields(tx)
		if err != nil {
			return err
		}
		for _, f := range stored {
			if err := noteIdle(tx, rules, f, now); err != nil {
				return err
			}
		}
		rows, err := tx.Query(`select field from field_idle where since <= $1 order by field`, now.Add(-Grace))
		due, err = db.Collect(rows, err, func(scan db.Scan) (f term.Field, err error) { return f, scan(&f) })
		return err
	})
	return due, err
}

func noteIdle(tx *db.Tx, rules *admission.Rules, f term.Field, now clock.Instant) error {
	if _, needed := rules.Field(f); needed {
		_, err := tx.Exec(`delete from field_idle where field = $1`, f)
		return err
	}
	_, err := tx.Exec(`insert into field_idle (field, since) values ($1, $2) on conflict (field) do nothing`, f, now)
	return err
}

// purgeStep is how many customers' values go in one transaction.
const purgeStep = 500

func (c *Collector) purge(ctx context.Context, f term.Field) error {
	for after, more := id.Customer(0), true; more; more = after != 0 {
		var last id.Customer
		err := c.db.Write(ctx, func(tx *db.Tx) (err error) {
			if last, _, err = c.gate.PurgeField(tx, f, after, purgeStep); err != nil || last != 0 {
				return err
			}
			_, err = tx.Exec(`delete from field_idle where field = $1`, f)
			return err
		})
		if err != nil {
			return err
		}
		after = last
	}
	return nil
}
