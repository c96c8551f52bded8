package request

import (
	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

// CopySegment is a group that the person is in, with its rule in words.
type CopySegment struct {
	Name string `json:"name"`
	Rule string `json:"rule"`
}

// CopyDecision is what is decided about one use at the time of the copy.
type CopyDecision struct {
	Purpose string           `json:"purpose"`
	Channel term.Channel     `json:"channel,omitempty"`
	Allowed []term.Operation `json:"allowed"`
	Until   clock.Instant    `json:"until,omitzero"`
	Because []string         `json:"because,omitempty"` // why other uses are not
}

// CopyDisclosure is one handing of data to a recipient, by name.
type CopyDisclosure struct {
	At      clock.Instant `json:"at"`
	To      string        `json:"to"`
	Country string        `json:"country"`
	Purpose string        `json:"purpose"`
	Fields  []string      `json:"fields"`
}

// CopyAutomated is a decision that is taken without a person, with its logic.
type CopyAutomated struct {
	Title       string `json:"title"`
	Logic       string `json:"logic"`
	Consequence string `json:"consequence"`
}

// made fills in what the engine makes of a person: groups, decisions, and who
// got what.
func (d *Desk) made(tx *db.Tx, out *Copy, pass gate.Pass, lang term.Lang) error {
	c, err := d.Charter.Current(tx)
	if err != nil {
		return err
	}
	for _, a := range c.Automated {
		out.Automated = append(out.Automated, CopyAutomated{a.Title.In(lang), a.Logic.In(lang), a.Consequence.In(lang)})
	}
	if err := d.segmentsOf(tx, out, pass, lang); err != nil {
		return err
	}
	if err := d.decisionsOf(tx, c, out, pass.Customer(), lang); err != nil {
		return err
	}
	return d.disclosuresOf(tx, c, out, pass.Customer(), lang)
}

// mostSegments bounds the saved segments that a copy looks at.
const mostSegments = 10_000

func (d *Desk) segmentsOf(tx *db.Tx, out *Copy, pass gate.Pass, lang term.Lang) error {
	saved, err := d.Audience.Segments(tx, 0, mostSegments)
	if err != nil {
		return err
	}
	people := map[term.Purpose]audience.Person{}
	for _, s := range saved {
		cond, err := d.Audience.ConditionOf(tx, s)
		if err != nil {
			continue // the charter no longer has what it looks at: nobody is in it
		}
		p, read := people[s.Purpose]
		if !read {
			if p, err = d.Audience.PersonOf(tx, pass, s.Purpose); err != nil {
				return err
			}
			people[s.Purpose] = p
		}
		if cond.Eval(p, out.Made) {
			out.Segments = append(out.Segments, CopySegment{s.Name, cond.Describe(lang)})
		}
	}
	return nil
}

func (d *Desk) decisionsOf(tx *db.Tx, c *charter.Charter, out *Copy, who id.Customer, lang term.Lang) error {
	all, err := d.Gate.Standing(tx, who)
	for _, s := range all {
		if s.From > out.Made || out.Made >= s.Until || s.Recipient != "" {
			continue
		}
		x := CopyDecision{Purpose: titleOf(c, s.Purpose, lang), Channel: s.Channel, Allowed: s.Ops.List()}
		if s.Until != clock.Never {
			x.Until = s.Until
		}
		for _, r := range gate.ReasonsFor(s.Because, term.Serve) {
			x.Because = append(x.Because, r.Text)
		}
		out.Decisions = append(out.Decisions, x)
	}
	return err
}

func titleOf(c *charter.Charter, p term.Purpose, lang term.Lang) string {
	if purpose, ok := c.Purpose(p); ok {
		return purpose.Title.In(lang)
	}
	return string(p)
}

// mostUses bounds the uses that a copy looks at for disclosures.
const mostUses = 100_000

func (d *Desk) disclosuresOf(tx *db.Tx, c *charter.Charter, out *Copy, who id.Customer, lang term.Lang) error {
	uses, err := d.Gate.Uses(tx, who, mostUses)
	for _, u := range uses {
		to, ok := c.Recipient(u.Recipient)
		if !ok {
			continue
		}
		x := CopyDisclosure{At: u.At, To: to.Name, Country: to.Country, Purpose: titleOf(c, u.Purpose, lang), Fields: []string{}}
		for _, f := range u.Fields {
			x.Fields = append(x.Fields, string(f))
		}
		out.Disclosures = append(out.Disclosures, x)
	}
	return err
}
