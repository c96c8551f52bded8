package campaign

import (
	"context"
	"encoding/binary"

	"candor/internal/audience"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/message"
	"candor/internal/term"
)

const (
	maxHoldout     = 50   // percent
	defaultHoldout = 10   // percent
	worthHolding   = 1000 // people reached: a tenth of fewer shows nothing
)

// weigh counts whom a campaign would reach, and gives the share to be left out
// when nobody said: a tenth of a marketing campaign that reaches enough people
// for the comparison to show something. Service messages leave out nobody.
func (b *Book) weigh(ctx context.Context, which id.Campaign, by term.Actor) (holdout int, reach audience.Count, err error) {
	c, err := b.Get(ctx, which)
	if err != nil || c.State != Draft {
		return 0, reach, err
	}
	f, err := b.audience.Preview(ctx, audience.Question{Purpose: c.Purpose, Channel: c.Channel, Condition: everyone(c.Audience), Actor: by, Personal: true})
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Forbidden) {
		return 0, reach, nil // the checks say what is wrong
	}
	if err != nil {
		return 0, reach, err
	}
	switch {
	case c.Content.Class != message.Marketing:
		return 0, f.Reachable, nil
	case c.Holdout != Undecided:
		return c.Holdout, f.Reachable, nil
	case f.Reachable.N < worthHolding:
		return 0, f.Reachable, nil
	}
	return defaultHoldout, f.Reachable, nil
}

// mostOf is how many people a count may stand for: small ones are not shown.
func mostOf(c audience.Count) int64 { return max(c.N, smallest-1) }

// smallest is the least number that is shown.
const smallest = 10

// leftOut draws a customer's lot: by chance, the same each time it is asked, and
// another for every campaign.
func (b *Book) leftOut(c Campaign, who id.Customer) bool {
	if c.Holdout <= 0 {
		return false
	}
	all := b.ring.Digests(keyring.Lot, c.ID.String(), who.String())
	n := binary.BigEndian.Uint64(all[len(all)-1].Sum)
	return n%100 < uint64(c.Holdout)
}
