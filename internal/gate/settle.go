package gate

import (
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
)

// Changed is the payload of TopicStanding: ids and names of the charter only.
type Changed struct {
	Customer  id.Customer   `json:"customer"`
	Tightened []StandingKey `json:"tightened,omitempty"`
	Opened    []StandingKey `json:"opened,omitempty"`
}

// settle works out the customer's standing from the facts as they are now and
// writes what changed. When anything became less, the hooks run.
func (h *hold) settle() (Effects, error) {
	before, err := standingOf(h.tx, h.id)
	if err != nil {
		return Effects{}, err
	}
	after := Project(h.facts, h.law, h.at)
	if err := h.store(before, after); err != nil {
		return Effects{}, err
	}
	if err := h.forgetInferences(after); err != nil {
		return Effects{}, err
	}
	h.effects.Tightened, h.effects.Opened = changes(before, after, h.at)
	if len(h.effects.Tightened) > 0 {
		for _, hook := range h.g.hooks {
			left, err := hook(h.tx, h.id, h.effects.Tightened)
			if err != nil {
				return Effects{}, err
			}
			h.effects.Left = append(h.effects.Left, left...)
		}
	}
	if len(h.effects.Tightened)+len(h.effects.Opened) > 0 && len(before) > 0 {
		err = h.g.outbox.Publish(h.tx, TopicStanding, Changed{h.id, h.effects.Tightened, h.effects.Opened})
	}
	return h.effects, err
}

// store replaces the rows when they differ, and notes under which law they were
// worked out.
func (h *hold) store(before, after []Standing) error {
	if !same(before, after) {
		if len(before) > 0 {
			if _, err := h.tx.Exec(`delete from standing where customer_id = $1`, h.id); err != nil {
				return err
			}
		}
		rows := make([][]any, len(after))
		for i, s := range after {
			rows[i] = []any{h.id, s.Controller, s.Purpose, s.Channel, s.Recipient, s.Scope, s.From, s.Until, s.Ops, s.Because,
				s.Basis, s.Evidence, s.CharterVersion, s.PackVersion, s.Rules}
		}
		if _, err := h.tx.InsertMany(`insert into standing (`+standingColumns+`) values`, "", rows); err != nil {
			return err
		}
	}
	_, err := h.tx.Exec(`insert into standing_law (customer_id, law, rev, computed_at) values ($1, $2, $3, $4)
		on conflict (customer_id) do update set law = excluded.law, rev = excluded.rev, computed_at = excluded.computed_at`,
		h.id, h.law.Print, h.rev, h.at)
	return err
}

const standingColumns = `customer_id, controller, purpose, channel, recipient, scope, from_at, until_at, ops, reasons,
	basis, evidence, charter_version, pack_version, rules`

// standingOf reads all intervals of a customer, those of one slot in order.
func standingOf(tx *db.Tx, c id.Customer) ([]Standing, error) {
	rows, err := tx.Query(`select `+standingColumns+` from standing where customer_id = $1
		order by controller, purpose, channel, recipient, scope, from_at`, c)
	return db.Collect(rows, err, scanStanding)
}

func scanStanding(scan db.Scan) (Standing, error) {
	s, _, err := scanOwned(scan)
	return s, err
}

func scanOwned(scan db.Scan) (Standing, id.Customer, error) {
	var s Standing
	var c id.Customer
	err := scan(&c, &s.Controller, &s.Purpose, &s.Channel, &s.Recipient, &s.Scope, &s.From, &s.Until, &s.Ops, &s.Because,
		&s.Basis, &s.Evidence, &s.CharterVersion, &s.PackVersion, &s.Rules)
	return s, c, err
}

// same compares two standings whatever the order of their slots.
func same(a, b []Standing) bool {
	if len(a) != len(b) {
		return false
	}
	type place struct {
		StandingKey
		from clock.Instant
	}
	all := make(map[place]Standing, len(a))
	for _, s := range a {
		all[place{s.StandingKey, s.From}] = s
	}
	for _, s := range b {
		if all[place{s.StandingKey, s.From}] != s {
			return false
		}
	}
	return true
}

// changes compares what is allowed at an instant before and after.
func changes(before, after []Standing, at clock.Instant) (tightened, opened []StandingKey) {
	was := map[StandingKey]Ops{}
	for _, s := range before {
		if s.From <= at && at < s.Until {
			was[s.StandingKey] = s.Ops
		}
	}
	for _, s := range after {
		if s.From > at || at >= s.Until {
			continue
		}
		old := was[s.StandingKey]
		delete(was, s.StandingKey)
		if old&^s.Ops != 0 {
			tightened = append(tightened, s.StandingKey)
		}
		if s.Ops&^old&opWork != 0 {
			opened = append(opened, s.StandingKey)
		}
	}
	for _, s := range before { // slots that the charter no longer has
		if ops, gone := was[s.StandingKey]; gone && ops != 0 {
			tightened = append(tightened, s.StandingKey)
			delete(was, s.StandingKey)
		}
	}
	return tightened, opened
}
