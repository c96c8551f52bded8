package intake

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/message/messagetest"
	"candor/internal/term"
)

const withEvidence = people + `
times: YYYY-MM-DD
consents:
  - purpose: letter
    channel: email
    column: news
    at: at
    words: text
    form: form
    lang: lang
    method: how
    given: to
    proof: proof
    forms: {Footer: signup}
`

const evidenceHead = "id,mail,land,news,at,text,form,lang,how,to,proof\n"

// recordsOf gives what is on record of a customer of the file.
func (h *house) recordsOf(user string) []consent.Record {
	h.t.Helper()
	found := h.find(customer.UserID("crm", user))
	if len(found) != 1 {
		h.t.Fatalf("%d customers are %s", len(found), user)
	}
	var out []consent.Record
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) (err error) {
		out, err = consent.Of(tx, found[0])
		return err
	}))
	return out
}

// Each way in which evidence may be wrong has its reason, and the row is taken
// all the same.
func TestEvidenceIsChecked(t *testing.T) {
	const us = "Halm Coffee Roasters"
	cases := []struct {
		name, row string
		want      errs.Code
		strength  consent.Strength
		ask       term.Ask
	}{
		{"own words", "yes,2026-01-02,Send me the letter,,,form," + us + ",", "", consent.Attested, ""},
		{"own words, by their hash", "yes,2026-01-02," + strings.Repeat("ab", 32) + ",,,paper," + us + ",", "", consent.Attested, ""},
		{"proof on file", "yes,2026-01-02,Send me the letter,,,sign," + us + ",Folder 12 page 3", "", consent.Documented, ""},
		{"an ask by its name", "yes,2026-01-02,,signup,de,form," + us + ",", "", consent.Attested, "signup"},
		{"an ask by its address", "yes,2026-01-02,,https://halm.example/letter,en,form,halm,2026-01-03", "", consent.Documented, "signup"},
		{"an ask by what its name stands for", "yes,2026-01-02,,Footer,,double opt-in,Halm Kaffee GmbH,2026-01-03", "", consent.Documented, "signup"},
		{"no time", "yes,,Send me the letter,,,form," + us + ",", NoTime, "", ""},
		{"a time that is none", "yes,in spring,Send me the letter,,,form," + us + ",", NoTime, "", ""},
		{"a time to come", "yes,2027-01-02,Send me the letter,,,form," + us + ",", FutureTime, "", ""},
		{"no words", "yes,2026-01-02,,,,form," + us + ",", NoWords, "", ""},
		{"an unknown form", "yes,2026-01-02,,fair,,form," + us + ",", UnknownForm, "", ""},
		{"a form of before the promise", "yes,2019-01-02,,signup,,form," + us + ",", UnknownForm, "", ""},
		{"no method", "yes,2026-01-02,Send me the letter,,,," + us + ",", NoMethod, "", ""},
		{"an unknown method", "yes,2026-01-02,Send me the letter,,,telepathy," + us + ",", BadMethod, "", ""},
		{"a box ticked beforehand", "yes,2026-01-02,Send me the letter,,,preticked," + us + ",", NotAffirmative, "", ""},
		{"silence", "yes,2026-01-02,Send me the letter,,,silence," + us + ",", NotAffirmative, "", ""},
		{"nobody is named", "yes,2026-01-02,Send me the letter,,,form,,", NoController, "", ""},
		{"somebody else is named", "yes,2026-01-02,Send me the letter,,,form,Somebody Else,", NotUs, "", ""},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		text := evidenceHead
		for i, c := range cases {
			text += fmt.Sprintf("%d,p%d@example.com,DE,%s\n", i+1, i+1, c.row)
		}
		r, failures := h.run(text, withEvidence, false)
		if r.OK != int64(len(cases)) || r.Permissions != 6 || r.NoPermission != int64(len(cases)-6) {
			t.Errorf("%+v\n%s", r, failures)
		}
		for i, c := range cases {
			want := ""
			if c.want != "" {
				want = fmt.Sprintf("%d,news,%s\n", i+2, c.want)
			}
			if !strings.Contains(failures, want) {
				t.Errorf("%s: not in the file of reasons: %s", c.name, want)
			}
			records := h.recordsOf(fmt.Sprint(i + 1))
			switch {
			case c.want == NotAffirmative && (len(records) != 1 || records[0].Counts()):
				t.Errorf("%s: %+v", c.name, records)
			case c.want != "" && c.want != NotAffirmative && len(records) != 0:
				t.Errorf("%s: %+v", c.name, records)
			case c.want == "" && (len(records) != 1 || !records[0].Counts() || records[0].Strength != c.strength || records[0].Ask != c.ask || len(records[0].NoticeHash) != 32):
				t.Errorf("%s: %+v", c.name, records)
			}
		}
	})
}

// An old file does not bring back what the person has taken back since, and
// does not tell anything twice.
func TestAnOldFileRevivesNothing(t *testing.T) {
	text := evidenceHead + "1,p1@example.com,DE,yes,2026-01-02,Send me the letter,,,form,halm,\n"
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.run(text, withEvidence, false)
		h.run(text, withEvidence, false)
		if got := h.recordsOf("1"); len(got) != 1 {
			t.Fatalf("%d records after the same file twice", len(got))
		}
		h.must(d.Write(context.Background(), func(tx *db.Tx) error {
			_, _, err := h.gate.StopAll(tx, h.find(customer.UserID("crm", "1"))[0], "halm", term.ByCustomer, "portal")
			return err
		}))
		r, failures := h.run(text, withEvidence, false)
		if r.Permissions != 0 || r.Without[Overtaken] != 1 {
			t.Errorf("%+v\n%s", r, failures)
		}
		for _, rec := range h.recordsOf("1")[1:] {
			if rec.Kind.Raises() {
				t.Errorf("revived by %+v", rec)
			}
		}
	})
}

// A purpose that asks for documented evidence does not rest on what is only
// attested.
func TestAPurposeSetsTheLeastEvidence(t *testing.T) {
	text := evidenceHead +
		"1,p1@example.com,DE,yes,2026-01-02,Send me the letter,,,form,halm,\n" +
		"2,p2@example.com,DE,yes,2026-01-02,Send me the letter,,,form,halm,2026-01-03\n"
	for _, strict := range []bool{false, true} {
		var edits []string
		if strict {
			edits = []string{"after a sale of coffee}   # may we write", "after a sale of coffee}\n    evidence: documented"}
		}
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			h := newHouse(t, d, edits...)
			h.run(text, withEvidence, false)
			if h.mayWrite("1") == strict || !h.mayWrite("2") {
				t.Errorf("documented asked for: %v; attested: %v, documented: %v", strict, h.mayWrite("1"), h.mayWrite("2"))
			}
		})
	}
}

func (h *house) mayWrite(user string) (yes bool) {
	h.t.Helper()
	c := h.find(customer.UserID("crm", user))[0]
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) error {
		got, err := h.gate.Decide(tx, gate.Request{Customer: c, Controller: "halm", Purpose: "letter", Operation: term.Serve, Channel: term.Email, Actor: "program:test"})
		yes = got.Allowed()
		return err
	}))
	return yes
}

func TestPurchasedListsCarryNoPermission(t *testing.T) {
	_, err := ParseMapping([]byte(withEvidence + "purchased: true\n"))
	if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "CON-14") {
		t.Errorf("got %v", err)
	}
	if _, err := ParseMapping([]byte(people + "purchased: true\n")); err != nil {
		t.Error(err)
	}
}

// Of 100 rows 40 have no evidence of the notice: 60 are given by import, 40 none,
// the report lists 40 reasons, and a send to all 100 reaches exactly 60.
func TestCON14_ImportedConsentCarriesItsEvidence(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := messagetest.NewWorld(t, d)
		im := New(Config{DB: d, Ring: w.Ring, Gate: w.Gate, Charter: w.Store, Clock: w.Clock})
		text := evidenceHead
		for i := range 100 {
			words := "Send me the letter"
			if i%5 < 2 {
				words = ""
			}
			text += fmt.Sprintf("%d,p%d@example.com,DE,yes,2026-05-02,%s,,,form,Halm Coffee Roasters,\n", i+1, i, words)
		}
		m, err := ParseMapping([]byte(withEvidence))
		w.Must(err)
		var reasons []RowError
		r, err := im.Import(context.Background(), bytes.NewReader([]byte(text)), Options{Mapping: m, Actor: "staff:test", Failed: func(e RowError) error { reasons = append(reasons, e); return nil }})
		w.Must(err)
		if r.OK != 100 || r.Permissions != 60 || r.NoPermission != 40 || len(reasons) != 40 || r.Without[NoWords] != 40 {
			t.Fatalf("%+v, %d reasons", r, len(reasons))
		}
		if n := w.Count("select count(*) from consent_record where kind = 'given' and method = 'import' and validity = 'valid'"); n != 60 {
			t.Errorf("%d consents are given", n)
		}
		sink := messagetest.NewSink(t, false)
		sender, err := message.New(message.Config{DB: d, Ring: w.Ring, Gate: w.Gate, Charter: w.Store, Ledger: w.Log, Clock: w.Clock,
			Relay:    message.Relay{Addr: sink.Addr, TLS: message.PlainText, Door: sink.Door(), Timeout: 10 * time.Second},
			Unsigned: true, BaseURL: "https://mail.halm.example"})
		w.Must(err)
		// Every one of the hundred is asked to be sent to; the gate decides.
		plans := letterTo(w)
		if len(plans) != 100 {
			t.Fatalf("%d customers", len(plans))
		}
		w.Write(func(tx *db.Tx) error {
			_, err := message.Put(tx, w.Ring, w.Clock.Now(), plans)
			return err
		})
		_, err = sender.Drain(context.Background())
		w.Must(err)
		if got := len(sink.Mails()); got != 60 {
			t.Errorf("%d mails arrived, want 60", got)
		}
	})
}

// letterTo plans an approved letter to every customer there is.
func letterTo(w *messagetest.World) (plans []message.Plan) {
	w.T.Helper()
	w.Write(func(tx *db.Tx) error {
		draft, err := message.InsertDraft(tx, message.Draft{Controller: "halm", Purpose: "letter", Channel: term.Email, Content: message.Content{Class: message.Marketing,
			Texts: map[term.Lang]message.Text{"en": {Subject: "New beans", HTML: "<p>New beans are in.</p>"}, "de": {Subject: "Neue Bohnen", HTML: "<p>Neue Bohnen sind da.</p>"}}}})
		if err != nil {
			return err
		}
		hash, err := message.Approve(tx, draft.ID, "staff:test", w.Clock.Now())
		if err != nil {
			return err
		}
		rows, err := tx.Query("select customer_id from customer")
		everyone, err := db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
		for _, c := range everyone {
			plans = append(plans, message.Plan{Key: message.Key{Program: "test", Node: "1", Customer: c, Entry: "1", Channel: term.Email},
				ProgramID: 1, Message: draft.ID, Controller: "halm", Purpose: "letter", Class: message.Marketing, ContentHash: hash})
		}
		return err
	})
	return plans
}
