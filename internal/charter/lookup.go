package charter

import (
	"sort"

	"candor/internal/term"
)

type index struct {
	purposes   map[term.Purpose]*Purpose
	fields     map[term.Field]*Field
	events     map[term.Event]*Event
	asks       map[term.Ask]*Ask
	recipients map[term.Recipient]*Recipient
}

// Purpose finds a purpose.
func (c *Charter) Purpose(p term.Purpose) (*Purpose, bool) {
	v, ok := c.index.purposes[p]
	return v, ok
}

// Field finds a field.
func (c *Charter) Field(f term.Field) (*Field, bool) {
	v, ok := c.index.fields[f]
	return v, ok
}

// Event finds an event.
func (c *Charter) Event(e term.Event) (*Event, bool) {
	v, ok := c.index.events[e]
	return v, ok
}

// Ask finds an ask.
func (c *Charter) Ask(a term.Ask) (*Ask, bool) {
	v, ok := c.index.asks[a]
	return v, ok
}

// Recipient finds a recipient.
func (c *Charter) Recipient(r term.Recipient) (*Recipient, bool) {
	v, ok := c.index.recipients[r]
	return v, ok
}

// Floor is the version of a purpose's last widening: a consent given under an
// older version must be given anew. 0 when it was never widened.
func (c *Charter) Floor(p term.Purpose) int64 { return c.floors[p].Version }

// News lists what of a purpose became wider, and since when: whoever was known
// before is told first (NOT-05).
func (c *Charter) News(p term.Purpose) []News { return c.floors[p].News }

// Hash is the SHA-256 of both documents, in hexadecimal.
func (c *Charter) Hash() string { return c.hash }

// Documents gives both documents as they were written.
func (c *Charter) Documents() (promise, house []byte) { return c.promise, c.house }

// anyMarket is the key of what holds where no market says otherwise.
const anyMarket term.Market = ""

// Basis is the legal basis in a market. In a market the charter does not name,
// and under rulepack.Strict, it is the purpose's default. Kind is NoBasis when
// there is none, and then nothing is allowed.
func (p *Purpose) Basis(m term.Market) Basis {
	if b, ok := p.basis[m]; ok {
		return b
	}
	return p.basis[anyMarket]
}

// Permission is when this purpose may write on a channel in a market. It reports
// false when the purpose does not use the channel at all.
func (p *Purpose) Permission(ch term.Channel, m term.Market) (Permission, bool) {
	markets, ok := p.channels[ch]
	if !ok {
		return Permission{}, false
	}
	if v, ok := markets[m]; ok {
		return v, true
	}
	v, ok := markets[anyMarket]
	return v, ok
}

// Channels lists the channels the purpose uses, sorted.
func (p *Purpose) Channels() []term.Channel {
	out := make([]term.Channel, 0, len(p.channels))
	for ch := range p.channels {
		out = append(out, ch)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

// UsesField reports whether the purpose lists a field, and why.
func (p *Purpose) UsesField(f term.Field) (reason string, ok bool) {
	return p.uses(string(f), false)
}

// UsesEvent reports whether the purpose lists an event, and why.
func (p *Purpose) UsesEvent(e term.Event) (reason string, ok bool) {
	return p.uses(string(e), true)
}

func (p *Purpose) uses(name string, event bool) (string, bool) {
	for _, u := range p.Uses {
		if u.Name == name && u.Event == event {
			return u.Reason, true
		}
	}
	return "", false
}

// MayReceive reports whether a recipient gets a field or an event for a purpose.
func (r *Recipient) MayReceive(p term.Purpose, name string) bool {
	for _, n := range r.Gets[p] {
		if n == name {
			return true
		}
	}
	return false
}

// RestsOnConsent reports whether consent is the basis in any market.
func (p *Purpose) RestsOnConsent() bool { return p.restsOn(Consent) }

func (p *Purpose) restsOn(kind BasisKind) bool {
	for _, b := range p.basis {
		if b.Kind == kind {
			return true
		}
	}
	return false
}
