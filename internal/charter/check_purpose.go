package charter

import (
	"fmt"
	"slices"

	"candor/internal/rulepack"
	"candor/internal/term"
)

func (k *checker) purpose(p *Purpose, v view) {
	k.basis(p, v.get("basis"))
	for _, ch := range p.Channels() {
		k.permission(p, ch, v.get(string(ch)))
	}
	v.get("uses").each(func(name string, why view) {
		if !k.declared(name) {
			why.problem("MIN-02", "it is neither under data nor under events; declare it, or leave it out")
		}
		f, ok := k.c.Field(term.Field(name))
		if ok && f.Sensitivity == Special && !k.onlyConsent(p) {
			why.problem("MIN-09", "special data need consent as the basis in every market")
		}
	})
	k.freshness(p, v)
	if !p.Signals.IsZero() && !p.RestsOnConsent() && !p.restsOn(LegitimateInterests) {
		v.get("signals").problem("SIG-01", "a no in a signal ends what rests on consent or on a legitimate interest; this purpose rests on neither")
	}
	k.statements(v.get("about"))
	k.statements(v.get("profiling"))
	if needsOrder(p.Keep.From) && !k.hasOrder() {
		v.get("keep").problem("MIN-05", "no event means an order; write means: [order] at the one that does")
	}
}

// freshness checks ACC-02: what a purpose decides by has an age limit.
func (k *checker) freshness(p *Purpose, v view) {
	v.get("max_age").each(func(name string, at view) {
		f, ok := k.c.Field(term.Field(name))
		_, uses := p.UsesField(term.Field(name))
		switch {
		case !ok || !uses:
			at.problem("ACC-02", "the purpose uses no such field; list it under uses, or leave it out here")
		case f.ChannelOf() != "":
			at.problem("ACC-02", "an address does not grow old: it is confirmed, and dropped when messages come back")
		}
	})
	if p.Decides == "" {
		return
	}
	for _, u := range p.Uses {
		f, ok := k.c.Field(term.Field(u.Name))
		if _, aged := p.MaxAge[term.Field(u.Name)]; ok && !u.Event && f.ChannelOf() == "" && !aged {
			v.problem("ACC-02", fmt.Sprintf("the purpose decides about %s: say under max_age how old %s may be, such as 365 days", p.Decides, u.Name))
		}
	}
}

// basis checks CON-01: one basis in each market, with what the law asks of it.
func (k *checker) basis(p *Purpose, v view) {
	if !v.exists() {
		return
	}
	for _, m := range k.c.Business.Markets {
		if p.Basis(m).Kind == NoBasis {
			v.problem("CON-01", fmt.Sprintf("name the legal basis in %s, or a default: without one nothing may happen", m))
		}
	}
	if p.Basis(anyMarket).Kind == NoBasis {
		v.problem("CON-01", "name a default: it holds for people whose law is not known")
	}
	for m := range p.basis {
		if m != anyMarket && !slices.Contains(k.c.Business.Markets, m) {
			v.get(string(m)).problem("CON-01", "it is no market of the business; add it to business.markets or leave it out")
		}
	}
	for _, m := range sortedMarkets(p.basis) {
		k.artefact(p.basis[m], v)
	}
}

func (k *checker) artefact(b Basis, v view) {
	switch b.Kind {
	case LegalObligation, PublicTask:
		if b.Law == "" {
			v.problem("CON-01", fmt.Sprintf("cite the law behind the %s, such as basis: {law: \"AO §147\"}", b.Kind))
		}
	case LegitimateInterests:
		if b.Assessment == "" {
			v.problem("CON-01", "name the assessment of the legitimate interests, such as assessment: lia/letter.md")
		}
		if len(b.Interest) == 0 {
			v.problem("NOT-01", "write the interest itself in every language: interest: {en: ..., de: ...}")
		}
	}
}

func (k *checker) onlyConsent(p *Purpose) bool {
	for _, b := range p.basis {
		if b.Kind != Consent {
			return false
		}
	}
	return len(p.basis) > 0
}

// permission checks the second layer: it may ask for more than the market's law,
// never for less.
func (k *checker) permission(p *Purpose, ch term.Channel, v view) {
	if !k.hasAddress(p, ch) {
		v.problem("MIN-01", fmt.Sprintf("the purpose writes by %s but uses no such address; list it under uses", ch))
	}
	for m, perm := range p.channels[ch] {
		at := v
		if m != anyMarket {
			at = v.get(string(m))
			if !slices.Contains(k.c.Business.Markets, m) {
				at.problem("MSG-01", "it is no market of the business; add it to business.markets or leave it out")
			}
		}
		switch perm.Model {
		case rulepack.AfterSale:
			k.afterSale(perm, m, ch, at)
		case rulepack.Implied:
			if pack, ok := k.packs.Pack(m); m == anyMarket || ok && pack.Implied().IsZero() {
				at.problem("MSG-03", "only a market whose law knows implied consent, such as CA, can rest on it; name the market, with default: opt-in")
			}
		}
	}
	for _, m := range k.c.Business.Markets {
		perm, _ := p.Permission(ch, m)
		pack, ok := k.packs.Pack(m)
		if ok && perm.Model == rulepack.OptOut && pack.PermissionModel(ch) != rulepack.OptOut {
			v.problem("MSG-01", fmt.Sprintf("in %s the law asks for %s by %s", m, pack.PermissionModel(ch), ch))
		}
	}
}

func (k *checker) afterSale(perm Permission, m term.Market, ch term.Channel, at view) {
	if pack, ok := k.packs.Pack(m); m == anyMarket || ok && !pack.MayAfterSale(ch) {
		at.problem("MSG-02", "a sale gives permission only where a market's law says so; name the market, with default: opt-in")
	}
	if !slices.ContainsFunc(k.c.Families, func(f Family) bool { return f.ID == perm.Family }) {
		at.problem("MSG-02", fmt.Sprintf("%s is no family of goods", perm.Family))
	}
	if !k.hasOrder() {
		at.problem("MSG-02", "no event means an order; write means: [order] at the one that does")
	}
}

// hasAddress reports whether the purpose uses an address of the channel. Push
// has none of its own.
func (k *checker) hasAddress(p *Purpose, ch term.Channel) bool {
	if ch == term.Push {
		return true
	}
	for _, u := range p.Uses {
		f, ok := k.c.Field(term.Field(u.Name))
		if ok && (f.ChannelOf() == ch || ch == term.SMS && f.Kind == KindPhone) {
			return true
		}
	}
	return false
}

func needsOrder(s Start) bool {
	return s == FromLastOrder || s == FromOrder || s == FromOrderYear
}

func (k *checker) hasOrder() bool {
	for i := range k.c.Events {
		if k.c.Events[i].Is(MeansOrder) {
			return true
		}
	}
	return false
}

func sortedMarkets(m map[term.Market]Basis) []term.Market {
	out := make([]term.Market, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
