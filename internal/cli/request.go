package cli

import (
	"fmt"
	"strings"
)

type requestCmd struct {
	List requestListCmd `cmd:"" help:"List requests."`
	Show requestShowCmd `cmd:"" help:"How far a request is, store by store."`
	Open requestOpenCmd `cmd:"" help:"Open a request for a customer: access (print everything held) or erasure."`
}

type requestListCmd struct {
	remote
	State  string `default:"working" enum:"working,done" help:"${enum}"`
	Cursor string `help:"Where to go on, as the page before said."`
}

func (c requestListCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	p, err := s.Requests(e.ctx, c.State, c.Cursor)
	if err != nil {
		return err
	}
	if len(p.Requests) == 0 {
		return e.print(p, "There is no request in the state "+c.State+".\n")
	}
	rows := []string{"request\tright\tstate\treceived\tdue by law\tcustomer"}
	for _, r := range p.Requests {
		rows = append(rows, strings.Join([]string{r.ID, r.Kind, r.State, when(r.ReceivedAt), when(r.LegalDue), r.Customer}, "\t"))
	}
	return e.print(p, columns(rows...)+more(p.Next))
}

type requestShowCmd struct {
	remote
	Request string `arg:"" help:"The request's id, req_..."`
}

func (c requestShowCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	r, steps, err := s.Request(e.ctx, c.Request)
	if err != nil {
		return err
	}
	out := map[string]any{"request": r, "steps": steps}
	text := columns("request\t"+r.ID+" ("+r.Kind+")", "state\t"+r.State, "received\t"+when(r.ReceivedAt)+" by "+r.Via,
		"due\t"+when(r.SafeDue)+", by law "+when(r.LegalDue), "closed\t"+when(r.ClosedAt))
	rows := []string{"\nstore\tremoved\tdone"}
	for _, st := range steps {
		rows = append(rows, fmt.Sprintf("%s\t%d\t%s", st.Store, st.Removed, when(st.DoneAt)))
	}
	if len(steps) > 0 {
		text += columns(rows...)
	}
	if r.State == "done" && r.Kind == "erasure" {
		cert, err := s.Certificate(e.ctx, r.ID)
		if err != nil {
			return err
		}
		out["certificate"] = cert
		text += "\nThe certificate is in the ledger; --json prints it.\n"
	}
	return e.print(out, text)
}

type requestOpenCmd struct {
	remote
	Kind     string `arg:"" enum:"access,erasure" help:"The right: ${enum}."`
	Customer string `arg:"" help:"The customer's id, cus_..."`
	Asked    string `help:"Where the person's own request can be seen, such as: letter of 3 March, file 12. Without it, a second person has to approve an erasure."`
	Yes      bool   `help:"Erase. Without it, an erasure is not opened."`
}

// Run opens what the person asked for. Whoever types it has made sure that it
// was the person.
func (c requestOpenCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	if c.Kind == "access" {
		copied, err := s.Copy(e.ctx, c.Customer)
		if err != nil {
			return err
		}
		return e.printRaw(copied)
	}
	if !c.Yes {
		if _, err := s.Consents(e.ctx, c.Customer); err != nil {
			return err
		}
		return e.print(map[string]any{"opened": false, "customer": c.Customer},
			"This would stop everything for "+c.Customer+" at once and delete what is held within a minute, for good.\nNothing was done. To erase: candor request open erasure "+c.Customer+" --asked \"letter of 3 March, file 12\" --yes\nWithout --asked, a second person has to approve.\n")
	}
	r, err := s.Erase(e.ctx, c.Customer, c.Asked)
	if err != nil {
		return err
	}
	return e.print(r, fmt.Sprintf("%s is accepted: nothing is sent any more, and the deletion follows.\nWatch: candor request show %s\n", r.ID, r.ID))
}
