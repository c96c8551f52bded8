package app

import (
	"strings"
	"testing"
	"time"

	"candor/internal/browsertest"
	"candor/internal/clock"
	"candor/internal/staff"
)

// A marketer builds an audience with the mouse and in text, sees at once whom it
// reaches and why not more, is told what may not be used, writes a campaign to
// it, sends it, follows it while a colleague pauses it and a customer says no in
// the privacy centre, and reads what became of it.
func TestJourneyFromAudienceToCampaign(t *testing.T) {
	tab, d, url := demoTab(t, 300, 20)
	tab.Open(d.SignIn.URL)
	tab.Open(url + "/admin/audiences")
	see(t, tab, "audiences")
	tab.Go(".cards a")
	tab.Sees("h1", "Whom it reaches")
	tab.Sees(".funnel", "Reachable")
	see(t, tab, "reach")

	tab.Press("#reach-rows summary")
	tab.Fill("#value", "DE")
	tab.Go("#reach-rows form button")
	tab.Sees("#reach-rows", "Country")
	tab.Fill("#condition", `address == "x"`)
	waitFor(t, tab, "#reach-answer", "may not be used")
	see(t, tab, "reach-refused")
	tab.Fill("#condition", `country in ["DE", "AT"] && count("Order Completed") >= 1`)
	waitFor(t, tab, "#reach-answer", "Permitted")
	tab.Open(browsertest.Eval[string](tab, "location.href"))
	tab.Go(".slices .button")
	tab.Sees("main", "Nothing is sent from this page")
	see(t, tab, "way-back")
	tab.Go(".crumb a")
	tab.Fill("#name", "German buyers")
	tab.Go("#reach-more form button")
	tab.Sees("table", "German buyers")
	see(t, tab, "audiences-saved")
	tab.Open(url + "/admin/audiences/stages")
	tab.Sees(".board", "In it for")
	see(t, tab, "stages")
	tab.Open(url + "/admin/")
	tab.Sees("main", "Where customers are")
	see(t, tab, "home-stages")
	waitFor(t, tab, "main", "Consent: Coffee letter")
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && tab.Count("main .heat") == 0; time.Sleep(500 * time.Millisecond) {
		tab.Open(url + "/admin/insight")
	}
	tab.Sees("main", "How recently, how often, how much")
	see(t, tab, "insight")
	tab.Open(url + "/admin/insight/cohorts")
	tab.Sees("main", "Cohort by cohort")
	see(t, tab, "cohorts")

	tab.Open(url + "/admin/messages")
	see(t, tab, "campaigns-empty")
	fromTemplate(t, tab, url)
	for field, text := range map[string]string{"#name": "Spring beans", "#subject-en": "New beans from Huila", "#subject-de": "Neue Bohnen aus Huila",
		"#body-en": "The first boxes of the new harvest are here.\n\nThey taste of red apple and caramel.", "#body-de": "Die ersten Kisten der neuen Ernte sind da.\n\nSie schmecken nach rotem Apfel und Karamell."} {
		tab.Fill(field, text)
	}
	see(t, tab, "campaign-form")
	tab.Go("main form .actions button")
	tab.Sees("h1", "Spring beans")
	tab.Sees("#launch", "Send")
	see(t, tab, "campaign-draft")
	draft := browsertest.Eval[string](tab, "location.href")
	tab.Open(url + "/admin/messages/templates")
	tab.Go("tbody a")
	tab.Sees("main", "Spring beans")
	tab.Open(draft)
	tab.Go(`form[action*="/sample"] button`)
	tab.Sees("h1", "As people read it")
	see(t, tab, "campaign-sample")
	tab.Go("main p a.button")
	tab.Go(`form[action*="/trial"] button`)
	tab.Sees("main", "on its way to your own address")
	tab.Open(url + "/admin/messages/deliveries")
	see(t, tab, "deliveries-empty")
	tab.Open(url + "/admin/messages")
	tab.Go("tbody a")
	tab.Go(`form[action$="/launch"] button`)
	if strings.Contains(browsertest.Eval[string](tab, "location.pathname"), "prove") {
		code, err := staff.Code(d.SignIn.Secret, clock.System{}.Now())
		if err != nil {
			t.Fatal(err)
		}
		tab.Fill("input[name=code]", code)
		tab.Go("main form button")
		tab.Go(`form[action$="/launch"] button`)
	}
	here := browsertest.Eval[string](tab, "location.href")
	followed(t, tab, d, url)
	tab.Go(`#campaign-run a[href*="deliveries"]`)
	tab.Sees("table", "taken")
	tab.Fill("#message-id", "<"+browsertest.Eval[string](tab, `document.querySelector("td code").textContent`)+"@halm.example>")
	tab.Go(`form[action$="/deliveries"] button`)
	tab.Sees("#find", "Find one")
	tab.Sees("dl", "Handed over")
	see(t, tab, "deliveries")
	tab.Open(here)
	see(t, tab, "campaign-done")
	tab.Open(browsertest.Eval[string](tab, "location.origin + location.pathname") + "?as=text")
	tab.Sees("pre", "Unsubscribe")
	tab.Open(url + "/admin/messages")
	see(t, tab, "campaigns")
}

// fromTemplate makes a template of a sample, changes it, and begins a campaign
// with it.
func fromTemplate(t *testing.T, tab *browsertest.Tab, url string) {
	t.Helper()
	tab.Open(url + "/admin/messages/own-mails/code")
	see(t, tab, "own-mail")
	tab.Open(url + "/admin/messages/templates")
	see(t, tab, "templates-empty")
	tab.Go("form[action$=sample] button")
	tab.Sees("main", "In order in every language")
	see(t, tab, "template")
	tab.Go(`a[href*="/edit"]`)
	see(t, tab, "template-form")
	tab.Fill("#name", "Once a month")
	tab.Go("main form .actions button")
	tab.Sees("main", "Version 2")
	tab.Open(url + "/admin/messages/templates?q=month")
	tab.Go("tbody a")
	tab.Go(`main a[href*="template="]`)
}

// followed looks at a campaign that is under way. The page is never read again by
// hand: what becomes of the messages comes to it.
func followed(t *testing.T, tab *browsertest.Tab, d *Demo, url string) {
	t.Helper()
	waitFor(t, tab, "#campaign-run", "taken by the recipient")
	list, err := d.App.Campaigns.List(ctx, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.App.Campaigns.Pause(ctx, list[0].ID, "staff:usr_1"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, tab, "#campaign-state", "paused")
	here := browsertest.Eval[string](tab, "location.href")
	tab.Open(privacyOf(d, url, waitingCustomer(t, d)))
	tab.Go("li[data-state=on] button")
	tab.Sees("main", "Saved")
	tab.Open(here)
	tab.Sees("#campaign-run", "1 said no while it was sending, and got nothing")
	see(t, tab, "campaign-sending")
	tab.Go(`form[action$="/resume"] button`)
	waitFor(t, tab, "#campaign-state", "done")
	waitFor(t, tab, "#campaign-run", "What it brought")
	if tab.Count("[data-stream]") != 0 {
		t.Error("a campaign that is done is still followed")
	}
}

// waitFor waits until a part of the page says something.
func waitFor(t *testing.T, tab *browsertest.Tab, selector, text string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		if strings.Contains(browsertest.Eval[string](tab, `document.querySelector("`+selector+`")?.textContent ?? ""`), text) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("%s never says %q", selector, text)
}
