package gate

import (
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/rulepack"
)

// ByParent's consent is given, or authorised, by whoever has parental
// responsibility; it counts until some time after the young person may decide
// alone.
const parentOutlives = 60 * 24 * time.Hour

// age is what is known of a customer's age.
type age struct {
	known     bool
	adultFrom clock.Instant // when the customer is of age; 0 for adults, Never when not, or not known
	comes     clock.Date    // the first day of age, of those under it; zero when not known
	reached   int           // an age of consent that was found to be reached, or 0
}

func ageOf(f customer.Fact) age {
	switch customer.Band(f.Value()) {
	case customer.Adult:
		return age{known: true}
	case customer.Child, customer.Teen, customer.Minor:
		a := age{known: true, adultFrom: clock.Never, reached: f.MayConsentAt()}
		if day, ok := f.ComesOfAge(); ok {
			a.comes, a.adultFrom = day, day.Start(utcMinus12) // begun in every zone
		}
		return a
	}
	return age{adultFrom: clock.Never}
}

// consentsFrom is when the customer may consent alone under a law: 0 for those
// who may already or whose age nobody knows, Never when it is not known when.
func (l *life) consentsFrom(r *rule) clock.Instant {
	a, years := l.age, r.Ages.Consent
	if r.Market != rulepack.Strict {
		years = r.Ages.ConsentAt(l.home.Place)
	}
	switch {
	case !a.known && l.law.Children:
		return clock.Never
	case !a.known || a.adultFrom == 0 || a.reached != 0 && a.reached >= years:
		return 0
	case a.comes.IsZero():
		return clock.Never
	}
	return a.comes.AddMonths(-12 * (18 - years)).Start(utcMinus12)
}

// youth checks an agreement against the age at which it was given. Under the
// age only a parent's counts, and it ends sixty days after the age is reached;
// what a child agreed to alone never counts.
func (l *life) youth(c *consented, r *rule) {
	alone := l.consentsFrom(r)
	rests := c.state.Rests
	if !c.usable || alone == 0 || rests.RecordedAt >= alone {
		return
	}
	if rests.Method != consent.ByParent {
		c.failed, c.usable = parentNeeded, false
		return
	}
	if alone != clock.Never {
		c.ends = min(c.ends, alone.Add(parentOutlives))
	}
}
