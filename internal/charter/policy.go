package charter

import (
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// California is the market whose law asks for links on every page that collects
// data, and for a policy renewed each year (1798.130, 1798.135; 11 CCR §7010-7015).
const California term.Market = "US-CA"

// SoldOrShared reports whether what a recipient gets counts as sold or shared:
// for money or another benefit, for advertising across businesses, or given to
// somebody who uses it for themselves where it promotes.
func (c *Charter) SoldOrShared(r *Recipient) bool {
	if r.Sale || r.Sharing {
		return true
	}
	for p := range r.Gets {
		if purpose, ok := c.Purpose(p); ok && purpose.Marketing && r.Role != Processor {
			return true
		}
	}
	return false
}

// SellsOrShares is worked out from the recipients, never typed in (NOT-04).
func (c *Charter) SellsOrShares() bool {
	for i := range c.Recipients {
		if c.SoldOrShared(&c.Recipients[i]) {
			return true
		}
	}
	return false
}

// SensitiveBeyond lists the purposes that use sensitive information for more
// than the law lets without a way to limit it (11 CCR §7027(m)): to promote, to
// profile, or on no better ground than consent or interest.
func (c *Charter) SensitiveBeyond() []term.Purpose {
	var out []term.Purpose
	for i := range c.Purposes {
		p := &c.Purposes[i]
		basis := p.Basis(California).Kind
		if !p.Marketing && !p.Profiling && basis != Consent && basis != LegitimateInterests {
			continue
		}
		for _, u := range p.Uses {
			if f, ok := c.Field(term.Field(u.Name)); ok && !u.Event && f.sensitive() {
				out = append(out, p.ID)
				break
			}
		}
	}
	return out
}

// sensitive follows California's list: special data, what reveals, protected
// characteristics, where somebody is.
func (f *Field) sensitive() bool {
	return f.Sensitivity != Ordinary || f.Category == Protected || f.Kind == KindLocation
}

// Addresses reports whether the business addresses people of a market.
func (c *Charter) Addresses(m term.Market) bool {
	for _, x := range c.Business.Markets {
		if x == m {
			return true
		}
	}
	return false
}

// Renewal is when the published policy is to be renewed: a task of ours from
// Task, and overdue from Due.
type Renewal struct {
	Renewed clock.Instant `json:"renewed"` // when the version in force came into force
	Task    clock.Instant `json:"task"`
	Due     clock.Instant `json:"due"`
}

// Open reports whether the policy is to be renewed now.
func (r Renewal) Open(now clock.Instant) bool { return !r.Task.IsZero() && now >= r.Task }

// Overdue reports whether the law's year has passed.
func (r Renewal) Overdue(now clock.Instant) bool { return !r.Due.IsZero() && now >= r.Due }

// Renewal tells when the policy in force is to be renewed, by the strictest law
// of the business's markets; the zero Renewal when no market asks for it.
func (s *Store) Renewal(tx *db.Tx) (Renewal, error) {
	c, err := s.Current(tx)
	if err != nil {
		return Renewal{}, err
	}
	history, err := s.History(tx)
	if err != nil {
		return Renewal{}, err
	}
	out := Renewal{}
	for _, e := range history {
		if e.Version == c.Version {
			out.Renewed = e.InForce
		}
	}
	zone := c.Business.Location()
	for _, m := range c.Business.Markets {
		pack, ok := s.packs.Pack(m)
		if !ok {
			continue
		}
		due, err := pack.Due(rulepack.PolicyReview, rulepack.Event{At: out.Renewed, Zone: zone})
		if err != nil {
			continue // this market's law sets no such clock
		}
		if legal := begins(due.Legal, zone); out.Due.IsZero() || legal < out.Due {
			out.Task, out.Due = begins(due.Safe, zone), legal
		}
	}
	return out, nil
}

// begins gives the start of the day that a deadline ends: what has to be renewed
// is valid up to then.
func begins(end clock.Instant, zone *time.Location) clock.Instant {
	return clock.DateOf(end.In(zone)).AddDays(-1).Start(zone)
}
