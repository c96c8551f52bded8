package intake

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"candor/internal/admission"
	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/errs"
	"candor/internal/strict/yamldoc"
	"candor/internal/term"
)

// Mapping says what the columns of a file are. As a document:
//
//	source: cdnow
//	event: Order Completed
//	currency: USD
//	times: YYYYMMDD
//	columns:
//	  customer_id:    identity user cdnow
//	  date:           time
//	  number_of_cds:  property discs
//	  dollar_value:   property value
type Mapping struct {
	Source    string // where the file comes from; every value carries it
	Delimiter string // comma, semicolon, tab or spaces; "" finds out
	Times     string // how times are written; see ReadTimes
	Zone      string // IANA zone of times that name none; "" is UTC
	Event     term.Event
	Currency  string // of amounts, where no column says
	Columns   []Column
	Consents  []Consent
	Export    *Export // the file is another tool's export; then nothing else is mapped
	Purchased bool    // a list that was bought or rented: nothing in it is a permission to write
}

// Column says what one column is.
type Column struct {
	Name string // as in the header
	As   string // identity, field, property, time or message
	What string // the kind of identity, the field or the property
	In   string // the namespace of an identity
}

// Consent says which columns tell of a permission, and which hold its evidence.
type Consent struct {
	Purpose term.Purpose
	Channel term.Channel
	Column  string              // yes, no, or empty
	At      string              // column: when it was given
	Words   string              // column: the words or the notice that were shown, or their SHA-256
	Form    string              // column: the form, which finds the words of that time; this or Words
	Lang    string              // column: the language in which the form was shown; "" is the charter's first
	Method  string              // column: how, such as form
	Given   string              // column: to whom; must name the controller
	Proof   string              // column: what shows that it was done, such as the time of a confirmation; "" for nothing
	Forms   map[string]term.Ask // what the file's names of forms stand for
}

const consentParts = "a consent has purpose, channel, column, at, words or form, lang, method, given, proof and forms"

// maxMapping bounds a mapping's document.
const maxMapping = 64 << 10

// ParseMapping reads a mapping written as YAML or JSON. It returns INVALID,
// naming the line, for what it does not understand.
func ParseMapping(text []byte) (Mapping, error) {
	root, faults := yamldoc.Read(text, maxMapping)
	if len(faults) > 0 {
		return Mapping{}, mappingError("%s", faults[0])
	}
	var m Mapping
	for i := 0; i+1 < len(root.Content); i += 2 {
		name, value := root.Content[i], root.Content[i+1]
		var err error
		switch into := m.text(name.Value); {
		case into != nil:
			s, ok := yamldoc.Value(value).(string)
			if !ok {
				err = fmt.Errorf("%s is text", name.Value)
			}
			*into = s
		case name.Value == "export":
			m.Export, err = readExport(yamldoc.Value(value))
		case name.Value == "purchased":
			yes, ok := yamldoc.Value(value).(bool)
			if !ok {
				err = fmt.Errorf("purchased is true or false")
			}
			m.Purchased = yes
		case name.Value == "event":
			m.Event = term.Event(value.Value)
		case name.Value == "columns":
			err = m.readColumns(yamldoc.Value(value))
		case name.Value == "consents":
			err = m.readConsents(yamldoc.Value(value))
		default:
			err = fmt.Errorf("there is no such setting; use source, delimiter, times, zone, event, currency, columns, consents, export or purchased")
		}
		if err != nil {
			return Mapping{}, mappingError("line %d: %v", name.Line, err)
		}
	}
	return m, m.check()
}

func mappingError(format string, args ...any) error {
	return errs.New(errs.Invalid, "mapping", "mapping: "+format, args...)
}

func (m *Mapping) text(name string) *string {
	switch name {
	case "source":
		return &m.Source
	case "delimiter":
		return &m.Delimiter
	case "times":
		return &m.Times
	case "zone":
		return &m.Zone
	case "currency":
		return &m.Currency
	}
	return nil
}

func (m *Mapping) readColumns(v any) error {
	columns, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("columns is a list of names, each with what it is")
	}
	for name, v := range columns {
		s, _ := v.(string)
		c, err := ParseColumn(name, s)
		if err != nil {
			return err
		}
		m.Columns = append(m.Columns, c)
	}
	slices.SortFunc(m.Columns, func(a, b Column) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// ParseColumn reads what a column is: "identity user shop", "identity email",
// "field country", "property value", "time" or "message".
func ParseColumn(name, as string) (Column, error) {
	w := append(strings.Fields(as), "", "", "")
	c := Column{Name: strings.TrimSpace(name), As: w[0], What: w[1], In: w[2]}
	ok := c.Name != "" && w[3] == ""
	switch c.As {
	case "time", "message":
		ok = ok && c.What == ""
	case "field", "property":
		ok = ok && c.What != "" && c.In == ""
	case "identity":
		switch customer.IdentityKind(c.What) {
		case customer.User, customer.Custom:
			ok = ok && c.In != ""
		case customer.EmailAddress, customer.PhoneNumber, customer.Visitor:
			ok = ok && c.In == ""
		default:
			ok = false
		}
	default:
		ok = false
	}
	if !ok {
		return Column{}, fmt.Errorf("a column is one of: identity user NAMESPACE, identity email, identity phone, field NAME, property NAME, time, message")
	}
	return c, nil
}

func (m *Mapping) readConsents(v any) error {
	list, ok := v.([]any)
	if !ok {
		return fmt.Errorf("consents is a list")
	}
	for _, one := range list {
		fields, ok := one.(map[string]any)
		if !ok {
			return errors.New(consentParts)
		}
		var c Consent
		into := map[string]*string{
			"purpose": (*string)(&c.Purpose), "channel": (*string)(&c.Channel), "column": &c.Column,
			"at": &c.At, "words": &c.Words, "method": &c.Method, "given": &c.Given,
			"form": &c.Form, "lang": &c.Lang, "proof": &c.Proof,
		}
		for name, v := range fields {
			if forms, ok := v.(map[string]any); ok && name == "forms" {
				c.Forms = formsOf(forms)
				continue
			}
			s, isText := v.(string)
			if into[name] == nil || !isText {
				return errors.New(consentParts)
			}
			*into[name] = s
		}
		m.Consents = append(m.Consents, c)
	}
	return nil
}

func formsOf(v map[string]any) map[string]term.Ask {
	out := map[string]term.Ask{}
	for name, ask := range v {
		out[name] = term.Ask(fmt.Sprint(ask))
	}
	return out
}

// check refuses a mapping that could not work on any file.
func (m *Mapping) check() error {
	if m.Source == "" || len(m.Source) > 64 {
		return mappingError("source says where the file comes from, in at most 64 letters: every value carries it")
	}
	if m.Export != nil {
		return m.Export.check(m)
	}
	if _, err := m.zone(); err != nil {
		return mappingError("zone is a name such as Europe/Berlin")
	}
	if _, err := timeLayout(m.Times); err != nil {
		return err
	}
	if m.Delimiter != "" && delimiters[m.Delimiter] == 0 {
		return mappingError("delimiter is comma, semicolon, tab or spaces")
	}
	if m.Event != "" && !m.has("time") {
		return mappingError("an event needs the column that says when it happened: time")
	}
	if m.Event == "" && (m.has("property") || m.has("time") || m.has("message")) {
		return mappingError("property, time and message belong to an event; name it: event")
	}
	for _, c := range m.Consents {
		if c.Purpose == "" || c.Column == "" || c.At == "" || c.Words == "" && c.Form == "" || c.Method == "" || c.Given == "" {
			return mappingError("a permission counts only with its evidence: name the columns at, words or form, method and given (CON-14)")
		}
		if m.Purchased {
			return mappingError("a purchased list carries no permission: those people agreed to somebody else; leave consents out (CON-14)")
		}
	}
	return nil
}

// names lists the columns that the mapping names.
func (m *Mapping) names() []string {
	set := map[string]bool{}
	for _, c := range m.Columns {
		set[c.Name] = true
	}
	for _, c := range m.Consents {
		for _, name := range c.columns() {
			set[name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// columns lists those that hold the permission and its evidence.
func (c Consent) columns() []string {
	all := []string{c.Column, c.At, c.Words, c.Method, c.Given, c.Form, c.Lang, c.Proof}
	return slices.DeleteFunc(all, func(name string) bool { return name == "" })
}

func (m *Mapping) has(as string) bool {
	return slices.ContainsFunc(m.Columns, func(c Column) bool { return c.As == as })
}

func (m *Mapping) zone() (*time.Location, error) {
	if m.Zone == "" {
		return time.UTC, nil
	}
	return time.LoadLocation(m.Zone)
}

// against checks a mapping against what the charter lets in: what it names must
// be declared, and some purpose must need it.
func (m *Mapping) against(rules *admission.Rules) error {
	e, ok := rules.Event(m.Event)
	if m.Event != "" && !ok {
		return mappingError("the charter declares no event %q that a purpose uses", m.Event)
	}
	finds := m.has("identity")
	for _, col := range m.Columns {
		switch col.As {
		case "field":
			f, ok := rules.Field(term.Field(col.What))
			if !ok {
				return mappingError("the charter declares no field %q that a purpose uses", col.What)
			}
			finds = finds || f.Kind == charter.KindEmail || f.Kind == charter.KindPhone
		case "property":
			if _, ok := e.Props[col.What]; !ok && col.What != "currency" {
				return mappingError("the event %q declares no property %q", m.Event, col.What)
			}
		}
	}
	if !finds {
		return mappingError("no column finds the person: name an identity, or a field that is an address")
	}
	for _, con := range m.Consents {
		if _, ok := rules.Charter().Purpose(con.Purpose); !ok {
			return mappingError("the charter declares no purpose %q", con.Purpose)
		}
		for _, ask := range con.Forms {
			if _, ok := rules.Charter().Ask(ask); !ok {
				return mappingError("the charter declares no ask %q", ask)
			}
		}
	}
	return nil
}

// timeForms are the forms of times that people know, with the library's layout.
var timeForms = map[string]string{
	"": time.RFC3339Nano, "RFC3339": time.RFC3339Nano, "YYYYMMDD": "20060102", "YYYY-MM-DD": "2006-01-02", "DD.MM.YYYY": "2.1.2006",
	"MM/DD/YYYY": "1/2/2006", "DD/MM/YYYY": "2/1/2006", "YYYY-MM-DD HH:MM": "2006-01-02 15:04", "YYYY-MM-DD HH:MM:SS": "2006-01-02 15:04:05",
	"DD.MM.YYYY HH:MM": "2.1.2006 15:04", "MM/DD/YYYY HH:MM": "1/2/2006 15:04",
}

func timeLayout(form string) (string, error) {
	if layout, ok := timeForms[form]; ok {
		return layout, nil
	}
	return "", mappingError("times is one of RFC3339, YYYYMMDD, YYYY-MM-DD, YYYY-MM-DD HH:MM, YYYY-MM-DD HH:MM:SS, DD.MM.YYYY, DD.MM.YYYY HH:MM, MM/DD/YYYY, MM/DD/YYYY HH:MM, DD/MM/YYYY")
}
