package charter

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"candor/internal/lint"
	"candor/internal/rulepack"
	"candor/internal/term"
)

func (k *checker) ask(a *Ask, v view) {
	k.askedFor(a, v)
	if !k.doc.top().get("recipients").exists() {
		v.problem("CON-05", "people are to be told the recipients before they decide; list recipients, or write recipients: {} when nobody receives anything")
	}
	for _, f := range a.Fields {
		if _, ok := k.c.Field(f); !ok {
			v.get("fields").problem("MIN-02", string(f)+" is not under data; declare it, or do not ask for it")
		}
	}
	k.found(v, lint.CheckPage(a.page()))
	k.found(v.get("languages"), lint.CheckLanguages(texts(a.Page), texts(k.c.Business.Languages)))
}

// page is the ask as the person meets it, for the rules on deceptive patterns.
func (a *Ask) page() lint.Page {
	box := lint.Control{
		Role: lint.PurposeRole, Type: "checkbox", Label: a.Words.In("en"), Purpose: string(a.Purpose),
		Default: a.Control == "ticked box", Layer: 1,
	}
	return lint.Page{
		Kind: lint.ConsentPage, Controls: []lint.Control{box},
		StepsGive: a.Steps.Give, StepsWithdraw: a.Steps.Withdraw, NeedsLogin: a.Steps.Login,
	}
}

func (k *checker) askedFor(a *Ask, v view) {
	p, ok := k.c.Purpose(a.Purpose)
	if !ok {
		v.get("for").problem("CON-03", "name the one purpose that it asks for, from under purposes")
		return
	}
	if a.Channel == term.NoChannel {
		if !p.RestsOnConsent() {
			v.get("for").problem("CON-03", "the purpose rests on no consent, so there is nothing to ask")
		}
		return
	}
	perm, ok := p.Permission(a.Channel, anyMarket)
	switch {
	case !ok:
		v.get("for").problem("CON-03", fmt.Sprintf("the purpose does not write by %s", a.Channel))
	case perm.Model == rulepack.Service && !p.RestsOnConsent():
		v.get("for").problem("CON-03", "messages of service need no consent, so there is nothing to ask")
	case !a.Confirm && k.packs.Strict().ConfirmNeeded(a.Channel):
		v.problem("CON-12", "write confirm: by email (or by sms): the address is confirmed by its owner before it counts")
	}
	if !k.asksAddress(a) {
		v.get("fields").problem("CON-12", fmt.Sprintf("let the form ask for the address to write to by %s", a.Channel))
	}
}

// asksAddress reports whether the form asks for the channel's address. A form
// without declared fields stands where the address is known.
func (k *checker) asksAddress(a *Ask) bool {
	if len(a.Fields) == 0 || a.Channel == term.Push {
		return true
	}
	for _, id := range a.Fields {
		f, ok := k.c.Field(id)
		if ok && (f.ChannelOf() == a.Channel || a.Channel == term.SMS && f.Kind == KindPhone) {
			return true
		}
	}
	return false
}

// recipient checks what a third party gets, and where it is.
func (k *checker) recipient(r *Recipient, v view) {
	v.get("gets").each(func(purpose string, names view) {
		p, ok := k.c.Purpose(term.Purpose(purpose))
		if !ok {
			names.problem("VEN-01", "it is no purpose; name one from under purposes")
			return
		}
		for _, n := range names.list() {
			if _, used := p.uses(n, k.c.declaresEvent(n)); !used {
				names.problem("VEN-03", fmt.Sprintf("the purpose does not use %s itself, so nobody gets it", n))
			}
		}
	})
	if eu, ok := k.packs.Pack("EU"); ok && slices.Contains(k.c.Business.Markets, "EU") && r.Country != "" && r.Safeguard == "" && !slices.Contains(eu.Covers, r.Country) {
		v.problem("VEN-06", fmt.Sprintf("%s is outside the EEA; name the safeguard: adequacy, SCC, BCR, DPF or derogation", r.Country))
	}
}

func (k *checker) house() {
	top := k.doc.top()
	top.get("roles").each(func(_ string, role view) {
		role.get("sees").each(func(purpose string, fields view) {
			p, ok := k.c.Purpose(term.Purpose(purpose))
			if !ok {
				fields.problem("MIN-04", "it is no purpose; name one from charter.yaml")
				return
			}
			for _, f := range fields.list() {
				if _, used := p.UsesField(term.Field(f)); !used {
					fields.problem("MIN-04", fmt.Sprintf("the purpose does not use %s, so nobody sees it for that", f))
				}
			}
		})
	})
	k.senders(top)
	k.look(top.get("look"))
	top.get("sources").each(func(_ string, s view) { k.source(s) })
}

// senders checks that every purpose that mails has an address of the business
// to mail from.
func (k *checker) senders(top view) {
	host := ""
	if u, err := url.Parse(k.c.Business.Site); err == nil {
		host = strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	}
	senders := top.get("senders")
	senders.each(func(purpose string, s view) {
		p, ok := k.c.Purpose(term.Purpose(purpose))
		if !ok {
			s.problem("MSG-14", "it is no purpose; name one from charter.yaml")
			return
		}
		s.each(func(channel string, m view) {
			if _, ok := p.channels[term.Channel(channel)]; !ok {
				m.problem("MSG-14", fmt.Sprintf("the purpose does not write by %s", channel))
			}
			_, domain, _ := strings.Cut(strings.ToLower(m.get("address").text()), "@")
			if host != "" && domain != "" && domain != host && !strings.HasSuffix(domain, "."+host) {
				m.get("address").problem("MSG-14", fmt.Sprintf("send from an address at %s: a sender is never disguised", host))
			}
		})
	})
	for i := range k.c.Purposes {
		p := &k.c.Purposes[i]
		if _, mails := p.channels[term.Email]; mails && !senders.get(string(p.ID)).get("email").exists() {
			senders.problem("MSG-14", fmt.Sprintf("name who the mails of %s come from", p.ID))
		}
	}
}

func (k *checker) source(s view) {
	for _, e := range s.get("events").list() {
		if !k.c.declaresEvent(e) {
			s.get("events").problem("MIN-02", e+" is no event of charter.yaml")
		}
	}
	for _, f := range s.get("fields").list() {
		if _, ok := k.c.Field(term.Field(f)); !ok {
			s.get("fields").problem("MIN-02", f+" is no field of charter.yaml")
		}
	}
	for _, a := range s.get("asks").list() {
		if _, ok := k.c.Ask(term.Ask(a)); !ok {
			s.get("asks").problem("CON-05", a+" is no ask of charter.yaml")
		}
	}
}
