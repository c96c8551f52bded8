package trust

import (
	"strings"

	"candor/internal/charter"
	"candor/internal/id"
	"candor/internal/request"
	"candor/internal/sharing"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// requestPage is one request: what is in effect, by when it is to be answered,
// and what comes next.
type requestPage struct {
	ID       id.Request
	Customer string
	Find     bool // the reader may look the customer up
	State    ui.Status
	InEffect string
	Facts    []ui.Fact
	Past     []ui.Moment
	Steps    []requestStep
	Told     []ui.Fact
	Acts     []requestAct
	Proof    string // where the certificate's entry is
}

// requestStep is a store of an erasure.
type requestStep struct {
	Store  string
	Rows   string
	Status ui.Status
}

// requestAct is something to do next. Its words say what will follow.
type requestAct struct {
	URL, Title, Follows, Button string
	Danger                      bool
	Field                       *ui.Field
}

// inEffect says what holds while a request is open.
var inEffect = map[request.Kind]string{
	request.Objection:   "The use is stopped for this person. Unless compelling grounds are shown by the deadline, the objection is upheld by itself.",
	request.Restriction: "Their data are kept and used for nothing but legal claims, or what they agreed to since.",
	request.Deceased:    "Advertising, profiling and personal words have ended. Contract, claims and duties go on.",
	request.Ownership:   "The address is off this customer and gets nothing more. Nobody guesses another.",
	request.Access:      "The copy waits in their privacy centre, behind a code that goes to the address on file. The request is answered when they take it.",
	request.Erasure:     "Everything stopped when it was accepted. The deletion goes on by itself.",
}

func (r *room) showRequest(v *web.Visit) error {
	number, err := requestOf(v)
	if err != nil {
		return err
	}
	return r.renderRequest(v, number, web.Head{}, nil)
}

func (r *room) renderRequest(v *web.Visit, number id.Request, h web.Head, wrong error) error {
	c, err := r.Requests.Case(v.Context(), number)
	if err != nil {
		return err
	}
	p := requestPage{ID: c.ID, Customer: c.Customer.String(), State: stateStatus(c.Request), Facts: requestFacts(v, c), Past: requestPast(v, c)}
	p.Find = v.May(staff.Find) && (c.Kind != request.Erasure)
	if c.State != request.Done {
		p.InEffect = inEffect[c.Kind]
	}
	for _, s := range c.Steps {
		step := requestStep{Store: s.Store, Rows: ui.Number("en", s.Removed), Status: ui.Status{Tone: ui.Warn, Text: "waits"}}
		if !s.DoneAt.IsZero() {
			step.Status = ui.Status{Tone: ui.Good, Text: "done"}
		}
		p.Steps = append(p.Steps, step)
	}
	for _, t := range c.Told {
		p.Told = append(p.Told, toldFact(v, t))
	}
	if v.May(staff.DecideRequest) {
		p.Acts = requestActs(c)
		for i := range p.Acts {
			if f := p.Acts[i].Field; f != nil {
				f.Value = v.R.PostFormValue(f.Name)
				web.Note(wrong, f)
			}
		}
	}
	if c.State == request.Done && c.Kind == request.Erasure && v.May(staff.Audit) {
		if done, err := r.Requests.Certificate(v.Context(), number); err == nil {
			p.Proof = "/admin/trust/entries/" + done.Entry.String()
			if kept := done.Claims; kept != nil {
				p.Facts = append(p.Facts, ui.Fact{Term: "Kept for claims", Text: "until " + ui.Date("en", v.Local(kept.Until)), Note: kept.Ground})
			}
		}
	}
	h.Title, h.Crumb = c.Kind.Words(), &ui.Link{Text: "Requests", URL: requestsURL}
	return web.Show(v, r.pages.request, h, p)
}

func requestFacts(v *web.Visit, c request.Case) []ui.Fact {
	out := []ui.Fact{{Term: "Request", Text: c.ID.String()}, {Term: "Came in", Text: ui.When("en", v.Local(c.ReceivedAt)), Note: viaWords(c.Via)}}
	if c.Purpose != "" {
		out = append(out, ui.Fact{Term: "About", Text: purposeTitle(v, c.Purpose)})
	}
	if c.State == request.Done {
		return append(out, ui.Fact{Term: "Answered", Text: ui.When("en", v.Local(c.ClosedAt))})
	}
	due := dueStatus(v, c.SafeDue)
	return append(out, ui.Fact{Term: "Answer by", Text: ui.Date("en", v.Local(c.SafeDue)), Status: &due, Note: "the law allows until " + ui.Date("en", v.Local(c.LegalDue))})
}

// requestPast is what happened, the newest first.
func requestPast(v *web.Visit, c request.Case) (out []ui.Moment) {
	switch {
	case c.State == request.Done:
		out = append(out, ui.Moment{At: c.ClosedAt, Tone: ui.Good, Title: "Ended: " + endWords(c.Request), Text: c.Words})
	case c.Telling():
		out = append(out, ui.Moment{At: v.Now(), Tone: ui.Info, Title: "Decided: " + string(c.Outcome) + ". The person is being told", Text: strings.TrimSpace("It takes effect once the mail has left. " + c.Words)})
	}
	return v.Moments(append(out, ui.Moment{At: c.ReceivedAt, Tone: ui.Info, Title: "Asked, and in effect from then on", Text: viaWords(c.Via)}))
}

func toldFact(v *web.Visit, d sharing.Delivery) ui.Fact {
	name := string(d.Recipient)
	if known, ok := recipientName(v.Who.Charter, d.Recipient); ok {
		name = known
	}
	f := ui.Fact{Term: name, Text: "told " + ui.When("en", v.Local(d.SentAt)), Status: &ui.Status{Tone: ui.Warn, Text: "has yet to confirm"}}
	if d.SentAt.IsZero() {
		f.Text = "not reached yet; tried again by itself"
	}
	if d.State == sharing.Acknowledged {
		f.Status = &ui.Status{Tone: ui.Good, Text: "confirmed " + ui.Date("en", v.Local(d.AckedAt))}
	}
	return f
}

func recipientName(c *charter.Charter, which term.Recipient) (string, bool) {
	for i := range c.Recipients {
		if c.Recipients[i].ID == which {
			return c.Recipients[i].Name, true
		}
	}
	return "", false
}

// requestActs are what may come next.
func requestActs(c request.Case) []requestAct {
	if c.State != request.Waiting {
		return nil
	}
	url := requestsURL + "/" + c.ID.String()
	words := func(name, label, hint string) *ui.Field {
		return &ui.Field{ID: name, Name: name, Label: label, Hint: hint, Lines: 3, Max: 500, Required: true}
	}
	notice := requestAct{URL: url + "/lift", Title: "They were told in another way", Follows: "The restriction ends at once. The notice is on record.", Button: "End it now",
		Field: &ui.Field{ID: "notice", Name: "notice", Label: "How they were told", Hint: "Such as “letter of 5 March”", Max: 200, Required: true}}
	if c.Telling() {
		if c.Kind == request.Restriction {
			return []requestAct{notice}
		}
		return nil
	}
	switch c.Kind {
	case request.Objection:
		return []requestAct{
			{URL: url + "/uphold", Title: "Uphold it", Follows: "The use is closed for this person for good, and they are told.", Button: "Uphold the objection"},
			{URL: url + "/refuse", Title: "Refuse it", Follows: "The person is told your grounds by mail. The use goes on only once that mail has left. They may complain to the authority.", Button: "Refuse with these grounds", Danger: true,
				Field: words("grounds", "Compelling grounds", "About the use, in words for the person; nothing about them.")},
		}
	case request.Restriction:
		return []requestAct{{URL: url + "/end", Title: "End it", Follows: "The person is told by mail. Their data are used again only once that mail has left.", Button: "Tell them and end it"}, notice}
	case request.Deceased:
		return []requestAct{
			{URL: url + "/settle", Title: "It is so", Follows: "Everything stays as it is. Relatives are answered as the law of the market allows.", Button: "Close the request"},
			{URL: url + "/mistake", Title: "The report was wrong", Follows: "What is allowed follows from the facts again, from now on.", Button: "Take the report back", Danger: true},
		}
	case request.Ownership:
		return []requestAct{{URL: url + "/settle", Title: "Looked at", Follows: "The address stays off. The customer gives a new one when they next order or sign in.", Button: "Close the request"}}
	case request.Access:
		return []requestAct{{URL: url + "/settle", Title: "It was handed over in another way", Follows: "The request is answered. The customer can still take the copy themselves.", Button: "Record the answer",
			Field: words("how", "How the copy reached them", "Such as “by registered letter of 5 March, after an identity check”. Nothing about the person.")}}
	}
	return nil
}
