package trust

import (
	"cmp"
	"encoding/hex"
	"strings"
	"time"

	"candor/internal/claim"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/request"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

const claimsURL = "/admin/trust/claims"

type claimsPage struct {
	Identity ui.Field
	Case     ui.Field
	State    []ui.Fact
	Looked   bool // somebody was looked for
	Found    []foundClaim
}

// foundClaim is what is kept of one erasure.
type foundClaim struct {
	ID        string
	Title     string
	Facts     []ui.Fact
	Proof     string // the certificate of the erasure, in the ledger
	Decisions []keptDecision
}

type keptDecision struct {
	At     time.Time
	What   string
	How    string
	Words  string // which words were shown
	Entry  string
	Status ui.Status
}

func (r *room) showClaims(v *web.Visit) error {
	return r.renderClaims(v, web.Head{}, claimsPage{}, nil)
}

// renderClaims shows the form, how full the store is, and what was found. What was
// typed is in the page and never in its address.
func (r *room) renderClaims(v *web.Visit, h web.Head, p claimsPage, wrong error) error {
	h.Title = "Kept for claims"
	h.Intro = "What outlives an erasure: who agreed to what, and that requests were answered. Sealed, found by an exact identity, and opened for a case alone."
	p.Identity = ui.Field{ID: "identity", Name: "identity", Label: "E-mail, phone or customer number", Required: true, Max: 320, Value: v.R.PostFormValue("identity"), Autocomplete: "off",
		Hint: "As it was on file before the erasure: ada@example.org, +49 40 1234567 or shop:10001"}
	p.Case = ui.Field{ID: "case", Name: "case", Label: "Case", Required: true, Max: 120, Value: v.R.PostFormValue("case"), Autocomplete: "off",
		Hint: "The number that a court, an authority or a lawyer gave it. It goes on record; write nothing about the person."}
	if wrong != nil {
		web.Note(wrong, &p.Identity, &p.Case)
	}
	var st claim.State
	err := v.Read(func(tx *db.Tx) (err error) {
		st, err = claim.StateOf(tx)
		return err
	})
	if err != nil {
		return err
	}
	p.State = []ui.Fact{{Term: "Erasures of which something is kept", Text: ui.Number("en", st.Claims)}}
	if st.Claims == claim.MostCounted {
		p.State[0].Text = "more than " + p.State[0].Text
	}
	if st.Claims > 0 {
		p.State = append(p.State, ui.Fact{Term: "Oldest", Text: ui.Date("en", v.Local(st.Oldest))}, ui.Fact{Term: "Next to be deleted", Text: ui.Date("en", v.Local(st.Next)), Note: "when claims are barred"})
	}
	return web.Show(v, r.pages.claims, h, p)
}

// findClaims opens what is kept of somebody, for a case.
func (r *room) findClaims(v *web.Visit) error {
	who, err := customer.Written(v.R.PostFormValue("identity"))
	if err != nil {
		return r.renderClaims(v, web.Head{}.Wrong(), claimsPage{}, err)
	}
	if err := v.Staff.Look(v.Context(), v.Who.Person.ID); err != nil {
		return err
	}
	list, err := r.Claims.Find(v.Context(), claim.Look{Who: v.Who, For: who, Case: strings.TrimSpace(v.R.PostFormValue("case"))})
	if errs.Is(err, errs.Invalid) {
		return r.renderClaims(v, web.Head{}.Wrong(), claimsPage{}, err)
	}
	if err != nil {
		return err
	}
	p := claimsPage{Looked: true}
	for _, c := range list {
		p.Found = append(p.Found, foundOf(v, c))
	}
	return r.renderClaims(v, web.Head{}, p, nil)
}

func foundOf(v *web.Visit, c claim.Claim) foundClaim {
	day := func(at clock.Instant) string { return ui.Date("en", v.Local(at)) }
	out := foundClaim{ID: c.Request.String(), Title: "Erased on " + day(c.MadeAt), Facts: []ui.Fact{askedFact(v, "The erasure", c.Evidence.Erasure)}}
	for _, a := range c.Evidence.Requests {
		out.Facts = append(out.Facts, askedFact(v, request.Kind(a.Kind).Words(), a))
	}
	out.Facts = append(out.Facts, ui.Fact{Term: "Kept until", Text: day(c.Until), Note: c.Ground})
	if c.Evidence.Certificate != 0 {
		out.Proof = "/admin/trust/entries/" + c.Evidence.Certificate.String()
	}
	for _, d := range c.Decisions {
		out.Decisions = append(out.Decisions, decisionOf(v, d))
	}
	return out
}

func askedFact(v *web.Visit, what string, a claim.Asked) ui.Fact {
	f := ui.Fact{Term: what, Text: "asked for " + ui.When("en", v.Local(a.ReceivedAt)), Note: "open when the erasure came"}
	if !a.AnsweredAt.IsZero() {
		f.Note = "answered " + ui.When("en", v.Local(a.AnsweredAt))
	}
	return f
}

func decisionOf(v *web.Visit, d claim.Decision) keptDecision {
	out := keptDecision{At: v.Local(d.RecordedAt), What: d.Kind.Words() + ": " + purposeTitle(v, d.Purpose), How: cmp.Or(d.Method.Words(), "recorded by the business"),
		Words: "none", Entry: "/admin/trust/entries/" + d.Entry.String(), Status: ui.Status{Tone: ui.Good, Text: "in the ledger"}}
	switch d.Channel {
	case term.NoChannel:
	case term.Email:
		out.What += ", by e-mail"
	default:
		out.What += ", by " + string(d.Channel)
	}
	var words []string
	if d.Ask != "" {
		words = append(words, "form "+string(d.Ask)+", version "+ui.Number("en", d.CharterVersion))
	}
	if len(d.NoticeHash) > 0 {
		words = append(words, "notice "+hex.EncodeToString(d.NoticeHash[:6]))
	}
	if len(words) > 0 {
		out.Words = strings.Join(words, ", ")
	}
	if !d.Counts() {
		out.What += " (does not count)"
	}
	if !d.Proven {
		out.Status = ui.Status{Tone: ui.Bad, Text: "not as it was signed"}
	}
	return out
}
