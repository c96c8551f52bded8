package backup

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"candor/internal/campaign"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/journal"
	"candor/internal/ledger"
	"candor/internal/message"
	"candor/internal/moment"
	"candor/internal/request"
)

// Keeper keeps database and protection journal together.
type Keeper struct {
	DB        *db.DB
	Journal   *journal.Journal
	Ledger    *ledger.Log
	Gate      *gate.Gate
	Desk      *request.Desk
	Campaigns *campaign.Book
	Clock     clock.Clock
	Log       *slog.Logger
}

// mark is how far the database knows the journal. It is a row of the database, so
// it is set back with it.
type mark struct {
	From int64        `json:"from"` // the acts up to here are in the database for certain
	Head journal.Head `json:"head"` // the journal reached here
}

// The settings of this package.
const (
	markSetting    = "journal.mark"
	pendingSetting = "restore.pending" // a restore whose work is not done: nothing serves
)

func readMark(tx *db.Tx) (m mark, err error) {
	err = readSetting(tx, markSetting, &m)
	return m, err
}

// readSetting leaves v as it is when there is none.
func readSetting(tx *db.Tx, name string, v any) error {
	var text string
	err := tx.QueryRow("select value from setting where name = $1", name).Scan(&text)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), v)
}

func writeSetting(tx *db.Tx, name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = tx.Exec("insert into setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value", name, string(text))
	return err
}

// pending is a restore that is under way.
type pending struct {
	At     clock.Instant `json:"at"`
	Reason string        `json:"reason"`
}

// Report is what CatchUp did.
type Report struct {
	Acts     int           // acts of the journal that were looked at
	Erasures int           // erasures among them
	Restored bool          // the database had been set back
	Epoch    *ledger.Epoch // the ledger's new epoch after a restore
	Stopped  int           // campaigns that were cancelled, since what they had sent is not known
	Unsent   int64         // messages that may have left and are not sent again
}

// CatchUp brings the database up to the journal. Nothing may serve, send or work
// in the background before it has returned without an error, and afterwards
// nothing is forgotten that protects a person. It can be killed and run again. It
// returns UNAVAILABLE when the journal is broken or ends before what is known of
// it, and when the database was set back by other means than Restore.
func (k *Keeper) CatchUp(ctx context.Context) (Report, error) {
	var out Report
	var m mark
	var p pending
	err := k.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if m, err = readMark(tx); err == nil {
			err = readSetting(tx, pendingSetting, &p)
		}
		return err
	})
	if err != nil {
		return out, err
	}
	out.Restored = p.Reason != ""
	if err := k.whole(ctx, m.Head); err != nil {
		return out, err
	}
	back, err := k.Ledger.Rewound(ctx)
	if err == nil && back && !out.Restored {
		err = errs.New(errs.Unavailable, ledger.Rewound, "the database is older than what was anchored: it was set back. Run candor restore --set-back, which brings protections back and opens a new epoch of the ledger")
	}
	if err != nil {
		return out, err
	}
	if out.Restored {
		if out.Stopped, out.Unsent, err = k.stopSending(ctx); err != nil {
			return out, err
		}
		moment.Reached(moment.Halted)
	}
	if err := k.replay(ctx, m.From, &out); err != nil {
		return out, err
	}
	if out.Restored {
		if err := k.Desk.FinishAll(ctx); err != nil {
			return out, err
		}
		if err := k.reopen(ctx, p, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// whole checks the journal against what database and anchors know of it.
func (k *Keeper) whole(ctx context.Context, known journal.Head) error {
	list, err := k.Ledger.Besides()
	if err != nil {
		return err
	}
	if n := len(list); n > 0 {
		var h journal.Head
		if err := json.Unmarshal(list[n-1], &h); err != nil {
			return errs.New(errs.Unavailable, ledger.LedgerTampered, "the last line of the anchor file cannot be read")
		}
		if h.Seq > known.Seq {
			known = h
		}
	}
	return k.Journal.Verify(ctx, known)
}

// order is the order of a replay: who must not be written to, who is erased, what
// people said.
var order = [][]journal.Kind{{journal.Suppression}, {journal.Erasure}, {journal.Withdrawal, journal.Objection, journal.Restriction}}

// replay makes the acts after a number hold. All of the journal's erasures are
// looked at in a restore, since a backup of the keys may be older than that of the
// data.
func (k *Keeper) replay(ctx context.Context, from int64, out *Report) error {
	head, err := k.Journal.Head()
	if err != nil {
		return err
	}
	if out.Restored {
		err := k.Journal.Replay(0, func(a journal.Act) error {
			if a.Kind != journal.Erasure {
				return nil
			}
			return k.Gate.DestroyKey(ctx, a.Customer)
		})
		if err != nil {
			return err
		}
	}
	for _, turn := range order {
		err := k.Journal.Replay(from, func(a journal.Act) error {
			if !slices.Contains(turn, a.Kind) {
				return nil
			}
			if out.Acts++; out.Acts > 1 {
				moment.Reached(moment.Replayed)
			}
			if a.Kind == journal.Erasure {
				out.Erasures++
				return k.Desk.EraseAgain(ctx, a)
			}
			return k.DB.Write(ctx, func(tx *db.Tx) error { return k.Gate.Replay(tx, a) })
		})
		if err != nil {
			return err
		}
	}
	return k.DB.Write(ctx, func(tx *db.Tx) error { return writeSetting(tx, markSetting, mark{head.Seq, head}) })
}

// stopSending sees to it that nothing is sent twice: what the backup holds as
// waiting may have left since.
func (k *Keeper) stopSending(ctx context.Context) (stopped int, unsent int64, err error) {
	if stopped, err = k.Campaigns.CancelAll(ctx); err != nil {
		return stopped, 0, err
	}
	err = k.DB.Write(ctx, func(tx *db.Tx) (err error) {
		unsent, err = message.Forget(tx, k.Clock.Now())
		return err
	})
	return stopped, unsent, err
}

// reopen begins the ledger's new epoch and ends the restore.
func (k *Keeper) reopen(ctx context.Context, p pending, out *Report) error {
	e, err := k.Ledger.Reopen(ctx, p.Reason)
	if err != nil {
		return err
	}
	out.Epoch = &e
	moment.Reached(moment.Reopened)
	return k.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec("delete from setting where name = $1", pendingSetting)
		return err
	})
}

// SetBack notes that a database was set back by other means, such as a snapshot
// of the machine. CatchUp does the rest.
func SetBack(tx *db.Tx, at clock.Instant, reason string) error {
	return writeSetting(tx, pendingSetting, pending{at, reason})
}

// markEvery is how often the database notes how far the journal reaches. An act is
// in the journal moments before its commit, so what an earlier note saw is in the
// database for certain by the next.
const markEvery = time.Minute

// Run notes how far the journal reaches until the context ends.
func (k *Keeper) Run(ctx context.Context) error {
	last, err := k.Journal.Head()
	if err != nil {
		return err
	}
	noted := last.Seq
	tick := time.NewTicker(markEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if last, noted, err = k.note(ctx, last, noted); err != nil && ctx.Err() == nil {
			k.Log.Warn("journal: its reach could not be noted", slog.String("code", string(errs.CodeOf(err))))
		}
	}
}

// note writes a mark when there is something new, and gives the head it saw.
func (k *Keeper) note(ctx context.Context, last journal.Head, noted int64) (journal.Head, int64, error) {
	head, err := k.Journal.Head()
	if err != nil || head.Seq == noted {
		return last, noted, err
	}
	err = k.DB.Write(ctx, func(tx *db.Tx) error { return writeSetting(tx, markSetting, mark{last.Seq, head}) })
	if err != nil {
		return last, noted, err
	}
	if last.Seq == head.Seq {
		noted = head.Seq
	}
	return head, noted, nil
}
