package charter

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/clock"
	"candor/internal/term"
)

// noticeModel is what a notice says, in one language.
type noticeModel struct {
	Lang       term.Lang
	Version    int64
	Effective  string
	Markets    string
	T          map[string]string // the notice's own words
	Business   Business
	Purposes   []noticePurpose
	Data       []noticeData
	Recipients []noticeRecipient
	Transfers  []noticeRecipient
	Needed     []string // purposes that need the data
	Voluntary  []string // purposes that do not
	Consents   []string // purposes that rest on consent
	Interests  []noticePurpose
	Profiling  []noticePurpose
	Levels     []string
	Stages     []string
	Decisions  []noticeDecision
	California bool
	Categories []noticeCategory
	Sells      bool
	Shares     bool
}

type noticePurpose struct {
	Anchor, Title, About, Interest, Logic string
	Data, Recipients, Channels            string
	Bases                                 []string
	Keep                                  string
}

type noticeData struct {
	Title, Source string
	Keeps         []string
}

type noticeRecipient struct{ Name, What, Role, Country, Safeguard, Data string }

type noticeDecision struct{ Title, Logic, Consequence string }

type noticeCategory struct {
	Title, Data, Keep string
	Sold, Shared      bool
}

// model gathers what the notice says. It reads the charter alone, so that the
// notice cannot promise anything that is not enforced.
func (c *Charter) model(lang term.Lang) noticeModel {
	m := noticeModel{
		Lang: lang, Version: c.Version, Effective: dayWords(c.Effective, lang), T: noticeWords(lang), Business: c.Business,
		California: slices.Contains(c.Business.Markets, "US-CA"),
	}
	markets := make([]string, len(c.Business.Markets))
	for i, x := range c.Business.Markets {
		markets[i] = string(x)
	}
	m.Markets = strings.Join(markets, " ")
	for i := range c.Purposes {
		m.addPurpose(c, &c.Purposes[i])
	}
	for i := range c.Fields {
		f := &c.Fields[i]
		m.Data = append(m.Data, noticeData{f.Title.In(lang), c.source(f, lang), c.keeps(string(f.ID), lang)})
	}
	for i := range c.Events {
		e := &c.Events[i]
		m.Data = append(m.Data, noticeData{e.Title.In(lang), m.T["from use"], c.keeps(string(e.Name), lang)})
	}
	for i := range c.Recipients {
		m.addRecipient(c, &c.Recipients[i])
	}
	for _, l := range c.Personalisation {
		m.Levels = append(m.Levels, l.Title.In(lang)+": "+firstOf(c.titles(l.Uses, lang), m.T["no data"]))
	}
	for _, s := range c.Stages {
		m.Stages = append(m.Stages, s.ShownAs.In(lang))
	}
	for _, a := range c.Automated {
		m.Decisions = append(m.Decisions, noticeDecision{a.Title.In(lang), a.Logic.In(lang), a.Consequence.In(lang)})
	}
	m.Categories = c.categories(lang)
	return m
}

func (m *noticeModel) addPurpose(c *Charter, p *Purpose) {
	names := make([]string, len(p.Uses))
	for i, u := range p.Uses {
		names[i] = u.Name
	}
	var channels, recipients []string
	for _, ch := range p.Channels() {
		channels = append(channels, ChannelWords(ch, m.Lang)+" ("+permissionWords(c, p, ch, m.Lang)+")")
	}
	for i := range c.Recipients {
		if len(c.Recipients[i].Gets[p.ID]) > 0 {
			recipients = append(recipients, c.Recipients[i].Name)
		}
	}
	n := noticePurpose{
		Anchor: string(p.ID), Title: p.Title.In(m.Lang), About: p.About.In(m.Lang), Logic: p.Logic.In(m.Lang),
		Data: c.titles(names, m.Lang), Recipients: firstOf(strings.Join(recipients, ", "), m.T["nobody"]),
		Channels: strings.Join(channels, ", "), Bases: c.bases(p, m.Lang), Keep: KeepWords(p.Keep, m.Lang),
	}
	consent, needed := false, false
	for _, market := range marketsOf(c, p.basis) {
		b := p.Basis(market)
		consent = consent || b.Kind == Consent
		needed = needed || b.Kind == Contract || b.Kind == LegalObligation
		if len(b.Interest) > 0 {
			n.Interest = b.Interest.In(m.Lang)
		}
	}
	m.Purposes = append(m.Purposes, n)
	if consent {
		m.Consents = append(m.Consents, n.Title)
	}
	if needed {
		m.Needed = append(m.Needed, n.Title)
	} else {
		m.Voluntary = append(m.Voluntary, n.Title)
	}
	if n.Interest != "" {
		m.Interests = append(m.Interests, n)
	}
	if n.Logic != "" {
		m.Profiling = append(m.Profiling, n)
	}
}

// bases names the purpose's basis, with the market where markets differ.
func (c *Charter) bases(p *Purpose, lang term.Lang) []string {
	var out []string
	for _, m := range marketsOf(c, p.basis) {
		b := p.Basis(m)
		words := BasisWords(b, lang)
		if b.Law != "" {
			words += ": " + b.Law
		}
		switch {
		case words == "":
		case m == anyMarket:
			out = append(out, words)
		case b.Kind != p.Basis(anyMarket).Kind:
			out = append(out, fmt.Sprintf("%s: %s", m, words))
		}
	}
	return out
}

func permissionWords(c *Charter, p *Purpose, ch term.Channel, lang term.Lang) string {
	words := noticeWords(lang)
	perm, _ := p.Permission(ch, anyMarket)
	out := words["permission "+string(perm.Model)]
	for _, m := range marketsOf(c, p.channels[ch]) {
		if own, _ := p.Permission(ch, m); own.Model != perm.Model {
			out += fmt.Sprintf("; %s: %s", m, words["permission "+string(own.Model)])
		}
	}
	return out
}

// source says where a field's values come from.
func (c *Charter) source(f *Field, lang term.Lang) string {
	words := noticeWords(lang)
	if f.Derived != "" {
		base, _, _ := strings.Cut(f.Derived, ".")
		return words["derived from"] + " " + c.titles([]string{base}, lang)
	}
	return words["from you"]
}

// keeps says how long each purpose keeps a field or an event.
func (c *Charter) keeps(name string, lang term.Lang) []string {
	var out []string
	for i := range c.Purposes {
		if keep, ok := c.KeepOf(c.Purposes[i].ID, name); ok {
			out = append(out, c.Purposes[i].Title.In(lang)+": "+KeepWords(keep, lang))
		}
	}
	return out
}

func (m *noticeModel) addRecipient(c *Charter, r *Recipient) {
	var names []string
	for i := range c.Purposes {
		for _, n := range r.Gets[c.Purposes[i].ID] {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	n := noticeRecipient{
		Name: r.Name, What: r.What.In(m.Lang), Role: roleWords[r.Role].In(m.Lang), Country: countryWords(r.Country, m.Lang),
		Safeguard: safeguardWords[r.Safeguard].In(m.Lang), Data: c.titles(names, m.Lang),
	}
	m.Recipients = append(m.Recipients, n)
	if r.Safeguard != "" {
		m.Transfers = append(m.Transfers, n)
	}
	m.Sells, m.Shares = m.Sells || r.Sale, m.Shares || !r.Sale && c.SoldOrShared(r)
}

// titles names fields and events in words.
func (c *Charter) titles(names []string, lang term.Lang) string {
	var out []string
	for _, n := range names {
		if f, ok := c.Field(term.Field(n)); ok {
			out = append(out, f.Title.In(lang))
		} else if e, ok := c.Event(term.Event(n)); ok {
			out = append(out, e.Title.In(lang))
		}
	}
	return strings.Join(out, ", ")
}

// categories groups what is held as California's law asks.
func (c *Charter) categories(lang term.Lang) []noticeCategory {
	var order []Category
	items := map[Category][]string{}
	add := func(cat Category, name string) {
		if !slices.Contains(order, cat) {
			order = append(order, cat)
		}
		items[cat] = append(items[cat], name)
	}
	for i := range c.Fields {
		add(c.Fields[i].Category, string(c.Fields[i].ID))
	}
	for i := range c.Events {
		cat := Online
		if c.Events[i].Is(MeansOrder) {
			cat = Commercial
		}
		add(cat, string(c.Events[i].Name))
	}
	if len(c.Stages) > 0 {
		add(Inferences, "")
	}
	var out []noticeCategory
	for _, cat := range order {
		sold, shared := c.soldOrShared(items[cat])
		n := noticeCategory{Title: categoryWords[cat].In(lang), Data: c.titles(items[cat], lang), Keep: c.longest(items[cat], lang), Sold: sold, Shared: shared}
		if cat == Inferences {
			n.Data, n.Keep = noticeWords(lang)["stage"], noticeWords(lang)["stage keep"]
		}
		out = append(out, n)
	}
	return out
}

// soldOrShared computes, and nobody types in, whether a category is sold or
// shared.
func (c *Charter) soldOrShared(names []string) (sold, shared bool) {
	for i := range c.Recipients {
		r := &c.Recipients[i]
		for p := range r.Gets {
			if slices.ContainsFunc(names, func(n string) bool { return r.MayReceive(p, n) }) {
				sold, shared = sold || r.Sale, shared || !r.Sale && c.SoldOrShared(r)
			}
		}
	}
	return sold, shared
}

// longest says the longest retention of some data over all purposes.
func (c *Charter) longest(names []string, lang term.Lang) string {
	var best Retention
	for i := range c.Purposes {
		for _, n := range names {
			if keep, ok := c.KeepOf(c.Purposes[i].ID, n); ok && months(keep.Period) > months(best.Period) {
				best = keep
			}
		}
	}
	return KeepWords(best, lang)
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

var monthNames = map[term.Lang][]string{
	"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	"de": {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
}

// dayWords writes a day as people do: 1 January 2022, 1. Januar 2022.
func dayWords(d clock.Date, lang term.Lang) string {
	names, ok := monthNames[lang]
	if !ok || d.IsZero() {
		return d.String()
	}
	if lang == "de" {
		return fmt.Sprintf("%d. %s %d", d.Day, names[d.Month-1], d.Year)
	}
	return fmt.Sprintf("%d %s %d", d.Day, names[d.Month-1], d.Year)
}
