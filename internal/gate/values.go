package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/gate/internal/vault"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
)

// maxValue bounds a value kept in the vault.
const maxValue = 8 << 10

// valueOf is a value of a customer on its way into the vault.
type valueOf struct {
	arrival  int
	customer id.Customer
	field    *charter.Field
	value    personal.Value
}

// fitValue checks a value against its field and gives it normalised. It returns
// INVALID, without the value, when it does not fit.
func fitValue(f *charter.Field, v personal.Value) (personal.Value, error) {
	bad := errs.New(errs.Invalid, NoteBadValue, "this is not a %s", f.Kind).On(string(f.ID))
	raw := strings.TrimSpace(v.Reveal())
	if raw == "" || len(raw) > maxValue || !utf8.ValidString(raw) {
		return personal.Value{}, bad
	}
	switch f.Kind {
	case charter.KindEmail:
		x, err := customer.Email(raw)
		return x.Value, err
	case charter.KindPhone:
		x, err := customer.Phone(raw, "")
		return x.Value, err
	case charter.KindBirthDate:
		if _, err := clock.ParseDate(raw); err != nil {
			return personal.Value{}, bad
		}
	}
	return personal.Seal(raw), nil
}

// seal seals the batch's values. Keys of new customers are made now, before the
// data.
func (b *batch) seal(ctx context.Context) error {
	if len(b.values) == 0 {
		return nil
	}
	ids := make([]id.Customer, len(b.values))
	for i, v := range b.values {
		ids[i] = v.customer
	}
	keys, err := b.g.vault.Keys(ctx, ids)
	if err != nil {
		return err
	}
	for _, v := range b.values {
		b.sealed = append(b.sealed, vault.Sealed{
			Customer: v.customer, Field: v.field.ID, ValueID: int64(id.New[id.Event]()), Bytes: keys[v.customer].Seal(v.field.ID, v.value),
			Provenance: b.provenance(&b.list[v.arrival], v.field), RecordedAt: b.now,
		})
	}
	return nil
}

// keepValues stores sealed values and traits and notes those that another
// source's value outweighs.
func (b *batch) keepValues(tx *db.Tx) error {
	sealed, traits, err := b.wanted(tx)
	if err != nil {
		return err
	}
	if len(sealed) > 0 {
		superseded, err := vault.Put(tx, sealed)
		if err != nil {
			return err
		}
		for _, v := range b.values {
			if !slices.Contains(superseded[v.customer], v.field.ID) {
				continue
			}
			pinned, err := vault.StatedBy(tx, v.customer, v.field.ID, customer.Subject)
			if err != nil {
				return err
			}
			b.noteIn(v.arrival, Note{supersededBy(pinned), string(v.field.ID)})
		}
	}
	if len(traits) == 0 {
		return nil
	}
	superseded, err := customer.SetTraits(tx, traits)
	for _, v := range superseded {
		pinned, err := customer.TraitStatedBy(tx, v.Customer, v.Field, customer.Subject)
		if err != nil {
			return err
		}
		b.noteTrait(v, supersededBy(pinned))
	}
	return err
}

func supersededBy(subject bool) errs.Code {
	if subject {
		return NotePinned
	}
	return NoteSuperseded
}

// noteTrait notes what became of a trait with the arrivals that told it.
func (b *batch) noteTrait(v customer.TraitValue, code errs.Code) {
	for i := range b.list {
		if _, has := b.list[i].Traits[v.Field]; has && b.out[i].Customer == v.Customer {
			b.noteIn(i, Note{code, string(v.Field)})
		}
	}
}

func (b *batch) noteIn(i int, n Note) {
	if !slices.Contains(b.out[i].Notes, n) {
		b.out[i].Notes = append(b.out[i].Notes, n)
	}
}

// Warm opens the keys of customers, so that a write transaction can read their
// values without waiting for the store of keys.
func (g *Gate) Warm(ctx context.Context, list []id.Customer) error { return g.vault.Warm(ctx, list) }

// Value reads a field of the pass, as people read it; the zero Value when
// nothing is known or it is Stale. It returns FORBIDDEN for a field that the pass does not
// open. In a write transaction the customer's key must be Warm.
func (p Pass) Value(ctx context.Context, tx *db.Tx, f term.Field) (personal.Value, error) {
	if err := p.Check(f); err != nil {
		return personal.Value{}, err
	}
	c, err := p.charter(ctx, tx)
	if err != nil {
		return personal.Value{}, err
	}
	field, ok := c.Field(f)
	if !ok {
		return personal.Value{}, errs.New(errs.Forbidden, errs.FieldNotAllowed, "the charter does not declare this field").On(string(f))
	}
	who := p.request.Customer
	if slices.Contains(p.stale, f) {
		return personal.Value{}, nil
	}
	if p.shelved(tx) {
		return p.shelf.value(who, field), nil
	}
	if field.KeepIn == charter.Vault {
		found, err := p.gate.vault.Values(ctx, tx, who, []term.Field{f})
		return found[f], err
	}
	v, err := customer.TraitOfCustomer(tx, who, field)
	if errs.Is(err, errs.NotFound) {
		return personal.Value{}, nil
	}
	return personal.Seal(asText(field, v)), err
}

// Masked is Value with only as much left as tells whose it is not: "a***na".
func (p Pass) Masked(ctx context.Context, tx *db.Tx, f term.Field) (personal.Value, error) {
	v, err := p.Value(ctx, tx, f)
	if err != nil || v.IsZero() {
		return personal.Value{}, err
	}
	return personal.Seal(mask(v.Reveal())), nil
}

// shelved reports whether the pass reads from the shelf of its transaction.
func (p Pass) shelved(tx *db.Tx) bool { return p.shelf != nil && p.shelf.tx == tx }

// charter is the charter in force, read once for the passes of a shelf.
func (p Pass) charter(ctx context.Context, tx *db.Tx) (*charter.Charter, error) {
	if p.shelved(tx) {
		err := p.shelf.read(ctx)
		return p.shelf.charter, err
	}
	_, c, err := p.gate.law(tx)
	return c, err
}

func asText(f *charter.Field, v any) string {
	if at, ok := v.(clock.Instant); ok && f.Kind == charter.KindDate {
		return at.Time().Format(time.DateOnly)
	}
	if n, ok := v.(int64); ok && f.Kind == charter.KindMoney {
		return fmt.Sprintf("%d.%02d", n/100, max(n, -n)%100)
	}
	return fmt.Sprint(v)
}

// kindsOf are the kinds of fields that hold where a channel reaches a person.
var kindsOf = map[term.Channel]charter.FieldKind{
	term.Email: charter.KindEmail, term.SMS: charter.KindPhone, term.Phone: charter.KindPhone, term.Post: charter.KindPostal,
}

// Address reads where the pass's channel reaches the customer. It returns
// NOT_FOUND when nothing is on file.
func (p Pass) Address(ctx context.Context, tx *db.Tx) (personal.Value, error) {
	if err := p.live(); err != nil {
		return personal.Value{}, err
	}
	c, err := p.charter(ctx, tx)
	if err != nil {
		return personal.Value{}, err
	}
	for i := range c.Fields {
		f := &c.Fields[i]
		if f.KeepIn != charter.Vault || f.Kind != kindsOf[p.request.Channel] || p.Check(f.ID) != nil {
			continue
		}
		v, err := p.Value(ctx, tx, f.ID)
		if err != nil || !v.IsZero() {
			return v, err
		}
	}
	return personal.Value{}, errs.New(errs.NotFound, "no_address", "no address of this channel is on file")
}

// Held is a value that is kept of a customer, with where it came from.
type Held struct {
	Field      term.Field
	Value      personal.Value // of fields in the vault
	Trait      any            // of fields kept as traits
	Source     string
	Method     string
	At         clock.Instant
	Confidence int  // 0 to 100
	Superseded bool // another source is believed
}

// Guessed reports whether a model guessed it: it is shown as a guess (ACC-03).
func (h Held) Guessed() bool { return h.Method == customer.Inferred }

// Held reads all values that a pass opens, also those not believed, for showing
// them to the person.
func (g *Gate) Held(ctx context.Context, tx *db.Tx, p Pass) ([]Held, error) {
	if err := p.live(); err != nil {
		return nil, err
	}
	who := p.request.Customer
	sealed, err := g.vault.All(ctx, tx, who)
	if err != nil {
		return nil, err
	}
	var out []Held
	for _, v := range sealed {
		if p.Check(v.Field) == nil {
			out = append(out, Held{Field: v.Field, Value: v.Value, Source: v.Source, Method: v.Method, Confidence: v.Confidence, At: v.At, Superseded: !v.Active})
		}
	}
	_, c, err := g.law(tx)
	if err != nil {
		return nil, err
	}
	traits, err := customer.TraitValuesOf(tx, who)
	for _, v := range traits {
		if f, ok := c.Field(v.Field); ok && p.Check(v.Field) == nil {
			out = append(out, Held{Field: v.Field, Trait: asText(f, v.Value(f)), Source: v.Source, Method: v.Method, Confidence: v.Confidence, At: v.At, Superseded: !v.Active})
		}
	}
	return out, err
}

// Kept lists which values are on file of a customer and where they came from,
// also those not believed, without any of them: what staff see before they say
// what they need one for.
func (g *Gate) Kept(tx *db.Tx, who id.Customer) ([]Held, error) {
	var out []Held
	sealed, err := vault.Kept(tx, who)
	if err != nil {
		return nil, err
	}
	for _, v := range sealed {
		out = append(out, Held{Field: v.Field, Source: v.Source, Method: v.Method, Confidence: v.Confidence, At: v.At, Superseded: !v.Active})
	}
	traits, err := customer.TraitValuesOf(tx, who)
	for _, v := range traits {
		out = append(out, Held{Field: v.Field, Source: v.Source, Method: v.Method, Confidence: v.Confidence, At: v.At, Superseded: !v.Active})
	}
	return out, err
}

// MaskedAddress shows enough of a customer's address for them to know which one
// it is, such as "a***@e***.org"; "" when none is on file (PRF-01).
func (g *Gate) MaskedAddress(ctx context.Context, tx *db.Tx, who id.Customer, ch term.Channel) (string, error) {
	_, c, err := g.law(tx)
	if err != nil {
		return "", err
	}
	for i := range c.Fields {
		f := &c.Fields[i]
		if f.KeepIn != charter.Vault || f.Kind != kindsOf[ch] {
			continue
		}
		found, err := g.vault.Values(ctx, tx, who, []term.Field{f.ID})
		if err != nil {
			return "", err
		}
		if v := found[f.ID]; !v.IsZero() {
			return mask(v.Reveal()), nil
		}
	}
	return "", nil
}

func mask(s string) string {
	const stars = "***"
	first, size := utf8.DecodeRuneInString(s)
	if at := strings.LastIndexByte(s, '@'); at > 0 {
		domain, _ := utf8.DecodeRuneInString(s[at+1:])
		return string(first) + stars + "@" + string(domain) + stars + s[max(at+1, strings.LastIndexByte(s, '.')):]
	}
	_, last := utf8.DecodeLastRuneInString(s)
	if len(s) <= size+last+2 {
		return stars
	}
	return string(first) + stars + s[len(s)-2:]
}

// Find gives the customers who hold an identity, in ascending order.
func (g *Gate) Find(tx *db.Tx, i customer.Identity) ([]id.Customer, error) { return g.book.Find(tx, i) }

// Correct puts a value right that the charter declares (GDPR 16). What the
// person says themselves stays believed whatever other sources say later.
func (g *Gate) Correct(ctx context.Context, who id.Customer, f term.Field, v personal.Value, p customer.Provenance) error {
	a := Arrival{Provenance: p, Customer: who, At: g.clock.Now()}
	err := g.db.Read(ctx, func(tx *db.Tx) error {
		_, c, err := g.law(tx)
		if err != nil {
			return err
		}
		field, ok := c.Field(f)
		switch {
		case !ok:
			return errs.New(errs.Invalid, errs.FieldNotAllowed, "the charter does not declare this field").On(string(f))
		case field.KeepIn == charter.Trait:
			a.Traits = map[term.Field]any{f: v.Reveal()}
		default:
			a.Values = map[term.Field]personal.Value{f: v}
		}
		return nil
	})
	if err != nil {
		return err
	}
	taken, err := g.Take(ctx, []Arrival{a})
	if err != nil {
		return err
	}
	if taken[0].Refused != nil {
		return taken[0].Refused
	}
	for _, n := range taken[0].Notes {
		if n.Code != NoteSuperseded && n.Code != NotePinned {
			return errs.New(errs.Invalid, n.Code, "this value cannot be kept; check how it is written").On(n.Field)
		}
	}
	return nil
}

// Events gives the latest events of the pass's customer that its purpose lists
// and whose time is not over, at most limit of them.
func (g *Gate) Events(tx *db.Tx, p Pass, limit int) ([]event.Event, error) {
	if err := p.live(); err != nil {
		return nil, err
	}
	_, c, err := g.law(tx)
	if err != nil {
		return nil, err
	}
	keep, err := g.keepOf(c)
	if err != nil {
		return nil, err
	}
	life, err := lives(tx, []id.Customer{p.Customer()})
	if err != nil {
		return nil, err
	}
	return event.List(tx, keep, event.Query{Customer: p.Customer(), Purpose: p.Purpose(), At: g.clock.Now(), Life: life[p.Customer()], Limit: limit})
}
