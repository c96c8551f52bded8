package audience

import (
	"slices"
	"strings"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/term"
)

// count groups those who meet the condition by what their standing says and
// whether they have an address: from the index, or else in the database.
func (f *funnel) count(tx *db.Tx) error {
	found, ok, err := f.countIndexed()
	if err == nil && !ok {
		found, err = f.countSQL(tx)
	}
	f.match, f.permitted, f.reachable, f.denied = 0, 0, 0, map[string]*deniedGroup{}
	for _, g := range found {
		f.add(g)
	}
	return err
}

// countSQL asks the database once.
func (f *funnel) countSQL(tx *db.Tx) ([]stood, error) {
	s, c := f.service, f.condition
	q := c.query(f.at, c.counting(), 1)
	standing, args, err := s.gate.StandingSQL(f.charter, gate.Reach{Purpose: c.purpose, Channel: f.question.Channel, Operation: term.Serve, At: f.at}, 1+len(q.args))
	if err != nil {
		return nil, err
	}
	q.args = append(q.args, args...)
	address, args := customer.AddressSQL(f.question.Channel, "c.customer_id", 1+len(q.args))
	q.args = append(q.args, args...)
	rows, err := tx.Query("select coalesce(s.current, -1), coalesce(s.ops, 0), coalesce(s.reasons, ''), case when "+address+" then 1 else 0 end, count(*)"+
		" from "+q.from+" left join ("+standing+") s on s.customer_id = c.customer_id where "+q.where+" group by 1, 2, 3, 4", q.args...)
	return db.Collect(rows, err, scanStood)
}

// stood is a group of people of one standing.
type stood struct {
	current int64 // 1, 0 when decided under other rules, -1 when there is none
	ops     gate.Ops
	reasons string
	address bool
	n       int64
}

func scanStood(scan db.Scan) (stood, error) {
	var g stood
	var address int64
	err := scan(&g.current, &g.ops, &g.reasons, &address, &g.n)
	g.address = address == 1
	return g, err
}

// add puts a group where it belongs in the funnel.
func (f *funnel) add(g stood) {
	f.match += g.n
	if r, denied := f.mainReason(g); denied {
		key := reasonKey(r)
		if f.denied[key] == nil {
			f.denied[key] = &deniedGroup{reason: r}
		}
		f.denied[key].n += g.n
		return
	}
	f.permitted += g.n
	if g.address {
		f.reachable += g.n
	}
}

// notWorkedOut is why people without a standing are left out.
var notWorkedOut = gate.Reason{Code: errs.FailClosed, Requirement: "CON-10"}

// mainReason gives the one reason that counts: the gate lists the most telling
// first; what forbids writing comes before what forbids choosing.
func (f *funnel) mainReason(g stood) (gate.Reason, bool) {
	if g.current < 0 {
		return notWorkedOut, true
	}
	for _, op := range f.condition.operations() {
		if g.ops.Has(op) {
			continue
		}
		if list := gate.ReasonsFor(g.reasons, op); len(list) > 0 {
			return list[0], true
		}
		return notWorkedOut, true
	}
	if g.current == 0 {
		return f.service.gate.OutdatedReasons(f.charter, f.condition.purpose)[0], true
	}
	return gate.Reason{}, false
}

// answer puts the numbers as they may be shown.
func (f *funnel) answer() Funnel {
	round := !f.question.Personal || telling(f.match, f.permitted, f.reachable) || f.aged > 0 && f.aged < small
	out := Funnel{
		Purpose: f.question.Purpose, Channel: f.question.Channel, Condition: f.condition.String(), Words: f.condition.Describe(f.question.Lang),
		Match: show(f.match, round), Permitted: show(f.permitted, round), Reachable: show(f.reachable, round),
		Excluded: []Slice{}, Sample: f.sample, Run: f.run, At: f.at,
	}
	if f.aged > 0 {
		out.Excluded = append(out.Excluded, f.slice(group{[]string{reasonKey(tooOld)}, f.aged}, round))
	}
	if f.match < small {
		return out
	}
	var groups []group
	for key, d := range f.denied {
		groups = append(groups, group{[]string{key}, d.n})
	}
	slices.SortFunc(groups, func(a, b group) int { return strings.Compare(a.reasons[0], b.reasons[0]) })
	unreached := []group{{[]string{string(CodeNoAddress) + "/"}, f.permitted - f.reachable}}
	var inside []Slice
	for _, g := range append(shield(groups), shield(unreached)...) {
		inside = append(inside, f.slice(g, round))
	}
	out.Excluded = append(inside, out.Excluded...)
	return out
}

// slice puts a group in words.
func (f *funnel) slice(g group, round bool) Slice {
	l := f.question.Lang
	var parts []Cause
	var words []string
	for _, key := range g.reasons {
		r := gate.Reason{Code: CodeNoAddress}
		if d := f.denied[key]; d != nil {
			r = d.reason
		} else if key == reasonKey(tooOld) {
			r = tooOld
		}
		p := say(key, r, l)
		parts, words = append(parts, p), append(words, p.Words)
	}
	if p := parts[0]; len(parts) == 1 {
		return Slice{Code: p.Code, Requirement: p.Requirement, Words: p.Words, Remedy: p.Remedy, Way: p.Way, Count: show(g.n, round)}
	}
	return Slice{Code: codeSeveral, Words: strings.Join(words, "; "), Way: SeveralWays, Count: show(g.n, round), Causes: parts,
		Remedy: phrase(l, "Several reasons about few people each; see each reason's own remedy.", "Mehrere Gründe mit jeweils wenigen Menschen; zu jedem gilt seine eigene Abhilfe.")}
}
