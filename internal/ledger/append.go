package ledger

import (
	"crypto/rand"
	"encoding/json"
	"fmt"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger/receipt"
)

// Append writes an entry in the caller's transaction. It proves nothing until
// the transaction has committed and a checkpoint covers it.
func (l *Log) Append(tx *db.Tx, kind Kind, at clock.Instant, content any) (Written, error) {
	w, err := Prepare(kind, at, content)
	if err != nil {
		return Written{}, err
	}
	return w, l.Put(tx, w)
}

// Prepare does what of Append needs no database: canonical JSON, salt and
// commitment. Writers of many entries call it before their transaction.
func Prepare(kind Kind, at clock.Instant, content any) (Written, error) {
	if kind == "" || at.IsZero() {
		return Written{}, fmt.Errorf("ledger: an entry needs a kind and a time")
	}
	raw, err := json.Marshal(content)
	if err != nil {
		return Written{}, fmt.Errorf("ledger: content of %s: %w", kind, err)
	}
	canonical, err := receipt.Canonical(raw)
	if err != nil {
		return Written{}, fmt.Errorf("ledger: content of %s: %w", kind, err)
	}
	w := Written{Entry: newEntry(), Kind: kind, At: at, Salt: make([]byte, receipt.SaltSize), Content: canonical}
	_, _ = rand.Read(w.Salt)
	w.Commit, err = w.commitment()
	return w, err
}

// Again prepares another entry that says the same, with an id and a salt of its
// own: nobody can tell from the two leaves that they do.
func (w Written) Again() (Written, error) {
	w.Entry, w.Salt = newEntry(), make([]byte, receipt.SaltSize)
	_, _ = rand.Read(w.Salt)
	var err error
	w.Commit, err = w.commitment()
	return w, err
}

// Put writes prepared entries in the caller's transaction.
func (l *Log) Put(tx *db.Tx, list ...Written) error {
	rows := make([][]any, len(list))
	for i, w := range list {
		rows[i] = []any{w.Entry, w.Kind, w.At, w.Salt, w.Commit, string(w.Content)}
	}
	_, err := tx.InsertMany(`insert into ledger_entry (entry_id, kind, at, salt, commitment, content) values`, "", rows)
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, errs.FailClosed, "the ledger could not be written, so nothing was done; try again")
	}
	return nil
}

func newEntry() id.Entry { return id.New[id.Entry]() }

// commitment recomputes what the leaf must hold.
func (w Written) commitment() ([]byte, error) {
	record, err := w.Record()
	if err != nil {
		return nil, err
	}
	return receipt.Commit(w.Salt, record), nil
}

// Record is the entry as committed to, in canonical JSON: what a receipt shows.
// The content is canonical already, so the entry is put together in the order of
// its names.
func (w Written) Record() (json.RawMessage, error) {
	content := w.Content
	if len(content) == 0 {
		content = json.RawMessage("null")
	}
	if !json.Valid(content) {
		return nil, fmt.Errorf("ledger: content of %s is not JSON", w.Kind)
	}
	return fmt.Appendf(nil, `{"at":%q,"content":%s,"id":%q,"kind":%q}`, w.At.String(), content, w.Entry.String(), string(w.Kind)), nil
}
