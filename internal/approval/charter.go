package approval

import (
	"strconv"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/term"
)

// Charter asks for a second person where a charter that is applied keeps data
// longer than the one before, or is under another choice of law. The engine
// itself applies only what its operator put in the configuration's folder.
func (d *Desk) Charter(tx *db.Tx, before, after *charter.Charter, by term.Actor) error {
	if by == term.ByEngine {
		return nil
	}
	exact := map[string]string{"before": before.Hash(), "after": after.Hash()}
	if longer := charter.Longer(before, after); len(longer) > 0 {
		act := Act{Kind: Keep, By: by, Exact: exact, Says: []Line{{"Version in force", strconv.FormatInt(before.Version, 10)}, {"Fingerprint of the new text", after.Hash()}}}
		for _, p := range longer {
			was, _ := before.Purpose(p.ID)
			act.Says = append(act.Says, Line{p.Title.In("en"), was.Keep.Words + " → " + p.Keep.Words})
		}
		if err := d.Need(tx, act); err != nil {
			return err
		}
	}
	if before.Business.Strict == after.Business.Strict {
		return nil
	}
	law := map[bool]string{true: "the strictest of all", false: "that of each market"}
	return d.Need(tx, Act{Kind: Rules, By: by, Exact: exact, Says: []Line{
		{"Version in force", strconv.FormatInt(before.Version, 10)}, {"Fingerprint of the new text", after.Hash()},
		{"Law", law[before.Business.Strict] + " → " + law[after.Business.Strict]},
	}})
}
