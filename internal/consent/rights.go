package consent

import (
	"context"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/rights"
)

// Source gives a person their consent records and erases them. Ledger entries
// about them stay: they hold no customer.
type Source struct{}

var _ rights.Source = Source{}

// Store names the store.
func (Source) Store() string { return "consent" }

// Tables lists what is covered.
func (Source) Tables() []string { return []string{Table} }

// Export gives each record in order.
func (Source) Export(_ context.Context, tx *db.Tx, c id.Customer) (rights.Section, error) {
	records, err := Of(tx, c)
	if err != nil {
		return rights.Section{}, err
	}
	out := rights.Section{Store: "consent"}
	for _, r := range records {
		out.Rows = append(out.Rows, map[string]any{
			"record": r.ID, "number": r.Seq, "what": r.Kind, "purpose": r.Purpose, "channel": r.Channel,
			"controller": r.Controller, "recipient": r.Recipient, "counts": r.Counts(), "ask": r.Ask,
			"words_version": r.CharterVersion, "notice": r.Notice, "language": r.Lang, "method": r.Method,
			"evidence": r.Evidence, "strength": r.Strength, "overruled": r.Overruled, "recorded_at": r.RecordedAt, "said_to_be_at": r.AssertedAt,
		})
	}
	return out, nil
}

// Erase deletes them.
func (Source) Erase(_ context.Context, tx *db.Tx, c id.Customer) (int64, error) {
	return tx.Exec(`delete from consent_record where customer_id = $1`, c)
}
