package portal

import (
	"context"
	"net/http"

	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/request"
	"candor/internal/term"
	"candor/internal/ui"
)

// exercisePage is where a person exercises their rights: copies, objection,
// restriction, a human who answers.
type exercisePage struct {
	Uses       []objection
	Restricted bool
	Open       []ui.Fact // requests that wait for a human, or were answered
	Contact    string
	DPO        string
	Authority  string
}

// objection is a use that the person may object to.
type objection struct {
	Purpose term.Purpose
	Title   string
	About   string
	Why     string // the interest that the business claims
	Status  *ui.Status
}

func (p *Portal) showRights(w http.ResponseWriter, r *http.Request, v visitor) error {
	f := p.intro(p.frame(r, "rights"), "rights-lead")
	f.Nav, f.Message = p.nav(f.Lang, "rights"), p.saved(r, f.Lang)
	requests, err := p.Desk.OfCustomer(r.Context(), v.customer)
	if err != nil {
		return err
	}
	var data exercisePage
	err = p.DB.Read(r.Context(), func(tx *db.Tx) error {
		c, err := p.Charter.Current(tx)
		if err != nil {
			return err
		}
		data = exercisePage{Contact: c.Business.Contact, DPO: c.Business.DPO, Authority: c.Business.Authority}
		standing, err := p.Gate.Standing(tx, v.customer)
		if err != nil {
			return err
		}
		for i := range c.Purposes {
			if purpose := &c.Purposes[i]; request.Objectionable(purpose, c.Business.Markets) {
				data.Uses = append(data.Uses, p.objection(purpose, v, standing, f.Lang))
			}
		}
		for _, q := range requests {
			data.Restricted = data.Restricted || q.Kind == request.Restriction && q.State == request.Waiting
			data.Open = append(data.Open, p.openRequest(c, q, f.Lang))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.pages.rights.Render(w, http.StatusOK, f, data)
}

func (p *Portal) objection(purpose *charter.Purpose, v visitor, standing []gate.Standing, lang term.Lang) objection {
	out := objection{Purpose: purpose.ID, Title: purpose.Title.In(lang), About: purpose.About.In(lang), Why: purpose.Basis("").Interest.In(lang)}
	now := standingAt(standing, gate.StandingKey{Controller: v.controller, Purpose: purpose.ID}, p.Clock.Now())
	if !now.Ops.Has(term.Use) {
		out.Status = &ui.Status{Tone: ui.Info, Text: p.say(lang, "use-stopped")}
	}
	return out
}

// openRequest is a request with how far it is.
func (p *Portal) openRequest(c *charter.Charter, q request.Request, lang term.Lang) ui.Fact {
	what := p.say(lang, "request-"+string(q.Kind))
	if purpose, ok := c.Purpose(q.Purpose); ok {
		what += ": " + purpose.Title.In(lang)
	}
	out := ui.Fact{Term: what, Text: ui.Date(lang, q.ReceivedAt.Time())}
	switch {
	case q.State == request.Done && q.Outcome != "":
		out.Status = &ui.Status{Tone: ui.Good, Text: p.say(lang, "outcome-"+string(q.Outcome))}
	case q.State == request.Done:
		out.Status = &ui.Status{Tone: ui.Good, Text: p.say(lang, "outcome-done")}
	default:
		out.Status = &ui.Status{Tone: ui.Warn, Text: p.say(lang, "request-open")}
		out.Note = p.say(lang, "request-due", "date", ui.Date(lang, q.SafeDue.Time()))
	}
	return out
}

func (p *Portal) object(w http.ResponseWriter, r *http.Request, v visitor) error {
	_, err := p.Desk.Object(r.Context(), request.NewRequest{Customer: v.customer, Purpose: term.Purpose(r.PostFormValue("purpose")), Via: "portal", Actor: term.ByCustomer})
	if err != nil {
		return err
	}
	return redirect(w, r, "/privacy/me/rights?lang="+string(language(r))+"&done=objected")
}

// restrict takes the data out of use, and ends that again when the person wants
// it: the mail that says so comes first.
func (p *Portal) restrict(w http.ResponseWriter, r *http.Request, v visitor) error {
	done, err := "restricted", error(nil)
	if r.PostFormValue("to") == "off" {
		done, err = "unrestricted", p.endRestriction(r.Context(), v.customer)
	} else {
		_, err = p.Desk.Restrict(r.Context(), request.NewRequest{Customer: v.customer, Via: "portal", Actor: term.ByCustomer})
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/privacy/me/rights?lang="+string(language(r))+"&done="+done)
}

func (p *Portal) endRestriction(ctx context.Context, c id.Customer) error {
	all, err := p.Desk.OfCustomer(ctx, c)
	if err != nil {
		return err
	}
	for _, q := range all {
		if q.Kind == request.Restriction && q.State == request.Waiting {
			return p.Desk.End(ctx, q.ID, term.ByCustomer)
		}
	}
	return errs.New(errs.Conflict, "not_waiting", "nothing is restricted")
}

// portable hands out what the person gave or caused, for another service
// (GDPR 20). Like every copy it is announced to the address on file.
func (p *Portal) portable(w http.ResponseWriter, r *http.Request, v visitor) error {
	copied, err := p.Desk.Portable(r.Context(), v.customer)
	if err != nil {
		return err
	}
	if err := p.announceCopy(r, v); err != nil {
		return err
	}
	if r.PostFormValue("as") != "csv" {
		return sendJSON(w, "my-data-portable.json", copied)
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="my-data-portable.zip"`)
	return copied.WriteCSV(w)
}

func (p *Portal) announceCopy(r *http.Request, v visitor) error {
	return p.DB.Write(r.Context(), func(tx *db.Tx) error {
		return p.Mail.SendService(tx, message.ServiceMail{
			Kind: message.DownloadMail, Customer: v.customer, Controller: v.controller, Lang: language(r), Entry: id.New[id.Mail]().String(),
		})
	})
}

// portableSchema is public: whoever takes the data over reads it.
func (p *Portal) portableSchema(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/schema+json")
	_, err := w.Write(request.PortableSchema())
	return err
}

// notMe is the word of whoever reads the mail that they are somebody else. It is
// believed at once: it only lowers (ACC-04).
func (p *Portal) notMe(w http.ResponseWriter, r *http.Request, v visitor) error {
	channel := v.link.Channel
	if channel == "" {
		channel = term.Email
	}
	if _, err := p.Desk.NotMine(r.Context(), request.NewRequest{Customer: v.customer, Via: "link", Actor: term.ByCustomer}, channel); err != nil {
		return err
	}
	return p.answer(w, r, "not-me-done", nil)
}

func (p *Portal) showDeceased(w http.ResponseWriter, r *http.Request) error {
	return p.renderDeceased(w, r, http.StatusOK, "")
}

func (p *Portal) renderDeceased(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	f := p.intro(p.frame(r, "deceased"), "deceased-lead")
	return p.pages.deceased.Render(w, status, f, findPage{ui.Field{ID: "email", Name: "email", Label: p.say(f.Lang, "deceased-label"),
		Type: "email", Autocomplete: "off", Max: 254, Required: true, Error: wrong}})
}

// reportDeceased believes that a customer has died, as a relative says (PRF-09).
// The answer does not tell whether the address is known.
func (p *Portal) reportDeceased(w http.ResponseWriter, r *http.Request) error {
	address, err := customer.Email(r.PostFormValue("email"))
	if err != nil {
		return p.renderDeceased(w, r, http.StatusUnprocessableEntity, p.say(language(r), "email-wrong"))
	}
	if err := p.limit.allow(r); err != nil {
		return err
	}
	err = evenly(r, func() error {
		var found []id.Customer
		err := p.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
			found, err = p.Gate.Find(tx, address)
			return err
		})
		for _, c := range found {
			if err == nil {
				_, err = p.Desk.ReportDeath(r.Context(), request.NewRequest{Customer: c, Via: "form", Actor: term.ByCustomer})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.answer(w, r, "deceased-done", nil)
}
