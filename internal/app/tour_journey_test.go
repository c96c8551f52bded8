package app

import (
	"strings"
	"testing"

	"candor/internal/browsertest"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/request"
	"candor/internal/term"
)

// The tour as a newcomer takes it: a refused condition, a letter to everybody who
// agreed, her phone, her no and the end of what waited for her, her erasure, and a
// backup that comes back without her.
func TestJourneyTheTour(t *testing.T) {
	tab, d, url := demoTab(t, 200, 100)
	a := d.App
	shoot := func(name string) {
		tab.Axe()
		for _, width := range []int{375, 1440} {
			for _, dark := range []bool{false, true} {
				tab.Screenshot("tour-"+name, width, dark)
			}
		}
		tab.Look(1440, false)
	}
	tab.Look(1440, false)
	tab.Open(url + "/tour")
	tab.Sees("#reach", "lapsed buyers match")
	tab.Sees("#widen", "pause until")
	shoot("start")
	tab.Go(`form[action="/tour/forbid"] button`)
	tab.Sees("#reach", "may not be used")
	tab.Go(`form[action="/tour/allow"] button`)
	tab.Go(`form[action="/tour/send"] button`)
	waitFor(t, tab, "#tour-story", "Her letter left")
	waitFor(t, tab, "#send", "wait for tomorrow")
	tab.Open(url + "/tour")
	shoot("sent")

	// On her phone: the letter, then its way out.
	tab.Open(url + "/tour/phone")
	tab.Go(".inbox a")
	leave := browsertest.Eval[string](tab, `[...document.querySelectorAll("a")].find(a => a.pathname.startsWith("/u/")).href`)
	tab.Open(leave)
	tab.Go("main form button")
	tab.Open(url + "/tour")
	waitFor(t, tab, "#tour-story", "Her second message was cancelled")
	waitFor(t, tab, "#tour-story", "in the same transaction")

	who := a.Tour.Her()
	if _, err := a.Desk.Erase(ctx, request.NewErasure{Customer: who, Via: "portal", Actor: term.ByCustomer}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, tab, "#tour-story", "with a certificate")
	tab.Go(`form[action="/tour/restore"] button`)
	tab.Sees("#restore", "was erased again before it served")
	shoot("restored")
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		_, err := customer.Get(tx, who)
		return err
	})
	if !errs.Is(err, errs.NotFound) {
		t.Errorf("she is still here: %v", err)
	}
	if strings.Contains(browsertest.Eval[string](tab, "document.body.textContent"), "@post.example") {
		t.Error("the tour shows an address")
	}
}
