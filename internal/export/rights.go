package export

import (
	"context"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/rights"
)

// Source answers for which files hold a person.
type Source struct{}

var _ rights.Source = Source{}

// Store is "exports".
func (Source) Store() string { return "exports" }

// Tables lists what Source covers. What holders must still delete of a person who
// was erased outlives it, under an id that leads to nobody.
func (Source) Tables() []string { return []string{"export_person"} }

// Export lists the files that hold the person: which data, for what, since when
// and until when at the latest.
func (Source) Export(_ context.Context, tx *db.Tx, c id.Customer) (rights.Section, error) {
	out := rights.Section{Store: "exports", Rows: []map[string]any{}}
	list, err := Of(tx, c)
	for _, e := range list {
		out.Rows = append(out.Rows, map[string]any{"purpose": e.Purpose, "recipient": e.Recipient, "fields": e.Fields, "taken_at": e.MadeAt, "deleted_by_at_the_latest": e.DeleteBy,
			"deleted_at": e.DeletedAt})
	}
	return out, err
}

// Of lists the files that hold a customer, the newest first.
func Of(tx *db.Tx, c id.Customer) ([]File, error) {
	rows, err := tx.Query(`select export_id from export_person where customer_id = $1 order by export_id desc limit 100`, c)
	which, err := db.Collect(rows, err, func(scan db.Scan) (e id.Export, err error) { return e, scan(&e) })
	if err != nil {
		return nil, err
	}
	var out []File
	for _, e := range which {
		one, err := scan(tx.QueryRow(`select `+columns+` from export where export_id = $1`, e).Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// Erase forgets which files hold the person.
func (Source) Erase(_ context.Context, tx *db.Tx, c id.Customer) (int64, error) {
	return tx.Exec("delete from export_person where customer_id = $1", c)
}
