package rulepack

import (
	"time"

	"candor/internal/clock"
	"candor/internal/errs"
)

// ClockName names a deadline of a pack.
type ClockName string

// The deadlines that packs set.
const (
	RequestAcknowledge ClockName = "request-acknowledge" // confirm receipt of a request
	RequestAnswer      ClockName = "request-answer"      // know, correct, delete, object
	RequestExtended    ClockName = "request-extended"    // the same, counted from receipt, with the extension
	OptOutDone         ClockName = "opt-out"             // opt-out, limit or withdrawal has reached everyone
	BreachAuthority    ClockName = "breach-authority"    // tell the authority of a breach
	IndirectNotice     ClockName = "indirect-notice"     // tell a person whose data came from elsewhere
	PolicyReview       ClockName = "policy-review"       // renew the published policy
)

// Event is what a clock counts from.
type Event struct {
	At     clock.Instant  // receipt, or awareness
	Zone   *time.Location // of the controller; UTC when nil
	Place  string         // of the controller, for holidays: "DE-HH"; "" for none
	Paused int            // days the clock stood still, where the law lets it
}

// rule names a way of counting.
type rule string

const (
	ruleEUMonth rule = "EU-MONTH"
	ruleEUHours rule = "EU-HOURS"
	ruleCADays  rule = "CA-DAYS"
	ruleBD      rule = "BD"
	ruleUKMonth rule = "UK-MONTH"
	ruleDays    rule = "ELAPSED-DAYS"
	ruleMonths  rule = "MONTHS" // to the corresponding day, wherever it falls
	ruleYearly  rule = "YEARLY" // the next such day of a year
	ruleAtOnce  rule = "AT-ONCE"
)

// deadline is a rule with its number, and the calendar it counts with when that
// is not the controller's.
type deadline struct {
	Rule rule `yaml:"rule"`
	N    int  `yaml:"n"`
	More int  `yaml:"more"`
	// Early is by how much our own limit lies before the law's, where a term is
	// for work that takes long.
	Early Period `yaml:"early"`
	On    string `yaml:"on"`    // of YEARLY: month-day
	Since int    `yaml:"since"` // of YEARLY: the first year

	calendar *Calendar
}

// Due gives when something is due. Under STRICT each of the three values is the
// earliest of all packs. It returns INVALID when the pack has no such clock, or
// when the event is paused and no law behind the clock allows that.
func (p *Pack) Due(name ClockName, e Event) (Due, error) {
	all := p.rules.clocks[name]
	if len(all) == 0 {
		return Due{}, errs.New(errs.Invalid, "no_clock", "the rule pack %s has no clock %s", p.Market, name)
	}
	if e.Paused > 0 && !p.MayPause(name) {
		return Due{}, errs.New(errs.Conflict, "no_pause", "no pause in this rule pack")
	}
	if e.Zone == nil {
		e.Zone = time.UTC
	}
	due := all[0].due(e, p.calendars)
	for _, d := range all[1:] {
		x := d.due(e, p.calendars)
		due = Due{min(due.Safe, x.Safe), min(due.Legal, x.Legal), min(due.Target, x.Target)}
	}
	return due, nil
}

// MayPause reports whether every law behind a clock lets it stand still while
// the person answers a question.
func (p *Pack) MayPause(name ClockName) bool {
	for _, d := range p.rules.clocks[name] {
		if d.Rule != ruleEUMonth && d.Rule != ruleUKMonth {
			return false
		}
	}
	return true
}

func (d deadline) due(e Event, places map[string]*Calendar) Due {
	day := clock.DateOf(e.At.In(e.Zone))
	cal := d.calendar
	if cal == nil {
		cal, _ = calendarOf(places, e.Place)
	}
	if out, ok := d.early(day); ok {
		return out.In(e.Zone)
	}
	switch d.Rule {
	case ruleEUMonth:
		return EUMonths(day, d.N, d.More, e.Paused, cal).In(e.Zone)
	case ruleUKMonth:
		return UKMonths(day, d.N+d.More, e.Paused, cal).In(e.Zone)
	case ruleCADays:
		return CADays(day, d.N).In(e.Zone)
	case ruleBD:
		return BusinessDays(day, d.N, cal).In(e.Zone)
	case ruleEUHours:
		return EUHours(e.At, d.N, e.Zone)
	}
	at := e.At.Add(time.Duration(d.N) * time.Second)
	return Due{at, at, at}
}

// early counts the rules whose Safe lies a fixed time before Legal.
func (d deadline) early(day clock.Date) (Days, bool) {
	var legal clock.Date
	switch d.Rule {
	case ruleDays:
		legal = day.AddDays(d.N)
	case ruleMonths:
		legal = day.AddMonths(d.N)
	case ruleYearly:
		legal = monthDay(max(day.Year, d.Since), d.On)
		if legal.Compare(day) <= 0 {
			legal = monthDay(day.Year+1, d.On)
		}
	default:
		return Days{}, false
	}
	return days(day, legal.AddMonths(-d.Early.Months).AddDays(-d.Early.Days), legal), true
}

func (d deadline) check() string {
	switch d.Rule {
	case ruleEUMonth, ruleUKMonth, ruleEUHours, ruleCADays, ruleBD, ruleAtOnce:
		if !d.Early.IsZero() {
			return "only ELAPSED-DAYS, MONTHS and YEARLY have an early limit of our own"
		}
	case ruleDays, ruleMonths:
	case ruleYearly:
		if !isMonthDay(d.On) || d.N != 0 || d.Since < 0 || d.Since > 9999 {
			return "give the day of the year as on: 07-01, and no n"
		}
		return ""
	default:
		return "name a rule: EU-MONTH, EU-HOURS, CA-DAYS, BD, UK-MONTH, ELAPSED-DAYS, MONTHS, YEARLY or AT-ONCE"
	}
	if d.On != "" || d.Since != 0 {
		return "only YEARLY falls on a day of the year"
	}
	if d.N < 1 || d.N > 604800 || d.More < 0 || d.More > 24 {
		return "give n from 1 to 604800 and more from 0 to 24"
	}
	return ""
}
