package audience

import (
	"context"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/rights"
)

// Source is the stages' part of a person's copy and erasure.
type Source struct{}

var _ rights.Source = Source{}

// Store is "stages".
func (Source) Store() string { return "stages" }

// Tables lists what Erase deletes.
func (Source) Tables() []string { return []string{"stage_member"} }

// Export gives the stages that the daily run found the person in.
func (Source) Export(_ context.Context, tx *db.Tx, c id.Customer) (rights.Section, error) {
	rows, err := tx.Query("select purpose, stage, since from stage_member where customer_id = $1 order by purpose", c)
	list, err := db.Collect(rows, err, func(scan db.Scan) (map[string]any, error) {
		var purpose, stage string
		var since int64
		err := scan(&purpose, &stage, &since)
		row := map[string]any{"purpose": purpose, "stage": stage}
		if since > 0 {
			row["since"] = dateOf(since).String()
		}
		return row, err
	})
	return rights.Section{Store: "stages", Rows: list}, err
}

// Erase deletes them.
func (Source) Erase(_ context.Context, tx *db.Tx, c id.Customer) (int64, error) {
	return tx.Exec("delete from stage_member where customer_id = $1", c)
}
