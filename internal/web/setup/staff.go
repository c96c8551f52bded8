package setup

import (
	"strings"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

type staffPage struct {
	Rows  []staffRow
	Pages ui.Pages
}

type staffRow struct {
	ID      id.Staff
	Name    string
	Roles   string
	AddedAt time.Time
	Status  ui.Status
}

// showStaff lists people, those who left among them.
func (r *room) showStaff(v *web.Visit) error {
	after, _ := id.Parse[id.Staff](v.Form("after"))
	var list []staff.Person
	err := v.Read(func(tx *db.Tx) (err error) {
		list, err = r.Staff.List(tx, after, perPage+1)
		return err
	})
	if err != nil {
		return err
	}
	var p staffPage
	if len(list) > perPage {
		list = list[:perPage]
		p.Pages.Next = v.With("after", list[perPage-1].ID.String())
	}
	for _, s := range list {
		var roles []string
		for _, g := range s.Grants {
			roles = append(roles, g.Role)
		}
		p.Rows = append(p.Rows, staffRow{s.ID, web.NameOf(s), strings.Join(roles, ", "), v.Local(s.AddedAt), standing(v, s)})
	}
	return web.Show(v, r.pages.staff, web.Head{Title: "Staff", Intro: "Who works with customers' data, in which roles.",
		Actions: []ui.Link{{Text: "Add somebody", URL: "/admin/setup/staff/new", Current: true}}}, p)
}

// standing says in a word how far somebody is.
func standing(v *web.Visit, s staff.Person) ui.Status {
	switch {
	case s.LeftAt != 0:
		return ui.Status{Tone: ui.Plain, Text: "left on " + ui.Date("en", v.Local(s.LeftAt))}
	case !s.HasPassword || !s.HasFactor || s.CommittedAt == 0:
		return ui.Status{Tone: ui.Warn, Text: "invited"}
	}
	for _, g := range s.Grants {
		if v.Now().Sub(g.ConfirmedAt) >= staff.ConfirmFrom {
			return ui.Status{Tone: ui.Warn, Text: "a role waits to be confirmed"}
		}
	}
	if len(s.Grants) == 0 {
		return ui.Status{Tone: ui.Plain, Text: "no role"}
	}
	return ui.Status{Tone: ui.Good, Text: "active"}
}

type newPersonPage struct {
	Name  ui.Field
	Email ui.Field
	Roles []ui.Choice
}

// linkPage shows an invitation's link this once.
type linkPage struct {
	Name string
	Link string
	On   string
}

var newPersonHead = web.Head{Title: "Add somebody", Crumb: &ui.Link{Text: "Staff", URL: "/admin/setup/staff"},
	Intro: "They get a link with which they choose a password, set up a second factor and promise confidentiality."}

func (r *room) showNewPerson(v *web.Visit) error { return r.renderNewPerson(v, newPersonHead, nil) }

func (r *room) renderNewPerson(v *web.Visit, h web.Head, wrong error) error {
	p := newPersonPage{
		Name:  ui.Field{ID: "name", Name: "name", Label: "Name", Autocomplete: "off", Max: 100, Required: true, Value: v.R.PostFormValue("name")},
		Email: ui.Field{ID: "email", Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "off", Max: 254, Required: true, Value: v.R.PostFormValue("email")},
		Roles: roleChoices(v, v.R.PostForm["role"]),
	}
	web.Note(wrong, &p.Name, &p.Email)
	return web.Show(v, r.pages.newPerson, h, p)
}

func roleChoices(v *web.Visit, chosen []string) []ui.Choice {
	var out []ui.Choice
	for _, role := range staff.Roles(v.Who.Charter) {
		c := ui.Choice{ID: "role-" + role.ID, Name: "role", Value: role.ID, Label: role.ID, Hint: permissions(role)}
		for _, is := range chosen {
			c.Chosen = c.Chosen || is == role.ID
		}
		out = append(out, c)
	}
	return out
}

func permissions(role staff.Role) string {
	var out []string
	for _, m := range role.May {
		out = append(out, string(m))
	}
	return strings.Join(out, ", ")
}

// addPerson adds somebody with roles and shows the invitation's link.
func (r *room) addPerson(v *web.Visit) error {
	name, email := v.R.PostFormValue("name"), v.R.PostFormValue("email")
	var secret string
	var who id.Staff
	err := v.Write(func(tx *db.Tx) (err error) {
		if who, err = r.Staff.Add(tx, web.NewPerson(name, email), v.Actor()); err != nil {
			return err
		}
		for _, role := range v.R.PostForm["role"] {
			if err := r.Staff.Give(tx, who, v.Brand(), role, v.Actor()); err != nil {
				return err
			}
		}
		secret, err = r.Staff.Invite(tx, who, v.Actor())
		return err
	})
	if kind := errs.KindOf(err); err != nil && (kind == errs.Invalid || kind == errs.Conflict || kind == errs.Forbidden) {
		return r.renderNewPerson(v, newPersonHead.Wrong(), err)
	}
	if err != nil {
		return err
	}
	return r.showLink(v, who, name, secret)
}

func (r *room) showLink(v *web.Visit, who id.Staff, name, secret string) error {
	return web.Show(v, r.pages.link, web.Head{Title: "The invitation", Intro: "Send them this link in a way that reaches nobody else. It works once, within three days."},
		linkPage{name, r.URL + "/admin/invitation/" + secret, "/admin/setup/staff/" + who.String()})
}

type personPage struct {
	ID       id.Staff
	Facts    []ui.Fact
	Grants   []grantRow
	Give     []ui.Option
	Sessions int
	Here     bool // still works here
	Self     bool
}

type grantRow struct {
	Role        string
	Brand       term.Controller
	May         string
	GivenAt     time.Time
	ConfirmedAt time.Time
	Status      ui.Status
}

func (r *room) person(v *web.Visit) (id.Staff, error) {
	who, err := id.Parse[id.Staff](v.R.PathValue("staff"))
	if err != nil {
		return 0, errs.New(errs.NotFound, staff.NoSuchPerson, "there is no such member of staff")
	}
	return who, nil
}

// showPerson shows somebody's roles, with what may be done about them.
func (r *room) showPerson(v *web.Visit) error {
	who, err := r.person(v)
	if err != nil {
		return err
	}
	var s staff.Person
	p := personPage{ID: who, Self: who == v.Who.Person.ID}
	err = v.Read(func(tx *db.Tx) error {
		if s, err = r.Staff.Get(tx, who); err != nil {
			return err
		}
		sessions, err := r.Staff.Sessions(tx, who)
		p.Sessions = len(sessions)
		return err
	})
	if err != nil {
		return err
	}
	status := standing(v, s)
	p.Here = s.LeftAt == 0
	p.Facts = []ui.Fact{
		{Term: "State", Status: &status},
		{Term: "E-mail address", Text: web.AddressOf(s)},
		{Term: "Second factor", Text: yesNo(s.HasFactor, "set up", "not yet")},
		{Term: "Confidentiality", Text: yesNo(s.CommittedAt != 0, "promised on "+ui.Date("en", v.Local(s.CommittedAt)), "not yet promised")},
		{Term: "Open sessions", Text: ui.Number("en", int64(p.Sessions))},
	}
	p.Grants, p.Give = grantRows(v, s)
	return web.Show(v, r.pages.person, web.Head{Title: web.NameOf(s), Crumb: &ui.Link{Text: "Staff", URL: "/admin/setup/staff"}}, p)
}

// grantRows lists the roles that somebody holds, and those they may be given.
func grantRows(v *web.Visit, s staff.Person) (held []grantRow, give []ui.Option) {
	roles := staff.Roles(v.Who.Charter)
	for _, role := range roles {
		has := false
		for _, g := range s.Grants {
			if g.Role != role.ID {
				continue
			}
			has = true
			row := grantRow{g.Role, g.Controller, permissions(role), v.Local(g.GivenAt), v.Local(g.ConfirmedAt), ui.Status{Tone: ui.Good, Text: "in force"}}
			switch {
			case g.Lapsed(v.Now()):
				row.Status = ui.Status{Tone: ui.Bad, Text: "lapsed"}
			case v.Now().Sub(g.ConfirmedAt) >= staff.ConfirmFrom:
				row.Status = ui.Status{Tone: ui.Warn, Text: "confirm by " + ui.Date("en", v.Local(g.ConfirmedAt.Add(staff.Confirmed)))}
			}
			held = append(held, row)
		}
		if !has {
			give = append(give, ui.Option{Value: role.ID, Text: role.ID})
		}
	}
	return held, give
}

func yesNo(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}
