package gate

import (
	"context"
	"maps"
	"slices"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/observe"
	"candor/internal/term"
)

// Decide answers a request by comparing the customer's standing with the time
// and with the rules in force: the mode "check", which is not stored.
//
// When it cannot decide, the answer is DENY with E_FAIL_CLOSED and the error
// says why (UNAVAILABLE): one customer's DENY is about that customer, the error
// is about all (SEC-10).
func (g *Gate) Decide(tx *db.Tx, r Request) (Decision, error) {
	out, err := g.DecideMany(tx, []Request{r})
	return out[0], err
}

// DecideMany answers many requests with one reading of the law and as few reads
// of standing as there are hundreds of customers. The answers are in the order
// of the requests; on an error all of them are DENY with E_FAIL_CLOSED.
func (g *Gate) DecideMany(tx *db.Tx, list []Request) ([]Decision, error) {
	at := g.clock.Now()
	law, c, err := g.law(tx)
	if err != nil {
		return closed(list, at), err
	}
	return law.decideMany(c, list, at, func(fn func(*db.Tx) error) error { return fn(tx) })
}

// Check is DecideMany for who only asks: each statement sees the state of its
// moment, and the charter is that of a moment ago. Where a statement is a trip to
// another process, questions that callers bring at the same moment share it.
func (g *Gate) Check(ctx context.Context, list []Request) ([]Decision, error) {
	if !g.db.Far() || len(list) == 0 || len(list) > mostGlance/8 {
		return g.check(ctx, list)
	}
	out, err := g.checks.ask(ctx, list...)
	if err != nil {
		return closed(list, g.clock.Now()), err
	}
	return out, nil
}

func (g *Gate) check(ctx context.Context, list []Request) ([]Decision, error) {
	at := g.clock.Now()
	law, c, err := g.lawNow(ctx)
	if err != nil {
		return closed(list, at), err
	}
	return law.decideMany(c, list, at, func(fn func(*db.Tx) error) error { return g.db.Glance(ctx, fn) })
}

// reading runs a function that makes one statement.
type reading func(func(*db.Tx) error) error

func (law *Law) decideMany(c *charter.Charter, list []Request, at clock.Instant, look reading) ([]Decision, error) {
	screens := make([]screened, len(list))
	q := asked{customers: map[id.Customer]bool{}, cells: map[cell]bool{}, at: at}
	for i, r := range list {
		screens[i] = law.screen(r)
		q.customers[r.Customer] = true
		if p := screens[i].purpose; p != nil {
			q.cells[cell{p.id, screens[i].slot}] = true
		}
	}
	if err := markStale(look, c, list, screens, at); err != nil {
		return closed(list, at), errs.Wrap(err, errs.Unavailable, errs.FailClosed, "the age of the data cannot be read, so nothing is allowed")
	}
	stands, err := standingAt(look, q)
	if err != nil {
		return closed(list, at), errs.Wrap(err, errs.Unavailable, errs.FailClosed, "permissions cannot be read, so nothing is allowed")
	}
	out := make([]Decision, len(list))
	for i, r := range list {
		out[i] = screens[i].compare(law, r, stands.find(r.Customer, screens[i]), at)
		observe.Decisions.Add(1, string(r.Operation), out[i].Outcome.word())
	}
	return out, nil
}

func closed(list []Request, at clock.Instant) []Decision {
	out := make([]Decision, len(list))
	for i := range out {
		out[i] = Decision{Reasons: reasonsOf([]ground{failClosed}), At: at}
	}
	return out
}

// compare answers from a stored standing. One decided under other rules than
// those in force allows nothing until it has been worked out anew: when the
// purpose was widened since, the consent it rested on must be given anew.
func (s screened) compare(l *Law, r Request, st Standing, at clock.Instant) Decision {
	if s.settled {
		if st.Because == unknownCustomer {
			s.failed = append(s.failed, noBasis)
		}
		return s.decide(l, r, Standing{Until: clock.Never}, at)
	}
	if st.Rules != s.purpose.print {
		st = s.outdated(st)
	}
	return s.decide(l, r, st, at)
}

// unknownCustomer marks the standing of a customer that does not exist. It is
// not a reason that a row can hold.
const unknownCustomer = "unknown"

func (s screened) outdated(st Standing) Standing {
	var f failures
	switch {
	case st.Because == unknownCustomer:
		f.add(noBasis, opsKnown)
	case st.CharterVersion < s.purpose.floor && st.Basis == string(charter.Consent) && st.CharterVersion > 0:
		old, err := parseFailures(st.Because)
		if err != nil {
			f.add(failClosed, opsKnown)
			break
		}
		f = old
		f.add(widened, opData&^old.denied())
	default:
		f.add(stale, opData)
	}
	st.Ops, st.Because = opsKnown&^f.denied(), f.text()
	return st
}

// stands is the standing of some customers at one instant.
type stands map[id.Customer][]Standing

// find gives the standing that a screened request compares with; when the
// customer has none for it, one that no rules match.
func (s stands) find(c id.Customer, to screened) Standing {
	rows, known := s[c]
	if !known {
		return Standing{Because: unknownCustomer}
	}
	if to.purpose == nil {
		return Standing{}
	}
	for _, st := range rows {
		if st.Purpose == to.purpose.id && st.Channel == to.slot.channel && st.Recipient == to.slot.recipient && st.Scope == "" {
			return st
		}
	}
	return Standing{Until: clock.Never}
}

// asked is of whom, and which cells of their standing, requests are about.
type asked struct {
	customers map[id.Customer]bool
	cells     map[cell]bool
	at        clock.Instant
}

type cell struct {
	purpose term.Purpose
	slot    slot
}

// standingAt reads what holds for each of the customers.
func standingAt(look reading, q asked) (stands, error) {
	out := make(stands, len(q.customers))
	list := slices.Collect(maps.Keys(q.customers))
	for part := range slices.Chunk(list, mostGlance) {
		if err := look(func(tx *db.Tx) error { return out.read(tx, part, q) }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mostGlance is how many customers one statement reads.
const mostGlance = 256

func (s stands) read(tx *db.Tx, list []id.Customer, q asked) error {
	return db.In(tx, list, func(marks string, args []any) error {
		rows, err := tx.Query(`select c.customer_id, w.packed from customer c left join standing_whole w on w.customer_id = c.customer_id
			where c.customer_id in (`+marks+`)`, args...)
		return db.Each(rows, err, func(scan db.Scan) error {
			var c id.Customer
			var packed []byte
			if err := scan(&c, &packed); err != nil {
				return err
			}
			found := make([]Standing, 0, 1)
			err := unpack(packed, func(st *Standing) {
				if st.From <= q.at && q.at < st.Until && q.cells[cell{st.Purpose, slot{st.Channel, st.Recipient}}] {
					found = append(found, *st)
				}
			})
			s[c] = found
			return err
		})
	})
}

// Standing gives what a customer may be used and contacted for from now on, with
// the rules in force compared, as it is shown to the customer and to staff.
func (g *Gate) Standing(tx *db.Tx, c id.Customer) ([]Standing, error) {
	law, _, err := g.law(tx)
	if err != nil {
		return nil, err
	}
	all, err := standingOf(tx, c)
	if err != nil {
		return nil, err
	}
	now := g.clock.Now()
	out := all[:0]
	for _, s := range all {
		p, ok := law.byName[s.Purpose]
		if !ok || s.Until <= now {
			continue
		}
		if s.Rules != p.print {
			s = screened{purpose: p}.outdated(s)
		}
		out = append(out, s)
	}
	return out, nil
}
