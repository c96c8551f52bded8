package ledger

import (
	"bytes"
	"context"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/note"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger/receipt"
	"candor/internal/moment"
)

// head is how far the tree has grown.
type head struct {
	size   int64
	root   []byte
	latest clock.Instant // the latest time a round saw
	origin string        // of a checkpoint: its log's name then
}

// pending is an entry without a number.
type pending struct {
	entry  id.Entry
	commit []byte
}

// Run is the sequencer. It numbers new entries and signs checkpoints about every
// second until the context ends; of several processes, the one with the lease
// does. Trouble shows in Health and does not end it.
func (l *Log) Run(ctx context.Context) error {
	poll := time.NewTicker(roundEvery)
	defer poll.Stop()
	for {
		if _, err := l.sequence(ctx); err != nil && ctx.Err() == nil && errs.CodeOf(err) != db.ErrLeaseLost {
			l.log.Warn("ledger: a round failed", "code", errs.CodeOf(err))
		}
		select {
		case <-ctx.Done():
			return l.release(context.WithoutCancel(ctx))
		case <-poll.C:
		}
	}
}

// Sequence does one round now: it numbers what has no number, signs and anchors.
// It gives the number of entries. It returns CONFLICT while another process has
// the lease.
func (l *Log) Sequence(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := l.sequence(ctx)
		total += n
		if err != nil || n < sequenceBatch {
			return total, errors.Join(err, l.release(ctx))
		}
	}
}

func (l *Log) sequence(ctx context.Context) (int, error) {
	l.round.Lock()
	defer l.round.Unlock()
	n, err := l.oneRound(ctx)
	if code := errs.CodeOf(err); code == db.ErrLeaseLost {
		l.lease = nil
		return n, err
	}
	if ctx.Err() == nil {
		l.setTrouble(err)
	}
	return n, err
}

func (l *Log) oneRound(ctx context.Context) (int, error) {
	work, latest, err := l.hasWork(ctx)
	if err != nil || !work {
		return 0, err
	}
	if l.lease == nil {
		if err := l.take(ctx); err != nil {
			if stepped := l.stepped(latest); stepped != nil && errs.CodeOf(err) == db.ErrLeaseLost {
				err = stepped // another signs, and this one's clock is wrong
			}
			return 0, err
		}
	}
	h, n, err := l.number(ctx)
	if err != nil {
		return n, err
	}
	moment.Reached(moment.Numbered)
	if err := l.stepped(h.latest); err != nil {
		return n, err
	}
	return n, l.sign(ctx, h)
}

// stepped is the error of a clock that went back behind what a round has seen.
func (l *Log) stepped(latest clock.Instant) error {
	if now := l.clock.Now(); now.Add(clockStep) < latest {
		return errs.New(errs.Unavailable, ClockStepped, "the clock went back by %s; nothing is signed, sent or newly permitted until it has caught up: set the clock right", latest.Sub(now))
	}
	return nil
}

// hasWork looks, without writing, whether a round would change anything.
func (l *Log) hasWork(ctx context.Context) (work bool, latest clock.Instant, err error) {
	err = l.db.Read(ctx, func(tx *db.Tx) error {
		var n int64
		err := tx.QueryRow(`select count(*) from (select entry_id from ledger_entry where pos is null limit 1) p`).Scan(&n)
		if err != nil {
			return err
		}
		h, err := readHead(tx)
		if err != nil {
			return err
		}
		last, err := newestCheckpoint(tx)
		latest = h.latest
		work = n > 0 || h.size != last.size || l.stepped(latest) != nil
		for _, o := range l.also {
			if err != nil || work {
				return err
			}
			work, err = o.Pending(tx)
		}
		return err
	})
	return work, latest, err
}

// take takes the lease, and looks whether the database is the one that was
// anchored.
func (l *Log) take(ctx context.Context) error {
	var got db.Lease
	err := l.db.Write(ctx, func(tx *db.Tx) (err error) {
		now := l.clock.Now()
		got, err = db.TakeLease(tx, leaseName, l.holder, now.Add(db.LeaseTime), now)
		return err
	})
	if err != nil {
		return err
	}
	l.lease = &got
	return l.checkAnchor(ctx)
}

func (l *Log) release(ctx context.Context) error {
	l.round.Lock()
	defer l.round.Unlock()
	if l.lease == nil {
		return nil
	}
	lease := *l.lease
	l.lease = nil
	return l.db.Write(ctx, lease.Release)
}

// number gives leaf numbers, in one transaction under the lease, to what has
// none. An entry is found because it has no number, never because its id is
// higher than the last: ids commit late, and may be used again.
func (l *Log) number(ctx context.Context) (head, int, error) {
	var h head
	var n int
	lease := *l.lease
	err := l.db.Write(ctx, func(tx *db.Tx) (err error) {
		now := l.clock.Now()
		if err = lease.Hold(tx, now.Add(db.LeaseTime)); err != nil {
			return err
		}
		if h, err = readHead(tx); err != nil {
			return err
		}
		if n, err = grow(tx, &h); err != nil {
			return err
		}
		h.latest = max(h.latest, now)
		for _, o := range l.also {
			if _, err = o.Number(tx); err != nil {
				return err
			}
		}
		return writeHead(tx, h)
	})
	return h, n, err
}

// grow appends the commitments of entries without a number to the tree.
func grow(tx *db.Tx, h *head) (int, error) {
	rows, err := tx.Query(`select entry_id, commitment from ledger_entry where pos is null order by entry_id limit $1`, sequenceBatch)
	found, err := db.Collect(rows, err, func(scan db.Scan) (p pending, err error) { return p, scan(&p.entry, &p.commit) })
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return len(found), growBy(tx, h, found)
}

// growBy appends entries to the tree, in the order given.
func growBy(tx *db.Tx, h *head, found []pending) error {
	e, err := readEdge(tx, h.size, h.root)
	if err != nil {
		return err
	}
	var failed error
	store := func(t tile, hashes []byte) {
		if failed == nil {
			failed = writeTile(tx, t, hashes)
		}
	}
	rows := make([][]any, len(found))
	for i, p := range found {
		rows[i] = []any{e.size, p.entry}
		e.add(hashLeaf(p.commit), store)
	}
	if err := tx.ChangeMany("v (pos, entry_id)", `update ledger_entry set pos = v.pos from v where ledger_entry.entry_id = v.entry_id`, rows); err != nil {
		return err
	}
	e.open(store)
	h.size, h.root = e.size, e.root()
	return failed
}

// sign signs a checkpoint of the tree as committed, anchors it, and only then
// publishes it. A size that has a checkpoint gets no other.
func (l *Log) sign(ctx context.Context, h head) error {
	var last head
	err := l.db.Read(ctx, func(tx *db.Tx) (err error) {
		last, err = newestCheckpoint(tx)
		return err
	})
	if err != nil || h.size == last.size {
		if err == nil && h.size > 0 && !bytes.Equal(h.root, last.root) {
			err = errTiles
		}
		return err
	}
	if h.size < last.size {
		return errTiles
	}
	text := receipt.Checkpoint{Origin: l.origin, Size: h.size, Root: h.root}.Body()
	signed, err := note.Sign(&note.Note{Text: text}, l.signer)
	if err != nil {
		return err
	}
	now := l.clock.Now()
	line := anchored{At: now, Checkpoint: string(signed)}
	if l.beside != nil {
		if line.Beside, err = l.beside(); err != nil {
			return err
		}
	}
	if err := l.anchor.add(line, h); err != nil {
		return err
	}
	moment.Reached(moment.Anchored)
	lease := *l.lease
	return l.db.Write(ctx, func(tx *db.Tx) error {
		if err := lease.Hold(tx, now.Add(db.LeaseTime)); err != nil {
			return err
		}
		_, err := tx.Exec(`insert into ledger_checkpoint (size, root, note, at) values ($1, $2, $3, $4) on conflict (size) do nothing`,
			h.size, h.root, string(signed), now)
		return err
	})
}

func readHead(tx *db.Tx) (head, error) {
	h := head{root: (&edge{}).root()}
	err := tx.QueryRow(`select size, root, latest_at from ledger_tree where name = 'ledger'`).Scan(&h.size, &h.root, &h.latest)
	if errs.Is(err, errs.NotFound) {
		return h, nil
	}
	return h, err
}

func writeHead(tx *db.Tx, h head) error {
	_, err := tx.Exec(`insert into ledger_tree (name, size, root, latest_at) values ('ledger', $1, $2, $3)
		on conflict (name) do update set size = excluded.size, root = excluded.root, latest_at = excluded.latest_at`,
		h.size, h.root, h.latest)
	return err
}

// newestCheckpoint gives size and root of the newest checkpoint, or size 0.
func newestCheckpoint(tx *db.Tx) (head, error) {
	var h head
	err := tx.QueryRow(`select size, root from ledger_checkpoint order by size desc limit 1`).Scan(&h.size, &h.root)
	if errs.Is(err, errs.NotFound) {
		return head{}, nil
	}
	return h, err
}
