package app

import (
	"strings"
	"testing"
	"time"

	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
)

// withCredit adds a purpose that decides by a field, and an age for a field of
// the letter.
var withCredit = []string{
	"\n  roast:\n", "\n  income_band: {kind: choice, keep_in: trait, of: [low, high], title: {en: Income band, de: Einkommensklasse}, from: [preferences]}\n  roast:\n",
	"\n  bookkeeping:\n", `
  invoice:
    title: {en: Pay later, de: Später bezahlen}
    about: {en: We look whether you may pay by invoice., de: "Wir sehen nach, ob Sie auf Rechnung bezahlen können."}
    basis: contract
    uses: {income_band: what you can pay, name: the invoice}
    decides: eligibility
    max_age: {income_band: 365 days, name: 3000 days}
    keep: 24 months after last order

  bookkeeping:
`,
	"    keep: 24 months after last contact", "    max_age: {roast: 365 days}\n    keep: 24 months after last contact",
}

// ACC-02: an income band 400 days old, of at most 365, decides nothing; one of
// 364 does, until the instant at which it is 365 days old. A campaign takes the
// value as unknown and asks to confirm it instead; once confirmed, it counts.
func TestACC02_StaleDataAreNotActedUpon(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		c := h.reader("ada@post.example")
		start := h.clk.Now()
		h.tells("bank", c, nil, map[term.Field]any{"income_band": "high"})
		rule := func(fields ...term.Field) gate.Decision { return h.uses(c, "invoice", fields...) }
		for _, at := range []struct {
			age   time.Duration
			stale bool
		}{{364 * 24 * time.Hour, false}, {365*24*time.Hour - time.Second, false}, {365 * 24 * time.Hour, true}, {400 * 24 * time.Hour, true}} {
			h.clk.Set(start.Add(at.age))
			if !at.stale {
				h.allows("an eligibility rule at "+at.age.String(), rule("income_band"))
				continue
			}
			h.denies("an eligibility rule at "+at.age.String(), rule("income_band"), errs.Stale)
			h.denies("all of the purpose", rule(), errs.Stale)
			h.allows("what is not stale", rule("name"))
			if d := rule("income_band"); len(d.Reasons) != 1 || d.Reasons[0].Requirement != "ACC-02" {
				t.Errorf("reasons %v", d.Reasons)
			}
			h.allows("an answer to the person", h.asks(gate.Request{Customer: c, Controller: "halm", Purpose: "invoice", Operation: term.Rights, Fields: []term.Field{"income_band"}}))
		}
		h.tells("bank", c, nil, map[term.Field]any{"income_band": "high"})
		h.allows("once it was learnt anew", rule("income_band"))
	}, withCredit...)
}

// The other half of ACC-02, where nothing is decided: campaigns ask.
func TestACC02_CampaignsAskToConfirm(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		c := h.reader("ada@post.example")
		h.write(func(tx *db.Tx) error {
			_, err := h.Gate.Wish(tx, c, gate.Wish{Kind: customer.Dial, Value: "taste", Actor: term.ByCustomer})
			return err
		})
		h.tells("shop", c, nil, map[term.Field]any{"roast": "dark"})
		const html = `<p>Beans for you: {{ roast | default: "all kinds" }}.</p>`
		const asks = "Some of what we know about you is old"
		if n := h.members(`roast == "dark"`); n != 1 {
			t.Fatalf("%d are chosen by a fresh value", n)
		}
		if _, mails := h.campaign("", "", html); !strings.Contains(mails, "for you: dark") || strings.Contains(mails, asks) {
			t.Error("a fresh value is not used")
		}
		h.clk.Set(h.clk.Now().Add(400 * 24 * time.Hour))
		if n := h.members(`roast == "dark"`) + h.members(`has(roast)`); n != 0 {
			t.Errorf("%d are chosen by a stale value", n)
		}
		f, err := h.Audience.Preview(ctx, audience.Question{Purpose: "letter", Channel: term.Email, Condition: `roast == "dark"`, Actor: "program:test", Personal: true, Lang: "en"})
		h.must(err)
		if len(f.Excluded) != 1 || f.Excluded[0].Code != errs.Stale || f.Excluded[0].Way != audience.Refresh || f.Excluded[0].Count.Shown != "<10" {
			t.Errorf("the funnel leaves out %+v", f.Excluded)
		}
		if d := h.uses(c, "letter", "roast"); !d.Allowed() || len(d.Stale) != 1 {
			t.Errorf("the letter: %v, stale %v", d.Reasons, d.Stale)
		}
		if _, mails := h.campaign("", "", html); !strings.Contains(mails, "for you: all kinds") || !strings.Contains(mails, asks) || !strings.Contains(mails, "Is it still right?") {
			t.Error("a stale value is not asked about")
		}
		h.must(h.Gate.Correct(ctx, c, "roast", personal.Seal("dark"), customer.Provenance{Source: customer.Subject, Method: customer.Stated, At: h.Clock.Now(), Confidence: customer.Certain}))
		if n := h.members(`roast == "dark"`); n != 1 {
			t.Errorf("%d are chosen by a confirmed value", n)
		}
		h.clk.Set(h.clk.Now().Add(2 * 24 * time.Hour))
		if _, mails := h.campaign("", "", html); strings.Count(mails, "for you: dark") < 2 { // the first mail, and this one
			t.Error("a confirmed value is not used")
		}
	}, withCredit...)
}

// A purpose that decides says how old each of its fields may be.
func TestAPurposeThatDecidesBoundsTheAgeOfItsData(t *testing.T) {
	promise, house := sample.Documents()
	text := strings.NewReplacer(withCredit...).Replace(string(promise))
	for from, to := range map[string]string{"max_age: {income_band: 365 days, name: 3000 days}": "max_age: {name: 3000 days}", "max_age: {roast: 365 days}": "max_age: {email: 365 days}"} {
		_, problems := charter.Parse([]byte(strings.Replace(text, from, to, 1)), house)
		if len(problems) != 1 || problems[0].Rule != "ACC-02" {
			t.Errorf("%s: %v", to, problems)
		}
	}
}

// uses asks the gate about the use of fields, as a rule does that reads them.
func (h *house) uses(c id.Customer, p term.Purpose, fields ...term.Field) gate.Decision {
	return h.asks(gate.Request{Customer: c, Controller: "halm", Purpose: p, Operation: term.Use, Fields: fields, Actor: "program:test"})
}

func (h *house) asks(r gate.Request) (d gate.Decision) {
	h.t.Helper()
	h.must(h.DB.Read(ctx, func(tx *db.Tx) (err error) { d, err = h.Gate.Decide(tx, r); return err }))
	return d
}

// members counts whom a condition chooses for the letter, in the database and in
// memory, and wants both alike.
func (h *house) members(condition string) (n int) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		in, err := h.Charter.Current(tx)
		h.must(err)
		cond, err := audience.For(in, "letter", condition)
		h.must(err)
		list, err := h.Audience.Members(tx, cond, term.Email, 0, 10)
		h.must(err)
		n = len(list)
		for _, c := range list {
			pass, _, err := h.Gate.Use(tx, gate.Request{Customer: c, Controller: "halm", Purpose: "letter", Operation: term.Use, Fields: cond.Fields(), Actor: "program:test"})
			h.must(err)
			p, err := h.Audience.PersonOf(tx, pass, "letter")
			if err != nil || !cond.Eval(p, h.Clock.Now()) {
				h.t.Errorf("%s: memory and database differ: %v", condition, err)
			}
		}
		return nil
	})
	return n
}
