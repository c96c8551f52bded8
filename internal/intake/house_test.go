package intake

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/journal"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/outbox"
	"candor/internal/rulepack"
	"candor/internal/term"
)

var noon = clock.UTC(2026, 11, 23, 12, 0, 0)

// house is everything an importer needs, around one database.
type house struct {
	*Importer
	t    *testing.T
	db   *db.DB
	ring *keyring.Ring
}

// newHouse opens a house under the sample's charter, changed by edits: pairs of
// what stands in it and what is to stand there instead.
func newHouse(t *testing.T, d *db.DB, edits ...string) *house {
	t.Helper()
	h := &house{t: t, db: d, ring: keyring.Generate()}
	ctx, dir, now := context.Background(), t.TempDir(), clock.NewFake(noon)
	packs, err := rulepack.Load()
	h.must(err)
	log, err := ledger.Open(ctx, d, ledger.Options{Origin: "test.example/candor", SignerFile: filepath.Join(dir, "signer"), AnchorDir: dir, Clock: now})
	h.must(err)
	book, err := journal.Open(ctx, journal.Options{Place: filepath.Join(dir, "journal"), Ring: h.ring, Clock: now})
	h.must(err)
	store := charter.NewStore(log, packs)
	door, err := gate.New(gate.Config{
		DB: d, Ring: h.ring, Keys: filepath.Join(dir, "keys.db"), Charter: store, Packs: packs, Ledger: log,
		Journal: book, Jobs: job.NewQueue(d, now), Outbox: outbox.Open(d, now), Clock: now,
	})
	h.must(err)
	promise, rules := sample.Documents()
	for i := 0; i < len(edits); i += 2 {
		if !bytes.Contains(promise, []byte(edits[i])) {
			t.Fatalf("the sample's charter has no %q", edits[i])
		}
		promise = bytes.ReplaceAll(promise, []byte(edits[i]), []byte(edits[i+1]))
	}
	c, problems := charter.Parse(promise, rules)
	h.must(problems.Err())
	h.must(d.Write(ctx, func(tx *db.Tx) error {
		_, err := store.Apply(tx, c, now.Now(), term.ByEngine)
		return err
	}))
	h.Importer = New(Config{DB: d, Ring: h.ring, Gate: door, Charter: store, Clock: now})
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// run imports a text and gives the report and the file of failures.
func (h *house) run(text, mapping string, dry bool) (Report, string) {
	h.t.Helper()
	m, err := ParseMapping([]byte(mapping))
	h.must(err)
	var failures bytes.Buffer
	f, err := NewFailureFile(&failures)
	h.must(err)
	r, err := h.Import(context.Background(), bytes.NewReader([]byte(text)), Options{Mapping: m, DryRun: dry, Actor: "staff:test", Failed: f.Add})
	h.must(err)
	h.must(f.Close())
	return r, failures.String()
}

// find gives the customers with an identity.
func (h *house) find(i customer.Identity, err error) (found []id.Customer) {
	h.t.Helper()
	h.must(err)
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) (err error) {
		found, err = customer.NewBook(h.ring).Find(tx, i)
		return err
	}))
	return found
}

// number reads one number from the database.
func (h *house) number(query string) (n int64) {
	h.t.Helper()
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) error { return tx.QueryRow(query).Scan(&n) }))
	return n
}
