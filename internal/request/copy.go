package request

import (
	"context"
	"fmt"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/rights"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// Copy is everything the engine holds about a person, with what GDPR 15(1)
// asks to be told besides: purposes, recipients by name, how long, and where to
// complain.
type Copy struct {
	Schema     string          `json:"schema"` // "candor/copy/v1"
	Made       clock.Instant   `json:"made_at"`
	Controller string          `json:"controller"`
	Contact    string          `json:"contact"`
	Complaints string          `json:"complaints"`
	Purposes   []CopyPurpose   `json:"purposes"`
	Recipients []CopyRecipient `json:"recipients"`
	Automated  []CopyAutomated `json:"automated_decisions,omitempty"`

	Segments    []CopySegment    `json:"segments"`    // groups that the person is in now
	Decisions   []CopyDecision   `json:"decisions"`   // what may be done now, and why not more
	Disclosures []CopyDisclosure `json:"disclosures"` // who got what, the newest first
	Requests    []Request        `json:"requests"`    // of the person

	Stores     []rights.Section `json:"stores"`
	NotCovered string           `json:"not_covered"`
}

// CopyPurpose is what data are used for and on what ground.
type CopyPurpose struct {
	Title string `json:"title"`
	Basis string `json:"basis"`
	Keep  string `json:"keep"`
}

// CopyRecipient is who receives data, by name.
type CopyRecipient struct {
	Name      string `json:"name"`
	Role      string `json:"role"`
	Country   string `json:"country"`
	Safeguard string `json:"safeguard,omitempty"`
}

// Copy makes a person's copy. The caller has made sure that the person, or staff
// who answer the person, receive it.
func (d *Desk) Copy(ctx context.Context, c id.Customer, lang term.Lang) (Copy, error) {
	out := Copy{
		Schema: "candor/copy/v1", Made: d.Clock.Now(),
		NotCovered: "Encrypted backups, which age out, are not part of this copy.",
		Segments:   []CopySegment{}, Decisions: []CopyDecision{}, Disclosures: []CopyDisclosure{}, Requests: []Request{},
	}
	var pass gate.Pass
	err := d.DB.Write(ctx, func(tx *db.Tx) (err error) {
		pass, _, err = d.Gate.Use(tx, gate.Request{Customer: c, Controller: d.controller(tx), Operation: term.Rights, Actor: term.ByCustomer})
		return err
	})
	if err != nil {
		return out, err
	}
	if requests, err := d.OfCustomer(ctx, c); err != nil {
		return out, err
	} else if len(requests) > 0 {
		out.Requests = requests
	}
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		if err := d.about(tx, &out, lang); err != nil {
			return err
		}
		for _, s := range d.Sources {
			section, err := s.Export(ctx, tx, c)
			if err != nil {
				return fmt.Errorf("copy of %s: %w", s.Store(), err)
			}
			out.Stores = append(out.Stores, section)
		}
		return d.made(tx, &out, pass, lang)
	})
	return out, err
}

// about fills in what a copy says besides the data.
func (d *Desk) about(tx *db.Tx, out *Copy, lang term.Lang) error {
	c, err := d.Charter.Current(tx)
	if err != nil {
		return err
	}
	out.Controller, out.Contact, out.Complaints = c.Business.Controller, c.Business.Contact, c.Business.Authority
	for i := range c.Purposes {
		p := &c.Purposes[i]
		out.Purposes = append(out.Purposes, CopyPurpose{p.Title.In(lang), string(p.Basis(rulepack.Strict).Kind), charter.KeepWords(p.Keep, lang)})
	}
	for _, r := range c.Recipients {
		out.Recipients = append(out.Recipients, CopyRecipient{r.Name, string(r.Role), r.Country, r.Safeguard})
	}
	return nil
}
