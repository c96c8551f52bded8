package gate

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// Law is what a charter in force and the rule packs say, as far as a decision
// needs it. It is immutable and holds no customer.
type Law struct {
	Controller term.Controller
	Version    int64  // of the charter
	Packs      string // version of the rule packs
	AdultsOnly bool   // the business addresses adults
	Children   bool   // the business addresses children: everybody is protected as one
	Strict     bool   // everybody is treated by the strictest rules of all
	Print      int64  // fingerprint of all rules

	purposes []*purposeLaw // sorted by name
	byName   map[term.Purpose]*purposeLaw
	fields   []term.Field // all that are declared, sorted
	packs    *rulepack.Set
	zone     *time.Location // of the business
}

// purposeLaw is the law of one purpose.
type purposeLaw struct {
	id         term.Purpose
	marketing  bool
	floor      int64            // consents given under an older charter must be given anew
	evidence   consent.Strength // the least that a consent must have
	fields     []term.Field
	channels   []term.Channel
	recipients []recipientLaw
	news       []charter.News // what people known before must be told first
	explicit   bool           // it uses special data: only an express consent counts
	strict     bool
	rules      map[term.Market]*rule
	print      int64
}

type recipientLaw struct {
	ID        term.Recipient
	Gets      []term.Field
	Processor bool // acts for us; another needs a consent that names it
	Explicit  bool // abroad by express consent alone (GDPR 49(1)(a))
}

// rule is the law of a purpose in one market. Its exported fields are what the
// fingerprint covers.
type rule struct {
	Market   term.Market
	Basis    charter.BasisKind
	Contact  map[term.Channel]contact
	Life     rulepack.Period // of a consent
	Keep     rulepack.Period
	From     charter.Start
	Pending  time.Duration // how long an unconfirmed request may be kept
	Ages     rulepack.Ages
	Implied  rulepack.ImpliedConsent
	ZoneName string
	zone     *time.Location
	zones    []*time.Location // where the market's people may be
}

// contact is when a person may be written to on a channel.
type contact struct {
	Model   rulepack.Permission
	Goods   []string // with after-sale: the family and what belongs to it, sorted
	Confirm bool     // the address must be its owner's, proven
}

// NewLaw derives the law from a charter and the packs. It returns an error when
// a market of the charter has no pack, or a zone is not known here: then
// nothing may be decided (SEC-10).
func NewLaw(c *charter.Charter, packs *rulepack.Set) (*Law, error) {
	l := &Law{
		Controller: c.Business.ID, Version: c.Version, Packs: packs.Version(), packs: packs,
		AdultsOnly: c.Business.People == "adults", Children: c.Business.People == "children", Strict: c.Business.Strict, byName: map[term.Purpose]*purposeLaw{},
		zone: c.Business.Location(),
	}
	for i := range c.Fields {
		l.fields = append(l.fields, c.Fields[i].ID)
	}
	slices.Sort(l.fields)
	markets := append(slices.Clone(c.Business.Markets), rulepack.Strict)
	for i := range c.Purposes {
		p, err := l.purpose(c, &c.Purposes[i], markets)
		if err != nil {
			return nil, err
		}
		l.purposes = append(l.purposes, p)
		l.byName[p.id] = p
	}
	slices.SortFunc(l.purposes, func(a, b *purposeLaw) int { return strings.Compare(string(a.id), string(b.id)) })
	prints := []int64{}
	for _, p := range l.purposes {
		prints = append(prints, p.print)
	}
	l.Print = fingerprint(l.Controller, l.AdultsOnly, l.Children, l.Strict, l.Packs, prints)
	return l, nil
}

func (l *Law) purpose(c *charter.Charter, p *charter.Purpose, markets []term.Market) (*purposeLaw, error) {
	out := &purposeLaw{id: p.ID, marketing: p.Marketing, floor: c.Floor(p.ID), evidence: consent.Strength(p.Evidence),
		channels: p.Channels(), rules: map[term.Market]*rule{}, news: c.News(p.ID), strict: l.Strict}
	for _, u := range p.Uses {
		if u.Event {
			continue
		}
		out.fields = append(out.fields, term.Field(u.Name))
		f, ok := c.Field(term.Field(u.Name))
		out.explicit = out.explicit || ok && f.Sensitivity == charter.Special
	}
	slices.Sort(out.fields)
	for i := range c.Recipients {
		if r, ok := recipientOf(&c.Recipients[i], out); ok {
			out.recipients = append(out.recipients, r)
		}
	}
	slices.SortFunc(out.recipients, func(a, b recipientLaw) int { return strings.Compare(string(a.ID), string(b.ID)) })
	list := make([]*rule, 0, len(markets))
	for _, m := range markets {
		r, err := l.rule(c, p, m)
		if err != nil {
			return nil, err
		}
		out.rules[m] = r
		list = append(list, r)
	}
	out.print = fingerprint(l.Controller, l.AdultsOnly, l.Children, l.Strict, l.Packs, out.id, out.marketing, out.floor, out.evidence, out.news, out.explicit,
		out.channels, out.recipients, list)
	return out, nil
}

func recipientOf(r *charter.Recipient, p *purposeLaw) (recipientLaw, bool) {
	gets, ok := r.Gets[p.id]
	if !ok {
		return recipientLaw{}, false
	}
	out := recipientLaw{ID: r.ID, Processor: r.Role == charter.Processor && !r.Sale && !r.Sharing, Explicit: r.Safeguard == "derogation"}
	for _, name := range gets {
		if slices.Contains(p.fields, term.Field(name)) {
			out.Gets = append(out.Gets, term.Field(name))
		}
	}
	slices.Sort(out.Gets)
	return out, true
}

func (l *Law) rule(c *charter.Charter, p *charter.Purpose, m term.Market) (*rule, error) {
	pack, ok := l.packs.Pack(m)
	if !ok || pack == nil {
		return nil, fmt.Errorf("gate: there is no rule pack for market %s", m)
	}
	r := &rule{Market: m, Basis: p.Basis(m).Kind, Contact: map[term.Channel]contact{}, Life: p.Life,
		Keep: p.Keep.Period, From: p.Keep.From, Pending: pack.UnconfirmedDelete(), Ages: pack.Ages(), Implied: pack.Implied(), ZoneName: c.Business.Zone}
	if r.Life.IsZero() {
		r.Life = pack.ConsentTTL(rulepack.Marketing)
	}
	if len(pack.Zones) > 0 {
		r.ZoneName = pack.Zones[0]
	}
	var err error
	if r.zone, err = time.LoadLocation(r.ZoneName); err != nil {
		return nil, fmt.Errorf("gate: the time zone of market %s is not known on this machine", m)
	}
	if r.zones, err = locations(append([]string{r.ZoneName}, pack.Zones...)); err != nil {
		return nil, fmt.Errorf("gate: a time zone of market %s is not known on this machine", m)
	}
	for _, ch := range p.Channels() {
		declared, _ := p.Permission(ch, m)
		r.Contact[ch] = contact{Model: contactModel(p.Marketing, declared.Model, pack, ch),
			Goods: goodsOf(c, declared.Family), Confirm: p.Marketing && pack.ConfirmNeeded(ch)}
	}
	return r, nil
}

func locations(names []string) ([]*time.Location, error) {
	out := make([]*time.Location, 0, len(names))
	for _, n := range names {
		z, err := time.LoadLocation(n)
		if err != nil {
			return nil, err
		}
		out = append(out, z)
	}
	return out, nil
}

// goodsOf lists what counts as similar goods of a family.
func goodsOf(c *charter.Charter, family string) []string {
	if family == "" {
		return nil
	}
	out := []string{family}
	for _, f := range c.Families {
		if f.ID == family {
			out = append(out, f.Goods...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// contactModel is the more protective of what the charter declares and what the
// law of the market asks for. A sale or implied consent stands for a yes where
// the charter says so and the law lets it. A message that is not marketing needs
// nothing.
func contactModel(marketing bool, declared rulepack.Permission, pack *rulepack.Pack, ch term.Channel) rulepack.Permission {
	switch {
	case !marketing:
		return rulepack.Service
	case declared == rulepack.AfterSale && pack.MayAfterSale(ch), declared == rulepack.Implied && !pack.Implied().IsZero():
		return declared
	case declared == rulepack.OptOut:
		return pack.PermissionModel(ch)
	}
	return rulepack.OptIn
}

// in gives the rule of a market, STRICT when the charter does not name it or
// asks for it everywhere.
func (p *purposeLaw) in(m term.Market) *rule {
	if r, ok := p.rules[m]; ok && !p.strict {
		return r
	}
	return p.rules[rulepack.Strict]
}

func (p *purposeLaw) recipient(id term.Recipient) (recipientLaw, bool) {
	for _, r := range p.recipients {
		if r.ID == id {
			return r, true
		}
	}
	return recipientLaw{}, false
}

// fingerprint is a number that differs when any of the parts does.
func fingerprint(parts ...any) int64 {
	text, err := json.Marshal(parts)
	if err != nil {
		panic(err) // plain structs
	}
	h := fnv.New64a()
	_, _ = h.Write(text)
	return int64(h.Sum64() >> 1)
}

// validUntil ends a validity that began at an instant.
func (r *rule) validUntil(p rulepack.Period, from clock.Instant) clock.Instant {
	return p.ValidUntil(clock.DateOf(from.In(r.zone)), r.zone)
}
