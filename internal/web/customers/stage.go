package customers

import (
	"fmt"
	"time"

	"candor/internal/audience"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/web"
)

// stage says in which stage the customer is and for how long, to whoever works
// with stages or sees values for the purpose they serve. To work it out is a use
// of the data, on record; where the customer does not allow it, there is none.
func (r *room) stage(v *web.Visit, who id.Customer) (string, error) {
	purposes := audience.StagePurposes(v.Who.Charter)
	if len(purposes) == 0 || !v.Who.Rights.Any(staff.Audience, staff.Insight) && len(v.Who.Rights.Sees(purposes[0])) == 0 {
		return "", nil
	}
	words := ""
	err := v.Write(func(tx *db.Tx) error {
		words = ""
		req := gate.Request{Customer: who, Controller: v.Brand(), Purpose: purposes[0], Operation: term.Use, Actor: v.Actor()}
		if d, err := r.Gate.Decide(tx, req); err != nil || !d.Allowed() {
			return err
		}
		pass, d, err := r.Gate.Use(tx, req)
		if err != nil || !d.Allowed() {
			return err
		}
		now, err := r.Audience.StageOf(tx, pass, purposes[0], "en")
		words = stageWords(v, now)
		return err
	})
	return words, err
}

func stageWords(v *web.Visit, s audience.StageNow) string {
	if s.Since.IsZero() {
		return s.Shown
	}
	days := int(v.Now().Sub(s.Since.Start(time.UTC)) / (24 * time.Hour))
	switch {
	case s.Least:
		return fmt.Sprintf("%s for more than %d days", s.Shown, days)
	case days == 0:
		return s.Shown + " since today"
	case days == 1:
		return s.Shown + " since yesterday"
	}
	return fmt.Sprintf("%s for %d days", s.Shown, days)
}
