package request

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"candor/internal/db"
	"candor/internal/db/schema"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/residue"
)

// strayRows is how many rows of a table are looked at, the newest first: an
// erasure must not cost more the more others there are.
const strayRows = 1000

// addressesOf makes a matcher of what the person is called, while it can still be
// read. Of somebody whose values are gone it finds nothing.
func (d *Desk) addressesOf(ctx context.Context, c id.Customer) (*residue.Matcher, error) {
	list, err := d.Gate.Addresses(ctx, c)
	if errs.Is(err, errs.NotFound) {
		return residue.New(), nil
	}
	return residue.New(list...), err
}

// strays looks for the person's addresses where nothing of any customer may
// stand: in the clear columns of tables that know none. Finding one fails the
// step and names the table, never the value.
func (d *Desk) strays(ctx context.Context, m *residue.Matcher) error {
	if m.Empty() {
		return nil
	}
	tables, err := schema.Current()
	if err != nil {
		return err
	}
	return d.DB.Read(ctx, func(tx *db.Tx) error {
		for _, t := range tables {
			if err := straysIn(tx, t, m); err != nil {
				return err
			}
		}
		return nil
	})
}

func straysIn(tx *db.Tx, t schema.Table, m *residue.Matcher) error {
	var clear []string
	for _, c := range t.Columns {
		if c.Type == "text" && c.Class == schema.None {
			clear = append(clear, c.Name)
		}
	}
	if t.OfCustomer() || t.Lookup || len(clear) == 0 || len(t.Primary) == 0 {
		return nil
	}
	rows, err := tx.Query(fmt.Sprintf("select %s from %s order by %s desc limit $1", strings.Join(clear, ", "), t.Name, t.Primary[0]), strayRows)
	_, err = db.Collect(rows, err, func(scan db.Scan) (struct{}, error) {
		texts := make([]sql.NullString, len(clear))
		into := make([]any, len(clear))
		for i := range texts {
			into[i] = &texts[i]
		}
		if err := scan(into...); err != nil {
			return struct{}{}, err
		}
		for i, text := range texts {
			if found := m.Find([]byte(text.String)); len(found) > 0 {
				return struct{}{}, errs.New(errs.Internal, "residue", "the table %s holds an address of the person in %s, as %s", t.Name, clear[i], found[0])
			}
		}
		return struct{}{}, nil
	})
	return err
}
