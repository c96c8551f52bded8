package web

import (
	"slices"
	"strings"
	"unicode/utf8"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/personal"
	"candor/internal/staff"
	"candor/internal/ui"
)

// frame puts the shell around a page: the rooms that the visitor may enter, and
// who they are.
func (v *Visit) frame(h Head) ui.Frame {
	f := ui.Frame{Lang: "en", Title: h.Title, Intro: h.Intro, Crumb: h.Crumb, Actions: h.Actions, Message: h.Message,
		Brand: "Candor", Home: "/admin/", Desk: &ui.Desk{}}
	if f.Message == nil {
		f.Message = v.said()
	}
	if v.Who.Charter == nil {
		f.Desk = nil
		return v.strangerFrame(f)
	}
	f.Brand = v.Who.Charter.Business.Name
	name := v.Who.Person.Name.Reveal()
	f.Desk = &ui.Desk{
		Rooms: v.roomLinks(), Mode: v.mode(), Person: name, Initials: initials(name), Roles: v.Who.Rights.Roles,
		Go: "/admin/go", Account: "/admin/account", SignOut: "/admin/sign-out",
	}
	if v.serves("GET " + concernPage) {
		f.Desk.Concern = concernPage
	}
	return f
}

// strangerFrame is the frame before anybody is signed in: the customers' one,
// narrow, with the business's name.
func (v *Visit) strangerFrame(f ui.Frame) ui.Frame {
	f.Narrow, f.Staff, f.Script = true, true, true
	var c *charter.Charter
	err := v.Read(func(tx *db.Tx) (err error) {
		c, err = v.Charter.Current(tx)
		return err
	})
	if err == nil {
		f.Brand = c.Business.Name
	}
	return f
}

// concernPage takes reports of what may be wrong, from everybody; the room of
// trust brings it.
const concernPage = "/admin/concern"

func (s *Shell) serves(pattern string) bool {
	return slices.ContainsFunc(s.routes, func(r Route) bool { return r.Pattern == pattern })
}

// NameOf is how pages name a member of staff to others of the staff.
func NameOf(p staff.Person) string { return p.Name.Reveal() }

// AddressOf is the address of a member of staff, for those who manage staff.
func AddressOf(p staff.Person) string { return p.Email.Reveal() }

// NewPerson is somebody to be added, as typed.
func NewPerson(name, email string) staff.NewPerson {
	return staff.NewPerson{Name: personal.Seal(name), Email: personal.Seal(email)}
}

// KeyMark stands for a key in what a page says about using it.
const KeyMark = "YOUR_WRITE_KEY"

func (v *Visit) mode() string {
	if v.Demo {
		return "Demo"
	}
	return "Live"
}

func (v *Visit) roomLinks() []ui.RoomLink {
	path := v.R.URL.Path
	var out []ui.RoomLink
	for _, r := range v.rooms {
		link := ui.RoomLink{Text: r.Title, Icon: r.Icon}
		for _, p := range r.Pages {
			if !p.access.Allows(v.Who.Rights) {
				continue
			}
			if link.URL == "" {
				link.URL = p.URL
				link.Here = path == p.URL
				continue
			}
			link.Pages = append(link.Pages, ui.Link{Text: p.Title, URL: p.URL, Current: inside(path, p.URL)})
		}
		if link.URL == "" {
			continue
		}
		link.Current = link.Here || path != "/admin/" && r.holds(path)
		out = append(out, link)
	}
	return out
}

// holds tells whether a path is of this room: below its first page's address.
func (r Room) holds(path string) bool {
	return r.Pages[0].URL != "/admin/" && inside(path, r.Pages[0].URL)
}

func inside(path, url string) bool { return path == url || strings.HasPrefix(path, url+"/") }

// initials stand for a face.
func initials(name string) string {
	out := ""
	for _, part := range strings.Fields(name) {
		c, _ := utf8.DecodeRuneInString(part)
		out += strings.ToUpper(string(c))
	}
	if n := utf8.RuneCountInString(out); n > 2 {
		r := []rune(out)
		out = string(r[0]) + string(r[n-1])
	}
	return out
}
