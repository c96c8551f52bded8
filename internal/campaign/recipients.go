package campaign

import (
	"slices"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/message"
)

// Recipients pages, in the order of their ids, through the customers to whom a
// campaign was handed over.
func (b *Book) Recipients(which id.Campaign) func(tx *db.Tx, after id.Customer, limit int) ([]id.Customer, id.Customer, error) {
	var all []id.Customer // read once: numbers alone
	return func(tx *db.Tx, after id.Customer, limit int) ([]id.Customer, id.Customer, error) {
		if all == nil {
			found, err := message.Receivers(tx, Program, int64(which))
			if err != nil {
				return nil, 0, err
			}
			all = append([]id.Customer{}, found...)
		}
		from, _ := slices.BinarySearch(all, after+1)
		page := all[from:min(len(all), from+limit)]
		if len(page) == 0 {
			return nil, 0, nil
		}
		return page, page[len(page)-1], nil
	}
}
