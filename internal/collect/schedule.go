package collect

import (
	"context"
	"time"

	"candor/internal/db"
	"candor/internal/job"
)

// JobDaily deletes what has been in quarantine for long enough. Values of fields
// whose last purpose is gone go with the gate's own daily job (MIN-01).
const JobDaily = "collect.daily"

// Schedule has the daily work done by a queue.
func (c *Collector) Schedule(q *job.Queue) {
	q.Handle(JobDaily, func(ctx context.Context, _ job.Job) error {
		now := c.clock.Now()
		return c.db.Write(ctx, func(tx *db.Tx) error {
			_, err := expireQuarantine(tx, now)
			return err
		})
	})
	q.Every(JobDaily, 24*time.Hour)
}
