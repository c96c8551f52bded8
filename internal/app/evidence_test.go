package app

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/evidence"
	"candor/internal/personal"
	"candor/internal/sharing"
	"candor/internal/staff"
	"candor/internal/term"
)

// GOV-08: what was in force on a day is shown again at any time, the same bytes
// but for the time in its header, under a signature that somebody else verifies.
func TestGOV08_EvidenceOfADayIsTheSameForEver(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		s.clk.Set(clock.UTC(2026, 3, 1, 9, 30, 0))
		s.hire("Bo", "bo@shop.example")
		asOf, _ := clock.ParseDate("2026-03-01")
		before, _ := clock.ParseDate("2026-02-28")
		if _, err := s.Evidence.Pack(ctx, before); errs.CodeOf(err) != evidence.NotKept {
			t.Errorf("before the first day: %v", err)
		}
		that, err := s.Evidence.Pack(ctx, asOf)
		s.must(err)

		// The same day, and the months after: everything that the pack tells of changes.
		s.later(3 * time.Hour)
		s.changeAll()
		s.later(180 * 24 * time.Hour)
		s.must(s.Close())
		s.open()
		s.must(s.Evidence.Keep(ctx))
		again, err := s.Evidence.Pack(ctx, asOf)
		s.must(err)
		if head, rest := cutLine(that); string(rest) != string(lineAfter(again)) || bytes.Equal(head, again[:len(head)]) || !bytes.Contains(again[:bytes.IndexByte(again, '\n')], []byte(`"made_at":"2026-08-28T12:30:00`)) {
			t.Errorf("the pack is another one, or its header has no other time:\n%.300s\n%.300s", that, again)
		}
		today := clock.DateOf(s.clk.Now().Time())
		now, err := s.Evidence.Pack(ctx, today)
		s.must(err)
		if string(lineAfter(now)) == string(lineAfter(that)) {
			t.Error("what changed does not show in a later pack")
		}
		between, err := s.Evidence.Pack(ctx, asOf.AddDays(40))
		s.must(err)
		if string(lineAfter(between)) != string(lineAfter(that)) {
			t.Error("a day on which nothing ran is not the last one before it")
		}
		if _, err := s.Evidence.Pack(ctx, today.AddDays(1)); !errs.Is(err, errs.Invalid) {
			t.Errorf("a day to come: %v", err)
		}

		v, err := evidence.Verify(again, s.Ledger.VerifierKey())
		s.must(err)
		want := "charter deadlines decisions linter notices purposes recipients rule_packs staff_commitments"
		if got := strings.Join(v.Parts, " "); got != want || v.Day != "2026-03-01" {
			t.Errorf("%s of %s", got, v.Day)
		}
		for _, text := range []string{"Halm", `\"promise\"`, "pack/eu.yaml", `"basis":{`, `"added_at"`, `"findings":[]`} {
			if !bytes.Contains(again, []byte(strings.ReplaceAll(text, `\"`, `"`))) {
				t.Errorf("the pack lacks %s", text)
			}
		}
		for _, at := range []int{bytes.IndexByte(again, '\n') + 40, len(again) - 30} {
			changed := bytes.Clone(again)
			changed[at] ^= 1
			if _, err := evidence.Verify(changed, s.Ledger.VerifierKey()); errs.CodeOf(err) != evidence.Broken {
				t.Errorf("a changed byte: %v", err)
			}
		}
		if bytes.Contains(now, []byte("Zdenka")) || bytes.Contains(now, []byte("zdenka@")) {
			t.Error("the pack names a member of staff")
		}
	})
}

// changeAll changes the charter, the staff and the recipients.
func (s *site) changeAll() {
	s.t.Helper()
	_, err := s.ApplyCharter(ctx, edited(s.t, "Halm", "Halm & Daughters"), term.ByEngine)
	if err != nil { // the name of the business stands in more places than one
		_, err = s.ApplyCharter(ctx, sample.Halm(), term.ByEngine)
	}
	s.must(err)
	s.hire("Zdenka", "zdenka@shop.example")
	s.must(s.DB.Write(ctx, func(tx *db.Tx) error {
		_, _, err := s.Sharing.Register(tx, sharing.Recipient{Controller: "halm", Name: "relay", Kind: sharing.Manual, Owner: "privacy"}, term.ByEngine)
		return err
	}))
}

func (s *site) hire(name, email string) {
	s.t.Helper()
	s.must(s.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := s.Staff.Add(tx, staff.NewPerson{Name: personal.Seal(name), Email: personal.Seal(email)}, term.ByEngine)
		return err
	}))
}

func cutLine(b []byte) (head, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	return b[:i], b[i+1:]
}

func lineAfter(b []byte) []byte {
	_, rest := cutLine(b)
	return rest
}
