// Package advisory says which known flaws of what we build on may not stay any
// longer (SEC-11; GDPR 32(1)(d)).
//
// A flaw that is known to be exploited fails at once, a critical one after seven
// days, a high one after thirty, counted from the day it was published. An
// advisory that does not say how grave it is counts as critical. What somebody
// looked at and accepted, with a reason and for at most ninety days, waits.
package advisory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// Severity is how grave a flaw is.
type Severity string

// The severities of advisories.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Moderate Severity = "moderate"
	Low      Severity = "low"
)

// limits is how long a flaw may be known. Lesser ones are named and fail nothing.
var limits = map[Severity]time.Duration{Critical: 7 * day, High: 30 * day}

const day = 24 * time.Hour

// Module is something we build on, as the build has it.
type Module struct{ Path, Version string }

// Flaw is an advisory that concerns a module of the build.
type Flaw struct {
	ID        string
	Names     []string // its other ids, such as CVE numbers
	Severity  Severity
	Published time.Time
	Module    Module
	Fixed     string // the version without it, "" when there is none
	Reached   bool   // the program reaches it, or nobody looked whether it does
}

// Accepted is a flaw that somebody looked at and let stand for a while.
type Accepted struct {
	ID    string `yaml:"id"`
	Why   string `yaml:"why"`
	By    string `yaml:"by"`
	Until string `yaml:"until"` // a date, at most ninety days ahead
}

const longestAccepted = 90 * day

// Policy is what flaws are judged by.
type Policy struct {
	Now       time.Time
	Exploited map[string]bool // ids that are known to be exploited
	Accepted  []Accepted
}

// Verdict is what is to be done about a flaw.
type Verdict struct {
	Flaw  Flaw
	Fails bool
	Why   string // in words, with the module and what to do
}

// Judge decides about each flaw, the worst first. Two advisories about the same
// thing are one.
func (p Policy) Judge(flaws []Flaw) ([]Verdict, error) {
	for _, a := range p.Accepted {
		until, err := time.Parse(time.DateOnly, a.Until)
		if err != nil || a.Why == "" || a.By == "" || until.Sub(p.Now) > longestAccepted {
			return nil, fmt.Errorf("the acceptance of %s needs why, by, and until: a date at most 90 days ahead", a.ID)
		}
	}
	var out []Verdict
	for _, f := range flaws {
		if !slices.ContainsFunc(out, func(v Verdict) bool { return v.Flaw.same(f) }) {
			out = append(out, p.judge(f))
		}
	}
	slices.SortStableFunc(out, func(a, b Verdict) int {
		return cmp.Or(cmp.Compare(b2i(b.Fails), b2i(a.Fails)), a.Flaw.Published.Compare(b.Flaw.Published))
	})
	return out, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p Policy) judge(f Flaw) Verdict {
	age := p.Now.Sub(f.Published)
	limit, limited := limits[f.Severity]
	v := Verdict{Flaw: f}
	what := fmt.Sprintf("%s in %s %s, %s, published %d days ago", f.ID, f.Module.Path, f.Module.Version, f.Severity, age/day)
	do := "; update to " + f.Fixed
	if f.Fixed == "" {
		do = "; there is no version without it: replace the module, or accept it in doc/advisories.yaml with a reason"
	}
	switch {
	case p.accepted(f):
		v.Why = what + "; accepted for now"
	case !f.Reached:
		v.Why = what + "; in the build, but nothing reaches it" + do
	case slices.ContainsFunc(f.ids(), func(id string) bool { return p.Exploited[id] }):
		v.Fails, v.Why = true, what+"; it is known to be exploited: no day more"+do
	case limited && age > limit:
		v.Fails, v.Why = true, fmt.Sprintf("%s; the limit is %d days%s", what, limit/day, do)
	default:
		v.Why = what + do
	}
	return v
}

func (p Policy) accepted(f Flaw) bool {
	return slices.ContainsFunc(p.Accepted, func(a Accepted) bool {
		until, err := time.Parse(time.DateOnly, a.Until)
		return err == nil && p.Now.Before(until.Add(day)) && slices.Contains(f.ids(), a.ID)
	})
}

func (f Flaw) ids() []string { return append([]string{f.ID}, f.Names...) }

func (f Flaw) same(g Flaw) bool {
	return f.Module == g.Module && slices.ContainsFunc(f.ids(), func(id string) bool { return slices.Contains(g.ids(), id) })
}

// concerns reports whether an advisory speaks of a module's version, and gives
// the version without the flaw.
func (a affected) concerns(m Module) (fixed string, yes bool) {
	if a.Package.Ecosystem != "Go" || a.Package.Name != m.Path {
		return "", false
	}
	at := "v" + strings.TrimPrefix(m.Version, "v")
	if slices.Contains(a.Versions, m.Version) {
		return "", true
	}
	for _, r := range a.Ranges {
		in := false
		for _, e := range r.Events {
			switch {
			case e.Introduced == "0", e.Introduced != "" && semver.Compare(at, "v"+e.Introduced) >= 0:
				in, fixed = true, ""
			case e.Fixed != "" && semver.Compare(at, "v"+e.Fixed) >= 0, e.LastAffected != "" && semver.Compare(at, "v"+e.LastAffected) > 0:
				in = false
			case e.Fixed != "" && in && fixed == "":
				fixed = "v" + e.Fixed
			}
		}
		if in {
			return fixed, true
		}
	}
	return "", false
}
