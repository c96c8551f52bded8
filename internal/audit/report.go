package audit

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"candor/internal/lists"
)

// report adds up.
func (a *auditor) report() Report {
	r := Report{MadeAt: a.o.Now, Files: a.files, Rows: a.rows, Addresses: int64(len(a.all))}
	counts := map[Class]int64{}
	pairs, apart := map[string]int64{}, map[string]int64{}
	var roles, twice, twiceRows, conflicts, disagree int64
	for _, k := range a.all {
		class := k.class()
		counts[class]++
		if k.subscribed != 0 {
			r.Subscribed++
		}
		switch {
		case k.conflicts():
			conflicts++
			a.pairs(pairs, k.subscribed, k.suppressed, "Subscribed in %s, suppressed in %s", "Subscribed and suppressed in %s")
		case k.disagrees():
			disagree++
			a.pairs(apart, k.subscribed, k.notAsked&^k.subscribed, "Subscribed in %s, not subscribed in %s", "")
		}
		if k.flags&flagRoleSeen != 0 {
			roles++
		}
		if k.flags&flagTwice != 0 {
			twice++
			twiceRows += int64(k.rows)
		}
	}
	r.Forms = a.formList()
	for _, c := range []Class{Provable, Attested, BySale, Unproven, Suppressed} {
		r.Classes = append(r.Classes, classPart(c, counts[c]))
	}
	for _, c := range []Class{Gone, Waiting, Bought, Silent} {
		r.Others = append(r.Others, classPart(c, counts[c]))
	}
	imported, days := a.imported()
	a.add(&r, Conflict, conflicts, places(pairs))
	a.add(&r, Imported, imported, days)
	a.add(&r, Disagreement, disagree, places(apart))
	a.add(&r, Roles, roles, nil)
	a.add(&r, Duplicates, twice, nil)
	for _, k := range []Kind{Future, BadTime, BadAddress, NoAddress, BadRow} {
		if n := a.notes[k]; n != nil {
			a.add(&r, k, n.count, nil)
		}
	}
	return r
}

// formList gives the forms' names, the most frequent first.
func (a *auditor) formList() (out []Form) {
	for name, n := range a.forms {
		out = append(out, Form{name, n})
	}
	slices.SortFunc(out, func(x, y Form) int { return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Name, y.Name)) })
	return out
}

// class puts an address where it belongs.
func (k *known) class() Class {
	switch {
	case k.conflicts():
		return Suppressed
	case k.subscribed != 0 && k.evidence == fullEvidence:
		return Provable
	case k.subscribed != 0 && k.evidence == someEvidence:
		return Attested
	case k.subscribed != 0 && k.flags&flagBought != 0:
		return BySale
	case k.subscribed != 0:
		return Unproven
	case k.suppressed != 0:
		return Gone
	case k.flags&flagPending != 0:
		return Waiting
	case k.flags&flagBought != 0:
		return Bought
	}
	return Silent
}

// add puts a finding into the report, when there is one.
func (a *auditor) add(r *Report, kind Kind, count int64, where []Place) {
	if count == 0 {
		return
	}
	f := findingWords[kind]
	f.Kind, f.Count, f.Where = kind, count, where
	if n := a.notes[kind]; n != nil {
		f.Samples = n.samples
	}
	r.Findings = append(r.Findings, f)
}

// pairs counts between which lists tools contradict each other.
func (a *auditor) pairs(into map[string]int64, yes, no uint32, between, within string) {
	for i := range a.files {
		for j := range a.files {
			if yes&(1<<i) == 0 || no&(1<<j) == 0 {
				continue
			}
			if a.files[i].Source == a.files[j].Source {
				into[fmt.Sprintf(within, a.label(i))]++
			} else {
				into[fmt.Sprintf(between, a.label(i), a.label(j))]++
			}
		}
	}
}

// label names a list by its tool, or by its file when the tool gave several. The
// parts of one zip are one list.
func (a *auditor) label(n int) string {
	f := a.files[n]
	for _, other := range a.files {
		if f.Tool == lists.Unknown || other.Tool == f.Tool && other.Source != f.Source {
			return f.Source
		}
	}
	return string(f.Tool)
}

const maxPlaces = 8

func places(counts map[string]int64) (out []Place) {
	for text, n := range counts {
		out = append(out, Place{text, n})
	}
	slices.SortFunc(out, func(a, b Place) int {
		if a.Count != b.Count {
			return int(b.Count - a.Count)
		}
		if a.Text < b.Text {
			return -1
		}
		return 1
	})
	return out[:min(len(out), maxPlaces)]
}

// A day on which at least a fifth of a list's consents, and at least fifty, are
// dated is the day of an import.
const (
	importShare = 5
	importLeast = 50
)

func (a *auditor) imported() (total int64, where []Place) {
	for i, days := range a.days {
		var all int64
		for _, n := range days {
			all += n
		}
		for day, n := range days {
			if n >= importLeast && n*importShare >= all {
				total += n
				date := time.Unix(int64(day)*86400, 0).UTC().Format("2 January 2006")
				where = append(where, Place{fmt.Sprintf("In %s, all dated %s", a.files[i].Name, date), n})
			}
		}
	}
	slices.SortFunc(where, func(a, b Place) int { return int(b.Count - a.Count) })
	return total, where[:min(len(where), maxPlaces)]
}
