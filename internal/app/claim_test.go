package app

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/claim"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/db/dump"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/personal"
	"candor/internal/request"
	"candor/internal/residue"
	"candor/internal/staff"
	"candor/internal/term"
)

// RGT-12: what must outlive an erasure is narrow, has a reason and an end, and the
// person is told of it. It is sealed apart from all else, found by an exact
// identity, by the officer and for a case alone; each look is on record. It comes
// through a restore, a rotation of the keys and the end of the ledger's own
// content, and goes when claims are barred.
func TestRGT12_WhatIsKeptForClaimsIsSealedToldAndEnds(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		ada, bob := s.join("ada@post.example"), s.join("bob@post.example")
		nobody := s.visits("some-phone")
		_, err := s.Desk.AskAccess(ctx, request.NewRequest{Customer: ada, Via: "portal", Actor: term.ByCustomer})
		s.must(err)
		s.later(time.Hour)
		s.must(s.Desk.CopyGiven(ctx, ada))
		before := s.backup()
		s.later(24 * time.Hour)
		s.says(ada, consent.Withdrawn)
		bare, err := s.Desk.Erase(ctx, request.NewErasure{Customer: nobody, Via: "unconfirmed", Actor: term.ByEngine, Quiet: true})
		s.must(err)
		received := s.clk.Now()
		r := s.erase(ada)
		s.told(r, received)
		if _, err := s.Desk.Certificate(ctx, bare.ID); err != nil || count(t, s.App, "select count(distinct request_id) from claim") != 1 {
			t.Errorf("of who decided nothing something was kept: %v", err)
		}
		s.apart(ada, bob)
		s.looks(received, 4) // agreed, confirmed, withdrew, and the objection of the erasure
		after := s.backup()

		s = s.emptyMachine()
		s.restore(after)
		s.looks(received, 4)
		s.must(s.Close())
		s.must(RotateKeys(ctx, s.cfg, func(string, int) error { return nil }))
		s.open()
		s.looks(received, 4)
		s.comesBack()
		s.barred(received)

		s = s.emptyMachine()
		s.restore(before) // erased again, long after
		if got := s.found("ada@post.example", "AZ 12/26"); len(got) != 0 {
			t.Errorf("erased again after claims were barred, and kept: %+v", got)
		}
	})
}

// told shows what the person is told of what is kept.
func (s *site) told(r request.Request, received clock.Instant) {
	s.t.Helper()
	c, err := s.Desk.Certificate(ctx, r.ID)
	s.must(err)
	until := clock.DateOf(received.Time()).AddMonths(36)
	if c.Claims == nil || c.Claims.Records != 4 || clock.DateOf(c.Claims.Until.Time()).Compare(until) > 0 || c.Claims.Until < received.Add(1090*24*time.Hour) ||
		!strings.Contains(c.Claims.Ground, "17(3)(e)") || !slices.ContainsFunc(c.Kept, func(k string) bool {
		return strings.Contains(k, "sealed under a key of its own") && strings.Contains(k, "17(3)(e)")
	}) {
		s.t.Errorf("certificate: %+v, %v", c.Claims, c.Kept)
	}
	page := visit(s.App, http.MethodGet, strings.TrimPrefix(s.Portal.CertificateURL(r.ID), s.Config.URL)+"?lang=en", nil).Body.String()
	if !strings.Contains(page, "Kept for legal claims, without your address or name") {
		s.t.Error("the page of the certificate does not say what is kept for claims")
	}
}

// apart shows that what is kept can't be read or joined by whoever has the
// database.
func (s *site) apart(erased, other id.Customer) {
	s.t.Helper()
	var all bytes.Buffer
	s.must(s.DB.Read(ctx, func(tx *db.Tx) error { _, err := dump.Write(tx, &all); return err }))
	for _, part := range bytes.SplitAfter(all.Bytes(), []byte(`{"table":"`)) {
		name, rows, _ := bytes.Cut(part, []byte(`"`))
		if found := residue.New(personal.Seal("ada@post.example")).Find(part); len(found) > 0 {
			s.t.Errorf("%s holds the address as %v", name, found)
		}
		if string(name) == "claim" && bytes.Contains(rows, []byte("letter")) {
			s.t.Error("what was agreed to can be read in the table")
		}
	}
	if left := s.tables(erased); left != nil {
		s.t.Errorf("left: %v", left)
	}
	for _, q := range []string{"select digest from identity_lookup", "select digest from grave", "select digest from suppression"} {
		s.must(s.DB.Read(ctx, func(tx *db.Tx) error {
			rows, err := tx.Query("select digest from claim where digest in (" + q + ")")
			list, err := db.Collect(rows, err, func(scan db.Scan) (b []byte, err error) { return b, scan(&b) })
			if len(list) > 0 {
				s.t.Errorf("a digest can be joined: %s", q)
			}
			return err
		}))
	}
	if !s.may(other, term.Serve) {
		s.t.Error("another customer lost a permission")
	}
}

// officer is somebody in a role of the sample business.
func (s *site) officer(role string) staff.Who {
	s.t.Helper()
	var who staff.Who
	s.must(s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		who.Charter, err = s.Charter.Current(tx)
		return err
	}))
	now := s.clk.Now()
	who.Person.ID = id.New[id.Staff]()
	who.Rights = staff.RightsOf(who.Charter, []staff.Grant{{Controller: "halm", Role: role, GivenAt: now, ConfirmedAt: now}}, "halm", now)
	return who
}

func (s *site) found(raw, number string) []claim.Claim {
	s.t.Helper()
	list, err := s.Claims.Find(ctx, claim.Look{Who: s.officer("officer"), For: mailTo(s.t, raw), Case: number})
	s.must(err)
	return list
}

// looks shows who sees what, and what is on record of it.
func (s *site) looks(received clock.Instant, records int) {
	s.t.Helper()
	t := s.t
	_, err := s.Ledger.Sequence(ctx)
	s.must(err)
	for role, number := range map[string]string{"marketer": "AZ 12/26", "service": "AZ 12/26", "officer": ""} {
		_, err := s.Claims.Find(ctx, claim.Look{Who: s.officer(role), For: mailTo(t, "ada@post.example"), Case: number})
		if want := map[bool]errs.Kind{true: errs.Forbidden, false: errs.Invalid}[number != ""]; !errs.Is(err, want) {
			t.Errorf("%s with case %q: %v", role, number, err)
		}
	}
	if list := s.found("bob@post.example", "AZ 12/26"); len(list) != 0 {
		t.Errorf("of somebody who was not erased: %+v", list)
	}
	list := s.found("ADA@post.example", "AZ 12/26")
	if len(list) != 1 || len(list[0].Decisions) != records {
		t.Fatalf("found %+v", list)
	}
	got := list[0]
	last := got.Decisions[records-2]
	if last.Kind != consent.Withdrawn || last.Purpose != "letter" || last.Method != consent.ByPortal || got.Decisions[0].Ask != "signup" || got.Decisions[0].CharterVersion == 0 {
		t.Errorf("decisions %+v", got.Decisions)
	}
	for i, d := range got.Decisions {
		if !d.Proven {
			t.Errorf("decision %d is not in the ledger", i+1)
		}
	}
	if got.Evidence.Erasure.ReceivedAt != received || got.Evidence.Erasure.AnsweredAt <= received || got.Evidence.Certificate == 0 ||
		len(got.Evidence.Requests) != 1 || got.Evidence.Requests[0].Kind != "access" || got.Evidence.Requests[0].AnsweredAt == 0 {
		t.Errorf("requests %+v", got.Evidence)
	}
	rows, err := s.Ledger.List(ctx, ledger.Filter{Kind: claim.KindLooked, Limit: 2})
	s.must(err)
	var hit, miss map[string]any
	s.must(json.Unmarshal(rows[0].Content, &hit))
	s.must(json.Unmarshal(rows[1].Content, &miss))
	if hit["case"] != "AZ 12/26" || hit["operation"] != "claims" || hit["found"] != 1.0 || miss["found"] != 0.0 || len(hit) != 4 || !strings.HasPrefix(hit["by"].(string), "staff:") {
		t.Errorf("on record: %v, %v", hit, miss)
	}
}

// comesBack shows that the copy of somebody who is a customer again says what is
// kept of before.
func (s *site) comesBack() {
	s.t.Helper()
	again := s.join("ada@post.example")
	s.must(s.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := s.Gate.AddFact(tx, customer.Fact{Customer: again, Kind: customer.Address, Channel: term.Email, Detail: customer.WithValue("confirmed"), Actor: term.ByCustomer, Source: "link"})
		return err
	}))
	for c, want := range map[id.Customer]int{again: 1, find(s.t, s.App, "bob@post.example"): 0} {
		got, err := s.Desk.Copy(ctx, c, "en")
		s.must(err)
		for _, section := range got.Stores {
			if section.Store == claim.StoreName && len(section.Rows) != want {
				s.t.Errorf("the copy says of claims %v, want %d", section.Rows, want)
			}
		}
	}
}

// barred shows that everything goes on the day when claims are barred.
func (s *site) barred(received clock.Instant) {
	s.t.Helper()
	until := clock.Instant(count(s.t, s.App, "select min(until_at) from claim"))
	s.clk.Set(until - 1)
	if n, err := s.Claims.End(ctx); err != nil || n != 0 {
		s.t.Errorf("a moment before: %d, %v", n, err)
	}
	s.looks(received, 4)
	s.clk.Set(until)
	if list := s.found("ada@post.example", "AZ 12/26"); len(list) != 0 {
		s.t.Error("it can be seen after its end")
	}
	if n, err := s.Claims.End(ctx); err != nil || n != 1 || count(s.t, s.App, "select count(*) from claim") != 0 {
		s.t.Errorf("at the end: %d, %v", n, err)
	}
	if rows, err := s.Ledger.List(ctx, ledger.Filter{Kind: claim.KindEnded}); err != nil || len(rows) != 1 {
		s.t.Errorf("on record: %v, %v", rows, err)
	}
	s.verify()
}
