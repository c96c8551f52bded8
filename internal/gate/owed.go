package gate

import (
	"slices"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

// Owed is what a person must be told before their data are used for it.
type Owed struct {
	News    []term.Purpose // became wider since their data were collected (GDPR 13(3), 14(4))
	Sources []string       // where data about them came from (GDPR 14(2)(f))
	Since   clock.Instant  // the latest of these
	Lang    term.Lang      // in which they last agreed to something, or ""
	Mute    bool           // no address of theirs takes mail
	Failed  int            // how often a mail to tell them, or any other to their address, came back
}

// Owed finds, among customers, those who must be told something.
func (g *Gate) Owed(tx *db.Tx, list []id.Customer) (map[id.Customer]Owed, error) {
	law, _, err := g.law(tx)
	if err != nil {
		return nil, err
	}
	read, err := subjects(tx, list)
	if err != nil {
		return nil, err
	}
	out := map[id.Customer]Owed{}
	for who, p := range read {
		if o, ok := owed(p.facts, law, g.clock.Now()); ok {
			out[who] = o
		}
	}
	return out, nil
}

// owed is Owed of one customer: a pure function, like what keeps their data from
// use until they were told.
func owed(f Facts, l *Law, now clock.Instant) (o Owed, any bool) {
	life := fold(f, l)
	for _, p := range l.purposes {
		r := p.in(life.market(now))
		if r == nil || r.Basis == charter.Consent {
			continue
		}
		q := query{life: life, p: p, r: r, at: now}
		for _, n := range p.news {
			if life.since < n.At && now >= n.At && !q.knows(n.Version) {
				o.News, o.Since = append(o.News, p.id), max(o.Since, n.At)
			}
		}
	}
	o.News = slices.Compact(o.News)
	for _, fact := range f.Facts {
		at := min(fact.At, fact.RecordedAt)
		q := query{life: life, at: now}
		if fact.Kind == customer.Indirect && fact.Value() != customer.Off && at <= now && !q.toldSince(at) {
			o.Since = max(o.Since, at)
			if s := fact.Detail["source"]; !slices.Contains(o.Sources, s) {
				o.Sources = append(o.Sources, s)
			}
		}
	}
	for _, r := range f.Records {
		if r.Lang != "" && r.Counts() {
			o.Lang = r.Lang
		}
	}
	for _, fact := range f.Facts {
		untold := fact.Kind == customer.Notified && fact.Value() == customer.Off
		if untold || fact.Kind == customer.Address && fact.Channel == term.Email && fact.Value() == "bounced" {
			o.Failed++
		}
	}
	_, o.Mute = blocksMail(life)
	return o, len(o.News)+len(o.Sources) > 0
}

func blocksMail(l *life) (ground, bool) {
	switch l.address[term.Email].value {
	case "bounced", "invalid", "none":
		return bounced, true
	}
	return 0, false
}
