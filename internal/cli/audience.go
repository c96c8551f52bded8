package cli

import (
	"fmt"
	"strings"

	"candor/client"
)

type audienceCmd struct {
	Preview audiencePreviewCmd `cmd:"" help:"How many people a condition reaches, and why not more."`
	Explain audienceExplainCmd `cmd:"" help:"Why a customer meets a condition or does not, clause by clause."`
}

type audiencePreviewCmd struct {
	remote
	Condition string `arg:"" help:"Such as 'country == \"DE\"'; 'true' is everybody."`
	Purpose   string `required:"" help:"What they would be written to for."`
	Channel   string `default:"email" help:"How."`
	Lang      string `default:"en" help:"Language of the words: en or de."`
}

func (c audiencePreviewCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	f, err := s.Preview(e.ctx, client.AudienceQuestion{Purpose: c.Purpose, Channel: c.Channel, Condition: c.Condition, Lang: c.Lang})
	if err != nil {
		return err
	}
	return e.print(f, funnelText(f))
}

// funnelText shows who matches, who may be written to, who can be reached, and
// why the others cannot.
func funnelText(f client.Funnel) string {
	var b strings.Builder
	b.WriteString(f.Words + "\n\n")
	b.WriteString(columns("  match\t"+f.Match.Shown, "  permitted\t"+f.Permitted.Shown, "  reachable\t"+f.Reachable.Shown))
	if len(f.Excluded) > 0 {
		b.WriteString("\nLeft out:\n")
	}
	for _, s := range f.Excluded {
		fmt.Fprintf(&b, "  %s: %s", s.Count.Shown, s.Words)
		if s.Requirement != "" {
			fmt.Fprintf(&b, " (%s)", s.Requirement)
		}
		fmt.Fprintf(&b, "\n    %s\n", s.Remedy)
	}
	return b.String()
}

type audienceExplainCmd struct {
	remote
	Customer  string `arg:"" help:"The customer's id, cus_..."`
	Condition string `arg:"" help:"The condition."`
	Purpose   string `required:"" help:"What their data are looked at for. It is put on the customer's record."`
}

func (c audienceExplainCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	x, err := s.Explain(e.ctx, c.Customer, c.Purpose, c.Condition)
	if err != nil {
		return err
	}
	text := c.Customer + " does not meet the condition:\n"
	if x.Meets {
		text = c.Customer + " meets the condition:\n"
	}
	return e.print(x, text+clauseText(x.Clause, "  "))
}

func clauseText(c client.Clause, indent string) string {
	mark := "no   "
	if c.True {
		mark = "yes  "
	}
	out := indent + mark + c.Words + "\n"
	for _, p := range c.Parts {
		out += clauseText(p, indent+"  ")
	}
	return out
}
