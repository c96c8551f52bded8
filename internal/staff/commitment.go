package staff

import (
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
)

// Promise is who works here since when, and when they promised
// confidentiality. People are ids.
type Promise struct {
	ID        id.Staff      `json:"staff_id"`
	Added     clock.Instant `json:"added_at"`
	Committed clock.Instant `json:"committed_at,omitzero"`
	Entry     id.Entry      `json:"entry,omitzero"` // of the promise, in the ledger
	Left      clock.Instant `json:"left_at,omitzero"`
	Roles     []string      `json:"roles"`
}

// Promises lists everybody who works here or did.
func Promises(tx *db.Tx) ([]Promise, error) {
	rows, err := tx.Query(`select staff_id, added_at, committed_at, commitment_id, left_at from staff order by staff_id`)
	out, err := db.Collect(rows, err, func(scan db.Scan) (c Promise, err error) {
		return c, scan(&c.ID, &c.Added, &c.Committed, &c.Entry, &c.Left)
	})
	if err != nil || len(out) == 0 {
		return []Promise{}, err
	}
	rows, err = tx.Query(`select staff_id, controller, role from staff_role order by staff_id, controller, role`)
	type given struct {
		who  id.Staff
		role string
	}
	roles, err := db.Collect(rows, err, func(scan db.Scan) (g given, err error) {
		var controller string
		err = scan(&g.who, &controller, &g.role)
		g.role = controller + "/" + g.role
		return g, err
	})
	for i := range out {
		out[i].Roles = []string{}
		for _, g := range roles {
			if g.who == out[i].ID {
				out[i].Roles = append(out[i].Roles, g.role)
			}
		}
	}
	return out, err
}
