package sharing

import (
	"context"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/rights"
)

// Source answers for what recipients were given and told about a person.
type Source struct{}

var _ rights.Source = Source{}

// Store is "recipients".
func (Source) Store() string { return "recipients" }

// Tables lists what Source covers. What recipients must still be told of an
// erasure outlives it, under an id that leads to nobody.
func (Source) Tables() []string { return []string{"delivery"} }

// Export lists each disclosure and notice, with the recipient by name (GDPR
// 15(1)(c)).
func (Source) Export(_ context.Context, tx *db.Tx, c id.Customer) (rights.Section, error) {
	out := rights.Section{Store: "recipients", Rows: []map[string]any{}}
	all, err := history(tx, c)
	for _, d := range all {
		if d.State == Cancelled || d.State == Denied {
			continue
		}
		out.Rows = append(out.Rows, map[string]any{"recipient": d.Recipient, "purpose": d.Purpose, "kind": d.What, "fields": d.Fields, "state": d.State,
			"planned_at": d.PlannedAt, "sent_at": d.SentAt, "acknowledged_at": d.AckedAt})
	}
	return out, err
}

// Erase deletes them.
func (Source) Erase(_ context.Context, tx *db.Tx, c id.Customer) (int64, error) {
	return tx.Exec("delete from delivery where customer_id = $1", c)
}
