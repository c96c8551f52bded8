package audiences

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/errs"
	"candor/internal/rulepack"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
	"candor/internal/web/reach"
)

// wayPage is the lawful way back to people who are left out for one reason: what
// may be done, where it is done, and how many it concerns. It sends nothing.
type wayPage struct {
	Count, Why, Remedy string
	Law                string
	Steps              []wayStep
	Asks               []wayAsk
	Markets            []ui.Fact
	Back               string
}

// wayStep is a thing that can be done, with a button for whoever may.
type wayStep struct {
	Text   string
	Button *ui.Link
}

// wayAsk is a place where people are asked for the purpose.
type wayAsk struct{ Name, At, Words, Form, Embed string }

// wayLaw says why the way is as it is.
var wayLaw = map[audience.Way]string{
	audience.AskAgain:   "An agreement holds for the words that were shown (GDPR 7). They are asked where you meet them, or by the page they open themselves; a mail that asks for it would itself be advertising.",
	audience.Ask:        "A mail that asks for permission is advertising itself, so it needs the permission it asks for. Ask where you meet them: at checkout, on a page, at the counter.",
	audience.Renew:      "One question for a renewal is fair; asking again and again is not. After it they rest.",
	audience.AfterSale:  "Who bought may be told of similar goods of yours, if they could refuse when you took the address and can in every message (ePrivacy 13(2)). Where the market's law knows no such rule, it changes nothing.",
	audience.Prove:      "Who cannot show an agreement has none (GDPR 7(1)). Look for the list or the form that it came from, and attach what it says.",
	audience.Confirm:    "Anybody can type an address. Until its owner presses the button in one mail, nothing else is sent to it.",
	audience.NewAddress: "An address is asked of its owner. Bought or looked-up addresses carry no permission.",
	audience.NotByData:  "They agreed to get the letter, and not to be chosen for it by what you know about them. A letter to everybody who agreed uses no data of theirs.",
	audience.Declare:    "Nobody can agree to what they were never asked. A form in the charter asks in words that stay on record.",
	audience.Tell:       "What they were not told is not used (GDPR 13(3), 14). Each gets a mail with what is new; once it was taken, they count again.",
	audience.Refresh:    "What is wrong with age should choose nobody (GDPR 5(1)(d)). It is taken as unknown, and each letter to them asks whether it is still right.",
	audience.Wait:       "It ends by itself, and they come back the moment it does.",
	audience.Rest:       "They said no. They may change their mind by themselves at any time; whoever presses them loses them for good.",
}

func (r *room) showWay(v *web.Visit) error {
	q, err := read(v)
	if err != nil {
		return err
	}
	f, err := r.Audience.Preview(v.Context(), audience.Question{Purpose: q.purpose.ID, Channel: q.channel, Condition: q.expression(),
		Actor: v.Actor(), Personal: v.May(staff.Find), Lang: "en"})
	if err != nil {
		return err
	}
	cause, count, ok := causeOf(f, v.Form("reason"))
	if !ok {
		return v.Done(q.url(q.condition), "Nobody is left out for that any more.")
	}
	p := wayPage{Count: count, Why: cause.Words, Remedy: cause.Remedy, Law: wayLaw[cause.Way], Back: q.url(q.condition)}
	if err := r.fillWay(v, q, cause.Way, &p); err != nil {
		return err
	}
	return web.Show(v, r.way, web.Head{Title: reach.WayTitle(cause.Way), Crumb: &ui.Link{Text: "Whom it reaches", URL: p.Back}}, p)
}

// causeOf finds the people who are left out for a reason, with their number as it
// may be shown. Those of a joined part have no number of their own.
func causeOf(f audience.Funnel, reason string) (audience.Cause, string, bool) {
	named := func(code errs.Code, requirement string) bool { return string(code)+"/"+requirement == reason }
	for _, s := range f.Excluded {
		if named(s.Code, s.Requirement) {
			return audience.Cause{Code: s.Code, Requirement: s.Requirement, Words: s.Words, Remedy: s.Remedy, Way: s.Way}, s.Count.Shown, true
		}
		if at := slices.IndexFunc(s.Causes, func(c audience.Cause) bool { return named(c.Code, c.Requirement) }); at >= 0 {
			return s.Causes[at], "some of " + s.Count.Shown, true
		}
	}
	return audience.Cause{}, "", false
}

// fillWay adds what can be done on a way.
func (r *room) fillWay(v *web.Visit, q question, way audience.Way, p *wayPage) error {
	c := v.Who.Charter
	form := wayStep{Text: "Prepare a form with new words. It becomes part of the charter once you have compared and applied it."}
	if v.May(staff.ApplyCharter) {
		form.Button = &ui.Link{Text: "Prepare a form", URL: "/admin/promises/asks/new?" + url.Values{"purpose": {string(q.purpose.ID)}, "name": {string(q.purpose.ID) + "_again"}}.Encode()}
	}
	switch way {
	case audience.AskAgain, audience.Ask, audience.Renew, audience.Confirm:
		p.Asks = asksFor(c, q)
		p.Steps = append(p.Steps, form)
	case audience.Declare:
		p.Steps = append(p.Steps, form)
	case audience.AfterSale:
		p.Asks, p.Markets = asksFor(c, q), marketsOf(c, q)
	case audience.NewAddress:
		p.Asks = asksFor(c, q)
	case audience.Rest, audience.Wait:
		p.Asks = asksFor(c, q)
		p.Steps = append(p.Steps, wayStep{Text: "Nothing to do. They are left out of every message for this purpose by themselves, and come back when it ends or they agree."})
	case audience.Prove:
		p.Steps = append(p.Steps, allowed(v, staff.SetUp, wayStep{"Drop the lists that you have: they are searched for what each person agreed to, and nothing is loaded before you say so.",
			&ui.Link{Text: "Look through lists", URL: "/admin/setup/lists"}}))
	case audience.Tell:
		p.Steps = append(p.Steps, allowed(v, staff.ApplyCharter, wayStep{"Count whom it concerns over all purposes, read the mail, and tell them with one button that carries the number.",
			&ui.Link{Text: "Count and tell", URL: "/admin/promises#tell"}}))
	case audience.NotByData, audience.Refresh:
		return r.toEverybody(v, q, way, p)
	}
	return nil
}

// allowed takes the button from who may not press it, and says who may.
func allowed(v *web.Visit, need staff.Permission, s wayStep) wayStep {
	if !v.May(need) {
		s.Text, s.Button = s.Text+" A colleague who may “"+string(need)+"” does it.", nil
	}
	return s
}

// toEverybody offers a letter to all who may be written to, chosen by nothing.
func (r *room) toEverybody(v *web.Visit, q question, way audience.Way, p *wayPage) error {
	all, err := r.Audience.Preview(v.Context(), audience.Question{Purpose: q.purpose.ID, Channel: q.channel, Condition: "true", Actor: v.Actor(), Personal: v.May(staff.Find), Lang: "en"})
	if err != nil {
		return err
	}
	to := reach.Question{Purpose: q.purpose.ID, Channel: q.channel}
	step := wayStep{fmt.Sprintf("A letter to everybody who may be written to reaches %s people, them among these.", all.Reachable.Shown), &ui.Link{Text: "See whom that reaches", URL: to.Editor()}}
	if way == audience.Refresh {
		step = allowed(v, staff.Draft, wayStep{fmt.Sprintf("Draft a letter that asks. It reaches %s people; only those whose data are old read the question. You send it from its own page.", all.Reachable.Shown),
			&ui.Link{Text: "Draft the letter", URL: to.Campaign() + "&start=still-right"}})
	}
	p.Steps = append(p.Steps, step)
	return nil
}

// asksFor lists where people are asked for the purpose and channel.
func asksFor(c *charter.Charter, q question) (out []wayAsk) {
	for i := range c.Asks {
		a := &c.Asks[i]
		if a.Purpose == q.purpose.ID && a.Channel == q.channel {
			out = append(out, wayAsk{string(a.ID), a.At, a.Words.In("en"), "/f/" + string(a.ID), "/admin/promises/asks#ask-" + string(a.ID)})
		}
	}
	return out
}

// marketsOf says in which markets a sale stands for a yes, as the charter has it.
func marketsOf(c *charter.Charter, q question) (out []ui.Fact) {
	for _, m := range c.Business.Markets {
		said, ok := q.purpose.Permission(q.channel, m)
		text := "they must agree first"
		switch {
		case ok && said.Model == rulepack.AfterSale:
			text = "after a sale of " + said.Family + ", when they could refuse"
		case ok && said.Model == rulepack.OptOut:
			text = "until they say no"
		}
		out = append(out, ui.Fact{Term: strings.ToUpper(string(m)), Text: text})
	}
	return out
}

// reach is the question as other rooms ask it.
func (q question) reach() reach.Question {
	return reach.Question{Purpose: q.purpose.ID, Channel: q.channel, Condition: q.condition}
}

// editorURL is the address of the editor with a condition in it.
func editorURL(p term.Purpose, ch term.Channel, condition string) string {
	return reach.Question{Purpose: p, Channel: ch, Condition: condition}.Editor()
}
