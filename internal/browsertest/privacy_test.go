package browsertest_test

import (
	"strings"
	"testing"

	"candor/internal/browsertest"
)

// lightest is what a page of the customers' may weigh over the wire, its style
// sheet included.
const lightest = 30 << 10

// look photographs a page as phones and desks show it, and holds it to the
// rules of every page.
func look(t *testing.T, tab *browsertest.Tab, name string) {
	t.Helper()
	tab.Axe()
	for _, width := range []int{375, 1440} {
		for _, dark := range []bool{false, true} {
			tab.Screenshot(name, width, dark)
			if tab.Overflows() {
				t.Errorf("%s is wider than a window of %d px", name, width)
			}
		}
	}
	tab.Look(375, false)
	if n := tab.Bytes(); n > lightest {
		t.Errorf("%s weighs %d bytes, more than %d", name, n, lightest)
	}
}

// A person signs up, confirms, reads what is held, corrects, downloads, takes a
// receipt, withdraws and erases: the whole way, in a browser without script.
func TestFromTheFormToTheCertificate(t *testing.T) {
	s := onSQLite(t, 8)
	tab := browsertest.New(t)
	tab.Open(s.url + "/f/signup")
	look(t, tab, "form")
	tab.Fill("#email", "ada@post.example")
	tab.Press("#agree")
	tab.Go("main form button")
	look(t, tab, "form-sent")
	confirm := s.mail("ada@post.example", about("confirm"))
	tab.Open(confirm.Links[0])
	look(t, tab, "confirm")
	tab.Go("main form button")
	look(t, tab, "confirmed")

	tab.Open(s.url + "/privacy")
	look(t, tab, "find")
	tab.Fill("#email", s.people[0].Email)
	tab.Go("main form button")
	look(t, tab, "find-sent")
	way := s.mail(s.people[0].Email, about("choices"))
	tab.Open(way.Links[0])
	look(t, tab, "choices")
	tab.Go("form[action$='/code'] button")
	look(t, tab, "code")
	tab.Open(way.Links[0])
	s.stepUp(tab, s.people[0].Email)
	look(t, tab, "me")
	if text := tab.Text("main"); !strings.Contains(text, s.people[0].Email) || !strings.Contains(text, s.people[0].Street) {
		t.Error("the page does not show the person's data")
	}
	tab.Open(s.url + "/privacy/me/choices")
	look(t, tab, "my-choices")
	tab.Open(s.url + "/privacy/me/proof")
	look(t, tab, "proof")
	tab.Open(s.url + "/privacy/me/rights?lang=de")
	look(t, tab, "rights-de")
	tab.Open(s.url + "/privacy/me/erase")
	look(t, tab, "erase")
	tab.Press("#sure")
	tab.Go("main form button")
	look(t, tab, "erased")
}
