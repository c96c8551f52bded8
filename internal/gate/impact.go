package gate

import (
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/term"
)

// Impact is what a change of the charter means for the people on record now.
type Impact struct {
	charter.Change
	Customers int64 `json:"customers"`  // whose data may be used for the purpose now
	Agreed    int64 `json:"agreed"`     // of them, whose agreement would rest until given anew
	ReachLost int64 `json:"reach_lost"` // who could be written to on any channel and no longer could
}

// ImpactOf compares a charter with the one in force and counts for each change
// whom it concerns. Nothing is changed. The counts are of standings as they are
// kept; one that waits to be worked out anew counts as denied.
func (g *Gate) ImpactOf(tx *db.Tx, after *charter.Charter) ([]Impact, error) {
	before, err := g.charter.Current(tx)
	if errs.Is(err, errs.NotFound) {
		before, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	counts := map[term.Purpose]reachCount{}
	var out []Impact
	for _, c := range charter.Diff(before, after) {
		n, ok := counts[c.Purpose]
		if !ok && before != nil {
			if n, err = countReach(tx, before.Business.ID, c.Purpose, g.clock.Now()); err != nil {
				return nil, err
			}
			counts[c.Purpose] = n
		}
		out = append(out, n.impact(c))
	}
	return out, nil
}

// reachCount is who may be used and written to for a purpose.
type reachCount struct {
	used      int64 // whose data may be used or who may be written to
	agreed    int64 // on their consent
	reachable int64 // by any channel
	onConsent int64 // of them, on their consent
	byChannel map[term.Channel]int64
}

func countReach(tx *db.Tx, by term.Controller, p term.Purpose, at clock.Instant) (reachCount, error) {
	out := reachCount{byChannel: map[term.Channel]int64{}}
	err := tx.QueryRow(`select count(distinct st.customer_id), count(distinct case when basis = 'consent' then st.customer_id end),
		count(distinct case when channel <> '' and (ops & $5) <> 0 then st.customer_id end),
		count(distinct case when channel <> '' and (ops & $5) <> 0 and basis = 'consent' then st.customer_id end)
		from customer c join standing st on st.customer_id = c.customer_id and st.controller = $1 and st.purpose = $2
		where from_at <= $3 and until_at > $3 and (ops & $4) <> 0`,
		by, p, at, int64(opWork), int64(opServe)).Scan(&out.used, &out.agreed, &out.reachable, &out.onConsent)
	if err != nil {
		return out, err
	}
	rows, err := tx.Query(`select channel, count(*) from customer c join standing st on st.customer_id = c.customer_id and st.controller = $1 and st.purpose = $2
		where channel <> '' and from_at <= $3 and until_at > $3 and (ops & $4) <> 0 group by channel`, by, p, at, int64(opServe))
	type one struct {
		ch term.Channel
		n  int64
	}
	list, err := db.Collect(rows, err, func(scan db.Scan) (o one, err error) { return o, scan(&o.ch, &o.n) })
	for _, o := range list {
		out.byChannel[o.ch] = o.n
	}
	return out, err
}

// impact: a widening rests every agreement to the purpose; where data rest on
// another basis it waits for the notice, and that of a new channel or recipient
// takes nothing away. A narrowing takes away what is given up.
func (n reachCount) impact(c charter.Change) Impact {
	out := Impact{Change: c, Customers: n.used}
	switch {
	case !c.Widens && c.Kind == charter.NewPurpose:
		out.ReachLost = n.reachable
	case !c.Widens && c.Kind == charter.NewChannel:
		out.Customers, out.ReachLost = n.byChannel[c.Channel], n.byChannel[c.Channel]
	case !c.Widens:
	case c.Channel != "" || c.Recipient != "":
		out.Agreed, out.ReachLost = n.agreed, n.onConsent
	default:
		out.Agreed, out.ReachLost = n.agreed, n.reachable
	}
	return out
}
