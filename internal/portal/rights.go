package portal

import (
	"context"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/rights"
)

// Source answers for what the portal itself keeps: confirmations that were asked
// for, and codes that were sent.
type Source struct{}

var _ rights.Source = Source{}

// Store names the store.
func (Source) Store() string { return "privacy centre" }

// Tables lists what is covered.
func (Source) Tables() []string { return []string{"confirmation", "step_up"} }

// Export lists the confirmations. Codes are digests that say nothing.
func (Source) Export(_ context.Context, tx *db.Tx, c id.Customer) (rights.Section, error) {
	rows, err := tx.Query("select "+confirmationColumns+" from confirmation where customer_id = $1 order by confirmation_id", c)
	all, err := db.Collect(rows, err, scanConfirmation)
	out := rights.Section{Store: "privacy centre", Rows: []map[string]any{}}
	for _, x := range all {
		out.Rows = append(out.Rows, map[string]any{
			"purpose": x.purpose, "channel": x.channel, "asked_at": x.askedAt, "expires_at": x.expiresAt, "confirmed_at": x.usedAt, "by_parent": x.parent, "age": x.age,
		})
	}
	return out, err
}

// Erase deletes both.
func (Source) Erase(_ context.Context, tx *db.Tx, c id.Customer) (int64, error) {
	a, err := tx.Exec("delete from confirmation where customer_id = $1", c)
	if err != nil {
		return 0, err
	}
	b, err := tx.Exec("delete from step_up where customer_id = $1", c)
	return a + b, err
}
