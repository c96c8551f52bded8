package messages

import (
	"strings"
	"time"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// templatesPage lists what campaigns start from, and the engine's own mails, all
// in the brand's look.
type templatesPage struct {
	Templates []savedTemplate
	Search    ui.Field
	Searched  bool
	Samples   []starter // nil for who may not write
	Own       []ownMail
	Look      []ui.Fact
	Pages     ui.Pages
}

type savedTemplate struct {
	Name, URL, Purpose, Langs string
	Version                   int64
	At                        time.Time
}

// ownMail is one of the engine's own mails.
type ownMail struct{ Subject, When, URL string }

// ownWhen says when the engine sends each of its mails.
var ownWhen = map[message.ServiceKind]string{
	message.ConfirmMail: "after a form, to the address that was typed", message.ParentMail: "to the address named as a parent's, when somebody young agreed", message.CodeMail: "to prove an address in the privacy centre", message.LinkMail: "when somebody asks for the way to their choices",
	message.ChangedMail: "to the old address, when it was changed", message.DownloadMail: "when a copy was handed out", message.ErasureMail: "when an erasure begins", message.LiftedMail: "when a restriction ends",
	message.UpheldMail: "when an objection is upheld", message.GroundsMail: "when an objection is refused", message.NoticeMail: "when something became wider, or data came from elsewhere",
}

func (r *room) showTemplates(v *web.Visit) error {
	var before id.Template
	if text := v.Form("after"); text != "" {
		var err error
		if before, err = id.Parse[id.Template](text); err != nil {
			return err
		}
	}
	wanted := strings.ToLower(strings.TrimSpace(v.Form("q")))
	p := templatesPage{Searched: wanted != "", Look: lookFacts(v),
		Search: ui.Field{ID: "q", Name: "q", Label: "Find by name", Type: "search", Value: v.Form("q"), Max: 100}}
	if v.May(staff.Draft) {
		p.Samples = starters
	}
	limit := pageSize
	if wanted != "" {
		limit = mostSearched
	}
	err := v.Read(func(tx *db.Tx) error {
		list, err := message.ListSaved(tx, before, limit)
		p.Templates = nil
		for _, s := range list {
			if strings.Contains(strings.ToLower(s.Name), wanted) {
				p.Templates = append(p.Templates, savedTemplate{s.Name, templateURL(s.ID), purposeOf(v, s.Purpose), langsOf(textLangs(v, s.Content)), s.Version, v.Local(s.SavedAt)})
			}
		}
		if len(list) == limit {
			p.Pages.Next = v.With("after", list[len(list)-1].ID.String())
		}
		return err
	})
	if err != nil {
		return err
	}
	if before != 0 {
		p.Pages.Back = v.With("after", "")
	}
	for _, kind := range message.OwnMails {
		if got, err := message.PreviewService(v.Who.Charter, kind, ownLang(v, "")); err == nil {
			p.Own = append(p.Own, ownMail{got.Subject, ownWhen[kind], ownURL + "/" + string(kind)})
		}
	}
	h := web.Head{Title: "Templates", Crumb: &ui.Link{Text: "Campaigns", URL: listURL}, Intro: "Texts that campaigns start from, and the engine's own mails, in the look of the brand."}
	if v.May(staff.Draft) {
		h.Actions = []ui.Link{{Text: "New template", URL: templatesURL + "/new", Current: true}}
	}
	return web.Show(v, r.templates, h, p)
}

// mostSearched is how many templates a search looks through.
const mostSearched = 500

func templateURL(t id.Template) string { return templatesURL + "/" + t.String() }

func langsOf(list []term.Lang) string {
	var out []string
	for _, l := range list {
		out = append(out, strings.ToUpper(string(l)))
	}
	return strings.Join(out, ", ")
}

// lookFacts says what the brand's mails look like, and where that is changed.
func lookFacts(v *web.Visit) []ui.Fact {
	l := v.Who.Charter.House.Look.Filled()
	logo := l.Logo
	if logo == "" {
		logo = v.Who.Charter.Business.Name
	}
	return []ui.Fact{{Term: "Name above", Text: logo}, {Term: "Colour", Text: l.Colour, Note: "of links and buttons; " + l.DarkColour() + " in the dark"}, {Term: "Ground", Text: l.Ground},
		{Term: "Type", Text: l.Headings + " headings, " + l.Words + " text"}, {Term: "Line below", Text: l.Footer.In("en")}}
}

// ownLang is a language in which the engine's own mails can be shown.
func ownLang(v *web.Visit, wanted string) term.Lang {
	for _, l := range v.Who.Charter.Business.Languages {
		if string(l) == wanted && message.Speaks(l) {
			return l
		}
	}
	for _, l := range v.Who.Charter.Business.Languages {
		if message.Speaks(l) {
			return l
		}
	}
	return "en"
}

// ownPage is one of the engine's own mails.
type ownPage struct {
	When   string
	Letter letter
}

func (r *room) showOwn(v *web.Visit) error {
	kind, at, got, err := own(v)
	if err != nil {
		return err
	}
	var langs []term.Lang
	for _, l := range v.Who.Charter.Business.Languages {
		if message.Speaks(l) {
			langs = append(langs, l)
		}
	}
	p := ownPage{When: ownWhen[kind], Letter: letterOf(v, at, langs, ownURL+"/"+string(kind)+"/preview", func() (message.Previewed, error) { return got, nil })}
	return web.Show(v, r.own, web.Head{Title: got.Subject, Crumb: &ui.Link{Text: "Templates", URL: templatesURL}}, p)
}

func (r *room) previewOwn(v *web.Visit) error {
	_, at, got, err := own(v)
	if err != nil {
		return err
	}
	return serveFrame(v, at, got, nil)
}

func own(v *web.Visit) (message.ServiceKind, choice, message.Previewed, error) {
	kind := message.ServiceKind(v.R.PathValue("kind"))
	at := choose(v, nil)
	at.lang = string(ownLang(v, v.Form("lang")))
	got, err := message.PreviewService(v.Who.Charter, kind, term.Lang(at.lang))
	return kind, at, got, err
}
