package message

import (
	"context"
	"maps"
	"slices"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

// tightened runs in the transaction of withdrawals, under the customers' locks:
// it ends what waits and names what is on its way.
func (s *Sender) tightened(tx *db.Tx, fewer map[id.Customer][]gate.StandingKey) (map[id.Customer][]string, error) {
	left := map[id.Customer][]string{}
	err := db.In(tx, slices.Sorted(maps.Keys(fewer)), func(marks string, args []any) error {
		rows, err := tx.Query("select "+sendColumns+" from send where customer_id in ("+marks+`) and state in ('planned', 'claimed', 'handed')
			and program <> 'service' order by customer_id, send_key`, args...)
		sends, err := db.Collect(rows, err, scanSend)
		if err != nil {
			return err
		}
		for _, send := range sends {
			if !touches(fewer[send.Customer], send) {
				continue
			}
			named, err := s.overtake(tx, send)
			if err != nil {
				return err
			}
			if named {
				left[send.Customer] = append(left[send.Customer], send.Message.String())
			}
		}
		return nil
	})
	return left, err
}

// overtake ends one message that waits, or notes on one that is on its way that
// it was overtaken. It reports whether that is to be told, which the first
// withdrawal does.
func (s *Sender) overtake(tx *db.Tx, send Send) (named bool, err error) {
	d, err := s.gate.Decide(tx, gate.Request{Customer: send.Customer, Controller: send.Controller, Purpose: send.Purpose,
		Operation: term.Serve, Channel: send.Channel, Actor: term.Actor("program:" + send.Program)})
	if err != nil || d.Allowed() { // something else than sending was taken away
		return false, err
	}
	now := s.clock.Now()
	if send.State != Handed {
		return false, s.end(tx, send, Cancelled, codesOf(d), now)
	}
	n, err := tx.Exec("update send set overtaken_at = $3, reasons = $4 where customer_id = $1 and send_key = $2 and overtaken_at = 0",
		send.Customer, send.Key, now, joinCodes(codesOf(d)))
	return n == 1, err
}

func touches(keys []gate.StandingKey, s Send) bool {
	for _, k := range keys {
		if k.Controller == s.Controller && k.Purpose == s.Purpose && (k.Channel == s.Channel || k.Channel == "") {
			return true
		}
	}
	return false
}

// Left is a message that was on its way when its recipient withdrew, in words
// that can be shown to them.
type Left struct {
	Message id.Message    `json:"message_id"`
	Purpose term.Purpose  `json:"purpose"`
	Channel term.Channel  `json:"channel"`
	At      clock.Instant `json:"at"`    // when it was handed over
	State   State         `json:"state"` // handed while nothing is known yet
}

// patience is how long the answer to a withdrawal waits for messages that are on
// their way.
const patience = 5 * time.Second

// Departed waits, up to five seconds, until it is known what became of the messages
// that a withdrawal overtook, and gives those that left or may yet have. What was
// only handed over and had not begun is cancelled by then. An answer to a withdrawal
// is given after it: once it is given, nothing that it does not name leaves.
func (s *Sender) Departed(ctx context.Context, c id.Customer, overtaken []string) ([]string, error) {
	if len(overtaken) == 0 {
		return nil, nil
	}
	list, err := s.AwaitLeft(ctx, c, patience)
	var out []string
	for _, l := range list {
		if name := l.Message.String(); slices.Contains(overtaken, name) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out, err
}

// AwaitLeft waits, at most so long, until it is known what became of the
// messages that were on their way to a customer when they withdrew, and gives
// those that left or may yet have.
func (s *Sender) AwaitLeft(ctx context.Context, c id.Customer, atMost time.Duration) ([]Left, error) {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		list, waiting, err := s.leftOf(c)
		if err != nil || !waiting {
			return list, err
		}
		select {
		case <-ctx.Done():
			return list, nil
		case <-tick.C:
		}
	}
}

func (s *Sender) leftOf(c id.Customer) (list []Left, waiting bool, err error) {
	err = s.db.Read(context.Background(), func(tx *db.Tx) error {
		rows, err := tx.Query(`select message_id, purpose, channel, handed_at, state from send
			where customer_id = $1 and overtaken_at > 0 and state in ('handed', 'accepted', 'uncertain') order by handed_at`, c)
		list, err = db.Collect(rows, err, func(scan db.Scan) (l Left, err error) {
			return l, scan(&l.Message, &l.Purpose, &l.Channel, &l.At, &l.State)
		})
		return err
	})
	for _, l := range list {
		waiting = waiting || l.State == Handed
	}
	return list, waiting, err
}
