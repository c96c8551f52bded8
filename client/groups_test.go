package client_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"candor/client"
	"candor/internal/charter/sample"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/ledger/receipt"
)

func TestDecideCheckUseAndBatch(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		who := s.people(t, 3)
		c := s.admin(t)
		ask := func(customer, mode string) client.Question {
			return client.Question{Customer: customer, Purpose: "letter", Operation: "use", Mode: mode}
		}
		before := s.uses(t, who[0])
		list, err := c.DecideMany(ctx, []client.Question{ask(who[0], ""), ask(who[1], ""), ask(who[0], "check")})
		if err != nil || len(list) != 3 || list[0].Outcome != "ALLOW" || list[1].Outcome != "DENY" || list[2].Outcome != "ALLOW" {
			t.Fatalf("%+v, %v", list, err)
		}
		if len(list[1].Reasons) == 0 || list[1].Reasons[0].Code != "E_NO_CONSENT" || list[1].Reasons[0].Requirement == "" || list[1].Reasons[0].Text == "" {
			t.Errorf("reasons: %+v", list[1].Reasons)
		}
		if n := s.uses(t, who[0]); n != before {
			t.Errorf("checking wrote %d uses", n-before)
		}
		if d, err := c.Decide(ctx, ask(who[0], "use")); err != nil || d.Outcome != "ALLOW" {
			t.Errorf("%+v, %v", d, err)
		}
		if n := s.uses(t, who[0]); n != before+1 {
			t.Errorf("a use wrote %d uses", n-before)
		}
		if may, err := c.MayAsk(ctx, client.Ask{Customer: who[0], Purpose: "letter", Channel: "email"}); err != nil || may.May || len(may.Reasons) != 1 || may.Reasons[0].Code != "agreed_already" {
			t.Errorf("may ask: %+v, %v", may, err)
		}
		_, err = c.Decide(ctx, client.Question{Customer: who[0], Purpose: "letter", Operation: "use", Mode: "maybe"})
		code(t, "an unknown mode", err, "invalid_request")
		_, err = c.DecideMany(ctx, nil)
		code(t, "no question", err, "invalid_request")
		_, err = s.as(t, "read", "write", "send", "admin", "reasons").Decide(ctx, ask(who[0], ""))
		code(t, "without the scope decide", err, "missing_scope")
	})
}

// uses counts the uses on a customer's record.
func (s server) uses(t *testing.T, customer string) (n int) {
	t.Helper()
	who, err := id.Parse[id.Customer](customer)
	if err != nil {
		t.Fatal(err)
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list, err := s.Gate.Uses(tx, who, 1000)
		n = len(list)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCustomersAreBroughtReadAndCorrected(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		c := s.admin(t)
		in := ada
		in.Fields = map[string]any{"email": "ada@example.org", "name": "Ada Lovelace", "address": "1 Main St", "country": "DE", "shoe": 38}
		taken, err := c.PutCustomer(ctx, in)
		if err != nil || len(taken.Notes) != 1 || taken.Notes[0].Field != "" {
			t.Fatalf("%+v, %v; want one note that names no undeclared field", taken, err)
		}
		_, err = c.PutEvents(ctx, in.Provenance, []client.Event{{Identity: in.Identities[0], Name: "Order Completed", MessageID: "o-1",
			Properties: map[string]any{"order_id": "1", "value": "12.50", "currency": "EUR", "family": "coffee"}}})
		if err != nil {
			t.Fatal(err)
		}
		found, err := c.Find(ctx, client.Identity{Kind: "email", Value: "ADA@example.org"})
		if err != nil || !slices.Equal(found, []string{taken.Customer}) {
			t.Errorf("found %v, %v", found, err)
		}
		v, err := c.Values(ctx, taken.Customer, "orders", "name", "country")
		if err != nil || v["name"] != "Ada Lovelace" || v["country"] != "DE" || len(v) != 2 {
			t.Errorf("read for orders: %v, %v", v, err)
		}
		_, err = c.Values(ctx, taken.Customer, "letter")
		code(t, "read for the letter", err, "E_NO_CONSENT")
		if err := c.Correct(ctx, taken.Customer, "name", "Ada King"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.PutCustomer(ctx, in); err != nil {
			t.Fatal(err)
		}
		if v, err := c.Values(ctx, taken.Customer, "orders", "name"); err != nil || v["name"] != "Ada King" {
			t.Errorf("after a correction the shop's older value is believed: %v, %v", v, err)
		}
		code(t, "an undeclared field", c.Correct(ctx, taken.Customer, "shoe", "38"), "E_FIELD_NOT_ALLOWED")
		code(t, "nobody", c.Correct(ctx, "cus_0000000000001", "name", "x"), "no_such_customer")
		code(t, "without the scope write", s.as(t, "read").Correct(ctx, taken.Customer, "name", "x"), "missing_scope")
		st, err := c.Standing(ctx, taken.Customer)
		if err != nil || !slices.ContainsFunc(st, func(s client.Standing) bool { return s.Purpose == "orders" && slices.Contains(s.Operations, "serve") }) {
			t.Errorf("standing %+v, %v", st, err)
		}
		if strings.Contains(s.logs.String(), "ada@") || strings.Contains(s.logs.String(), "Lovelace") {
			t.Error("the log holds personal data")
		}
	})
}

func TestListsArePagedByCursor(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		c := s.admin(t)
		want := map[string]bool{}
		for _, n := range []string{"1", "2", "3", "4", "5"} {
			in := client.Customer{Identities: []client.Identity{{Kind: "user", Namespace: "shop", Value: n}}, Provenance: client.Provenance{Source: "crm"}}
			taken, err := c.PutCustomer(ctx, in)
			if err != nil {
				t.Fatal(err)
			}
			want[taken.Customer] = true
		}
		cursor, pages := "", 0
		for {
			p, err := c.Customers(ctx, cursor, 2)
			if err != nil || pages > 5 {
				t.Fatal(pages, err)
			}
			for _, id := range p.Customers {
				if !want[id] {
					t.Errorf("%s is listed twice or is nobody", id)
				}
				delete(want, id)
			}
			pages++
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if len(want) > 0 || pages != 3 {
			t.Errorf("%d customers are not listed, %d pages", len(want), pages)
		}
		first, err := c.Customers(ctx, "", 2)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Entries(ctx, "", first.Next, 2)
		code(t, "a cursor of another list", err, "bad_cursor")
		_, err = c.Customers(ctx, first.Next[1:], 2)
		code(t, "a cursor with a letter less", err, "bad_cursor")
		_, err = c.Customers(ctx, "", 1001)
		code(t, "a page too large", err, "invalid_request")
	})
}

func TestEventsAreTakenOneByOne(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		c := s.admin(t)
		who := client.Identity{Kind: "user", Namespace: "shop", Value: "7"}
		order := client.Event{Identity: who, Name: "Order Completed", MessageID: "o-7", OccurredAt: time.Now().Add(-time.Hour),
			Properties: map[string]any{"order_id": "7", "value": "20.00", "currency": "EUR", "family": "coffee"}}
		list, err := c.PutEvents(ctx, client.Provenance{Source: "shop"}, []client.Event{order, {Identity: who, Name: "Blood Drawn"}, order,
			{Identity: client.Identity{Kind: "user", Namespace: "shop", Value: "undefined"}, Name: "Order Completed"}})
		if err != nil || len(list) != 4 {
			t.Fatalf("%+v, %v", list, err)
		}
		if !list[0].Stored || list[1].Code != "undeclared" || list[2].Stored || !list[2].Duplicate || list[3].Code == "" {
			t.Errorf("%+v", list)
		}
		got, err := c.Events(ctx, list[0].Customer, "orders", 10)
		if err != nil || len(got) != 1 || got[0].Name != "Order Completed" || got[0].Properties["order_id"] != "7" || got[0].Currency != "EUR" {
			t.Errorf("%+v, %v", got, err)
		}
		_, err = c.Events(ctx, list[0].Customer, "letter", 10)
		var denied *client.Error
		if !asError(err, &denied) || denied.Status != 403 || len(denied.Reasons) == 0 {
			t.Errorf("read for a purpose that is not allowed: %v", err)
		}
	})
}

func TestConsentsStopsAndReceipts(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		who := s.people(t, 2)
		c := s.admin(t)
		list, err := c.Consents(ctx, who[0])
		if err != nil || len(list) != 2 || list[0].Kind != "requested" || list[1].Kind != "given" {
			t.Fatalf("%+v, %v", list, err)
		}
		if left, err := c.StopAll(ctx, who[0]); err != nil || len(left) != 0 {
			t.Errorf("%v, %v", left, err)
		}
		d, err := c.Decide(ctx, client.Question{Customer: who[0], Purpose: "letter", Operation: "serve", Channel: "email"})
		if err != nil || d.Outcome != "DENY" {
			t.Errorf("after stopping: %+v, %v", d, err)
		}
		_, err = c.RecordConsent(ctx, who[0], client.Consent{Purpose: "letter", Channel: "email", Kind: "expired"})
		code(t, "a kind that only the engine writes", err, "invalid_request")
		_, err = c.Receipt(ctx, who[1], list[0].ID)
		code(t, "another customer's record", err, "no_such_record")
		for field, in := range map[string]client.Signals{"bad_tcf": {TCF: "COxR03k"}, "bad_gpp": {GPP: "DBABBg~BV"}} {
			_, err = c.Heed(ctx, who[1], in)
			code(t, "a broken string", err, field)
		}
		if _, err := c.Heed(ctx, who[1], client.Signals{GPP: "DBABVg~BVVVVVVg"}); err != nil {
			t.Error(err)
		}
		d, err = c.Decide(ctx, client.Question{Customer: who[1], Purpose: "letter", Operation: "use"})
		if err != nil || d.Outcome != "DENY" || !slices.ContainsFunc(d.Reasons, func(r client.Reason) bool { return r.Code == "E_OBJECTED" }) {
			t.Errorf("after an opt-out in a string: %+v, %v", d, err)
		}
		_, err = s.as(t, "read").StopAll(ctx, who[0])
		code(t, "without the scope write", err, "missing_scope")
	})
}

func TestAudiencesArePreviewedAndExplained(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		who := s.people(t, 40)
		c := s.admin(t)
		const bought = `count("Order Completed") >= 1`
		f, err := c.Preview(ctx, client.AudienceQuestion{Purpose: "letter", Channel: "email", Condition: bought})
		if err != nil || !f.Match.About || f.Match.N != 40 || f.Words == "" || len(f.Excluded) == 0 || len(f.Sample) != 0 {
			t.Errorf("%+v, %v; want rounded counts and no sample", f, err)
		}
		x, err := c.Explain(ctx, who[0], "letter", bought+` && country == "XX"`)
		if err != nil || x.Meets || len(x.Clause.Parts) != 2 || !x.Clause.Parts[0].True || x.Clause.Parts[1].True {
			t.Errorf("%+v, %v", x, err)
		}
		_, err = c.Explain(ctx, who[1], "letter", bought)
		code(t, "someone who agreed to nothing", err, "E_NO_CONSENT")
		_, err = c.Explain(ctx, who[0], "letter", `name == "Ada"`)
		if client.CodeOf(err) == "" || client.CodeOf(err) == "internal" {
			t.Errorf("a field that the purpose does not list: %v", err)
		}
		_, err = c.Preview(ctx, client.AudienceQuestion{Purpose: "nothing", Channel: "email", Condition: "true"})
		code(t, "an unknown purpose", err, "E_NO_BASIS")
	})
}

var letter = client.Draft{Name: "New beans", Purpose: "letter", Channel: "email", Audience: `count("Order Completed") >= 1`,
	Content: client.Content{Class: "marketing", Texts: map[string]client.Text{
		"en": {Subject: "New beans", HTML: "<p>New beans are in.</p>"}, "de": {Subject: "Neue Bohnen", HTML: "<p>Neue Bohnen sind da.</p>"}}}}

func TestACampaignFromDraftToResults(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		s.people(t, 40)
		c := s.admin(t)
		bad := letter
		bad.Content.Texts = map[string]client.Text{"en": {Subject: "Last chance!!!", HTML: "<p>Only today</p>"}}
		made, err := c.CreateCampaign(ctx, bad)
		if err != nil || made.State != "draft" {
			t.Fatalf("%+v, %v", made, err)
		}
		checks, err := c.CheckCampaign(ctx, made.ID)
		if err != nil || !slices.ContainsFunc(checks, func(k client.Check) bool { return !k.OK && k.Fix != "" }) {
			t.Errorf("%+v, %v; want something to fix", checks, err)
		}
		if _, err := c.Launch(ctx, made.ID); client.CodeOf(err) == "" {
			t.Errorf("launched with failed checks: %v", err)
		}
		if _, err := c.EditCampaign(ctx, made.ID, letter); err != nil {
			t.Fatal(err)
		}
		reach, err := c.Reach(ctx, made.ID)
		if err != nil || reach.Match.N == 0 || reach.Reachable.Shown == "" {
			t.Errorf("%+v, %v", reach, err)
		}
		if got, err := c.Launch(ctx, made.ID); err != nil || got.State != "launched" {
			t.Fatalf("%+v, %v", got, err)
		}
		if got, err := c.Pause(ctx, made.ID); err != nil || got.State != "paused" {
			t.Errorf("%+v, %v", got, err)
		}
		_, err = c.EditCampaign(ctx, made.ID, letter)
		code(t, "editing what was approved", err, "campaign_state")
		if _, err := c.Resume(ctx, made.ID); err != nil {
			t.Error(err)
		}
		s.work(t)
		soon(t, "the campaign is done", func() bool {
			got, err := c.Campaign(ctx, made.ID)
			return err == nil && got.State == "done"
		})
		p, err := c.Progress(ctx, made.ID)
		if err != nil || p.Planned == 0 || p.Accepted != p.Planned {
			t.Errorf("%+v, %v", p, err)
		}
		other, err := c.CreateCampaign(ctx, letter)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Cancel(ctx, other.ID); err != nil || got.State != "cancelled" {
			t.Errorf("%+v, %v", got, err)
		}
		list, err := c.Campaigns(ctx, "", 1)
		if err != nil || len(list.Campaigns) != 1 || list.Campaigns[0].ID != other.ID || list.Next == "" {
			t.Errorf("%+v, %v", list, err)
		}
		_, err = s.as(t, "read", "write", "admin").CreateCampaign(ctx, letter)
		code(t, "without the scope send", err, "missing_scope")
	})
}

func TestAnErasureFromRequestToCertificate(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		who := s.people(t, 2)
		c := s.admin(t)
		if b, err := c.Copy(ctx, who[0]); err != nil || !strings.Contains(string(b), "@post.example") {
			t.Errorf("the person's copy: %.80s, %v", b, err)
		}
		r, err := c.Erase(ctx, who[0], "letter of 3 March")
		if err != nil || r.Kind != "erasure" || r.LegalDue.IsZero() {
			t.Fatalf("%+v, %v", r, err)
		}
		_, err = c.Certificate(ctx, r.ID)
		if client.CodeOf(err) == "" {
			t.Errorf("a certificate before the work: %v", err)
		}
		if p, err := c.Requests(ctx, "working", ""); err != nil || len(p.Requests) != 1 || p.Requests[0].ID != r.ID {
			t.Errorf("%+v, %v", p, err)
		}
		s.work(t)
		soon(t, "the erasure is done", func() bool {
			got, _, err := c.Request(ctx, r.ID)
			return err == nil && got.State == "done"
		})
		_, steps, err := c.Request(ctx, r.ID)
		if err != nil || len(steps) == 0 || slices.ContainsFunc(steps, func(s client.RequestStep) bool { return s.DoneAt.IsZero() }) {
			t.Errorf("%+v, %v", steps, err)
		}
		if b, err := c.Certificate(ctx, r.ID); err != nil || strings.Contains(string(b), who[0]) {
			t.Errorf("%s, %v", b, err)
		}
		_, err = c.Standing(ctx, who[0])
		code(t, "after the erasure", err, "no_such_customer")
		_, err = s.as(t, "read", "write", "send").Erase(ctx, who[1], "letter of 3 March")
		code(t, "without the scope admin", err, "missing_scope")
	})
}

func TestACharterIsAppliedAndShown(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		c := s.admin(t)
		promise, house := sample.Halm().Documents()
		docs := client.CharterDocuments{Promise: string(promise), House: string(house)}
		if a, err := c.ApplyCharter(ctx, docs); err != nil || !a.Unchanged || a.Version != 1 {
			t.Errorf("the same again: %+v, %v", a, err)
		}
		docs.Promise = strings.Replace(docs.Promise, "keep: 24 months after last contact", "keep: 36 months after last contact", 1)
		docs.DryRun = true
		a, err := c.ApplyCharter(ctx, docs)
		if err != nil || !a.DryRun || a.Version != 2 || len(a.Widened) != 1 || a.Widened[0].Purpose != "letter" || a.Widened[0].Widenings[0].Kind != "retention" {
			t.Fatalf("%+v, %v", a, err)
		}
		if got, err := c.Charter(ctx); err != nil || got.Version != 1 {
			t.Errorf("a dry run changed the charter: %+v, %v", got.Version, err)
		}
		diff, err := c.DiffCharter(ctx, docs)
		if err != nil || diff.From != 1 || len(diff.Changes) != 1 || !diff.Changes[0].Widens || diff.Changes[0].Kind != "retention" ||
			diff.Changes[0].Words["de"] == "" || len(diff.Changes[0].Follows) != 2 || diff.Changes[0].Agreed > diff.Changes[0].Customers {
			t.Errorf("the difference: %+v, %v", diff, err)
		}
		docs.DryRun = false
		if _, err := c.ApplyCharter(ctx, docs); client.CodeOf(err) != "E_DUAL_CONTROL" {
			t.Errorf("kept longer by one person: %v", err)
		}
		docs.Promise = strings.Replace(docs.Promise, "keep: 36 months after last contact", "keep: 18 months after last contact", 1)
		if a, err = c.ApplyCharter(ctx, docs); err != nil || !a.InForce || a.Version != 2 {
			t.Fatalf("%+v, %v", a, err)
		}
		got, err := c.Charter(ctx)
		if err != nil || got.Version != 2 || got.Promise != docs.Promise || got.Controller != "halm" || len(got.Purposes) == 0 {
			t.Errorf("in force: %+v, %v", got.Version, err)
		}
		if old, err := c.CharterVersion(ctx, 1); err != nil || old.Promise != string(promise) {
			t.Errorf("version 1: %+v, %v", old.Version, err)
		}
		if list, err := c.CharterVersions(ctx); err != nil || len(list) != 2 || list[0].Version != 2 || list[1].InForce.IsZero() {
			t.Errorf("%+v, %v", list, err)
		}
		if between, err := c.DiffVersions(ctx, 1, 2); err != nil || len(between.Changes) != 1 || between.Changes[0].Widens {
			t.Errorf("on to version 2: %+v, %v", between, err)
		}
		_, err = c.CharterVersion(ctx, 9)
		code(t, "a version that is not", err, "no_version")
		docs.Promise = "candor: 1\nbusiness: {}\n"
		_, err = c.ApplyCharter(ctx, docs)
		var e *client.Error
		if code(t, "a broken charter", err, "charter_invalid"); asError(err, &e) && (len(e.Mistakes) == 0 || !strings.HasPrefix(e.Mistakes[0].At, "charter.yaml:")) {
			t.Errorf("mistakes: %+v", e.Mistakes)
		}
		_, err = s.as(t, "read", "write", "send").ApplyCharter(ctx, docs)
		code(t, "without the scope admin", err, "missing_scope")
	})
}

func TestSourcesAndTokensAreLookedAfter(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		c := s.admin(t)
		made, key, err := c.MakeSource(ctx, client.Source{Name: "shop", Class: "server", Namespace: "shop"})
		if err != nil || !strings.HasPrefix(key, "server_live_") || made.NoticeVersion != 1 {
			t.Fatalf("%+v, %q, %v", made, key, err)
		}
		event := `{"userId":"1","event":"Order Completed","messageId":"m1","properties":{"order_id":"1","value":9,"currency":"EUR","family":"coffee"},"writeKey":"` + key + `"}`
		if status, answer := s.post(t, "", "/v1/track", "application/json", event); status != 200 {
			t.Errorf("with the new key: %d %s", status, answer)
		}
		_, _, err = c.MakeSource(ctx, client.Source{Name: "site", Class: "public"})
		code(t, "a public key without origins", err, "source_origins")
		_, _, err = c.MakeSource(ctx, client.Source{Name: "site", Class: "server", NoticeVersion: 7})
		code(t, "a notice that is not", err, "no_version")
		code(t, "binding a notice that is not", c.BindNotice(ctx, made.ID, 7), "no_version")
		if err := c.BindNotice(ctx, made.ID, 1); err != nil {
			t.Error(err)
		}
		if err := c.RevokeSource(ctx, made.ID); err != nil {
			t.Fatal(err)
		}
		if status, _ := s.post(t, "", "/v1/track", "application/json", strings.Replace(event, "m1", "m2", 1)); status != 403 {
			t.Errorf("with the revoked key: %d", status)
		}
		code(t, "revoking twice", c.RevokeSource(ctx, made.ID), "no_such_source")
		list, err := c.Sources(ctx)
		if err != nil || len(list) != 1 || list[0].RevokedAt.IsZero() {
			t.Errorf("%+v, %v", list, err)
		}
		if tokens, err := c.Tokens(ctx); err != nil || len(tokens) != 1 || tokens[0].UsedAt.IsZero() {
			t.Errorf("%+v, %v", tokens, err)
		}
		_, err = s.as(t, "read").Sources(ctx)
		code(t, "without the scope admin", err, "missing_scope")
	})
}

func TestAnExpiredTokenOpensNothing(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		c := s.as(t, "read")
		if _, err := c.Ledger(ctx); err != nil {
			t.Fatal(err)
		}
		s.clk.Set(s.Clock.Now().Add(24*time.Hour + time.Second))
		_, err := c.Ledger(ctx)
		code(t, "a day later", err, "bad_token")
	})
}

func TestTheLedgerIsReadAndProven(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		s.people(t, 3)
		c := s.admin(t)
		p, err := c.Entries(ctx, "consent.record", "", 2)
		if err != nil || len(p.Entries) != 2 || p.Next == "" {
			t.Fatalf("%+v, %v", p, err)
		}
		one, err := c.Entry(ctx, p.Entries[0].ID)
		if err != nil || one.Kind != "consent.record" || len(one.Content) == 0 {
			t.Errorf("%+v, %v", one, err)
		}
		if _, err := s.Ledger.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		proof, err := c.Proof(ctx, one.ID)
		if err != nil {
			t.Fatal(err)
		}
		head, err := c.Ledger(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := receipt.Verify(proof, head.Key, head.Origin); err != nil {
			t.Errorf("the proof does not verify: %v", err)
		}
		_, err = c.Entry(ctx, "led_zzz")
		code(t, "no entry", err, "no_such_entry")
		_, err = s.as(t, "decide", "write").Ledger(ctx)
		code(t, "without the scope read", err, "missing_scope")
	})
}
