package charter

import (
	"cmp"
	"strconv"
	"strings"

	"candor/internal/rulepack"
	"candor/internal/signal"
	"candor/internal/term"
)

func readBusiness(v view) Business {
	return Business{
		ID: term.Controller(v.get("id").text()), Name: v.get("name").text(), Controller: v.get("controller").text(),
		Contact: v.get("contact").text(), DPO: v.get("dpo").text(), Complaints: v.get("complaints").text(),
		Authority: v.get("authority").text(), Site: v.get("site").text(), Zone: v.get("zone").text(),
		Markets: named[term.Market](v.get("markets").list()), Languages: named[term.Lang](v.get("languages").list()),
		People: v.get("people").text(), Strict: v.get("law").text() == "strict",
	}
}

func readField(name string, v view) Field {
	f := Field{
		ID: term.Field(name), Kind: FieldKind(v.get("kind").text()), KeepIn: Keep(v.get("keep_in").text()),
		Of: v.get("of").list(), Sensitivity: Sensitivity(v.get("sensitivity").text()), Category: Category(v.get("category").text()),
		From: v.get("from").list(), Derived: v.get("derived").text(), Title: v.get("title").texts(),
	}
	if f.Sensitivity == "" {
		f.Sensitivity = Ordinary
	}
	kind := kinds[f.Kind]
	if f.Category == "" {
		f.Category = kind.category
	}
	if f.Title == nil {
		f.Title = kind.title
	}
	return f
}

func readEvent(name string, v view) Event {
	e := Event{
		Name: term.Event(name), Title: v.get("title").texts(), Props: map[string]PropKind{}, Of: map[string][]string{},
		Means: named[Meaning](v.get("means").list()), Keep: parseKeep(v.get("keep").text()),
	}
	v.get("props").each(func(name string, p view) {
		if p.isMapping() {
			e.Props[name], e.Of[name] = PropChoice, p.get("of").list()
			return
		}
		e.Props[name] = PropKind(p.text())
	})
	return e
}

// The least evidence that a purpose may ask of a consent.
const (
	Documented = "documented"
	Attested   = "attested"
)

// channelNames are the words that open a permission in a purpose.
var channelNames = []term.Channel{term.Email, term.SMS, term.Phone, term.Post, term.Push}

func (c *Charter) readPurpose(name string, v view) Purpose {
	p := Purpose{
		ID: term.Purpose(name), Title: v.get("title").texts(), About: v.get("about").texts(),
		Keep: parseKeep(v.get("keep").text()), Logic: v.get("profiling").texts(), Owner: v.get("owner").text(),
		basis: readBasis(v.get("basis")), channels: map[term.Channel]map[term.Market]Permission{},
	}
	p.Profiling = p.Logic != nil
	p.Evidence = cmp.Or(v.get("evidence").text(), Attested)
	p.Life, _ = rulepack.ParsePeriod(v.get("consent_life").text())
	for _, ch := range channelNames {
		if w := v.get(string(ch)); w.exists() {
			p.channels[ch] = readPermission(w)
		}
	}
	p.Marketing = p.isMarketing()
	p.Decides, p.MaxAge = v.get("decides").text(), map[term.Field]int{}
	v.get("max_age").each(func(name string, age view) {
		n, _, _ := strings.Cut(age.text(), " ")
		p.MaxAge[term.Field(name)], _ = strconv.Atoi(n)
	})
	v.get("uses").each(func(name string, why view) {
		p.Uses = append(p.Uses, Use{name, c.declaresEvent(name), why.text()})
	})
	v.get("topics").each(func(name string, t view) {
		p.Topics = append(p.Topics, Topic{term.Topic(name), t.texts()})
	})
	p.Signals.US = named[signal.OptOut](v.get("signals").get("us").list())
	for _, n := range v.get("signals").get("tcf").list() {
		number, _ := strconv.Atoi(n)
		p.Signals.TCF = append(p.Signals.TCF, number)
	}
	if r := v.get("rhythm"); r.exists() {
		p.Rhythm = readRate(r.get("at_most").text())
		p.Rhythm.TheyChoose = r.get("they_choose").list()
	}
	return p
}

// isMarketing: a purpose promotes unless all its channels are for service.
func (p *Purpose) isMarketing() bool {
	for _, markets := range p.channels {
		for _, m := range markets {
			if m.Model != rulepack.Service {
				return true
			}
		}
	}
	return false
}

func (c *Charter) declaresEvent(name string) bool {
	for i := range c.Events {
		if string(c.Events[i].Name) == name {
			return true
		}
	}
	return false
}

// readBasis reads one basis for all markets, or one a market beside a default.
// A law alone is a legal obligation.
func readBasis(v view) map[term.Market]Basis {
	if !v.exists() {
		return nil
	}
	if !v.isMapping() {
		return map[term.Market]Basis{anyMarket: {Kind: BasisKind(v.text())}}
	}
	law, assessment, interest := v.get("law").text(), v.get("assessment").text(), v.get("interest").texts()
	of := func(kind BasisKind) Basis {
		b := Basis{Kind: kind}
		switch kind {
		case LegalObligation, PublicTask:
			b.Law = law
		case LegitimateInterests:
			b.Assessment, b.Interest = assessment, interest
		}
		return b
	}
	out := map[term.Market]Basis{}
	v.each(func(name string, kind view) {
		switch name {
		case "law", "assessment", "interest":
		case "default":
			out[anyMarket] = of(BasisKind(kind.text()))
		default:
			out[term.Market(name)] = of(BasisKind(kind.text()))
		}
	})
	if len(out) == 0 && law != "" {
		out[anyMarket] = of(LegalObligation)
	}
	return out
}

func readPermission(v view) map[term.Market]Permission {
	if !v.isMapping() {
		return map[term.Market]Permission{anyMarket: permission(v.text())}
	}
	out := map[term.Market]Permission{}
	v.each(func(name string, model view) {
		m := term.Market(name)
		if name == "default" {
			m = anyMarket
		}
		out[m] = permission(model.text())
	})
	return out
}

func permission(words string) Permission {
	if family, ok := strings.CutPrefix(words, "after a sale of "); ok {
		return Permission{Model: rulepack.AfterSale, Family: family}
	}
	if words == "implied consent" {
		return Permission{Model: rulepack.Implied}
	}
	return Permission{Model: rulepack.Permission(words)}
}

// readRate reads "3 per week".
func readRate(words string) Rhythm {
	n, per, _ := strings.Cut(words, " per ")
	most, _ := strconv.Atoi(n)
	return Rhythm{AtMost: most, Per: per}
}

// personalAtMost is how personal a message may be where the charter says nothing.
const personalAtMost = 5

func readPreference(name string, v view) Preference {
	p := Preference{ID: name, Title: v.get("title").texts(), Kind: "flag", Of: v.get("of").list(), Default: v.get("default").text()}
	if len(p.Of) > 0 {
		p.Kind = "choice"
	}
	return p
}

// engineSteps is what the engine's own forms and links take: to agree, tick and
// send; to withdraw, open the link and press.
const engineSteps = 2

func readAsk(name string, v view) Ask {
	a := Ask{
		ID: term.Ask(name), At: v.get("at").text(), Purpose: term.Purpose(v.get("for").get("purpose").text()),
		Channel: term.Channel(v.get("for").get("channel").text()), Control: v.get("control").text(),
		Confirm: strings.HasPrefix(v.get("confirm").text(), "by "), Words: v.get("words").texts(),
		Fields: named[term.Field](v.get("fields").list()), Page: named[term.Lang](v.get("languages").list()), Steps: Steps{Give: engineSteps, Withdraw: engineSteps},
	}
	if s := v.get("steps"); s.exists() {
		a.Steps.Give = s.number()
	}
	w := v.get("withdraw")
	if s := w.get("steps"); s.exists() {
		a.Steps.Withdraw = s.number()
	}
	a.Steps.Login = w.get("login").isTrue()
	return a
}

func readRecipient(name string, v view) Recipient {
	r := Recipient{
		ID: term.Recipient(name), Name: v.get("name").text(), Role: Role(v.get("role").text()), Country: v.get("country").text(),
		Safeguard: v.get("safeguard").text(), What: v.get("what").texts(), Gets: map[term.Purpose][]string{},
		Sale: v.get("sale").isTrue(), Sharing: v.get("sharing").isTrue(),
	}
	v.get("gets").each(func(purpose string, names view) { r.Gets[term.Purpose(purpose)] = names.list() })
	return r
}

func (c *Charter) readHouse(v view) {
	v.get("roles").each(func(name string, r view) {
		role := StaffRole{ID: name, May: r.get("may").list(), Sees: map[term.Purpose][]term.Field{}}
		r.get("sees").each(func(purpose string, fields view) {
			role.Sees[term.Purpose(purpose)] = named[term.Field](fields.list())
		})
		c.House.Roles = append(c.House.Roles, role)
	})
	v.get("senders").each(func(purpose string, s view) {
		s.each(func(channel string, m view) {
			c.House.Senders = append(c.House.Senders, Sender{
				term.Purpose(purpose), term.Channel(channel), m.get("name").text(), m.get("address").text(), m.get("reply_to").text(), m.get("dkim").text(),
			})
		})
	})
	v.get("sources").each(func(name string, s view) {
		c.House.Sources = append(c.House.Sources, Source{
			name, s.get("kind").text(), named[term.Event](s.get("events").list()), named[term.Field](s.get("fields").list()), named[term.Ask](s.get("asks").list()),
		})
	})
	c.House.Ease = map[term.Lang]int{}
	v.get("readability").each(func(lang string, ease view) { c.House.Ease[term.Lang(lang)] = ease.number() })
	c.House.Hours = map[term.Channel]rulepack.Window{}
	v.get("hours").each(func(channel string, hours view) {
		if span, err := rulepack.ParseSpan(hours.text()); err == nil {
			c.House.Hours[term.Channel(channel)] = rulepack.Window{Days: span, Sunday: span}
		}
	})
	v.get("apart").each(func(role string, others view) {
		for _, other := range others.list() {
			c.House.Apart = append(c.House.Apart, [2]string{role, other})
		}
	})
	c.readLook(v.get("look"))
	c.House.Promise = strings.TrimSpace(v.get("confidentiality").text())
	c.House.Signals = signal.Order
	if order := v.get("signals"); order.exists() {
		c.House.Signals = named[signal.From](order.list())
	}
	c.House.Alone = Alone{aloneRows, aloneRecipients}
	if n := v.get("alone").get("rows"); n.exists() {
		c.House.Alone.Rows = n.number()
	}
	if n := v.get("alone").get("recipients"); n.exists() {
		c.House.Alone.Recipients = n.number()
	}
	v.get("caps").each(func(channel string, limit view) {
		r := readRate(limit.get("at_most").text())
		c.House.Caps = append(c.House.Caps, Cap{term.Channel(channel), r.AtMost, r.Per})
	})
}
