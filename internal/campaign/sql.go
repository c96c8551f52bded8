package campaign

import (
	"strings"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
)

const columns = `campaign_id, controller, name, purpose, channel, audience, approved_audience, holdout, not_before, message_id, state, reason, rev,
	planned_after, planned_all, template_id, by_actor, edited_by, created_at, launched_at, ended_at`

func scan(read db.Scan) (Campaign, error) {
	var c Campaign
	var all int64
	var editors string
	err := read(&c.ID, &c.Controller, &c.Name, &c.Purpose, &c.Channel, &c.Audience, &c.approved, &c.Holdout, &c.NotBefore, &c.Message, &c.State, &c.Reason, &c.Rev,
		&c.after, &all, &c.Template, &c.By, &editors, &c.CreatedAt, &c.LaunchedAt, &c.EndedAt)
	c.all = all == 1
	for _, who := range strings.Fields(editors) {
		c.Editors = append(c.Editors, term.Actor(who))
	}
	return c, err
}

func insert(tx *db.Tx, c Campaign) error {
	_, err := tx.Exec(`insert into campaign (`+columns+`) values ($1, $2, $3, $4, $5, $6, '', $12, $13, $7, $8, '', $9, 0, 0, $14, $10, '', $11, 0, 0)`,
		c.ID, c.Controller, c.Name, c.Purpose, c.Channel, c.Audience, c.Message, c.State, c.Rev, c.By, c.CreatedAt, c.Holdout, c.NotBefore, c.Template)
	return err
}

// read reads a campaign without its content.
func read(tx *db.Tx, which id.Campaign) (Campaign, error) {
	rows, err := tx.Query("select "+columns+" from campaign where campaign_id = $1", which)
	found, err := db.Collect(rows, err, scan)
	if err != nil {
		return Campaign{}, err
	}
	if len(found) == 0 {
		return Campaign{}, errs.New(errs.NotFound, "no_such_campaign", "there is no such campaign")
	}
	return found[0], nil
}

func get(tx *db.Tx, which id.Campaign) (Campaign, error) {
	c, err := read(tx, which)
	if err != nil {
		return Campaign{}, err
	}
	return c, c.fill(tx)
}

// fill reads the content.
func (c *Campaign) fill(tx *db.Tx) error {
	d, err := message.GetDraft(tx, c.Message)
	c.Content, c.Sender = d.Content, d.Sender
	return err
}

// step is what the ledger says of a campaign's step.
type step struct {
	Campaign id.Campaign  `json:"campaign"`
	Purpose  term.Purpose `json:"purpose"`
	State    State        `json:"state"`
	Reason   errs.Code    `json:"reason,omitempty"`
	Audience string       `json:"audience,omitempty"`
	Holdout  int          `json:"holdout,omitempty"`
	Content  string       `json:"content_hash,omitempty"`
	By       term.Actor   `json:"by,omitempty"`
}

// move writes a campaign's new state. It returns CONFLICT when another has
// changed it since it was read.
func (b *Book) move(tx *db.Tx, c *Campaign, to State, reason errs.Code) error {
	all := 0
	if c.all {
		all = 1
	}
	n, err := tx.Exec(`update campaign set name = $3, audience = $4, approved_audience = $5, state = $6, reason = $7, rev = rev + 1,
		planned_after = $8, planned_all = $9, launched_at = $10, ended_at = $11, holdout = $12, not_before = $13, edited_by = $14 where campaign_id = $1 and rev = $2`,
		c.ID, c.Rev, c.Name, c.Audience, c.approved, to, reason, c.after, all, c.LaunchedAt, c.EndedAt, c.Holdout, c.NotBefore, joined(c.Editors))
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.New(errs.Conflict, "campaign_changed", "someone else has changed the campaign; read it again")
	}
	c.Rev++
	c.State, c.Reason = to, reason
	return nil
}

// joined writes actors, which hold no spaces, in one line.
func joined(list []term.Actor) string {
	words := make([]string, len(list))
	for i, who := range list {
		words[i] = string(who)
	}
	return strings.Join(words, " ")
}

// note puts a step on record in the ledger.
func (b *Book) note(tx *db.Tx, c Campaign, by term.Actor, contentHash string) error {
	_, err := b.ledger.Append(tx, KindStep, b.clock.Now(), step{c.ID, c.Purpose, c.State, c.Reason, c.approved, max(c.Holdout, 0), contentHash, by})
	return err
}

func errState(s State, what string) error {
	return errs.New(errs.Conflict, "campaign_state", "a campaign that is %s cannot be %s", s, what)
}
