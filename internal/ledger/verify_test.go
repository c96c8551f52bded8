package ledger_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/ledger"
)

// wantBad holds a run of Verify against the sequence number it must name.
func (f *fixture) wantBad(t *testing.T, first int64) {
	t.Helper()
	report, err := f.Verify(ctx)
	if errs.CodeOf(err) != ledger.LedgerTampered {
		t.Fatalf("verify: %+v, %v; want ledger_tampered", report, err)
	}
	if report.FirstBad != first || !strings.Contains(err.Error(), fmt.Sprintf("sequence number is %d:", first)) {
		t.Errorf("first bad %d, want %d: %v", report.FirstBad, first, err)
	}
}

// grown is a log of 700 entries under three checkpoints.
func grown(t *testing.T, d *db.DB) *fixture {
	f := open(t, d)
	for _, n := range []int{300, 300, 100} {
		f.append(t, n)
		f.sequence(t)
	}
	if _, err := f.Verify(ctx); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSEC05_AnEditedRowIsNamedByVerify(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, edit := range map[string]string{
			"content":    `update ledger_entry set content = '{"n":1,"what":"other"}' where pos = 417`,
			"time":       `update ledger_entry set at = at - 1 where pos = 417`,
			"kind":       `update ledger_entry set kind = 'test.other' where pos = 417`,
			"id":         `update ledger_entry set entry_id = 7 where pos = 417`,
			"salt":       `update ledger_entry set salt = commitment where pos = 417`,
			"commitment": `update ledger_entry set commitment = salt where pos = 417`,
		} {
			t.Run(name, func(t *testing.T) {
				f := &fixture{db: d}
				f.exec(t, `delete from ledger_entry`)
				for _, table := range []string{"ledger_tile", "ledger_tree", "ledger_checkpoint"} {
					f.exec(t, `delete from `+table)
				}
				f = grown(t, d)
				f.exec(t, edit)
				f.wantBad(t, 417)
			})
		}
	})
}

func TestSEC05_VerifyCatchesTampering(t *testing.T) {
	const replaceRow = `update ledger_entry set kind = o.kind, at = o.at, salt = o.salt, commitment = o.commitment, content = o.content
		from (select * from ledger_entry where pos = 10) o where ledger_entry.pos = 500`
	for _, c := range []struct {
		name  string
		first int64
		sql   []string
	}{
		{"deleted", 123, []string{`delete from ledger_entry where pos = 123`}},
		{"deleted and closed up", 123, []string{
			`delete from ledger_entry where pos = 123`,
			`update ledger_entry set pos = 10000 + pos where pos > 123`,
			`update ledger_entry set pos = pos - 10001 where pos > 10000`}},
		{"swapped", 5, []string{
			`update ledger_entry set pos = -1 where pos = 5`,
			`update ledger_entry set pos = 5 where pos = 600`,
			`update ledger_entry set pos = 600 where pos = -1`}},
		{"another entry's content", 500, []string{replaceRow}},
		{"inserted in the middle", 200, []string{
			`update ledger_entry set pos = 10000 + pos where pos >= 200`,
			`update ledger_entry set pos = pos - 9999 where pos >= 10000`,
			`insert into ledger_entry (entry_id, kind, at, salt, commitment, content, pos)
				select 9, kind, at, salt, commitment, content, 200 from ledger_entry where pos = 3`}},
		{"inserted after the tail", 700, []string{
			`insert into ledger_entry (entry_id, kind, at, salt, commitment, content, pos)
				select 9, kind, at, salt, commitment, content, 700 from ledger_entry where pos = 3`}},
		{"truncated rows", 690, []string{`delete from ledger_entry where pos >= 690`}},
		{"truncated rows and head", 690, []string{
			`delete from ledger_entry where pos >= 690`,
			`update ledger_tree set size = 690`}},
		{"a tile edited", 256, []string{`update ledger_tile set hashes = (select hashes from ledger_tile where level = 0 and tile = 0) where level = 0 and tile = 1`}},
		{"an upper tile edited", 0, []string{`update ledger_tile set hashes = (select root from ledger_tree) where level = 1`}},
		{"a checkpoint edited", 300, []string{`update ledger_checkpoint set root = (select root from ledger_tree) where size = 600`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				f := grown(t, d)
				for _, q := range c.sql {
					f.exec(t, q)
				}
				report, err := f.Verify(ctx)
				if errs.CodeOf(err) != ledger.LedgerTampered {
					t.Fatalf("verify: %+v, %v", report, err)
				}
				if report.FirstBad != c.first && c.name != "truncated rows and head" {
					t.Errorf("first bad %d, want %d: %v", report.FirstBad, c.first, err)
				}
			})
		})
	}
}

// A database set back to yesterday is consistent in itself; the anchors show it,
// and nothing is signed on top of it.
func TestSEC05_ARewindIsCaughtByTheAnchor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.append(t, 300)
		f.sequence(t)
		rewind := snapshot(t, f)
		f.append(t, 20)
		f.sequence(t)
		rewind()
		f.wantBad(t, 300)

		g := reopen(t, f)
		g.append(t, 5)
		if _, err := g.Sequence(ctx); errs.CodeOf(err) != ledger.Rewound {
			t.Errorf("sequenced a rewound ledger: %v", err)
		}
		if err := g.Health(); errs.CodeOf(err) != ledger.Rewound {
			t.Errorf("health: %v", err)
		}
	})
}

// Entries rewritten together with tiles, head and checkpoints, by someone with
// the key even, differ from what was anchored.
func TestSEC05_ARewrittenLedgerIsCaughtByTheAnchor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.append(t, 40)
		f.sequence(t)
		f.append(t, 60)
		f.sequence(t)
		for _, table := range []string{"ledger_entry", "ledger_tile", "ledger_tree", "ledger_checkpoint", "lease"} {
			f.exec(t, `delete from `+table)
		}
		anchors := filepath.Join(f.dir, "anchor", ledger.AnchorName)
		kept, err := os.ReadFile(anchors)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(anchors); err != nil {
			t.Fatal(err)
		}
		forged := reopen(t, f)
		forged.append(t, 100)
		forged.sequence(t)
		if _, err := forged.Verify(ctx); err != nil {
			t.Fatalf("without the anchors nothing shows: %v", err)
		}
		if err := os.WriteFile(anchors, kept, 0o600); err != nil {
			t.Fatal(err)
		}
		forged.wantBad(t, 0)
	})
}

// snapshot remembers the tables as they are; the function it gives sets them
// back.
func snapshot(t *testing.T, f *fixture) func() {
	tables := []string{"ledger_entry", "ledger_tile", "ledger_tree", "ledger_checkpoint"}
	for _, table := range tables {
		f.exec(t, `create table old_`+table+` as select * from `+table)
	}
	return func() {
		for _, table := range tables {
			f.exec(t, `delete from `+table)
			f.exec(t, `insert into `+table+` select * from old_`+table)
		}
	}
}

func TestSEC05_AnEditedAnchorFileIsCaught(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := grown(t, d)
		path := filepath.Join(f.dir, "anchor", ledger.AnchorName)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(b), `\n300\n`, `\n299\n`, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		f.wantBad(t, 0)
	})
}
