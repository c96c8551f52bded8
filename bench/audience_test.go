package bench

import (
	"context"
	"fmt"
	"testing"

	"candor/internal/audience"
	"candor/internal/audience/index"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

// condition asks for three things, of traits and events.
const condition = `country == "DE" && roast == "dark" && count("Order Completed", days(90)) >= 1`

// firstPage is how many people a page of an audience shows at most.
const firstPage = 50

// countAudience counts an audience with what standing lets in, and gives its first
// page, from the index in memory or by SQL.
func countAudience(indexed bool) func(*testing.B, *house) call {
	return func(b *testing.B, h *house) call {
		var keeper *index.Keeper
		if indexed {
			h.calm(b)
			keeper = h.app.Index
		}
		s := audience.New(audience.Config{DB: h.app.DB, Gate: h.app.Gate, Charter: h.app.Charter, Clock: h.app.Clock, Index: keeper})
		return func(ctx context.Context, _ int) (int, error) {
			f, err := s.Preview(ctx, audience.Question{Purpose: "letter", Channel: term.Email, Condition: condition, Actor: "staff:bench", Lang: "en"})
			if err != nil {
				return 0, err
			}
			page, err := pageOf(ctx, h, s)
			if err == nil && (f.Match.N == 0 || len(page) == 0) {
				err = fmt.Errorf("%d match, %d are on the first page", f.Match.N, len(page))
			}
			return 1, err
		}
	}
}

func pageOf(ctx context.Context, h *house, s *audience.Service) (page []id.Customer, err error) {
	err = h.app.DB.Read(ctx, func(tx *db.Tx) error {
		in, err := h.app.Charter.Current(tx)
		if err != nil {
			return err
		}
		c, err := s.Compile(in, "letter", condition)
		if err != nil {
			return err
		}
		page, err = s.Members(tx, c, term.Email, 0, firstPage)
		return err
	})
	return page, err
}
