package app

import (
	"strings"
	"testing"

	"candor/internal/campaign"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/job"
	"candor/internal/message"
	"candor/internal/personal"
	"candor/internal/term"
)

// A draft is tried on staff alone: marked, for an invented reader, in nobody's
// records and not without bound. Looked at for people of the audience, what
// identifies them is masked and each of them finds the look among the uses of
// their data. The log of deliveries finds a message by its Message-ID.
func TestADraftIsTriedOnStaffAndLookedAtMasked(t *testing.T) {
	each(t, 8, func(t *testing.T, h *house) {
		sender, sink := h.relay()
		book := campaign.New(campaign.Config{DB: h.DB, Ring: h.Ring, Gate: h.Gate, Charter: h.Charter, Ledger: h.Ledger, Jobs: job.NewQueue(h.DB, h.Clock),
			Audience: h.Audience, Sender: sender, Clock: h.Clock, Log: h.Log})
		text := message.Text{Subject: "New beans", HTML: "<p>Dear {{ name | default: 'reader' }}, new beans have come in.</p>"}
		c, err := book.Create(ctx, campaign.Change{Name: "Beans", Purpose: "letter", Channel: term.Email,
			Content: message.Content{Class: message.Marketing, Texts: map[term.Lang]message.Text{"en": text, "de": text}}}, "staff:test")
		h.must(err)
		trial := message.Trial{Lang: "en", To: personal.Seal("lead@halm.example"), By: "staff:test"}
		for range 20 {
			h.must(book.Try(ctx, c.ID, trial, true))
		}
		if err := book.Try(ctx, c.ID, trial, true); !errs.Is(err, errs.Limited) {
			t.Errorf("the 21st trial within an hour: %v", err)
		}
		mails := sink.Mails()
		if len(mails) != 20 || mails[0].To != "lead@halm.example" || h.count("select count(*) from send where program = 'campaign'") != 0 {
			t.Fatalf("%d trials", len(mails))
		}
		raw := string(mails[0].Raw)
		if !strings.Contains(raw, "Subject: [Trial] New beans") || !strings.Contains(raw, "Sample Reader") || strings.Contains(raw, "List-Unsubscribe") || strings.Contains(raw, "/u/") {
			t.Errorf("the trial is\n%s", raw)
		}

		uses := h.count("select count(*) from data_use where actor = 'staff:test'")
		list, err := book.Sample(ctx, c.ID, "en", "staff:test")
		h.must(err)
		if len(list) == 0 || len(list) > campaign.MostSampled {
			t.Fatalf("%d people were shown", len(list))
		}
		for _, p := range list {
			for _, who := range h.people {
				if strings.Contains(p.Text, who.First+" "+who.Last) {
					t.Errorf("a name is not masked: %s", p.Text)
				}
			}
		}
		if now := h.count("select count(*) from data_use where actor = 'staff:test'"); now-uses < int64(len(list)) {
			t.Errorf("%d uses are on record for %d people", now-uses, len(list))
		}

		readers := h.readers()
		left := h.sent("log", readers[0], readers[1])
		h.must(h.DB.Read(ctx, func(tx *db.Tx) error {
			got, err := message.Lookup(tx, h.Ring, messageIDOf(t, left[readers[0]]))
			if err != nil || got.Send.Customer != readers[0] || got.Send.State != message.Accepted {
				t.Errorf("%+v %v", got, err)
			}
			first, err := message.Deliveries(tx, h.Ring, message.Log{State: message.Accepted, Limit: 1})
			if err != nil || len(first) != 1 {
				t.Fatalf("%d messages, %v", len(first), err)
			}
			second, err := message.Deliveries(tx, h.Ring, message.Log{Limit: 1, After: first[0].Place})
			if err != nil || len(second) != 1 || second[0].MessageID == first[0].MessageID {
				t.Errorf("the second page: %+v %v", second, err)
			}
			return nil
		}))
	}, "      email: to send it", "      email: to send it\n      name: to greet you")
}
