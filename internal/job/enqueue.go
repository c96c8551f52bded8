package job

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

// maxArgs bounds arguments: hundreds of ids, not more.
const maxArgs = 64 << 10

// Enqueue asks for a job in the caller's transaction. With a Unique name, a
// waiting job of that name stands for both; when that job is already running, it
// runs once more after it ends, since it may have passed what has just changed.
func (q *Queue) Enqueue(tx *db.Tx, n New) error {
	tail := ""
	if n.Unique != "" {
		tail = `on conflict (kind, unique_key) where unique_key <> '' and dead_at = 0 do update
			set again = case when job.holder <> '' then 1 else 0 end,
				run_at = case when job.holder = '' and excluded.run_at < job.run_at then excluded.run_at else job.run_at end`
	}
	return q.insert(tx, tail, n)
}

// EnqueueAll asks for several jobs, none of which has a Unique name.
func (q *Queue) EnqueueAll(tx *db.Tx, list []New) error {
	if len(list) == 0 {
		return nil
	}
	return q.insert(tx, "", list...)
}

func (q *Queue) insert(tx *db.Tx, tail string, list ...New) error {
	now := q.clock.Now()
	rows := make([][]any, len(list))
	for i, n := range list {
		args, err := json.Marshal(n.Args)
		if err != nil {
			return fmt.Errorf("job: arguments of %s: %w", n.Kind, err)
		}
		if n.Kind == "" || len(args) > maxArgs {
			return errs.New(errs.Invalid, "job_too_large", "a job needs a kind and arguments of at most %d bytes", maxArgs)
		}
		runAt := n.RunAt
		if runAt.IsZero() {
			runAt = now
		}
		rows[i] = []any{id.New[id.Job](), n.Kind, string(args), n.Unique, runAt, 0, "", 0, 0, 0, "", now}
	}
	_, err := tx.InsertMany(`insert into job (job_id, kind, args, unique_key, run_at, attempt, holder, lease_until, again, dead_at, error_code, created_at)
		values`, tail, rows)
	if err == nil {
		tx.After(q.nudge)
	}
	return err
}

func newHolder() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}
