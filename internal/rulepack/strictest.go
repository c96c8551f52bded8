package rulepack

import (
	"slices"
	"sort"
	"strings"

	"candor/internal/term"
)

// strictest computes the pack of the most protective value of every rule. The
// floor adds what the house wants where nothing is known.
func strictest(markets []term.Market, packs map[term.Market]*Pack, floor *Pack) *Pack {
	out := &Pack{Market: Strict, Title: floor.Title, rules: packs[markets[0]].rules}
	out.rules.Calendar = ""
	out.rules.clocks = map[ClockName][]deadline{}
	out.rules.Ages.ConsentIn = nil
	versions := []string{floor.Version}
	for _, m := range markets {
		p := packs[m]
		versions = append(versions, p.Version)
		out.Zones = append(out.Zones, p.Zones...)
		out.rules.rulesTop = protect(out.rules.rulesTop, p.rules.rulesTop)
		for _, name := range sorted(p.rules.clocks) {
			out.rules.clocks[name] = append(out.rules.clocks[name], p.rules.clocks[name]...)
		}
	}
	out.Version = strings.Join(versions, ", ")
	out.rules.rulesTop = raise(out.rules.rulesTop, floor.rules.rulesTop)
	return out
}

// protect gives the more protective of two values of every rule.
func protect(a, b rulesTop) rulesTop {
	return rulesTop{
		Permission:        both(a.Permission, b.Permission, morePermission, OptIn),
		ConsentLife:       either(a.ConsentLife, b.ConsentLife, shorter),
		ReaskBar:          either(a.ReaskBar, b.ReaskBar, longer),
		SendWindow:        windows(a, b),
		Confirm:           a.Confirm.with(b.Confirm),
		Unsubscribe:       unsubscribe{longer(a.Unsubscribe.LinkLives, b.Unsubscribe.LinkLives)},
		SignalHonoured:    a.SignalHonoured || b.SignalHonoured,
		Ages:              a.Ages.older(b.Ages),
		AfterSale:         inBoth(a.AfterSale, b.AfterSale),
		Implied:           a.Implied.shorter(b.Implied),
		MessageCaps:       append(slices.Clone(a.MessageCaps), b.MessageCaps...),
		AtMost:            either(a.AtMost, b.AtMost, shorter),
		AtLeast:           either(a.AtLeast, b.AtLeast, longer),
		ErasureExceptions: common(a.ErasureExceptions, b.ErasureExceptions),
	}
}

// raise adds the floor, which may leave rules out.
func raise(r, floor rulesTop) rulesTop {
	r.Permission = either(r.Permission, floor.Permission, morePermission)
	r.AfterSale, r.Implied = nil, ImpliedConsent{} // nothing stands for a yes where nobody knows whose law applies
	r.ConsentLife = either(r.ConsentLife, floor.ConsentLife, shorter)
	r.ReaskBar = either(r.ReaskBar, floor.ReaskBar, longer)
	r.SignalHonoured = r.SignalHonoured || floor.SignalHonoured
	r.Ages = r.Ages.older(floor.Ages)
	return r
}

// either joins two maps, choosing where both have a value.
func either[K ~string, V any](a, b map[K]V, choose func(V, V) V) map[K]V {
	out := map[K]V{}
	for k, v := range a {
		out[k] = v
	}
	for k, v := range b {
		if was, ok := out[k]; ok {
			v = choose(was, v)
		}
		out[k] = v
	}
	return out
}

// both is either, where a missing value means this one.
func both[K ~string, V any](a, b map[K]V, choose func(V, V) V, missing V) map[K]V {
	out := either(a, b, choose)
	for k, v := range out {
		_, inA := a[k]
		_, inB := b[k]
		if !inA || !inB {
			out[k] = choose(v, missing)
		}
	}
	return out
}

// rank orders permissions, the most protective first; -1 is none.
func rank(p Permission) int {
	for i, x := range []Permission{OptIn, AfterSale, Implied, OptOut} {
		if p == x {
			return i
		}
	}
	return -1
}

func morePermission(a, b Permission) Permission {
	if rank(a) <= rank(b) {
		return a
	}
	return b
}

// MoreProtective gives the permission that asks for more.
func MoreProtective(a, b Permission) Permission {
	switch {
	case rank(a) < 0:
		return b
	case rank(b) < 0:
		return a
	}
	return morePermission(a, b)
}

// shorter gives none when either law has none.
func (i ImpliedConsent) shorter(o ImpliedConsent) ImpliedConsent {
	if i.IsZero() || o.IsZero() {
		return ImpliedConsent{}
	}
	return ImpliedConsent{shorter(i.Purchase, o.Purchase), shorter(i.Inquiry, o.Inquiry)}
}

// inBoth keeps the channels that both laws list.
func inBoth(a, b []term.Channel) []term.Channel {
	return slices.DeleteFunc(slices.Clone(a), func(ch term.Channel) bool { return !slices.Contains(b, ch) })
}

func shorter(a, b Period) Period {
	if b.days() < a.days() {
		return b
	}
	return a
}

func longer(a, b Period) Period {
	if b.days() > a.days() {
		return b
	}
	return a
}

// days compares periods; a month is 30.44 days.
func (p Period) days() float64 {
	return float64(p.Months)*30.44 + float64(p.Days) + float64(p.Hours)/24
}

// windows intersects the hours of every channel either pack names.
func windows(a, b rulesTop) map[term.Channel]Window {
	out := map[term.Channel]Window{}
	for ch := range either(a.SendWindow, b.SendWindow, func(w, _ Window) Window { return w }) {
		out[ch] = a.window(ch).intersect(b.window(ch))
	}
	return out
}

func (c confirm) with(o confirm) confirm {
	out := confirm{LinkLives: shorter(c.LinkLives, o.LinkLives), DeleteAfter: shorter(c.DeleteAfter, o.DeleteAfter)}
	seen := map[term.Channel]bool{}
	for _, ch := range append(append([]term.Channel{}, c.Channels...), o.Channels...) {
		if !seen[ch] {
			seen[ch] = true
			out.Channels = append(out.Channels, ch)
		}
	}
	sort.Slice(out.Channels, func(i, j int) bool { return out.Channels[i] < out.Channels[j] })
	return out
}

func (a Ages) older(b Ages) Ages {
	return Ages{Consent: max(a.Consent, b.Consent), Profiling: max(a.Profiling, b.Profiling), Adult: max(a.Adult, b.Adult)}
}

// common keeps the grounds that both laws know.
func common(a, b []Exception) []Exception {
	var out []Exception
	for _, x := range a {
		for _, y := range b {
			if x.Ground == y.Ground {
				if !strings.Contains(x.Source, y.Source) {
					x.Source += "; " + y.Source
				}
				out = append(out, x)
			}
		}
	}
	return out
}
