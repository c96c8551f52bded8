// Package rights holds what every store of personal data owes the person: a
// copy (GDPR 15) and erasure (GDPR 17). Each package that owns tables with a
// customer's columns implements Source in its rights.go; app lists them all,
// and a test holds the list against the schema, so that erasure cannot forget a
// column.
package rights

import (
	"context"

	"candor/internal/db"
	"candor/internal/id"
)

// Section is one store's part of a person's copy. Rows hold what the store
// knows, in plain words where the person reads it.
type Section struct {
	Store string           `json:"store"` // the store's name, such as "events"
	Rows  []map[string]any `json:"rows"`
}

// A Source is a store of personal data.
type Source interface {
	// Store names the store, for receipts and for the person.
	Store() string
	// Tables lists the tables whose customer's columns this source covers.
	Tables() []string
	// Export gives what is held about a customer. Personal values appear in it:
	// only the desk that answers the person may call it.
	Export(ctx context.Context, tx *db.Tx, c id.Customer) (Section, error)
	// Erase deletes it and says how many rows went. Erasing twice is no error.
	Erase(ctx context.Context, tx *db.Tx, c id.Customer) (int64, error)
}
