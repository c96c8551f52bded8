package sharing

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
)

const (
	atOnce      = 50 // deliveries read at a time
	firstRetry  = 30 * time.Second
	longestWait = 6 * time.Hour
	remindEvery = 24 * time.Hour // of a notice that was taken and not acknowledged
	maxAnswer   = 64 << 10
)

// Deliver sends what is due, the oldest first, until nothing is; then it sees to
// what was not acknowledged in time.
func (s *Service) Deliver(ctx context.Context) error {
	for {
		due, err := s.due(ctx)
		if err != nil {
			return err
		}
		for _, d := range due {
			if err := s.send(ctx, d); err != nil {
				return fmt.Errorf("sharing: delivery %s: %w", d.ID, err)
			}
		}
		if len(due) < atOnce {
			return s.lapse(ctx)
		}
	}
}

func (s *Service) due(ctx context.Context) ([]Delivery, error) {
	var out []Delivery
	now := s.Clock.Now()
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		const hooks = "recipient in (select recipient from recipient where kind = 'webhook')"
		rows, err := tx.Query("select "+noticeColumns+" from erasure_notice where state in ('planned', 'sent') and due_at <= $1 and "+hooks+
			" order by delivery_id limit $2", now, atOnce)
		if out, err = db.Collect(rows, err, scanNotice); err != nil {
			return err
		}
		rows, err = tx.Query("select "+deliveryColumns+" from delivery where state in ('planned', 'sent') and due_at <= $1 and "+hooks+
			" order by delivery_id limit $2", now, atOnce-len(out))
		more, err := db.Collect(rows, err, scanDelivery)
		out = append(out, more...)
		return err
	})
	return out, err
}

// parcel is a delivery ready to be posted.
type parcel struct {
	Delivery
	to   Recipient
	body []byte
}

// payload is what a recipient reads.
type payload struct {
	ID      id.Delivery           `json:"id"`
	Type    string                `json:"type"`
	At      clock.Instant         `json:"at"`
	Subject string                `json:"subject"` // the recipient's own reference to the person
	Purpose term.Purpose          `json:"purpose,omitempty"`
	Fields  map[term.Field]string `json:"fields,omitempty"`
	Consent *consentNews          `json:"consent,omitempty"`
	Answer  string                `json:"answer_by,omitempty"` // when it must be acknowledged at the latest
}

// consentNews is a consent record as a recipient hears of it. The origin lets
// two systems that tell each other see what came from themselves.
type consentNews struct {
	Kind    consent.Kind  `json:"kind"`
	Channel term.Channel  `json:"channel,omitempty"`
	At      clock.Instant `json:"recorded_at"`
	Origin  string        `json:"origin"`
}

// send makes one attempt. What is wrong with the recipient is kept with the
// delivery; an error is our own trouble.
func (s *Service) send(ctx context.Context, d Delivery) error {
	p, err := s.pack(ctx, d)
	if err != nil || p == nil {
		return err
	}
	state, code := s.post(ctx, p)
	return s.DB.Write(ctx, func(tx *db.Tx) error { return s.outcome(tx, p.Delivery, state, code) })
}

// pack makes the body in the transaction that records the use, after asking the
// gate once more. It gives nil when there is nothing to send now.
func (s *Service) pack(ctx context.Context, d Delivery) (*parcel, error) {
	if d.What == Data || d.What == Correct {
		if err := s.Gate.Warm(ctx, []id.Customer{d.Customer}); err != nil {
			return nil, err
		}
	}
	var out *parcel
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		out = nil
		to, err := s.get(tx, d.Recipient)
		if err != nil {
			return err
		}
		now := s.Clock.Now()
		if to.Suspended != "" && (d.What == Data || d.What == Correct || d.What == Consent) {
			return s.later(tx, d, now.Add(longestWait), to.Suspended, 0)
		}
		body, err := s.write(tx, to, d, now)
		if err != nil || body == nil {
			return err
		}
		out = &parcel{d, to, body}
		return s.later(tx, d, now.Add(wait(d.Attempts)), d.Code, 1)
	})
	return out, err
}

func wait(attempts int64) time.Duration {
	d := firstRetry
	for range min(attempts, 10) {
		d *= 2
	}
	return min(d, longestWait)
}

// later moves a delivery on to its next attempt.
func (s *Service) later(tx *db.Tx, d Delivery, due clock.Instant, code errs.Code, attempt int64) error {
	if d.What == Erase {
		_, err := tx.Exec(`update erasure_notice set due_at = $3, code = $4, attempts = attempts + $5
			where customer_id = $1 and delivery_id = $2`, d.Customer, d.ID, due, code, attempt)
		return err
	}
	_, err := tx.Exec(`update delivery set due_at = $3, code = $4, attempts = attempts + $5
		where customer_id = $1 and delivery_id = $2 and state in ('planned', 'sent')`, d.Customer, d.ID, due, code, attempt)
	return err
}

// write makes a delivery's body; nil when it is not to be sent any more.
func (s *Service) write(tx *db.Tx, to Recipient, d Delivery, now clock.Instant) ([]byte, error) {
	p := payload{ID: d.ID, At: now, Subject: to.Subject(d.Customer), Purpose: d.Purpose, Type: "customer." + string(d.What)}
	if by := d.deadline(); by != clock.Never {
		p.Answer = by.Time().UTC().Format(time.RFC3339)
	}
	var err error
	switch d.What {
	case Data, Correct:
		if p.Fields, err = s.open(tx, to, d); err != nil || p.Fields == nil {
			return nil, err
		}
	case Consent:
		r, err := consent.Get(tx, d.Record)
		if err != nil {
			return nil, ignoreNotFound(err)
		}
		p.Consent = &consentNews{r.Kind, r.Channel, r.RecordedAt, r.Source}
	}
	return json.Marshal(p)
}

// open asks the gate and reads the fields that the recipient gets for the
// purpose. When the gate denies, the delivery ends.
func (s *Service) open(tx *db.Tx, to Recipient, d Delivery) (map[term.Field]string, error) {
	pass, decision, err := s.Gate.Use(tx, gate.Request{Customer: d.Customer, Controller: to.Controller, Purpose: d.Purpose,
		Operation: term.Share, Fields: d.Fields, Recipient: to.Name, Actor: "program:sharing"})
	if errs.Is(err, errs.NotFound) {
		return nil, nil // erased; the row goes with them
	}
	if err != nil {
		return nil, err
	}
	if !decision.Allowed() {
		_, err := tx.Exec("update delivery set state = 'denied', code = $3 where customer_id = $1 and delivery_id = $2",
			d.Customer, d.ID, decision.Reasons[0].Code)
		return nil, err
	}
	values, err := read(tx, pass)
	if err != nil {
		return nil, err
	}
	out := map[term.Field]string{}
	for f, v := range values {
		out[f] = v.Reveal()
	}
	_, err = tx.Exec("update delivery set fields = $3 where customer_id = $1 and delivery_id = $2", d.Customer, d.ID, names(values))
	return out, err
}

// read gives the values that a pass opens and that are known.
func read(tx *db.Tx, pass gate.Pass) (map[term.Field]personal.Value, error) {
	out := map[term.Field]personal.Value{}
	for _, f := range pass.Fields() {
		v, err := pass.Value(tx.Context(), tx, f)
		if err != nil {
			return nil, err
		}
		if !v.IsZero() {
			out[f] = v
		}
	}
	return out, nil
}

// post sends a parcel and says what the recipient made of it.
func (s *Service) post(ctx context.Context, p *parcel) (State, errs.Code) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.to.URL, bytes.NewReader(p.body))
	if err != nil {
		return Planned, "bad_url"
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Candor")
	sign(req.Header, p.to.secret, p.ID.String(), s.Clock.Now(), p.body)
	res, err := s.Door.Client().Do(req)
	if err != nil {
		return Planned, codeOr(err, "unreachable")
	}
	defer func() { _ = res.Body.Close() }()
	answer, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if res.StatusCode/100 != 2 {
		return Planned, errs.Code(fmt.Sprintf("http_%d", res.StatusCode))
	}
	var said struct {
		Acknowledged string `json:"acknowledged"`
	}
	if json.Unmarshal(answer, &said) == nil && said.Acknowledged == p.ID.String() {
		return Acknowledged, ""
	}
	return Sent, ""
}

func codeOr(err error, other errs.Code) errs.Code {
	if c := errs.CodeOf(err); c != "" {
		return c
	}
	return other
}

// outcome keeps what became of an attempt.
func (s *Service) outcome(tx *db.Tx, d Delivery, state State, code errs.Code) error {
	now := s.Clock.Now()
	switch {
	case state == Acknowledged:
		return s.acknowledge(tx, d, now)
	case state == Planned:
		return s.later(tx, d, now.Add(wait(d.Attempts)), code, 0)
	case d.What == Erase:
		_, err := tx.Exec(`update erasure_notice set state = 'sent', code = '', sent_at = $3, due_at = $4
			where customer_id = $1 and delivery_id = $2 and state = 'planned'`, d.Customer, d.ID, now, now.Add(remindEvery))
		return err
	}
	due := clock.Never
	if d.deadline() != clock.Never {
		due = now.Add(remindEvery)
	}
	_, err := tx.Exec(`update delivery set state = 'sent', code = '', sent_at = $3, due_at = $4
		where customer_id = $1 and delivery_id = $2 and state in ('planned', 'sent')`, d.Customer, d.ID, now, due)
	return err
}

// lapse ends what was not acknowledged in time, and gives those recipients
// nothing more (VEN-08).
func (s *Service) lapse(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		now := s.Clock.Now()
		late := map[term.Recipient]bool{}
		for _, q := range []string{
			`update erasure_notice set state = 'lapsed' where state in ('planned', 'sent') and planned_at <= $1 returning recipient`,
			`update delivery set state = 'lapsed' where state in ('planned', 'sent') and kind = 'correct' and planned_at <= $1 returning recipient`,
			`update delivery set state = 'lapsed' where state in ('planned', 'sent') and kind = 'stop' and planned_at <= $1 returning recipient`,
		} {
			within := answerWithin
			if strings.Contains(q, "'stop'") {
				within = stopWithin
			}
			rows, err := tx.Query(q, now.Add(-within))
			names, err := db.Collect(rows, err, func(scan db.Scan) (r term.Recipient, err error) { return r, scan(&r) })
			if err != nil {
				return err
			}
			for _, r := range names {
				late[r] = true
			}
		}
		for r := range late {
			if err := s.suspend(tx, r, "not_acknowledged"); err != nil {
				return err
			}
		}
		return nil
	})
}
