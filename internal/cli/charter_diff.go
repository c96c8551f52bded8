package cli

import (
	"cmp"
	"fmt"
	"strings"

	"candor/client"
	"candor/internal/charter"
	"candor/internal/errs"
)

type charterDiffCmd struct {
	remote
	Old string `arg:"" help:"The folder of the charter as it is; or, alone, the folder to compare with the charter in force."`
	New string `arg:"" optional:"" help:"The folder of the charter as it shall be."`
}

// Run compares two folders offline, or one with the charter in force, which also
// tells how many people each change concerns.
func (c charterDiffCmd) Run(e *env) error {
	if c.New == "" {
		return c.withServer(e)
	}
	before, err := readCharter(c.Old)
	if err != nil {
		return err
	}
	after, err := readCharter(c.New)
	if err != nil {
		return err
	}
	if before.Business.ID != after.Business.ID {
		return errs.New(errs.Invalid, charter.OtherBusiness, "the folders are of two businesses, %s and %s", before.Business.ID, after.Business.ID)
	}
	list := charter.Diff(before, after)
	changes := make([]client.CharterChange, len(list))
	for i, x := range list {
		changes[i] = client.CharterChange{Purpose: string(x.Purpose), Kind: string(x.Kind), What: x.What, Widens: x.Widens,
			Words: map[string]string{}, Channel: string(x.Channel), Recipient: string(x.Recipient)}
		for lang, words := range x.Words {
			changes[i].Words[string(lang)] = words
		}
		for _, f := range x.Follows {
			changes[i].Follows = append(changes[i].Follows, string(f))
		}
	}
	return e.print(map[string]any{"changes": list}, diffText(changes, string(after.Business.Languages[0]), false))
}

func (c charterDiffCmd) withServer(e *env) error {
	after, err := readCharter(c.Old)
	if err != nil {
		return err
	}
	promise, house := after.Documents()
	s, err := c.open()
	if err != nil {
		return err
	}
	diff, err := s.DiffCharter(e.ctx, client.CharterDocuments{Promise: string(promise), House: string(house)})
	if err != nil {
		return err
	}
	return e.print(diff, diffText(diff.Changes, string(after.Business.Languages[0]), true))
}

// followWords says what follows from a change.
var followWords = map[string]string{
	"re-notice":  "tell the people known before it starts for them",
	"re-consent": "agreements rest until they are given anew",
	"review":     "make or renew the assessment first",
	"deletion":   "what is no longer needed goes with the next retention run",
}

// diffText lists what widens, then what narrows, each with what follows.
func diffText(changes []client.CharterChange, lang string, counted bool) string {
	if len(changes) == 0 {
		return "No promise changes: nobody has to be told or asked again.\n"
	}
	var b strings.Builder
	for _, widens := range []bool{true, false} {
		title := map[bool]string{true: "Widens", false: "Narrows"}[widens]
		for _, c := range changes {
			if c.Widens != widens {
				continue
			}
			if title != "" {
				fmt.Fprintf(&b, "%s\n", title)
				title = ""
			}
			fmt.Fprintf(&b, "  %s\n", cmp.Or(c.Words[lang], c.Words["en"], c.Kind+": "+c.What))
			if counted {
				fmt.Fprintf(&b, "    %d customers, %d agreements rest, %d fewer can be written to\n", c.Customers, c.Agreed, c.ReachLost)
			}
			for _, f := range c.Follows {
				fmt.Fprintf(&b, "    -> %s\n", cmp.Or(followWords[f], f))
			}
		}
	}
	return b.String()
}
