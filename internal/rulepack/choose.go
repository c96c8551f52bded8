package rulepack

import (
	"slices"
	"sort"
	"strings"
	"time"

	"candor/internal/term"
)

// Evidence says where a person may live: ISO 3166 codes such as "DE" or
// "US-CA", "" when unknown.
type Evidence struct {
	Declared string // residence the person stated
	Address  string // verified postal address
	Phone    string // country and area of the phone number
	Locale   string // the account's country setting
	Network  string // where the connection came from; only adds protection
}

// Jurisdiction is whose law applies, and why.
type Jurisdiction struct {
	Market  term.Market // Strict when the evidence is missing, conflicts or has no pack
	Pack    *Pack
	Place   string // the place that decided, or ""
	Because string // "declared", "address", "phone", "locale", or for Strict "missing", "conflict", "network", "no pack"
}

// Choose decides whose law applies to a person. What the person stated, their
// address and their phone must agree on the market, else they conflict; the
// account's setting counts only where none of them is known. A network hint
// never chooses a market: where it points elsewhere, or is all there is, STRICT
// applies.
func (s *Set) Choose(e Evidence) Jurisdiction {
	strict := func(why string) Jurisdiction { return Jurisdiction{Market: Strict, Pack: s.strict, Because: why} }
	var place, because string
	for _, x := range []struct{ value, name string }{{e.Declared, "declared"}, {e.Address, "address"}, {e.Phone, "phone"}} {
		switch {
		case x.value == "":
		case place == "":
			place, because = x.value, x.name
		case within(x.value, place):
			place = x.value
		case !within(place, x.value) && s.covering(place) != s.covering(x.value):
			return strict("conflict")
		}
	}
	if place == "" {
		place, because = e.Locale, "locale"
	}
	if place == "" {
		return strict("missing")
	}
	p := s.covering(place)
	if p == nil {
		return strict("no pack")
	}
	if e.Network != "" && !within(place, e.Network) && s.covering(e.Network) != p {
		return strict("network")
	}
	return Jurisdiction{Market: p.Market, Pack: p, Place: place, Because: because}
}

// within reports whether a place is in, or the same as, another: US-CA in US.
func within(place, in string) bool { return place == in || strings.HasPrefix(place, in+"-") }

// covering gives the pack that covers a place, the most precise first, or nil. A
// country of which a pack covers only a region is not covered.
func (s *Set) covering(place string) *Pack {
	var best *Pack
	size := 0
	for _, m := range s.Markets() {
		for _, c := range s.packs[m].Covers {
			if within(place, c) && len(c) > size {
				best, size = s.packs[m], len(c)
			}
		}
	}
	return best
}

// MarketOf gives the market whose pack covers a place, or Strict.
func (s *Set) MarketOf(place string) term.Market {
	if p := s.covering(place); p != nil {
		return p.Market
	}
	return Strict
}

// ZonesOf gives the time zones in which somebody may be who may live in any of
// the places: those of the place, else those of its market. A place without a
// pack adds none.
func (s *Set) ZonesOf(places ...string) []*time.Location {
	var names []string
	for _, place := range places {
		if p := s.covering(place); p != nil {
			zones, ok := p.zonesIn[place]
			if !ok {
				zones = p.Zones
			}
			names = append(names, zones...)
		}
	}
	sort.Strings(names)
	var out []*time.Location
	for _, n := range slices.Compact(names) {
		if z, err := time.LoadLocation(n); err == nil {
			out = append(out, z)
		}
	}
	return out
}

// Markets lists the markets that have a pack, sorted.
func (s *Set) Markets() []term.Market {
	out := make([]term.Market, 0, len(s.packs))
	for m := range s.packs {
		out = append(out, m)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

// Calendar gives the public holidays of a place: of the region, else of the
// country. It reports false when there is none.
func (s *Set) Calendar(place string) (*Calendar, bool) {
	return calendarOf(s.calendars, place)
}

func calendarOf(all map[string]*Calendar, place string) (*Calendar, bool) {
	if c, ok := all[place]; ok {
		return c, true
	}
	nation, _, _ := strings.Cut(place, "-")
	c, ok := all[nation]
	return c, ok
}
