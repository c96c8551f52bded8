package cli

import (
	"strings"

	"candor/client"
)

type decideCmd struct {
	remote
	Customer  string   `arg:"" help:"The customer's id, cus_..."`
	Purpose   string   `required:"" help:"The purpose, as the charter names it."`
	Operation string   `default:"serve" enum:"store,serve,use,share,rights,claims,safety" help:"What is to be done: ${enum}."`
	Channel   string   `help:"email, sms, phone, post or push, when a message is meant."`
	Field     []string `help:"A field to be read; left out, all that the purpose lists."`
	Recipient string   `help:"Who would receive the data."`
	Use       bool     `help:"You are about to act on it: put an allowed use on the customer's record."`
}

// Run prints the decision with every reason. A DENY is an answer, not a failure.
func (c decideCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	q := client.Question{Customer: c.Customer, Purpose: c.Purpose, Operation: c.Operation, Channel: c.Channel, Fields: c.Field, Recipient: c.Recipient}
	if c.Use {
		q.Mode = "use"
	}
	d, err := s.Decide(e.ctx, q)
	if err != nil {
		return err
	}
	return e.print(d, decisionText(d))
}

func decisionText(d client.Decision) string {
	var b strings.Builder
	b.WriteString(d.Outcome)
	if !d.Until.IsZero() {
		b.WriteString(" until " + when(d.Until))
	}
	b.WriteString("\n")
	for _, r := range d.Reasons {
		b.WriteString("  " + reasonLine(r) + "\n")
	}
	if d.Basis != "" {
		b.WriteString("  basis: " + d.Basis + "\n")
	}
	if len(d.Fields) > 0 {
		b.WriteString("  may be read: " + strings.Join(d.Fields, ", ") + "\n")
	}
	if len(d.Evidence) > 0 {
		b.WriteString("  evidence: " + strings.Join(d.Evidence, ", ") + "\n")
	}
	if d.Outcome == "DENY" && len(d.Reasons) == 0 {
		b.WriteString("  This token may not see why; one with the scope reasons may.\n")
	}
	return b.String()
}
