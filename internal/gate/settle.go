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

// settle writes what the hold put on record, works out the customer's standing
// from the facts as they are now, and writes what of it changed. When anything
// became less, the hooks run.
func (h *hold) settle() (Effects, error) {
	err := h.g.settle(h.tx, []*hold{h})
	return h.effects, err
}

// settle is that for the holds of one transaction.
func (g *Gate) settle(tx *db.Tx, list []*hold) error {
	if len(list) == 0 {
		return nil
	}
	if err := list[0].flush(g, tx); err != nil {
		return err
	}
	ids := make([]id.Customer, len(list))
	for i, h := range list {
		ids[i] = h.id
	}
	before, err := standingsOf(tx, ids)
	if err != nil {
		return err
	}
	var rows, gone, whole [][]any
	var changed []any
	for _, h := range list {
		was, now := before[h.id], Project(h.facts, h.law, h.at)
		more, less := differ(was, now)
		for _, s := range more {
			rows = append(rows, s.row(h.id))
		}
		for _, s := range less {
			gone = append(gone, []any{h.id, s.Controller, s.Purpose, s.Channel, s.Recipient, s.nth})
		}
		if err := h.forgetInferences(now); err != nil {
			return err
		}
		whole = append(whole, []any{h.id, h.law.Print, h.rev, h.at, pack(now)})
		h.effects.Tightened, h.effects.Opened = changes(was, now, h.at)
		if len(h.effects.Tightened)+len(h.effects.Opened) > 0 && len(was) > 0 {
			changed = append(changed, Changed{h.id, h.effects.Tightened, h.effects.Opened})
		}
	}
	if _, err := tx.InsertMany(`insert into standing (`+standingColumns+`) values`, standingUpsert, rows); err != nil {
		return err
	}
	err = tx.QueryEach(`delete from standing where customer_id = $1 and controller = $2 and purpose = $3 and channel = $4
		and recipient = $5 and nth = $6`, gone, func(int, db.Scan) error { return nil })
	if err != nil {
		return err
	}
	if err := writeWhole(tx, whole); err != nil {
		return err
	}
	if err := g.tighten(tx, list); err != nil {
		return err
	}
	return g.outbox.PublishAll(tx, TopicStanding, changed)
}

// writeWhole writes whole standings. The law rarely changes, and while it does
// not, its index is left alone.
func writeWhole(tx *db.Tx, rows [][]any) error {
	const insert = `insert into standing_whole (customer_id, law, rev, computed_at, packed) values`
	n, err := tx.InsertMany(insert, `on conflict (customer_id) do update set rev = excluded.rev, computed_at = excluded.computed_at,
		packed = excluded.packed where standing_whole.law = excluded.law`, rows)
	if err != nil || n == int64(len(rows)) {
		return err
	}
	_, err = tx.InsertMany(insert, `on conflict (customer_id) do update set law = excluded.law, rev = excluded.rev,
		computed_at = excluded.computed_at, packed = excluded.packed`, rows)
	return err
}

// tighten runs the hooks for those of whom anything became less.
func (g *Gate) tighten(tx *db.Tx, list []*hold) error {
	fewer := map[id.Customer][]StandingKey{}
	for _, h := range list {
		if len(h.effects.Tightened) > 0 {
			fewer[h.id] = h.effects.Tightened
		}
	}
	if len(fewer) == 0 {
		return nil
	}
	for _, hook := range g.hooks {
		left, err := hook(tx, fewer)
		if err != nil {
			return err
		}
		for _, h := range list {
			h.effects.Left = append(h.effects.Left, left[h.id]...)
		}
	}
	return nil
}

// interval is a standing with its place among those of its slot.
type interval struct {
	Standing
	nth int
}

type place struct {
	StandingKey
	nth int
}

// numbered numbers the intervals of each slot, which follow each other.
func numbered(list []Standing) []interval {
	out := make([]interval, len(list))
	for i, s := range list {
		out[i].Standing = s
		if i > 0 && list[i-1].StandingKey == s.StandingKey {
			out[i].nth = out[i-1].nth + 1
		}
	}
	return out
}

// differ gives the intervals to be written and those that are no more.
func differ(before, after []Standing) (changed, gone []interval) {
	was := make(map[place]Standing, len(before))
	for _, s := range numbered(before) {
		was[place{s.StandingKey, s.nth}] = s.Standing
	}
	for _, s := range numbered(after) {
		at := place{s.StandingKey, s.nth}
		if was[at].inRow() != s.inRow() {
			changed = append(changed, s)
		}
		delete(was, at)
	}
	for at, s := range was {
		gone = append(gone, interval{s, at.nth})
	}
	return changed, gone
}

func (s interval) row(c id.Customer) []any {
	return []any{c, s.Controller, s.Purpose, s.Channel, s.Recipient, s.nth, s.From, s.Until, s.Ops, s.Because, s.Basis, s.Rules}
}

// inRow is the part of a standing that its row holds.
func (s Standing) inRow() Standing {
	s.Scope, s.Evidence, s.CharterVersion, s.PackVersion = "", "", 0, ""
	return s
}

const standingColumns = `customer_id, controller, purpose, channel, recipient, nth, from_at, until_at, ops, reasons, basis, rules`

const standingUpsert = `on conflict (customer_id, controller, purpose, channel, recipient, nth) do update set
	from_at = excluded.from_at, until_at = excluded.until_at, ops = excluded.ops, reasons = excluded.reasons,
	basis = excluded.basis, rules = excluded.rules`

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
