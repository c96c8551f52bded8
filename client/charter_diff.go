package client

import (
	"context"
	"fmt"
)

// CharterChange is one way in which a charter differs from another, in words of
// every language of the charter.
type CharterChange struct {
	Purpose   string            `json:"purpose"`
	Kind      string            `json:"kind"`
	What      string            `json:"what"`
	Widens    bool              `json:"widens"`
	Words     map[string]string `json:"words"`
	Follows   []string          `json:"follows"` // "re-notice", "re-consent", "review", "deletion"
	Channel   string            `json:"channel,omitempty"`
	Recipient string            `json:"recipient,omitempty"`
	Customers int64             `json:"customers"`  // whom it concerns now
	Agreed    int64             `json:"agreed"`     // whose agreement would rest
	ReachLost int64             `json:"reach_lost"` // who could no longer be written to
}

// CharterDiff is what becomes wider and what becomes narrower.
type CharterDiff struct {
	From    int64           `json:"from"`
	Changes []CharterChange `json:"changes"`
}

// DiffCharter says what a charter would change, compared with the one in force,
// and for how many people. It changes nothing.
func (c *Client) DiffCharter(ctx context.Context, d CharterDocuments) (CharterDiff, error) {
	var out CharterDiff
	return out, c.post(ctx, "/charter/diff", map[string]string{"promise": d.Promise, "house": d.House}, &out)
}

// DiffVersions says what changed between two versions, without counts.
func (c *Client) DiffVersions(ctx context.Context, from, to int64) (CharterDiff, error) {
	var out CharterDiff
	return out, c.get(ctx, fmt.Sprintf("/charter/diff?from=%d&to=%d", from, to), &out)
}
