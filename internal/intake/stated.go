package intake

import (
	"context"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/errs"
	"candor/internal/term"
)

// StatedConsent is a permission or a refusal that a program states with its evidence,
// as a row of a file does (CON-14).
type StatedConsent struct {
	Purpose term.Purpose  `json:"purpose" minLength:"1" maxLength:"100"`
	Channel term.Channel  `json:"channel,omitempty" maxLength:"20"`
	Agreed  bool          `json:"agreed" doc:"false is a no and needs no evidence."`
	At      clock.Instant `json:"at,omitzero" doc:"When they agreed."`
	Words   string        `json:"words,omitempty" maxLength:"20000" doc:"What they read, or its SHA-256; this or form."`
	Form    string        `json:"form,omitempty" maxLength:"300" doc:"The ask, by its name or address; the words are those that were in force then."`
	Lang    string        `json:"lang,omitempty" maxLength:"20" doc:"In which the form was shown."`
	Method  string        `json:"method,omitempty" maxLength:"40" doc:"How: form, button, signature, reply, recording."`
	Given   string        `json:"given,omitempty" maxLength:"300" doc:"To whom; it must name the business."`
	Proof   string        `json:"proof,omitempty" maxLength:"100" doc:"What shows it, such as a document's number. With it the evidence is documented, else attested."`
}

// Judge checks what programs state. It is made for one request.
type Judge struct{ plan *plan }

// Judge makes one for what a source states now.
func (im *Importer) Judge(ctx context.Context, source string) (*Judge, error) {
	p, err := im.plan(ctx, byEmail(source), []string{"email"})
	if err != nil {
		return nil, err
	}
	return &Judge{p}, nil
}

// Act turns a statement into what goes on record, or says why it counts for
// nothing. A way of acting that yields no consent is kept as refused evidence: it
// gives both.
func (j *Judge) Act(s StatedConsent) (act consent.Act, keep bool, why errs.Code) {
	if !s.Agreed {
		return consent.Act{
			Controller: j.plan.rules.Charter().Business.ID, Purpose: s.Purpose, Channel: s.Channel, Kind: consent.Refused,
			Method: consent.ByImport, Source: "import", Actor: term.ByEngine, Strength: consent.Attested, Evidence: "stated by " + j.plan.m.Source,
		}, true, ""
	}
	act, why = j.plan.judge(claim{
		purpose: s.Purpose, channel: s.Channel, at: s.At, words: s.Words, form: s.Form, lang: s.Lang, method: s.Method,
		controller: s.Given, proof: s.Proof, where: "stated by " + j.plan.m.Source,
	})
	return act, why == "" || why == NotAffirmative, why
}
