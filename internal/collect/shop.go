package collect

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"candor/internal/admission"
	"candor/internal/charter"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/request"
	"candor/internal/term"
)

// What shops tell, in the words of their topics.
const (
	redactCustomer = "customers/redact"
	dataRequest    = "customers/data_request"
	redactShop     = "shop/redact"
	consentChanged = "customers_email_marketing_consent/update"
)

// refunded is the name under which a charter may declare refunds.
const refunded term.Event = "Order Refunded"

var wantedTopics = map[Class][]string{
	Shopify:     {"orders/create", "orders/paid", "orders/updated", "orders/fulfilled", "customers/create", "customers/update", consentChanged},
	WooCommerce: {"order.created", "order.updated", "customer.created", "customer.updated"},
}

func wanted(c Class, topic string) bool { return slices.Contains(wantedTopics[c], topic) }

// aboutRights reports whether a topic speaks for a person's rights. Such a hook
// is heard even where nothing may be collected, and after the shop has left.
func aboutRights(topic string) bool {
	return topic == redactCustomer || topic == dataRequest || topic == redactShop
}

// topicName counts topics under names that look like programs' names.
func topicName(topic string) string { return strings.ReplaceAll(topic, "/", ".") }

// order is an order as both shops tell it.
type order struct {
	number   string
	at       value
	total    value
	currency value
	lines    []value
	person   person
	counts   bool // placed, and neither a trial nor cancelled
	refunds  []refund
}

type refund struct {
	number string
	amount string
	at     value
}

// person is a customer as both shops tell them.
type person struct {
	id      string
	email   string
	phone   string
	name    string
	address map[string]any
	country string
	lang    string
	at      value
}

// messagesOf turns a shop's webhook into messages: who it is, what they bought,
// what they got back. Each has a key of its own, so that a repetition adds
// nothing; none needs another to have come first. Refunds come with their order:
// a refund's own webhook does not say whose it is.
func messagesOf(s *Source, rules *admission.Rules, topic string, v value) []message {
	switch {
	case topic == consentChanged:
		return nil
	case s.Class == Shopify && strings.HasPrefix(topic, "customers/"):
		return personMessages(rules, shopifyPerson(v))
	case s.Class == Shopify:
		return orderMessages(s, rules, shopifyOrder(v))
	case strings.HasPrefix(topic, "customer."):
		return personMessages(rules, wooCustomer(v))
	}
	return orderMessages(s, rules, wooOrder(v))
}

func (p person) message(c call, at value) message {
	m := message{call: c, userID: p.id, happened: at.time()}
	if p.id == "" || p.id == "0" {
		m.userID, m.email = "", p.email
	}
	return m
}

// personMessages says what a shop knows of somebody, in the fields that the
// charter declares.
func personMessages(rules *admission.Rules, p person) []message {
	m := p.message(identify, p.at)
	m.data = map[string]any{}
	for _, f := range rules.Charter().Fields {
		if _, ok := rules.Field(f.ID); !ok {
			continue
		}
		switch f.Kind {
		case charter.KindEmail:
			m.data[string(f.ID)] = p.email
		case charter.KindPhone:
			m.data[string(f.ID)] = p.phone
		case charter.KindName:
			m.data[string(f.ID)] = p.name
		case charter.KindCountry:
			m.data[string(f.ID)] = p.country
		case charter.KindLanguage:
			m.data[string(f.ID)] = p.lang
		case charter.KindPostal:
			if len(p.address) > 0 {
				m.data[string(f.ID)] = p.address
			}
		}
	}
	if p.email == "" && m.userID == "" {
		return nil
	}
	return []message{m}
}

func orderMessages(s *Source, rules *admission.Rules, o order) []message {
	if !o.counts {
		return nil
	}
	out := personMessages(rules, o.person)
	if e := orderEvent(s, rules); e != nil {
		m := o.person.message(track, o.at)
		m.id, m.event = string(s.Class)+":order:"+o.number, string(e.Name)
		m.data = o.props(rules, e)
		out = append(out, m)
	}
	for _, r := range o.refunds {
		out = append(out, refundMessage(s, rules, o, r))
	}
	return out
}

// orderEvent is the event that means an order in the charter.
func orderEvent(s *Source, rules *admission.Rules) *charter.Event {
	for i := range rules.Charter().Events {
		e := &rules.Charter().Events[i]
		if _, ok := rules.Event(e.Name); ok && e.Is(charter.MeansOrder) && s.takesEvent(e.Name) {
			return e
		}
	}
	return nil
}

// props fills the properties that the charter declares: the order's number, its
// total, how many pieces, and the family of goods of the line that cost most.
func (o order) props(rules *admission.Rules, e *charter.Event) map[string]any {
	out := map[string]any{"currency": o.currency.text()}
	for name, kind := range e.Props {
		switch {
		case kind == charter.PropID && (name == "order_id" || only(e, charter.PropID)):
			out[name] = o.number
		case kind == charter.PropMoney && (name == "value" || name == "total" || name == "revenue" || only(e, charter.PropMoney)):
			out[name] = o.total.text()
		case kind == charter.PropCount && (name == "items" || name == "quantity" || name == "pieces"):
			out[name] = o.pieces()
		case kind == charter.PropFamily:
			if f := o.family(rules.Charter()); f != "" {
				out[name] = f
			}
		}
	}
	return out
}

func only(e *charter.Event, kind charter.PropKind) bool {
	n := 0
	for _, k := range e.Props {
		if k == kind {
			n++
		}
	}
	return n == 1
}

func (o order) pieces() string {
	n := 0
	for _, l := range o.lines {
		n += atLeastOne(l.get("quantity").text())
	}
	return strconv.Itoa(n)
}

// family gives the family of goods of the order's dearest line that belongs to
// one: a word of its name, its stock number or its type names the goods.
func (o order) family(c *charter.Charter) string {
	lines := slices.Clone(o.lines)
	slices.SortStableFunc(lines, func(a, b value) int { return cmp.Compare(lineAmount(b), lineAmount(a)) })
	for _, l := range lines {
		words := strings.FieldsFunc(strings.ToLower(strings.Join([]string{
			l.get("product_type").text(), l.get("sku").text(), l.get("title").text(), l.get("name").text(),
		}, " ")), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for _, f := range c.Families {
			for _, goods := range append([]string{f.ID}, f.Goods...) {
				if slices.Contains(words, strings.ToLower(goods)) {
					return f.ID
				}
			}
		}
	}
	return ""
}

func refundMessage(s *Source, rules *admission.Rules, o order, r refund) message {
	m := o.person.message(track, r.at)
	m.id, m.event = string(s.Class)+":refund:"+r.number, string(refunded)
	m.data = map[string]any{"currency": o.currency.text()}
	if e, ok := rules.Event(refunded); ok {
		for name, kind := range e.Props {
			switch kind {
			case charter.PropID:
				m.data[name] = o.number
			case charter.PropMoney:
				m.data[name] = r.amount
			}
		}
	}
	return m
}

// staleChange is how old a change of consent may be: shops try for two days.
const staleChange = 3 * 24 * time.Hour

// lowered takes a withdrawal that a shop reports. A yes there is no evidence
// here and raises nothing (CON-14); an old report, sent again, changes nothing,
// since the person may have agreed anew.
func (c *Collector) lowered(rules *admission.Rules, d delivery, v value) []gate.Arrival {
	state := v.get("email_marketing_consent")
	at := state.get("consent_updated_at").time()
	if s := state.get("state").text(); s != "unsubscribed" && s != "redacted" || at.Add(staleChange) < d.received {
		return nil
	}
	who, err := c.identities(d.source, person{id: v.get("customer_id").text(), email: v.get("email_address").text()}.message(identify, v))
	if err != nil {
		return nil
	}
	a := gate.Arrival{Source: d.source.ID, Identities: who, At: d.received,
		Provenance: customer.Provenance{Source: d.source.ID.String(), Method: customer.Stated, Confidence: customer.Certain, At: at}}
	for _, p := range rules.Charter().Purposes {
		if p.Marketing && slices.Contains(p.Channels(), term.Email) {
			a.Acts = append(a.Acts, consent.Act{Controller: d.source.Controller, Purpose: p.ID, Channel: term.Email, Kind: consent.Withdrawn,
				Method: consent.ByAPI, Strength: consent.Attested, Source: string(d.source.Class), AssertedAt: at,
				Actor: term.Actor("source:" + d.source.ID.String())})
		}
	}
	return []gate.Arrival{a}
}

// rights does what a shop asks for on behalf of a person, or of itself.
func (c *Collector) rights(ctx context.Context, s *Source, topic string, v value) error {
	if c.desk == nil {
		return errs.New(errs.Unavailable, errs.FailClosed, "requests cannot be taken now; send it again")
	}
	if topic == redactShop { // the shop has left: nothing more is taken from it
		if err := c.sources.Revoke(ctx, s.ID); !errs.Is(err, errs.NotFound) {
			return err
		}
		return nil
	}
	who, err := c.asked(ctx, s, v.get("customer"))
	if err != nil {
		return err
	}
	actor := term.Actor("source:" + s.ID.String())
	for _, one := range who {
		if topic == dataRequest {
			_, err = c.desk.AskAccess(ctx, request.NewRequest{Customer: one, Via: string(s.Class), Actor: actor})
		} else {
			_, err = c.desk.Erase(ctx, request.NewErasure{Customer: one, Via: string(s.Class), Actor: actor})
		}
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
	}
	if len(who) == 0 {
		c.counts.add(s.ID, NothingLeft, topicName(topic), 1)
	}
	return nil
}

// asked finds whom a request is about: by the shop's own id; by the address only
// where one customer alone has it, since an address may be shared.
func (c *Collector) asked(ctx context.Context, s *Source, v value) (found []id.Customer, err error) {
	book := customer.NewBook(c.ring)
	err = c.db.Read(ctx, func(tx *db.Tx) error {
		found = nil
		if i, err := customer.UserID(s.Namespace, v.get("id").text()); err == nil {
			if found, err = book.Find(tx, i); err != nil || len(found) > 0 {
				return err
			}
		}
		i, err := customer.Email(v.get("email").text())
		if err != nil {
			return nil
		}
		if found, err = book.Find(tx, i); len(found) > 1 {
			found = nil
		}
		return err
	})
	return found, err
}
