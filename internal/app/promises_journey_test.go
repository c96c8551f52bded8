package app

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"candor/internal/browsertest"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/staff"
)

// The officer reads the promises, compares a charter that names a recipient
// abroad with the one in force, and sees whom it concerns before anything
// happens.
func TestJourneyAChangedPromise(t *testing.T) {
	tab, d, url := demoTab(t, 60, 10)
	tab.Open(d.SignIn.URL)
	tab.Open(url + "/admin/promises")
	tab.Sees("main", "may be written to now")
	see(t, tab, "promises")
	tab.Open(url + "/admin/promises/asks")
	tab.Sees("main", "coffee letter")
	see(t, tab, "asks")
	tab.Open(url + "/admin/promises/change")
	if strings.Contains(browsertest.Eval[string](tab, "location.pathname"), "prove") {
		code, err := staff.Code(d.SignIn.Secret, clock.System{}.Now())
		if err != nil {
			t.Fatal(err)
		}
		tab.Fill("input[name=code]", code)
		tab.Go("main form button")
	}
	promise, _ := sample.Documents()
	const at = "\nrecipients:"
	i := strings.Index(string(promise), at)
	end := i + len(at) + strings.IndexByte(string(promise[i+len(at):]), '\n') + 1
	text, err := json.Marshal(string(promise[:end]) + "  printer: {name: Postal Print Inc, what: {en: prints, de: druckt}, role: processor, country: US, safeguard: SCC, gets: {letter: [email]}}\n" + string(promise[end:]))
	if err != nil {
		t.Fatal(err)
	}
	browsertest.Eval[string](tab, `document.querySelector("#promise").value = `+string(text))
	tab.Go("main form .actions button")
	tab.Sees("main", "Postal Print Inc")
	tab.Sees("main", "rest until they are given anew")
	tab.Sees(".beside", "Postal Print Inc")
	see(t, tab, "change")

	// A wider promise is told first: the picker holds back, and so does the server.
	tab.Expect(422)
	if min := browsertest.Eval[string](tab, `document.querySelector("#from").min`); min <= time.Now().Format(time.DateOnly) {
		t.Errorf("it could hold from %s on", min)
	}
	browsertest.Eval[bool](tab, `{ const f = document.querySelector("#from"); f.min = ""; f.value = "2026-01-02"; } true`)
	tab.Go(`button[formaction$=apply]`)
	tab.Sees("main", "a wider promise is told first")

	// A form is put together, and becomes text of the charter.
	tab.Open(url + "/admin/promises/asks/new")
	tab.Fill("#name", "fair")
	tab.Fill("#at", "https://halm.example/fair")
	tab.Fill("#words-en", "Yes, send me the coffee letter, about twice a month. I can stop it with one click.")
	tab.Fill("#words-de", "Ja, schickt mir den Kaffeebrief, etwa zweimal im Monat. Abbestellen mit einem Klick.")
	see(t, tab, "ask-new")
	tab.Go("main form button")
	if text := browsertest.Eval[string](tab, `document.querySelector("#promise").value`); !strings.Contains(text, "  fair:\n") {
		t.Error("the charter's text has no such form")
	}
	tab.Sees("main", "Put it in force")
	tab.Open(url + "/admin/promises/first")
	see(t, tab, "first-charter")
}
