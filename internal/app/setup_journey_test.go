package app

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/browsertest"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/web/webtest"
)

// broughtLists are the exports of two tools that disagree.
var broughtLists = map[string]string{
	"newsletter.csv": "Email,Status,Opt-in date,Source,Double opt-in\n" +
		"anna.weiss@example.com,subscribed,2026-03-14 09:30,Footer form,yes\n" +
		"bo.lind@example.com,subscribed,2026-03-15 09:30,,\n" +
		"cara.diaz@example.com,subscribed,,,\n" +
		"dan.ode@example.com,subscribed,2026-03-16 09:30,Footer form,yes\n",
	"suppressed.csv": "Mail,Suppressed\ndan.ode@example.com,yes\n",
}

func lists(t *testing.T) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range broughtLists {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// An engineer brings two tools' lists, sees what they prove, decides, tries and
// loads; watches an event arrive; and looks over senders, suppressions and upkeep.
func TestJourneyThroughSetup(t *testing.T) {
	tab, d, url := demoTab(t, 40, 10)
	tab.Open(d.SignIn.URL)
	tab.Open(url + "/admin/setup/lists")
	see(t, tab, "lists-empty")
	bringLists(t, tab)

	tab.Open(url + "/admin/setup")
	tab.Go("tbody a")
	source := browsertest.Eval[string](tab, "location.pathname")
	tab.Sees("#seen", "Waiting for the next message")
	which, err := id.Parse[id.Source](source[strings.LastIndex(source, "/")+1:])
	if err != nil {
		t.Fatal(err)
	}
	key := d.WriteKey
	if list, _ := d.App.Collector.Watch(which); len(list) > 0 {
		t.Errorf("seen before anything was sent: %+v", list)
	}
	send(t, url, key, `{"userId":"10001","event":"Order Completed","properties":{"order_id":"J-1","value":20,"currency":"EUR","shoe_size":43}}`)
	send(t, url, key, `{"userId":"10001","event":"Order Completed","properties":{"order_id":"J-2","value":"a lot","currency":"EUR"}}`)
	waitFor(t, tab, "#seen", "shoe_size")
	waitFor(t, tab, "#seen", "quarantine")
	if strings.Contains(tab.Text("main"), "J-1") {
		t.Error("the page shows a value")
	}
	see(t, tab, "source-live")

	tab.Open(url + "/admin/setup/suppressions")
	tab.Fill("#addresses", "never@example.com")
	tab.Go("form[action$=suppressions] button")
	tab.Sees(".message", "1 suppressed")
	tab.Fill("#address", "never@example.com")
	tab.Go("form[action$=find] button")
	tab.Sees("#answer", "Suppressed")
	see(t, tab, "suppressions")
	tab.Open(url + "/admin/setup/upkeep")
	tab.Go("form[action$=foresee] button")
	tab.Sees("main", "Nothing was deleted")
	see(t, tab, "upkeep")
}

// bringLists takes two lists from the files to their being loaded.
func bringLists(t *testing.T, tab *browsertest.Tab) {
	t.Helper()
	tab.Choose("#files", lists(t)...)
	tab.Go("main form button")
	waitFor(t, tab, "#audit-result", "You can prove consent for 1 of 4")
	tab.Open(browsertest.Eval[string](tab, "location.href"))
	see(t, tab, "audit")
	tab.Go(`a[href$="/rows/attested"]`)
	tab.Press("#do-attest")
	tab.Fill("#proof", "folder 12")
	choose(tab, "#form", "signup")
	browsertest.Eval[string](tab, `document.querySelector("#at").value = "2026-11-01"`)
	see(t, tab, "audit-class")
	tab.Go("main form button")
	tab.Sees("main", "what is attested")
	choose(tab, "#form-0", "signup")
	tab.Press("#ours")
	tab.Go("form[action$=try] button")
	waitFor(t, tab, "#audit-result", "Load 2 permissions and 1 suppressions")
	tab.Open(browsertest.Eval[string](tab, "location.href"))
	see(t, tab, "audit-tried")
	tab.Go("form[action$=load] button")
	waitFor(t, tab, "#audit-result", "What was loaded")
	tab.Open(browsertest.Eval[string](tab, "location.href"))
	see(t, tab, "audit-loaded")
}

// Without script, everything that a form can do works: an audience by rows and in
// text, a campaign from its draft to what became of it, a withdrawal in the privacy
// centre while it is under way, which the queue obeys; and a marketer is refused at
// a page of privacy.
func TestJourneyWithoutScript(t *testing.T) {
	tab, d, url := demoTab(t, 120, 1)
	tab.Script(false)
	tab.Open(d.SignIn.URL)
	tab.Open(url + "/admin/audiences")
	tab.Go(".cards a")
	tab.Press("#reach-rows summary")
	tab.Fill("#value", "DE")
	tab.Go("#reach-rows form button")
	tab.Sees("#reach-rows", "Country")
	tab.Sees("#reach-answer", "Reachable")
	seePlain(t, tab, "plain-reach")
	tab.Fill("#condition", `country in ["DE", "AT"]`)
	tab.Go("form[data-live] button")
	tab.Sees("#reach-answer", "Permitted")

	tab.Open(url + "/admin/messages/campaigns/new")
	for field, text := range map[string]string{"#name": "Slow letter", "#subject-en": "New beans from Huila", "#subject-de": "Neue Bohnen aus Huila",
		"#body-en": "The first boxes of the new harvest are here. They taste of red apple.", "#body-de": "Die ersten Kisten der neuen Ernte sind da. Sie schmecken nach rotem Apfel."} {
		tab.Fill(field, text)
	}
	tab.Go("main form .actions button")
	campaign := browsertest.Eval[string](tab, "location.href")
	tab.Go(`form[action$="/launch"] button`)
	first := waitingCustomer(t, d)
	tab.Open(campaign)
	tab.Go(`form[action$="/pause"] button`)
	stillWaiting := waitingCustomer(t, d)
	if first == 0 || tab.Count(`form[action$="/resume"]`) != 1 {
		t.Error("a paused campaign cannot be resumed")
	}
	seePlain(t, tab, "plain-sending")

	tab.Open(privacyOf(d, url, stillWaiting))
	tab.Go("li[data-state=on] button")
	tab.Sees("main", "Saved")
	var state string
	err := d.App.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`select state from send where customer_id = $1 and program = 'campaign'`, stillWaiting).Scan(&state)
	})
	if err != nil || state != "cancelled" {
		t.Errorf("the message of somebody who withdrew is %s, %v", state, err)
	}
	tab.Open(campaign)
	tab.Go(`form[action$="/resume"] button`)
	tab.Sees("#campaign-run", "said no while it was sending")
	tab.Go(`form[action$="/cancel"] button`)
	seePlain(t, tab, "plain-cancelled")
	refusedMarketer(t, tab, d, url)
}

// seePlain looks at a page that was read without script; what looks needs some.
func seePlain(t *testing.T, tab *browsertest.Tab, name string) {
	t.Helper()
	tab.Script(true)
	see(t, tab, name)
	tab.Script(false)
}

// refusedMarketer signs somebody in who only writes letters, and leads them to a
// page of privacy.
func refusedMarketer(t *testing.T, tab *browsertest.Tab, d *Demo, url string) {
	t.Helper()
	tab.Expect(403)
	tab.Cookie(url+"/admin", webtest.Hire(t, d.App.Staff, "mara@halm.example", "marketer").Session(t))
	for _, page := range []string{"/admin/promises/change", "/admin/trust/incidents", "/admin/setup/lists"} {
		tab.Open(url + page)
		tab.Sees("main", "none of your roles may")
	}
	seePlain(t, tab, "refused")
	tab.Open(url + "/admin/messages")
	tab.Sees("h1", "Campaigns")
}

// send sends an event as a server does.
func send(t *testing.T, url, key, event string) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/track", strings.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(key, "")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the event is answered with %d", answer.StatusCode)
	}
}

// waitingCustomer finds somebody whose message of the campaign waits.
func waitingCustomer(t *testing.T, d *Demo) (c id.Customer) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		err := d.App.DB.Read(ctx, func(tx *db.Tx) error {
			return tx.QueryRow(`select customer_id from send where program = 'campaign' and state = 'planned' order by customer_id desc limit 1`).Scan(&c)
		})
		if err == nil {
			return c
		}
	}
	t.Fatal("no message of the campaign waits")
	return 0
}

// privacyOf is the way into the privacy centre that stands in a mail.
func privacyOf(d *Demo, url string, c id.Customer) string {
	return url + "/privacy/c/" + message.Link{Scope: message.Choices, Customer: c, Controller: "halm", Channel: term.Email}.Seal(d.App.Ring)
}
