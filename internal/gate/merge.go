package gate

import (
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/id"
)

// mergeLocked joins what a visitor said to what the customer they turned out to
// be said. Every no is kept; a yes is not carried over, since linking two
// profiles is not consent (PRF-08). What the gate derived or noted about the
// visitor goes. The caller has locked both and works out the standing of into
// afterwards.
func (g *Gate) mergeLocked(tx *db.Tx, from, into id.Customer) error {
	said, err := consent.Of(tx, from)
	if err != nil {
		return err
	}
	h, err := g.hold(tx, into)
	if err != nil {
		return err
	}
	for _, r := range said {
		if !r.Counts() || !r.Kind.Lowers() {
			continue
		}
		a := r.Act
		a.Source = "merge"
		if _, err := h.record(a); err != nil {
			return err
		}
	}
	if err := h.flush(g, tx); err != nil {
		return err
	}
	if _, err := (consent.Source{}).Erase(tx.Context(), tx, from); err != nil {
		return err
	}
	_, err = Traces{}.Erase(tx.Context(), tx, from)
	return err
}
