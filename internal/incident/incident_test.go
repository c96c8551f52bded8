package incident

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/term"
)

var ctx = context.Background()

func open(t *testing.T, d *db.DB) (*Register, *clock.Fake) {
	t.Helper()
	clk := clock.NewFake(clock.UTC(2026, 3, 5, 9, 0, 0))
	log, err := ledger.Open(ctx, d, ledger.Options{Origin: "test/candor", SignerFile: t.TempDir() + "/signer", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	return &Register{Ring: keyring.Generate(), Ledger: log, Clock: clk}, clk
}

// BRE-01: a campaign that showed other people's names, closed as "not notified",
// stands in the register with types, timeline, data, counts by residence, cause,
// measures, reasoning and approver; it cannot be deleted or changed, and it is
// there five years later.
func TestBRE01_TheRegisterKeepsWhatWasNotNotified(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r, clk := open(t, d)
		var which id.Incident
		write := func(fn func(tx *db.Tx) error) error { return d.Write(ctx, fn) }
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(write(func(tx *db.Tx) (err error) {
			which, err = r.Report(tx, NewReport{Text: "The harvest letter greeted people by somebody else's name.", Kinds: []Kind{Confidentiality}, By: "staff:stf_a"})
			return err
		}))
		propose := func(by string) error {
			return write(func(tx *db.Tx) error {
				return r.Propose(tx, which, NotNotified, "First names alone, nobody can be identified by them.", actorOf(by))
			})
		}
		if err := propose("staff:stf_b"); !errs.Is(err, errs.Invalid) {
			t.Errorf("a decision without facts: %v", err)
		}
		facts := Facts{Kinds: []Kind{Confidentiality, Integrity}, Classes: []string{"names"}, People: []Count{{"AT", 31}, {"DE", 412}},
			Cause: "A column was shifted in the import.", Effects: "People read a stranger's first name.", Measures: "Sending stopped, the import corrected, people told by the next letter."}
		must(write(func(tx *db.Tx) error { return r.Record(tx, which, facts, "staff:stf_b") }))
		must(write(func(tx *db.Tx) error { return r.Aware(tx, which, clk.Now(), "staff:stf_b") }))
		must(write(func(tx *db.Tx) error { return r.Note(tx, which, "The relay confirmed the number.", "staff:stf_b") }))
		must(propose("staff:stf_b"))
		approve := func(by string) error {
			return write(func(tx *db.Tx) error { return r.Approve(tx, which, actorOf(by)) })
		}
		if err := approve("staff:stf_b"); errs.CodeOf(err) != errs.Role {
			t.Errorf("approved by who proposed it: %v", err)
		}
		must(approve("staff:stf_c"))
		if err := write(func(tx *db.Tx) error { return r.Record(tx, which, Facts{}, "staff:stf_b") }); !errs.Is(err, errs.Conflict) {
			t.Errorf("a closed entry was changed: %v", err)
		}

		clk.Advance(5*366*24*time.Hour + time.Hour)
		must(d.Read(ctx, func(tx *db.Tx) error {
			list, err := r.List(tx, Closed, 0, 10)
			if err != nil || len(list) != 1 {
				t.Fatalf("after five years: %v, %v", list, err)
			}
			i, err := r.Get(tx, which)
			must(err)
			if i.Decision != NotNotified || i.Reasoning == "" || i.ProposedBy != "staff:stf_b" || i.ApprovedBy != "staff:stf_c" || i.ClosedAt == 0 {
				t.Errorf("the decision: %+v", i)
			}
			if len(i.Kinds) != 2 || len(i.Classes) != 1 || len(i.People) != 2 || i.People[1] != (Count{"DE", 412}) || i.Cause != facts.Cause || i.Effects != facts.Effects || i.Measures != facts.Measures {
				t.Errorf("the facts: %+v", i.Facts)
			}
			steps, err := r.Timeline(tx, which)
			must(err)
			var acts []string
			for _, s := range steps {
				acts = append(acts, s.Act)
			}
			if got := strings.Join(acts, ", "); got != "reported, facts, aware, note, proposed: not notified, approved" {
				t.Errorf("the timeline: %s", got)
			}
			return nil
		}))
		entries, err := r.Ledger.List(ctx, ledger.Filter{Kind: KindStep})
		if err != nil || len(entries) != 6 {
			t.Errorf("%d ledger entries, %v", len(entries), err)
		}
	})
	// Nothing in the package deletes an entry or its timeline.
	deletes := regexp.MustCompile("delete from incident(_step)? ")
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f.Name())
		if err == nil && strings.HasSuffix(f.Name(), ".go") && !strings.HasSuffix(f.Name(), "_test.go") && deletes.Match(b) {
			t.Errorf("%s deletes from the register", f.Name())
		}
	}
}

// Neither timeline nor ledger name a reporter; whoever does not want to be named
// is named nowhere.
func TestAReporterIsProtected(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r, _ := open(t, d)
		report := func(tx *db.Tx, unnamed bool, want term.Actor) error {
			which, err := r.Report(tx, NewReport{Text: "I sent a list to the wrong address.", By: "staff:stf_a", Unnamed: unnamed})
			if err != nil {
				return err
			}
			i, err := r.Get(tx, which)
			if err != nil || i.Reporter != want || i.Report == "" {
				t.Errorf("%+v, %v", i, err)
			}
			steps, err := r.Timeline(tx, which)
			if err != nil || len(steps) != 1 || steps[0].Actor != "" {
				t.Errorf("%+v, %v", steps, err)
			}
			return err
		}
		err := d.Write(ctx, func(tx *db.Tx) error { return errors.Join(report(tx, true, ""), report(tx, false, "staff:stf_a")) })
		if err != nil {
			t.Fatal(err)
		}
		entries, err := r.Ledger.List(ctx, ledger.Filter{})
		if err != nil || len(entries) != 2 {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		for _, e := range entries {
			if strings.Contains(string(e.Content), "stf_a") {
				t.Errorf("the ledger names the reporter: %s", e.Content)
			}
		}
	})
}
