package app

import (
	"strings"
	"testing"
	"time"

	"candor/internal/audience"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/message/messagetest"
	"candor/internal/personal"
	"candor/internal/request"
	"candor/internal/term"
)

func (h *house) request(r id.Request) request.Request {
	h.t.Helper()
	out, err := h.Desk.Get(ctx, r)
	h.must(err)
	return out
}

func (h *house) state(c id.Customer, entry string) message.State {
	h.t.Helper()
	var all []message.Send
	h.must(h.DB.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = message.Of(tx, c)
		return err
	}))
	key := message.Key{Program: "campaign", Node: "test", Customer: c, Entry: entry, Channel: term.Email}.Sum(h.Ring)
	for _, s := range all {
		if string(s.Key) == string(key) {
			return s.State
		}
	}
	h.t.Fatal("there is no such message")
	return ""
}

// RGT-13: while data are restricted nothing uses them but what the person agrees
// to anew; a consent of before lifts nothing; and the restriction ends only
// after the person was told, by a mail that has left or a notice that is named.
func TestRGT13_RestrictedDataAreKeptAndNotUsed(t *testing.T) {
	each(t, 2, func(t *testing.T, h *house) {
		c := h.ids[0]
		h.allows("the letter before", h.ask(c, "letter", term.Serve, term.Email))
		h.plan(c, "waiting")
		r, err := h.Desk.Restrict(ctx, request.NewRequest{Customer: c, Via: "portal", Actor: term.ByCustomer})
		h.must(err)
		if h.state(c, "waiting") != message.Cancelled {
			t.Errorf("a waiting message is %s", h.state(c, "waiting"))
		}
		for _, op := range []term.Operation{term.Serve, term.Use} {
			h.denies(string(op)+" of the letter", h.ask(c, "letter", op, ""), errs.Restricted)
		}
		h.denies("an order's mail", h.ask(c, "orders", term.Serve, term.Email), errs.Restricted)
		h.denies("sharing with the relay", h.shares(c, "letter", "relay"), errs.Restricted)
		for _, op := range []term.Operation{term.Store, term.Rights, term.Claims} {
			h.allows(string(op), h.ask(c, "letter", op, ""))
		}
		h.later(time.Second)
		h.write(func(tx *db.Tx) error {
			_, _, err := h.Gate.Record(tx, consent.Act{Customer: c, Purpose: "letter", Channel: term.Email, Kind: consent.Reconfirmed, Method: consent.ByPortal,
				ControlDefault: consent.Unset, Action: consent.ClickYes, Strength: consent.Documented, Actor: term.ByCustomer, Source: "portal"})
			return err
		})
		h.allows("the letter after the person agreed anew", h.ask(c, "letter", term.Serve, term.Email))
		h.denies("an order's mail still", h.ask(c, "orders", term.Serve, term.Email), errs.Restricted)

		if err := h.Desk.Lift(ctx, r.ID, "", "staff:test"); !errs.Is(err, errs.Conflict) {
			t.Errorf("lifting without a notice: %v, want CONFLICT", err)
		}
		h.must(h.Desk.End(ctx, r.ID, "staff:test"))
		h.denies("an order's mail before the person was told", h.ask(c, "orders", term.Serve, term.Email), errs.Restricted)
		if h.request(r.ID).State != request.Waiting {
			t.Error("the request was closed before the person was told")
		}
		h.later(10 * time.Second)
		h.allows("an order's mail after the person was told", h.ask(c, "orders", term.Serve, term.Email))
		if got := h.request(r.ID); got.State != request.Done || got.Outcome != request.Ended {
			t.Errorf("the request is %s %s", got.State, got.Outcome)
		}

		other, err := h.Desk.Restrict(ctx, request.NewRequest{Customer: h.ids[1], Via: "staff", Actor: "staff:test"})
		h.must(err)
		h.must(h.Desk.Lift(ctx, other.ID, "letter of 3 March", "staff:test"))
		h.allows("an order's mail after a letter", h.ask(h.ids[1], "orders", term.Serve, term.Email))
	})
}

// RGT-14: an objection to a use for a legitimate interest stops it at once; when
// no decision exists at the red line, the use is closed for that person; and
// compelling grounds are recorded and told before it goes on.
func TestRGT14_AnObjectionStopsUntilGroundsAreShown(t *testing.T) {
	each(t, 2, func(t *testing.T, h *house) {
		object := func(c id.Customer) request.Request {
			h.allows("scoring before", h.ask(c, "fraud_scoring", term.Use, ""))
			r, err := h.Desk.Object(ctx, request.NewRequest{Customer: c, Purpose: "fraud_scoring", Via: "portal", Actor: term.ByCustomer})
			h.must(err)
			h.denies("scoring from the objection on", h.ask(c, "fraud_scoring", term.Use, ""), errs.Restricted)
			h.allows("the order's mail", h.ask(c, "orders", term.Serve, term.Email))
			return r
		}
		silent := object(h.ids[0])
		answered := object(h.ids[1])

		h.must(h.Desk.Find(ctx, answered.ID, request.Finding{Grounds: "Without the comparison, goods of third parties are lost.", Actor: "staff:test"}))
		h.denies("scoring before the grounds were told", h.ask(h.ids[1], "fraud_scoring", term.Use, ""), errs.Restricted)
		h.later(10 * time.Second)
		h.allows("scoring after the grounds were told", h.ask(h.ids[1], "fraud_scoring", term.Use, ""))
		if r := h.request(answered.ID); r.Outcome != request.Refused {
			t.Errorf("the outcome is %q", r.Outcome)
		}
		mails := visit(h.App, "GET", h.Mailbox.Path()+"mails.json", nil).Body.String()
		if !strings.Contains(mails, "goods of third parties are lost") {
			t.Error("the grounds were not told")
		}

		h.clk.Set(silent.SafeDue - 1)
		h.later(0)
		if h.request(silent.ID).State != request.Waiting {
			t.Error("the objection ended before its red line")
		}
		h.clk.Set(silent.SafeDue)
		h.later(2 * time.Hour)
		if r := h.request(silent.ID); r.State != request.Done || r.Outcome != request.Upheld {
			t.Errorf("at the red line the objection is %s %s", r.State, r.Outcome)
		}
		h.denies("scoring after the red line", h.ask(h.ids[0], "fraud_scoring", term.Use, ""), errs.Objected)
		if _, err := h.Desk.Object(ctx, request.NewRequest{Customer: h.ids[0], Purpose: "orders", Actor: term.ByCustomer}); !errs.Is(err, errs.Invalid) {
			t.Errorf("an objection to a contract: %v, want INVALID", err)
		}
	}, withFraud...)
}

// PRF-09: a report of death cancels a queued message in its transaction, and
// nothing but contract and duties goes on; corrected, standing follows from the
// facts again.
func TestPRF09_ADeathIsBelievedAtOnce(t *testing.T) {
	each(t, 1, func(t *testing.T, h *house) {
		c := h.ids[0]
		h.plan(c, "queued")
		r, err := h.Desk.ReportDeath(ctx, request.NewRequest{Customer: c, Via: "form", Actor: term.ByCustomer})
		h.must(err)
		if h.state(c, "queued") != message.Cancelled {
			t.Errorf("the queued message is %s", h.state(c, "queued"))
		}
		h.denies("the letter", h.ask(c, "letter", term.Serve, term.Email), errs.Restricted)
		h.denies("profiling", h.ask(c, "letter", term.Use, ""), errs.Restricted)
		h.denies("fraud scoring", h.ask(c, "fraud_scoring", term.Use, ""), errs.Restricted)
		h.allows("the order's mail", h.ask(c, "orders", term.Serve, term.Email))
		h.allows("claims", h.ask(c, "orders", term.Claims, ""))
		if got := h.request(r.ID); got.State != request.Waiting {
			t.Errorf("no human is asked: %s", got.State)
		}
		before := h.count("select count(*) from request")
		again, err := h.Desk.ReportDeath(ctx, request.NewRequest{Customer: c, Via: "staff", Actor: "staff:test"})
		if h.must(err); again.ID != r.ID || h.count("select count(*) from request") != before {
			t.Error("a second report opened a second request")
		}
		h.must(h.Desk.TakeBackDeath(ctx, r.ID, "staff:test"))
		h.allows("the letter after the correction", h.ask(c, "letter", term.Serve, term.Email))
	}, withFraud...)
}

// ACC-04: "not me", a hard bounce and three soft bounces within two weeks stop
// what is sent to an address; who is not the person has it taken from the
// profile, suppressed, and a case opened.
func TestACC04_WrongRecipientsAreNoticed(t *testing.T) {
	each(t, 4, func(t *testing.T, h *house) {
		me, bounced, soft := h.ids[0], h.ids[2], buys(t, h.App, "soft@post.example")
		h.write(func(tx *db.Tx) error {
			_, err := h.Gate.AddFact(tx, customer.Fact{Customer: soft, Kind: customer.Address, Channel: term.Email, Detail: customer.WithValue("confirmed"), Actor: term.ByCustomer})
			if err == nil {
				_, _, err = h.Gate.Record(tx, consent.Act{Customer: soft, Purpose: "letter", Channel: term.Email, Kind: consent.Given, Method: consent.ByPortal,
					ControlDefault: consent.Unset, Action: consent.Tick, Strength: consent.Documented, Actor: term.ByCustomer})
			}
			return err
		})
		h.plan(me, "queued")
		r, err := h.Desk.NotMine(ctx, request.NewRequest{Customer: me, Via: "link", Actor: term.ByCustomer}, term.Email)
		h.must(err)
		if h.state(me, "queued") != message.Cancelled {
			t.Errorf("the queued message is %s", h.state(me, "queued"))
		}
		if find(t, h.App, h.people[0].Email) != 0 || h.count("select count(*) from sealed_value where customer_id = $1 and field = 'email'", me) != 0 {
			t.Error("the address is still in the profile")
		}
		h.denies("the letter", h.ask(me, "letter", term.Serve, term.Email), errs.Suppressed)
		h.denies("an order's mail", h.ask(me, "orders", term.Serve, term.Email), errs.Suppressed)
		h.denies("the letter to whoever comes with the address", h.ask(buys(t, h.App, h.people[0].Email), "letter", term.Serve, term.Email), errs.Suppressed)
		if got := h.request(r.ID); got.Kind != request.Ownership || got.State != request.Waiting {
			t.Errorf("the case is %s %s", got.Kind, got.State)
		}

		sender, sink := h.relay()
		sink.Rcpt = func(to string) error {
			if strings.Contains(to, "soft@") {
				return messagetest.Reply(452, 4, 2, 2)
			}
			return messagetest.Reply(550, 5, 1, 1)
		}
		h.plan(bounced, "hard")
		_, err = sender.Drain(ctx)
		h.must(err)
		h.denies("the letter after a hard bounce", h.ask(bounced, "letter", term.Serve, term.Email), errs.Suppressed)
		for i := range 3 {
			if i > 0 {
				h.allows("the letter before the third soft bounce", h.ask(soft, "letter", term.Serve, term.Email))
				h.clk.Set(h.clk.Now().Add(4 * 24 * time.Hour))
			}
			h.plan(soft, string(rune('a'+i)))
			_, err := sender.Drain(ctx)
			h.must(err)
		}
		h.denies("the letter after the third soft bounce", h.ask(soft, "letter", term.Serve, term.Email), errs.FreqCap)
		h.allows("an order's mail then", h.ask(soft, "orders", term.Serve, term.Email))
	})
}

// matches counts who meets a condition for the letter, in memory and exactly.
func (h *house) matches(condition string) (n int64) {
	h.t.Helper()
	h.must(h.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := h.Charter.Current(tx)
		if err != nil {
			return err
		}
		cond, err := audience.For(c, "letter", condition)
		if err != nil {
			return err
		}
		traits, err := customer.TraitsOf(tx, c, h.ids)
		for _, values := range traits {
			p := audience.Person{Traits: map[term.Field]audience.Trait{}}
			for f, v := range values {
				if whole, ok := v.(int64); ok {
					p.Traits[f] = audience.Trait{Whole: whole}
				}
			}
			if cond.Eval(p, h.Clock.Now()) {
				n++
			}
		}
		return err
	}))
	return n
}

// PRF-05: an objection to advertising ends profiling for it without anything
// weighed: the score's row is gone, the segment counts one less, a new score is
// refused with E_OBJECTED, and what is not personal goes on.
func TestPRF05_AnObjectionEndsProfiling(t *testing.T) {
	each(t, 12, func(t *testing.T, h *house) {
		for i := range h.ids {
			h.tells("model", h.ids[i], nil, map[term.Field]any{"churn_score": int64(71)})
		}
		segment := func() int64 { return h.matches("churn_score > 50") }
		inTrait := func() int64 {
			return h.count("select count(*) from trait_value where field = 'churn_score'")
		}
		if segment() != 12 || inTrait() != 12 {
			t.Fatalf("%d scores, want 12", segment())
		}
		h.write(func(tx *db.Tx) error {
			_, _, err := h.Gate.StopAll(tx, h.ids[0], "halm", term.ByCustomer, "portal")
			return err
		})
		if segment() != 11 || inTrait() != 11 || h.count("select count(*) from trait_value where customer_id = $1 and field = 'churn_score'", h.ids[0]) != 0 {
			t.Errorf("%d scores after the objection, want 11", segment())
		}
		if d := h.ask(h.ids[0], "letter", term.Use, ""); d.Allowed() {
			t.Error("profiling goes on")
		}
		taken := h.tells("model", h.ids[0], nil, map[term.Field]any{"churn_score": int64(64), "roast": "dark"})
		if len(taken.Notes) != 1 || taken.Notes[0] != (gate.Note{Code: errs.Objected, Field: "churn_score"}) || segment() != 11 {
			t.Errorf("scoring again: %v, want E_OBJECTED", taken.Notes)
		}
		h.allows("the order's mail", h.ask(h.ids[0], "orders", term.Serve, term.Email))

		h.write(func(tx *db.Tx) error {
			_, err := h.Gate.AddFact(tx, customer.Fact{Customer: h.ids[1], Kind: customer.Objection, Detail: customer.WithValue(customer.On), Actor: term.ByCustomer})
			return err
		})
		h.denies("profiling after the bare fact of an objection", h.ask(h.ids[1], "letter", term.Use, ""), errs.Objected)
		if segment() != 10 {
			t.Error("the score outlives the objection")
		}
	}, withScore...)
}

// RGT-11: birth_year corrected from 1980 to 1990 stays 1990 when the nightly
// import says 1980, from a server and from a file, and a row in quarantine says
// so.
func TestRGT11_ACorrectionStays(t *testing.T) {
	each(t, 1, func(t *testing.T, h *house) {
		c := h.ids[0]
		h.tells("crm", c, nil, map[term.Field]any{"birth_year": int64(1980)})
		h.must(h.Gate.Correct(ctx, c, "birth_year", personal.Seal("1990"), customer.Provenance{Source: customer.Subject, Method: customer.Stated,
			At: h.Clock.Now(), Confidence: customer.Certain}))
		year := func() string {
			var out string
			h.must(h.DB.Write(ctx, func(tx *db.Tx) error {
				pass, d, err := h.Gate.Use(tx, gate.Request{Customer: c, Controller: "halm", Operation: term.Rights, Actor: term.ByCustomer})
				if err != nil || !d.Allowed() {
					return err
				}
				v, err := pass.Value(ctx, tx, "birth_year")
				out = v.Reveal()
				return err
			}))
			return out
		}
		if year() != "1990" {
			t.Fatalf("corrected to %s", year())
		}
		for night := range 3 {
			h.clk.Set(h.now.Add(24 * time.Hour * time.Duration(night+1)))
			taken := h.tells("crm", c, nil, map[term.Field]any{"birth_year": int64(1980)})
			if len(taken.Notes) != 1 || taken.Notes[0] != (gate.Note{Code: gate.NotePinned, Field: "birth_year"}) || year() != "1990" {
				t.Errorf("night %d: %v, %s", night, taken.Notes, year())
			}
		}
		identify(h, h.people[0].UserID, `{"birth_year": 1980}`)
		if year() != "1990" || h.count("select count(*) from quarantine where reason = 'pinned_by_subject' and field = 'birth_year'") != 1 {
			t.Errorf("after the server's word: %s, %d rows in quarantine", year(), h.count("select count(*) from quarantine"))
		}
		identify(h, h.people[0].UserID, `{"birth_year": 1990}`)
		if n := h.count("select count(*) from quarantine"); n != 1 {
			t.Errorf("the same value is in quarantine: %d rows", n)
		}
	}, withBirthYear...)
}
