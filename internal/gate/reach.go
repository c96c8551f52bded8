package gate

import (
	"fmt"
	"regexp"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// Reach asks, over all customers, who may be used or contacted for a purpose at
// an instant.
type Reach struct {
	Purpose   term.Purpose
	Channel   term.Channel
	Recipient term.Recipient // for operation share
	Operation term.Operation
	Column    string // the outer query's customer id, such as "c.customer_id"
	At        clock.Instant
}

var columnName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$`)

// ReachSQL gives a condition on Column that is true for the customers whose
// standing allows the operation, with arguments numbered from firstArg. Time and
// rules are compared: a standing of old rules is not permitted. It returns an
// error, and no condition, for what the charter does not have.
func (g *Gate) ReachSQL(c *charter.Charter, r Reach, firstArg int) (string, []any, error) {
	p, bit, err := g.reach(c, r)
	if err != nil {
		return "", nil, err
	}
	n := firstArg
	text := fmt.Sprintf(`exists (select 1 from standing st where st.customer_id = %s and st.controller = $%d and st.purpose = $%d
		and st.channel = $%d and st.recipient = $%d and st.from_at <= $%d and st.until_at > $%d
		and st.rules = $%d and (st.ops & $%d) <> 0)`, r.Column, n, n+1, n+2, n+3, n+4, n+4, n+5, n+6)
	return text, []any{c.Business.ID, r.Purpose, r.Channel, r.Recipient, r.At, p.print, int64(bit)}, nil
}

// StandingSQL gives a select of customer_id, allowed (1 or 0, rules compared),
// ops (an Ops, to be believed where current is 1), reasons, current (1 when decided under the rules in force) and until_at: every
// customer's standing at the instant, to be joined on customer_id, which is what
// it is found by: no index leads from a purpose to its customers, since all have
// a standing for it. Column is not used. Reasons are read with ReasonsFor; where current is 0, OutdatedReasons
// says why.
func (g *Gate) StandingSQL(c *charter.Charter, r Reach, firstArg int) (string, []any, error) {
	r.Column = "customer_id"
	p, bit, err := g.reach(c, r)
	if err != nil {
		return "", nil, err
	}
	n := firstArg
	text := fmt.Sprintf(`select st.customer_id, case when st.rules = $%d and (st.ops & $%d) <> 0 then 1 else 0 end as allowed,
		st.ops as ops, st.reasons as reasons, case when st.rules = $%d then 1 else 0 end as current, st.until_at as until_at
		from standing st where st.purpose = $%d and st.channel = $%d and st.recipient = $%d and st.controller = $%d
		and st.from_at <= $%d and st.until_at > $%d`, n, n+1, n, n+2, n+3, n+4, n+5, n+6, n+6)
	return text, []any{p.print, int64(bit), r.Purpose, r.Channel, r.Recipient, c.Business.ID, r.At}, nil
}

// RulesOf gives the fingerprint of the rules in force for a purpose, which a
// standing that is to be believed was decided under. It returns the error of
// ReachSQL.
func (g *Gate) RulesOf(c *charter.Charter, r Reach) (int64, error) {
	r.Column = "customer_id"
	p, _, err := g.reach(c, r)
	if err != nil {
		return 0, err
	}
	return p.print, nil
}

// EndingSQL gives a select of customer_id and days for the customers whose
// standing allows the operation: how many days of 24 hours after an instant it
// ends, and -1 where it never does. Column is not used.
func (g *Gate) EndingSQL(c *charter.Charter, r Reach, from int64, firstArg int) (string, []any, error) {
	r.Column = "customer_id"
	p, bit, err := g.reach(c, r)
	if err != nil {
		return "", nil, err
	}
	n := firstArg
	text := fmt.Sprintf(`select st.customer_id, coalesce((min(e.from_at) - $%d) / $%d, -1) as days
		from customer w join standing st on st.customer_id = w.customer_id left join standing e on e.customer_id = st.customer_id and e.controller = st.controller and e.purpose = st.purpose
			and e.channel = st.channel and e.recipient = st.recipient and e.from_at > $%d and (e.ops & $%d) = 0
		where st.purpose = $%d and st.channel = $%d and st.recipient = $%d and st.controller = $%d
			and st.from_at <= $%d and st.until_at > $%d and st.rules = $%d and (st.ops & $%d) <> 0
		group by st.customer_id`, n, n+1, n+2, n+3, n+4, n+5, n+6, n+7, n+2, n+2, n+8, n+3)
	day := int64(24 * time.Hour / time.Microsecond)
	return text, []any{from, day, r.At, int64(bit), r.Purpose, r.Channel, r.Recipient, c.Business.ID, p.print}, nil
}

// OutdatedReasons is why a standing of other rules than those in force denies.
func (g *Gate) OutdatedReasons(c *charter.Charter, p term.Purpose) []Reason {
	if c.Floor(p) > 0 {
		return reasonsOf([]ground{widened, stale})
	}
	return reasonsOf([]ground{stale})
}

func (g *Gate) reach(c *charter.Charter, r Reach) (*purposeLaw, Ops, error) {
	law, err := g.lawOf(c)
	if err != nil {
		return nil, 0, err
	}
	if !columnName.MatchString(r.Column) {
		return nil, 0, fmt.Errorf("gate: %q is not a column", r.Column)
	}
	s := law.screen(Request{Controller: law.Controller, Purpose: r.Purpose, Operation: r.Operation, Channel: r.Channel, Recipient: r.Recipient})
	if s.settled || len(s.failed) > 0 {
		first := reasonsOf(append(s.failed, noBasis))[0]
		return nil, 0, errs.New(errs.Forbidden, first.Code, "%s", first.Text).On("purpose")
	}
	return s.purpose, s.op, nil
}

// Reachable lists the customers whose standing allows an operation, in the order
// of their ids after one of them.
func (g *Gate) Reachable(tx *db.Tx, c *charter.Charter, r Reach, after id.Customer, limit int) ([]id.Customer, error) {
	r.Column = "c.customer_id"
	where, args, err := g.ReachSQL(c, r, 3)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query("select c.customer_id from customer c where c.customer_id > $1 and "+where+" order by c.customer_id limit $2",
		append([]any{after, limit}, args...)...)
	return db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
}
