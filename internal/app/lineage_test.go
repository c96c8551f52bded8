package app

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"candor/internal/audience"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/request"
	"candor/internal/sharing"
	"candor/internal/term"
)

// MIN-07: an erasure reaches what was made from a person's data — the index in
// memory, stages, a list that was given out — and each is in the lineage. Of two
// reports that differ by one person the second is not given, to nobody: also not
// to a colleague of who saw the first.
func TestMIN07_DeletionReachesWhatWasDerived(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		var list []id.Customer
		for i := range 31 {
			c := h.reader(fmt.Sprintf("reader%d@post.example", i))
			roast := "dark"
			if i == 30 {
				roast = "light"
			}
			h.tells("shop", c, nil, map[term.Field]any{"roast": roast})
			list = append(list, c)
		}
		gone := list[0]
		h.write(func(tx *db.Tx) error {
			_, _, err := h.Sharing.Register(tx, sharing.Recipient{Name: "relay", Kind: sharing.Manual, Owner: "support"}, term.ByEngine)
			return err
		})
		_, err := h.Sharing.Write(ctx, io.Discard, sharing.List{Recipient: "relay", Purpose: "letter", Actor: "staff:test"})
		h.must(err)
		h.must(h.Audience.FindStages(ctx))

		count := func(condition string, actor term.Actor, personal bool) (audience.Funnel, error) {
			_, err := h.Ledger.Sequence(ctx) // numbers the change log that the index follows
			h.must(err)
			h.must(h.Index.Sync(ctx))
			return h.Audience.Preview(ctx, audience.Question{Purpose: "letter", Channel: term.Email, Condition: condition, Actor: actor, Personal: personal})
		}
		exactly := func(condition string, want int64) {
			h.t.Helper()
			if f, err := count(condition, "staff:dpo", true); err != nil || f.Match.N != want {
				t.Errorf("%s: %d, %v, want %d", condition, f.Match.N, err, want)
			}
		}
		exactly(`roast == "dark"`, 30)
		rows := func(table string) int64 {
			return h.count("select count(*) from "+table+" where customer_id = $1", gone)
		}
		if rows("stage_member") == 0 || rows("trait_value") == 0 {
			t.Fatal("nothing was derived")
		}

		if f, err := count(`roast == "dark"`, "staff:ann", false); err != nil || f.Match.Shown != "about 30" {
			t.Fatalf("the first report: %+v, %v", f.Match, err)
		}
		for _, who := range []term.Actor{"staff:ann", "staff:ben"} {
			if f, err := count(`has(roast)`, who, false); errs.CodeOf(err) != audience.CodeTooSimilar || f.Match.N != 0 {
				t.Errorf("a report that differs by one person, for %s: %+v, %v", who, f.Match, err)
			}
		}

		_, err = h.Desk.Erase(ctx, request.NewErasure{Customer: gone, Via: "test", Actor: term.ByCustomer})
		h.must(err)
		h.later(time.Minute)
		exactly(`roast == "dark"`, 29)
		for _, table := range []string{"stage_member", "trait_value", "trait", "event", "sealed_value"} {
			if n := rows(table); n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
		if n := h.count("select count(*) from erasure_notice where recipient = 'relay'"); n == 0 {
			t.Error("who holds the list is not told")
		}
		if f, err := count(`roast == "dark"`, "staff:ann", false); err != nil || f.Match.Shown != "about 30" {
			t.Errorf("the same report after one person left tells of them: %+v, %v", f.Match, err)
		}

		h.must(h.DB.Read(ctx, func(tx *db.Tx) error {
			for name, want := range map[string][]audience.DerivativeKind{
				"address": {audience.DerivedField, audience.PersonalisedBy, audience.AtRecipient}, "roast": {audience.InIndex, audience.InCounts},
				"Order Completed": {audience.InIndex, audience.OfStage, audience.InCounts}, "email": {audience.PersonalisedBy, audience.AtRecipient},
			} {
				made, err := h.Audience.Lineage(tx, name)
				h.must(err)
				for _, kind := range want {
					if !slices.ContainsFunc(made, func(d audience.Derivative) bool { return d.Kind == kind && d.Goes != "" }) {
						t.Errorf("the lineage of %s lacks %s: %+v", name, kind, made)
					}
				}
			}
			_, err := h.Audience.Lineage(tx, "shoe_size")
			if !errs.Is(err, errs.NotFound) {
				t.Errorf("an unknown field: %v", err)
			}
			return nil
		}))
	})
}
