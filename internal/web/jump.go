package web

import (
	"net/http"
	"strings"

	"candor/internal/staff"
)

type jumpPage struct {
	Asked bool // something was asked for that is no page
	Pages []jumpTo
}

type jumpTo struct{ Title, Room, URL, Words string }

var jumpHead = Head{Title: "Go to", Intro: "Type a part of a page's name, or a customer's exact address or number."}

func (s *Shell) showJump(v *Visit) error {
	return Show(v, s.pages.jump, jumpHead, jumpPage{Pages: v.reachable()})
}

// reachable lists the pages that the visitor may open.
func (v *Visit) reachable() []jumpTo {
	var out []jumpTo
	for _, r := range v.rooms {
		for _, p := range r.Pages {
			if p.access.Allows(v.Who.Rights) {
				out = append(out, jumpTo{p.Title, r.Title, p.URL, p.Words})
			}
		}
	}
	return append(out, jumpTo{"Your account", "", "/admin/account", "password factor devices sign out"})
}

// jump goes to the first page that fits. What may be an address never comes into
// a URL: the customers' room takes it from here.
func (s *Shell) jump(v *Visit) error {
	q := strings.ToLower(v.R.PostFormValue("q"))
	if q = strings.TrimSpace(q); q == "" {
		return v.Redirect("/admin/go")
	}
	for _, p := range v.reachable() {
		if strings.Contains(strings.ToLower(p.Title), q) {
			return v.Redirect(p.URL)
		}
	}
	if s.FindCustomer != nil && v.May(staff.Find) {
		return s.FindCustomer(v, v.Form("q"))
	}
	h := jumpHead
	h.Status = http.StatusNotFound
	return Show(v, s.pages.jump, h, jumpPage{Asked: true, Pages: v.reachable()})
}
