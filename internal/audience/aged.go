package audience

import (
	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
)

// tooOld is why people are not chosen whom an older value would choose (ACC-02).
var tooOld = gate.Reason{Code: errs.Stale, Requirement: "ACC-02"}

// outdated is the condition of those whom c would choose if values that are too
// old for its purpose were still to be believed, and does not choose.
func (c *Condition) outdated(in *charter.Charter) (*Condition, error) {
	sc, err := SchemaOf(in, c.purpose)
	if err != nil {
		return nil, err
	}
	for _, f := range sc.Fields {
		f.Stale = nil
	}
	believed, err := Compile(sc, c.source)
	if err != nil {
		return nil, err
	}
	return &Condition{purpose: c.purpose, source: c.source, fields: c.fields, events: c.events, aged: true,
		root: all{kids: []node{believed.root, no{kid: c.root}}}}, nil
}

// countAged counts those who could be written to, and are left out because what
// is known of them is too old to choose them by.
func (f *funnel) countAged(tx *db.Tx) error {
	f.aged = 0
	if !f.condition.aged {
		return nil
	}
	other, err := f.condition.outdated(f.charter)
	if err != nil {
		return err
	}
	of := &funnel{service: f.service, question: f.question, at: f.at, charter: f.charter, condition: other, denied: map[string]*deniedGroup{}}
	found, err := of.countSQL(tx)
	for _, g := range found {
		of.add(g)
	}
	f.aged = of.reachable
	return err
}
