package intake

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"candor/internal/admission"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/personal"
	"candor/internal/term"
)

// plan is a mapping bound to a file's columns and to what the charter lets in.
type plan struct {
	m        Mapping
	rules    *admission.Rules
	event    *charter.Event // nil when the file has none
	columns  []bound
	named    map[string]int // column name to its place
	width    int
	layout   string
	zone     *time.Location
	now      clock.Instant
	leftOut  []string
	copies   map[[16]byte]int // rows seen, to tell equal ones apart
	promises promises
}

type bound struct {
	Column
	at int
}

func newPlan(m Mapping, rules *admission.Rules, past promises, header []string, now clock.Instant) (*plan, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if err := m.against(rules); err != nil {
		return nil, err
	}
	p := &plan{m: m, rules: rules, promises: past, named: map[string]int{}, width: len(header), now: now, copies: map[[16]byte]int{}}
	p.layout, _ = timeLayout(m.Times)
	p.zone, _ = m.zone()
	p.event, _ = rules.Event(m.Event)
	for i, name := range header {
		p.named[name] = i
	}
	used := map[string]bool{}
	for _, c := range m.Columns {
		at, ok := p.named[c.Name]
		if !ok {
			return nil, mappingError("the file has no column %q", c.Name)
		}
		p.columns = append(p.columns, bound{c, at})
		used[c.Name] = true
	}
	for _, c := range m.Consents {
		for _, name := range c.columns() {
			if _, ok := p.named[name]; !ok {
				return nil, mappingError("the file has no column %q", name)
			}
			used[name] = true
		}
	}
	p.leftOut = slices.Sorted(maps.Keys(p.named))
	p.leftOut = slices.DeleteFunc(p.leftOut, func(n string) bool { return used[n] })
	return p, nil
}

// row is what one row says.
type row struct {
	key        string
	identities []customer.Identity
	values     map[term.Field]personal.Value
	traits     map[term.Field]any
	events     []event.New
	acts       []consent.Act
	without    []RowError // permissions without their evidence
	at         clock.Instant
}

// read turns a row's cells into what they say. It gives the reason when the row
// cannot be taken.
func (p *plan) read(cells []string, line int64) (row, *RowError) {
	r, why := p.person(cells, line)
	if why != nil {
		return row{}, why
	}
	if why := p.readEvent(&r, cells, line); why != nil {
		return row{}, why
	}
	for _, c := range p.m.Consents {
		p.readConsent(&r, c, cells, line)
	}
	return r, nil
}

// person reads who a row is about and what it says of them.
func (p *plan) person(cells []string, line int64) (row, *RowError) {
	if len(cells) != p.width {
		return row{}, &RowError{Row: line, Reason: BadRow}
	}
	for _, c := range cells {
		if !utf8.ValidString(c) || strings.IndexByte(c, 0) >= 0 {
			return row{}, &RowError{Row: line, Reason: NotText}
		}
	}
	var r row
	fields := map[string]any{}
	for _, c := range p.columns {
		cell := strings.TrimSpace(cells[c.at])
		if cell == "" {
			continue
		}
		switch c.As {
		case "identity":
			i, err := identityOf(c.Column, cell)
			if err != nil {
				return row{}, &RowError{line, c.Name, errs.CodeOf(err)}
			}
			r.identities = append(r.identities, i)
		case "field":
			fields[c.What] = cell
		}
	}
	return r, p.readPerson(&r, fields, line)
}

func identityOf(c Column, cell string) (customer.Identity, error) {
	switch customer.IdentityKind(c.What) {
	case customer.EmailAddress:
		return customer.Email(cell)
	case customer.PhoneNumber:
		return customer.Phone(cell, "")
	case customer.Custom:
		return customer.CustomID(c.In, cell)
	case customer.Visitor:
		return customer.Anonymous(cell)
	}
	return customer.UserID(c.In, cell)
}

func (p *plan) readPerson(r *row, fields map[string]any, line int64) *RowError {
	who, _, err := p.rules.Person(fields, nil)
	if err != nil {
		return &RowError{line, p.columnOf("field", err), errs.CodeOf(err)}
	}
	r.values, r.traits = who.Values, who.Traits
	r.identities = append(r.identities, who.Identities...)
	if len(r.identities) == 0 {
		return &RowError{Row: line, Reason: Nobody}
	}
	for _, i := range r.identities {
		r.key += keyOf(i)
	}
	return nil
}

// keyOf tells identities apart, in memory only.
func keyOf(i customer.Identity) string {
	return string(i.Kind) + "\x00" + i.Namespace + "\x00" + i.Value.Reveal() + "\x00"
}

// columnOf gives the column whose field or property an error is about.
func (p *plan) columnOf(as string, err error) string {
	e, ok := err.(*errs.Error)
	if !ok {
		return ""
	}
	for _, c := range p.columns {
		if c.As == as && c.What == e.Field {
			return c.Name
		}
	}
	return ""
}

func (p *plan) readEvent(r *row, cells []string, line int64) *RowError {
	if p.event == nil {
		return nil
	}
	props, message := map[string]any{}, ""
	for _, c := range p.columns {
		cell := strings.TrimSpace(cells[c.at])
		switch {
		case cell == "":
		case c.As == "property":
			props[c.What] = cell
		case c.As == "message":
			message = cell
		case c.As == "time":
			t, err := time.ParseInLocation(p.layout, cell, p.zone)
			if err != nil || clock.At(t) > p.now {
				return &RowError{line, c.Name, BadTime}
			}
			r.at = clock.At(t)
		}
	}
	if r.at == 0 {
		return &RowError{Row: line, Reason: BadTime}
	}
	if _, ok := props["currency"]; !ok && p.m.Currency != "" {
		props["currency"] = p.m.Currency
	}
	e, _, err := p.rules.Props(p.event, props)
	if err != nil {
		return &RowError{line, p.columnOf("property", err), errs.CodeOf(err)}
	}
	e.OccurredAt, e.MessageID = r.at, message
	if message == "" {
		e.MessageID = p.contentID(cells)
	}
	r.events = append(r.events, e)
	return nil
}

// pass goes over a row that an earlier run took, so that equal rows after it
// keep their numbers.
func (p *plan) pass(cells []string) {
	if p.event != nil && !p.m.has("message") {
		var r row
		_ = p.readEvent(&r, cells, 0)
	}
}

// contentID is the message id of a row that has none: its content, and which of
// several equal rows it is. The same file imported twice has the same ids; a
// customer who bought the same thing twice on a day bought twice.
func (p *plan) contentID(cells []string) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%q\n%q", p.m.Source, cells)
	sum := [16]byte(h.Sum(nil))
	p.copies[sum]++
	return fmt.Sprintf("import:%s:%d", base64.RawURLEncoding.EncodeToString(sum[:]), p.copies[sum])
}
