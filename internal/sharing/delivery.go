package sharing

import (
	"slices"
	"strings"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// What says what a delivery is about.
type What string

// The kinds of deliveries.
const (
	Data    What = "data"    // declared fields, for a purpose
	Correct What = "correct" // fields given before, as they are now
	Stop    What = "stop"    // the permission ended: use nothing more for the purpose, delete what nothing else needs
	Consent What = "consent" // a consent record of a person it knows
	Erase   What = "erase"   // the person was erased: delete everything
)

// State is how far a delivery is.
type State string

// The states.
const (
	Planned      State = "planned"
	Sent         State = "sent"         // taken by the recipient, which has yet to acknowledge
	Acknowledged State = "acknowledged" // the recipient says that it is done
	Cancelled    State = "cancelled"    // overtaken by a stop or an erasure before it left
	Denied       State = "denied"       // the gate said no at the moment of leaving
	Lapsed       State = "lapsed"       // not acknowledged in time
)

// Delivery is one thing given or told to a recipient about one customer.
type Delivery struct {
	ID        id.Delivery    `json:"delivery_id"`
	Customer  id.Customer    `json:"customer_id,omitzero"`
	Recipient term.Recipient `json:"recipient"`
	Purpose   term.Purpose   `json:"purpose,omitempty"`
	What      What           `json:"kind"`
	Fields    []term.Field   `json:"fields,omitempty"`
	Record    id.Record      `json:"record_id,omitzero"`
	Request   id.Request     `json:"request_id,omitzero"` // of an erasure
	State     State          `json:"state"`
	Code      errs.Code      `json:"code,omitempty"` // of the last failure
	Attempts  int64          `json:"attempts"`
	PlannedAt clock.Instant  `json:"planned_at"`
	DueAt     clock.Instant  `json:"due_at"`
	SentAt    clock.Instant  `json:"sent_at,omitzero"`
	AckedAt   clock.Instant  `json:"acked_at,omitzero"`
}

// deadline is when a delivery must have been acknowledged; data need not be.
func (d Delivery) deadline() clock.Instant {
	switch d.What {
	case Stop:
		return d.PlannedAt.Add(stopWithin)
	case Erase, Correct:
		return d.PlannedAt.Add(answerWithin)
	}
	return clock.Never
}

const deliveryColumns = `customer_id, delivery_id, recipient, purpose, kind, fields, record_id, state, code, attempts, planned_at, due_at, sent_at, acked_at`

func scanDelivery(scan db.Scan) (d Delivery, err error) {
	var fields string
	err = scan(&d.Customer, &d.ID, &d.Recipient, &d.Purpose, &d.What, &fields, &d.Record, &d.State, &d.Code, &d.Attempts,
		&d.PlannedAt, &d.DueAt, &d.SentAt, &d.AckedAt)
	for f := range strings.SplitSeq(fields, ",") {
		if f != "" {
			d.Fields = append(d.Fields, term.Field(f))
		}
	}
	return d, err
}

const noticeColumns = `customer_id, request_id, delivery_id, recipient, state, code, attempts, planned_at, due_at, sent_at, acked_at`

func scanNotice(scan db.Scan) (d Delivery, err error) {
	d.What = Erase
	err = scan(&d.Customer, &d.Request, &d.ID, &d.Recipient, &d.State, &d.Code, &d.Attempts, &d.PlannedAt, &d.DueAt, &d.SentAt, &d.AckedAt)
	return d, err
}

// names lists fields as a row keeps them.
func names[V any](fields map[term.Field]V) string {
	var out []string
	for f := range fields {
		out = append(out, string(f))
	}
	slices.Sort(out)
	return strings.Join(out, ",")
}

// plan writes a delivery and has it sent.
func (s *Service) plan(tx *db.Tx, d Delivery) (Delivery, error) {
	d.ID, d.State, d.PlannedAt = id.New[id.Delivery](), Planned, s.Clock.Now()
	d.DueAt = d.PlannedAt
	fields := map[term.Field]bool{}
	for _, f := range d.Fields {
		fields[f] = true
	}
	r, err := s.get(tx, d.Recipient)
	if err != nil {
		return d, err
	}
	_, err = tx.Exec(`insert into delivery (`+deliveryColumns+`, controller) values ($1, $2, $3, $4, $5, $6, $7, $8, '', 0, $9, $10, 0, 0, $11)`,
		d.Customer, d.ID, d.Recipient, d.Purpose, d.What, names(fields), d.Record, d.State, d.PlannedAt, d.DueAt, r.Controller)
	if err != nil {
		return d, err
	}
	return d, s.wake(tx)
}

// Of lists what recipients were given and told of a customer, newest first.
func Of(tx *db.Tx, c id.Customer, limit int) ([]Delivery, error) {
	rows, err := tx.Query("select "+deliveryColumns+" from delivery where customer_id = $1 order by delivery_id desc limit $2", c, limit)
	return db.Collect(rows, err, scanDelivery)
}

// To lists deliveries to a recipient after a cursor, oldest first.
func To(tx *db.Tx, r term.Recipient, after id.Delivery, limit int) ([]Delivery, error) {
	rows, err := tx.Query("select "+deliveryColumns+" from delivery where recipient = $1 and delivery_id > $2 order by delivery_id limit $3", r, after, limit)
	out, err := db.Collect(rows, err, scanDelivery)
	if err != nil {
		return nil, err
	}
	rows, err = tx.Query("select "+noticeColumns+" from erasure_notice where recipient = $1 and delivery_id > $2 order by delivery_id limit $3", r, after, limit)
	notices, err := db.Collect(rows, err, scanNotice)
	out = append(out, notices...)
	slices.SortFunc(out, func(a, b Delivery) int { return int(min(1, max(-1, a.ID-b.ID))) })
	return out[:min(len(out), limit)], err
}

// given reports whether a recipient may hold data of a customer: something was
// sent, or an attempt was made.
func given(all []Delivery, r term.Recipient) bool {
	return slices.ContainsFunc(all, func(d Delivery) bool {
		return d.Recipient == r && (d.What == Data || d.What == Correct) && (d.Attempts > 0 || !d.SentAt.IsZero())
	})
}

// history reads all that was planned about a customer.
func history(tx *db.Tx, c id.Customer) ([]Delivery, error) {
	rows, err := tx.Query("select "+deliveryColumns+" from delivery where customer_id = $1 order by delivery_id", c)
	return db.Collect(rows, err, scanDelivery)
}

// cancelData ends data that wait to leave, since a stop or an erasure came first.
func cancelData(tx *db.Tx, c id.Customer, r term.Recipient, p term.Purpose) error {
	_, err := tx.Exec(`update delivery set state = 'cancelled' where customer_id = $1 and recipient = $2 and (purpose = $3 or $3 = '')
		and state = 'planned' and kind in ('data', 'correct')`, c, r, p)
	return err
}
