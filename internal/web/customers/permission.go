package customers

import (
	"slices"
	"strings"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// permission is one purpose: whether the data may be used for it, and whether we
// may write, on which channel, until when and why.
type permission struct {
	Title string
	Lines []allowed
}

// allowed is one answer of the gate.
type allowed struct {
	What   string // "use", or the channel
	Status ui.Status
	Why    string
}

// permissions says of each purpose what is allowed now, until when, and why not;
// the chips are those of writing with advertising.
func permissions(v *web.Visit, all []gate.Standing, records []consent.Record) (list []permission, chips []ui.Status) {
	for i := range v.Who.Charter.Purposes {
		p := &v.Who.Charter.Purposes[i]
		one := permission{Title: p.Title.In("en")}
		for _, s := range all {
			if s.Purpose != p.ID || !ours(v, s) || s.From > v.Now() || s.Until <= v.Now() {
				continue
			}
			a := allowed{What: "Use"}
			if s.Channel != "" {
				a.What = "Write by " + channelWords(s.Channel)
			}
			a.Status, a.Why = statusOf(v, s, until(v, all, s, servedIn), records)
			one.Lines = append(one.Lines, a)
			if p.Marketing && s.Channel != "" {
				chips = append(chips, ui.Status{Tone: a.Status.Tone, Text: one.Title + " by " + channelWords(s.Channel) + ": " + a.Status.Text})
			}
		}
		slices.SortStableFunc(one.Lines, func(a, b allowed) int { return strings.Compare(a.What, b.What) })
		if len(one.Lines) > 0 {
			list = append(list, one)
		}
	}
	return list, chips
}

// ours reports whether a standing is of this brand, for nobody else and nothing
// in particular.
func ours(v *web.Visit, s gate.Standing) bool {
	return s.Controller == v.Brand() && s.Recipient == "" && s.Scope == ""
}

func servedIn(s gate.Standing) bool { return s.Ops.Has(term.Serve) }
func storedIn(s gate.Standing) bool { return s.Ops.Has(term.Store) }

// until is when what a standing allows first ends, if nothing more happens.
func until(v *web.Visit, all []gate.Standing, now gate.Standing, allows func(gate.Standing) bool) clock.Instant {
	end := now.Until
	for more := true; more && end != clock.Never; {
		more = false
		for _, s := range all {
			if s.StandingKey == now.StandingKey && s.From == end && allows(s) {
				end, more = s.Until, true
			}
		}
	}
	return end
}

func statusOf(v *web.Visit, s gate.Standing, end clock.Instant, records []consent.Record) (ui.Status, string) {
	if !servedIn(s) {
		var why []string
		for _, reason := range gate.ReasonsFor(s.Because, term.Serve) {
			why = append(why, reason.Text)
		}
		status := ui.Status{Tone: ui.Bad, Text: "not allowed"}
		if s.Basis != "" && storedIn(s) && len(why) == 1 && s.Ops.Has(term.Claims) && !askedFor(v, s) {
			status = ui.Status{Tone: ui.Plain, Text: "kept, not used"}
		}
		return status, strings.Join(why, " · ")
	}
	status := ui.Status{Tone: ui.Good, Text: "allowed"}
	if end != clock.Never {
		status.Text += " until " + ui.Date("en", v.Local(end))
	}
	return status, basisWords(v, s, records)
}

// askedFor reports whether a purpose rests on what the person says.
func askedFor(v *web.Visit, s gate.Standing) bool {
	p, ok := v.Who.Charter.Purpose(s.Purpose)
	return !ok || p.Marketing || p.Basis("").Kind == charter.Consent
}

// bases say the grounds of the law in words.
var bases = map[string]string{
	string(charter.Consent): "They agreed", string(charter.Contract): "Needed for their contract", string(charter.LegalObligation): "A law asks for it",
	string(charter.LegitimateInterests): "A legitimate interest they have not objected to", string(charter.PublicTask): "A public task", string(charter.VitalInterests): "It protects a life",
}

// basisWords says on what a permission rests: of a consent also when and how it
// was given.
func basisWords(v *web.Visit, s gate.Standing, records []consent.Record) string {
	words, ok := bases[s.Basis]
	if !ok {
		words = s.Basis
	}
	for _, evidence := range strings.Split(s.Evidence, ",") {
		which, err := id.Parse[id.Record](evidence)
		if err != nil {
			continue
		}
		for _, r := range records {
			if r.ID == which && r.Kind.Raises() {
				words += " on " + ui.Date("en", v.Local(r.RecordedAt))
				if way := r.Method.Words(); way != "" {
					words += ", " + way
				}
			}
		}
	}
	return words
}
