package browsertest_test

import (
	"bytes"
	"fmt"
	"testing"

	"candor/internal/browsertest"
	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/lint"
	"candor/internal/term"
)

// manyChoices is the sample charter with a second kind of advertising and a
// second channel.
func manyChoices(t *testing.T) *charter.Charter {
	t.Helper()
	promise, house := sample.Documents()
	promise = bytes.Replace(promise, []byte("\npersonalisation:"), []byte(`
  offers:
    title: {en: Offers, de: Angebote}
    about: {en: Now and then an offer., de: Ab und zu ein Angebot.}
    basis: consent
    email: opt-in
    sms: opt-in
    uses: {email: to send it, phone: to send it}
    keep: 24 months after last contact
    owner: marketing

personalisation:`), 1)
	promise = bytes.Replace(promise, []byte("\n  name:    {kind"), []byte("\n  phone:   {kind: phone,   keep_in: vault, from: [checkout]}\n  name:    {kind"), 1)
	for ask, channel := range map[string]string{"offers": "email", "texts": "sms"} {
		field := map[string]string{"email": "email", "sms": "phone"}[channel]
		promise = bytes.Replace(promise, []byte("\nrecipients:"), []byte(fmt.Sprintf(`
  %s:
    at: https://halm.example/offers
    for: {purpose: offers, channel: %s}
    fields: [%s]
    control: unticked box
    confirm: by %s
    words: {en: "Yes, send me offers.", de: "Ja, schickt mir Angebote."}

recipients:`, ask, channel, field, channel)), 1)
	}
	house = bytes.Replace(house, []byte("\nsources:"), []byte("  offers: {email: {name: Halm Offers, address: offers@halm.example, reply_to: hello@halm.example, dkim: candor}}\n\nsources:"), 1)
	c, problems := charter.Parse(promise, house)
	if err := problems.Err(); err != nil {
		t.Fatal(problems)
	}
	return c
}

// hiddenExit are the findings on the control that stops everything.
func hiddenExit(tab *browsertest.Tab) []lint.Finding {
	var out []lint.Finding
	for _, f := range lint.CheckPage(lint.Page{Kind: lint.PreferencesPage, Controls: tab.Controls()}) {
		if f.ID == "LNT-05" {
			out = append(out, f)
		}
	}
	return out
}

// PRF-02: on the page of choices, as drawn on a phone and a desk, light and
// dark, in both languages, one control stops everything and none is more
// prominent; a style that hides or shrinks it is found (LNT-05); pressed, it
// ends every kind of advertising on every channel in one transaction.
func TestPRF02_OneControlStopsEverything(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := open(t, place, 1)
		c := manyChoices(t)
		if _, err := s.ApplyCharter(t.Context(), c, term.ByEngine); err != nil {
			t.Fatal(err)
		}
		agree(t, s, s.ids[0], consent.Key{Purpose: "offers", Channel: term.Email}, consent.Key{Purpose: "offers", Channel: term.SMS})
		tab := browsertest.New(t)
		for _, lang := range []string{"en", "de"} {
			tab.Open(s.choices(0) + "?lang=" + lang)
			for _, width := range []int{375, 1440} {
				for _, dark := range []bool{false, true} {
					tab.Look(width, dark)
					for _, f := range hiddenExit(tab) {
						t.Errorf("%s, %d px, dark %v: %s", lang, width, dark, f.Message)
					}
				}
			}
		}
		if tab.Count("main form button") < 4 {
			t.Error("the page does not offer every choice")
		}
		for _, theme := range []string{"display = 'none'", "visibility = 'hidden'", "fontSize = '9px'", "opacity = '0'", "color = '#888'; e.style.background = '#999'"} {
			browsertest.Eval[bool](tab, "(e => { e.style."+theme+"; return true })(document.querySelector('form[action$=\"/stop\"] button'))")
			if len(hiddenExit(tab)) == 0 {
				t.Errorf("a theme with %s is not found", theme)
			}
			tab.Open(s.choices(0))
		}
		before := revOf(t, s, s.ids[0])
		tab.Go("form[action$='/stop'] button")
		tab.Sees("main", "Everything is stopped")
		stopped(t, s, s.ids[0], before)
	})
}

// agree puts agreements on record.
func agree(t *testing.T, s *shop, c id.Customer, keys ...consent.Key) {
	t.Helper()
	err := s.DB.Write(t.Context(), func(tx *db.Tx) error {
		for _, k := range keys {
			_, _, err := s.Gate.Record(tx, consent.Act{Customer: c, Controller: "halm", Purpose: k.Purpose, Channel: k.Channel, Kind: consent.Given,
				Method: consent.ByForm, ControlDefault: consent.Unset, Action: consent.Tick, Strength: consent.Documented, Actor: term.ByCustomer, Source: "form"})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func revOf(t *testing.T, s *shop, c id.Customer) (rev int64) {
	t.Helper()
	err := s.DB.Read(t.Context(), func(tx *db.Tx) error {
		row, err := customer.Get(tx, c)
		rev = row.Rev
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

// stopped fails unless each kind of advertising has ended on each channel, by
// records of one revision: of one transaction.
func stopped(t *testing.T, s *shop, c id.Customer, before int64) {
	t.Helper()
	err := s.DB.Read(t.Context(), func(tx *db.Tx) error {
		records, err := consent.Of(tx, c)
		for purpose, channels := range map[term.Purpose][]term.Channel{"letter": {term.Email}, "offers": {term.Email, term.SMS}} {
			for _, ch := range channels {
				state := consent.StateOf(records, consent.Key{Controller: "halm", Purpose: purpose, Channel: ch})
				if state.Status != consent.Taken && state.Status != consent.Opposed {
					t.Errorf("%s by %s is %s", purpose, ch, state.Status)
				}
			}
		}
		for _, r := range records {
			if r.Rev > before+1 {
				t.Errorf("the record %d was written in a transaction of its own", r.Seq)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
