package messages

import (
	"fmt"
	"net/url"

	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/staff"
	"candor/internal/ui"
	"candor/internal/web"
	"candor/internal/web/reach"
)

// campaignPage is a campaign with its states across the top. What does not
// concern its state is nil.
type campaignPage struct {
	Steps    []ui.Step
	Status   ui.Status
	Reason   string // of a pause by the engine
	Facts    []ui.Fact
	Checks   []check
	Left     int // checks that fail
	Launch   *launch
	Edit     string
	Progress *progress
	Moves    []move
	Results  *results
	Copy     string
	Log      string // its messages one by one
	TakeOut  string // where a file of them is made, "" for those who may not
	Trial    string // where to send oneself the message, as it is shown
	Sample   string // where to see it as people of the audience read it
	Letter   letter // as it reads
	Keep     string // where the text is kept as a template
	Follow   string // where news of it comes from while it is still changing
}

// check is one thing that must hold before a launch.
type check struct {
	OK              bool
	Name, Fix, Note string
}

// launch is the button that sends, with the number it sends to.
type launch struct {
	Action, Button, Note string
	Reach                ui.Funnel
	Out                  []ui.Slice // left out, with the way back
	Editor               string     // where the audience can be looked at
	Ending               *reach.Forecast
}

// move is a button that changes a running campaign.
type move struct{ Action, Text, Kind string }

// previewLink switches what the preview shows.
type previewLink struct {
	Group string
	Links []ui.Link
}

func (r *room) show(v *web.Visit) error {
	c, err := r.find(v)
	if err != nil {
		return err
	}
	here := oneURL + "/" + c.ID.String()
	p := campaignPage{Steps: stepsOf(c), Status: statusOf(c), Copy: here + "/copy", Facts: r.facts(v, c)}
	head := web.Head{Title: c.Name, Crumb: &ui.Link{Text: "Campaigns", URL: listURL}}
	if changing(c) {
		p.Follow = here + "/follow"
	}
	if c.State == campaign.Paused && c.Reason != "" {
		p.Reason = pauseWords(c.Reason)
	}
	r.addPreview(v, c, &p)
	if p.Letter.Switches != nil {
		shown := "?" + url.Values{"lang": {v.Form("lang")}, "reader": {v.Form("reader")}}.Encode()
		p.Trial, p.Sample = here+"/trial"+shown, here+"/sample"+shown
		if v.May(staff.Draft) {
			p.Keep = here + "/keep"
		}
	}
	if c.State == campaign.Draft {
		err = r.addDraft(v, c, &p)
	} else {
		p.Log = logURL + "?campaign=" + c.ID.String()
		if v.May(staff.Export) {
			p.TakeOut = "/admin/trust/exports/new?campaign=" + c.ID.String()
		}
		err = r.addRun(v, c, &p)
	}
	if err != nil {
		return err
	}
	return web.Show(v, r.campaign, head, p)
}

// changing tells whether news of a campaign is to be expected: also of a paused
// one, whose mails may come back and whose people may say no.
func changing(c campaign.Campaign) bool {
	return c.State == campaign.Launched || c.State == campaign.Sending || c.State == campaign.Paused
}

// follow tells an open page that something became of the messages.
func (r *room) follow(v *web.Visit) error {
	c, err := r.find(v)
	if err != nil {
		return err
	}
	return v.Stream(r.Campaigns.Follow(v.Context(), c.ID))
}

func pauseWords(code errs.Code) string {
	if code == errs.FailClosed {
		return "It could not be decided who may be written to, so nothing leaves. Resume it when the engine is well."
	}
	return "The engine stopped it with the code " + string(code) + "."
}

// stepsOf are the states that every campaign goes through.
func stepsOf(c campaign.Campaign) []ui.Step {
	at := map[campaign.State]int{campaign.Draft: 0, campaign.Launched: 1, campaign.Sending: 2, campaign.Paused: 2, campaign.Done: 3, campaign.Cancelled: 3}[c.State]
	last := "Done"
	if c.State == campaign.Cancelled {
		last = "Cancelled"
	}
	var out []ui.Step
	for i, text := range []string{"Draft", "Planned", "Sending", last} {
		out = append(out, ui.Step{Text: text, Current: i == at, Done: i < at})
	}
	return out
}

func (r *room) facts(v *web.Visit, c campaign.Campaign) []ui.Fact {
	out := []ui.Fact{
		{Term: "For", Text: purposeTitle(v, c)},
		{Term: "Who", Text: r.who(v, c), Note: c.Audience},
		{Term: "From", Text: c.Sender},
	}
	if c.Sender == "" {
		out[2].Text = "the purpose's first sender"
	}
	switch {
	case c.Holdout > 0:
		out = append(out, ui.Fact{Term: "Left out", Text: fmt.Sprintf("%d %% by chance, to compare with", c.Holdout)})
	case c.Holdout == campaign.Undecided:
		out = append(out, ui.Fact{Term: "Left out", Text: "10 % by chance when 1,000 or more are reached"})
	}
	if !c.NotBefore.IsZero() {
		out = append(out, ui.Fact{Term: "Not before", Text: ui.When("en", v.Local(c.NotBefore))})
	}
	if !c.LaunchedAt.IsZero() {
		out = append(out, ui.Fact{Term: "Launched", Text: ui.When("en", v.Local(c.LaunchedAt))})
	}
	return out
}

// addDraft adds the checks, and the button when nothing is left to put right.
func (r *room) addDraft(v *web.Visit, c campaign.Campaign, p *campaignPage) error {
	here := oneURL + "/" + c.ID.String()
	if v.May(staff.Draft) {
		p.Edit = here + "/edit"
	}
	list, err := r.Campaigns.Checks(v.Context(), c.ID)
	if err != nil {
		return err
	}
	for _, x := range list {
		p.Checks = append(p.Checks, check{x.OK, checkNames[x.Name], x.Fix, x.Note})
		if !x.OK {
			p.Left++
		}
	}
	if p.Left > 0 || !v.May(staff.Send) {
		return nil
	}
	f, err := r.Audience.Preview(v.Context(), audience.Question{Purpose: c.Purpose, Channel: c.Channel, Condition: c.Condition(), Actor: v.Actor(), Personal: v.May(staff.Find), Lang: "en"})
	if errs.Is(err, errs.Forbidden) || errs.Is(err, errs.Invalid) {
		p.Launch = &launch{Action: here + "/launch", Button: "Send", Note: web.Sentence(err)}
		return nil
	}
	if err != nil {
		return err
	}
	p.Launch = launchOf(c, f)
	all, err := r.ends.Get(v, struct{}{}, func() ([]audience.Forecast, error) { return r.Audience.Forecast(v.Context()) })
	p.Launch.Ending = reach.ForecastOf(purposeTitle(v, c), c.Purpose, c.Channel, all.Value)
	return err
}

// checkNames says what each check looks at.
var checkNames = map[string]string{
	"purpose": "The charter lets this purpose write by e-mail", "audience": "The audience may be chosen by these data",
	"postal address and footer": "Postal address, reason and the way out", "languages": "Every language of the business",
	"sender": "A registered sender", "template": "The text can be filled in", "how personal": "No more personal than promised", "honest wording": "Honest wording",
}

// questionOf is a campaign's audience as the editor asks for it.
func questionOf(c campaign.Campaign) reach.Question {
	return reach.Question{Purpose: c.Purpose, Channel: c.Channel, Condition: c.Audience}
}

func launchOf(c campaign.Campaign, f audience.Funnel) *launch {
	people := f.Reachable.Shown
	out := &launch{Action: oneURL + "/" + c.ID.String() + "/launch", Button: "Send to " + people + " people",
		Reach: reach.Funnel(f, "Whom it reaches now"), Out: reach.LeftOut(questionOf(c), f), Editor: questionOf(c).Editor()}
	if f.Reachable.N == 0 {
		out.Button = "Send"
	}
	out.Note = "Each of them is checked again when their message leaves; who says no in the meantime gets none."
	return out
}

// addRun adds what became of the messages, and what they brought.
func (r *room) addRun(v *web.Visit, c campaign.Campaign, p *campaignPage) error {
	n, err := r.Campaigns.Progress(v.Context(), c.ID)
	if err != nil {
		return err
	}
	p.Progress = progressOf(v, c, n)
	here := oneURL + "/" + c.ID.String()
	if v.May(staff.Send) {
		switch c.State {
		case campaign.Launched, campaign.Sending:
			p.Moves = []move{{here + "/pause", "Pause", ""}, {here + "/cancel", "Cancel for good", "danger"}}
		case campaign.Paused:
			p.Moves = []move{{here + "/resume", "Resume", "main"}, {here + "/cancel", "Cancel for good", "danger"}}
		}
	}
	if c.State != campaign.Done && c.State != campaign.Cancelled {
		return nil
	}
	got, err := r.Campaigns.Results(v.Context(), c.ID, v.Actor())
	if err != nil {
		return err
	}
	p.Results = resultsOf(got, c.Holdout > 0)
	return nil
}

// launch sends.
func (r *room) launch(v *web.Visit) error {
	return r.step(r.Campaigns.Launch, "It is on its way. This page follows it.")(v)
}

// clockOf is for the rate of a running campaign.
func clockOf(c campaign.Campaign, now clock.Instant) clock.Instant {
	if c.EndedAt.IsZero() {
		return now
	}
	return c.EndedAt
}
