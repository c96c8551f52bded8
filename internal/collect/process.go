package collect

import (
	"context"
	"encoding/json"

	"candor/internal/admission"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/term"
)

// delivery is one request that was let in.
type delivery struct {
	source   *Source
	call     call
	envelope envelope
	gpc      bool
	received clock.Instant
}

// sorting is what becomes of a delivery's messages.
type sorting struct {
	rules    *admission.Rules
	arrivals []gate.Arrival
	told     map[int]message // what said something of a person, by its place in arrivals
	held     []held
	refusal  error // the first message that was refused outright
	refused  int
}

// process sorts a delivery's messages and stores what is to be stored. It
// returns INVALID or TOO_LARGE when no message of it can be taken, now or later.
func (c *Collector) process(ctx context.Context, d delivery) error {
	rules, err := c.admitted(ctx)
	if err != nil {
		return err
	}
	s := sorting{rules: rules}
	for _, raw := range d.envelope.items {
		if err := c.sort(&s, d, raw); err != nil {
			s.refused++
			if s.refusal == nil {
				s.refusal = err
			}
			if len(d.envelope.items) > 1 {
				c.counts.add(d.source.ID, Refused, string(errs.CodeOf(err)), 1)
			}
		}
	}
	if s.refused > 0 && s.refused == len(d.envelope.items) {
		return s.refusal
	}
	if d.source.Mode == Test {
		c.counts.add(d.source.ID, NotStored, "", int64(len(d.envelope.items)-s.refused))
		return nil
	}
	return c.keep(ctx, d, s)
}

// keep stores a sorted delivery. What the gate takes comes first: should the
// rest fail, the client sends all again and the gate knows the messages.
func (c *Collector) keep(ctx context.Context, d delivery, s sorting) error {
	if len(s.arrivals) > 0 {
		taken, err := c.gate.Take(ctx, s.arrivals)
		if err != nil {
			return err
		}
		c.countTaken(d.source, taken)
		s.held = append(s.held, c.contradicted(d, s, taken)...)
	}
	if len(s.held) == 0 {
		return nil
	}
	rows, err := quarantineRows(c.ring, s.held)
	if err != nil {
		return err
	}
	err = c.db.Write(ctx, func(tx *db.Tx) error { return insertQuarantine(tx, rows) })
	for _, h := range s.held {
		c.counts.add(d.source.ID, Quarantined, string(h.Reason), 1)
	}
	return err
}

// contradicted holds the messages that say otherwise than the person did: their
// word stays, and someone may look why the source still has the old value
// (GDPR 16).
func (c *Collector) contradicted(d delivery, s sorting, taken []gate.Taken) []held {
	var out []held
	for i, m := range s.told {
		for _, n := range taken[i].Notes {
			if n.Code == gate.NotePinned {
				out = append(out, hold(d, m, c.declaredOf(s.rules, d.source, m), errs.New(errs.Conflict, n.Code, "the person said otherwise").On(n.Field)))
				break
			}
		}
	}
	return out
}

func (c *Collector) countTaken(source *Source, taken []gate.Taken) {
	var accepted, duplicates int64
	for _, t := range taken {
		if t.Refused != nil {
			c.counts.add(source.ID, Refused, string(t.Refused.Code), 1)
			continue
		}
		accepted++
		duplicates += int64(t.Duplicates)
		for _, n := range t.Notes {
			c.counts.add(source.ID, Noted, string(n.Code), 1)
		}
	}
	c.counts.add(source.ID, Accepted, "", accepted)
	c.counts.add(source.ID, Duplicate, "", duplicates)
}

// sort puts one message where it belongs. An error refuses the message: it is
// not stored in any form.
// place decides what becomes of one message.
func (c *Collector) place(s *sorting, d delivery, m message) error {
	who, err := c.identities(d.source, m)
	if err != nil {
		return err
	}
	a := gate.Arrival{
		Source: d.source.ID, Claim: d.source.Class == Public, Identities: who, GPC: d.gpc, At: d.received,
		Provenance: customer.Provenance{
			Source: d.source.ID.String(), Method: customer.Stated, Confidence: confidence(d.source),
			At: occurredAt(m.happened, m.sent, d.received),
		},
	}
	said, err := m.wishes.inputs(s.rules, d.gpc)
	if err != nil {
		return err
	}
	if len(said) > 0 {
		s.arrivals = append(s.arrivals, c.signals(d, m, said, who))
	}
	data, err := c.fill(s.rules, d.source, m, &a)
	if errs.CodeOf(err) == admission.BadValue {
		s.held = append(s.held, hold(d, m, data, err))
		return nil
	}
	if err != nil {
		return err
	}
	if len(a.Values)+len(a.Traits)+len(a.Events) == 0 && !a.GPC && !joins(m, a) {
		c.counts.add(d.source.ID, NothingLeft, "", 1)
		return nil
	}
	if len(a.Values)+len(a.Traits) > 0 {
		if s.told == nil {
			s.told = map[int]message{}
		}
		s.told[len(s.arrivals)] = m
	}
	s.arrivals = append(s.arrivals, a)
	return nil
}

// joins reports whether a message that carries nothing else still says that a
// visitor is a customer.
func joins(m message, a gate.Arrival) bool {
	return (m.call == identify || m.call == alias) && len(a.Identities) > 1
}

func confidence(s *Source) int {
	if s.Class == Public {
		return 50
	}
	return customer.Certain
}

// identities reads who a message is about. A user id such as "undefined" is
// counted and left out; the message then belongs to the visitor.
func (c *Collector) identities(source *Source, m message) ([]customer.Identity, error) {
	var out []customer.Identity
	add := func(i customer.Identity, err error) {
		if err != nil {
			c.counts.add(source.ID, RefusedID, string(errs.CodeOf(err)), 1)
			return
		}
		out = append(out, i)
	}
	if m.userID != "" {
		add(customer.UserID(source.Namespace, m.userID))
	}
	if m.anonymousID != "" {
		add(customer.Anonymous(m.anonymousID))
	}
	if m.email != "" {
		add(customer.Email(m.email))
	}
	if m.call == alias && m.previousID != "" && len(out) > 0 {
		add(customer.Anonymous(m.previousID))
	}
	if len(out) == 0 {
		return nil, errNobody
	}
	return out, nil
}

// fill puts what the charter lets in into an arrival. With an error it gives
// the declared part of the message, for quarantine.
func (c *Collector) fill(rules *admission.Rules, source *Source, m message, a *gate.Arrival) (map[string]any, error) {
	switch m.call {
	case alias:
		return nil, nil
	case identify:
		p, left, err := rules.Person(m.data, source.takesField)
		c.countLeft(source, left)
		if err != nil {
			return c.declaredOf(rules, source, m), err
		}
		a.Identities = append(a.Identities, p.Identities...)
		a.Values, a.Traits = p.Values, p.Traits
		return nil, nil
	}
	return c.fillEvent(rules, source, m, a)
}

func (c *Collector) fillEvent(rules *admission.Rules, source *Source, m message, a *gate.Arrival) (map[string]any, error) {
	name, props := eventOf(m)
	e, ok := rules.Event(name)
	if !ok || !source.takesEvent(name) || source.Class == Public && isLegalFact(e) {
		c.counts.add(source.ID, DroppedEvent, string(name), 1)
		return nil, nil
	}
	got, left, err := rules.Props(e, props)
	c.countLeft(source, left)
	if err != nil {
		return declared(props, func(name string) bool { _, ok := e.Props[name]; return ok }), err
	}
	got.MessageID, got.OccurredAt = m.id, a.Provenance.At
	a.Provenance.Method = customer.Observed
	a.Events = []event.New{got}
	return nil, nil
}

func (c *Collector) countLeft(source *Source, left []admission.Left) {
	for _, l := range left {
		kind := Dropped
		if l.Why == admission.Scanned {
			kind = Scanned
		}
		c.counts.add(source.ID, kind, l.Name, 1)
	}
}

// declared keeps of raw data what the charter declares.
func declared(raw map[string]any, is func(string) bool) map[string]any {
	out := map[string]any{}
	for name, v := range raw {
		if is(name) {
			out[name] = v
		}
	}
	return out
}

// hold makes a quarantined message of the declared part of its data.
func hold(d delivery, m message, data map[string]any, why error) held {
	body, _ := json.Marshal(map[string]any{
		"type": m.call, "messageId": m.id, "userId": m.userID, "anonymousId": m.anonymousID,
		"event": m.event, "name": m.name, "email": m.email, "timestamp": m.happened, "sentAt": m.sent, "data": data,
	})
	h := held{Held: Held{Source: d.source.ID, ReceivedAt: d.received, Reason: errs.CodeOf(why)}, body: body}
	if e, ok := why.(*errs.Error); ok {
		h.Field = e.Field
	}
	return h
}

// declaredOf is what of a message about a person the charter declares.
func (c *Collector) declaredOf(rules *admission.Rules, source *Source, m message) map[string]any {
	return declared(m.data, func(name string) bool {
		_, ok := rules.Field(term.Field(name))
		return ok && source.takesField(term.Field(name))
	})
}
