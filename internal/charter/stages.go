package charter

import (
	"slices"

	"candor/internal/strict/yamldoc"
)

// CheckStages has every stage's condition compiled by whoever knows the
// language of conditions, and gives each failure as a problem at its line. The
// error's text is shown to the person who writes the charter.
func CheckStages(c *Charter, compile func(*Charter, Stage) error) Problems {
	var problems Problems
	node, faults := yamldoc.Read(c.promise, maxDocument)
	if len(faults) > 0 {
		return c.problems
	}
	doc := &document{file: PromiseFile, root: node, problems: &problems}
	own := *c // with columns, which a charter that was never applied has not yet
	own.Fields = slices.Clone(c.Fields)
	own.assignSlots(nil)
	for _, s := range c.Stages {
		if err := compile(&own, s); err != nil {
			doc.top().get("stages").get(string(s.ID)).get("when").problem("NOT-08", err.Error())
		}
	}
	return problems
}
