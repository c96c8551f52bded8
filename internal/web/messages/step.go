package messages

import (
	"context"

	"candor/internal/campaign"
	"candor/internal/id"
	"candor/internal/term"
	"candor/internal/web"
)

// step makes the handler of a button that moves a campaign on.
func (r *room) step(do func(context.Context, id.Campaign, term.Actor) (campaign.Campaign, error), said string) func(*web.Visit) error {
	return func(v *web.Visit) error {
		c, err := r.find(v)
		if err != nil {
			return err
		}
		if _, err := do(v.Context(), c.ID, v.Actor()); err != nil {
			return err
		}
		return v.Done(oneURL+"/"+c.ID.String(), said)
	}
}
