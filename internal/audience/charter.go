package audience

import (
	"slices"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/term"
)

// For reads a condition and checks it for a purpose of the charter. It returns
// FORBIDDEN with E_NO_BASIS when the purpose is not declared or has a legal
// basis in no market (CON-01), and otherwise what Compile does.
func For(c *charter.Charter, p term.Purpose, expression string) (*Condition, error) {
	if err := requireBasis(c, p); err != nil {
		return nil, err
	}
	sc, err := SchemaOf(c, p)
	if err != nil {
		return nil, err
	}
	return Compile(sc, expression)
}

// CheckStage tells whether the rule of a stage can be read. A stage serves every
// purpose that may use what it looks at, so it is checked for none in
// particular.
func CheckStage(c *charter.Charter, s charter.Stage) error {
	sc, err := SchemaOf(c, "")
	if err != nil {
		return err
	}
	sc.Stages = nil
	_, err = Compile(sc, s.When)
	return err
}

// requireBasis refuses a purpose that nothing allows (CON-01).
func requireBasis(c *charter.Charter, p term.Purpose) error {
	purpose, ok := c.Purpose(p)
	if ok {
		markets := append([]term.Market{""}, c.Business.Markets...)
		if slices.ContainsFunc(markets, func(m term.Market) bool { return purpose.Basis(m).Kind != charter.NoBasis }) {
			return nil
		}
	}
	return errs.New(errs.Forbidden, errs.NoBasis, "nothing may be done for *%s*: the charter gives it no legal basis", p).On("purpose")
}

// SchemaOf gives what a condition for a purpose may speak of. The empty purpose
// may speak of all that any purpose uses. It returns an error when the zone of
// the business is not known on this machine.
func SchemaOf(c *charter.Charter, p term.Purpose) (*Schema, error) {
	keep, err := event.NewKeep(c)
	if err != nil {
		return nil, err
	}
	sc := &Schema{
		Purpose:  p,
		Fields:   make(map[term.Field]*Field, len(c.Fields)),
		Events:   make(map[term.Event]*Event, len(c.Events)),
		Families: make(map[string][]string, len(c.Families)),
	}
	purpose, declared := c.Purpose(p)
	for i := range c.Fields {
		f := &c.Fields[i]
		sc.Fields[f.ID] = &Field{
			ID: f.ID, Title: f.Title, Kind: kindOf(f.Kind), Slot: f.Slot, Of: f.Of,
			Sealed:    f.KeepIn != charter.Trait || f.Slot == "",
			Sensitive: f.Sensitivity != charter.Ordinary,
			For:       purposesOf(c, p, func(q *charter.Purpose) bool { _, ok := q.UsesField(f.ID); return ok }),
		}
		if declared && purpose.MaxAge[f.ID] > 0 {
			sc.Fields[f.ID].Stale = func(at clock.Instant) clock.Instant { return gate.StaleFrom(purpose, f.ID, at) }
		}
	}
	for i := range c.Events {
		e := &c.Events[i]
		ev := &Event{
			Name: e.Name, Title: e.Title,
			For: purposesOf(c, p, func(q *charter.Purpose) bool { _, ok := q.UsesEvent(e.Name); return ok }),
		}
		ev.Money, ev.Family = columnsOf(e)
		if p != "" {
			ev.Since = func(at clock.Instant) clock.Instant { return keep.Since(e.Name, p, at) }
		}
		sc.Events[e.Name] = ev
	}
	for _, f := range c.Families {
		sc.Families[f.ID] = append([]string{f.ID}, f.Goods...)
	}
	for _, s := range c.Stages {
		sc.Stages = append(sc.Stages, Stage{ID: s.ID, When: s.When, Shown: s.ShownAs})
	}
	return sc, nil
}

// purposesOf lists the purposes that use something; asked for none, none in
// particular counts too.
func purposesOf(c *charter.Charter, p term.Purpose, uses func(*charter.Purpose) bool) []term.Purpose {
	var out []term.Purpose
	for i := range c.Purposes {
		if uses(&c.Purposes[i]) {
			out = append(out, c.Purposes[i].ID)
		}
	}
	if p == "" && len(out) > 0 {
		out = append(out, p)
	}
	return out
}

func kindOf(k charter.FieldKind) Kind {
	switch k {
	case charter.KindFlag:
		return KindFlag
	case charter.KindCount, charter.KindBirthYear:
		return KindWhole
	case charter.KindMoney:
		return KindMoney
	case charter.KindDate, charter.KindInstant, charter.KindBirthDate:
		return KindMoment
	}
	return KindText
}

// columnsOf names the money property that is kept as an amount, and tells
// whether a property names a family of goods.
func columnsOf(e *charter.Event) (money string, family bool) {
	for name, kind := range e.Props {
		switch kind {
		case charter.PropMoney:
			if money == "" || name < money {
				money = name
			}
		case charter.PropFamily:
			family = true
		}
	}
	return money, family
}
