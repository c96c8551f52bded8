package trust

import (
	"context"
	"io"
	"slices"
	"strconv"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/export"
	"candor/internal/id"
	"candor/internal/sharing"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// newExportPage asks what to take out, and says how many people it is.
type newExportPage struct {
	For       ui.Field // the purpose, or the recipient with its purpose
	Condition ui.Field
	Fields    []ui.Choice // nil where the charter says which
	Days      ui.Field
	Campaign  string // its name, "" when it is about no campaign
	Which     string // its number
	Count     string // "" before anything is chosen
	Second    string // why somebody else has to approve it first
	None      string // why nothing can be taken out
}

const (
	dayLong = 24 * time.Hour
	// forRecipient begins the choice of a recipient's list, such as "relay/letter".
	forRecipient = "recipient/"
)

// asked is what the form says.
type asked struct {
	n         export.New
	chosen    string
	recipient term.Recipient
	condition string
	campaign  id.Campaign
	named     string
}

// showNewExport shows whom a file would hold, before it is made.
func (r *room) showNewExport(v *web.Visit) error { return r.renderNewExport(v, web.Head{}, nil) }

func (r *room) renderNewExport(v *web.Visit, h web.Head, wrong error) error {
	a, err := r.asked(v)
	if err != nil && errs.KindOf(err) == errs.Internal {
		return err
	}
	if wrong == nil {
		wrong = err
	}
	p := newExportPage{For: r.forField(v, a.chosen), Campaign: a.named, Which: v.Form("campaign")}
	p.Condition = ui.Field{ID: "condition", Name: "condition", Label: "Who", Hint: "A condition, as in the reach editor. Empty means everybody who is allowed.", Lines: 2, Value: a.condition}
	days := v.Form("days")
	if days == "" {
		days = strconv.Itoa(int(export.Usual / dayLong))
	}
	p.Days = ui.Field{ID: "days", Name: "days", Label: "Days until you delete it", InputMode: "numeric", Required: true, Max: 2, Value: days, Hint: "At most " + strconv.Itoa(int(export.Longest/dayLong)) + ". You are reminded, and it stands on Home until you say that it is gone."}
	if a.recipient == "" {
		p.Fields = fieldChoices(v, a)
	}
	web.Note(wrong, &p.Condition, &p.For, &p.Days)
	if err == nil && a.chosen != "" {
		if err := r.countExport(v, a, &p); err != nil {
			return err
		}
	}
	h.Title, h.Crumb = "Take data out", &ui.Link{Text: "Exports", URL: exportsURL}
	h.Intro = "A file that leaves the platform is yours to keep safe. Each person in it can see that you took it."
	return web.Show(v, r.pages.newExport, h, p)
}

func (r *room) countExport(v *web.Visit, a asked, p *newExportPage) error {
	people, alone, err := r.Exports.Count(v.Context(), a.n)
	if errs.Is(err, errs.Forbidden) {
		p.None = web.Sentence(err)
		return nil
	}
	if err != nil {
		return err
	}
	if people == 0 {
		p.None = "Nobody is allowed for this now: no permission covers it, or nobody fits."
		return nil
	}
	p.Count = ui.Number("en", int64(people))
	if people > alone {
		p.Second = "More than " + ui.Number("en", int64(alone)) + " people are not taken out by one person alone. The first press asks; somebody else approves exactly this; then press again."
	}
	return nil
}

// asked reads the form.
func (r *room) asked(v *web.Visit) (a asked, err error) {
	a.chosen, a.condition = v.Form("for"), v.Form("condition")
	if text := v.Form("campaign"); text != "" {
		return r.askedCampaign(v, a, text)
	}
	if a.chosen == "" {
		return a, nil
	}
	keep, err := keepOf(v)
	if err != nil {
		return a, err
	}
	purpose, isRecipient := term.Purpose(a.chosen), false
	var to term.Recipient
	for _, x := range r.offers(v) {
		if x.value == a.chosen {
			purpose, to, isRecipient = x.purpose, x.recipient, x.recipient != ""
		}
	}
	among, err := r.among(v, purpose, a.condition)
	if err != nil {
		return a, err
	}
	if isRecipient {
		a.recipient = to
		a.n, err = r.Sharing.Listed(v.Context(), sharing.List{Recipient: to, Purpose: purpose, Actor: v.Actor(), Keep: keep, Only: a.condition, Among: among})
		return a, err
	}
	a.n = export.New{Kind: export.Audience, Purpose: purpose, Operation: term.Serve, Channel: term.Email, Who: a.condition, Keep: keep, By: v.Actor(), Head: "customer", Fields: chosenFields(v, purpose)}
	if a.n.Who == "" {
		a.n.Who = "everybody who may be written to"
	}
	a.n.Page = r.Exports.Everyone(a.n, among)
	return a, nil
}

func (r *room) askedCampaign(v *web.Visit, a asked, text string) (asked, error) {
	which, err := id.Parse[id.Campaign](text)
	if err != nil {
		return a, errs.New(errs.NotFound, "no_such_campaign", "there is no such campaign")
	}
	c, err := r.Campaigns.Get(v.Context(), which)
	if err != nil {
		return a, err
	}
	keep, err := keepOf(v)
	a.campaign, a.named, a.chosen = which, c.Name, string(c.Purpose)
	a.n = export.New{Kind: export.Campaign, Purpose: c.Purpose, Operation: term.Serve, Channel: c.Channel, Who: c.Name, Keep: keep, By: v.Actor(), Head: "customer",
		Fields: chosenFields(v, c.Purpose), Page: r.Campaigns.Recipients(which)}
	return a, err
}

// among narrows a list to those who fit a condition.
func (r *room) among(v *web.Visit, p term.Purpose, condition string) (func(*db.Tx, []id.Customer) ([]id.Customer, error), error) {
	if condition == "" {
		return nil, nil //nolint:nilnil // nothing narrows it
	}
	compiled, err := r.Audience.Compile(v.Who.Charter, p, condition)
	if err != nil {
		return nil, err
	}
	return func(tx *db.Tx, page []id.Customer) ([]id.Customer, error) {
		return r.Audience.Among(tx, compiled, page)
	}, nil
}

func keepOf(v *web.Visit) (time.Duration, error) {
	if v.Form("days") == "" {
		return export.Usual, nil
	}
	n, err := strconv.Atoi(v.Form("days"))
	if err != nil || n < 1 || n > int(export.Longest/dayLong) {
		return 0, errs.New(errs.Invalid, "bad_end", "write between 1 and %d days", int(export.Longest/dayLong)).On("days")
	}
	return time.Duration(n) * dayLong, nil
}

// offer is what a file may be for.
type offer struct {
	value, text string
	purpose     term.Purpose
	recipient   term.Recipient
}

// offers are the purposes that write to people, and the recipients that get lists.
func (r *room) offers(v *web.Visit) (out []offer) {
	c := v.Who.Charter
	for i := range c.Purposes {
		p := &c.Purposes[i]
		if slices.Contains(p.Channels(), term.Email) {
			out = append(out, offer{string(p.ID), p.Title.In("en") + ": those who may be written to", p.ID, ""})
		}
	}
	for _, x := range c.Recipients {
		for p := range x.Gets {
			if _, ok := c.Purpose(p); ok {
				out = append(out, offer{forRecipient + string(x.ID) + "/" + string(p), purposeTitle(v, p) + ": for " + x.Name, p, x.ID})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b offer) int {
		if (a.recipient == "") != (b.recipient == "") {
			if a.recipient == "" {
				return -1
			}
			return 1
		}
		return 0
	})
	return out
}

func (r *room) forField(v *web.Visit, chosen string) ui.Field {
	f := ui.Field{ID: "for", Name: "for", Label: "What for", Required: true, Options: []ui.Option{{Text: "choose"}}}
	for _, o := range r.offers(v) {
		f.Options = append(f.Options, ui.Option{Value: o.value, Text: o.text, Chosen: o.value == chosen})
	}
	return f
}

// chosenFields are those ticked that the purpose may use.
func chosenFields(v *web.Visit, p term.Purpose) []term.Field {
	out := []term.Field{}
	for _, f := range export.Fields(v.Who.Charter, p) {
		if slices.Contains(v.R.Form["field"], string(f)) {
			out = append(out, f)
		}
	}
	return out
}

func fieldChoices(v *web.Visit, a asked) (out []ui.Choice) {
	for _, name := range export.Fields(v.Who.Charter, a.n.Purpose) {
		f, ok := v.Who.Charter.Field(name)
		if !ok {
			continue
		}
		out = append(out, ui.Choice{ID: "field-" + string(name), Name: "field", Value: string(name), Label: fieldName(f), Chosen: slices.Contains(a.n.Fields, name)})
	}
	return out
}

func fieldName(f *charter.Field) string { return f.Title.In("en") }

// takeOut makes the file.
func (r *room) takeOut(v *web.Visit) error {
	a, err := r.asked(v)
	if err == nil && a.chosen == "" {
		err = errs.New(errs.Invalid, "no_purpose", "choose what the data are for").On("for")
	}
	if errs.Is(err, errs.Invalid) {
		return r.renderNewExport(v, web.Head{}.Wrong(), err)
	}
	if err != nil {
		return err
	}
	name := "export-" + clock.DateOf(v.Local(v.Now())).String() + ".csv"
	return v.Download(name, web.CSVKind, func(w io.Writer) error {
		_, err := r.Exports.Write(context.WithoutCancel(v.Context()), w, a.n)
		return err
	})
}
