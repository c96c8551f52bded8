package promises

import (
	"strings"

	"candor/internal/charter"
	"candor/internal/ui"
	"candor/internal/web"
)

// flagsOf says what the charter makes due in California. Nobody types it in: it
// follows from recipients and purposes (NOT-04).
func flagsOf(c *charter.Charter) []ui.Fact {
	if !c.Addresses(charter.California) {
		return nil
	}
	sale := ui.Fact{Term: "Sold or shared", Text: "no", Note: "by what the recipients get, and what for"}
	if c.SellsOrShares() {
		sale.Text = "yes: every page links to the opt-out"
	}
	limit := ui.Fact{Term: "Sensitive data", Text: "for what the person asked, and no more"}
	if wide := c.SensitiveBeyond(); len(wide) > 0 {
		var names []string
		for _, p := range wide {
			names = append(names, title(c, p))
		}
		limit.Text, limit.Note = "used for more: every page links to the limit", strings.Join(names, ", ")
	}
	return []ui.Fact{sale, limit}
}

// reviewOf says when the policy is to be renewed.
func reviewOf(v *web.Visit, due charter.Renewal) *ui.Status {
	switch {
	case due.Due.IsZero():
		return nil
	case due.Overdue(v.Now()):
		return &ui.Status{Tone: ui.Bad, Text: "The policy is more than 12 months old; renew it"}
	case due.Open(v.Now()):
		return &ui.Status{Tone: ui.Warn, Text: "Renew the policy by " + ui.Date("en", v.Local(due.Due))}
	}
	return &ui.Status{Tone: ui.Good, Text: "The policy is to be renewed by " + ui.Date("en", v.Local(due.Due))}
}
