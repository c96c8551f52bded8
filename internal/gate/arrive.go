package gate

import (
	"cmp"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/id"
	"candor/internal/term"
)

var (
	errNobody      = errs.New(errs.Invalid, NoteNobody, "nothing says who this is about: send a user id, an e-mail address or an anonymous id")
	errOnlyClaimed = errs.New(errs.Forbidden, NoteClaimed, "a public key can speak for a device only: send its anonymous id")
	errPast        = errs.New(errs.Conflict, NotePast, "these are data of somebody who was erased: what happened before the erasure is not taken, nor are imports")
	errNotHere     = errs.New(errs.NotFound, NoteNotResident, "there is no such customer; they may have been erased")
)

// arrive sorts what one arrival tells into what will be stored, what is left out
// with a note, and what is refused as a whole.
func (b *batch) arrive(i int) {
	a, t, out := &b.list[i], &b.planner.plan.targets[i], &b.base[i]
	out.Customer, out.New, out.Merged, out.Notes = t.customer, t.fresh, t.merged, t.notes
	b.signal(i, a, t)
	who := b.planner.people[t.customer]
	if t.past {
		out.Refused = errPast
		return
	}
	if who == nil {
		out.Customer, out.Refused = 0, errNobody
		switch {
		case a.Customer != 0:
			out.Refused = errNotHere
		case a.Claim && len(a.Identities) > 0:
			out.Refused = errOnlyClaimed
		}
		return
	}
	if len(a.Values)+len(a.Traits) > 0 {
		if err := a.Provenance.Check(); err != nil {
			errors.As(err, &out.Refused)
			return
		}
	}
	b.arriveValues(i, a, who)
	b.arriveEvents(i, a, who)
	b.arriveSaid(i, a, who)
}

// signal records Global Privacy Control for the device's profile and for those
// it concerns besides.
func (b *batch) signal(i int, a *Arrival, t *target) {
	list := slices.Clone(t.signal)
	if a.GPC && t.customer != 0 {
		list = append(list, t.customer)
	}
	for _, c := range list {
		who := b.planner.people[c]
		if who == nil || who.gpc {
			continue
		}
		who.gpc = true
		b.say(said{arrival: i, customer: c, fact: customer.Fact{Kind: customer.GPC, At: b.now,
			Detail: customer.WithValue(customer.On), Actor: term.ByCustomer, Source: "gpc"}})
	}
}

func (b *batch) say(s said) {
	b.said = append(b.said, s)
	b.touched[s.customer] = true
}

func (b *batch) note(i int, code errs.Code, field string) {
	b.base[i].Notes = append(b.base[i].Notes, Note{code, field})
}

// needed reports whether the charter declares a field and a purpose needs it
// (MIN-01).
func (b *batch) needed(f term.Field, in charter.Keep) (*charter.Field, bool) {
	field, ok := b.charter.Field(f)
	if !ok || field.KeepIn != in {
		return nil, false
	}
	return field, usedField(b.charter, f)
}

func usedField(c *charter.Charter, f term.Field) bool {
	return slices.ContainsFunc(c.Purposes, func(p charter.Purpose) bool {
		_, ok := p.UsesField(f)
		return ok
	})
}

func (b *batch) arriveValues(i int, a *Arrival, who *person) {
	for _, f := range slices.Sorted(maps.Keys(a.Values)) {
		field, ok := b.needed(f, charter.Vault)
		switch {
		case !ok:
			b.note(i, NoteUndeclared, string(f))
		case a.Claim:
			b.note(i, NoteClaimed, string(f))
		case !who.known:
			b.note(i, NoteNobody, string(f))
		default:
			v, err := fitValue(field, a.Values[f])
			if err != nil {
				b.note(i, NoteBadValue, string(f))
				continue
			}
			if b.aged(b.provenance(a, field)) {
				b.note(i, NoteExpired, string(f))
				continue
			}
			b.values = append(b.values, valueOf{i, who.id, field, v})
		}
	}
	for _, f := range slices.Sorted(maps.Keys(a.Traits)) {
		field, ok := b.needed(f, charter.Trait)
		if !ok {
			b.note(i, NoteUndeclared, string(f))
			continue
		}
		if a.Claim && who.known {
			b.note(i, NoteClaimed, string(f))
			continue
		}
		v, err := customer.TraitOf(field, a.Traits[f])
		if err != nil {
			b.note(i, NoteBadValue, string(f))
			continue
		}
		v.Customer, v.Provenance, v.RecordedAt = who.id, b.provenance(a, field), b.now
		if b.aged(v.Provenance) {
			b.note(i, NoteExpired, string(f))
			continue
		}
		b.traits = append(b.traits, v)
	}
}

// provenance is the arrival's, with its time when it gives none. What was only
// claimed is believed least, and a field for inferences holds guesses whatever
// their source calls them.
func (b *batch) provenance(a *Arrival, f *charter.Field) customer.Provenance {
	p := a.Provenance
	if f.Category == charter.Inferences && p.Source != customer.Subject {
		p.Method, p.Confidence = customer.Inferred, min(p.Confidence, customer.Certain-1)
	}
	if p.At == 0 {
		p.At = a.at(b.now)
	}
	if a.Claim {
		p.Confidence = 0
		if p.Source == customer.Subject {
			p.Source = sourceName(a)
		}
	}
	return p
}

// aged reports whether a guess is too old to be taken in (ACC-03).
func (b *batch) aged(p customer.Provenance) bool {
	return p.Guessed() && p.At <= b.now.Add(-customer.GuessGoes)
}

func (a *Arrival) at(now clock.Instant) clock.Instant {
	if a.At == 0 || a.At > now {
		return now
	}
	return a.At
}

func sourceName(a *Arrival) string {
	switch {
	case a.Claim && a.Source != 0:
		return a.Source.String()
	case a.Provenance.Source != "":
		return a.Provenance.Source
	}
	return a.Source.String()
}

func (b *batch) arriveEvents(i int, a *Arrival, who *person) {
	for _, n := range a.Events {
		e, ok := b.charter.Event(n.Name)
		if !ok {
			b.note(i, NoteUndeclared, string(n.Name))
			continue
		}
		if who.erased != 0 && happened(n, b.now) <= who.erased {
			b.note(i, NotePast, string(n.Name))
			continue
		}
		order := e.Is(charter.MeansOrder)
		if order && a.Claim {
			b.note(i, NoteClaimed, string(n.Name))
			continue
		}
		n.Props = declared(e, n.Props)
		row, err := b.g.events.Make(n, a.Source, b.now)
		if err != nil {
			b.note(i, errs.CodeOf(err), string(n.Name))
			continue
		}
		row.Customer = who.id
		if b.over(row.Event) {
			b.note(i, NoteExpired, string(n.Name))
			continue
		}
		b.events = append(b.events, row)
		b.owner = append(b.owner, i)
		if a.Claim || b.heard[row.Key()] {
			continue
		}
		b.heard[row.Key()] = true
		if order {
			b.purchase(i, a, n, row.Event)
		}
		if who.known && (order || e.Is(charter.MeansContact)) {
			b.contact(i, a, who, row.Event)
		}
	}
}

// declared leaves only the properties that the charter declares.
func declared(e *charter.Event, props map[string]any) map[string]any {
	for name := range props {
		if _, ok := e.Props[name]; ok {
			continue
		}
		out := make(map[string]any, len(props))
		for name, v := range props {
			if _, ok := e.Props[name]; ok {
				out[name] = v
			}
		}
		return out
	}
	return props
}

// over reports whether an event is too old to be kept by any purpose, whatever
// its customer did since.
func (b *batch) over(e event.Event) bool {
	return !b.keep.Readable(e, "", event.Life{LastOrder: b.now, LastContact: b.now, ContractEnd: clock.Never, ConsentEnd: clock.Never}, b.now)
}

// purchase makes the relationship that a purchase is, once its event turns out
// to be new.
func (b *batch) purchase(i int, a *Arrival, n event.New, e event.Event) {
	detail := map[string]string{}
	if n.Family != "" {
		detail["family"] = n.Family
	}
	if n.Ref != "" {
		detail["ref"] = n.Ref
	}
	b.say(said{arrival: i, customer: e.Customer, after: e.Key(), fact: customer.Fact{Kind: customer.Purchase, At: e.OccurredAt,
		Detail: detail, Actor: actorOf(a), Source: sourceName(a)}})
}

// contact notes a positive interaction, at most one a day.
func (b *batch) contact(i int, a *Arrival, who *person, e event.Event) {
	day := clock.DateOf(e.OccurredAt.Time()).Start(time.UTC)
	if day <= who.seen {
		return
	}
	who.seen = day
	b.say(said{arrival: i, customer: who.id, after: e.Key(), fact: customer.Fact{Kind: customer.Interaction, At: day,
		Actor: actorOf(a), Source: sourceName(a)}})
}

func actorOf(a *Arrival) term.Actor {
	if a.Source == 0 {
		return term.ByEngine
	}
	return term.Actor("source:" + a.Source.String())
}

func (b *batch) arriveSaid(i int, a *Arrival, who *person) {
	for _, f := range a.Facts {
		if a.Claim {
			b.note(i, NoteClaimed, string(f.Kind))
			continue
		}
		f.Customer = who.id
		f.Actor, f.Source = cmp.Or(f.Actor, actorOf(a)), cmp.Or(f.Source, sourceName(a))
		b.say(said{arrival: i, customer: who.id, fact: f})
	}
	if len(a.Signals) > 0 && !reflect.DeepEqual(who.heard, a.Signals) {
		who.heard = a.Signals
		b.say(said{arrival: i, customer: who.id, signals: a.Signals})
	}
	for _, act := range a.Acts {
		if a.Claim && !act.Kind.Lowers() {
			b.note(i, NoteClaimed, string(act.Kind))
			continue
		}
		act.Customer = who.id
		b.say(said{arrival: i, customer: who.id, act: act, isAct: true})
	}
}

// record writes facts and acts and works out, once a customer, what follows.
func (b *batch) record(tx *db.Tx, fresh map[event.Key]bool) error {
	if len(b.touched) == 0 {
		return nil
	}
	bySubject := map[id.Customer][]said{}
	for _, s := range b.said {
		if s.after == (event.Key{}) || fresh[s.after] {
			bySubject[s.customer] = append(bySubject[s.customer], s)
		}
	}
	suppressed, err := b.suppressions(tx)
	if err != nil {
		return err
	}
	holds, err := b.holds(tx, bySubject, suppressed)
	if err != nil {
		return err
	}
	seen := map[clock.Instant][]id.Customer{}
	for _, h := range holds {
		for _, s := range append(suppressed[h.id], bySubject[h.id]...) {
			if !s.isAct && s.fact.Kind == customer.Interaction {
				seen[s.fact.At] = append(seen[s.fact.At], h.id)
			}
			if err := b.recordOne(h, s); err != nil {
				return err
			}
		}
	}
	for _, day := range slices.Sorted(maps.Keys(seen)) {
		if err := customer.Saw(tx, seen[day], day); err != nil {
			return err
		}
	}
	return b.g.settle(tx, holds)
}

// recordOne takes one fact or act. What is wrong with it is noted and touches
// nothing else.
func (b *batch) recordOne(h *hold, s said) error {
	if len(s.signals) > 0 {
		return b.heed(h, s)
	}
	if !s.isAct {
		return b.noteIfInvalid(s, string(s.fact.Kind), h.fact(s.fact))
	}
	r, err := h.record(s.act)
	if err == nil {
		b.out[s.arrival].Records = append(b.out[s.arrival].Records, r)
	}
	return b.noteIfInvalid(s, string(s.act.Kind), err)
}

func (b *batch) noteIfInvalid(s said, field string, err error) error {
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) && errs.CodeOf(err) != db.Exists {
		b.out[s.arrival].Notes = append(b.out[s.arrival].Notes, Note{errs.CodeOf(err), field})
		return nil
	}
	return err
}

// holds makes the holds of those with something to record, in ascending order.
// All are locked or made in this transaction.
func (b *batch) holds(tx *db.Tx, said, suppressed map[id.Customer][]said) ([]*hold, error) {
	var list []id.Customer
	made := map[id.Customer]customer.Customer{}
	for c := range b.touched {
		if len(said[c])+len(suppressed[c]) == 0 && !b.newlyNamed(c) {
			continue
		}
		list = append(list, c)
		if !b.exists(c) {
			made[c] = customer.Customer{ID: c, Rev: 1, Known: b.planner.people[c].known, CreatedAt: b.now}
		}
	}
	slices.Sort(list)
	return b.g.holds(tx, list, made)
}

// newlyNamed reports whether the plan changes who a customer is.
func (b *batch) newlyNamed(c id.Customer) bool {
	p := &b.planner.plan
	return slices.ContainsFunc(p.claims, func(x claim) bool { return x.to == c && x.who.Kind.Names() }) ||
		slices.ContainsFunc(p.merges, func(m merge) bool { return m.into == c })
}

// exists reports whether rows of the customer may be there from before, or were
// moved to them in this transaction.
func (b *batch) exists(c id.Customer) bool {
	_, ok := b.relied[c]
	return ok || slices.ContainsFunc(b.planner.plan.merges, func(m merge) bool { return m.into == c })
}

// suppressions finds which of the addresses given to customers in this batch
// are never to be written to (MIN-08): also those of people erased before.
func (b *batch) suppressions(tx *db.Tx) (map[id.Customer][]said, error) {
	var sums [][]byte
	holder := map[string][]id.Customer{}
	for _, c := range b.planner.plan.claims {
		if !c.who.Kind.Endpoint() {
			continue
		}
		for _, s := range b.g.book.EndpointsOf(c.who.Identity) {
			sums = append(sums, s)
			holder[string(s)] = append(holder[string(s)], c.to)
		}
	}
	found, err := customer.SuppressionsOf(tx, sums)
	out := map[id.Customer][]said{}
	for _, sum := range slices.Sorted(maps.Keys(found)) {
		list := found[sum]
		slices.SortFunc(list, func(x, y customer.Suppression) int { return strings.Compare(string(x.Scope), string(y.Scope)) })
		for _, s := range list {
			for _, c := range holder[sum] {
				out[c] = append(out[c], said{customer: c, fact: s.Fact(c, term.ByEngine, b.now)})
			}
		}
	}
	return out, err
}
