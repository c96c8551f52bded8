// Package admission is the rule of what may come in: it cuts what a source
// sends to what the charter declares and some purpose needs, and turns it into
// values of the declared kinds (MIN-01, MIN-02).
//
// What is not declared is left out and named, never kept. Places are made
// coarse, page addresses lose query and fragment, free text with card numbers,
// national ids or illnesses is left out. A declared value that is not of its
// kind is INVALID: the whole message then goes to quarantine, so that nothing is
// half taken.
package admission

import (
	"maps"
	"slices"

	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/personal"
	"candor/internal/term"
)

// BadValue is the code of a declared value that is not of its kind.
const BadValue errs.Code = "bad_value"

// Why says why something was left out.
type Why string

// The reasons.
const (
	Undeclared Why = "undeclared" // not in the charter, or no purpose needs it
	NotHere    Why = "not_here"   // declared, but this source may not send it
	Scanned    Why = "scanned"    // a text that must not be stored
)

// Left is the name of what was left out. The name comes from outside and may
// itself be anything.
type Left struct {
	Why  Why
	Name string
}

// Rules is what a charter lets in. It is safe for concurrent use.
type Rules struct {
	charter  *charter.Charter
	fields   map[term.Field]*charter.Field
	events   map[term.Event]*charter.Event
	families map[string]string // goods and families to the family
}

// New works out what a charter lets in: of the fields and events it declares,
// those that at least one purpose uses.
func New(c *charter.Charter) *Rules {
	r := &Rules{charter: c, fields: map[term.Field]*charter.Field{}, events: map[term.Event]*charter.Event{}, families: map[string]string{}}
	for i := range c.Fields {
		if f := &c.Fields[i]; used(c, func(p *charter.Purpose) bool { _, ok := p.UsesField(f.ID); return ok }) {
			r.fields[f.ID] = f
		}
	}
	for i := range c.Events {
		if e := &c.Events[i]; used(c, func(p *charter.Purpose) bool { _, ok := p.UsesEvent(e.Name); return ok }) {
			r.events[e.Name] = e
		}
	}
	for _, f := range c.Families {
		r.families[f.ID] = f.ID
		for _, g := range f.Goods {
			r.families[g] = f.ID
		}
	}
	return r
}

func used(c *charter.Charter, uses func(*charter.Purpose) bool) bool {
	for i := range c.Purposes {
		if uses(&c.Purposes[i]) {
			return true
		}
	}
	return false
}

// Charter is the charter the rules come from.
func (r *Rules) Charter() *charter.Charter { return r.charter }

// Event finds an event that may come in.
func (r *Rules) Event(e term.Event) (*charter.Event, bool) {
	v, ok := r.events[e]
	return v, ok
}

// Field finds a field that may come in.
func (r *Rules) Field(f term.Field) (*charter.Field, bool) {
	v, ok := r.fields[f]
	return v, ok
}

// Person is what is let in about a person.
type Person struct {
	Identities []customer.Identity // addresses among the fields
	Values     map[term.Field]personal.Value
	Traits     map[term.Field]any
}

// Person reads fields by their names. May says which of them this source may
// send; nil allows all. It returns INVALID, naming the field, for a value that
// is not of its kind; an empty value is no value.
func (r *Rules) Person(raw map[string]any, may func(term.Field) bool) (Person, []Left, error) {
	p := Person{Values: map[term.Field]personal.Value{}, Traits: map[term.Field]any{}}
	var left []Left
	var taken []string
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		f, ok := r.fields[term.Field(name)]
		switch {
		case !ok:
			left = append(left, Left{Undeclared, name})
		case may != nil && !may(f.ID):
			left = append(left, Left{NotHere, name})
		case !isEmpty(raw[name]):
			taken = append(taken, name)
		}
	}
	for _, name := range taken {
		f := r.fields[term.Field(name)]
		v, err := readField(f, raw[name])
		if err != nil {
			return Person{}, left, err
		}
		if v.scanned {
			left = append(left, Left{Scanned, name})
			continue
		}
		p.add(f, v)
	}
	return p, left, nil
}

func (p *Person) add(f *charter.Field, v value) {
	if v.identity.Kind != "" {
		p.Identities = append(p.Identities, v.identity)
		p.Values[f.ID] = v.identity.Value
		return
	}
	if f.KeepIn == charter.Vault {
		p.Values[f.ID] = personal.Seal(v.text)
		return
	}
	p.Traits[f.ID] = v.trait
}

// Props reads an event's properties. It returns INVALID, naming the property,
// for a value that is not of its kind. The event must be one that Event finds.
func (r *Rules) Props(e *charter.Event, raw map[string]any) (event.New, []Left, error) {
	out := event.New{Name: e.Name, Props: map[string]any{}}
	currency, err := currencyOf(e, raw)
	if err != nil {
		return out, nil, err
	}
	var left []Left
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		kind, ok := e.Props[name]
		if !ok {
			if name != currencyProp || currency == "" {
				left = append(left, Left{Undeclared, name})
			}
			continue
		}
		if isEmpty(raw[name]) {
			continue
		}
		v, err := r.readProp(e, name, kind, currency, raw[name])
		if err != nil {
			return out, left, err
		}
		if v == nil {
			left = append(left, Left{Scanned, name})
			continue
		}
		out.Props[name] = v
		switch kind {
		case charter.PropMoney:
			out.Amount, out.Currency = v.(int64), currency
		case charter.PropFamily:
			out.Family = v.(string)
		case charter.PropID:
			out.Ref = v.(string)
		}
	}
	return out, left, nil
}

func isEmpty(v any) bool { return v == nil || v == "" }

func bad(name, format string, args ...any) error {
	return errs.New(errs.Invalid, BadValue, format, args...).On(name)
}
