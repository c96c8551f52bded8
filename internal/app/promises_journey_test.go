package app

import (
	"encoding/json"
	"strings"
	"testing"

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
	see(t, tab, "change")
}
