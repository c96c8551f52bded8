package customer

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"candor/internal/clock"
)

// Band is what is kept of a person's age (GDPR 5(1)(c), 8(2)): which protections
// apply, and the month from which that must be worked out anew.
type Band string

// The bands, the most protective first. A Minor is a child or a teen: under age,
// nobody said which.
const (
	Child      Band = "child" // under the age of consent of their country
	Minor      Band = "minor"
	Teen       Band = "teen"
	UnknownAge Band = "unknown"
	Adult      Band = "adult"
)

var bands = []Band{Child, Minor, Teen, UnknownAge, Adult}

// Protects reports whether a band is more protective than another.
func (b Band) Protects(other Band) bool {
	rank := func(b Band) int {
		for i, x := range bands {
			if x == b {
				return i
			}
		}
		return len(bands) - 2 // what nobody knows is unknown
	}
	return rank(b) < rank(other)
}

// The ways in which an age is learnt, Detail["method"] of an Age fact.
const (
	AskedAge    = "asked"    // the neutral question: free entry, one try a session (Detail["session"])
	DeclaredAge = "declared" // a trusted source said so
	ProvenAge   = "proven"   // shown to staff by other means
)

// AgeDetail is the Detail of an Age fact: the band on a day, and for those under
// age the month they come of age, rounded to the later one. The day of birth is
// not kept. consentAt is the age of consent of the person's country, which the
// band was found by.
func AgeDetail(born, today clock.Date, consentAt int, method string) map[string]string {
	reached := func(years int) bool { return today.Compare(born.AddMonths(12*years)) >= 0 }
	d := map[string]string{"value": string(Adult), "method": method}
	if reached(18) {
		return d
	}
	d["value"], d["adult_from"], d["consent_at"] = string(Child), month(laterMonth(born.AddMonths(12*18))), strconv.Itoa(consentAt)
	if reached(consentAt) {
		d["value"] = string(Teen)
	}
	return d
}

// AgeYearsDetail is AgeDetail for somebody who said how old they are in full
// years: they may have had their birthday on the same day.
func AgeYearsDetail(years int, today clock.Date, consentAt int, method string) map[string]string {
	return AgeDetail(today.AddMonths(-12*years), today, consentAt, method)
}

func laterMonth(d clock.Date) clock.Date {
	if d.Day == 1 {
		return d
	}
	return clock.On(d.Year, d.Month+1, 1)
}

func month(d clock.Date) string { return fmt.Sprintf("%04d-%02d", d.Year, int(d.Month)) }

// MayConsentAt is the age of consent that the person of an Age fact was found to
// have reached, or 0.
func (f Fact) MayConsentAt() int {
	if Band(f.Value()) != Teen {
		return 0
	}
	n, _ := strconv.Atoi(f.Detail["consent_at"])
	return n
}

// ComesOfAge gives the first day on which the person of an Age fact is of age,
// when the fact tells it: by its month, or by the birthday's day.
func (f Fact) ComesOfAge() (clock.Date, bool) {
	if y, m, ok := strings.Cut(f.Detail["adult_from"], "-"); ok {
		year, err1 := strconv.Atoi(y)
		mon, err2 := strconv.Atoi(m)
		if err1 == nil && err2 == nil && mon >= 1 && mon <= 12 {
			return clock.On(year, time.Month(mon), 1), true
		}
	}
	if d, err := clock.ParseDate(f.Detail["adult_on"]); err == nil {
		return d.AddDays(1), true // over in every zone
	}
	return clock.Date{}, false
}
