package app

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/ledger/receipt"
)

// kindOf finds a kind of entry where the source declares it.
var kindOf = regexp.MustCompile(`(?:ledger\.Kind|\bKind)(?:\s*=\s*|\()"([a-z]+\.[a-z]+)"`)

// Every kind of entry says how long its content is kept.
func TestEveryKindOfEntryHasARetention(t *testing.T) {
	declared := map[ledger.Kind]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if !strings.Contains(string(text), "ledger") {
			return err
		}
		for _, m := range kindOf.FindAllStringSubmatch(string(text), -1) {
			declared[ledger.Kind(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for kind := range declared {
		switch classes[kind] {
		case ledger.Lasting, ledger.Claim, ledger.Access, ledger.Passing:
		default:
			t.Errorf("how long is the content of %s kept? Say so in classes", kind)
		}
	}
	for kind := range classes {
		if !declared[kind] {
			t.Errorf("%s is declared nowhere", kind)
		}
	}
	if len(declared) < 25 {
		t.Errorf("only %d kinds were found", len(declared))
	}
}

// The ledger's own content of a consent goes when claims are barred in all markets
// of the business, and not a day before, mixed with what else is over. The record
// is proven all the same, while the person is a customer and after the erasure.
func TestAConsentIsProvenAfterTheLedgersContentIsGone(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		begun := s.clk.Now()
		ada := s.join("ada@post.example")
		s.join("bob@post.example")
		s.verify()
		var records []consent.Record
		s.must(s.DB.Read(ctx, func(tx *db.Tx) (err error) {
			records, err = consent.Of(tx, ada)
			return err
		}))
		has := func(e id.Entry) bool {
			row, err := s.Ledger.Get(ctx, e)
			s.must(err)
			return len(row.Content) > 0
		}
		day := clock.DateOf(begun.Time()).AddMonths(72) // the longest of EU, UK and California
		for _, step := range []struct {
			at   clock.Instant
			left bool
		}{{day.Start(begun.Time().Location()), true}, {day.AddDays(1).Start(begun.Time().Location()), false}} {
			s.clk.Set(step.at)
			_, err := s.Ledger.Expunge(ctx)
			s.must(err)
			if report := s.verify(); has(records[0].Entry) != step.left || step.left != (report.Expunged == 0) {
				t.Errorf("%v: %+v, content %v", step.at, report, has(records[0].Entry))
			}
		}
		raw, err := s.Gate.Receipt(ctx, ada, records[0].ID)
		s.must(err)
		if _, err := receipt.Verify(raw, s.Ledger.VerifierKey(), s.Ledger.Origin()); err != nil {
			t.Errorf("the receipt of a record whose content the ledger has no more: %v", err)
		}
		s.erase(ada)
		list := s.found("ada@post.example", "AZ 12/26")
		if len(list) != 1 || len(list[0].Decisions) < 3 {
			t.Fatalf("kept for claims: %+v", list)
		}
		for _, d := range list[0].Decisions {
			if !d.Proven {
				t.Errorf("%s of %s is not proven", d.Kind, d.RecordedAt)
			}
		}
		rows, err := s.Ledger.List(ctx, ledger.Filter{Kind: gate.KindConsent})
		if err != nil || len(rows) < 4 {
			t.Errorf("leaves: %d, %v", len(rows), err)
		}
	})
}
