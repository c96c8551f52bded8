package message

import (
	"context"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/rights"
)

// Source answers for what is held about who got which message. The bodies are
// never held.
type Source struct{}

var _ rights.Source = Source{}

// Store is "messages".
func (Source) Store() string { return "messages" }

// Tables lists what Source covers. Counts by address alone hold no customer and
// go after two days.
func (Source) Tables() []string { return []string{"send", "contact_count"} }

// Export lists the messages a person got or was going to get.
func (Source) Export(_ context.Context, tx *db.Tx, c id.Customer) (rights.Section, error) {
	sends, err := Of(tx, c)
	if err != nil {
		return rights.Section{}, err
	}
	out := rights.Section{Store: "messages", Rows: []map[string]any{}}
	for _, s := range sends {
		out.Rows = append(out.Rows, map[string]any{
			"purpose": s.Purpose, "channel": s.Channel, "kind": s.Class, "state": s.State, "reasons": s.Reasons,
			"planned_at": s.PlannedAt, "handed_at": s.HandedAt, "ended_at": s.EndedAt, "called_spam_at": s.Complained,
		})
	}
	return out, nil
}

// Erase deletes them.
func (Source) Erase(_ context.Context, tx *db.Tx, c id.Customer) (int64, error) {
	var total int64
	for _, q := range []string{"delete from send where customer_id = $1", "delete from contact_count where customer_id = $1"} {
		n, err := tx.Exec(q, c)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}
