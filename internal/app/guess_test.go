package app

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/personal"
	"candor/internal/term"
)

var withGender = []string{
	"\n  roast:\n", "\n  gender: {kind: choice, keep_in: trait, of: [f, m, prefer-not-to-say], title: {en: Form of address, de: Anrede}, from: [preferences]}\n  roast:\n",
	"      roast: beans you like", "      gender: how we greet you\n      name: how we greet you\n      roast: beans you like",
}

// ACC-03: of gender=f guessed at 0.71 and "prefer not to say" stated, in whichever
// order and by whichever source, personalisation reads what was stated. A guess
// names its model and how sure it is, is shown to the person as one, gives way to
// what they say of it, and is gone within 90 days.
func TestACC03_AGuessIsLabelledAgesAndGivesWay(t *testing.T) {
	each(t, 4, func(t *testing.T, h *house) {
		told := func(c id.Customer, source, method string, confidence int, gender, name string, age time.Duration) gate.Taken {
			at := h.Clock.Now().Add(-age)
			taken, err := h.Gate.Take(ctx, []gate.Arrival{{Customer: c, At: at,
				Traits: map[term.Field]any{"gender": gender}, Values: map[term.Field]personal.Value{"name": personal.Seal(name)},
				Provenance: customer.Provenance{Source: source, Method: method, At: at, Confidence: confidence}}})
			h.must(err)
			return taken[0]
		}
		guessed := func(c id.Customer, source string) {
			if taken := told(c, source, customer.Inferred, 71, "f", "Miss Guess", 0); taken.Refused != nil {
				t.Fatal(taken.Refused)
			}
		}
		c := h.personalised()
		h.write(func(tx *db.Tx) error {
			_, err := tx.Exec("delete from sealed_value where customer_id = $1 and field = 'name'", c)
			return err
		})

		guessed(c, "model:address-2")
		h.reads(c, "f", "Miss Guess")
		h.labelled(c, true)
		h.ages(c, func() { told(c, "model:address-2", customer.Inferred, 71, "f", "Miss Guess", 90*24*time.Hour) })
		for _, source := range []string{"crm", customer.Subject} {
			told(c, source, customer.Stated, 50, "prefer-not-to-say", "A. Person", 24*time.Hour)
			h.reads(c, "prefer-not-to-say", "A. Person")
			for _, by := range []string{"model:address-2", "crm"} {
				guessed(c, by)
				h.reads(c, "prefer-not-to-say", "A. Person")
			}
		}
		h.labelled(c, false)

		for what, taken := range map[string]gate.Taken{
			"a guess that nobody made": told(c, "", customer.Inferred, 71, "f", "Miss Guess", 0),
			"a guess by the person":    told(c, customer.Subject, customer.Inferred, 71, "f", "Miss Guess", 0),
			"a guess that is certain":  told(c, "model:address-2", customer.Inferred, customer.Certain, "f", "Miss Guess", 0),
		} {
			if !errs.Is(taken.Refused, errs.Invalid) {
				t.Errorf("%s is taken in: %+v", what, taken)
			}
		}
	}, withGender...)
}

// personalised gives a customer who gets the letter.
func (h *house) personalised() id.Customer {
	h.t.Helper()
	for _, c := range h.ids {
		if h.ask(c, "letter", term.Serve, term.Email).Allowed() {
			return c
		}
	}
	h.t.Fatal("nobody gets the letter")
	return 0
}

// reads looks what a letter to a customer is personalised with.
func (h *house) reads(c id.Customer, gender, name string) {
	h.t.Helper()
	h.must(h.Gate.Warm(ctx, []id.Customer{c}))
	h.write(func(tx *db.Tx) error {
		pass, d, err := h.Gate.Use(tx, gate.Request{Customer: c, Controller: "halm", Purpose: "letter", Operation: term.Serve, Channel: term.Email,
			Fields: []term.Field{"gender", "name"}, Actor: "program:test"})
		if err != nil || !d.Allowed() {
			h.t.Fatalf("%v, %v", d.Reasons, err)
		}
		for f, want := range map[term.Field]string{"gender": gender, "name": name} {
			got, err := pass.Value(ctx, tx, f)
			if err != nil {
				return err
			}
			if got.Reveal() != want {
				h.t.Errorf("%s is %q, want %q", f, got.Reveal(), want)
			}
		}
		return nil
	})
}

// labelled looks whether the person's own page shows guesses as guesses, with a
// way to contest each.
func (h *house) labelled(c id.Customer, want bool) {
	h.t.Helper()
	b := newBrowser(h.App)
	link := message.Link{Scope: message.Choices, Customer: c, Controller: "halm", Channel: term.Email}.Seal(h.Ring)
	b.do(http.MethodPost, "/privacy/c/"+link+"/code", nil)
	_, err := h.Sender.Drain(ctx)
	h.must(err)
	mails := visit(h.App, http.MethodGet, h.Mailbox.Path()+"mails.json", nil).Body.String()
	for _, code := range regexp.MustCompile(`\\n([0-9]{4} [0-9]{4})\\n`).FindAllStringSubmatch(mails, -1) {
		if b.do(http.MethodPost, "/privacy/code", url.Values{"code": {code[1]}}).Code == http.StatusSeeOther {
			break
		}
	}
	w := b.do(http.MethodGet, "/privacy/me?lang=en", nil)
	page := w.Body.String()
	if w.Code != http.StatusOK || !strings.Contains(page, "Form of address") {
		h.t.Fatalf("the person's page: %d", w.Code)
	}
	for _, words := range []string{"Our guess", "71 %", "model:address-2"} {
		if strings.Contains(page, words) != want {
			h.t.Errorf("the person's page says %q: %v, want %v", words, !want, want)
		}
	}
	if !strings.Contains(page, "/privacy/me/correct?field=gender") {
		h.t.Error("a guess cannot be contested")
	}
}

// ages lets days go by: a guess is there until the daily work finds it 89 days
// old, and nobody takes one in that is as old.
func (h *house) ages(c id.Customer, late func()) {
	h.t.Helper()
	held := func() int64 {
		return h.count("select (select count(*) from trait_value where method = 'inferred') + (select count(*) from sealed_value where method = 'inferred')")
	}
	for day := range 90 {
		h.clk.Set(h.clk.Now().Add(24 * time.Hour))
		if _, err := h.Gate.Retain(ctx); err != nil {
			h.t.Fatal(err)
		}
		if n, want := held(), map[bool]int64{true: 2}[day+1 < 89]; n != want {
			h.t.Fatalf("after %d days %d guesses are kept, want %d", day+1, n, want)
		}
	}
	h.reads(c, "", "")
	if late(); held() != 0 {
		h.t.Error("a guess of 90 days ago is taken in")
	}
	h.reads(c, "", "")
}
