package message

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/term"
)

// The kinds of the sender's ledger entries. None holds who it was: the send's
// row points to its entry.
const (
	KindHanded    ledger.Kind = "send.handed"    // allowed at the last moment, on its way
	KindDenied    ledger.Kind = "send.denied"    // not sent, with all reasons
	KindOvertaken ledger.Kind = "send.overtaken" // a withdrawal came while it was on its way: an incident
)

// Entry is what the ledger says of a send.
type Entry struct {
	Program string          `json:"program"`
	Message id.Message      `json:"message"`
	Control term.Controller `json:"controller"`
	Purpose term.Purpose    `json:"purpose"`
	Channel term.Channel    `json:"channel"`
	Class   Class           `json:"class"`
	Content string          `json:"content_hash,omitempty"` // of the approved content
	Basis   string          `json:"basis,omitempty"`
	Charter int64           `json:"charter_version,omitempty"`
	Packs   string          `json:"pack_version,omitempty"`
	Reasons []errs.Code     `json:"reasons,omitempty"`
	Attempt int64           `json:"attempt,omitempty"`
}

// claim takes up to n sends that are due for a holder. Nothing else can take
// them until the lease ends.
func (s *Sender) claim(ctx context.Context, holder string, n int) ([]Send, error) {
	var out []Send
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		now := s.clock.Now()
		rows, err := tx.Query(`select customer_id, send_key from send where state = 'planned' and due_at <= $1
			and message_id not in (select message_id from message where stopped = 1) order by due_at limit $2`, now, n)
		due, err := db.Collect(rows, err, func(scan db.Scan) (x Send, err error) { return x, scan(&x.Customer, &x.Key) })
		if err != nil {
			return err
		}
		out = out[:0]
		each := make([][]any, len(due))
		for i, x := range due {
			each[i] = []any{x.Customer, x.Key, holder, now.Add(leaseTime)}
		}
		return tx.ChangeReturning("v (c, k, h, l)", `update send set state = 'claimed', holder = v.h, lease_until = v.l from v
			where customer_id = v.c and send_key = v.k and state = 'planned' returning customer_id, send_key`, each, func(scan db.Scan) error {
			var x Send
			err := scan(&x.Customer, &x.Key)
			out = append(out, x)
			return err
		})
	})
	slices.SortFunc(out, func(a, b Send) int { return cmp.Compare(a.Customer, b.Customer) })
	return out, err
}

// handOver is the last check, for a group in one transaction: each recipient
// with a lock, a decision and a ledger entry of its own. What it gives has been
// allowed and is marked as handed over; it must be sent at once.
func (s *Sender) handOver(ctx context.Context, holder string, group []Send) ([]ready, error) {
	ids := customersOf(group)
	if err := s.gate.Warm(ctx, ids); err != nil {
		return nil, err
	}
	var out []ready
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		out = out[:0]
		now, err := s.now()
		if err != nil {
			return err
		}
		here, err := lockAll(tx, ids)
		if err != nil {
			return err
		}
		c, err := s.charter.Current(tx)
		if err != nil {
			return errs.Wrap(err, errs.Unavailable, errs.FailClosed, "no charter can be read, so nothing is sent")
		}
		sends, err := stillClaimed(tx, here, holder)
		if err != nil {
			return err
		}
		l := lastCheck{Sender: s, tx: tx, charter: c, now: now, here: here, drafts: map[id.Message]*approved{}}
		out, err = l.all(sends)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func customersOf(group []Send) []id.Customer {
	out := make([]id.Customer, 0, len(group))
	for _, s := range group {
		out = append(out, s.Customer)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// lockAll locks the customers in ascending order and gives those that exist: of
// one who was erased the sends go too.
func lockAll(tx *db.Tx, ids []id.Customer) (here []id.Customer, err error) {
	revs, err := customer.LockAll(tx, ids)
	return slices.Sorted(maps.Keys(revs)), err
}

// stillClaimed reads a holder's sends after their customers' locks, in a
// statement of its own: a withdrawal that committed before a lock has cancelled
// them.
func stillClaimed(tx *db.Tx, list []id.Customer, holder string) ([]Send, error) {
	var out []Send
	err := db.In(tx, list, func(marks string, args []any) error {
		rows, err := tx.Query("select "+sendColumns+" from send where customer_id in ("+marks+") and state = 'claimed' and holder = $"+
			strconv.Itoa(len(args)+1)+" order by customer_id, send_key", append(args, holder)...)
		found, err := db.Collect(rows, err, scanSend)
		out = append(out, found...)
		return err
	})
	return out, err
}

// putBack leaves a claimed send for later.
func putBack(tx *db.Tx, send Send, due clock.Instant) error {
	_, err := tx.Exec(`update send set state = 'planned', holder = '', lease_until = 0, due_at = $3
		where customer_id = $1 and send_key = $2 and state = 'claimed'`, send.Customer, send.Key, due)
	return err
}
