package event

import (
	"context"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/rights"
)

// Rights is the events' part of a person's copy and erasure.
type Rights struct{}

var _ rights.Source = Rights{}

// Store is "events".
func (Rights) Store() string { return "events" }

// Tables lists what Erase deletes.
func (Rights) Tables() []string { return []string{Table} }

// Export gives all events that are held, the latest first.
func (Rights) Export(_ context.Context, tx *db.Tx, c id.Customer) (rights.Section, error) {
	rows, err := tx.Query("select "+columns+" from event where customer_id = $1 order by occurred_at desc, dedupe", c)
	list, err := db.Collect(rows, err, scanEvent)
	out := rights.Section{Store: "events"}
	for _, e := range list {
		out.Rows = append(out.Rows, map[string]any{"event": e.Name, "occurred": e.OccurredAt, "received": e.ReceivedAt, "properties": e.Props})
	}
	return out, err
}

// Erase deletes a customer's events.
func (Rights) Erase(_ context.Context, tx *db.Tx, c id.Customer) (int64, error) {
	return tx.Exec("delete from event where customer_id = $1", c)
}
