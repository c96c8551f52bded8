package app

import (
	"time"

	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/evidence"
	"candor/internal/gate"
	"candor/internal/ledger"
	"candor/internal/message"
	"candor/internal/request"
	"candor/internal/rulepack"
	"candor/internal/staff"
	"candor/internal/term"
)

// evidenceSources lists what tells daily how it is. A part of the program that
// answers for something adds its line here.
func (a *App) evidenceSources() []evidence.Source {
	return []evidence.Source{
		{Name: "rule_packs", Read: func(*db.Tx, clock.Instant) (any, error) { return rulepack.Texts() }},
		{Name: "charter", Read: a.charterEvidence},
		{Name: "notices", Read: a.noticeEvidence},
		{Name: "purposes", Read: a.purposeEvidence},
		{Name: "linter", Read: a.linterEvidence},
		{Name: "staff_commitments", Read: func(tx *db.Tx, _ clock.Instant) (any, error) { return staff.Promises(tx) }},
		{Name: "recipients", Read: a.recipientEvidence},
		{Name: "decisions", Read: decisionEvidence},
		{Name: "deadlines", Read: func(tx *db.Tx, now clock.Instant) (any, error) { return request.Deadlines(tx, now) }},
	}
}

// charterOf gives the charter in force, or nil before the first.
func (a *App) charterOf(tx *db.Tx) (*charter.Charter, error) {
	c, err := a.Charter.Current(tx)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	return c, err
}

func (a *App) charterEvidence(tx *db.Tx, _ clock.Instant) (any, error) {
	c, err := a.charterOf(tx)
	if err != nil || c == nil {
		return map[string]any{}, err
	}
	all, err := a.Charter.History(tx)
	promise, house := c.Documents()
	return map[string]any{"version": c.Version, "hash": c.Hash(), "promise": string(promise), "house": string(house), "versions": all}, err
}

// noticeEvidence is what people could read, in every language.
func (a *App) noticeEvidence(tx *db.Tx, _ clock.Instant) (any, error) {
	c, err := a.charterOf(tx)
	if err != nil || c == nil {
		return []any{}, err
	}
	var out []noticeShown
	for _, lang := range c.Business.Languages {
		n, err := a.Charter.Notice(tx, c.Version, lang)
		if err != nil {
			return nil, err
		}
		out = append(out, noticeShown{n.Version, n.Lang, n.Hash, n.Text})
	}
	return out, nil
}

type noticeShown struct {
	Version int64     `json:"version"`
	Lang    term.Lang `json:"lang"`
	Hash    string    `json:"hash"` // over HTML, text and JSON-LD
	Text    string    `json:"text"`
}

type purposeShown struct {
	ID       term.Purpose           `json:"purpose"`
	Basis    map[term.Market]string `json:"basis"`
	Fields   []string               `json:"fields"`
	Channels []term.Channel         `json:"channels"`
	Owner    string                 `json:"owner"`
}

func (a *App) purposeEvidence(tx *db.Tx, _ clock.Instant) (any, error) {
	out := []purposeShown{}
	c, err := a.charterOf(tx)
	if err != nil || c == nil {
		return out, err
	}
	for _, p := range c.Purposes {
		shown := purposeShown{ID: p.ID, Basis: map[term.Market]string{}, Fields: []string{}, Channels: p.Channels(), Owner: p.Owner}
		for _, m := range c.Business.Markets {
			shown.Basis[m] = string(p.Basis(m).Kind)
		}
		for _, u := range p.Uses {
			shown.Fields = append(shown.Fields, u.Name)
		}
		out = append(out, shown)
	}
	return out, nil
}

// linterEvidence is what the linter finds in the charter in force: nothing that
// blocks, or it would not be.
func (a *App) linterEvidence(tx *db.Tx, _ clock.Instant) (any, error) {
	c, err := a.charterOf(tx)
	if err != nil || c == nil {
		return map[string]any{}, err
	}
	_, problems := charter.Parse(c.Documents())
	if problems == nil {
		problems = charter.Problems{}
	}
	return map[string]any{"charter": c.Hash(), "findings": problems}, nil
}

type recipientShown struct {
	Name       term.Recipient `json:"recipient"`
	Role       charter.Role   `json:"role"`
	Country    string         `json:"country"`
	Safeguard  string         `json:"safeguard,omitempty"`
	Registered bool           `json:"registered"`
	Since      clock.Instant  `json:"since,omitzero"`
	Suspended  errs.Code      `json:"suspended,omitempty"`
}

func (a *App) recipientEvidence(tx *db.Tx, _ clock.Instant) (any, error) {
	out := []recipientShown{}
	c, err := a.charterOf(tx)
	if err != nil || c == nil {
		return out, err
	}
	registered, err := a.Sharing.All(tx)
	for _, r := range c.Recipients {
		shown := recipientShown{Name: r.ID, Role: r.Role, Country: r.Country, Safeguard: r.Safeguard}
		for _, known := range registered {
			if known.Name == r.ID {
				shown.Registered, shown.Since, shown.Suspended = true, known.CreatedAt, known.Suspended
			}
		}
		out = append(out, shown)
	}
	return out, err
}

// decided are the kinds of entries that a day's sample is drawn from.
var decided = []ledger.Kind{gate.KindConsent, gate.KindDisclosure, message.KindHanded, message.KindDenied, campaign.KindStep}

// sampleEach is how many of each kind.
const sampleEach = 20

type decisionsShown struct {
	Kind   ledger.Kind     `json:"kind"`
	Count  int64           `json:"count"`
	Sample []ledger.Sample `json:"sample"`
}

// decisionEvidence is what was decided in the day before: how many, and some of
// them by their commitment, which stays when their content is gone. Whoever holds
// a receipt finds it there.
func decisionEvidence(tx *db.Tx, now clock.Instant) (any, error) {
	since := now.Add(-24 * time.Hour)
	var out []decisionsShown
	for _, kind := range decided {
		n, err := ledger.CountOf(tx, kind, since, now)
		if err != nil {
			return nil, err
		}
		list, err := ledger.Samples(tx, kind, since, now, sampleEach)
		if err != nil {
			return nil, err
		}
		out = append(out, decisionsShown{kind, n, append([]ledger.Sample{}, list...)})
	}
	return out, nil
}
