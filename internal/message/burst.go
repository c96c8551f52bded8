package message

import (
	"context"
	"slices"
	"strconv"

	"candor/internal/db"
	"candor/internal/moment"
)

// burstSize is how many mails of a group are on their way at a time. Before the
// first of them begins, the database knows which they are; with the same commit
// the burst before is settled. So a process that dies leaves at most this many
// mails a connection of which nobody can say whether they left.
const burstSize = 8

// deliver sends a group that was handed over, burst by burst, and writes down
// what became of it.
func (s *Sender) deliver(ctx context.Context, holder string, w *wire, group []ready) error {
	ctx = context.WithoutCancel(ctx)
	defer func() { s.keep(w, false) }()
	var done []result
	for burst := range slices.Chunk(group, burstSize) {
		begun, err := s.settle(ctx, holder, done, burst)
		if err != nil {
			return err // what did not begin is taken up again when its lease ends
		}
		moment.Reached(moment.Begun)
		done, w = s.transmit(ctx, w, begun)
		moment.Reached(moment.Left)
	}
	_, err := s.settle(ctx, holder, done, nil)
	return err
}

// begin marks a burst as begun and gives what of it may leave. A message whose
// recipient withdrew since the last check is cancelled; one whose lease ended
// belongs to whoever takes it next.
func (s *Sender) begin(tx *db.Tx, holder string, burst []ready) ([]ready, error) {
	now := s.clock.Now()
	sends := make([]Send, 0, len(burst))
	for _, r := range burst {
		sends = append(sends, r.send)
	}
	may := map[string]bool{}
	err := db.In(tx, customersOf(sends), func(marks string, args []any) error {
		n := len(args)
		rows, err := tx.Query("update send set begun = 1 where customer_id in ("+marks+") and state = 'handed' and overtaken_at = 0 and holder = $"+
			strconv.Itoa(n+1)+" and lease_until > $"+strconv.Itoa(n+2)+" returning send_key", append(args, holder, now)...)
		return db.Each(rows, err, func(scan db.Scan) error {
			var key []byte
			err := scan(&key)
			may[string(key)] = true
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	var out []ready
	for _, r := range burst {
		if may[string(r.send.Key)] {
			out = append(out, r)
			continue
		}
		for _, q := range neverBegan {
			if _, err := tx.Exec(q+"holder = $2 and customer_id = $3 and send_key = $4", now, holder, r.send.Customer, r.send.Key); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// neverBegan is for messages that were handed over and surely did not leave: it
// is as if they had not been handed over. They are checked anew, or cancelled
// when their recipient withdrew.
var neverBegan = []string{
	`update send set state = 'cancelled', ended_at = $1, payload = '', attempt = attempt - 1, holder = '', lease_until = 0 where state = 'handed' and overtaken_at > 0 and `,
	`update send set state = 'planned', due_at = $1, attempt = attempt - 1, holder = '', lease_until = 0 where state = 'handed' and overtaken_at = 0 and `,
}

// Recover looks at sends whose lease ended: the process that held them died.
// What had not begun is planned again, whether claimed or handed over. What had
// begun may have left: it is uncertain, and marketing is never sent again by
// itself; a service message goes once more with the same Message-ID.
func (s *Sender) Recover(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		now := s.clock.Now()
		list := []string{`update send set state = 'planned', due_at = $1, holder = '', lease_until = 0 where state = 'claimed' and lease_until < $1`}
		for _, q := range neverBegan {
			list = append(list, q+"begun = 0 and lease_until < $1")
		}
		list = append(list, `update send set state = 'planned', due_at = $1, holder = '', lease_until = 0 where state = 'handed' and lease_until < $1
			and class = 'service' and attempt = 1 and overtaken_at = 0`)
		for _, q := range list {
			if _, err := tx.Exec(q, now); err != nil {
				return err
			}
		}
		return s.doubt(tx)
	})
}

// doubt ends what had begun when its process died.
func (s *Sender) doubt(tx *db.Tx) error {
	now := s.clock.Now()
	rows, err := tx.Query("select "+sendColumns+" from send where state = 'handed' and overtaken_at > 0 and lease_until < $1", now)
	overtaken, err := db.Collect(rows, err, scanSend)
	if err != nil {
		return err
	}
	for _, send := range overtaken {
		if err := s.settleOvertaken(tx, send, Uncertain, send.Overtaken); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`update send set state = 'uncertain', holder = '', lease_until = 0, ended_at = $1, payload = '' where state = 'handed' and lease_until < $1`, now)
	return err
}
