package mailbox

import (
	"context"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/rights"
)

// Source answers for the mails that the demo keeps.
type Source struct{}

var _ rights.Source = Source{}

// Store is "mailbox".
func (Source) Store() string { return "mailbox" }

// Tables lists what Source covers.
func (Source) Tables() []string { return []string{"mail"} }

// Export says when mails came; the person has the mails themselves.
func (Source) Export(_ context.Context, tx *db.Tx, c id.Customer) (rights.Section, error) {
	rows, err := tx.Query("select mail_id, at, '' from mail where customer_id = $1 order by mail_id", c)
	list, err := db.Collect(rows, err, scanMail)
	out := rights.Section{Store: "mailbox", Rows: []map[string]any{}}
	for _, m := range list {
		out.Rows = append(out.Rows, map[string]any{"mail": m.id, "at": m.at})
	}
	return out, err
}

// Erase deletes them.
func (Source) Erase(_ context.Context, tx *db.Tx, c id.Customer) (int64, error) {
	return tx.Exec("delete from mail where customer_id = $1", c)
}
