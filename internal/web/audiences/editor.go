package audiences

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/errs"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
	"candor/internal/web/reach"
)

// editorPage is the reach editor: left the condition, as rows and as text; right
// whom it reaches, and why not more.
type editorPage struct {
	Purpose   ui.Field
	Channel   ui.Field
	Condition ui.Field
	Rows      []row
	Add       addForm
	Words     string // the condition in a sentence
	Reach     *answer
	Wait      string // why no count is shown, when the condition itself is fine
	Hidden    hidden
	Name      ui.Field // of the segment to be saved
	Who       *ui.Field
	UsedBy    []ui.Link
	Ending    *reach.Forecast // of the permissions that it rests on
	Write     string          // where a campaign to this audience is drafted
	TakeOut   string          // where a file of them is made, "" for those who may not
}

// hidden repeats the question in the forms beside.
type hidden struct{ Purpose, Channel, Condition string }

// row is a clause with the address of the page without it.
type row struct{ Words, Text, Without string }

// answer is whom a condition reaches.
type answer struct {
	Funnel ui.Funnel
	Out    []ui.Slice
	Sample []string
	At     time.Time
	None   bool
}

// question is what the address asks.
type question struct {
	purpose   *charter.Purpose
	channel   term.Channel
	condition string
}

// read takes the question from the address, or starts with the first marketing
// purpose and everybody.
func read(v *web.Visit) (question, error) {
	c := v.Who.Charter
	q := question{purpose: firstMarketing(c), channel: term.Channel(v.Form("channel")), condition: v.Form("condition")}
	if name := v.Form("purpose"); name != "" {
		p, ok := c.Purpose(term.Purpose(name))
		if !ok {
			return q, errs.New(errs.NotFound, errs.NoBasis, "the charter has no such purpose").On("purpose")
		}
		q.purpose = p
	}
	if q.purpose == nil {
		return q, errs.New(errs.NotFound, errs.NoBasis, "the charter has no purpose that writes to people; add one under Promises")
	}
	if q.channel == "" && len(q.purpose.Channels()) > 0 {
		q.channel = q.purpose.Channels()[0]
	}
	return q, nil
}

func (q question) url(condition string) string { return editorURL(q.purpose.ID, q.channel, condition) }

// quoted are names that an error text sets apart with asterisks.
var quoted = regexp.MustCompile(`\*([^*]+)\*`)

func (r *room) showEditor(v *web.Visit) error {
	q, err := read(v)
	if err != nil {
		return err
	}
	return r.edit(v, q, web.Head{}, ui.Field{})
}

// edit shows the editor; named is the field of the name as it was sent.
func (r *room) edit(v *web.Visit, q question, head web.Head, named ui.Field) error {
	p := r.blank(v, q, named)
	if condition, err := r.Audience.Compile(v.Who.Charter, q.purpose.ID, q.expression()); err != nil {
		if errs.KindOf(err) == errs.Internal {
			return err
		}
		p.Condition.Error = quoted.ReplaceAllString(web.Sentence(err), "“$1”")
	} else {
		p.Words = condition.Describe("en")
		p.Rows = q.rows(condition)
		p.Write = q.reach().Campaign()
		if v.May(staff.Export) && q.channel == term.Email {
			p.TakeOut = "/admin/trust/exports/new?" + url.Values{"for": {string(q.purpose.ID)}, "condition": {q.condition}}.Encode()
		}
		if err := r.count(v, q, &p); err != nil {
			return err
		}
	}
	if err := r.usedBy(v, q, &p); err != nil {
		return err
	}
	if err := r.ending(v, q, &p); err != nil {
		return err
	}
	head.Title, head.Crumb = "Whom it reaches", &ui.Link{Text: "Audiences", URL: listURL}
	return web.Show(v, r.editor, head, p)
}

// expression is the condition; none is everybody.
func (q question) expression() string {
	if q.condition == "" {
		return "true"
	}
	return q.condition
}

// blank fills in all that does not depend on the condition being right.
func (r *room) blank(v *web.Visit, q question, named ui.Field) editorPage {
	c := v.Who.Charter
	p := editorPage{
		Purpose:   ui.Field{ID: "purpose", Name: "purpose", Label: "For the purpose", Required: true},
		Channel:   ui.Field{ID: "channel", Name: "channel", Label: "By", Required: true},
		Condition: ui.Field{ID: "condition", Name: "condition", Label: "Who", Value: q.condition, Lines: 4, Max: audience.MaxLength, Required: true, Hint: "Empty means everybody who may be written to."},
		Hidden:    hidden{string(q.purpose.ID), string(q.channel), q.condition},
		Add:       newAddForm(c, q.purpose),
		Name:      ui.Field{ID: "name", Name: "name", Label: "Save under a name", Value: named.Value, Error: named.Error, Max: 100, Required: true},
	}
	for i := range c.Purposes {
		if x := &c.Purposes[i]; len(x.Channels()) > 0 {
			p.Purpose.Options = append(p.Purpose.Options, ui.Option{Value: string(x.ID), Text: x.Title.In("en"), Chosen: x.ID == q.purpose.ID})
		}
	}
	for _, ch := range q.purpose.Channels() {
		p.Channel.Options = append(p.Channel.Options, ui.Option{Value: string(ch), Text: channelWords(ch), Chosen: ch == q.channel})
	}
	if v.May(staff.Find) {
		p.Who = &ui.Field{ID: "who", Name: "customer", Label: "Is this person in?", Hint: "A customer's id, such as cus_1ncbvvscrk2mv. What you look up is on record.", Max: 40, Required: true}
	}
	return p
}

func channelWords(ch term.Channel) string {
	switch ch {
	case term.Email:
		return "E-mail"
	case term.SMS:
		return "Text message"
	case term.Phone:
		return "Telephone"
	case term.Post:
		return "Letter post"
	}
	return string(ch)
}

func (q question) rows(c *audience.Condition) []row {
	parts := c.Parts("en")
	out := make([]row, len(parts))
	for i, part := range parts {
		var rest []string
		for j, other := range parts {
			if j != i {
				rest = append(rest, other.Text)
			}
		}
		out[i] = row{part.Words, part.Text, q.url(strings.Join(rest, " && "))}
	}
	return out
}

// count puts the funnel beside the condition. What may not be compared is said
// in words in its place.
func (r *room) count(v *web.Visit, q question, p *editorPage) error {
	personal := v.May(staff.Find)
	f, err := r.Audience.Preview(v.Context(), audience.Question{Purpose: q.purpose.ID, Channel: q.channel, Condition: q.expression(),
		Actor: v.Actor(), Personal: personal, Lang: "en"})
	if errs.Is(err, errs.Forbidden) || errs.Is(err, errs.Invalid) {
		p.Wait = web.Sentence(err)
		return nil
	}
	if err != nil {
		return err
	}
	p.Reach = reachOf(v, q, f)
	return nil
}

func reachOf(v *web.Visit, q question, f audience.Funnel) *answer {
	out := &answer{At: v.Local(f.At), None: f.Match.N == 0, Funnel: reach.Funnel(f, "From those who match to those you can reach"), Out: reach.LeftOut(q.reach(), f)}
	for _, s := range f.Sample {
		out.Sample = append(out.Sample, s.Address)
	}
	return out
}

// ending says how many of the permissions that the audience rests on end soon.
func (r *room) ending(v *web.Visit, q question, p *editorPage) error {
	all, err := r.ends.Get(v, struct{}{}, func() ([]audience.Forecast, error) { return r.Audience.Forecast(v.Context()) })
	p.Ending = reach.ForecastOf(q.purpose.Title.In("en"), q.purpose.ID, q.channel, all.Value)
	return err
}

// usedBy lists campaigns with just this audience.
func (r *room) usedBy(v *web.Visit, q question, p *editorPage) error {
	list, err := r.Campaigns.List(v.Context(), 0, pageSize)
	for _, c := range list {
		if c.Purpose == q.purpose.ID && c.Condition() == q.expression() {
			p.UsedBy = append(p.UsedBy, ui.Link{Text: c.Name, URL: "/admin/messages/campaigns/" + c.ID.String()})
		}
	}
	return err
}
