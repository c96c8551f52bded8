package claim

import (
	"context"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/rights"
)

// Source tells a person who came back what is kept of an erasure before.
type Source struct{ Claims *Store }

var _ rights.Source = Source{}

// StoreName is what Source calls the store, and so the first step of an erasure.
const StoreName = "claims"

// Store is StoreName.
func (Source) Store() string { return StoreName }

// Tables lists none: rows are made so that they outlive an erasure.
func (Source) Tables() []string { return nil }

// Export says that something is kept, why and until when. What is in it is opened
// for a case alone: an address may have had another owner then, so that only one
// that was confirmed counts.
func (s Source) Export(ctx context.Context, tx *db.Tx, c id.Customer) (rights.Section, error) {
	out := rights.Section{Store: StoreName}
	proven, err := s.Claims.Gate.ProvenAs(ctx, tx, c)
	if err != nil {
		return out, err
	}
	var sums [][]byte
	for _, digest := range proven {
		sums = append(sums, s.Claims.sums(digest)...)
	}
	list, err := s.Claims.bySums(tx, sums)
	for _, r := range list {
		out.Rows = append(out.Rows, map[string]any{"what": "evidence of what you agreed to and asked, sealed", "kept_at": r.madeAt, "until": r.Until, "why": r.Ground})
	}
	return out, err
}

// Erase deletes none.
func (Source) Erase(context.Context, *db.Tx, id.Customer) (int64, error) { return 0, nil }
