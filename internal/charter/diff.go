package charter

import (
	"slices"

	"candor/internal/term"
)

// Follow is what has to happen before, or happens because, a charter changes.
type Follow string

// What follows from a change.
const (
	ReNotice  Follow = "re-notice"  // people known before are told first (GDPR 13(3), 14(4))
	ReConsent Follow = "re-consent" // who agreed must agree anew
	Review    Follow = "review"     // an assessment is made or renewed first
	Deletion  Follow = "deletion"   // what is no longer needed goes with the next retention run
)

// Change is one way in which two charters differ for the people they are about.
type Change struct {
	Purpose term.Purpose `json:"purpose"`
	Kind    WideningKind `json:"kind"`
	What    string       `json:"what"`
	Widens  bool         `json:"widens"`
	Words   Texts        `json:"words"`
	Follows []Follow     `json:"follows"`

	Channel   term.Channel   `json:"channel,omitempty"` // when it is about one alone
	Recipient term.Recipient `json:"recipient,omitempty"`
}

// Diff names what becomes wider and what becomes narrower from one charter to
// another, in the order of the purposes, the widenings of each first. It is a
// pure function; changes of words, of the house, and of order are none. Before
// may be nil: then every purpose is new.
func Diff(before, after *Charter) []Change {
	wider := widened(before, after)
	narrower := map[term.Purpose][]Widening{}
	if before != nil {
		narrower = widened(after, before)
	}
	var out []Change
	for i := range after.Purposes {
		p := &after.Purposes[i]
		for _, w := range wider[p.ID] {
			out = append(out, change(after, p, w, true))
		}
		for _, w := range narrower[p.ID] {
			if !incomparable(w, wider[p.ID]) {
				out = append(out, change(before, p, w, false))
			}
		}
	}
	if before == nil {
		return out
	}
	for i := range before.Purposes {
		p := &before.Purposes[i]
		if _, stays := after.Purpose(p.ID); !stays {
			out = append(out, change(before, p, Widening{Kind: NewPurpose, What: string(p.ID)}, false))
		}
	}
	return out
}

// incomparable reports whether a difference counts as a widening in both
// directions (another basis, another country): it is told once.
func incomparable(w Widening, wider []Widening) bool {
	return slices.ContainsFunc(wider, func(x Widening) bool {
		return x.Kind == w.Kind && x.channel == w.channel && x.recipient == w.recipient && (x.What == w.What || bothWays[w.Kind])
	})
}

var bothWays = map[WideningKind]bool{NewController: true, OtherBasis: true, MoreRecipient: true, OtherCountry: true,
	LongerKeep: true, MoreInField: true, LessAsked: true}

// change puts a difference in words. In says it: the charter in which the wider
// of the two promises stands.
func change(in *Charter, p *Purpose, w Widening, widens bool) Change {
	out := Change{Purpose: p.ID, Kind: w.Kind, What: w.What, Widens: widens, Channel: w.channel, Recipient: w.recipient, Words: Texts{}}
	for _, lang := range in.Business.Languages {
		out.Words[lang] = changeWords(in, p, w, widens, lang)
	}
	out.Follows = follows(in, p, w, widens)
	return out
}

func follows(in *Charter, p *Purpose, w Widening, widens bool) []Follow {
	if !widens {
		switch w.Kind {
		case NewPurpose, NewField, MoreInField, LongerKeep:
			return []Follow{Deletion}
		}
		return []Follow{}
	}
	out := []Follow{ReNotice}
	if asksConsent(p) {
		out = append(out, ReConsent)
	}
	if needsReview(in, w) {
		out = append(out, Review)
	}
	return out
}

// asksConsent reports whether any consent stands behind the purpose: as its
// basis, or as the permission to write.
func asksConsent(p *Purpose) bool {
	return p.RestsOnConsent() || p.Marketing
}

// needsReview: what the law wants assessed before it starts (GDPR 6(1)(f), 35,
// 44; 22).
func needsReview(in *Charter, w Widening) bool {
	switch w.Kind {
	case NewPurpose, OtherBasis, NewProfiling, MoreRecipient, OtherCountry, LaxerLaw, NewRecipient:
		return true
	case NewField, MoreInField:
		f, ok := in.Field(term.Field(w.What))
		return ok && f.Sensitivity != Ordinary
	}
	return false
}
