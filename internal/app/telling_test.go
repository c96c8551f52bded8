package app

import (
	"strings"
	"testing"
	"time"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/mailbox"
	"candor/internal/message"
	"candor/internal/telling"
	"candor/internal/term"
)

// Who must be told is counted first, and nothing is sent. Then each of them gets
// one mail in their language, and their data may be used once the relay has
// taken it; whoever has no address that takes mail stays untold.
func TestPeopleAreToldWhatTheyMustBeTold(t *testing.T) {
	each(t, 12, func(t *testing.T, h *house) {
		shares := func(c id.Customer) bool { return h.shares(c, "orders", "insurer").Allowed() }
		h.clk.Set(h.clk.Now().Add(time.Hour))
		_, err := h.ApplyCharter(ctx, edited(t, "recipients:  ",
			"recipients:\n  insurer: {name: Insura AG, what: {en: insures parcels, de: versichert Pakete}, role: processor, country: DE, gets: {orders: [name]}}\n# "), term.ByEngine)
		h.must(err)
		h.later(time.Minute)
		var buyers []id.Customer
		for _, c := range h.ids {
			if h.ask(c, "orders", term.Use, "").Allowed() && h.shares(c, "orders", "insurer").Has(errs.NoNotice) {
				buyers = append(buyers, c)
			}
		}
		if len(buyers) < 3 {
			t.Fatalf("%d buyers, %v", len(buyers), h.shares(h.ids[0], "orders", "insurer").Reasons)
		}
		elsewhere, mute := buyers[0], buyers[1]
		h.write(func(tx *db.Tx) error {
			for _, f := range []customer.Fact{
				{Customer: elsewhere, Kind: customer.Indirect, Detail: map[string]string{"source": "Coffee Fair Berlin"}, Actor: term.ByEngine},
				{Customer: mute, Kind: customer.Address, Channel: term.Email, Detail: customer.WithValue("bounced"), Actor: term.ByEngine},
			} {
				if _, err := h.Gate.AddFact(tx, f); err != nil {
					return err
				}
			}
			return nil
		})

		_, err = h.Teller.Begin(ctx, false, "staff:test")
		h.must(err)
		if _, err := h.Teller.Begin(ctx, true, "staff:test"); !errs.Is(err, errs.Conflict) {
			t.Errorf("a second run beside the first: %v", err)
		}
		h.later(time.Minute)
		counted, err := h.Teller.Latest(ctx)
		h.must(err)
		if counted.EndedAt.IsZero() || counted.Owed < int64(len(buyers)) || counted.Mute < 1 || h.count("select count(*) from send where program = 'service'") != 0 {
			t.Fatalf("counted %+v, of %d buyers", counted, len(buyers))
		}
		if shares(elsewhere) {
			t.Error("counting has told somebody")
		}

		_, err = h.Teller.Begin(ctx, true, "staff:test")
		h.must(err)
		h.later(time.Minute)
		h.later(time.Minute)
		run, err := h.Teller.Latest(ctx)
		h.must(err)
		if run.Owed != counted.Owed || run.Taken != counted.Owed-counted.Mute || run.Waiting != 0 {
			t.Errorf("told %+v", run)
		}
		muted := func(c id.Customer) bool {
			return h.count("select count(*) from identity where customer_id = $1 and kind = 'email' and invalid_at > 0", c) > 0
		}
		for _, c := range buyers {
			if untold := h.shares(c, "orders", "insurer").Has(errs.NoNotice); untold != muted(c) {
				t.Errorf("after the run: untold %v, no address %v", untold, muted(c))
			}
		}
		if h.ask(elsewhere, "letter", term.Serve, term.Email).Has(errs.NoNotice) {
			t.Error("whose data came from elsewhere was told, and is still kept from use")
		}
		h.counts()
		_, err = h.Teller.Begin(ctx, true, "staff:test")
		h.must(err)
		h.later(time.Minute)
		if again, err := h.Teller.Latest(ctx); err != nil || again.Owed != counted.Mute || again.Mute != counted.Mute || again.Taken != 0 {
			t.Errorf("a second run: %+v %v", again, err)
		}
		letters, err := h.Mailbox.Of(ctx, elsewhere)
		h.must(err)
		if len(letters) != 1 || !strings.Contains(letters[0].Text, "Coffee Fair Berlin") || !strings.Contains(letters[0].Text, "/notice/2") {
			t.Errorf("%d mails: %+v", len(letters), letters)
		}
		h.comesBack(elsewhere, letters[0], func() bool { return shares(elsewhere) })
	})
}

// counts runs a count to its end.
func (h *house) counts() telling.Run {
	h.t.Helper()
	_, err := h.Teller.Begin(ctx, false, "staff:test")
	h.must(err)
	h.later(time.Minute)
	run, err := h.Teller.Latest(ctx)
	h.must(err)
	return run
}

// comesBack shows that a mail that comes back has told nobody: the person's data
// are out of use again until the same is told them anew.
func (h *house) comesBack(who id.Customer, letter mailbox.Letter, shares func() bool) {
	h.t.Helper()
	if !shares() {
		h.t.Error("told, and not used")
	}
	before := h.counts()
	var number string
	for _, head := range letter.Headers {
		if strings.EqualFold(head.Name, "Message-ID") {
			number = head.Value
		}
	}
	h.must(h.Sender.Report(ctx, message.Report{MessageID: number, Fate: message.CameBack, Code: 554, Status: [3]int{5, 7, 1}, Source: "dsn"}))
	if shares() {
		h.t.Error("the mail came back, and the data are used as if it had told")
	}
	if after := h.counts(); after.Owed != before.Owed+1 || after.Mute != before.Mute {
		h.t.Errorf("counted %+v, before %+v", after, before)
	}
	_, err := h.Teller.Begin(ctx, true, "staff:test")
	h.must(err)
	h.later(time.Minute)
	h.later(time.Minute)
	if letters, err := h.Mailbox.Of(ctx, who); err != nil || len(letters) != 2 || !shares() {
		h.t.Errorf("told anew by %d mails, used %v, %v", len(letters), shares(), err)
	}
	if n := h.count("select count(*) from ledger_entry where kind = '" + string(telling.KindRun) + "'"); n < 10 {
		h.t.Errorf("%d steps of runs are on record", n)
	}
}
