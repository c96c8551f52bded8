package messages

import (
	"net/url"

	"candor/internal/errs"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// try sends the message to whoever is signed in: the address that they proved
// when they took up their invitation.
func (r *room) try(v *web.Visit) error {
	c, err := r.find(v)
	if err != nil {
		return err
	}
	at := choiceOf(v, c)
	here := oneURL + "/" + c.ID.String()
	err = r.Campaigns.Try(v.Context(), c.ID, message.Trial{Lang: term.Lang(at.lang), To: v.Who.Person.Email, By: v.Actor()}, at.reader != "stranger")
	if err != nil {
		return err
	}
	return v.Done(here+"?"+url.Values{"lang": {at.lang}, "reader": {at.reader}}.Encode(), "It is on its way to your own address, for an invented reader.")
}

// samplePage shows the message as some people of its audience would read it.
type samplePage struct {
	Letters []message.Previewed
	Back    string
}

func (r *room) showSample(v *web.Visit) error {
	c, err := r.find(v)
	if err != nil {
		return err
	}
	list, err := r.Campaigns.Sample(v.Context(), c.ID, term.Lang(choiceOf(v, c).lang), v.Actor())
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Forbidden) {
		return errs.New(errs.Conflict, errs.CodeOf(err), "the message cannot be shown yet: the checks say what to put right")
	}
	if err != nil {
		return err
	}
	return web.Show(v, r.sample, web.Head{Title: "As people read it", Intro: "People of the audience, taken by chance. What identifies them is masked, and each of them finds this look among the uses of their data.",
		Crumb: &ui.Link{Text: c.Name, URL: oneURL + "/" + c.ID.String()}}, samplePage{list, oneURL + "/" + c.ID.String()})
}
